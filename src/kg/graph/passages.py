"""The graphs of all sources together, and where in their files something is stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from rdflib import RDF, URIRef

from kg.columns import Quads, Rows, distinct
from kg.namespaces import TERMS
from kg.tables import Nodes, Passage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rdflib.term import Node

    from kg.sources import Source
    from kg.tables import NodeTriple
    from kg.terms import Term

_YIELDS: Final = URIRef(f"{TERMS}yieldsTo")


class Passages(Mapping[str, Passage]):
    """One graph for each passage of some sources, as written, by its IRI."""

    def __init__(self, sources: Iterable[Source], nodes: Nodes | None = None) -> None:
        self.sources: Sequence[Source] = list(sources)
        self.nodes = Nodes() if nodes is None else nodes
        self.quads = Quads(self.nodes.terms, [source.rows for source in self.sources])
        names = self.nodes.terms.names
        self._graphs = {names[graph][1:-1]: graph for graph in self.quads.spans}
        self._files = {
            self.nodes.terms.number(source.rows.terms[graph]): number
            for number, source in enumerate(self.sources)
            for graph in distinct(source.rows.table[:, 0]).tolist()
        }

    def __getitem__(self, name: str) -> Passage:
        return Passage(self.nodes, self.quads, self._graphs[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._graphs)

    def __len__(self) -> int:
        return len(self._graphs)

    def name(self, graph: int) -> str:
        """The IRI of a graph."""
        return self.nodes.terms.names[graph][1:-1]

    def file(self, graph: int) -> int:
        """The place of the source of a graph."""
        return self._files[graph]

    @cached_property
    def yielding(self) -> list[int]:
        """The graphs whose files say of themselves that they yield to another source."""
        number = self.nodes.find(_YIELDS)
        if number is None or number not in self.quads.by_predicate:
            return []
        rows = self.quads.block(number).rows
        own = self.quads.subjects[rows] == self.quads.graphs[rows]
        return [int(graph) for graph in distinct(self.quads.graphs[rows[own]])]

    def unyielding(self) -> list[Source]:
        """The sources that do not yield to another."""
        yielding = {self.file(graph) for graph in self.yielding}
        return [s for number, s in enumerate(self.sources) if number not in yielding]

    def numbered_sources(self) -> list[Source]:
        """The sources, their rows by the numbers of the terms here."""
        names = self.nodes.terms.names
        return [
            source
            if source.rows.terms is names
            else replace(source, rows=Rows(names, source.rows.numbered(self.nodes.terms)))
            for source in self.sources
        ]

    def pairs(self, predicate: Node) -> Iterator[tuple[str, Node, Node]]:
        """Passage, subject and object of every statement of a property."""
        number = self.nodes.find(predicate)
        if number is not None:
            of, quads = self.nodes.of, self.quads
            for row in quads.block(number).rows.tolist():
                subject, value = int(quads.subjects[row]), int(quads.objects[row])
                yield self.name(int(quads.graphs[row])), of(subject), of(value)

    def having(self, predicate: Node, value: Node) -> Iterator[tuple[str, Node]]:
        """Passage and subject of every statement that a property has a value."""
        numbers = self.nodes.find(predicate), self.nodes.find(value)
        if numbers[0] is not None and numbers[1] is not None:
            for row in self.quads.block(numbers[0]).with_object(numbers[1]).tolist():
                yield (
                    self.name(int(self.quads.graphs[row])),
                    self.nodes.of(int(self.quads.subjects[row])),
                )

    def stating(self, triple: NodeTriple) -> list[str]:
        """The IRIs of the passages that state a triple, sorted."""
        numbers = [self.nodes.find(node) for node in triple]
        subject, predicate, value = numbers
        if subject is None or predicate is None or value is None:
            return []
        rows = self.quads.block(predicate).stating(subject, value)
        return sorted(map(self.name, self.quads.graphs[rows].tolist()))

    def points_to(self, node: Node) -> bool:
        """Whether some statement has a thing as its object."""
        number = self.nodes.find(node)
        return number is not None and bool((self.quads.objects == number).any())

    def place_of(self, subject: Node | None, predicate: Node | None) -> tuple[str, int]:
        """File and line where a statement about ``subject`` stands, or one that points to it.

        ("", 0) if nowhere.
        """
        number = self.nodes.find(subject)
        # of a property only files that are known to state it, or the kind, are looked at
        for wanted in (predicate, RDF.type) if predicate else ():
            for source in self._stating(number, self.nodes.find(wanted)):
                if line := source.places.get((str(subject), str(wanted))):
                    return source.shown, line
        found = place_of(self._speaking_of(subject), subject, predicate)
        if found[0] or number is None:
            return found
        rows = np.flatnonzero(self.quads.objects == number)[:1]
        for row in rows.tolist():
            pointing = self.nodes.of(int(self.quads.subjects[row]))
            file = self.sources[self.file(int(self.quads.graphs[row]))]
            found = place_of([file], pointing, self.nodes.of(int(self.quads.predicates[row])))
        return found

    def places_of(
        self, subject: Node, predicate: Node | None, value: Term | None
    ) -> list[tuple[str, int]]:
        """File and line of every file that holds a triple at fault.

        Where the value is not known, of every file that states the property of the subject; where
        no file does, the one place that ``place_of`` gives.
        """
        numbers = self.nodes.find(subject), self.nodes.find(predicate)
        stated = set()
        if numbers[0] is not None and numbers[1] is not None:
            block = self.quads.block(numbers[1])
            rows = block.about(numbers[0])
            if value is not None:
                known = self.nodes.terms.find(value)
                rows = rows[:0] if known is None else block.stating(numbers[0], known)
            stated = set(map(self.file, self.quads.graphs[rows].tolist()))
        found = [
            (source.shown, line)
            for source in (self.sources[number] for number in sorted(stated))
            if (line := source.places.get((str(subject), str(predicate))))
        ]
        return found or [self.place_of(subject, predicate)]

    def _stating(self, subject: int | None, predicate: int | None) -> list[Source]:
        """The files that state a property of a thing."""
        if subject is None or predicate is None:
            return []
        graphs = self.quads.graphs[self.quads.block(predicate).about(subject)].tolist()
        return [self.sources[file] for file in sorted(set(map(self.file, graphs)))]

    def _speaking_of(self, subject: Node | None) -> list[Source]:
        number = self.nodes.find(subject)
        if number is None:
            return []
        graphs = self.quads.graphs[self.quads.rows_about(number)].tolist()
        files = {self.file(graph) for graph in graphs}
        if number in self._files:
            files.add(self._files[number])
        return [self.sources[file] for file in sorted(files)]


def place_of(
    sources: Iterable[Source], subject: Node | None, predicate: Node | None
) -> tuple[str, int]:
    """File and line where a statement about ``subject`` stands; ("", 0) if nowhere.

    A file that gives the predicate wins over one that gives the subject's kind, and that over one
    that only has the subject.
    """
    places = [(source.shown, source.places) for source in sources]
    for wanted in (str(predicate or ""), str(RDF.type), ""):
        for shown, lines in places:
            if line := lines.get((str(subject), wanted)):
                return shown, line
    return "", 0

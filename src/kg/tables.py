"""Columns asked in rdflib's terms: what is asked for becomes terms, the rest stays numbers.

A graph here has those methods of ``rdflib.Graph`` that only read. A term that was never met is in
no graph.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import rdflib

from kg.columns import HALF, MASK, Rows, Terms, columns_of, encoded, grouped, joint
from kg.terms import is_blank, is_literal, literal, parts

logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)  # validate says it, with the line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray
    from rdflib.term import Node

    from kg.columns import Quads, Relations
    from kg.terms import Term, Triple

    Column = NDArray[np.int64]
    NodeTriple = tuple[Node, Node, Node]
    Pattern = tuple[Node | None, Node | None, Node | None]


def as_term(node: Node) -> Term:
    """An rdflib term as N-Triples writes it."""
    if type(node) is rdflib.URIRef:  # which most are, and is quicker to find out
        return f"<{node}>"
    if isinstance(node, rdflib.Literal):
        return literal(str(node), str(node.datatype or ""), node.language or "")
    if isinstance(node, rdflib.BNode):
        return f"_:{node}"
    return f"<{node}>"


def as_triple(triple: Iterable[Node]) -> Triple:
    """An rdflib triple as the columns hold it."""
    subject, predicate, value = map(as_term, triple)
    return subject, predicate, value


def as_node(term: Term) -> Node:
    """The rdflib term of a text, a literal in the form in which it is written."""
    if is_literal(term):
        text, datatype, language = parts(term)
        if language:
            return rdflib.Literal(text, lang=language)
        plain = datatype == f"<{rdflib.XSD.string}>"
        kind = None if plain else rdflib.URIRef(datatype[1:-1])
        return rdflib.Literal(text, datatype=kind, normalize=False)
    return rdflib.BNode(term[2:]) if is_blank(term) else rdflib.URIRef(term[1:-1])


def as_graph(triples: Iterable[Triple]) -> rdflib.Graph:
    """An rdflib graph of triples as the columns hold them."""
    graph = rdflib.Graph()
    node = cache(as_node)
    for subject, predicate, value in triples:
        graph.add((node(subject), node(predicate), node(value)))
    return graph


def rows_of(graphs: Mapping[str, Iterable[NodeTriple]]) -> Rows:
    """The rows of the triples of some graphs by their IRIs."""
    return Rows.of(
        (f"<{name}>", *as_triple(triple)) for name, triples in graphs.items() for triple in triples
    )


class Nodes:
    """rdflib's terms by the numbers of one dictionary, each made when first asked for."""

    def __init__(self, terms: Terms | None = None) -> None:
        self.terms = Terms() if terms is None else terms
        self._nodes: dict[int, Node] = {}

    def of(self, number: int) -> Node:
        """The term of a number."""
        node = self._nodes.get(number)
        if node is None:
            node = self._nodes[number] = as_node(self.terms.names[number])
        return node

    def find(self, node: Node | None) -> int | None:
        """The number of a term if it has one."""
        return None if node is None else self.terms.find(as_term(node))

    def number(self, node: Node) -> int:
        """The number of a term, a new one if need be."""
        return self.terms.number(as_term(node))

    def every(self, numbers: Column) -> Iterator[Node]:
        """The terms of some numbers."""
        return map(self.of, numbers.tolist())

    def relations(self, triples: Iterable[NodeTriple]) -> Relations:
        """The relations of some triples."""
        return encoded(grouped(map(as_triple, triples)), self.terms)


class Columnar(ABC):
    """A graph in columns."""

    nodes: Nodes

    @abstractmethod
    def predicates(self) -> Iterable[int]:
        """The numbers of the predicates that the graph may have."""

    @abstractmethod
    def pairs(self, predicate: int) -> Column:
        """The pairs of a predicate, sorted."""

    @abstractmethod
    def objects_of(self, subject: int, predicate: int) -> Column:
        """The values of a property of a thing, sorted."""

    @abstractmethod
    def subjects_of(self, predicate: int, value: int) -> Column:
        """The things of which a property has a value, sorted."""

    @abstractmethod
    def columns(self) -> tuple[Column, Column, Column]:
        """The subjects, predicates and objects of the triples."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of triples."""

    def objects(self, subject: Node | None = None, predicate: Node | None = None) -> Iterator[Node]:
        """The values of a property of a thing, by their texts; of every one where it is None."""
        for _, _, value in self._rows((subject, predicate, None)):
            yield from self.nodes.every(value if subject is None else self._sorted(value))

    def subjects(self, predicate: Node | None = None, value: Node | None = None) -> Iterator[Node]:
        """The things of which a property has a value; of every one where it is None."""
        for subject, _, _ in self._rows((None, predicate, value)):
            yield from self.nodes.every(subject if value is None else self._sorted(subject))

    def subject_objects(self, predicate: Node | None = None) -> Iterator[tuple[Node, Node]]:
        """The pairs of a property."""
        for subject, _, value in self._rows((None, predicate, None)):
            yield from zip(self.nodes.every(subject), self.nodes.every(value), strict=True)

    def value(self, subject: Node | None, predicate: Node | None) -> Node | None:
        """The first value of a property of a thing by its text; None if there is none."""
        return next(self.objects(subject, predicate), None) if subject is not None else None

    def triples(self, pattern: Pattern) -> Iterator[NodeTriple]:
        """The triples that match a pattern, in which None stands for any term."""
        of = self.nodes.of
        for subjects, predicate, values in self._rows(pattern):
            for subject, value in zip(subjects.tolist(), values.tolist(), strict=True):
                yield of(subject), of(predicate), of(value)

    def __iter__(self) -> Iterator[NodeTriple]:
        return self.triples((None, None, None))

    def __contains__(self, pattern: Pattern) -> bool:
        return any(len(subjects) for subjects, _, _ in self._rows(pattern))

    def _sorted(self, numbers: Column) -> Column:
        """Some terms in the order of their texts, however they are numbered."""
        if len(numbers) < 2:
            return numbers
        names = self.nodes.terms.names
        return np.array(sorted(numbers.tolist(), key=names.__getitem__), np.int64)

    def _rows(self, pattern: Pattern) -> Iterator[tuple[Column, int, Column]]:
        """Subjects and objects of the triples that match a pattern, by predicate."""
        numbers = [self.nodes.find(node) for node in pattern]
        if any(n is None and node is not None for n, node in zip(numbers, pattern, strict=True)):
            return
        subject, wanted, value = numbers
        for predicate in self.predicates() if wanted is None else (wanted,):
            if subject is not None:
                values = self.objects_of(subject, predicate)
                if value is not None:
                    values = values[values == value]
                yield np.full(len(values), subject, np.int64), predicate, values
            elif value is not None:
                subjects = self.subjects_of(predicate, value)
                yield subjects, predicate, np.full(len(subjects), value, np.int64)
            else:
                pairs = self.pairs(predicate)
                yield pairs >> HALF, predicate, pairs & MASK


class Table(Columnar):
    """A graph of relations."""

    def __init__(self, nodes: Nodes, relations: Relations) -> None:
        self.nodes = nodes
        self.relations = relations

    @classmethod
    def of(cls, triples: Iterable[NodeTriple], nodes: Nodes | None = None) -> Table:
        """The table of some triples, with the numbers that their terms have or get."""
        nodes = Nodes() if nodes is None else nodes
        return cls(nodes, nodes.relations(triples))

    def predicates(self) -> Iterable[int]:
        """The numbers of the predicates that the graph has."""
        return self.relations

    def pairs(self, predicate: int) -> Column:
        """The pairs of a predicate, sorted."""
        relation = self.relations.get(predicate)
        return np.empty(0, np.int64) if relation is None else relation.pairs

    def objects_of(self, subject: int, predicate: int) -> Column:
        """The values of a property of a thing, sorted."""
        return _lower(self.pairs(predicate), subject)

    def subjects_of(self, predicate: int, value: int) -> Column:
        """The things of which a property has a value, sorted."""
        relation = self.relations.get(predicate)
        return np.empty(0, np.int64) if relation is None else _lower(relation.inverse, value)

    def columns(self) -> tuple[Column, Column, Column]:
        """The subjects, predicates and objects of the triples."""
        return columns_of(self.relations)

    def __len__(self) -> int:
        return sum(map(len, self.relations.values()))

    def __add__(self, other: Iterable[NodeTriple]) -> Table:
        """The triples of both."""
        if isinstance(other, Table) and other.nodes is self.nodes:
            added = other.relations
        else:
            added = self.nodes.relations(other)
        return Table(self.nodes, joint(self.relations, added))


class Passage(Columnar):
    """One of the graphs of some quads."""

    def __init__(self, nodes: Nodes, quads: Quads, graph: int) -> None:
        self.nodes = nodes
        self._quads = quads
        self._graph = graph
        self._span: slice = quads.spans[graph]

    def predicates(self) -> Iterable[int]:
        """The numbers of the predicates that the graph has."""
        return dict.fromkeys(self._quads.predicates[self._span].tolist())

    def pairs(self, predicate: int) -> Column:
        """The pairs of a predicate, sorted."""
        chosen = self._quads.predicates[self._span] == predicate
        subjects = self._quads.subjects[self._span][chosen]
        return np.sort(subjects << HALF | self._quads.objects[self._span][chosen])

    def objects_of(self, subject: int, predicate: int) -> Column:
        """The values of a property of a thing, sorted."""
        rows = self._quads.block(predicate).about(subject)
        found: Column = self._quads.objects[rows[self._quads.graphs[rows] == self._graph]]
        return found

    def subjects_of(self, predicate: int, value: int) -> Column:
        """The things of which a property has a value, sorted."""
        rows = self._quads.block(predicate).with_object(value)
        found: Column = self._quads.subjects[rows[self._quads.graphs[rows] == self._graph]]
        return found

    def columns(self) -> tuple[Column, Column, Column]:
        """The subjects, predicates and objects of the triples."""
        quads, span = self._quads, self._span
        return quads.subjects[span], quads.predicates[span], quads.objects[span]

    def __len__(self) -> int:
        return int(self._span.stop - self._span.start)


def _lower(pairs: Column, upper: int) -> Column:
    low, high = np.searchsorted(pairs, (upper << HALF, (upper + 1) << HALF))
    found: Column = pairs[low:high] & MASK
    return found

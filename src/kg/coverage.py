"""How much of a source is in the graph: sentence by sentence, and what it leaves unsaid.

A part says how many paragraphs and sentences it has, or how many rows or entries. Each sentence has
a passage, with the statements that it yields or the reason why it holds none; a row or an entry
has the statements about it in the graph of its part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import rdflib
from rdflib import DCTERMS, RDF, RDFS

from kg.graph.claims import CLLM
from kg.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rdflib.term import Node

    from kg.graph import Landscape
    from kg.tables import Columnar

By = Literal["model", "developer", "year"]
STATES: Final = ("stated", "vague", "generic", "unspecified", "empty")
"""What a source may do with a property, from most said to least."""
_OMISSIONS: Final = {
    CLLM.statesVaguely: "vague",
    CLLM.statesGenerically: "generic",
    CLLM.leavesUnspecified: "unspecified",
    CLLM.leavesEmpty: "empty",
}
_DERIVED: Final = frozenset({CLLM.acceleratorMaker})
"""Properties that follow from another one, whose silence tells the same."""
_ENTRY_NUMBERS: Final = (CLLM.row, CLLM.referenceNumber)


@dataclass(frozen=True)
class Place:
    """One sentence, row or entry of a part, with what the graph has of it.

    ``paragraph`` is 0 for a row or an entry; ``statements`` counts triples; ``reason`` says why
    there are none. Neither means that the place is not accounted for.
    """

    part: str
    paragraph: int
    number: int
    passages: tuple[str, ...] = ()
    statements: int = 0
    reason: str = ""

    @property
    def accounted(self) -> bool:
        """Whether the place has statements or a reason why not."""
        return bool(self.statements or self.reason)

    def as_dict(self) -> dict[str, Any]:
        """The place for a program to read."""
        return {
            "part": self.part,
            "paragraph": self.paragraph or None,
            "number": self.number,
            "passages": list(self.passages),
            "statements": self.statements,
            "reason": self.reason or None,
        }


def places(landscape: Landscape) -> list[Place]:
    """Every sentence, row and entry of every part, in the order of the source."""
    passages = landscape.passages
    everything = Table(passages.nodes, passages.quads.relations())
    parts = sorted(
        everything.subjects(RDF.type, CLLM.Part),
        key=lambda part: (
            str(everything.value(part, DCTERMS.isPartOf)),
            _int(everything, part, CLLM.position),
        ),
    )
    return [place for part in parts for place in _places(landscape, everything, part)]


def _places(landscape: Landscape, everything: Table, part: Node) -> Iterator[Place]:
    label = str(everything.value(part, RDFS.label))
    if (part, CLLM.entryCount, None) in everything:
        yield from _entries(landscape, everything, part, label)
        return
    passages_at: dict[tuple[int, int], list[Node]] = defaultdict(list)
    for passage in everything.subjects(DCTERMS.isPartOf, part):
        if (passage, RDF.type, CLLM.Passage) in everything:
            numbers = (CLLM.paragraph, CLLM.sentence)
            paragraph, sentence = (_int(everything, passage, number) for number in numbers)
            passages_at[paragraph, sentence].append(passage)
    missing = _int(everything, part, CLLM.sentenceCount) - len(passages_at)
    wanted = set(passages_at)
    for paragraph in range(1, _int(everything, part, CLLM.paragraphCount) + 1):
        last = max((s for p, s in passages_at if p == paragraph), default=0)
        gaps = {(paragraph, s) for s in range(1, last + 1)} - set(passages_at)
        wanted |= gaps
        missing -= len(gaps)
    for paragraph, sentence in sorted(wanted):
        passages = sorted(passages_at.get((paragraph, sentence), []), key=str)
        yield Place(
            label,
            paragraph,
            sentence,
            tuple(map(str, passages)),
            sum(len(landscape.passages.get(str(passage), ())) for passage in passages),
            " ".join(str(t) for p in passages for t in everything.objects(p, CLLM.holdsNoFact)),
        )
    for number in range(missing):  # of sentences that no passage is for, only the number is known
        yield Place(label, 0, number + 1)


def _entries(landscape: Landscape, everything: Table, part: Node, label: str) -> Iterator[Place]:
    """The rows of a table, or the entries of a list, in the graph that is named like the part."""
    slug = str(part).rpartition("/")[2]
    found: dict[int, tuple[str, int]] = {}
    for name, graph in landscape.passages.items():
        if name.rpartition("/")[2] != slug:
            continue
        for predicate in _ENTRY_NUMBERS:
            for subject, printed in graph.subject_objects(predicate):
                found[int(str(printed))] = name, _reached(graph, subject)
    for number in range(1, _int(everything, part, CLLM.entryCount) + 1):
        stated = found.get(number)
        yield Place(label, 0, number, (stated[0],) if stated else (), stated[1] if stated else 0)


def _reached(graph: Columnar, start: Node) -> int:
    """Number of statements about a thing and what it leads to, within one graph."""
    waiting, seen, count = [start], {start}, 0
    while waiting:
        for value in graph.objects(waiting.pop(), None):
            count += 1
            if isinstance(value, rdflib.URIRef) and value not in seen:
                seen.add(value)
                waiting.append(value)
    return count


@dataclass(frozen=True)
class Silence:
    """What a source says of one property of a group of models: how many in each state."""

    group: str
    property: str
    states: dict[str, int]


def silence(landscape: Landscape, ontology: rdflib.Graph, by: By) -> list[Silence]:
    """Per group and property, how many rows state it, or leave it out in which way.

    The groups are the models, or their developers (a model counts with each), or the years of
    their release; the rows are those of the tables of the sources.
    """
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for graph in landscape.passages.values():
        omitted = {p for predicate in _OMISSIONS for p in graph.objects(None, predicate)}
        for model in sorted(graph.subjects(CLLM.row, None), key=lambda m: _int(graph, m, CLLM.row)):
            for group in _groups(landscape, graph, model, by):
                for prop in sorted(omitted, key=str):
                    if prop in _DERIVED:
                        continue
                    name = str(_english(ontology, prop))
                    counts[group, name][_state(graph, model, prop)] += 1
    return [
        Silence(group, prop, {state: found[state] for state in STATES})
        for (group, prop), found in counts.items()
    ]


def _state(graph: Columnar, model: Node, prop: Node) -> str:
    things = [model, *graph.objects(model, CLLM.hasTrainingRun)]
    for predicate, state in _OMISSIONS.items():
        if any((thing, predicate, prop) in graph for thing in things):
            return state
    return "stated"


def _groups(landscape: Landscape, graph: Columnar, model: Node, by: By) -> Iterable[str]:
    if by == "model":
        return [str(graph.value(model, CLLM.nameAsPrinted))]
    if by == "year":
        return sorted({str(day)[:4] for day in graph.objects(model, CLLM.released)})
    settled = landscape.settled
    return sorted(str(_english(settled, who)) for who in graph.objects(model, CLLM.hasDeveloper))


def _english(graph: Columnar | rdflib.Graph, thing: Node) -> Node | None:
    labels = [o for o in graph.objects(thing, RDFS.label) if getattr(o, "language", "") == "en"]
    return min(labels, default=None, key=str)


def _int(graph: Columnar, subject: Node, predicate: Node) -> int:
    return int(str(graph.value(subject, predicate) or 0))

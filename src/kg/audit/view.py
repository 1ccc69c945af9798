"""What the rules of the audit read: claims by topic, the settled view with its inferences, names.

Rules ask for things by the ontology's terms; none of them, and nothing here, names an entity.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import DCTERMS, RDF, RDFS

from kg.graph.claims import CLLM, Claim
from kg.graph.figures import Interval
from kg.judged import Statement
from kg.namespaces import TERMS, shorten
from kg.tables import as_term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rdflib.term import Node

    from kg.graph import Landscape
    from kg.tables import NodeTriple

EXPONENT: Final = 1_000_000.0
"""From here on a number is written with an exponent."""


@dataclass(frozen=True)
class Span:
    """The numbers from ``low`` to ``high`` that several figures admit together; None is open."""

    low: Fraction | None
    high: Fraction | None

    def __str__(self) -> str:
        if self.low == self.high and self.low is not None:
            return number(self.low)
        low = "?" if self.low is None else number(self.low)
        return f"{low} to {'?' if self.high is None else number(self.high)}"


def hull(values: Iterable[Interval | None], *, printed: bool = False) -> Span | None:
    """The smallest span of what the digits of ``values`` admit, or of the numbers they print.

    None if there are no values.
    """
    found = [value for value in values if value is not None]
    if not found:
        return None
    lows = [value.minimum if printed else value.low for value in found]
    highs = [value.maximum if printed else value.high for value in found]
    known_lows = [low for low in lows if low is not None]
    known_highs = [high for high in highs if high is not None]
    return Span(
        min(known_lows) if len(known_lows) == len(lows) else None,
        max(known_highs) if len(known_highs) == len(highs) else None,
    )


def exactly(count: int | Fraction) -> Interval:
    """The interval of a count that is known."""
    value = Fraction(count)
    return Interval(value, value, value, value, None)


def number(value: Fraction | float) -> str:
    """A number in few digits: 3.59E21, 128, 0.067."""
    if abs(float(value)) >= EXPONENT:
        return f"{float(value):.3g}".upper().replace("E+", "E")
    return f"{float(value):.4g}"


class View:
    """A landscape with its inferences, indexed for the rules."""

    def __init__(
        self,
        landscape: Landscape,
        ontology: rdflib.Graph,
        inferred: Iterable[NodeTriple],
        recomputed: Mapping[str, frozenset[str]],
    ) -> None:
        self.ontology = ontology
        self.recomputed = recomputed
        self.passages = landscape.passages
        self.conflicts = landscape.conflicts
        self.compared = landscape.compared
        self.graph = landscape.settled + inferred
        self._speakers: dict[str, list[Node]] = defaultdict(list)
        for _, passage, speaker in self.passages.pairs(CLLM.speaker):
            self._speakers[str(passage)].append(speaker)
        self._decisions: Mapping[tuple[Node | None, Node | None], Node] = {
            (
                self.graph.value(decision, CLLM.onSubject),
                self.graph.value(decision, CLLM.onProperty),
            ): decision
            for decision in self.graph.subjects(RDF.type, CLLM.Decision)
        }
        self._names: dict[Node | None, str] = {}

    def claims(self, subject: Node, predicate: Node) -> list[Claim]:
        """What is stated or estimated of a property of a thing, by whoever is followed there."""
        outranked = self.compared.outranked
        found = self.compared.about(subject, predicate)
        return [claim for claim in found if claim.factual and not outranked[claim.place]]

    def readings(self, subject: Node, quantity: Node) -> list[Claim]:
        """The figures for a quantity of a thing that are stated or estimated, with a number."""
        return [c for c in self.claims(subject, quantity) if c.value is not None]

    def span(self, subject: Node, quantity: Node) -> Span | None:
        """The span of all readings of a quantity, None if there are none."""
        return hull(claim.value for claim in self.readings(subject, quantity))

    def members(self, kind: Node) -> list[Node]:
        """The things of a class, sorted by IRI."""
        return sorted(set(self.graph.subjects(RDF.type, kind)), key=str)

    def decision(self, subject: Node, predicate: Node) -> str:
        """The IRI of the decision about a property of a thing, "" if there is none."""
        return str(self._decisions.get((subject, predicate), ""))

    def name(self, thing: Node | None) -> str:
        """The English label or title of a thing or a term, else its shortened IRI."""
        known = self._names.get(thing)
        if known is None:
            known = self._names[thing] = self._named(thing)
        return known

    def _named(self, thing: Node | None) -> str:
        for graph, predicate in (
            (self.graph, RDFS.label),
            (self.ontology, RDFS.label),
            (self.graph, DCTERMS.title),
        ):
            labels = sorted(
                str(label)
                for label in graph.objects(thing, predicate)
                if isinstance(label, rdflib.Literal) and label.language == "en"
            )
            if labels:
                return labels[0]
        return str(thing) if isinstance(thing, rdflib.Literal) else shorten(str(thing))

    def printed(self, claim: Claim) -> str:
        """What a claim gives: a figure as printed with its unit, another value by its name."""
        graph = self.passages[str(claim.passage)]
        printed = graph.value(claim.object, CLLM.asPrinted)
        if printed is None:
            return self.name(claim.object)
        unit = graph.value(claim.object, CLLM.unit)
        return str(printed) if unit == CLLM.one else f"{printed} {self.name(unit)}"

    def claimed(self, claim: Claim) -> Statement:
        """A claim as a statement."""
        text = f"{self.name(claim.subject)}, {self.name(claim.predicate)}: {self.printed(claim)}"
        return self.statement(claim.passage, text, (claim.subject, claim.predicate, claim.object))

    def said(self, subject: Node, predicate: Node, value: Node) -> list[Statement]:
        """The statements of a triple, one for each passage that has it."""
        text = f"{self.name(subject)}, {self.name(predicate)}: {self.name(value)}"
        triple = subject, predicate, value
        return [self.statement(passage, text, triple) for passage in self.passages.stating(triple)]

    def statement(self, passage: Node | str, text: str, triple: tuple[Node, ...]) -> Statement:
        """A statement in words and as a triple, with the names of those who make it."""
        speakers = tuple(sorted(self.name(s) for s in self._speakers.get(str(passage), ())))
        subject, predicate, value = triple
        return Statement(str(passage), speakers, text, str(subject), str(predicate), as_term(value))

    def kinds(self, thing: Node) -> set[Node]:
        """The classes of the ontology that a thing is stated to be of, and those above them."""
        found = set(self.graph.objects(thing, RDF.type))
        for kind in list(found):
            found.update(k for k in self.ontology.transitive_objects(kind, RDFS.subClassOf) if k)
        return {kind for kind in found if str(kind).startswith(TERMS)}


def pairs(view: View, predicate: Node) -> Iterator[tuple[Node, Node]]:
    """Subjects and objects of a property in the settled view, in a stable order."""
    yield from sorted(view.graph.subject_objects(predicate), key=lambda pair: list(map(str, pair)))

"""Facts as a page has them: sections of rows, claims side by side, and numbered sources."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from kg.namespaces import IDS
from kg.serve.entities.model import ACCEPTED, REJECTED
from kg.terms import Term, iri

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.serve.entities.layout import Layout
    from kg.serve.entities.model import Decision, Fact, Measurement, Omission, Said, Thing

TYPE: Final = iri("rdf:type")
_CONFLICTING: Final = f"<{IDS}audit/conflicting-claims>"
"""The rule of the audit that says how far claims lie apart."""
_NAMING: Final = frozenset({TYPE, iri("rdfs:label")})
"""What is not told again of a thing that is told in the place of another."""


@dataclass
class Side:
    """Claims of one rank that hold together: values, and the passages that claim them."""

    rank: Term
    facts: list[Fact]
    passages: tuple[str, ...]


@dataclass
class Row:
    """What is known of one property of a thing.

    Where claims conflict they are in ``sides``, and ``facts`` has the others. ``count`` is how many
    values there are, told or not.
    """

    subject: Term
    predicate: Term
    facts: list[Fact] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    sides: list[Side] = field(default_factory=list)
    decision: Decision | None = None
    measurements: list[Measurement] = field(default_factory=list)
    count: int = 0


@dataclass
class Section:
    """A group of properties, with the rows of each thing that has some; None is the last group."""

    group: Term | None
    blocks: list[tuple[Term, list[Row]]]


class Sources:
    """The passages that a page refers to, numbered as they come."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def numbered(self, passages: Iterable[str]) -> list[int]:
        """The numbers of some passages, in order."""
        return sorted(self.numbers.setdefault(p, len(self.numbers) + 1) for p in passages)


def sections(thing: Thing, layout: Layout) -> list[Section]:
    """The rows of a thing by group, without what only restates and what is told in place."""
    rows: dict[tuple[Term, Term], Row] = {}

    def row(subject: Term, property_: Term) -> Row:
        return rows.setdefault((subject, property_), Row(subject, property_))

    deep = {f.value for f in thing.facts if f.subject != thing.node and not f.is_inferred}
    for fact in thing.facts:
        is_echo = fact.is_inferred and fact.subject != thing.node and fact.value in deep
        is_naming = fact.subject != thing.node and fact.predicate in _NAMING
        is_in_place = fact.predicate in layout.details and fact.value in thing.subjects
        if not (fact.restates or is_echo or is_naming or is_in_place):
            row(fact.subject, fact.predicate).facts.append(fact)
    for omission in thing.omissions:
        row(omission.subject, omission.predicate).omissions.append(omission)
    for key, one in rows.items():
        one.count = max(thing.counts.get(key, 0), len(one.facts))
        one.decision = thing.decisions.get(key)
        one.measurements = [m for m in thing.measurements.get(key, ()) if _belongs(m)]
        one.sides = _sides(one.facts)
        told = [fact for side in one.sides for fact in side.facts]
        one.facts = [fact for fact in one.facts if fact not in told]
    place = {subject: number for number, subject in enumerate(thing.subjects)}
    ordered = sorted(
        rows.values(),
        key=lambda r: (layout.order(r.predicate)[0], place[r.subject], layout.order(r.predicate)),
    )
    return [
        Section(group, [(s, [*several]) for s, several in groupby(among, lambda r: r.subject)])
        for group, among in groupby(ordered, lambda r: layout.group(r.predicate))
    ]


def unplaced(thing: Thing) -> list[tuple[Term, Measurement]]:
    """What the audit found that is told by itself, each after the property that it is about."""
    return [
        (property_, measurement)
        for (_, property_), several in thing.measurements.items()
        for measurement in several
        if not _belongs(measurement)
    ]


def _belongs(measurement: Measurement) -> bool:
    """Whether it compares numbers or lists, and so belongs beside them."""
    return measurement.rule == _CONFLICTING


def _sides(facts: Iterable[Fact]) -> list[Side]:
    """The claims among facts side by side, if some cannot hold beside others.

    What is accepted is one side; of what is not, what each passage claims is.
    """
    facts = list(facts)
    contested = [one for fact in facts for one in fact.said if one.against]
    if not contested:
        return []
    claimed: dict[tuple[Term, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        for one in fact.said:
            if one.rank == ACCEPTED:
                claimed[ACCEPTED, ""].append(fact)
            elif one.rank is not None and one.against:
                claimed[one.rank, one.passage].append(fact)
    sides: list[Side] = []
    for (rank, _), several in claimed.items():
        unique = list(dict.fromkeys(several))
        same = next((s for s in sides if s.rank == rank and s.facts == unique), None)
        if same is None:
            sides.append(Side(rank, unique, ()))
    for side in sides:
        side.passages = tuple(
            sorted({one.passage for fact in side.facts for one in _of(fact, side.rank)})
        )
    return sorted(sides, key=lambda s: (s.rank != ACCEPTED, s.rank == REJECTED, s.passages))


def _of(fact: Fact, rank: Term) -> list[Said]:
    """Who claims a fact with a rank."""
    return [one for one in fact.said if one.rank == rank]

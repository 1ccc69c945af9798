"""Reconciliation: which things a name, a type and properties may mean, and whether one is sure.

The scores are those of the Reconciliation Service API
(https://reconciliation-api.github.io/specs/0.2/): from 0 to 100, with the features that make them.

    name        similarity of the best name           weight 1
    property    share of the given values it has      weight 0.4 each, half of it if it has none
    type        none of the types asked for           halves the whole

A thing that lacks a property may have it: what the graph does not state is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from kg.link.agreement import agrees
from kg.namespaces import PREFIXES, TERMS, expand, shorten

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from kg.link.agreement import Given, Value
    from kg.link.gazetteer import Gazetteer, Thing

IDENTITY: Final = "exactMatch"
"""The property whose values are the identifiers that others have for the same thing."""
_WEIGHT: Final = 0.4
"""Weight of a property beside a name."""
_UNKNOWN: Final = 0.5
_OF_OTHER_TYPE: Final = 0.5
_LEAST_WEIGHED: Final = 20
"""Number of candidates whose properties are looked at, be fewer asked for."""
_MOST_WEIGHED: Final = 100
"""Number of candidates that are looked at where there is no name to choose by."""

_MAPPINGS: Final = PREFIXES["skos"]


class Strictness(StrEnum):
    """What becomes of things of other types than those asked for.

    They are candidates of half the score; or only those of any of the types are, or of all.
    """

    SHOULD = "should"
    ANY = "any"
    ALL = "all"


@dataclass(frozen=True)
class Constraint:
    """A property, and the values that it should have."""

    property: str
    given: Sequence[Given]


@dataclass(frozen=True)
class Query:
    """What is sought; without a text, by properties alone."""

    text: str
    limit: int
    types: Collection[str] = ()
    constraints: Sequence[Constraint] = ()
    strictness: Strictness = Strictness.SHOULD


@dataclass
class Candidate:
    """A thing that may be meant, and what speaks for it."""

    thing: Thing
    similarity: float | None
    """Of the best name, from 0 to 1; None if no name was given."""
    is_identified: bool = False
    is_of_type: bool | None = None
    """None if no type was asked for."""
    agreement: dict[str, float | None] = field(default_factory=dict)
    """By property, the share of the given values that it has; None for one that it lacks."""
    match: bool = False

    @property
    def score(self) -> float:
        """From 0 to 100."""
        parts = [(_WEIGHT, _UNKNOWN if a is None else a) for a in self.agreement.values()]
        if self.is_identified:
            parts.append((1.0, 1.0))
        elif self.similarity is not None:
            parts.append((1.0, self.similarity))
        total = sum(weight for weight, _ in parts)
        mean = sum(weight * value for weight, value in parts) / total if parts else 0.0
        return round(100 * mean * (_OF_OTHER_TYPE if self.is_of_type is False else 1), 2)

    @property
    def features(self) -> Iterator[tuple[str, bool | float]]:
        """What the score is made of, each by its id."""
        if self.similarity is not None:
            yield "name_similarity", round(100 * self.similarity, 2)
            yield "name_equal", self.similarity == 1
        yield "identifier", self.is_identified
        if self.is_of_type is not None:
            yield "type", self.is_of_type
        for name, share in self.agreement.items():
            if share is not None:
                yield f"property_{name}", round(share, 2)

    @property
    def is_sure(self) -> bool:
        """Whether it has the name that was given, or an identifier."""
        return self.is_identified or self.similarity == 1

    @property
    def agrees(self) -> bool:
        """Whether it is of a type asked for and has all that was given."""
        return self.is_of_type is not False and all(a == 1 for a in self.agreement.values())

    @property
    def disagrees(self) -> bool:
        """Whether it is of no type asked for, or has other values than were given."""
        return self.is_of_type is False or any(a == 0 for a in self.agreement.values())


class Facts(Protocol):
    """What the graph says of things, as far as it is asked."""

    def values(self, id_: str, property_: str) -> Collection[Value]:
        """The values of a property of a thing."""

    def bearers(self, property_: str, given: Given) -> Collection[str]:
        """Things that have a value for a property, some of them if there are many."""


def term_id(name: str) -> str:
    """The id of a type or a property, which may be given as it is, as an IRI, or with a prefix.

    That is the local name of a term of our ontology and of SKOS's mappings, as in ``exactMatch``,
    and the prefixed name of any other.
    """
    iri = expand(name)
    if iri.startswith(TERMS):
        return iri.removeprefix(TERMS)
    if iri.startswith(_MAPPINGS) and iri.endswith("Match"):
        return iri.removeprefix(_MAPPINGS)
    return shorten(iri)


def reconcile(query: Query, gazetteer: Gazetteer, facts: Facts) -> list[Candidate]:
    """The candidates for a query, the best first; at most one of them is a match.

    None if there is nothing of any type that is asked for.
    """
    if query.types and gazetteer.types.isdisjoint(query.types):
        return []
    found = [c for c in _candidates(query, gazetteer, facts) if _is_wanted(c, query)]
    found.sort(key=_rank)
    sure = [candidate for candidate in found if candidate.is_sure]
    weighed = max(query.limit, _LEAST_WEIGHED) if query.text else _MOST_WEIGHED
    chosen = {c.thing.id: c for c in (*sure[:_MOST_WEIGHED], *found[:weighed])}
    candidates = list(chosen.values())
    for candidate in candidates:
        for constraint in query.constraints:
            share = _share(constraint, candidate.thing.id, gazetteer, facts)
            candidate.agreement[constraint.property] = share
    if not query.text:
        candidates = [candidate for candidate in candidates if candidate.agrees]
    _decide(query, candidates, gazetteer)
    candidates.sort(key=_rank)
    return candidates[: query.limit]


def _candidates(query: Query, gazetteer: Gazetteer, facts: Facts) -> Iterator[Candidate]:
    """The things that are worth a look, in no order."""
    identified = set(gazetteer.identified(query.text))
    for constraint in query.constraints:
        if constraint.property == IDENTITY:
            for given in constraint.given:
                identified.update(gazetteer.identified(given.id or given.text))
    if query.text:
        alike = gazetteer.alike(query.text, 4 * query.limit, query.types)
        ids: Iterable[str] = {*identified, *gazetteer.called(query.text)[:_MOST_WEIGHED], *alike}
    else:
        alike = {}
        ids = identified or _bearing(query.constraints, facts)
    for id_ in ids:
        thing = gazetteer.things[id_]
        similarity = alike.get(id_)
        if query.text and similarity is None:
            similarity = gazetteer.similarity(query.text, id_)
        is_of_type = any(type_ in thing.types for type_ in query.types) if query.types else None
        yield Candidate(thing, similarity, id_ in identified, is_of_type)


def _bearing(constraints: Sequence[Constraint], facts: Facts) -> Collection[str]:
    """The things that have all values of the property that the fewest have."""
    sets = [
        set.intersection(*(set(facts.bearers(c.property, given)) for given in c.given))
        for c in constraints
        if c.given
    ]
    return min(sets, key=len, default=())


def _is_wanted(candidate: Candidate, query: Query) -> bool:
    """Whether a candidate has the types that it must have."""
    if query.strictness == Strictness.ALL:
        return set(query.types) <= set(candidate.thing.types)
    return query.strictness == Strictness.SHOULD or candidate.is_of_type is not False


def _share(constraint: Constraint, id_: str, gazetteer: Gazetteer, facts: Facts) -> float | None:
    """How many of the given values a thing has, from 0 to 1; None if it lacks the property."""
    values = facts.values(id_, constraint.property)
    if not values:
        return None
    has = [any(agrees(given, v, gazetteer) for v in values) for given in constraint.given]
    return sum(has) / len(has)


def _decide(query: Query, candidates: list[Candidate], gazetteer: Gazetteer) -> None:
    """Make a match of the one that is called or identified so, if nothing else can be meant."""
    rivals = [c for c in candidates if c.is_sure and not c.disagrees]
    unseen = len(gazetteer.called(query.text)) - _MOST_WEIGHED
    if len(rivals) != 1 or not rivals[0].agrees or unseen > 0:
        return
    (only,) = rivals
    only.match = only.is_identified or not gazetteer.is_of_several(query.text, only.thing.id)


def _rank(candidate: Candidate) -> tuple[float, bool, str]:
    return -candidate.score, not candidate.match, candidate.thing.id

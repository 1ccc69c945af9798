"""Proposals: which things elsewhere may be ours, on what evidence, and how sure that is.

Two things are looked at if a name of one is a name of the other, or nearly, or if both have one
identifier. A name that is the same and one more sign, a date, an organization, a country or an
identifier, make an exact match; a sign that speaks against it, or less, leaves it close. Of
several that are left for one of ours none is taken for the same: that is for a person to say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kg.link.names import folded, similarity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kg.link.things import Thing

EXACT: Final = "skos:exactMatch"
CLOSE: Final = "skos:closeMatch"
DAYS: Final = 60
"""Days by which two sources may date the same model apart."""
_ALIKE: Final = 0.75
_FIRST: Final = re.compile(r"\s*\b1(?:\.0)?$")
_PLACE: Final = re.compile(r"\s*\([^()]*\)$")
_WORDS: Final = {
    "lab": "laboratory",
    "labs": "laboratory",
    "&": "and",
    "co": "",
    "ltd": "",
    "inc": "",
    "corp": "",
    "corporation": "",
    "the": "",
}
_COUNTRIES: Final = {
    "CN": "China",
    "US": "United States",
    "GB": "United Kingdom",
    "CA": "Canada",
    "SA": "Saudi Arabia",
}
"""ISO 3166 codes of the countries that the registry names."""


@dataclass(frozen=True)
class Proposal:
    """Something elsewhere that may be one of ours; ``evidence`` says why, and what is against it.

    ``confidence`` stays below 1: a person decides.
    """

    ours: Thing
    theirs: Thing
    predicate: str
    confidence: float
    evidence: tuple[str, ...]


def propose(ours: Sequence[Thing], theirs: Iterable[Thing]) -> list[Proposal]:
    """The proposals for all of ours, the surest first."""
    found: dict[str, list[Proposal]] = defaultdict(list)
    index = _Index(ours)
    for thing in theirs:
        for one in index.near(thing):
            proposal = _judged(one, thing)
            if proposal is not None:
                found[one.iri].append(proposal)
    matched: dict[str, int] = defaultdict(int)
    for proposals in found.values():
        for proposal in proposals:
            matched[proposal.theirs.iri] += proposal.predicate == EXACT
    kept = [p for proposals in found.values() for p in _settled(proposals, matched)]
    return sorted(kept, key=lambda p: (-p.confidence, p.ours.iri, p.theirs.iri))


def _settled(proposals: list[Proposal], matched: dict[str, int]) -> Iterator[Proposal]:
    """The proposals for one of ours: none is exact if several are, or one is for two of ours."""
    exact = [proposal for proposal in proposals if proposal.predicate == EXACT]
    for proposal in proposals:
        if proposal.predicate == EXACT and (len(exact) > 1 or matched[proposal.theirs.iri] > 1):
            said = (*proposal.evidence, "others match as well")
            yield replace(proposal, predicate=CLOSE, confidence=0.5, evidence=said)
        else:
            yield proposal


def _judged(ours: Thing, theirs: Thing) -> Proposal | None:
    """What speaks for and against one of ours being the same as something elsewhere."""
    shared = sorted(ours.identifiers & theirs.identifiers)
    same = _same_name(ours, theirs)
    likeness = max(similarity(a, b) for a in ours.names for b in theirs.names)
    if not same and likeness < (_ALIKE if not shared else 0):
        return None
    signs = [f"the name {same}"] if same else [f"names alike by {likeness:.2f}"]
    against: list[str] = []
    apart = _days(ours, theirs)
    if apart is not None:
        said = "the same day" if apart == 0 else f"dates {apart} days apart"
        (signs if apart <= DAYS else against).append(said)
    if ours.organizations and theirs.organizations:
        one = _one_of(ours.organizations, theirs.organizations)
        (signs if one else against).append(f"the organization {one}" if one else "no organization")
    if ours.country and theirs.country:
        country = _COUNTRIES.get(theirs.country, theirs.country)
        (signs if country == ours.country else against).append(f"the country {country}")
    if against and not (same or shared):
        return None
    signs += [f"the identifier {identifier}" for identifier in shared]
    is_exact = bool(same) and len(signs) > 1 and (not against or bool(shared))
    evidence = (", ".join(signs), *([f"against it: {', '.join(against)}"] if against else []))
    if is_exact:
        confidence = min(0.95, 0.7 + 0.1 * (len(signs) - 1) - 0.1 * len(against))
        return Proposal(ours, theirs, EXACT, round(confidence, 2), evidence)
    confidence = min(0.6, 0.3 * likeness + 0.1 * len(signs))
    return Proposal(ours, theirs, CLOSE, round(confidence, 2), evidence)


class _Index:
    """Ours by what their names fold to, and by their identifiers."""

    def __init__(self, things: Sequence[Thing]) -> None:
        self._things = things
        self._by_name: dict[str, set[int]] = defaultdict(set)
        self._by_identifier: dict[str, set[int]] = defaultdict(set)
        for number, thing in enumerate(things):
            for key in _keys(thing):
                self._by_name[key].add(number)
            for identifier in thing.identifiers:
                self._by_identifier[identifier].add(number)

    def near(self, thing: Thing) -> list[Thing]:
        """Those of ours that something elsewhere may be."""
        found: set[int] = set()
        for key in _keys(thing):
            found |= self._by_name.get(key, set())
        for identifier in thing.identifiers:
            found |= self._by_identifier.get(identifier, set())
        alike = [
            number
            for number, ours in enumerate(self._things)
            if number not in found
            and any(similarity(a, b) >= _ALIKE for a in ours.names for b in thing.names)
        ]
        return [self._things[number] for number in sorted({*found, *alike})]


def _same_name(ours: Thing, theirs: Thing) -> str:
    """A name of theirs that is one of ours, empty if there is none."""
    own = _keys(ours)
    return next((name for name in theirs.names if _variants(name) & own), "")


def _keys(thing: Thing) -> frozenset[str]:
    return frozenset(key for name in thing.names for key in _variants(name))


@lru_cache(maxsize=65_536)
def _variants(name: str) -> frozenset[str]:
    """What a name folds to: without a country in brackets, and a first version without its number.

    Legal forms and articles of organizations make no difference.
    """
    plain = _PLACE.sub("", name)
    words = [_WORDS.get(word.casefold().strip(".,"), word) for word in plain.split()]
    forms = {name, plain, " ".join(words), _FIRST.sub("", name)}
    return frozenset(key for form in forms if len(key := folded(form)) > 1)


def _days(ours: Thing, theirs: Thing) -> int | None:
    if ours.date is None or theirs.date is None:
        return None
    return abs((ours.date - theirs.date).days)


def _one_of(ours: Iterable[str], theirs: Iterable[str]) -> str:
    """The first organization of theirs that is one of ours, or one that has its name within."""
    own = {key for name in ours for key in _variants(name)}
    for name in theirs:
        keys = {key for part in (name, *re.split(r"\s*/\s*", name)) for key in _variants(part)}
        inner = re.findall(r"\(([^()]+)\)", name)
        keys |= {key for part in inner for key in _variants(part)}
        if keys & own:
            return name
    return ""

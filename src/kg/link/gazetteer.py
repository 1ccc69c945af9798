"""A gazetteer: things by what they are called, to be looked up, compared and completed.

Names are kept as they are folded (``names``), so that each comparison is one of short texts and no
name is folded twice. What a visitor asks for is folded each time and never kept.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final, TypeVar

from rapidfuzz import fuzz, process

from kg.link.names import folded
from kg.namespaces import IDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

LEAST_ALIKE: Final = 0.5
"""Similarity below which two names are not worth a look."""
_MOST_BEARERS: Final = 20
"""Number of things of one name that are looked at where the name is only like another."""
_MOST_WORDS: Final = 64
"""Number of words of a name, from its first on, by which it can be found."""
_MOST_LETTERS: Final = 200
"""Length of what is kept from such a word on: all of it would grow with the square of a name."""
_WORD: Final = re.compile(r"(?<![\w.])\w")
_SCHEME: Final = re.compile(r"^https?://", re.IGNORECASE)
_LAST_PART: Final = re.compile(r"[/#=]")
_TELLING: Final = re.compile(r"(?=.*\d)(?:.*[^\W\d]|.{10})")
"""What identifies something by itself, as Q148 does: a 5 or a 2021 is more likely a number."""
fold: Final = folded.__wrapped__
"""``names.folded`` without its memory, which visitors could fill with texts of theirs."""


_Ordered = TypeVar("_Ordered", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Thing:
    """What can be looked up: the main name is the first of ``names``, which are as written."""

    id: str
    names: tuple[str, ...]
    types: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name under which it is shown."""
        return self.names[0]


class Gazetteer:
    """Things, by their names and by identifiers that others have for them.

    ``identifiers`` are pairs of a thing's id and an IRI that means the same.
    """

    def __init__(
        self, things: Iterable[Thing], identifiers: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.things: Mapping[str, Thing] = {thing.id: thing for thing in things}
        self.types = frozenset(type_ for thing in self.things.values() for type_ in thing.types)
        called: defaultdict[str, list[str]] = defaultdict(list)
        inner: set[tuple[str, str]] = set()
        self._folded: dict[str, tuple[str, ...]] = {}
        for thing in self.things.values():
            names: list[str] = []
            for written in thing.names:
                name = fold(written)
                if name and name not in names:
                    names.append(name)
                    called[name].append(thing.id)
                    starts = [at.start() for at in islice(_WORD.finditer(written), 1, _MOST_WORDS)]
                    inner.update((fold(written[at : at + _MOST_LETTERS]), name) for at in starts)
            self._folded[thing.id] = tuple(names)
        self._called: Mapping[str, Sequence[str]] = dict(called)
        self._names = sorted(called)
        self._inner = sorted(inner)
        self._of_type: dict[str, list[str]] = {}
        self._identified: defaultdict[str, list[str]] = defaultdict(list)
        for id_, iri in identifiers:
            last = _LAST_PART.split(iri.rstrip("/#"))[-1]
            self._identified[_SCHEME.sub("", iri)].append(id_)
            if _TELLING.match(last):
                self._identified[last].append(id_)

    def called(self, name: str) -> Sequence[str]:
        """The things that are called so, however it is spelled."""
        return self._called.get(fold(name), ())

    def folded_names(self, id_: str) -> Sequence[str]:
        """The names of a thing as they are compared; none of what is not here."""
        return self._folded.get(id_, ())

    def identified(self, text: str) -> Sequence[str]:
        """The things that a text identifies: by our id or IRI, or by an identifier of others.

        That is an IRI, with whichever of http and https, or what comes last in one.
        """
        text = text.strip()
        own = text.removeprefix(IDS)
        for written in (own, own.replace(":", "/", 1)):
            if written in self.things:
                return (written,)
        return tuple(dict.fromkeys(self._identified.get(_SCHEME.sub("", text), ())))

    def alike(self, name: str, most: int, types: Collection[str] = ()) -> dict[str, float]:
        """The things whose names are most like one, each with the similarity of its best name.

        Those of ``most`` names, and of as many that things of each of ``types`` have.
        """
        sought = fold(name)
        found: dict[str, float] = {}
        if not sought:
            return found
        for choices in (self._names, *(self._names_of(type_) for type_ in types)):
            best = process.extract(
                sought, choices, scorer=fuzz.ratio, score_cutoff=100 * LEAST_ALIKE, limit=most
            )
            for other, score, _ in best:
                for id_ in self._called[other][:_MOST_BEARERS]:
                    found[id_] = max(found.get(id_, 0.0), score / 100)
        return found

    def similarity(self, name: str, id_: str) -> float:
        """How much a name is like the names of a thing, as ``names.similarity`` has it."""
        sought = fold(name)
        return max((fuzz.ratio(sought, other) / 100 for other in self._folded[id_]), default=0.0)

    def is_of_several(self, name: str, id_: str) -> bool:
        """Whether a name of a thing may as well be short for that of another one.

        Its main name is not. Any other is if something else is called so with a number behind:
        where there is a WenLan 2.0, WenLan need not be the one that is also called so.
        """
        sought = fold(name)
        if sought == self._folded[id_][0]:
            return False
        for other in _since(self._names, f"{sought}0"):
            if not other.startswith(sought) or not other[len(sought)].isdecimal():
                return False
            if any(bearer != id_ for bearer in self._called[other]):
                return True
        return False

    def beginning(self, prefix: str) -> Iterator[str]:
        """The things with a name that begins so, then those with a word in it that does.

        What the text identifies comes first; each group is in the order of names.
        """
        seen: set[str] = set()
        for id_ in self._beginning(prefix):
            if id_ not in seen:
                seen.add(id_)
                yield id_

    def _beginning(self, prefix: str) -> Iterator[str]:
        yield from self.identified(prefix)
        sought = fold(prefix)
        for name in takewhile(lambda name: name.startswith(sought), _since(self._names, sought)):
            yield from self._called[name]
        for end, name in _since(self._inner, (sought, "")):
            if not end.startswith(sought):
                break
            yield from self._called[name]

    def _names_of(self, type_: str) -> list[str]:
        """The names of the things of a type, collected when they are first asked for."""
        if type_ not in self.types:
            return []
        if type_ not in self._of_type:
            of_type = {id_ for id_, thing in self.things.items() if type_ in thing.types}
            self._of_type[type_] = [
                name for name in self._names if not of_type.isdisjoint(self._called[name])
            ]
        return self._of_type[type_]


def _since(ordered: Sequence[_Ordered], first: _Ordered) -> Iterator[_Ordered]:
    """What is in a sorted list, from a place in its order on."""
    for place in range(bisect.bisect_left(ordered, first), len(ordered)):
        yield ordered[place]

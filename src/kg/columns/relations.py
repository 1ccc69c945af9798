"""Triples as sorted columns of integers.

Every predicate has one sorted array of its pairs, subject and object in the halves of a 64-bit
integer, and on demand a second one the other way round; a join looks up the column of one side in
the sorted array of the other.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from kg.terms import Term, Triple

    Column = NDArray[np.int64]

HALF: Final = 32
MASK: Final = (1 << HALF) - 1


class Terms:
    """Terms by number, in the order in which they were first met."""

    def __init__(self) -> None:
        self._numbers: dict[Term, int] = {}
        self._names: list[Term] = []
        self._ranks: Column = np.empty(0, np.int64)
        self._beginning: dict[str, NDArray[np.bool_]] = {}

    @classmethod
    def of(cls, names: list[Term]) -> Terms:
        """The terms of a list, each numbered by its place."""
        terms = cls()
        terms._names = names
        terms._numbers = dict(zip(names, range(len(names)), strict=True))
        return terms

    @property
    def names(self) -> list[Term]:
        """The terms by their numbers."""
        new = len(self._numbers) - len(self._names)
        if new:
            latest = itertools.islice(reversed(self._numbers), new)
            self._names += reversed(list(latest))
        return self._names

    def number(self, term: Term) -> int:
        """The number of a term, a new one if need be."""
        return self._numbers.setdefault(term, len(self._numbers))

    def find(self, term: Term) -> int | None:
        """The number of a term if it has one."""
        return self._numbers.get(term)

    def column(self, terms: Iterable[Term]) -> Column:
        """The numbers of some terms."""
        numbers = self._numbers
        given = numbers.setdefault
        return np.array([given(term, len(numbers)) for term in terms], np.int64)

    @property
    def ranks(self) -> Column:
        """The place of each term in the order of their code points, by its number."""
        if len(self._ranks) != len(self):
            names = self.names
            order = np.array(sorted(range(len(names)), key=names.__getitem__), np.int64)
            self._ranks = np.empty(len(names), np.int64)
            self._ranks[order] = np.arange(len(names))
        return self._ranks

    def beginning(self, start: str) -> NDArray[np.bool_]:
        """Which terms begin with a text, by their numbers."""
        known = self._beginning.get(start, np.empty(0, np.bool_))
        if len(known) != len(self):
            new = itertools.islice(self.names, len(known), None)
            fresh = np.fromiter((name.startswith(start) for name in new), np.bool_)
            known = self._beginning[start] = np.concatenate((known, fresh))
        return known

    def __len__(self) -> int:
        return len(self._numbers)


class Relation:
    """The pairs of one predicate: sorted, each once."""

    __slots__ = ("_inverse", "pairs")

    def __init__(self, pairs: Column) -> None:
        self.pairs = pairs
        self._inverse: Column | None = None

    @classmethod
    def of(cls, subjects: Column, objects: Column) -> Relation:
        """The relation of two columns in any order."""
        return cls(distinct(subjects << HALF | objects))

    @property
    def inverse(self) -> Column:
        """The pairs the other way round, sorted."""
        if self._inverse is None:
            self._inverse = np.sort((self.pairs & MASK) << HALF | self.pairs >> HALF)
        return self._inverse

    def __len__(self) -> int:
        return len(self.pairs)

    def merged(self, new: Column) -> Relation:
        """The relation with new pairs, which are sorted and none of its own."""
        merged = Relation(_inserted(self.pairs, new))
        if self._inverse is not None:
            merged._inverse = _inserted(self._inverse, np.sort((new & MASK) << HALF | new >> HALF))
        return merged


Relations = dict[int, Relation]
Groups = dict[str, tuple[list[str], list[str]]]
"""Terms by predicate: the subjects and, at the same places, the objects."""


def distinct(keys: Column) -> Column:
    """Some keys sorted, each once; ``numpy.unique`` finds them by hashing, many times slower."""
    ordered = np.sort(keys)
    fresh = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return ordered[fresh]


def _inserted(into: Column, new: Column) -> Column:
    return np.insert(into, np.searchsorted(into, new), new)


def among(keys: Column, pairs: Column) -> NDArray[np.bool_]:
    """Which of some keys are among sorted pairs."""
    if not len(pairs):
        return np.zeros(len(keys), dtype=np.bool_)
    places = np.searchsorted(pairs, keys)
    places[places == len(pairs)] = 0
    among: NDArray[np.bool_] = pairs[places] == keys
    return among


def looked_up(keys: Column, pairs: Column) -> tuple[Column, Column]:
    """The pairs whose upper half is one of some keys: the place of the key, and the lower half."""
    lows = np.searchsorted(pairs, keys << HALF)
    counts = np.searchsorted(pairs, (keys + 1) << HALF) - lows
    before = np.repeat(np.cumsum(counts) - counts - lows, counts)
    places = np.repeat(np.arange(len(keys)), counts)
    return places, pairs[np.arange(len(places)) - before] & MASK


def grouped(triples: Iterable[Triple]) -> Groups:
    """Triples by predicate: the subjects and the objects."""
    groups: Groups = {}
    for subject, predicate, value in triples:
        group = groups.get(predicate)
        if group is None:
            group = groups[predicate] = ([], [])
        group[0].append(subject)
        group[1].append(value)
    return groups


def ungrouped(groups: Groups) -> Iterator[Triple]:
    """The triples of groups."""
    for predicate, (subjects, values) in groups.items():
        for subject, value in zip(subjects, values, strict=True):
            yield subject, predicate, value


def encoded(groups: Groups, terms: Terms) -> Relations:
    """The relations of grouped triples, by the numbers that their terms have or get."""
    return {
        terms.number(predicate): Relation.of(terms.column(subjects), terms.column(values))
        for predicate, (subjects, values) in groups.items()
    }


def decoded(relations: Relations, terms: Terms) -> Iterator[Triple]:
    """The triples of some relations."""
    names = terms.names
    for predicate, relation in relations.items():
        name = names[predicate]
        subjects, values = (relation.pairs >> HALF).tolist(), (relation.pairs & MASK).tolist()
        for subject, value in zip(subjects, values, strict=True):
            yield names[subject], name, names[value]


def decoded_groups(relations: Relations, terms: Terms) -> Groups:
    """The triples of some relations, by predicate."""
    names = terms.names
    return {
        names[predicate]: (
            [names[subject] for subject in (relation.pairs >> HALF).tolist()],
            [names[value] for value in (relation.pairs & MASK).tolist()],
        )
        for predicate, relation in relations.items()
    }


def columns_of(relations: Relations) -> tuple[Column, Column, Column]:
    """The subjects, predicates and objects of some relations."""
    pairs = [np.empty(0, np.int64), *(relation.pairs for relation in relations.values())]
    sizes = [len(relation) for relation in relations.values()]
    joined = np.concatenate(pairs)
    return joined >> HALF, np.repeat(np.array(list(relations), np.int64), sizes), joined & MASK


def without(relations: Relations, others: Relations) -> Relations:
    """The facts that are not among others, without predicates that have none."""
    left: Relations = {}
    for predicate, relation in relations.items():
        other = others.get(predicate)
        pairs = relation.pairs
        if other is not None and np.array_equal(pairs, other.pairs):
            continue
        new = relation if other is None else Relation(pairs[~among(pairs, other.pairs)])
        if len(new):
            left[predicate] = new
    return left


def common(relations: Relations, others: Relations) -> Relations:
    """The facts that are among others."""
    found = {
        predicate: Relation(relation.pairs[among(relation.pairs, others[predicate].pairs)])
        for predicate, relation in relations.items()
        if predicate in others
    }
    return {predicate: relation for predicate, relation in found.items() if len(relation)}


def joint(relations: Relations, others: Relations) -> Relations:
    """The facts of both."""
    joint = dict(relations)
    for predicate, other in others.items():
        own = joint.get(predicate)
        joint[predicate] = (
            other if own is None else own.merged(other.pairs[~among(other.pairs, own.pairs)])
        )
    return joint

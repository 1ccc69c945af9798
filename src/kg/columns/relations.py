"""Triples as sorted columns of integers.

Every predicate has one sorted array of its pairs, subject and object in the halves of a 64-bit
integer, and on demand a second one the other way round; a join looks up the column of one side in
the sorted array of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from kg.columns.terms import Term, Triple

    Column = NDArray[np.int64]

HALF: Final = 32
MASK: Final = (1 << HALF) - 1


class Terms:
    """Terms by number, in the order in which they were first met."""

    def __init__(self) -> None:
        self.names: list[Term] = []
        self._numbers: dict[Term, int] = {}

    def number(self, term: Term) -> int:
        """The number of a term, a new one if need be."""
        found = self._numbers.get(term)
        if found is None:
            found = self._numbers[term] = len(self.names)
            self.names.append(term)
        return found

    def __len__(self) -> int:
        return len(self.names)


class Relation:
    """The pairs of one predicate: sorted, each once."""

    __slots__ = ("_inverse", "pairs")

    def __init__(self, pairs: Column) -> None:
        self.pairs = pairs
        self._inverse: Column | None = None

    @classmethod
    def of(cls, subjects: Column, objects: Column) -> Relation:
        """The relation of two columns in any order."""
        return cls(np.unique(subjects << HALF | objects))

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


def encoded(triples: Iterable[Triple], terms: Terms) -> Relations:
    """The relations of some triples, by the numbers that their terms have or get."""
    number = terms.number
    columns: dict[int, tuple[list[int], list[int]]] = {}
    for subject, predicate, value in triples:
        subjects, values = columns.setdefault(number(predicate), ([], []))
        subjects.append(number(subject))
        values.append(number(value))
    return {
        predicate: Relation.of(np.array(subjects, np.int64), np.array(values, np.int64))
        for predicate, (subjects, values) in columns.items()
    }


def decoded(relations: Relations, terms: Terms) -> Iterator[Triple]:
    """The triples of some relations."""
    names = terms.names
    for predicate, relation in relations.items():
        name = names[predicate]
        subjects, values = (relation.pairs >> HALF).tolist(), (relation.pairs & MASK).tolist()
        for subject, value in zip(subjects, values, strict=True):
            yield names[subject], name, names[value]


def without(relations: Relations, others: Relations) -> Relations:
    """The facts that are not among others, without predicates that have none."""
    left: Relations = {}
    for predicate, relation in relations.items():
        other = others.get(predicate)
        pairs = relation.pairs
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

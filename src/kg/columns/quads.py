"""Triples in named graphs as columns: the rows of a graph together, and by predicate in order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kg.columns.relations import HALF, MASK, Relation, distinct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from kg.columns.relations import Relations, Terms
    from kg.terms import Term

    Column = NDArray[np.int64]
    Mask = NDArray[np.bool_]

NONE = -1
"""Stands in a column where there is no term."""


@dataclass(frozen=True)
class Rows:
    """The rows of one file, numbered by its own terms: graph, subject, predicate, object.

    ``table`` has a row for each triple of a graph, each once, and the rows of a graph together.
    """

    terms: Sequence[Term]
    table: Column

    def __len__(self) -> int:
        return len(self.table)

    def numbered(self, terms: Terms) -> Column:
        """The table by the numbers of a dictionary, which may be that of the rows."""
        if self.terms is terms.names:
            return self.table
        table: Column = terms.column(self.terms)[self.table]
        return table

    @classmethod
    def of(cls, quads: Iterable[tuple[Term, Term, Term, Term]]) -> Rows:
        """The rows of some quads: graph, subject, predicate, object."""
        numbers: dict[Term, int] = {}
        given = numbers.setdefault
        flat = [given(term, len(numbers)) for quad in quads for term in quad]
        table = np.array(flat, np.int64).reshape(-1, 4)
        upper, lower = (table[:, n] << HALF | table[:, n + 1] for n in (0, 2))
        order = np.lexsort((lower, upper))
        upper, lower = upper[order], lower[order]
        fresh = (np.diff(upper, prepend=NONE) != 0) | (np.diff(lower, prepend=NONE) != 0)
        return cls(list(numbers), table[order[fresh]])


class Block:
    """The rows of one predicate: their pairs in order, and for each the place of its row."""

    def __init__(self, subjects: Column, objects: Column, rows: Column) -> None:
        pairs = subjects[rows] << HALF | objects[rows]
        order = np.argsort(pairs, kind="stable")
        self.pairs: Column = pairs[order]
        self.rows: Column = rows[order]

    @cached_property
    def _inverse(self) -> tuple[Column, Column]:
        pairs = (self.pairs & MASK) << HALF | self.pairs >> HALF
        order = np.argsort(pairs, kind="stable")
        return pairs[order], self.rows[order]

    def about(self, subject: int) -> Column:
        """The rows with a subject, by their objects."""
        low, high = np.searchsorted(self.pairs, (subject << HALF, (subject + 1) << HALF))
        return self.rows[low:high]

    def with_object(self, value: int) -> Column:
        """The rows with an object, by their subjects."""
        pairs, rows = self._inverse
        low, high = np.searchsorted(pairs, (value << HALF, (value + 1) << HALF))
        return rows[low:high]

    def stating(self, subject: int, value: int) -> Column:
        """The rows with a subject and an object."""
        pair = subject << HALF | value
        low, high = np.searchsorted(self.pairs, (pair, pair + 1))
        return self.rows[low:high]


class Quads:
    """Triples in named graphs, numbered by the terms of one dictionary."""

    def __init__(self, terms: Terms, files: Iterable[Rows]) -> None:
        self.terms = terms
        tables = [rows.numbered(terms) for rows in files if len(rows)]
        table = np.concatenate(tables) if tables else np.empty((0, 4), np.int64)
        self.graphs: Column = np.ascontiguousarray(table[:, 0])
        self.subjects: Column = np.ascontiguousarray(table[:, 1])
        self.predicates: Column = np.ascontiguousarray(table[:, 2])
        self.objects: Column = np.ascontiguousarray(table[:, 3])
        self._blocks: dict[int, Block] = {}
        starts = np.flatnonzero(np.diff(self.graphs, prepend=NONE))
        stops = np.append(starts, len(self.graphs))[1:]
        self.spans: dict[int, slice] = {
            graph: slice(start, stop)
            for graph, start, stop in zip(
                self.graphs[starts].tolist(), starts.tolist(), stops.tolist(), strict=True
            )
        }
        """The rows of each graph."""

    def __len__(self) -> int:
        return len(self.graphs)

    @cached_property
    def by_predicate(self) -> dict[int, Column]:
        """The rows of each predicate, by its number."""
        if not len(self):
            return {}
        order = np.argsort(self.predicates, kind="stable")
        kinds, starts = np.unique(self.predicates[order], return_index=True)
        return dict(zip(kinds.tolist(), np.split(order, starts[1:]), strict=True))

    @cached_property
    def _by_subject(self) -> tuple[Column, Column]:
        order = np.argsort(self.subjects, kind="stable")
        return self.subjects[order], order

    def block(self, predicate: int) -> Block:
        """The rows of a predicate in order."""
        found = self._blocks.get(predicate)
        if found is None:
            rows = self.by_predicate.get(predicate, np.empty(0, np.int64))
            found = self._blocks[predicate] = Block(self.subjects, self.objects, rows)
        return found

    def rows_about(self, subject: int) -> Column:
        """The rows with a subject, in the order of the files."""
        subjects, rows = self._by_subject
        low, high = np.searchsorted(subjects, (subject, subject + 1))
        return rows[low:high]

    def values(self, graphs: Column, subjects: Column, predicate: int) -> Column:
        """The value that each graph gives of its subject, ``NONE`` where it gives none.

        Of several it is the first by its text.
        """
        rows = self.block(predicate).rows
        keys = self.graphs[rows] << HALF | self.subjects[rows]
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        wanted = graphs << HALF | subjects
        places = np.searchsorted(keys, wanted)
        values = np.full(len(wanted), NONE, np.int64)
        inside = places < len(keys)
        met = np.flatnonzero(inside)[keys[places[inside]] == wanted[inside]]
        values[met] = self.objects[rows[places[met]]]
        names = self.terms.names
        for key in distinct(keys[1:][np.diff(keys) == 0]).tolist():
            several = self.objects[rows[slice(*np.searchsorted(keys, (key, key + 1)))]].tolist()
            values[wanted == key] = min(several, key=names.__getitem__)
        return values

    def relations(self, kept: Mask | None = None) -> Relations:
        """The triples of some rows, or of all, by predicate and without their graphs."""
        relations: Relations = {}
        for predicate in self.by_predicate:
            block = self.block(predicate)
            pairs = block.pairs if kept is None else block.pairs[kept[block.rows]]
            if len(pairs):
                relations[predicate] = Relation(pairs[np.diff(pairs, prepend=NONE) != 0])
        return relations

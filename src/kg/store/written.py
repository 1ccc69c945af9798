"""Graphs in columns written as canonical N-Triples, each when it is asked for, in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from kg.columns import HALF
from kg.store.canonical import canonical_nquads, parse_graph, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from kg.columns import Terms

    Column = NDArray[np.int64]
    Triples = tuple[Column, Column, Column]
    """Subjects, predicates and objects."""

_LINES: Final = 100_000
"""Number of lines in a piece."""


class Written(Mapping[str, bytes]):
    """Named graphs as N-Triples, sorted, and under "" the default graph, the union of some.

    ``triples`` gives the columns of a graph when asked. Those that hold blank nodes have the labels
    of RDF Dataset Canonicalization.
    """

    def __init__(
        self, terms: Terms, triples: Mapping[str, Callable[[], Triples]], default: Sequence[str]
    ) -> None:
        self._terms = terms
        self._triples = triples
        self._default = default
        self._canonical: dict[str, bytes] = {}

    def __iter__(self) -> Iterator[str]:
        yield ""
        yield from self._triples

    def __len__(self) -> int:
        return len(self._triples) + 1

    def __getitem__(self, name: str) -> bytes:
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """A graph in pieces of whole lines."""
        if not name:
            for part in self._default:
                yield from self.pieces(part)
        elif name in self._canonical:
            yield self._canonical[name]
        else:
            columns = self._triples[name]()
            if self._has_blanks(columns):
                lines = b"".join(self._lines(columns))
                self._canonical[name] = canonical_nquads(parse_graph(lines))
                yield self._canonical[name]
            else:
                yield from self._lines(columns)

    def version(self) -> str:
        """The data version of the named graphs, as ``data_version`` gives it of their text."""
        return version_of({name: self._hash(name) for name in self._triples})

    def _hash(self, name: str) -> str:
        hashed = hashlib.sha256()
        for piece in self.pieces(name):
            hashed.update(piece)
        return hashed.hexdigest()

    def _has_blanks(self, columns: Triples) -> bool:
        blank = self._terms.beginning("_")
        return bool(blank[columns[0]].any() or blank[columns[2]].any())

    def _lines(self, columns: Triples) -> Iterator[bytes]:
        """Lines in the order of their code points, which is that of their terms.

        No term begins another but a literal, which a blank follows, the least of what may.
        """
        ranks, names = self._terms.ranks, self._terms.names
        subjects, predicates, values = columns
        order = np.lexsort((ranks[values], ranks[subjects] << HALF | ranks[predicates]))
        for start in range(0, len(order), _LINES):
            chosen = order[start : start + _LINES]
            rows = zip(*(column[chosen].tolist() for column in columns), strict=True)
            yield "".join([f"{names[s]} {names[p]} {names[o]} .\n" for s, p, o in rows]).encode()

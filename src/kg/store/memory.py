"""A store in memory that can be changed, for what is worked out inside of one command."""

from __future__ import annotations

import pyoxigraph as ox


class MemoryStore:
    """Triples in memory, asked and changed in SPARQL; terms come back as N-Triples writes them."""

    def __init__(self, ntriples: str = "") -> None:
        self._store = ox.Store()
        if ntriples:
            self._store.bulk_load(ntriples.encode(), format=ox.RdfFormat.N_TRIPLES)

    def __len__(self) -> int:
        return len(self._store)

    def update(self, text: str) -> None:
        """Run a SPARQL update."""
        self._store.update(text)

    def select(self, text: str) -> list[dict[str, str]]:
        """The rows of a SELECT query, each with the terms of its bound variables."""
        solutions = self._store.query(text)
        if not isinstance(solutions, ox.QuerySolutions):
            raise TypeError("only SELECT gives rows")
        names = [variable.value for variable in solutions.variables]
        return [
            {name: str(row[name]) for name in names if row[name] is not None} for row in solutions
        ]

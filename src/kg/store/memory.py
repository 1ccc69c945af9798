"""A store in memory that can be changed, for what is worked out inside of one command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.errors import BadQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Triple = tuple[str, str, str]


class MemoryStore:
    """Triples in memory, asked and changed in SPARQL; terms are as N-Triples writes them."""

    def __init__(
        self, triples: Iterable[Triple] = (), graphs: Mapping[str, Iterable[Triple]] | None = None
    ) -> None:
        self._store = ox.Store()
        lines = [f"{subject} {predicate} {value} .\n" for subject, predicate, value in triples]
        for name, named in (graphs or {}).items():
            lines += [f"{' '.join(triple)} <{name}> .\n" for triple in named]
        text = "".join(lines)
        if "_:" in text:  # loading text gives blank nodes other labels
            blank = "".join(line for line in lines if "_:" in line)
            self._store.bulk_extend(ox.parse(blank.encode(), format=ox.RdfFormat.N_QUADS))
            text = "".join(line for line in lines if "_:" not in line)
        if text:
            self._store.bulk_load(text.encode(), format=ox.RdfFormat.N_QUADS)

    def __len__(self) -> int:
        return len(self._store)

    def update(self, text: str) -> None:
        """Run a SPARQL update."""
        self._store.update(text)

    def select(self, text: str) -> list[dict[str, str]]:
        """The rows of a SELECT query, each with the terms of its bound variables.

        Raises ``BadQuery`` if the query does not parse or is no SELECT.
        """
        try:
            solutions = self._store.query(text)
        except (SyntaxError, ValueError, OSError) as error:
            raise BadQuery(" ".join(str(error).split())) from None
        if not isinstance(solutions, ox.QuerySolutions):
            raise BadQuery("only SELECT gives rows")
        names = [variable.value for variable in solutions.variables]
        try:  # evaluation goes on while rows are read
            return [
                {name: str(row[name]) for name in names if row[name] is not None}
                for row in solutions
            ]
        except (OSError, ValueError, RuntimeError) as error:
            raise BadQuery(" ".join(str(error).split())) from None


def rewritten(literals: Iterable[str]) -> dict[str, str]:
    """The literals that a store writes in another form, each with that form."""
    numbered = {str(number): term for number, term in enumerate(literals) if not _STAYS(term)}
    store = MemoryStore((f"<urn:n:{number}>", "<urn:value>", t) for number, t in numbered.items())
    rows = store.select("SELECT ?n ?term WHERE { ?n <urn:value> ?term }")
    found = {numbered[row["n"][7:-1]]: row["term"] for row in rows}
    return {term: stored for term, stored in found.items() if term != stored}


_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_STAYS: Final = re.compile(
    rf'"[^\x00-\x1f\x7f]*"(?:@[a-z0-9-]+)?|"-?[1-9][0-9]*"\^\^<{_XSD}integer>'
    rf'|"[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}"\^\^<{_XSD}date>'
).fullmatch
"""Whether a literal is one that every store writes as it is: a text, most integers and dates."""

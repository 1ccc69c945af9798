"""A canned question with its answer, to be drawn on another page than its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kg.queries import Query
    from kg.store import Reading

_MOST_ROWS: Final = 400
"""Rows of an answer beyond which a page shows the first ones only."""


@dataclass(frozen=True)
class Shown:
    """A question with the first rows of its answer, and how many there are."""

    query: Query
    columns: list[str]
    rows: list[list[str | None]]
    total: int


def shown(query: Query, version: Reading) -> Shown:
    """What a version answers to a question with the defaults of its parameters."""
    columns, found = version.store.query(query.text, query.bind({})).rows()
    answer = list(found)
    return Shown(query, columns, answer[:_MOST_ROWS], len(answer))

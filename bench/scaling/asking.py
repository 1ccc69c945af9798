"""What is asked of a landscape: the canned questions, and what came of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.project import Project
from kg.queries import Catalogue, Term

if TYPE_CHECKING:
    from pathlib import Path

    from kg.queries import Query
    from kg.store import Store

_TRIED: Final = 500
"""Things that are tried for a parameter."""


@dataclass(frozen=True)
class Answered:
    """What asking one question gave."""

    ms: float | None
    """Milliseconds in the middle of all rounds; None if a limit ended it."""
    rows: int | None
    megabytes: float | None = None
    """Address space that its process took for it, at most; None if it was too quick to look."""
    limit: str = ""
    """What it ran into: ``deadline`` or ``memory``."""


def questions(root: Path) -> list[Query]:
    """The canned questions of a landscape."""
    return list(Catalogue.read(Project(root).query_files()))


def terms_of(query: Query, store: Store) -> dict[str, Term]:
    """A term for each parameter: the default or, where the landscape has not that, another.

    That is the first of its first things by name for which there are rows.
    """
    terms = query.bind({})
    for parameter in query.parameters:
        things = [iri for iri, _ in store.members(parameter)] if parameter.of_class else []
        if things and terms[parameter.name].value not in things:
            tried = (terms | {parameter.name: Term(iri)} for iri in things[:_TRIED])
            terms = next((one for one in tried if _has_rows(query, store, one)), terms)
    return terms


def _has_rows(query: Query, store: Store, terms: dict[str, Term]) -> bool:
    return any(True for _ in store.query(query.text, terms).solutions())

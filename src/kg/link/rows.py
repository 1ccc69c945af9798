"""Rows of Epoch AI's dataset of models as they are compared with ours."""

from __future__ import annotations

from kg.link.epoch.names import named, row_iri
from kg.link.epoch.table import read
from kg.link.epoch.works import works
from kg.link.things import Thing, day


def things(data: bytes, shown: str) -> list[Thing]:
    """The models of a table in CSV, but those without a name.

    Raises ``BadSource`` if it is no such table, ``BadInput`` if it lacks a column.
    """
    return [
        Thing(
            row_iri(name),
            (entry.name,),
            day(entry["date"]),
            tuple(entry.names("organizations")),
            "",
            _identifiers(entry["link"]),
        )
        for name, entry in named(read(data, shown).entries).items()
    ]


def _identifiers(link: str) -> frozenset[str]:
    """The papers that a link leads to: each by its arXiv number, else by its DOI."""
    found = list(works(link))
    arxiv = {f"https://arxiv.org/abs/{work.arxiv}" for work in found if work.arxiv}
    return frozenset(arxiv | {f"https://doi.org/{w.doi}" for w in found if w.doi and not w.arxiv})

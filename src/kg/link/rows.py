"""Rows of Epoch AI's dataset of models as they are compared with ours."""

from __future__ import annotations

import re
from typing import Final

from kg.link.epoch.names import named, row_iri
from kg.link.epoch.table import read
from kg.link.things import Thing, day

_ARXIV: Final = re.compile(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})")
_DOI: Final = re.compile(r"\b(10\.\d{4,9}/[^\s?#]+)")


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
    """The paper that a link leads to, if it leads to one."""
    if found := _ARXIV.search(link):
        return frozenset({f"https://arxiv.org/abs/{found[1]}"})
    if found := _DOI.search(link):
        return frozenset({f"https://doi.org/{found[1]}"})
    return frozenset()

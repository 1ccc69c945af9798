"""Things as they are compared: ours from the graph, and those of a labelled set of pairs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from kg.errors import BadSource
from kg.namespaces import GRAPHS, IDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kg.store import Store

_THINGS: Final = """
PREFIX cllm: <https://w3id.org/china-llm/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing ?what ?value WHERE {
  { ?thing a cllm:Model } UNION { ?thing a cllm:Organization }
  {
    ?thing rdfs:label|skos:altLabel|skos:hiddenLabel|cllm:nameAsPrinted ?value
    BIND ("name" AS ?what)
  } UNION {
    ?thing rdfs:label ?value FILTER (LANG(?value) = "en") BIND ("label" AS ?what)
  } UNION {
    ?thing cllm:released ?value BIND ("date" AS ?what)
  } UNION {
    ?thing cllm:hasDeveloper/(rdfs:label|skos:altLabel|skos:hiddenLabel) ?value
    BIND ("organization" AS ?what)
  } UNION {
    ?thing cllm:country/rdfs:label ?value FILTER (LANG(?value) = "en") BIND ("country" AS ?what)
  }
} ORDER BY ?thing ?what ?value
"""
_IDENTIFIERS: Final = f"""
SELECT ?thing ?identifier WHERE {{
  GRAPH <{GRAPHS}links> {{ ?thing ?relation ?identifier }}
  FILTER (STRSTARTS(STR(?relation), "http://www.w3.org/2004/02/skos/core#"))
  FILTER (STRSTARTS(STR(?thing), "{IDS}") && !STRSTARTS(STR(?identifier), "{IDS}"))
}} ORDER BY ?thing ?identifier
"""


@dataclass(frozen=True)
class Thing:
    """Something with names, and what else tells it from others; what is not known is empty.

    ``organizations`` are names of those who made it, ``identifiers`` IRIs of what it is linked to:
    a paper's, for a model. ``country`` is an ISO 3166 code or an English name.
    """

    iri: str
    names: tuple[str, ...]
    date: date | None = None
    organizations: tuple[str, ...] = ()
    country: str = ""
    identifiers: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """The name that it is called by."""
        return self.names[0] if self.names else self.iri


@dataclass(frozen=True)
class Pair:
    """One of ours and something elsewhere, and whether they are the same."""

    half: str
    is_same: bool
    ours: str
    dataset: str
    theirs: Thing


def ours(store: Store, kind: str) -> list[Thing]:
    """The models or the organizations of a store; ``kind`` is the folder of their IRIs."""
    found: dict[str, dict[str, list[str]]] = {}
    for thing, what, value in store.query(_THINGS).rows()[1]:
        if str(thing).startswith(f"{IDS}{kind}/"):
            found.setdefault(str(thing), {}).setdefault(str(what), []).append(str(value))
    identifiers: dict[str, set[str]] = {}
    for thing, identifier in store.query(_IDENTIFIERS).rows()[1]:
        identifiers.setdefault(str(thing), set()).add(str(identifier))
    return [
        Thing(
            iri,
            tuple(dict.fromkeys([*said.get("label", ()), *said.get("name", ())])),
            day(next(iter(said.get("date", ())), "")),
            tuple(said.get("organization", ())),
            next(iter(said.get("country", ())), ""),
            frozenset(identifiers.get(iri, ())),
        )
        for iri, said in found.items()
    ]


def day(text: str) -> date | None:
    """A date as ISO 8601 has it; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def pairs(path: Path, shown: str) -> list[Pair]:
    """A labelled set of pairs: a table with tabs, of which lines with # are remarks.

    Raises ``BadSource`` if it is missing or lacks a column.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise BadSource(shown, None, f"cannot be read: {error.strerror}.") from None
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    try:
        return [_pair(row) for row in csv.DictReader(lines, delimiter="\t")]
    except KeyError as error:
        raise BadSource(shown, None, f"has no column {error}.") from None


def _pair(row: dict[str, str]) -> Pair:
    theirs = Thing(
        row["theirs"],
        _several(row["names"]),
        day(row["date"]),
        _several(row["organizations"]),
        row["country"],
        frozenset(_several(row["identifiers"])),
    )
    return Pair(row["half"], row["same"] == "yes", row["ours"], row["dataset"], theirs)


def _several(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def by_iri(things: Iterable[Thing]) -> Iterator[Thing]:
    """The things, each once."""
    yield from {thing.iri: thing for thing in things}.values()

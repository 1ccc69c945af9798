"""Items of Wikidata that have an identifier of something of ours, asked of a SPARQL endpoint.

Only identifiers that are held are looked for, never labels: a ROR or a GRID identifier tells an
organization, an arXiv number or a DOI a paper. An item with the number of a model's paper is about
the paper, and is proposed as that.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.errors import BadInput, BadSource
from kg.namespaces import GRAPHS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from kg.store import Store

ENDPOINT: Final = "https://query.wikidata.org/sparql"
BATCH: Final = 50
"""Identifiers that one query asks for."""
_DIRECT: Final = "http://www.wikidata.org/prop/direct/"
_PROPERTIES: Final[Mapping[str, tuple[str, str]]] = {
    "https://ror.org/": ("P6782", "ROR ID"),
    "https://www.grid.ac/institutes/": ("P2427", "GRID ID"),
    "https://arxiv.org/abs/": ("P818", "arXiv ID"),
    "https://doi.org/10.": ("P356", "DOI"),
}
"""The property that has the identifiers of a namespace, and its name."""
_QUERY: Final = f"""
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX wdt: <{_DIRECT}>
SELECT ?item ?label ?property ?value WHERE {{
  VALUES (?property ?value) {{ VALUES_HERE }}
  ?item ?property ?value .
  OPTIONAL {{ ?item rdfs:label ?label . FILTER (LANG(?label) = "en") }}
}} ORDER BY ?item ?property ?value
"""
_HELD: Final = f"""
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX sssom: <https://w3id.org/sssom/>
SELECT ?ours ?relation ?identifier ?what WHERE {{ GRAPH <{GRAPHS}links> {{
  ?mapping owl:annotatedSource ?ours ; owl:annotatedProperty ?relation ;
           owl:annotatedTarget ?identifier ; sssom:object_category ?what .
  FILTER NOT EXISTS {{ ?mapping sssom:predicate_modifier ?not }}
}} }} ORDER BY ?identifier ?ours
"""


@dataclass(frozen=True)
class Held:
    """An identifier that one of ours is linked to, and how: a paper is related to its model."""

    ours: str
    relation: str
    what: str
    property: str
    value: str


@dataclass(frozen=True)
class Found:
    """An item with a property that has an identifier."""

    item: str
    label: str
    property: str
    value: str


def held(store: Store) -> list[Held]:
    """The identifiers that can be looked for."""
    found = []
    for ours, relation, identifier, what in store.query(_HELD).rows()[1]:
        for namespace, (number, _) in _PROPERTIES.items():
            if str(identifier).startswith(namespace):
                value = str(identifier).removeprefix(namespace.removesuffix("10."))
                found.append(Held(str(ours), str(relation), str(what), number, value))
    return found


def queries(identifiers: Iterable[Held]) -> Iterator[tuple[str, str]]:
    """Queries that ask for some identifiers each, with a name that follows from those."""
    pairs = sorted({(one.property, form) for one in identifiers for form in _forms(one)})
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        values = " ".join(f"(wdt:{number} {json.dumps(value)})" for number, value in batch)
        name = f"{batch[0][0]} {batch[0][1]} to {batch[-1][0]} {batch[-1][1]}"
        yield name, _QUERY.replace("VALUES_HERE", values)


def _forms(one: Held) -> set[str]:
    """How an identifier may be written: a DOI has no case, and Wikidata writes it in capitals."""
    return {one.value, one.value.upper()} if one.property == "P356" else {one.value}


def read(path: Path) -> list[Found]:
    """Items from a saved answer of such queries, in SPARQL JSON.

    Raises ``BadInput`` if there is no file, ``BadSource`` if it is something else.
    """
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    try:
        bindings = json.loads(path.read_bytes())["results"]["bindings"]
        rows = [
            [row[name]["value"] if name in row else "" for name in ("item", "label")]
            + [row["property"]["value"], row["value"]["value"]]
            for row in bindings
        ]
    except (ValueError, KeyError, TypeError):
        raise BadSource(str(path), None, "this is no answer in SPARQL JSON.") from None
    return [found(row) for row in rows]


def found(row: Sequence[str | None]) -> Found:
    """A row of an answer: item, label, property, value."""
    item, label, name, value = (cell or "" for cell in row)
    return Found(item, label, name.removeprefix(_DIRECT), value)


def matches(
    identifiers: Iterable[Held], items: Iterable[Found]
) -> Iterator[tuple[Held, Found, str]]:
    """Each of ours with an item that has its identifier, and that in words."""
    names = dict(_PROPERTIES.values())
    by_value: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for one in identifiers:
        by_value[one.property, one.value.casefold()].append(one)
    for item in items:
        for one in by_value[item.property, item.value.casefold()]:
            yield one, item, f"the item has the {names[one.property]} {item.value}"

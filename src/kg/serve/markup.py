"""What a page says to search engines: schema.org in JSON-LD (https://schema.org/).

What a thing is to schema.org is what the ontology's alignment says of its classes; the dataset
follows DCAT's own alignment (https://www.w3.org/TR/vocab-dcat-3/#dcat-sdo). The block in the page
is data to a browser, not a script: one whose type is no script's is left before its policy is
looked at (https://html.spec.whatwg.org/multipage/scripting.html#prepare-the-script-element), so
the ``Content-Security-Policy`` of pages neither blocks it nor has to be widened for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kg.namespaces import BASE, PREFIXES
from kg.terms import is_literal, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kg.results import Format
    from kg.serve.entities.elsewhere import Link
    from kg.serve.entities.model import Fact
    from kg.store import Store

_SCHEMA: Final = PREFIXES["schema"]
_DCAT: Final = PREFIXES["dcat"]
_DCTERMS: Final = PREFIXES["dcterms"]
_LABEL: Final = f"{PREFIXES['rdfs']}label"
_SUBCLASS: Final = f"{PREFIXES['rdfs']}subClassOf"
_TYPE: Final = f"{PREFIXES['rdf']}type"
_EXACT: Final = f"{PREFIXES['skos']}exactMatch"
_NAMES: Final = (_LABEL, f"{_DCTERMS}title", f"{PREFIXES['skos']}altLabel")
_OF_DATASET: Final = {"name": "title", "description": "description", "license": "license"}


def of_thing(
    iri: str,
    address: str,
    name: str,
    facts: Iterable[Fact],
    links: Iterable[Link],
    store: Store,
) -> dict[str, Any] | None:
    """A thing whose classes are aligned to schema.org; None for any other.

    ``address`` is that of the server. The row of an outside dataset is no more than a row, and
    never the thing.
    """
    said = _said(iri, facts)
    kinds = {
        above["value"].removeprefix(_SCHEMA)
        for predicate, kind in said
        if predicate == _TYPE
        for _, above in store.statements(kind, _SUBCLASS)
        if above["value"].startswith(_SCHEMA)
    }
    if not kinds:
        return None
    found: dict[str, Any] = {"@type": sorted(kinds), "name": name}
    if others := sorted({value for predicate, value in said if predicate in _NAMES} - {name}):
        found["alternateName"] = others
    same = {
        link.other
        for link in links
        if link.relation == _EXACT and not link.is_denied
        if link.what != "row" and link.other.startswith("http")
    }
    if same:
        found["sameAs"] = sorted(same)
    return _about(iri, address, found)


def of_dataset(
    iri: str, address: str, facts: Iterable[Fact], files: Mapping[str, Format]
) -> dict[str, Any]:
    """The dataset, with what the catalog says of it and where its ``files`` are downloaded."""
    said = dict(_said(iri, facts))
    found = {key: said.get(_DCTERMS + name) for key, name in _OF_DATASET.items()}
    found["version"] = said.get(f"{_DCAT}version")
    downloads = [
        {
            "@type": "DataDownload",
            "contentUrl": f"{address}/download/{file}",
            "encodingFormat": format_.media_type,
        }
        for file, format_ in files.items()
    ]
    known = {key: value for key, value in found.items() if value}
    return _about(iri, address, {"@type": "Dataset", **known, "distribution": downloads})


def _said(iri: str, facts: Iterable[Fact]) -> list[tuple[str, str]]:
    """Property and value of what the default graph says of a thing, or if it says nothing any."""
    own = [fact for fact in facts if fact.subject == f"<{iri}>"]
    chosen = [fact for fact in own if fact.is_settled] or own
    return [
        (f.predicate[1:-1], parts(f.value)[0] if is_literal(f.value) else f.value[1:-1])
        for f in chosen
    ]


def _about(iri: str, address: str, said: Mapping[str, Any]) -> dict[str, Any]:
    page = f"{address}/{iri.removeprefix(BASE)}"
    return {"@context": "https://schema.org", "@id": iri, "url": page, **said}

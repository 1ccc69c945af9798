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

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kg.results import Format
    from kg.store import EmbeddedStore

    Row = Sequence[str | None]

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
    statements: Iterable[Row],
    links: Iterable[Row],
    store: EmbeddedStore,
) -> dict[str, Any] | None:
    """A thing whose classes are aligned to schema.org; None for any other.

    ``address`` is that of the server, ``statements`` begin with property and value, ``links`` are
    relation, other, its label, what it is, confidence, evidence and whether it is denied. The row
    of an outside dataset is no more than a row, and never the thing.
    """
    said = [(row[0], str(row[1])) for row in statements]
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
        str(other)
        for relation, other, _, what, _, _, denied, *_ in links
        if relation == _EXACT and not denied and what != "row" and str(other).startswith("http")
    }
    if same:
        found["sameAs"] = sorted(same)
    return _about(iri, address, found)


def of_dataset(
    iri: str, address: str, statements: Iterable[Row], files: Mapping[str, Format]
) -> dict[str, Any]:
    """The dataset, with what the catalog says of it and where its ``files`` are downloaded."""
    said = {str(row[0]): row[1] for row in statements}
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


def _about(iri: str, address: str, said: Mapping[str, Any]) -> dict[str, Any]:
    page = f"{address}/{iri.removeprefix(BASE)}"
    return {"@context": "https://schema.org", "@id": iri, "url": page, **said}

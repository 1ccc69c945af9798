"""The words that a query can be written with: prefixes, classes, properties, values and graphs.

Made once for each version from what VoID counts (https://www.w3.org/TR/void/) and what the terms
say of themselves, for the editor to complete and to check what is typed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from kg.namespaces import BASE, BUILT_GRAPHS, GRAPHS, PREFIXES, TERMS, prefixes_with_sources
from kg.serve.wording import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kg.documents import Cell
    from kg.store import Reading, Store

_RDFS: Final = PREFIXES["rdfs"]
_SKOS: Final = PREFIXES["skos"]
_LABEL: Final = f"{_RDFS}label"
_DEFINITIONS: Final = (f"{_SKOS}definition", f"{_RDFS}comment", f"{PREFIXES['dcterms']}description")
_COUNTED: Final = """
PREFIX void: <http://rdfs.org/ns/void#>
SELECT ?class ?property ?uses WHERE {
  { ?part void:class ?class ; void:entities ?uses } UNION
  { ?part void:property ?property ; void:triples ?uses }
}
"""
_DECLARED: Final = f"""
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <{_RDFS}>
SELECT DISTINCT ?class ?property WHERE {{
  {{ VALUES ?a {{ owl:Class rdfs:Class }} ?class a ?a }} UNION
  {{ VALUES ?b {{ rdf:Property owl:ObjectProperty owl:DatatypeProperty owl:AnnotationProperty }}
    ?property a ?b }}
  FILTER (ISIRI(?class) || ISIRI(?property))
}} LIMIT 5000
"""
_VALUES: Final = f"""
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <{_RDFS}>
SELECT ?value ?property (COUNT(*) AS ?uses) WHERE {{
  ?value a owl:NamedIndividual ; rdfs:isDefinedBy ?module .
  OPTIONAL {{ ?thing ?property ?value }}
}} GROUP BY ?value ?property
"""
_IN_GRAPHS: Final = """
SELECT ?term WHERE {
  VALUES ?term { TERMS }
  FILTER EXISTS { GRAPH ?graph { ?thing ?term ?other } }
}
"""
_TAGS: Final = {"": "", **{tag.lower(): tag for tag in LANGUAGES}}
"""The languages of the pages by their tags in small letters, as stores keep them."""
_LONGEST: Final = 400
"""Characters of a label or a definition beyond which it is cut."""
_MOST_GRAPHS: Final = 200


def words_of(version: Reading, described: Store, *, is_ours: bool) -> bytes:
    """The words of a version of which ``described`` is the VoID description, as JSON."""
    store = version.store
    uses = {kind: _counted(described, kind) for kind in ("class", "property")}
    declared = list(store.query(_DECLARED).rows()[1])
    for place, kind in enumerate(uses):
        for row in declared:
            if name := row[place]:
                uses[kind].setdefault(name, 0)
    used_in_graphs = _used_in_graphs(store, [p for p, n in uses["property"].items() if not n])
    graphs = store.graph_names()
    words = {
        "version": version.name,
        "prefixes": known_prefixes(graphs, is_ours=is_ours),
        "complete": [TERMS] if is_ours else [],
        "classes": [_term(store, iri, n) for iri, n in _sorted(uses["class"])],
        "properties": [
            _term(store, iri, n) | ({"onlyInGraphs": True} if iri in used_in_graphs else {})
            for iri, n in _sorted(uses["property"])
        ],
        "values": _values(store),
        "graphs": [g for g in graphs if not is_ours or _is_part(g)][:_MOST_GRAPHS],
    }
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()


def known_prefixes(graphs: Iterable[str] = (), *, is_ours: bool) -> Mapping[str, str]:
    """The prefix table: of ours with one for each source of ``graphs``, of others' without ours."""
    if not is_ours:
        return {prefix: iri for prefix, iri in PREFIXES.items() if not iri.startswith(BASE)}
    paths = (graph.removeprefix(GRAPHS).split("/") for graph in graphs)
    sources = {source for source, *rest in paths if rest}
    return prefixes_with_sources(sorted(sources - {*BUILT_GRAPHS}))


def _counted(described: Store, kind: str) -> dict[str, int]:
    """How often each class or property is used in the default graph, or in all data of others."""
    columns, rows = described.query(_COUNTED).rows()
    place = columns.index(kind)
    return {str(row[place]): int(str(row[-1])) for row in rows if row[place]}


def _sorted(uses: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(uses.items(), key=lambda use: (-use[1], use[0]))


def _used_in_graphs(store: Store, properties: list[str]) -> set[str]:
    """Those of ``properties`` that a named graph uses."""
    asked = _IN_GRAPHS.replace("TERMS", " ".join(f"<{iri}>" for iri in properties))
    return {str(row[0]) for row in store.query(asked).rows()[1]}


def _values(store: Store) -> list[dict[str, Any]]:
    """The individuals that the ontology itself has, with the properties that lead to them."""
    uses: dict[str, int] = {}
    properties: dict[str, list[str]] = defaultdict(list)
    for value, property_, number in store.query(_VALUES).rows()[1]:
        uses[str(value)] = uses.get(str(value), 0) + (int(str(number)) if property_ else 0)
        if property_:
            properties[str(value)].append(property_)
    return [
        {**_term(store, iri, number), "of": sorted(properties[iri])}
        for iri, number in _sorted(uses)
    ]


def _term(store: Store, iri: str, uses: int) -> dict[str, Any]:
    """A term with its label and its definition by language, and how often it is used."""
    term: dict[str, Any] = {"iri": iri, "uses": uses}
    if labels := _by_language(cell for _, cell in store.statements(iri, _LABEL)):
        term["label"] = labels
    for property_ in _DEFINITIONS:
        if said := _by_language(cell for _, cell in store.statements(iri, property_)):
            return {**term, "definition": said}
    return term


def _by_language(cells: Iterable[Cell]) -> dict[str, str]:
    """The texts in the languages of the pages, or in none; of several the first."""
    texts: dict[str, str] = {}
    for cell in sorted(cells, key=lambda cell: cell["value"]):
        tag = _TAGS.get(cell.get("xml:lang", "").lower())
        if cell["type"] == "literal" and tag is not None:
            text = cell["value"]
            texts.setdefault(tag, text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
    return texts


def _is_part(graph: str) -> bool:
    """Whether a graph of ours is a whole part of a source, or a built one, and no passage."""
    return graph.removeprefix(GRAPHS).count("/") < 2

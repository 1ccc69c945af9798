"""What this service and its data are, for programs to find: made once for each version.

https://www.w3.org/TR/sparql11-service-description/, https://www.w3.org/TR/void/ and
https://www.w3.org/TR/vocab-dcat-3/. What is said of the data is in the graph's own catalog; the
addresses are those of this server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import flask

from kg.namespaces import BASE, GRAPHS
from kg.results import FORMATS, named
from kg.serve.context import context, reading, respond
from kg.store import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.store import Reading, Store

blueprint = flask.Blueprint("descriptions", __name__)

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_VOID: Final = "http://rdfs.org/ns/void#"
_DCAT: Final = "http://www.w3.org/ns/dcat#"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_DATASET: Final = f"{BASE}dataset"
_INTEGER: Final = "http://www.w3.org/2001/XMLSchema#integer"
_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
_ALL: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o"
_MOST_GRAPHS: Final = 1_000
_OF_DATASET: Final = f"""
PREFIX void: <{_VOID}>
CONSTRUCT {{ <{_DATASET}> ?p ?o . ?part ?q ?v }} WHERE {{ GRAPH <{GRAPHS}catalog> {{
  {{ <{_DATASET}> ?p ?o FILTER (?p != void:subset) }}
  UNION
  {{ <{_DATASET}> void:classPartition|void:propertyPartition ?part . ?part ?q ?v }}
}} }}
"""
_LINKSETS: Final = f"""
PREFIX void: <{_VOID}>
PREFIX dcterms: <{_DCTERMS}>
CONSTRUCT {{ ?set ?p ?o . <{_DATASET}> void:subset ?set }} WHERE {{ GRAPH <{GRAPHS}links> {{
  ?set a void:Linkset ; ?p ?o
  FILTER (STRSTARTS(STR(?p), "{_VOID}") || ?p = dcterms:title || ?p = dcterms:license
          || (?p = <{_TYPE}> && ?o = void:Linkset))
}} }}
"""
_SIZES: Final = f"""
PREFIX void: <{_VOID}>
SELECT ?graph ?triples WHERE {{ GRAPH <{GRAPHS}catalog> {{
  <{_DATASET}> void:subset ?graph . ?graph void:triples ?triples
}} }} ORDER BY ?graph LIMIT {_MOST_GRAPHS + 1}
"""
_MOST_COUNTED: Final = 200_000
"""Quads of other data than ours beyond which the kinds of them are not counted."""
_CLASSES: Final = """
SELECT ?class (COUNT(DISTINCT ?s) AS ?n) WHERE {
  { ?s a ?class } UNION { GRAPH ?g { ?s a ?class } } FILTER (ISIRI(?class))
} GROUP BY ?class ORDER BY DESC(?n) ?class LIMIT 1000
"""
_PROPERTIES: Final = """
SELECT ?property (COUNT(*) AS ?n) WHERE {
  { ?s ?property ?o } UNION { GRAPH ?g { ?s ?property ?o } }
} GROUP BY ?property ORDER BY DESC(?n) ?property LIMIT 1000
"""
_UNIQUE: Final[Mapping[str, str]] = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD",
    "trig": "TriG",
    "nquads": "N-Quads",
}
"""The local names of the formats at http://www.w3.org/ns/formats/."""


class Descriptions:
    """The descriptions of the last version that was asked for."""

    def __init__(
        self, address: str, *, is_ours: bool, is_writable: bool, calls_services: bool
    ) -> None:
        self._address = address
        self._is_ours = is_ours
        self._dataset = _DATASET if is_ours else f"{address}/.well-known/void#dataset"
        self._is_writable = is_writable
        self._calls_services = calls_services
        self._known: tuple[str, EmbeddedStore, EmbeddedStore] | None = None

    def of(self, version: Reading) -> tuple[EmbeddedStore, EmbeddedStore]:
        """What is said of the service, with its data, and of the data alone."""
        if self._known is None or self._known[0] != version.name:
            data = [*self._of_dataset(version)]
            service = [*self._of_service(version), *data]
            self._known = version.name, _stored(service), _stored(data)
        return self._known[1:]

    def _of_service(self, version: Reading) -> Iterator[str]:
        service = f"{self._address}/sparql"
        yield _said(service, _TYPE, f"{_SD}Service")
        yield _said(service, f"{_SD}endpoint", service)
        yield _said(service, f"{_SD}supportedLanguage", f"{_SD}SPARQL11Query")
        if self._is_writable:
            yield _said(service, f"{_SD}supportedLanguage", f"{_SD}SPARQL11Update")
        if self._calls_services:
            yield _said(service, f"{_SD}feature", f"{_SD}BasicFederatedQuery")
        for format_ in FORMATS:
            yield _said(service, f"{_SD}resultFormat", _FORMATS + _UNIQUE[format_.name])
        held = f"{service}#dataset"
        default = f"{service}#default"
        yield _said(service, f"{_SD}defaultDataset", held)
        yield _said(held, _TYPE, f"{_SD}Dataset")
        yield _said(held, f"{_SD}defaultGraph", default)
        yield _said(default, _TYPE, f"{_SD}Graph")
        yield _said(default, f"{_DCTERMS}isPartOf", self._dataset)
        _, rows = version.store.query(_SIZES).rows()
        sizes = {str(graph): str(triples) for graph, triples in rows}
        names = sizes or version.store.graph_names()
        for number, graph in enumerate(names if len(names) <= _MOST_GRAPHS else []):
            node = f"{service}#graph-{number}"
            yield _said(held, f"{_SD}namedGraph", node)
            yield _said(node, _TYPE, f"{_SD}NamedGraph")
            yield _said(node, f"{_SD}name", graph)
            yield _said(node, f"{_SD}graph", graph)
            yield _said(graph, _TYPE, f"{_SD}Graph")
            if graph in sizes:
                yield _number(graph, "triples", int(sizes[graph]))

    def _of_dataset(self, version: Reading) -> Iterator[str]:
        ntriples = named("ntriples", "graph")
        if self._is_ours:
            for asked in (_OF_DATASET, _LINKSETS):
                yield version.store.query(asked).serialize(ntriples).decode()
        else:
            yield from self._counted(version.store)
        yield _said(self._dataset, f"{_VOID}sparqlEndpoint", f"{self._address}/sparql")
        for file, format_ in context().files.items():
            address = f"{self._address}/download/{file}"
            yield _said(self._dataset, f"{_VOID}dataDump", address)
            yield _said(self._dataset, f"{_DCAT}distribution", address)
            yield _said(address, _TYPE, f"{_DCAT}Distribution")
            yield _said(address, f"{_DCAT}downloadURL", address)
            yield _said(address, f"{_DCAT}mediaType", _MEDIA_TYPES + format_.media_type)

    def _counted(self, store: Store) -> Iterator[str]:
        """What there is in data that nobody has described, if counting that takes a moment only."""
        yield _said(self._dataset, _TYPE, f"{_VOID}Dataset")
        yield _said(self._dataset, _TYPE, f"{_DCAT}Dataset")
        triples = store.size()
        yield _number(self._dataset, "triples", triples)
        if triples > _MOST_COUNTED:
            return
        for kind, count, query in (
            ("class", "entities", _CLASSES),
            ("property", "triples", _PROPERTIES),
        ):
            for number, (name, size) in enumerate(store.query(query).rows()[1]):
                part = f"{self._dataset}-{kind}-{number}"
                yield _said(self._dataset, f"{_VOID}{kind}Partition", part)
                yield _said(part, f"{_VOID}{kind}", str(name))
                yield _number(part, count, int(str(size)))


def _number(subject: str, name: str, number: int) -> str:
    return f'<{subject}> <{_VOID}{name}> "{number}"^^<{_INTEGER}> .\n'


def _said(subject: str, predicate: str, value: str) -> str:
    return f"<{subject}> <{predicate}> <{value}> .\n"


def _stored(statements: list[str]) -> EmbeddedStore:
    return EmbeddedStore.in_memory({"": "".join(statements).encode()})


def service_description() -> flask.Response:
    """What this service and its data are."""
    return _described(0)


@blueprint.get("/.well-known/void")
def void() -> flask.Response:
    """What the data are."""
    return _described(1)


def _described(which: int) -> flask.Response:
    descriptions: Descriptions = context().descriptions
    described = descriptions.of(reading())[which]
    return respond(described.query(_ALL))

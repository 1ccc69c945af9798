"""The graph's description of itself: title, licence, version, sizes, parts, canned queries.

Vocabularies: DCAT 3 (https://www.w3.org/TR/vocab-dcat-3/), VoID (https://www.w3.org/TR/void/), and
SHACL's executables for the queries (https://www.w3.org/TR/shacl-af/), so that which questions the
graph can answer is itself a query.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import DCAT, DCTERMS, RDF, RDFS, SH, VOID, XSD

from kg.columns import MASK, distinct
from kg.namespaces import BASE, IDS, TERMS, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kg.queries import Query
    from kg.tables import Table

DATASET: Final = rdflib.URIRef(f"{BASE}dataset")
VERSION: Final = rdflib.URIRef(f"{DCAT}version")  # of DCAT 3; rdflib knows DCAT 2
_FORMS: Final = {
    "SELECT": (SH.SPARQLSelectExecutable, SH.select),
    "ASK": (SH.SPARQLAskExecutable, SH.ask),
    "CONSTRUCT": (SH.SPARQLConstructExecutable, SH.construct),
}


def catalog(
    ontology: rdflib.Graph, sizes: Mapping[str, int], queries: Iterable[Query]
) -> rdflib.Graph:
    """Describe the built graphs, without their version, which follows from all of this.

    ``sizes`` gives triples by graph IRI. Description and licence are the ontology's.
    """
    graph = rdflib.Graph()
    header = rdflib.URIRef(TERMS.rstrip("#"))
    graph.add((DATASET, RDF.type, DCAT.Dataset))
    graph.add((DATASET, RDF.type, VOID.Dataset))
    graph.add((DATASET, DCTERMS.title, rdflib.Literal("China LLM Landscape", lang="en")))
    for predicate in (DCTERMS.description, DCTERMS.license):
        for value in ontology.objects(header, predicate):
            graph.add((DATASET, predicate, value))
    graph.add((DATASET, VOID.uriSpace, rdflib.Literal(IDS)))
    graph.add((DATASET, VOID.vocabulary, header))
    for name, triples in sizes.items():
        part = rdflib.URIRef(name)
        graph.add((DATASET, VOID.subset, part))
        graph.add((part, RDF.type, VOID.Dataset))
        graph.add((part, VOID.triples, _number(triples)))
    for query in queries:
        _describe(graph, query)
    return graph


def partitions(triples: Table) -> rdflib.Graph:
    """How much of the default graph, given as ``triples``, is of each class and property."""
    graph = rdflib.Graph()
    graph.add((DATASET, VOID.triples, _number(len(triples))))
    for number in triples.predicates():
        name = triples.nodes.of(number)
        part = _part("property", name)
        graph.add((DATASET, VOID.propertyPartition, part))
        graph.add((part, VOID.property, name))
        graph.add((part, VOID.triples, _number(len(triples.pairs(number)))))
    kind = triples.nodes.number(RDF.type)
    for number in distinct(triples.pairs(kind) & MASK).tolist():
        name = triples.nodes.of(number)
        if isinstance(name, rdflib.URIRef):  # what has no name is part of an axiom
            part = _part("class", name)
            graph.add((DATASET, VOID.classPartition, part))
            graph.add((part, VOID["class"], name))
            graph.add((part, VOID.entities, _number(len(triples.subjects_of(kind, number)))))
    return graph


def _part(what: str, name: rdflib.term.Node) -> rdflib.URIRef:
    """A name for the part of the dataset that is of a class or a property."""
    short = shorten(str(name))
    if "/" in short:
        short = hashlib.sha256(short.encode()).hexdigest()[:16]
    return rdflib.URIRef(f"{DATASET}#{what}-{short.replace(':', '-')}")


def _number(count: int) -> rdflib.Literal:
    return rdflib.Literal(count, datatype=XSD.integer)


def named_version(version: str) -> rdflib.Graph:
    """The one statement of the catalog that names the data version."""
    graph = rdflib.Graph()
    graph.add((DATASET, VERSION, rdflib.Literal(version)))
    return graph


def _describe(graph: rdflib.Graph, query: Query) -> None:
    node = rdflib.URIRef(f"{BASE}queries/{query.name}")
    graph.add((node, RDF.type, SH.SPARQLExecutable))
    if query.form in _FORMS:
        kind, text = _FORMS[query.form]
        graph.add((node, RDF.type, kind))
        graph.add((node, text, rdflib.Literal(query.text)))
    graph.add((node, RDFS.comment, rdflib.Literal(query.summary, lang="en")))
    graph.add((node, DCTERMS.description, rdflib.Literal(query.description, lang="en")))
    for tag in query.tags:
        graph.add((node, DCAT.keyword, rdflib.Literal(tag, lang="en")))

"""Mappings as triples: the links, the mappings behind them, and the sets that these are in.

A link is one triple. Its mapping is an ``owl:Axiom`` about that, as SSSOM has it in RDF
(https://mapping-commons.github.io/sssom/spec-formats-owl/), with a name of its own; one that says
that two things are not the same is described in the same way and states no link. A set is a
``void:Linkset`` (https://www.w3.org/TR/void/#linkset).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import DCTERMS, OWL, RDF, RDFS, VOID, XSD

from kg.namespaces import BASE, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kg.link.mappings import Mapping, MappingSet
    from kg.tables import NodeTriple, Table

SSSOM: Final = rdflib.Namespace(PREFIXES["sssom"])
_DATASET: Final = rdflib.URIRef(f"{BASE}dataset")


def describe(sets: Iterable[MappingSet]) -> Iterator[NodeTriple]:
    """The triples of some sets of mappings."""
    for mappings in sets:
        name = rdflib.URIRef(mappings.iri)
        yield name, RDF.type, SSSOM.MappingSet
        yield name, RDF.type, VOID.Linkset
        yield _DATASET, VOID.subset, name
        yield name, VOID.subjectsTarget, _DATASET
        yield name, DCTERMS.title, rdflib.Literal(mappings.title, lang="en")
        yield name, DCTERMS.license, rdflib.URIRef(mappings.licence)
        if mappings.object_source_version:
            version = rdflib.Literal(mappings.object_source_version)
            yield name, SSSOM.object_source_version, version
        stated = [mapping for mapping in mappings.mappings if not mapping.negated]
        yield name, VOID.triples, rdflib.Literal(len(stated), datatype=XSD.integer)
        for mapping in mappings.mappings:
            if mapping.object_source:
                yield name, VOID.objectsTarget, rdflib.URIRef(mapping.object_source)
            if not mapping.negated:
                yield name, VOID.linkPredicate, rdflib.URIRef(mapping.predicate)
            yield name, SSSOM.mappings, named(mapping)
            yield from _described(mapping)


def count(links: Table) -> int:
    """Number of links: of mappings that say that things match."""
    number = links.nodes.number
    mappings, negated = (
        len(links.pairs(number(p))) for p in (OWL.annotatedTarget, SSSOM.predicate_modifier)
    )
    return mappings - negated


def named(mapping: Mapping) -> rdflib.URIRef:
    """The IRI of a mapping."""
    return rdflib.URIRef(f"{PREFIXES['link']}{mapping.name}")


def _described(mapping: Mapping) -> Iterator[NodeTriple]:
    node = named(mapping)
    subject, predicate, thing = map(
        rdflib.URIRef, (mapping.subject, mapping.predicate, mapping.object)
    )
    if not mapping.negated:
        yield subject, predicate, thing
    yield node, RDF.type, OWL.Axiom
    yield node, OWL.annotatedSource, subject
    yield node, OWL.annotatedProperty, predicate
    yield node, OWL.annotatedTarget, thing
    if mapping.negated:
        yield node, SSSOM.predicate_modifier, SSSOM.NegatedPredicate
    yield node, SSSOM.mapping_justification, rdflib.URIRef(mapping.justification)
    if mapping.object_source:
        yield node, SSSOM.object_source, rdflib.URIRef(mapping.object_source)
    if mapping.comment:
        yield node, RDFS.comment, rdflib.Literal(mapping.comment, lang="en")
    for property_, value, datatype in (
        (SSSOM.confidence, mapping.confidence, XSD.decimal),
        (SSSOM.object_label, mapping.object_label, XSD.string),
        (SSSOM.object_category, mapping.object_category, XSD.string),
        (DCTERMS.created, mapping.date, XSD.date),
    ):
        if value:
            yield node, property_, rdflib.Literal(value, datatype=datatype)

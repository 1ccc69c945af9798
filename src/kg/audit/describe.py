"""The audit's items as RDF, in the Data Quality Vocabulary (https://www.w3.org/TR/vocab-dqv/).

Each item is a ``dqv:QualityMeasurement`` of its subject by a rule, a ``dqv:Metric``; its value is
the grade, also given as a term of the ontology, and the passages are what it was derived from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import DCTERMS, PROV, RDF, RDFS, XSD

from kg.graph.claims import CLLM
from kg.namespaces import IDS, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.audit.items import Item

DQV: Final = rdflib.Namespace(PREFIXES["dqv"])


def describe(items: Iterable[Item]) -> rdflib.Graph:
    """One graph of all items."""
    graph = rdflib.Graph()
    for item in items:
        node = rdflib.URIRef(item.iri)
        rule = rdflib.URIRef(f"{IDS}audit/{item.rule}")
        graph.add((rule, RDF.type, DQV.Metric))
        graph.add((rule, RDFS.label, rdflib.Literal(item.rule.replace("-", " "), lang="en")))
        graph.add((node, RDF.type, DQV.QualityMeasurement))
        graph.add((node, RDFS.label, rdflib.Literal(f"{item.name}: {item.rule}", lang="en")))
        graph.add((node, DQV.isMeasurementOf, rule))
        graph.add((node, DQV.computedOn, rdflib.URIRef(item.subject)))
        graph.add((node, DQV.value, rdflib.Literal(item.grade.words)))
        graph.add((node, CLLM.grade, CLLM[item.grade]))
        graph.add((node, CLLM.auditedProperty, rdflib.URIRef(item.kind)))
        graph.add((node, DCTERMS.description, rdflib.Literal(item.arithmetic, lang="en")))
        for statement in item.statements:
            graph.add((node, PROV.wasDerivedFrom, rdflib.URIRef(statement.passage)))
            graph.add((node, CLLM.statement, rdflib.Literal(statement.text, lang="en")))
        if item.ratio is not None:
            ratio = rdflib.Literal(f"{item.ratio:.4E}", datatype=XSD.double)
            graph.add((node, CLLM.ratio, ratio))
        if item.decision:
            graph.add((node, CLLM.settledBy, rdflib.URIRef(item.decision)))
    return graph

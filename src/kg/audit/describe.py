"""The audit's items as RDF, in the Data Quality Vocabulary (https://www.w3.org/TR/vocab-dqv/).

Each item is a ``dqv:QualityMeasurement`` of its subject by a rule, a ``dqv:Metric``; its value is
the grade, also given as a term of the ontology, and the passages are what it was derived from. What
it rests on are statements, reified (https://www.w3.org/TR/rdf11-mt/#reification); what it compares
are quantities, each with what it rests on or is reckoned from. All have names of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import DCTERMS, PROV, RDF, RDFS, XSD

from kg.graph.claims import CLLM
from kg.judged import Days
from kg.judged.items import ENDS
from kg.namespaces import IDS, PREFIXES
from kg.tables import as_node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kg.judged import Item, Quantity, Statement

DQV: Final = rdflib.Namespace(PREFIXES["dqv"])


def describe(items: Iterable[Item]) -> rdflib.Graph:
    """One graph of all items."""
    graph = rdflib.Graph()
    for item in items:
        _describe(graph, item)
    return graph


def _describe(graph: rdflib.Graph, item: Item) -> None:
    node, rule = rdflib.URIRef(item.iri), rdflib.URIRef(f"{IDS}audit/{item.rule}")
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
    own = item.iri.removeprefix(f"{IDS}audit/")
    named = {
        statement: rdflib.URIRef(f"{IDS}statement/{own}-{place}")
        for place, statement in enumerate(item.statements, 1)
    }
    for place, (statement, name) in enumerate(named.items(), 1):
        graph.add((node, PROV.wasDerivedFrom, rdflib.URIRef(statement.passage)))
        graph.add((node, CLLM.statement, rdflib.Literal(statement.text, lang="en")))
        graph.add((node, CLLM.basedOn, name))
        _state(graph, name, place, statement)
    for place, compared in enumerate(item.compared, 1):
        quantity = rdflib.URIRef(f"{IDS}quantity/{own}-{place}")
        graph.add((node, CLLM.compares, quantity))
        _compare(graph, quantity, place, compared, named)
    if item.ratio is not None:
        graph.add((node, CLLM.ratio, rdflib.Literal(item.ratio)))
    if item.decision:
        graph.add((node, CLLM.settledBy, rdflib.URIRef(item.decision)))


def _state(graph: rdflib.Graph, name: rdflib.URIRef, place: int, statement: Statement) -> None:
    """What a statement says, and where."""
    graph.add((name, RDF.type, RDF.Statement))
    graph.add((name, CLLM.position, rdflib.Literal(place)))
    graph.add((name, CLLM.statedIn, rdflib.URIRef(statement.passage)))
    graph.add((name, CLLM.statement, rdflib.Literal(statement.text, lang="en")))
    graph.add((name, RDF.subject, rdflib.URIRef(statement.subject)))
    graph.add((name, RDF.predicate, rdflib.URIRef(statement.property)))
    graph.add((name, RDF.object, as_node(statement.value)))


def _compare(
    graph: rdflib.Graph,
    name: rdflib.URIRef,
    place: int,
    compared: Quantity | Days,
    named: Mapping[Statement, rdflib.URIRef],
) -> None:
    """What is compared, what it rests on, and what it is reckoned from."""
    graph.add((name, RDF.type, CLLM.ComparedQuantity))
    graph.add((name, RDFS.label, rdflib.Literal(compared.label, lang="en")))
    graph.add((name, CLLM.position, rdflib.Literal(place)))
    for statement in compared.statements:
        graph.add((name, CLLM.basedOn, named[statement]))
    if isinstance(compared, Days):
        for predicate, day in ((CLLM.notBefore, compared.first), (CLLM.notAfter, compared.last)):
            if day is not None:
                graph.add((name, predicate, rdflib.Literal(day, datatype=XSD.date)))
        return
    graph.add((name, CLLM.unit, rdflib.URIRef(compared.unit)))
    for end in ENDS:
        number = getattr(compared, end)
        if number is not None:
            graph.add((name, CLLM[end], rdflib.Literal(float(number))))
    how = CLLM.productOf if compared.factors else CLLM.sumOf
    for number, part in enumerate(compared.parts, 1):
        quantity = rdflib.URIRef(f"{name}-{number}")
        graph.add((name, how, quantity))
        _compare(graph, quantity, number, part, named)

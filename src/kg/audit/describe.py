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
    from collections.abc import Iterable, Iterator, Mapping

    from kg.judged import Item, Quantity, Statement
    from kg.tables import NodeTriple

DQV: Final = rdflib.Namespace(PREFIXES["dqv"])


def describe(items: Iterable[Item]) -> rdflib.Graph:
    """One graph of all items."""
    graph = rdflib.Graph()
    for triple in triples(items):
        graph.add(triple)
    return graph


def triples(items: Iterable[Item]) -> Iterator[NodeTriple]:
    """What the graph of items states; some of it more than once."""
    for item in items:
        yield from _item(item)


def _item(item: Item) -> Iterator[NodeTriple]:
    node, rule = rdflib.URIRef(item.iri), rdflib.URIRef(f"{IDS}audit/{item.rule}")
    yield rule, RDF.type, DQV.Metric
    yield rule, RDFS.label, rdflib.Literal(item.rule.replace("-", " "), lang="en")
    yield node, RDF.type, DQV.QualityMeasurement
    yield node, RDFS.label, rdflib.Literal(f"{item.name}: {item.rule}", lang="en")
    yield node, DQV.isMeasurementOf, rule
    yield node, DQV.computedOn, rdflib.URIRef(item.subject)
    yield node, DQV.value, rdflib.Literal(item.grade.words)
    yield node, CLLM.grade, CLLM[item.grade]
    yield node, CLLM.auditedProperty, rdflib.URIRef(item.kind)
    yield node, DCTERMS.description, rdflib.Literal(item.arithmetic, lang="en")
    own = item.iri.removeprefix(f"{IDS}audit/")
    named = {
        statement: rdflib.URIRef(f"{IDS}statement/{own}-{place}")
        for place, statement in enumerate(item.statements, 1)
    }
    for place, (statement, name) in enumerate(named.items(), 1):
        yield node, PROV.wasDerivedFrom, rdflib.URIRef(statement.passage)
        yield node, CLLM.statement, rdflib.Literal(statement.text, lang="en")
        yield node, CLLM.basedOn, name
        yield from _statement(name, place, statement)
    for place, compared in enumerate(item.compared, 1):
        quantity = rdflib.URIRef(f"{IDS}quantity/{own}-{place}")
        yield node, CLLM.compares, quantity
        yield from _compared(quantity, place, compared, named)
    if item.ratio is not None:
        yield node, CLLM.ratio, rdflib.Literal(item.ratio)
    if item.decision:
        yield node, CLLM.settledBy, rdflib.URIRef(item.decision)


def _statement(name: rdflib.URIRef, place: int, statement: Statement) -> Iterator[NodeTriple]:
    """What a statement says, and where."""
    yield name, RDF.type, RDF.Statement
    yield name, CLLM.position, rdflib.Literal(place)
    yield name, CLLM.statedIn, rdflib.URIRef(statement.passage)
    yield name, CLLM.statement, rdflib.Literal(statement.text, lang="en")
    yield name, RDF.subject, rdflib.URIRef(statement.subject)
    yield name, RDF.predicate, rdflib.URIRef(statement.property)
    yield name, RDF.object, as_node(statement.value)


def _compared(
    name: rdflib.URIRef,
    place: int,
    compared: Quantity | Days,
    named: Mapping[Statement, rdflib.URIRef],
) -> Iterator[NodeTriple]:
    """What is compared, what it rests on, and what it is reckoned from."""
    yield name, RDF.type, CLLM.ComparedQuantity
    yield name, RDFS.label, rdflib.Literal(compared.label, lang="en")
    yield name, CLLM.position, rdflib.Literal(place)
    for statement in compared.statements:
        yield name, CLLM.basedOn, named[statement]
    if isinstance(compared, Days):
        for predicate, day in ((CLLM.notBefore, compared.first), (CLLM.notAfter, compared.last)):
            if day is not None:
                yield name, predicate, rdflib.Literal(day, datatype=XSD.date)
        return
    yield name, CLLM.unit, rdflib.URIRef(compared.unit)
    for end in ENDS:
        number = getattr(compared, end)
        if number is not None:
            yield name, CLLM[end], rdflib.Literal(float(number))
    how = CLLM.productOf if compared.factors else CLLM.sumOf
    for number, part in enumerate(compared.parts, 1):
        quantity = rdflib.URIRef(f"{name}-{number}")
        yield name, how, quantity
        yield from _compared(quantity, number, part, named)

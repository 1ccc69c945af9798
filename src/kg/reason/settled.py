"""Reasoning about the settled view, in rdflib's terms: inferences, and a report with places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import rdflib
from rdflib import PROV, RDF, RDFS

from kg.columns import Relations, encoded, grouped, joint, without
from kg.graph import CLLM, Passages
from kg.namespaces import shorten
from kg.reason import DISJOINT, said_of, says_something
from kg.reason.materialize import Closed, materialize_relations
from kg.report import Report, Violation
from kg.tables import Table, as_node, as_triple

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.reason.compiled import Clause
    from kg.reason.explain import Proof
    from kg.reason.seminaive import Followed
    from kg.terms import Term, Triple

Engine = Literal["columns", "owlrl"]
ENGINES: Final[tuple[Engine, ...]] = ("columns", "owlrl")


@dataclass(frozen=True)
class Reasoned:
    """What to go on from when the settled view has changed."""

    signature: str
    followed: Followed
    inferred: Relations
    has_equals: bool = False
    """Whether two literals had one value, so that what is inferred depends on what is given."""


@dataclass(frozen=True)
class Inferences:
    """What follows: the new triples, and the contradictions in which the ontology sees no sense.

    ``reasoned`` is what to go on from; None of another engine.
    """

    triples: Table
    report: Report
    reasoned: Reasoned | None = None


def reason(
    settled: Table,
    ontology: rdflib.Graph,
    passages: Passages,
    engine: Engine = "columns",
    before: Reasoned | None = None,
) -> Inferences:
    """Everything new that the ontology's axioms say about the settled view.

    ``passages`` only serve to give the file and line of what is inconsistent. ``before`` is what
    was found of another settled view, numbered by the same terms and free of contradictions: only
    what depends on the difference is derived again. Raises ``BadInput``, naming the axiom, if the
    ontology leaves OWL 2 RL.
    """
    if engine == "owlrl":
        return _by_owlrl(settled, ontology)
    closed = close(settled, ontology, before)
    followed, terms = closed.columns.followed(), settled.nodes.terms
    derived = closed.columns.derived()
    known: Relations = {}
    plain = not closed.has_equals and (before is None or not before.has_equals)
    if before is not None and closed.fresh is not None and plain:
        earlier = without(before.followed.relations, before.followed.given)
        known = without(before.inferred, without(earlier, derived))
        derived = without(derived, earlier)
    new = encoded(grouped(filter(says_something, closed.chosen(derived))), terms)
    inferred = joint(known, new)
    return Inferences(
        Table(settled.nodes, inferred),
        _consistency(closed, ontology, passages),
        Reasoned(closed.signature, followed, inferred, closed.has_equals),
    )


def close(settled: Table, ontology: rdflib.Graph, before: Reasoned | None = None) -> Closed:
    """The closure of both graphs. Raises ``BadInput`` as ``reason`` does."""
    whole = settled + ontology
    return materialize_relations(
        whole.relations,
        whole.nodes.terms,
        says_something,
        None if before is None else (before.signature, before.followed),
    )


def describe(proof: Proof, passages: Callable[[Triple], list[str]]) -> rdflib.Graph:
    """A proof in RDF: each statement with the rule and the statements it was derived from.

    ``passages`` gives the graphs that state a triple. The vocabulary is that of RDF's statements
    and of PROV (https://www.w3.org/TR/prov-o/).
    """
    graph = rdflib.Graph()
    nodes: dict[Triple, rdflib.BNode] = {}

    def node(step: Proof) -> rdflib.BNode:
        if step.triple in nodes:
            return nodes[step.triple]
        named = nodes[step.triple] = rdflib.BNode(f"s{len(nodes)}")
        graph.add((named, RDF.type, RDF.Statement))
        for predicate, term in zip(
            (RDF.subject, RDF.predicate, RDF.object), step.triple, strict=True
        ):
            graph.add((named, predicate, as_node(term)))
        if step.rule:
            graph.add((named, CLLM.byRule, rdflib.Literal(step.rule)))
        else:
            for passage in passages(step.triple):
                graph.add((named, CLLM.statedIn, rdflib.URIRef(passage)))
        for premise in step.premises:
            graph.add((named, PROV.wasDerivedFrom, node(premise)))
        return named

    node(proof)
    return graph


def _consistency(closed: Closed, ontology: rdflib.Graph, passages: Passages) -> Report:
    """A violation for each thing of which the rules say that it cannot be."""
    met: dict[tuple[str, frozenset[Triple]], tuple[Clause, list[Triple]]] = {}
    for clause, facts in sorted(closed.contradictions(), key=lambda m: (m[0].rule, m[1])):
        met.setdefault((clause.rule, _unordered(clause, facts)), (clause, facts))
    found = []
    for clause, facts in met.values():
        place = next(
            (
                (file, line)
                for fact in facts
                for file, line in [passages.place_of(as_node(fact[0]), as_node(fact[1]))]
                if file
            ),
            ("", 0),
        )
        subject = facts[0][0] if facts else "the ontology"
        found.append(
            Violation(
                *place,
                shorten(subject[1:-1]) if subject[0] == "<" else subject,
                said_of(clause, facts, closed, lambda term: _named(term, ontology)),
                f"inconsistent: {clause.rule}",
                remedy="Correct its kind, or the statement from which the kind follows."
                if clause.rule in DISJOINT
                else "Correct one of these statements; kg explain says what each rests on.",
            )
        )
    return Report.of(found)


def _unordered(clause: Clause, facts: list[Triple]) -> frozenset[Triple]:
    """The facts of a contradiction; that one value is another says what the reverse says."""
    if clause.rule == "dt-diff":
        one, predicate, other = facts[0]
        return frozenset({(min(one, other), predicate, max(one, other))})
    return frozenset(facts)


def _named(term: Term, ontology: rdflib.Graph) -> str:
    if term[0] != "<":
        return "that has no name"
    labels = [
        label
        for label in ontology.objects(rdflib.URIRef(term[1:-1]), RDFS.label)
        if isinstance(label, rdflib.Literal) and label.language == "en"
    ]
    return f"'{labels[0]}'" if labels else shorten(term[1:-1])


def _by_owlrl(settled: Table, ontology: rdflib.Graph) -> Inferences:
    from kg.reason import with_owlrl

    closure, errors = with_owlrl.closure(settled, ontology)
    known = settled + ontology
    new = (t for t in closure if t not in known and says_something(as_triple(t)))
    found = [Violation("", 0, "ontology", f"{text}.", "inconsistent: owlrl") for text in errors]
    return Inferences(Table.of(new, settled.nodes), Report.of(found))

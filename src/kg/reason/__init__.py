"""Reasoning in OWL 2 RL: only the new triples that say something, and whether all is consistent.

    rules        the rule tables of the specification, as data
      │ oracle     interprets them as they stand; the others are checked against it
      ▼
    compiled     the rules specialised to an ontology: clauses
      │ profile    refuses what is outside OWL 2 RL, naming the axiom
      ▼
    seminaive    evaluates clauses over sorted columns of integers; also after a change
    sparql       the same clauses as updates, on any store
      │
      ▼
    explain      the smallest proof of a triple, or what it lacks

``graph:inferred`` is what is new without what says nothing: what holds of everything (owl:Thing and
the like), membership in classes without a name, statements about literals, everything reflexive,
and literals that only write a stated one in another form.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

import rdflib
from rdflib import PROV, RDF, RDFS
from rdflib.util import from_n3

from kg.columns import Term, Triple, iri, is_variable
from kg.graph import CLLM, as_term, as_triple, place_of
from kg.namespaces import PREFIXES, shorten
from kg.reason.explain import Explainer, Missing, Proof
from kg.reason.materialize import Closed, materialize
from kg.reason.rules import NOTHING, SAME_AS, TYPE
from kg.reason.words import sentence, spells_out
from kg.report import Report, Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.reason.compiled import Clause
    from kg.sources import Source

__all__ = [
    "ENGINES",
    "Closed",
    "Engine",
    "Explainer",
    "Inferences",
    "Missing",
    "Proof",
    "Triple",
    "close",
    "contradiction",
    "describe",
    "materialize",
    "reason",
    "says_something",
    "spells_out",
    "writable",
]

Engine = Literal["columns", "owlrl"]
ENGINES: Final[tuple[Engine, ...]] = ("columns", "owlrl")
_SYSTEM: Final = tuple(f"<{PREFIXES[name]}" for name in ("owl", "rdf", "rdfs", "xsd"))
_HIERARCHY: Final = frozenset({iri("rdfs:subClassOf"), iri("rdfs:subPropertyOf")})
_DISJOINT: Final = frozenset({"cax-dw", "cax-adc", "cls-com"})


@dataclass(frozen=True)
class Inferences:
    """What follows: the new triples, and the contradictions in which the ontology sees no sense."""

    triples: rdflib.Graph
    report: Report


def reason(
    settled: rdflib.Graph,
    ontology: rdflib.Graph,
    sources: list[Source],
    engine: Engine = "columns",
) -> Inferences:
    """Everything new that the ontology's axioms say about the settled view.

    ``sources`` only serve to give the file and line of what is inconsistent. Raises ``BadInput``,
    naming the axiom, if the ontology leaves OWL 2 RL.
    """
    if engine == "owlrl":
        return _by_owlrl(settled, ontology)
    closed, terms = close(settled, ontology)
    new = rdflib.Graph()
    for triple in closed.derived():
        if says_something(triple):
            subject, predicate, value = (terms[term] for term in triple)
            new.add((subject, predicate, value))
    return Inferences(new, _consistency(closed, ontology, sources, terms))


def close(
    settled: rdflib.Graph, ontology: rdflib.Graph
) -> tuple[Closed, dict[Term, rdflib.term.Node]]:
    """The closure of both graphs, and the rdflib terms by the names that it has for them.

    Raises ``BadInput`` as ``reason`` does.
    """
    terms: dict[Term, rdflib.term.Node] = {}
    names: dict[rdflib.term.Node, Term] = {}

    def name(term: rdflib.term.Node) -> Term:
        found = names.get(term)
        if found is None:
            found = names[term] = as_term(term)
            terms[found] = term
        return found

    triples = [
        (name(subject), name(predicate), name(value))
        for graph in (settled, ontology)
        for subject, predicate, value in graph
    ]
    return materialize(triples, says_something), terms


def says_something(triple: Triple) -> bool:
    """Whether a triple belongs in ``graph:inferred``, or a pattern may stand for such a triple."""
    subject, predicate, value = triple
    if subject[0] not in "<?" or value.startswith("_:"):
        return False
    if (subject == value and not is_variable(subject)) or subject.startswith(_SYSTEM):
        return False
    if predicate == TYPE or predicate in _HIERARCHY:
        return not value.startswith(_SYSTEM)
    return predicate == SAME_AS or not predicate.startswith(_SYSTEM)


def writable(triple: Triple) -> bool:
    """Whether RDF can write a triple: a literal is no subject, and only an IRI is a predicate."""
    subject, predicate, _ = triple
    return subject[0] != '"' and predicate[0] == "<"


def contradiction(clause: Clause, facts: list[Triple], closed: Closed) -> str:
    """What contradicts the axioms, in a sentence with the rule that says so."""
    return f"{_said(clause, facts, closed, rdflib.Graph())} [{clause.rule}]"


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
            graph.add((named, predicate, from_n3(term)))  # type: ignore[arg-type]
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


def _consistency(
    closed: Closed,
    ontology: rdflib.Graph,
    sources: list[Source],
    terms: dict[Term, rdflib.term.Node],
) -> Report:
    """A violation for each thing of which the rules say that it cannot be."""
    met = [(clause, facts) for clause, facts in closed.contradictions()]
    by_subject = sorted(
        met, key=lambda pair: (pair[1][0] if pair[1] else ("", "", ""), pair[0].rule)
    )
    found = []
    for _, group in groupby(by_subject, key=lambda pair: (pair[0].rule, frozenset(pair[1]))):
        clause, facts = next(group)
        place = next(
            (
                (file, line)
                for fact in facts
                for file, line in [place_of(sources, terms.get(fact[0]), terms.get(fact[1]))]
                if file
            ),
            ("", 0),
        )
        subject = facts[0][0] if facts else "the ontology"
        found.append(
            Violation(
                *place,
                shorten(subject[1:-1]) if subject[0] == "<" else subject,
                _said(clause, facts, closed, ontology),
                f"inconsistent: {clause.rule}",
                remedy="Correct its kind, or the statement from which the kind follows."
                if clause.rule in _DISJOINT
                else "Correct one of these statements; kg explain says what each rests on.",
            )
        )
    return Report.of(found)


def _said(clause: Clause, facts: list[Triple], closed: Closed, ontology: rdflib.Graph) -> str:
    """What is wrong, in words."""
    if clause.rule in _DISJOINT:
        one, other = (_named(value, ontology) for _, _, value in facts)
        return f"It is of the kind {one} and of the kind {other}, which have no member in common."
    if len(facts) == 1 and facts[0][2] == NOTHING:
        return "It is of the kind owl:Nothing, which has no member."
    if clause.rule == "dt-diff":
        one, _, other = facts[0]
        return f"Two values are said to be one: {one} and {other}."
    if clause.rule == "dt-not-type":
        literal, _, datatype = facts[0]
        return f"The literal {literal} is not of the datatype {shorten(datatype[1:-1])}."
    said = " and ".join(f"{sentence(fact, closed.axioms)}" for fact in facts)
    axioms = "; ".join(sentence(axiom, closed.axioms) for axiom in clause.axioms)
    return f"This cannot hold: {said}" + (f" (since {axioms})." if axioms else ".")


def _named(term: Term, ontology: rdflib.Graph) -> str:
    labels = [
        label
        for label in ontology.objects(rdflib.URIRef(term[1:-1]), RDFS.label)
        if isinstance(label, rdflib.Literal) and label.language == "en"
    ]
    return f"'{labels[0]}'" if labels else shorten(term[1:-1])


def _by_owlrl(settled: rdflib.Graph, ontology: rdflib.Graph) -> Inferences:
    from kg.reason import with_owlrl

    closure, errors = with_owlrl.closure(settled, ontology)
    new = rdflib.Graph()
    for triple in closure:
        if triple not in settled and triple not in ontology and says_something(as_triple(triple)):
            new.add(triple)
    found = [Violation("", 0, "ontology", f"{text}.", "inconsistent: owlrl") for text in errors]
    return Inferences(new, Report.of(found))

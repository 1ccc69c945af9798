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
    settled      all this of the settled view, in rdflib's terms

``graph:inferred`` is what is new without what says nothing: what holds of everything (owl:Thing and
the like), membership in classes without a name, statements about literals, everything reflexive,
and literals that only write a stated one in another form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.namespaces import PREFIXES, shorten
from kg.reason.explain import Explainer, Missing, Proof
from kg.reason.materialize import Closed, materialize
from kg.reason.rules import NOTHING, SAME_AS, TYPE
from kg.reason.words import sentence, shown, spells_out
from kg.terms import Term, Triple, iri, is_variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.reason.compiled import Clause

__all__ = [
    "Closed",
    "Explainer",
    "Missing",
    "Proof",
    "Triple",
    "contradiction",
    "materialize",
    "said_of",
    "says_something",
    "spells_out",
    "writable",
]

DISJOINT: Final = frozenset({"cax-dw", "cax-adc", "cls-com"})
"""The rules of contradictions between two classes."""
_SYSTEM: Final = tuple(f"<{PREFIXES[name]}" for name in ("owl", "rdf", "rdfs", "xsd"))
_HIERARCHY: Final = frozenset({iri("rdfs:subClassOf"), iri("rdfs:subPropertyOf")})


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
    said = said_of(clause, facts, closed, lambda term: shown(term, closed.axioms))
    subject = f"{shown(facts[0][0], closed.axioms)}: " if facts else ""
    return f"{subject}{said} [{clause.rule}]"


def said_of(
    clause: Clause, facts: list[Triple], closed: Closed, named: Callable[[Term], str]
) -> str:
    """What contradicts the axioms, in a sentence; ``named`` gives the name of a class."""
    if clause.rule in DISJOINT:
        one, other = (named(value) for _, _, value in facts)
        return f"It is of the kind {one} and of the kind {other}, which have no member in common."
    if len(facts) == 1 and facts[0][2] == NOTHING:
        return "It is of the kind owl:Nothing, which has no member."
    if clause.rule == "dt-diff":
        one, _, other = facts[0]
        return f"Two values are said to be one: {one} and {other}."
    if clause.rule == "dt-not-type":
        literal, _, datatype = facts[0]
        return f"The literal {literal} is not of the datatype {shorten(datatype[1:-1])}."
    said = " and ".join(sentence(fact, closed.axioms) for fact in facts) or "what the axioms say"
    axioms = "; ".join(sentence(axiom, closed.axioms) for axiom in clause.axioms)
    return f"This cannot hold: {said}" + (f" (since {axioms})." if axioms else ".")

"""Reasoning in OWL 2 RL: only the new triples that say something, and whether all is consistent.

The engine is owlrl (https://www.w3.org/TR/owl2-profiles/#OWL_2_RL). It gets the ontology and the
settled view without annotations, which no rule reads. Of what it derives, these are left out: what
holds of everything (owl:Thing, rdfs:Resource and the like), membership in classes without a name,
statements about literals, and everything reflexive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import owlrl
import rdflib
from rdflib import OWL, RDF, RDFS
from rdflib.collection import Collection

from kg.graph.landscape import place_of
from kg.namespaces import shorten
from kg.report import Report, Violation

if TYPE_CHECKING:
    from kg.sources import Source

_SYSTEM: Final = tuple(str(ns) for ns in (OWL, RDF, RDFS, rdflib.XSD))
_HIERARCHY: Final = frozenset({RDFS.subClassOf, RDFS.subPropertyOf})
_DECLARATIONS: Final = frozenset({OWL.ObjectProperty, OWL.DatatypeProperty})
_SAMENESS: Final = frozenset(
    {
        OWL.FunctionalProperty,
        OWL.InverseFunctionalProperty,
        OWL.hasKey,
        OWL.maxCardinality,
        OWL.maxQualifiedCardinality,
        OWL.sameAs,
    }
)
_OTHER_RULE: Final = "inconsistent: OWL 2 RL"
_ERRORS: Final = rdflib.URIRef("http://www.daml.org/2002/03/agents/agent-ont#error")


@dataclass(frozen=True)
class Inferences:
    """What follows: the new triples, and the contradictions in which the ontology sees no sense."""

    triples: rdflib.Graph
    report: Report


def reason(settled: rdflib.Graph, ontology: rdflib.Graph, sources: list[Source]) -> Inferences:
    """Everything new that the ontology's axioms say about the settled view.

    ``sources`` only serve to give the file and line of what is inconsistent.
    """
    given = _without_annotations(settled, ontology)
    closure = rdflib.Graph()
    for triple in given:
        closure.add(triple)
    engine: Any = owlrl  # untyped
    engine.DeductiveClosure(
        engine.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False
    ).expand(closure)
    new = rdflib.Graph()
    for triple in closure:
        if triple not in given and triple not in ontology and _says_something(triple):
            new.add(triple)
    return Inferences(new, _consistency(closure, ontology, sources))


def _without_annotations(
    settled: rdflib.Graph, ontology: rdflib.Graph
) -> set[rdflib.graph._TripleType]:
    """The ontology, and of the settled view what some axiom reads."""
    annotations = set(ontology.subjects(RDF.type, OWL.AnnotationProperty))
    axioms = {triple for triple in ontology if triple[1] not in annotations}
    own = any(str(predicate).startswith(str(OWL)) for predicate in settled.predicates(unique=True))
    read = None if own else _read_by_axioms(axioms)
    return axioms | {t for t in settled if read is None or t[1] in read or t[1] == RDF.type}


def _read_by_axioms(axioms: set[rdflib.graph._TripleType]) -> set[rdflib.term.Node] | None:
    """The properties whose statements a rule can use; None if any statement may matter.

    A statement of a property that only has a declaration takes part in no rule but those about
    owl:sameAs, so everything counts where an axiom can make two things the same.
    """
    if any(predicate in _SAMENESS or value in _SAMENESS for _, predicate, value in axioms):
        return None
    declared = {s for s, p, o in axioms if p == RDF.type and o in _DECLARATIONS}
    used = {s for s, p, o in axioms if s in declared and not (p == RDF.type and o in _DECLARATIONS)}
    return used | {o for _, _, o in axioms if o in declared}


def _says_something(triple: rdflib.graph._TripleType) -> bool:
    subject, predicate, value = triple
    if not isinstance(subject, rdflib.URIRef) or isinstance(value, rdflib.BNode):
        return False
    if subject == value or str(subject).startswith(_SYSTEM):
        return False
    if predicate == RDF.type or predicate in _HIERARCHY:
        return not str(value).startswith(_SYSTEM)
    return predicate == OWL.sameAs or not str(predicate).startswith((*_SYSTEM, str(_ERRORS)[:-5]))


def _consistency(closure: rdflib.Graph, ontology: rdflib.Graph, sources: list[Source]) -> Report:
    """Members of disjoint classes, by name; what else owlrl calls an error, in its words."""
    found: list[Violation] = []
    for first, second in _disjoint(ontology):
        both = set(closure.subjects(RDF.type, first)) & set(closure.subjects(RDF.type, second))
        for subject in sorted(both, key=str):
            file, line = place_of(sources, subject, RDF.type)
            found.append(
                Violation(
                    file,
                    line,
                    shorten(str(subject)),
                    f"It is of the kind {_named(first, ontology)} and of the kind "
                    f"{_named(second, ontology)}, which have no member in common.",
                    "inconsistent: cax-adc",
                    remedy="Correct its kind, or the statement from which the kind follows.",
                )
            )
    if not found:
        found = [
            _reported(str(text), sources)
            for text in sorted(closure.objects(None, _ERRORS), key=str)
        ]
    return Report.of(found)


def _disjoint(ontology: rdflib.Graph) -> list[tuple[rdflib.term.Node, rdflib.term.Node]]:
    pairs = list(ontology.subject_objects(OWL.disjointWith))
    for axiom in ontology.subjects(RDF.type, OWL.AllDisjointClasses):
        members = ontology.value(axiom, OWL.members)
        pairs += combinations(Collection(ontology, members), 2)  # type: ignore[arg-type]
    return pairs


def _named(term: rdflib.term.Node, ontology: rdflib.Graph) -> str:
    labels = [
        label
        for label in ontology.objects(term, RDFS.label)
        if isinstance(label, rdflib.Literal) and label.language == "en"
    ]
    return f"'{labels[0]}'" if labels else shorten(str(term))


def _reported(text: str, sources: list[Source]) -> Violation:
    """What owlrl says of an inconsistency, at the place where what it names is most likely said."""
    named = [rdflib.URIRef(iri) for iri in re.findall(r"https?://[^\s,()']+", text)]
    for predicate in (OWL.differentFrom, OWL.sameAs, RDF.type):
        for iri in named:
            for source in sources:
                if line := source.places.get((str(iri), str(predicate))):
                    name = shorten(str(iri))
                    return Violation(source.shown, line, name, f"{text}.", _OTHER_RULE)
    return Violation("", 0, "ontology", f"{text}.", _OTHER_RULE)

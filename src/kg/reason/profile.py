"""What of an ontology is outside OWL 2 RL, axiom by axiom.

https://www.w3.org/TR/owl2-profiles/#OWL_2_RL: a class expression may stand on one side of an axiom
and not on the other, and some constructs nowhere. The rules would pass such an axiom over in
silence, so it is refused by name. Beyond the profile, datatypes of the calendar are accepted, since
``datatypes`` knows their values, and ``owl:Thing`` as a superclass, which says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from kg.columns import DATATYPES, Groups, Index
from kg.namespaces import PREFIXES
from kg.reason.rules import (
    AXIOM_CLASSES,
    AXIOM_PREDICATES,
    DIFFERENT_FROM,
    NOTHING,
    SAME_AS,
    THING,
    TYPE,
)
from kg.reason.words import shown
from kg.terms import Term, Triple, iri, is_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    Side = Literal["subclass", "superclass", "equivalent"]

_OWL: Final = f"<{PREFIXES['owl']}"
_SYSTEM: Final = tuple(f"<{PREFIXES[name]}" for name in ("owl", "rdf", "rdfs", "xsd"))
_KNOWN_PREDICATES: Final = (
    AXIOM_PREDICATES
    | {SAME_AS, DIFFERENT_FROM}
    | {
        iri(f"owl:{name}")
        for name in (
            "annotatedProperty",
            "annotatedSource",
            "annotatedTarget",
            "backwardCompatibleWith",
            "deprecated",
            "imports",
            "incompatibleWith",
            "onDataRange",
            "priorVersion",
            "versionIRI",
            "versionInfo",
        )
    }
)
_KNOWN_CLASSES: Final = AXIOM_CLASSES | {
    iri(f"owl:{name}")
    for name in (
        "Annotation",
        "AnnotationProperty",
        "Axiom",
        "DeprecatedClass",
        "DeprecatedProperty",
        "NamedIndividual",
        "NegativePropertyAssertion",
        "Nothing",
        "Ontology",
        "OntologyProperty",
        "Restriction",
        "Thing",
    )
}
_EXPRESSIONS: Final[dict[str, tuple[Side, ...]]] = {
    "intersectionOf": ("subclass", "superclass", "equivalent"),
    "unionOf": ("subclass",),
    "oneOf": ("subclass",),
    "someValuesFrom": ("subclass",),
    "hasValue": ("subclass", "superclass", "equivalent"),
    "complementOf": ("superclass",),
    "allValuesFrom": ("superclass",),
    "maxCardinality": ("superclass",),
    "maxQualifiedCardinality": ("superclass",),
}
"""On which side of an axiom each kind of class expression may stand."""
_SIDES: Final[dict[str, tuple[Side | None, Side | None]]] = {
    iri("rdfs:subClassOf"): ("subclass", "superclass"),
    iri("owl:equivalentClass"): ("equivalent", "equivalent"),
    iri("owl:disjointWith"): ("subclass", "subclass"),
    iri("rdfs:domain"): (None, "superclass"),
    iri("rdfs:range"): (None, "superclass"),
    iri("owl:hasKey"): ("subclass", None),
    TYPE: (None, "superclass"),
}
"""Which class expressions may be subject and object of a predicate."""
_PROPERTY_AXIOMS: Final = {
    iri(name)
    for name in (
        "rdfs:subPropertyOf",
        "rdfs:domain",
        "rdfs:range",
        "owl:equivalentProperty",
        "owl:inverseOf",
        "owl:onProperty",
        "owl:propertyDisjointWith",
        "owl:propertyChainAxiom",
    )
}
_NOT_EMPTY: Final = {
    iri(f"owl:{name}") for name in ("intersectionOf", "propertyChainAxiom", "hasKey")
}
_OF_PROPERTIES: Final = {
    iri(f"owl:{name}") for name in ("propertyChainAxiom", "hasKey", "assertionProperty")
}
_WITH_LISTS: Final = {
    iri(f"owl:{name}")
    for name in (
        *("intersectionOf", "unionOf", "oneOf", "propertyChainAxiom", "hasKey"),
        *("members", "distinctMembers"),
    )
}
_RESERVED: Final = AXIOM_PREDICATES | {
    TYPE,
    SAME_AS,
    DIFFERENT_FROM,
    *(iri(f"owl:{end}{kind}Property") for end in ("top", "bottom") for kind in ("Object", "Data")),
}
_ONCE: Final = ('"0"^^', '"1"^^')


def is_of_schema(predicate: Term) -> bool:
    """Whether triples of a predicate, but that of kinds, may be part of an axiom."""
    return predicate in AXIOM_PREDICATES or predicate.startswith(_OWL)


def is_class_of_schema(kind: Term) -> bool:
    """Whether being of a class may be part of an axiom."""
    return kind in AXIOM_CLASSES or kind.startswith(("_:", '"', _OWL))


def outside(groups: Groups) -> list[str]:
    """The axioms that leave OWL 2 RL among grouped triples, in words with the reason; sorted."""
    index = Index(_in_question(groups))
    found = {words for triple in index.triples for words in _of_triple(triple, index)}
    return sorted(found)


def _in_question(groups: Groups) -> Iterator[Triple]:
    """The triples that are axioms, part of one, or in words of the ontology language."""
    for predicate, (subjects, values) in groups.items():
        if is_of_schema(predicate):
            for subject, value in zip(subjects, values, strict=True):
                yield subject, predicate, value
    subjects, kinds = groups.get(TYPE, ([], []))
    odd = {kind for kind in set(kinds) if kind.startswith(("_:", '"', _OWL))}
    for subject, kind in zip(subjects, kinds, strict=True):
        if kind in odd:
            yield subject, TYPE, kind


def _of_triple(triple: Triple, index: Index) -> Iterator[str]:
    subject, predicate, value = triple
    if predicate.startswith(_OWL) and predicate not in _KNOWN_PREDICATES:
        yield _said(triple, index, predicate, "no rule of OWL 2 RL reads it")
    if predicate == TYPE and value.startswith(_OWL) and value not in _KNOWN_CLASSES:
        yield _said(triple, index, value, "no rule of OWL 2 RL reads it")
    if predicate in _WITH_LISTS and next(iter(index.lists(value)), None) is None:
        yield _said(triple, index, predicate, "its list is circular or has no end")
    if predicate in _NOT_EMPTY and value == iri("rdf:nil"):
        yield _said(triple, index, predicate, "its list is empty")
    if predicate in _OF_PROPERTIES:
        members = next(iter(index.lists(value)), (value,))
        for term in members:
            if term in _RESERVED:
                yield _said(triple, index, term, "the ontology language is not spoken of")
    if predicate in _PROPERTY_AXIOMS:
        for term in (subject, value):
            if term in _RESERVED:
                yield _said(triple, index, term, "the ontology language is not spoken of")
    for term, side in zip((subject, value), _SIDES.get(predicate, (None, None)), strict=True):
        if side is not None:
            for construct, reason in _expression(term, side, index):
                yield _said(triple, index, construct, reason)
    if predicate == iri("owl:members"):
        for members in index.lists(value):
            for member in members:
                if (subject, TYPE, iri("owl:AllDisjointClasses")) in index.triples:
                    for construct, reason in _expression(member, "subclass", index):
                        yield _said(triple, index, construct, reason)
    if subject[0] == "<" and predicate.startswith(_OWL):
        name = predicate.removeprefix(_OWL).removesuffix(">")
        if name in _EXPRESSIONS:
            for construct, reason in _construct(name, value, subject, "equivalent", index):
                yield _said(triple, index, construct, reason)


def _expression(
    node: Term, side: Side, index: Index, within: frozenset[Term] = frozenset()
) -> Iterator[tuple[Term, str]]:
    """What is wrong with a class expression on one side of an axiom, which is part of others."""
    if node in within:
        yield node, "it is part of itself"
        return
    if node == THING and side != "superclass":
        yield node, "it says something of everything"
    if is_literal(node):
        yield node, "a literal is no class"
    if node[:2] != "_:":
        return
    constructs = [
        (predicate.removeprefix(_OWL).removesuffix(">"), value)
        for _, predicate, value in index.candidates((node, "?", "?"))
        if predicate.startswith(_OWL)
    ]
    defining = [(name, value) for name, value in constructs if name not in _PARTS]
    if not defining:
        yield node, "it is not a class expression"
    for name, value in defining:
        yield from _construct(name, value, node, side, index, within | {node})


_RESTRICTIONS: Final = frozenset(
    {
        *("someValuesFrom", "allValuesFrom", "hasValue"),
        *("maxCardinality", "maxQualifiedCardinality"),
    }
)
_PARTS: Final = {
    "onProperty",
    "onClass",
    "onDataRange",
    "disjointWith",
    "equivalentClass",
    "hasKey",
}
"""What an expression has beside the construct that defines it, and what may be said of it."""


def _construct(
    name: str,
    value: Term,
    node: Term,
    side: Side,
    index: Index,
    within: frozenset[Term] = frozenset(),
) -> Iterator[tuple[Term, str]]:
    construct = iri(f"owl:{name}")
    allowed = _EXPRESSIONS.get(name)
    if allowed is None:
        yield construct, "it is not in OWL 2 RL"
    elif side not in allowed:
        only = " and ".join(allowed)
        yield construct, f"it may stand in {only} expressions, not in {side} ones"
    elif name in _RESTRICTIONS and not index.candidates((node, iri("owl:onProperty"), "?")):
        yield construct, "it lacks owl:onProperty"
    elif name == "maxQualifiedCardinality" and not any(
        index.candidates((node, iri(f"owl:{part}"), "?")) for part in ("onClass", "onDataRange")
    ):
        yield construct, "it lacks owl:onClass"
    elif name in ("intersectionOf", "unionOf"):
        for members in index.lists(value):
            for member in members:
                yield from _expression(member, side, index, within)
    elif name == "oneOf":
        if any(is_literal(member) for members in index.lists(value) for member in members):
            yield construct, "a list of literals is not in OWL 2 RL"
    elif name == "complementOf":
        yield from _expression(value, "subclass", index, within)
    elif name in ("someValuesFrom", "allValuesFrom"):
        if value.startswith(_SYSTEM) and value not in (*DATATYPES, THING, NOTHING):
            yield value, "it is no datatype of OWL 2 RL"
        elif value != THING and value not in DATATYPES:
            yield from _expression(value, side, index, within)
    elif name.startswith("max"):
        yield from _cardinality(construct, value, node, index)


def _cardinality(
    construct: Term, value: Term, node: Term, index: Index
) -> Iterator[tuple[Term, str]]:
    if not value.startswith(_ONCE):
        yield construct, "its number is 0 or 1, and written so"
    elif not value.endswith(iri("xsd:nonNegativeInteger")):
        yield construct, "its number is an xsd:nonNegativeInteger"
    if index.candidates((node, iri("owl:onDataRange"), "?")):
        yield iri("owl:onDataRange"), "no rule of OWL 2 RL reads it"
    for _, _, filler in index.candidates((node, iri("owl:onClass"), "?")):
        if filler != THING:
            yield from _expression(filler, "subclass", index)


def _said(triple: Triple, index: Index, construct: Term, reason: str) -> str:
    axiom = " ".join(shown(term, index) for term in triple)
    return f"{axiom}: {shown(construct, index)} ({reason})"

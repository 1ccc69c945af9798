"""The OWL 2 RL/RDF rules as data: tables 4 to 9 of the OWL 2 Profiles specification.

https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules

A rule stands on a line: its name, what it needs, and after ``=>`` what follows, ``false`` where it
is a contradiction. Beside triples it may need something of the members of a list:

    member ?m ?list      ?m is one of them
    pair ?a ?b ?list     ?a and ?b stand at two places of it
    all ?x ?list         ?x is of every class of it
    chain ?x ?y ?list    properties of it lead from ?x to ?y, one after the other
    alike ?x ?y ?list    ?x and ?y have a value in common for every property of it

Four rules of table 8 compute with literals. They are written with three conditions:

    literal ?l ?type         ?l is a literal whose value is one of the datatype ?type
    equal ?l ?m              ?l and ?m are different literals of one value
    not-literal ?l ?type     ?l is a literal whose value is not one of the datatype ?type
    unequal ?l ?m            ?l and ?m are literals of different values

dt-diff lists no pairs here: what it says is only ever read by eq-diff1, which is what the rule of
this name concludes. cls-maxqc and cls-maxc need the number as ``"0"`` or ``"1"`` of the datatype
``xsd:nonNegativeInteger``, as the specification does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from kg.columns import FIRST, REST
from kg.terms import Term, Triple, iri, is_variable

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPE: Final = iri("rdf:type")
SAME_AS: Final = iri("owl:sameAs")
DIFFERENT_FROM: Final = iri("owl:differentFrom")
THING: Final = iri("owl:Thing")
NOTHING: Final = iri("owl:Nothing")

TABLES: Final = """
Table 4: equality
eq-ref     ?s ?p ?o                                     => ?s owl:sameAs ?s . ?p owl:sameAs ?p . ?o owl:sameAs ?o
eq-sym     ?x owl:sameAs ?y                             => ?y owl:sameAs ?x
eq-trans   ?x owl:sameAs ?y . ?y owl:sameAs ?z          => ?x owl:sameAs ?z
eq-rep-s   ?s owl:sameAs ?t . ?s ?p ?o                  => ?t ?p ?o
eq-rep-p   ?p owl:sameAs ?q . ?s ?p ?o                  => ?s ?q ?o
eq-rep-o   ?o owl:sameAs ?t . ?s ?p ?o                  => ?s ?p ?t
eq-diff1   ?x owl:sameAs ?y . ?x owl:differentFrom ?y   => false
eq-diff2   ?x rdf:type owl:AllDifferent . ?x owl:members ?l . pair ?y ?z ?l . ?y owl:sameAs ?z => false
eq-diff3   ?x rdf:type owl:AllDifferent . ?x owl:distinctMembers ?l . pair ?y ?z ?l . ?y owl:sameAs ?z => false

Table 5: properties
prp-ap     => rdfs:label rdf:type owl:AnnotationProperty . rdfs:comment rdf:type owl:AnnotationProperty . rdfs:seeAlso rdf:type owl:AnnotationProperty . rdfs:isDefinedBy rdf:type owl:AnnotationProperty . owl:deprecated rdf:type owl:AnnotationProperty . owl:versionInfo rdf:type owl:AnnotationProperty . owl:priorVersion rdf:type owl:AnnotationProperty . owl:backwardCompatibleWith rdf:type owl:AnnotationProperty . owl:incompatibleWith rdf:type owl:AnnotationProperty
prp-dom    ?p rdfs:domain ?c . ?x ?p ?y                 => ?x rdf:type ?c
prp-rng    ?p rdfs:range ?c . ?x ?p ?y                  => ?y rdf:type ?c
prp-fp     ?p rdf:type owl:FunctionalProperty . ?x ?p ?y . ?x ?p ?z => ?y owl:sameAs ?z
prp-ifp    ?p rdf:type owl:InverseFunctionalProperty . ?x ?p ?z . ?y ?p ?z => ?x owl:sameAs ?y
prp-irp    ?p rdf:type owl:IrreflexiveProperty . ?x ?p ?x => false
prp-symp   ?p rdf:type owl:SymmetricProperty . ?x ?p ?y => ?y ?p ?x
prp-asyp   ?p rdf:type owl:AsymmetricProperty . ?x ?p ?y . ?y ?p ?x => false
prp-trp    ?p rdf:type owl:TransitiveProperty . ?x ?p ?y . ?y ?p ?z => ?x ?p ?z
prp-spo1   ?p rdfs:subPropertyOf ?q . ?x ?p ?y          => ?x ?q ?y
prp-spo2   ?p owl:propertyChainAxiom ?l . chain ?x ?y ?l => ?x ?p ?y
prp-eqp1   ?p owl:equivalentProperty ?q . ?x ?p ?y      => ?x ?q ?y
prp-eqp2   ?p owl:equivalentProperty ?q . ?x ?q ?y      => ?x ?p ?y
prp-pdw    ?p owl:propertyDisjointWith ?q . ?x ?p ?y . ?x ?q ?y => false
prp-adp    ?z rdf:type owl:AllDisjointProperties . ?z owl:members ?l . pair ?p ?q ?l . ?x ?p ?y . ?x ?q ?y => false
prp-inv1   ?p owl:inverseOf ?q . ?x ?p ?y               => ?y ?q ?x
prp-inv2   ?p owl:inverseOf ?q . ?x ?q ?y               => ?y ?p ?x
prp-key    ?c owl:hasKey ?l . ?x rdf:type ?c . ?y rdf:type ?c . alike ?x ?y ?l => ?x owl:sameAs ?y
prp-npa1   ?n owl:sourceIndividual ?x . ?n owl:assertionProperty ?p . ?n owl:targetIndividual ?y . ?x ?p ?y => false
prp-npa2   ?n owl:sourceIndividual ?x . ?n owl:assertionProperty ?p . ?n owl:targetValue ?y . ?x ?p ?y => false

Table 6: classes
cls-thing     => owl:Thing rdf:type owl:Class
cls-nothing1  => owl:Nothing rdf:type owl:Class
cls-nothing2  ?x rdf:type owl:Nothing                   => false
cls-int1   ?c owl:intersectionOf ?l . all ?x ?l         => ?x rdf:type ?c
cls-int2   ?c owl:intersectionOf ?l . member ?d ?l . ?x rdf:type ?c => ?x rdf:type ?d
cls-uni    ?c owl:unionOf ?l . member ?d ?l . ?x rdf:type ?d => ?x rdf:type ?c
cls-com    ?c owl:complementOf ?d . ?x rdf:type ?c . ?x rdf:type ?d => false
cls-svf1   ?c owl:someValuesFrom ?d . ?c owl:onProperty ?p . ?x ?p ?y . ?y rdf:type ?d => ?x rdf:type ?c
cls-svf2   ?c owl:someValuesFrom owl:Thing . ?c owl:onProperty ?p . ?x ?p ?y => ?x rdf:type ?c
cls-avf    ?c owl:allValuesFrom ?d . ?c owl:onProperty ?p . ?x rdf:type ?c . ?x ?p ?y => ?y rdf:type ?d
cls-hv1    ?c owl:hasValue ?y . ?c owl:onProperty ?p . ?x rdf:type ?c => ?x ?p ?y
cls-hv2    ?c owl:hasValue ?y . ?c owl:onProperty ?p . ?x ?p ?y => ?x rdf:type ?c
cls-maxc1  ?c owl:maxCardinality "0" . ?c owl:onProperty ?p . ?x rdf:type ?c . ?x ?p ?y => false
cls-maxc2  ?c owl:maxCardinality "1" . ?c owl:onProperty ?p . ?x rdf:type ?c . ?x ?p ?y . ?x ?p ?z => ?y owl:sameAs ?z
cls-maxqc1 ?c owl:maxQualifiedCardinality "0" . ?c owl:onProperty ?p . ?c owl:onClass ?d . ?x rdf:type ?c . ?x ?p ?y . ?y rdf:type ?d => false
cls-maxqc2 ?c owl:maxQualifiedCardinality "0" . ?c owl:onProperty ?p . ?c owl:onClass owl:Thing . ?x rdf:type ?c . ?x ?p ?y => false
cls-maxqc3 ?c owl:maxQualifiedCardinality "1" . ?c owl:onProperty ?p . ?c owl:onClass ?d . ?x rdf:type ?c . ?x ?p ?y . ?y rdf:type ?d . ?x ?p ?z . ?z rdf:type ?d => ?y owl:sameAs ?z
cls-maxqc4 ?c owl:maxQualifiedCardinality "1" . ?c owl:onProperty ?p . ?c owl:onClass owl:Thing . ?x rdf:type ?c . ?x ?p ?y . ?x ?p ?z => ?y owl:sameAs ?z
cls-oo     ?c owl:oneOf ?l . member ?x ?l               => ?x rdf:type ?c

Table 7: class axioms
cax-sco    ?c rdfs:subClassOf ?d . ?x rdf:type ?c       => ?x rdf:type ?d
cax-eqc1   ?c owl:equivalentClass ?d . ?x rdf:type ?c   => ?x rdf:type ?d
cax-eqc2   ?c owl:equivalentClass ?d . ?x rdf:type ?d   => ?x rdf:type ?c
cax-dw     ?c owl:disjointWith ?d . ?x rdf:type ?c . ?x rdf:type ?d => false
cax-adc    ?z rdf:type owl:AllDisjointClasses . ?z owl:members ?l . pair ?c ?d ?l . ?x rdf:type ?c . ?x rdf:type ?d => false

Table 8: datatypes
dt-type1   datatype ?t                                  => ?t rdf:type rdfs:Datatype
dt-type2   literal ?x ?t                                => ?x rdf:type ?t
dt-eq      equal ?x ?y                                  => ?x owl:sameAs ?y
dt-diff    ?x owl:sameAs ?y . unequal ?x ?y             => false
dt-not-type ?x rdf:type ?t . not-literal ?x ?t          => false

Table 9: schema vocabulary
scm-cls    ?c rdf:type owl:Class                        => ?c rdfs:subClassOf ?c . ?c owl:equivalentClass ?c . ?c rdfs:subClassOf owl:Thing . owl:Nothing rdfs:subClassOf ?c
scm-sco    ?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?e => ?c rdfs:subClassOf ?e
scm-eqc1   ?c owl:equivalentClass ?d                    => ?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?c
scm-eqc2   ?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?c => ?c owl:equivalentClass ?d
scm-op     ?p rdf:type owl:ObjectProperty               => ?p rdfs:subPropertyOf ?p . ?p owl:equivalentProperty ?p
scm-dp     ?p rdf:type owl:DatatypeProperty             => ?p rdfs:subPropertyOf ?p . ?p owl:equivalentProperty ?p
scm-spo    ?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?r => ?p rdfs:subPropertyOf ?r
scm-eqp1   ?p owl:equivalentProperty ?q                 => ?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?p
scm-eqp2   ?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?p => ?p owl:equivalentProperty ?q
scm-dom1   ?p rdfs:domain ?c . ?c rdfs:subClassOf ?d    => ?p rdfs:domain ?d
scm-dom2   ?q rdfs:domain ?c . ?p rdfs:subPropertyOf ?q => ?p rdfs:domain ?c
scm-rng1   ?p rdfs:range ?c . ?c rdfs:subClassOf ?d     => ?p rdfs:range ?d
scm-rng2   ?q rdfs:range ?c . ?p rdfs:subPropertyOf ?q  => ?p rdfs:range ?c
scm-hv     ?c owl:hasValue ?x . ?c owl:onProperty ?p . ?d owl:hasValue ?x . ?d owl:onProperty ?q . ?p rdfs:subPropertyOf ?q => ?c rdfs:subClassOf ?d
scm-svf1   ?c owl:someValuesFrom ?y . ?c owl:onProperty ?p . ?d owl:someValuesFrom ?z . ?d owl:onProperty ?p . ?y rdfs:subClassOf ?z => ?c rdfs:subClassOf ?d
scm-svf2   ?c owl:someValuesFrom ?y . ?c owl:onProperty ?p . ?d owl:someValuesFrom ?y . ?d owl:onProperty ?q . ?p rdfs:subPropertyOf ?q => ?c rdfs:subClassOf ?d
scm-avf1   ?c owl:allValuesFrom ?y . ?c owl:onProperty ?p . ?d owl:allValuesFrom ?z . ?d owl:onProperty ?p . ?y rdfs:subClassOf ?z => ?c rdfs:subClassOf ?d
scm-avf2   ?c owl:allValuesFrom ?y . ?c owl:onProperty ?p . ?d owl:allValuesFrom ?y . ?d owl:onProperty ?q . ?p rdfs:subPropertyOf ?q => ?d rdfs:subClassOf ?c
scm-int    ?c owl:intersectionOf ?l . member ?d ?l      => ?c rdfs:subClassOf ?d
scm-uni    ?c owl:unionOf ?l . member ?d ?l             => ?d rdfs:subClassOf ?c
"""  # noqa: E501

LISTS: Final = frozenset({"member", "pair", "all", "chain", "alike"})
COMPUTED: Final = frozenset({"datatype", "literal", "equal", "unequal", "not-literal"})
_NUMBER: Final = iri("xsd:nonNegativeInteger")


@dataclass(frozen=True)
class Condition:
    """What a rule needs beside triples: of the members of a list, or of the values of literals."""

    kind: str
    terms: tuple[Term, ...]

    @property
    def list_(self) -> Term:
        """The list that the condition is about."""
        return self.terms[-1]


@dataclass(frozen=True)
class Rule:
    """One rule of the tables; no ``conclusions`` means that the premises contradict each other."""

    name: str
    table: int
    patterns: tuple[Triple, ...]
    conditions: tuple[Condition, ...]
    conclusions: tuple[Triple, ...]

    @property
    def axioms(self) -> tuple[Triple, ...]:
        """The premises that are part of an axiom."""
        return tuple(pattern for pattern in self.patterns if is_axiom(pattern))

    @property
    def facts(self) -> tuple[Triple, ...]:
        """The premises that any statement may meet."""
        return tuple(pattern for pattern in self.patterns if not is_axiom(pattern))


def conditions_on_members(
    condition: Condition, members: tuple[Term, ...]
) -> Iterator[tuple[dict[Term, Term], tuple[Triple, ...]]]:
    """The ways to meet a condition on a list: what gets bound, and the triples that it needs."""
    first, *others = condition.terms[:-1]
    if condition.kind == "member":
        for member in members:
            yield {first: member}, ()
    elif condition.kind == "pair":
        for place, one in enumerate(members):
            for other in members[place + 1 :]:
                yield {first: one, others[0]: other}, ()
    elif condition.kind == "all":
        yield {}, tuple((first, TYPE, member) for member in members)
    elif condition.kind == "chain":
        steps = [first, *(f"?{n}" for n in range(1, len(members))), others[0]]
        places = zip(steps, members, steps[1:], strict=False)
        yield {}, tuple((here, member, there) for here, member, there in places)
    else:
        needed: list[Triple] = []
        for place, member in enumerate(members):
            needed += [(first, member, f"?{place}"), (others[0], member, f"?{place}")]
        yield {}, tuple(needed)


@cache
def rules() -> tuple[Rule, ...]:
    """The rules of all tables, in their order."""
    found: list[Rule] = []
    table = 0
    for line in TABLES.splitlines():
        if heading := re.match(r"Table (\d)", line):
            table = int(heading[1])
        elif line:
            found.append(_rule(line, table))
    return tuple(found)


def _rule(line: str, table: int) -> Rule:
    name, _, rest = line.partition(" ")
    needed, _, concluded = rest.partition("=>")
    patterns: list[Triple] = []
    conditions: list[Condition] = []
    for words in _parts(needed):
        if words[0] in LISTS | COMPUTED:
            conditions.append(Condition(words[0], tuple(map(_term, words[1:]))))
        else:
            patterns.append(_triple(words))
    conclusions = () if concluded.strip() == "false" else tuple(map(_triple, _parts(concluded)))
    return Rule(name, table, tuple(patterns), tuple(conditions), conclusions)


def _parts(text: str) -> list[list[str]]:
    return [part.split() for part in text.split(" . ") if part.strip()]


def _triple(words: list[str]) -> Triple:
    subject, predicate, value = map(_term, words)
    return subject, predicate, value


def _term(word: str) -> Term:
    if word[0] == '"':
        return f"{word}^^{_NUMBER}"
    return word if is_variable(word) else iri(word)


AXIOM_PREDICATES: Final = frozenset(
    predicate
    for rule in rules()
    for _, predicate, _ in rule.patterns
    if not is_variable(predicate) and predicate not in (TYPE, SAME_AS, DIFFERENT_FROM)
) | {FIRST, REST}
"""The predicates of which every triple is part of an axiom."""
AXIOM_CLASSES: Final = frozenset(
    value
    for rule in rules()
    for _, predicate, value in rule.patterns
    if predicate == TYPE and not is_variable(value) and value != NOTHING
)
"""The classes of which every membership is part of an axiom."""


def is_axiom(triple: Triple) -> bool:
    """Whether a triple or a pattern is part of an axiom rather than a fact."""
    _, predicate, value = triple
    return predicate in AXIOM_PREDICATES or (predicate == TYPE and value in AXIOM_CLASSES)

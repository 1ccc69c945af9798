"""Random small ontologies in OWL 2 RL, with facts: what the evaluators are compared on."""

from __future__ import annotations

from hypothesis import strategies as st

from kg.reason.rules import TYPE
from kg.terms import Triple, iri

CLASSES = [f"<http://example.org/{name}>" for name in "ABCD"]
RELATIONS = [f"<http://example.org/{name}>" for name in "pqr"]
ATTRIBUTES = [f"<http://example.org/{name}>" for name in "st"]
"""As OWL has it, a property either relates things or gives them a literal."""
THINGS = [f"<http://example.org/{name}>" for name in ("a", "b", "c", "d")]
LITERALS = [
    f'"{text}"^^{iri(f"xsd:{kind}")}'
    for text, kind in (("1", "integer"), ("2", "integer"), ("300", "integer"), ("1", "decimal"))
] + ['"one"']
ONE, NONE = (f'"{digit}"^^{iri("xsd:nonNegativeInteger")}' for digit in "10")


@st.composite
def expressions(draw: st.DrawFn, side: str, node: str = "_:x") -> tuple[str, list[Triple]]:
    """A class expression that may stand on a side of an axiom, with the triples it is made of."""
    kinds = ["named", "named", "value"]
    kinds += ["some", "some-thing", "integers", "union", "one-of", "and"] * (side == "sub")
    kinds += ["only", "bytes", "not", "max", "max-qualified", "and"] * (side == "super")
    kinds += ["and"] * (side == "equivalent")
    kind = draw(st.sampled_from(kinds))
    if kind == "named":
        return draw(st.sampled_from(CLASSES)), []
    literal = kind in ("integers", "bytes") or (kind in ("value", "max") and draw(st.booleans()))
    prop = draw(st.sampled_from(ATTRIBUTES if literal else RELATIONS))
    number = draw(st.sampled_from([ONE, NONE]))
    other = draw(st.sampled_from(CLASSES))
    on = (node, iri("owl:onProperty"), prop)
    if kind == "value":
        value = draw(st.sampled_from(LITERALS if literal else THINGS))
        return node, [on, (node, iri("owl:hasValue"), value)]
    if kind == "max":
        return node, [on, (node, iri("owl:maxCardinality"), number)]
    if kind == "max-qualified":
        of = draw(st.sampled_from([*CLASSES, iri("owl:Thing")]))
        qualified = (node, iri("owl:maxQualifiedCardinality"), number)
        return node, [on, qualified, (node, iri("owl:onClass"), of)]
    if kind == "not":
        return node, [(node, iri("owl:complementOf"), other)]
    fillers = {
        "some": ("owl:someValuesFrom", other),
        "some-thing": ("owl:someValuesFrom", iri("owl:Thing")),
        "integers": ("owl:someValuesFrom", iri("xsd:integer")),
        "only": ("owl:allValuesFrom", other),
        "bytes": ("owl:allValuesFrom", iri("xsd:byte")),
    }
    if kind in fillers:
        word, filler = fillers[kind]
        return node, [on, (node, iri(word), filler)]
    if kind == "one-of":
        members = draw(st.lists(st.sampled_from(THINGS), min_size=1, max_size=2))
        return node, [(node, iri("owl:oneOf"), f"{node}l0"), *a_list(node, members)]
    members = draw(st.lists(st.sampled_from(CLASSES), min_size=2, max_size=3))
    word = "owl:unionOf" if kind == "union" else "owl:intersectionOf"
    return node, [(node, iri(word), f"{node}l0"), *a_list(node, members)]


def a_list(node: str, members: list[str]) -> list[Triple]:
    """The cells of a list, named after the node that has it."""
    cells: list[Triple] = []
    for place, member in enumerate(members):
        last = place == len(members) - 1
        rest = iri("rdf:nil") if last else f"{node}l{place + 1}"
        cells += [(f"{node}l{place}", iri("rdf:first"), member)]
        cells += [(f"{node}l{place}", iri("rdf:rest"), rest)]
    return cells


@st.composite
def axioms(draw: st.DrawFn) -> list[Triple]:
    """One axiom of OWL 2 RL."""
    kind = draw(st.sampled_from(["class", "class", "class", "property", "property", "list"]))
    literal = draw(st.integers(0, 3)) == 0
    properties = ATTRIBUTES if literal else RELATIONS
    one, other = draw(st.sampled_from(properties)), draw(st.sampled_from(properties))
    if kind == "class":
        word = draw(
            st.sampled_from(["subClassOf", "equivalentClass", "disjointWith", "domain", "range"])
        )
        if word in ("domain", "range"):
            node, parts = draw(expressions("super"))
            if word == "range" and literal:
                node, parts = iri("xsd:byte"), []
            return [(one, iri(f"rdfs:{word}"), node), *parts]
        left, right = {
            "subClassOf": ("sub", "super"),
            "equivalentClass": ("equivalent", "equivalent"),
            "disjointWith": ("sub", "sub"),
        }[word]
        first, parts = draw(expressions(left))
        second, more = draw(expressions(right, "_:y"))
        space = "rdfs" if word == "subClassOf" else "owl"
        return [(first, iri(f"{space}:{word}"), second), *parts, *more]
    if kind == "property":
        between = ["rdfs:subPropertyOf", "owl:equivalentProperty", "owl:propertyDisjointWith"]
        alone = ["Functional"]
        if not literal:
            between += ["owl:inverseOf"]
            alone += ["InverseFunctional", "Irreflexive", "Symmetric", "Asymmetric", "Transitive"]
        word = draw(st.sampled_from([*between, *alone]))
        if word in alone:
            return [(one, TYPE, iri(f"owl:{word}Property"))]
        return [(one, iri(word), other)]
    node = "_:x"
    words = ["key", "disjoint", "properties", "different", "negative"]
    word = draw(st.sampled_from(words if literal else ["chain", *words]))
    pick = {"disjoint": CLASSES, "different": THINGS}.get(word, properties)
    members = draw(st.lists(st.sampled_from(pick), min_size=2, max_size=3))
    cells = a_list(node, members)
    if word == "chain":
        return [(one, iri("owl:propertyChainAxiom"), f"{node}l0"), *cells]
    if word == "key":
        return [(draw(st.sampled_from(CLASSES)), iri("owl:hasKey"), f"{node}l0"), *cells]
    if word == "negative":
        return [
            (node, iri("owl:sourceIndividual"), draw(st.sampled_from(THINGS))),
            (node, iri("owl:assertionProperty"), one),
            (node, iri("owl:targetValue"), draw(st.sampled_from(LITERALS)))
            if literal
            else (node, iri("owl:targetIndividual"), draw(st.sampled_from(THINGS))),
        ]
    kinds = {"disjoint": "Classes", "properties": "Properties"}
    named = iri(f"owl:AllDisjoint{kinds[word]}" if word in kinds else "owl:AllDifferent")
    return [(node, TYPE, named), (node, iri("owl:members"), f"{node}l0"), *cells]


def facts() -> st.SearchStrategy[Triple]:
    """A statement about a few things."""
    thing = st.sampled_from(THINGS)
    relation, attribute = st.sampled_from(RELATIONS), st.sampled_from(ATTRIBUTES)
    same = st.sampled_from([iri("owl:sameAs"), iri("owl:differentFrom")])
    return st.one_of(
        st.tuples(thing, st.just(TYPE), st.sampled_from(CLASSES)),
        st.tuples(thing, relation, thing),
        st.tuples(thing, attribute, st.sampled_from(LITERALS)),
        st.tuples(thing, same, thing),
    )


@st.composite
def worlds(draw: st.DrawFn) -> set[Triple]:
    """A small ontology in OWL 2 RL with some facts."""
    chosen = draw(st.lists(axioms(), max_size=6))
    stated = draw(st.lists(facts(), max_size=8))
    apart = {
        tuple(f"_:n{place}{term[2:]}" if term.startswith("_:") else term for term in triple)
        for place, axiom in enumerate(chosen)
        for triple in axiom
    }
    return apart | set(stated)

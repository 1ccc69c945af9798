"""A text in which parameters have their terms: the same answers, whatever the value."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import BadInput
from kg.namespaces import PREFIXES
from kg.project import Project
from kg.queries import Catalogue, Parameter, Term, bound
from kg.queries.binding import as_sparql
from kg.store import EmbeddedStore
from kg.tokens import tokens, without_codepoint_escapes

STRING = f"{PREFIXES['xsd']}string"
DATA = b"""
PREFIX : <http://a/>
:x :q :t ; :in :C . :y :q :u ; :in :C . :z :q :t , :u .
:g { :x :q :t } :t { :x :q :u }
"""
SHAPES = [
    "SELECT ?x ?p { ?x :q ?p }",
    "SELECT ?x ?p { ?x :q $p } ORDER BY ?p",
    "SELECT * FROM <http://a/g> WHERE { ?x :q ?p }",
    "SELECT ?x ?p { { SELECT ?x { ?x :q ?p } } }",
    "SELECT ?x ?p { { SELECT * { ?x :q ?p } } }",
    "SELECT ?x ?p { { SELECT ?x (?y AS ?p) { ?x :q ?y } } }",
    "SELECT ?x ?p ?n { ?x :in :C { SELECT (COUNT(?p) AS ?n) { ?z :q ?p } } }",
    "SELECT ?x ?p ?n { ?x :in :C { SELECT ?p (COUNT(*) AS ?n) { ?z :q ?p } GROUP BY ?p } }",
    "SELECT ?p (COUNT(*) AS ?n) { ?z :q ?r } GROUP BY ?p HAVING(?p = :t)",
    "SELECT ?x ?p { ?x :in :C FILTER EXISTS { ?x :q ?p } }",
    "SELECT ?x ?p { ?x :in :C MINUS { ?x :q ?p } }",
    "SELECT ?x ?p { ?x :in :C MINUS { ?y :q ?p } }",
    "SELECT ?x ?p { ?x :in :C . { FILTER(?p = :t) } }",
    "SELECT ?x ?p { { SELECT ?x { ?x :in :C } } FILTER(?p = :t) }",
    "SELECT ?x ?p { GRAPH ?p { ?x ?z ?y } }",
    "SELECT ?x ?p { GRAPH :g { ?x ?z ?p FILTER(?p = :t) } }",
    "SELECT ?x ?p ?d { ?x :in :C OPTIONAL { ?x :q ?d FILTER(?d = ?p) } }",
    "SELECT ?x ?p ?d { ?x :in :C OPTIONAL { { ?x :q ?d FILTER(?d = ?p) } } }",
    "SELECT ?x ?p { { ?x :q ?p } UNION { ?x :in :C } }",
    "SELECT ?x ?p { ?x (:q|!:z)* ?p }",
    "SELECT ?p ?e { ?x :q ?p BIND(?p AS ?e) }",
    "SELECT ?x ?p WHERE { VALUES ?x { :x :z } ?x :q ?p VALUES (?a ?p) { (1 :t) (2 :u) } }",
    "SELECT ?p ?x { ?x :q ?p FILTER(STR(?p) != '{ ?p }') # { ?p\n}",
    "SELECT ?x ?p { ?x :q ?p } # { ?p",
    "ASK { ?x :q ?p }",
    "ASK FROM NAMED <http://a/g> { GRAPH ?g { ?x :q ?p } }",
    "CONSTRUCT { ?x :r ?p } WHERE { ?x :q ?p }",
    "CONSTRUCT { ?x :r ?p } { ?x :q ?p }",
    "CONSTRUCT WHERE { ?x :q ?p }",
    "CONSTRUCT FROM :g WHERE { ?x :q ?p }",
    "DESCRIBE ?p { ?x :q ?p }",
    "DESCRIBE ?p",
]


def answer(text: str, **more: object) -> object:
    """What Oxigraph answers: a truth, or rows as sorted texts."""
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TRIG)
    found = store.query(text, **more)  # type: ignore[arg-type]
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    return sorted(" ".join(map(str, row)) for row in found)


@pytest.mark.parametrize("value", ["http://a/t", "http://a/none"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_answers_as_when_the_engine_binds(shape: str, value: str) -> None:
    """In groups, filters, graphs and sub-queries, and where no pattern may be added."""
    assert len(SHAPES) >= 32
    text = f"PREFIX : <http://a/> {shape}"
    term = ox.NamedNode(value)

    assert answer(bound(text, {"p": Term(value)})) == answer(
        text, substitutions={ox.Variable("p"): term}
    )


def test_every_question_answers_as_when_the_engine_binds(
    project: Project, store: EmbeddedStore
) -> None:
    """Each with each example of each parameter."""
    asked = 0
    for query in Catalogue.read(project.query_files()):
        for parameter in query.parameters:
            for example in (parameter.default, *parameter.examples):
                terms = query.bind({parameter.name: example})
                columns, rows = store.query(bound(query.text, terms)).rows()
                wanted, same = store.query(query.text, terms).rows()
                assert (columns, [*rows]) == (wanted, [*same])
                asked += 1
    assert asked >= 20


def test_a_text_without_parameters_stays() -> None:
    """To the last byte."""
    assert bound("SELECT * { ?s ?p ?o } # {", {}) == "SELECT * { ?s ?p ?o } # {"


@pytest.mark.parametrize(
    ("term", "written"),
    [
        (Term("urn:a"), "<urn:a>"),
        (Term('a "b"\n\\', STRING), r'"a \"b\"\n\\"'),
        (Term(r"\u0022", STRING), r'"\\\U000000750022"'),
        (Term(r"\U00000022", STRING), r'"\\\U0000005500000022"'),
        (Term("\x01", STRING), r'"\U00000001"'),
        (Term("1", f"{PREFIXES['xsd']}integer"), f'"1"^^<{PREFIXES["xsd"]}integer>'),
    ],
)
def test_terms_as_sparql(term: Term, written: str) -> None:
    """What ends a string is escaped, and what an early reader of escapes would take for one."""
    assert as_sparql(term) == written


HOSTILE = [
    '"',
    "'''",
    '"""',
    "\\",
    '\\"',
    r"\u0022 } SERVICE <http://a/> { ?s ?p ?o } #",
    r"\\u0022",
    r"\\\u0022",
    r"\U00000022",
    '" } ; DROP ALL #',
    "> } #",
    "\n}",
    "\r\n\t\f\x7f\x01",
    "?p $p {} VALUES",
    "\u2028\ufeff\U0001f600",
    "",
]
"""Texts that would end a string, or be taken for something else."""


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(HOSTILE))
def test_a_value_stays_one(text: str) -> None:
    """One token, with the value that was given, for engines that resolve escapes early and late."""
    parameter = Parameter("p", "string", "", "")
    try:
        term = parameter.term(text)
    except BadInput:
        assert "\x00" in text
        return
    written = as_sparql(term)
    query = bound("SELECT ?p { }", {"p": term})

    assert [token.kind for token in tokens(written)] == ["string"]
    assert [token.kind for token in tokens(without_codepoint_escapes(written))] == ["string"]
    for version in (query, without_codepoint_escapes(query)):
        assert answer(version) == [str(ox.Literal(text))]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_stays_one_for_rdflib(text: str) -> None:
    """Which replaces escapes in the whole text before it parses it."""
    query = bound("SELECT ?p { FILTER(isLiteral(?p)) }", {"p": Term(text, STRING)})

    assert [str(row.p) for row in rdflib.Graph().query(query)] == [text]


@given(st.text(max_size=30) | st.sampled_from([*HOSTILE, "x:>", "x:\\u003E", "a:b}", "\ud800"]))
def test_an_iri_stays_one(text: str) -> None:
    """Or is refused before anything is sent."""
    try:
        term = Parameter("p", "iri", "", "urn:x").term(text)
    except BadInput:
        return
    kinds = [token.kind for token in tokens(bound("SELECT ?p { }", {"p": term}))]

    assert kinds.count("iri") == 1
    assert "other" not in kinds
    assert len(kinds) == len([*tokens("SELECT ?p { VALUES ?p { <urn:x> } }")])


@pytest.mark.parametrize("kind", ["iri", "string"])
def test_half_a_character_is_none(kind: str) -> None:
    """A surrogate by itself cannot be written in UTF-8."""
    with pytest.raises(BadInput, match="value must be"):
        Parameter("value", kind, "", "urn:x").term("urn:x\udcff")

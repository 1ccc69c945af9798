"""What a service is told of the values that are asked for: answers stay the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from kg.errors import BadQuery
from kg.queries import MOST_ROWS, narrowed, narrowings
from kg.store import EmbeddedStore
from tests.test_front import asked, get, serving_with
from tests.test_services import ONE, peer, said

SERVICE = "http://s/"
NAMES = ["a", "b", "c"]
HERE = ["<urn:p>", "<urn:q>"]
THERE = ["<urn:r>", "<urn:t>"]


def pieces(text: str) -> list[tuple[tuple[str, ...], str]]:
    """The variables that services are told, with the query that gives the values."""
    return [(one.variables, " ".join(one.query.split())) for one in narrowings(text)]


FIRST = "?o <urn:m> ?item . FILTER (LANG(?n) = 'en') ?o <urn:l> ?n"
TOLD = [
    (f"SELECT * {{ {FIRST} SERVICE <{SERVICE}> {{ ?item <urn:d> ?d }} }}", ("item",)),
    (f"SELECT * {{ {FIRST} SERVICE SILENT <{SERVICE}> {{ ?item <urn:d> ?n }} }}", ("item", "n")),
    (f"ASK {{ {FIRST} OPTIONAL {{ SERVICE <{SERVICE}> {{ ?item <urn:d> ?d }} }} }}", ("item",)),
    (f"ASK {{ {FIRST} {{ SERVICE <{SERVICE}> {{ ?x <urn:d> ?item }} }} }}", ("item",)),
    (f"CONSTRUCT {{ ?o ?n ?d }} {{ {FIRST} SERVICE <{SERVICE}> {{ ?o ?p ?d }} }}", ("o",)),
    (f"SELECT * {{ GRAPH ?g {{ {FIRST} }} SERVICE <{SERVICE}> {{ ?g ?p ?d }} }}", ("g",)),
    (f"SELECT * {{ {FIRST} BIND (1 AS ?d) SERVICE <{SERVICE}> {{ ?item ?p ?d }} }}", ("item",)),
    (f"SELECT * {{ {FIRST} OPTIONAL {{ ?o ?p ?d }} SERVICE <{SERVICE}> {{ ?d ?p ?o }} }}", ("o",)),
]
NOT_TOLD = [
    f"SELECT * {{ SERVICE <{SERVICE}> {{ ?item <urn:d> ?d }} ?o <urn:m> ?item }}",
    f"SELECT * {{ ?o <urn:m> ?x SERVICE <{SERVICE}> {{ ?item <urn:d> ?d }} }}",
    f"SELECT * {{ {FIRST} SERVICE <{SERVICE}> {{ ?x ?y ?z OPTIONAL {{ ?item <urn:d> ?d }} }} }}",
    f"SELECT * {{ {FIRST} SERVICE <{SERVICE}> {{ SELECT ?item {{ ?item <urn:d> ?d }} }} }}",
    f"SELECT * {{ {FIRST} {{ SELECT ?item {{ SERVICE <{SERVICE}> {{ ?item ?p ?d }} }} }} }}",
    f"SELECT * {{ {FIRST} FILTER EXISTS {{ SERVICE <{SERVICE}> {{ ?item <urn:d> ?d }} }} }}",
    f"SELECT * {{ OPTIONAL {{ {FIRST} }} SERVICE <{SERVICE}> {{ ?item <urn:d> ?d }} }}",
    f"SELECT * {{ {{ {FIRST} }} UNION {{ ?x ?y ?z }} SERVICE <{SERVICE}> {{ ?item ?p ?d }} }}",
    f"SELECT * {{ SELECT ?item {{ {FIRST} SERVICE <{SERVICE}> {{ ?item <urn:d> ?d }} }} }}",
    f"SELECT * {{ VALUES ?item {{ UNDEF }} SERVICE <{SERVICE}> {{ ?item <urn:d> ?d }} }}",
    "SELECT * { ?s ?p ?o SERVICE ?o { ?s ?p ?o }",
    "SERVICE",
    "SELECT * { SERVICE",
]


@pytest.mark.parametrize(("text", "variables"), TOLD)
def test_what_a_service_is_told(text: str, variables: tuple[str, ...]) -> None:
    """The variables of the first part that it has in patterns which have to match."""
    assert len(TOLD) >= 8
    ((found, query),) = pieces(text)
    assert found == variables
    assert query.startswith(f"SELECT DISTINCT ?{' ?'.join(variables)} WHERE {{ ")
    assert query.endswith(f" }} LIMIT {MOST_ROWS + 1}")
    assert ("FILTER (LANG(?n) = 'en')" in query) == (FIRST in text)
    assert "SERVICE" not in query


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_a_service_is_not_told(text: str) -> None:
    """Where a row might have no value, or the pattern is evaluated by itself."""
    assert len(NOT_TOLD) >= 13
    assert pieces(text) == []


def test_the_dataset_and_the_prologue_are_the_querys() -> None:
    """The values are those of the graphs that it is asked of."""
    head = "PREFIX x: <urn:x> {} FROM x:g FROM NAMED <urn:h> WHERE {{ ?a x:p ?b "
    here = "FILTER (?c > 1) FILTER (?b > 1)"
    text = f"{head.format('SELECT ?a')} {here} SERVICE <{SERVICE}> {{ ?b ?p ?c }} }}"
    query = f"{head.format('SELECT DISTINCT ?b')}FILTER (?b > 1) }} LIMIT {MOST_ROWS + 1}"
    assert pieces(text) == [(("b",), query)]


terms = st.sampled_from([f"?{name}" for name in NAMES] + ["<urn:1>", "<urn:2>"])


@st.composite
def elements(draw: st.DrawFn, properties: list[str], depth: int = 2) -> str:
    """An element of a group: mostly triples, sometimes what nests or filters."""
    kinds = ["triple"] * 4 + ["filter", "bind", "values"]
    kinds += ["optional", "minus", "union", "group", "exists", "select", "graph"] * (depth > 0)
    kind = draw(st.sampled_from(kinds))
    one, other = draw(terms), draw(terms)
    name = draw(st.sampled_from(NAMES))
    if kind == "triple":
        return f"{one} {draw(st.sampled_from(properties))} {other} ."
    if kind == "filter":
        return f"FILTER ({one} != {other})"
    if kind == "bind":
        return f"BIND ({one} AS ?{name})"
    if kind == "values":
        return f"VALUES ?{name} {{ <urn:1> <urn:2> UNDEF }}"
    inner = draw(groups(properties, depth - 1))
    if kind == "union":
        return f"{{ {inner} }} UNION {{ {draw(groups(properties, depth - 1))} }}"
    if kind == "select":
        return f"{{ SELECT ?{name} {{ {inner} }} }}"
    openings = {
        "optional": "OPTIONAL",
        "minus": "MINUS",
        "exists": "FILTER NOT EXISTS",
        "graph": f"GRAPH {draw(st.sampled_from(['<urn:g>', f'?{name}']))}",
    }
    return f"{openings.get(kind, '')} {{ {inner} }}"


@st.composite
def groups(draw: st.DrawFn, properties: list[str], depth: int) -> str:
    """The text of a group's elements."""
    return " ".join(draw(st.lists(elements(properties, depth), max_size=3)))


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query in which a service is called somewhere in the group, or in a group of it."""
    pattern = f"{draw(terms)} <urn:r> {draw(terms)} . {draw(groups(THERE, 1))}"
    call = f"SERVICE <{SERVICE}> {{ {pattern} }}"
    around = draw(st.sampled_from(["{}", "OPTIONAL {{ {} }}", "MINUS {{ {} }}", "{{ {} }}"]))
    before, after = draw(groups(HERE, 2)), draw(groups(HERE, 1))
    return f"SELECT * {{ ?a <urn:p> ?b . {before} {around.format(call)} {after} }}"


def store(here: set[tuple[int, int, int]], there: set[tuple[int, int, int]]) -> EmbeddedStore:
    """A store whose graph of the service's name stands for the service."""
    lines = [f"<urn:{s}> {HERE[p]} <urn:{o}> .\n" for s, p, o in sorted(here)]
    more = [f"<urn:{s}> {THERE[p]} <urn:{o}> .\n" for s, p, o in sorted(there)]
    named = {"urn:g": "".join(lines[:3]).encode(), SERVICE: "".join(more).encode()}
    return EmbeddedStore.in_memory({"": "".join(lines).encode(), **named})


triples = st.sets(
    st.tuples(st.integers(1, 3), st.integers(0, 1), st.integers(1, 3)), min_size=1, max_size=8
)


@settings(max_examples=300)
@given(queries(), triples, triples)
def test_the_answer_stays_the_same(
    text: str, here: set[tuple[int, int, int]], there: set[tuple[int, int, int]]
) -> None:
    """Whatever is around the call, and in it, with a graph in the place of the service."""
    data = store(here, there)

    def answer(query: str) -> list[str]:
        columns, rows = data.query(
            query.replace(f"SERVICE <{SERVICE}>", f"GRAPH <{SERVICE}>")
        ).rows()
        return [" ".join(sorted(columns)), *sorted(map(str, rows))]

    try:
        wanted = answer(text)
    except BadQuery:  # a variable gets two values
        assume(False)
    values = []
    for one in narrowings(text):
        rows = [[str(term or "UNDEF") for term in row] for row in data.query(one.query).solutions()]
        values.append((one, rows))
    event(f"{len(values)} told, {len(wanted) > 1}")

    assert answer(narrowed(text, values)) == wanted


def test_a_service_hears_the_values(tmp_path: Path) -> None:
    """Up to a thousand rows, those of a named graph too; what is more, or blank, is not told."""
    lines = [f"<urn:o> <urn:many> <urn:{number}> .\n" for number in range(MOST_ROWS + 1)]
    lines += ["<urn:o> <urn:few> <urn:1> , 'a \"b\"'@en , 5 .\n", "<urn:o> <urn:blank> [] .\n"]
    (tmp_path / "own.ttl").write_text("".join(lines))
    with peer({"/sparql": [said(ONE)]}) as (host, heard):
        service = f"http://{host}/sparql"
        options = ["--data", str(tmp_path / "own.ttl"), "--private-services", service]
        with serving_with(options) as address:
            for name in ("few", "many", "blank"):
                query = f"SELECT * {{ ?o <urn:{name}> ?v SERVICE <{service}> {{ ?v ?p ?o }} }}"
                assert get(asked(address, query, format="csv"))[0] == 200
            assert get(asked(address, query.replace("}", "]")))[0] == 400
    few, many, blank = [body.decode() for _, _, body in heard]
    for told in ("<urn:1>", '"a \\"b\\""@en', '"5"^^<http://www.w3.org/2001/XMLSchema#integer>'):
        assert f"( <urn:o> {told} )" in few
    assert "VALUES" not in many
    assert "VALUES ( ?o ?v ) { ( <urn:o> UNDEF )  }" in blank


def test_an_error_keeps_its_place() -> None:
    """What is wrong is said of the text that was written."""
    text = f"SELECT * {{ ?a <urn:p> ?b SERVICE <{SERVICE}> {{ ?b ?p ?c }} ]"
    with pytest.raises(BadQuery) as caught:
        EmbeddedStore.in_memory({}).query(text)
    with pytest.raises(BadQuery) as same:
        EmbeddedStore.in_memory({}).query(text.replace("SERVICE", "GRAPH  "))
    assert str(caught.value) == str(same.value)

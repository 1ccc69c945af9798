"""Updates before they are carried out: what is refused, and how graphs beside them are said."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from kg.errors import BadInput, BadQuery, Refused
from kg.updates import judge_update, with_dataset

LOADS = (
    "LOAD <http://a/>",
    "load silent <http://a/> into graph <http://a/g>",
    "LOAD<http://a/>",
    "LOADSILENT<http://a/>",
    "PREFIX a: <http://a/> LOAD a:b",
    "PREFIX a:<http://a/>LOADa:b",
    "BASE <http://a/>LOAD<b>",
    "# a comment\nLOAD <http://a/>",
    "INSERT DATA { <a:a> <a:b> 1 } ; LOAD <http://a/>",
    "INSERT DATA { <a:a> <a:b> 1 };LOADSILENT<http://a/>",
    "INSERT DATA { <a:a> <a:b> '{' } ; LOAD <http://a/>",
    r"\u004COAD <http://a/>",
)


@pytest.mark.parametrize("text", LOADS)
def test_s4_load_is_refused(text: str) -> None:
    """However it is written."""
    with pytest.raises(Refused, match="LOAD is not allowed"):
        judge_update(text)


def test_services_and_depth_are_judged() -> None:
    """As in queries."""
    with pytest.raises(Refused, match="SERVICE"):
        judge_update("INSERT { ?s ?p ?o } WHERE { SERVICE <http://a/> { ?s ?p ?o } }")
    with pytest.raises(BadQuery, match="nested"):
        judge_update("DELETE WHERE " + "{" * 300)


@pytest.mark.parametrize(
    "text",
    [
        "PREFIX load: <http://a/> INSERT DATA { load:a load:b 'LOAD <http://a/>' }",
        "PREFIX load: <http://a/> INSERT DATA { load:a load:b load:c ; load:d load:e }",
        "PREFIX load: <http://a/> WITH load:g DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "PREFIX load: <http://a/> CLEAR GRAPH load:g",
        "PREFIX load: <http://a/> ADD load:g TO load:h",
        "INSERT DATA { <http://a/LOAD> <http://a/SERVICE> 'x' } # LOAD <http://a/>",
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    """Names, texts and comments may hold the word."""
    judge_update(text)
    store = ox.Store()
    store.update("CREATE GRAPH <http://a/g>")
    store.update(text)


UPDATES = {
    "INSERT { <a:x> ?p ?o } WHERE { ?s ?p ?o }": ["1"],
    "DELETE WHERE { ?s ?p ?o } ; INSERT { <a:x> <a:p> 7 } WHERE { }": ["7"],
    "INSERT DATA { <a:x> <a:p> 8 } ; INSERT { <a:x> ?p ?o } WHERE { ?s ?p ?o FILTER (?o < 3) }": [
        "1",
        "8",
    ],
    "INSERT { <a:x> ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }": ["2"],
    "INSERT { <a:x> ?p ?o } WHERE { GRAPH <a:other> { ?s ?p ?o } }": [],
    "INSERT { <a:x> <a:p> 'WHERE { USING' } WHERE { ?s ?p 1 } # WITH": ["WHERE { USING"],
}


@pytest.mark.parametrize("text", UPDATES)
def test_graphs_beside_an_update(text: str) -> None:
    """They are what its patterns match in; what it says of its own goes where it says."""
    store = ox.Store()
    store.update(
        "INSERT DATA { <a:s> <a:p> 0 GRAPH <a:one> { <a:s> <a:p> 1 } "
        "GRAPH <a:two> { <a:s> <a:p> 2 } GRAPH <a:other> { <a:s> <a:p> 3 } }"
    )
    store.update(with_dataset(text, ["a:one"], ["a:two"]))

    found = store.query("SELECT ?o { <a:x> ?p ?o } ORDER BY STR(?o)")
    assert isinstance(found, ox.QuerySolutions)
    assert [row["o"].value for row in found] == UPDATES[text]
    left = store.query("ASK { GRAPH <a:other> { ?s ?p 3 } }")
    assert left


def test_a_pattern_to_delete_is_matched_where_graphs_say() -> None:
    """``DELETE WHERE`` has no place for USING; it becomes what it is short for."""
    written = with_dataset("DELETE WHERE { ?s ?p { ?o } }", ["a:one"], [])
    assert written == "DELETE { ?s ?p { ?o } } USING <a:one> WHERE { ?s ?p { ?o } }"
    assert with_dataset("DELETE WHERE { ?s", ["a:one"], []).startswith("DELETE")


def test_without_graphs_nothing_is_changed() -> None:
    """Not even the layout."""
    text = "DELETE  WHERE { ?s ?p ?o }"
    assert with_dataset(text, [], []) is text


@pytest.mark.parametrize(
    ("text", "graph", "said"),
    [
        ("INSERT { ?s ?p ?o } USING <a:g> WHERE { ?s ?p ?o }", "a:one", "has USING"),
        ("WITH <a:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", "a:one", "has WITH"),
        ("DELETE WHERE { ?s ?p ?o }", "a:one> { } #", "named by an IRI"),
        ("DELETE WHERE { ?s ?p ?o }", "relative", "named by an IRI"),
    ],
)
def test_graphs_that_cannot_be_said(text: str, graph: str, said: str) -> None:
    """Twice is once too often, and what is no IRI never becomes a part of the update."""
    with pytest.raises(BadInput, match=said):
        with_dataset(text, [graph], [])

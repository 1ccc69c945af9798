"""The page of the SPARQL editor, and what its script asks for."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from kg.namespaces import GRAPHS, IDS, PREFIXES, TERMS
from kg.queries import Catalogue
from kg.serve import create_app
from kg.settings import Settings
from kg.store import Current, Versions
from kg.store.plain import load
from tests.conftest import BROWSER

PAGE = {"Accept": BROWSER}
ROW = f"SELECT ?model {{ ?model <{TERMS}row> 1 }}"


@pytest.fixture
def plain(tmp_path: Path) -> FlaskClient:
    """A client of an app on other data than ours."""
    (tmp_path / "people.ttl").write_text(
        "@prefix : <https://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
        "\n:ada a :Person ; :knows :bob . :knows rdfs:label 'knows'@en ."
    )
    versions = Versions(tmp_path / "store")
    load(versions, [tmp_path / "people.ttl"], keep=1)
    return create_app(Current(versions), None, Settings.load({})).test_client()


def facts(page: str) -> dict[str, Any]:
    """What the server put into a page for its script."""
    found = re.search(r'id="sparql-facts">(.*?)</script>', page, re.DOTALL)
    assert found
    told: dict[str, Any] = json.loads(found.group(1))
    return told


def terms(client: FlaskClient) -> dict[str, Any]:
    """The words that queries are written with."""
    response = client.get("/sparql/terms")
    assert response.mimetype == "application/json"
    told: dict[str, Any] = response.get_json()
    return told


def test_the_words_of_the_graph(client: FlaskClient) -> None:
    """Classes, properties and values with labels in both languages, definitions and counts."""
    told = terms(client)
    words = {word["iri"]: word for kind in ("classes", "properties") for word in told[kind]}
    model = words[f"{TERMS}Model"]
    assert model["label"] == {"en": "model", "zh-Hans": "模型"}
    assert model["definition"]["en"].startswith("Pre-trained")
    query = f"SELECT (COUNT(*) AS ?n) {{ ?model a <{TERMS}Model> }}"
    counted = client.get("/sparql", query_string={"query": query, "format": "csv"}).text
    assert model["uses"] == int(counted.split()[1])
    for kind in ("classes", "properties", "values"):
        assert len(told[kind]) > 20
        uses = [word["uses"] for word in told[kind]]
        assert uses == sorted(uses, reverse=True)


def test_all_terms_of_the_ontology_are_words(client: FlaskClient) -> None:
    """So a term that is not among them is a mistake."""
    told = terms(client)
    known = {word["iri"] for kind in ("classes", "properties", "values") for word in told[kind]}
    query = "SELECT ?term { ?term <http://www.w3.org/2000/01/rdf-schema#isDefinedBy> ?module }"
    rows = client.get("/sparql", query_string={"query": query, "format": "csv"}).text.split()[1:]
    assert len(rows) > 250
    assert set(rows) <= known
    assert told["complete"] == [TERMS]


def test_where_words_are_used(client: FlaskClient) -> None:
    """A value knows the properties that lead to it, a property whether only graphs use it."""
    told = terms(client)
    stated = next(word for word in told["values"] if word["iri"] == f"{TERMS}stated")
    assert stated["of"] == [f"{TERMS}stance"]
    properties = {word["iri"]: word for word in told["properties"]}
    assert properties[f"{TERMS}rank"]["onlyInGraphs"] is True
    assert "onlyInGraphs" not in properties[f"{TERMS}parameterCount"]
    assert f"{GRAPHS}ding-xiao-2023/table-1" in told["graphs"]
    assert f"{GRAPHS}claims" in told["graphs"]
    assert all(graph.removeprefix(GRAPHS).count("/") < 2 for graph in told["graphs"])
    assert told["prefixes"]["ding-xiao-2023"] == f"{GRAPHS}ding-xiao-2023/"
    assert PREFIXES.items() <= told["prefixes"].items()


def test_the_words_are_sent_once(client: FlaskClient) -> None:
    """Who has them is told that nothing is new."""
    first = client.get("/sparql/terms", headers={"Accept-Encoding": "gzip"})
    tag = first.headers["ETag"]
    again = client.get("/sparql/terms", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
    assert (again.status_code, again.data) == (304, b"")
    assert len(first.data) < 40_000


def test_the_words_of_other_data(plain: FlaskClient) -> None:
    """What there is, as it is counted, and no prefix that is only ours."""
    told = terms(plain)
    assert [(word["iri"], word["uses"]) for word in told["classes"]] == [
        ("https://example.org/Person", 1)
    ]
    knows = next(w for w in told["properties"] if w["iri"] == "https://example.org/knows")
    assert knows["label"] == {"en": "knows"}
    assert told["complete"] == told["values"] == []
    assert "model" not in told["prefixes"]
    assert "rdfs" in told["prefixes"]


def test_names_of_iris(client: FlaskClient) -> None:
    """In the language that is asked for; what has none has its short name, or stays as it is."""
    iris = [f"{IDS}organization/baidu", f"{TERMS}Model", f"{PREFIXES['rdfs']}seeAlso", "no iri"]
    named = client.post("/sparql/names?lang=zh-Hans", data={"iri": iris}).get_json()
    assert named == dict(zip(iris, ["Baidu", "模型", "rdfs:seeAlso", "no iri"], strict=True))
    many = [f"https://example.org/{number}" for number in range(1_001)]
    assert client.post("/sparql/names", data={"iri": many}).status_code == 400


def test_a_question_in_sparql(client: FlaskClient) -> None:
    """Its text without the header, and with the parameters as VALUES."""
    response = client.get(
        "/queries/models-by-developer?organization=organization:baidu&format=sparql"
    )
    assert response.mimetype == "application/sparql-query"
    assert f"VALUES ?organization {{ <{IDS}organization/baidu> }}" in response.text
    assert "#+" not in response.text
    answer = client.get("/sparql", query_string={"query": response.text, "format": "csv"})
    page = client.get("/queries/models-by-developer?organization=organization:baidu&format=csv")
    assert answer.text == page.text


def test_every_question_is_in_the_gallery(client: FlaskClient, app: flask.Flask) -> None:
    """As a link to its own page, which is there without a script, too."""
    page = client.get("/sparql", headers=PAGE).text
    catalogue: Catalogue = app.extensions["kg"].catalogue
    assert len(catalogue) > 50
    for query in catalogue:
        assert f'href="/queries/{query.name}"' in page


def test_an_answer_comes_with_the_page(client: FlaskClient) -> None:
    """As a table, and as data for the script: rows in JSON, a graph in N-Triples."""
    page = client.get("/sparql", query_string={"query": ROW}, headers=PAGE).text
    assert page.count("<td") > 0
    inside = facts(page)["answer"]
    assert inside["kind"] == "rows"
    assert json.loads(inside["body"])["head"]["vars"] == ["model"]
    graph = "CONSTRUCT { <a> <b> '</script>' } {}"
    inside = facts(client.get("/sparql", query_string={"query": graph}, headers=PAGE).text)
    assert inside["answer"]["kind"] == "graph"
    assert inside["answer"]["body"].endswith('/b> "</script>" .\n')


def test_a_large_answer_is_not_sent_twice(client: FlaskClient) -> None:
    """The script asks for it instead."""
    query = "SELECT * { ?s ?p ?o } LIMIT 3000"
    told = facts(client.get("/sparql", query_string={"query": query}, headers=PAGE).text)
    assert told["answer"] is None
    assert told["isAsked"] is True


@pytest.mark.parametrize(
    ("query", "said", "line"),
    [
        ("SELECT ?x {\n ?x", "syntax error", 2),
        ("SELECT ?x { ?s ?p ?o } GROUP BY ?s", "The SELECT contains a variable that is unbound", 1),
        ("ASK { ?s nope:p ?o }", "Prefix not found", 1),
        ("ASK { SERVICE <https://example.org/> { ?s ?p ?o } }", "SERVICE", None),
        ("", "syntax error", 1),
    ],
)
def test_a_query_that_is_refused_is_still_there(
    client: FlaskClient, query: str, said: str, line: int | None
) -> None:
    """With what is wrong, and where, on the page from which it was sent."""
    response = client.get("/sparql", query_string={"query": query}, headers=PAGE)
    assert response.status_code in (400, 403)
    assert f">\n{html.escape(query)}</textarea>" in response.text
    problem = facts(response.text)["problem"]
    assert said in problem["detail"]
    assert problem["line"] == line
    assert html.escape(problem["detail"], quote=False)[:30] in html.unescape(response.text)
    data = client.get("/sparql", query_string={"query": query})
    assert data.mimetype == "application/problem+json"


def test_a_version_that_is_gone(client: FlaskClient) -> None:
    """Is said on the page, which has the query; so is one that is named twice."""
    for asked in ("version=none", "version=a&version=b"):
        response = client.get(f"/sparql?query=ASK%7B%7D&{asked}", headers=PAGE)
        assert response.status_code in (400, 410)
        assert "ASK{}</textarea>" in response.text
        assert "version" in facts(response.text)["problem"]["detail"]


def test_a_version_stays_chosen(client: FlaskClient) -> None:
    """The form sends it again."""
    name = client.get("/sparql", headers=PAGE).headers["X-KG-Data-Version"]
    box = f'name="version" value="{name}"'
    page = client.get("/sparql", query_string={"query": "ASK {}", "version": name}, headers=PAGE)
    assert f"{box} checked>" in page.text
    assert f"{box}>" in client.get("/sparql?query=ASK{}", headers=PAGE).text


def test_the_graphs_that_are_asked_stay_chosen(client: FlaskClient) -> None:
    """The form sends them again, and the page says which they are."""
    asked = {"query": "SELECT * { ?s ?p ?o } LIMIT 1", "default-graph-uri": f"{GRAPHS}links"}
    page = client.get("/sparql", query_string=asked, headers=PAGE).text
    assert f'<input type="hidden" name="default-graph-uri" value="{GRAPHS}links">' in page
    assert "Only these graphs are asked" in page
    assert "Only these graphs are asked" not in client.get("/sparql", headers=PAGE).text


def test_a_draft_is_shown_and_not_asked(client: FlaskClient) -> None:
    """The query page leads here."""
    page = client.get("/sparql", query_string={"draft": "ASK { nonsense"}, headers=PAGE)
    assert page.status_code == 200
    assert "ASK { nonsense</textarea>" in page.text
    assert facts(page.text)["isAsked"] is False


def test_other_data_have_no_gallery(plain: FlaskClient) -> None:
    """And no example that would find nothing."""
    page = plain.get("/sparql", headers=PAGE).text
    assert "data-gallery" not in page
    assert "cllm:" not in page
    assert facts(page)["base"] == ""

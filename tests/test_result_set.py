"""Rows as RDF say the same as rows in JSON, to a reader that is not ours."""

from __future__ import annotations

import io
import json
from collections import Counter

from flask.testing import FlaskClient
from rdflib.plugins.sparql.results.jsonresults import JSONResult
from rdflib.plugins.sparql.results.rdfresults import RDFResult, RDFResultParser
from rdflib.query import Result

from kg.project import Project
from kg.queries import Catalogue
from tests.conftest import BROWSER

AWKWARD = """SELECT * { VALUES (?a ?b) {
  ("a\\nb\\"c\\\\"@en UNDEF) (<http://example.org/é> 1.50) (UNDEF UNDEF) ("" "x"^^<urn:t>)
} }"""


def rows(result: Result) -> Counter[frozenset[tuple[str, str]]]:
    """The rows of a result, without their order."""
    return Counter(
        frozenset((str(name), value.n3()) for name, value in row.items()) for row in result.bindings
    )


def in_turtle(client: FlaskClient, path: str) -> RDFResult:
    """An answer as rdflib reads its RDF."""
    response = client.get(path)
    assert response.mimetype == "text/turtle"
    result = RDFResultParser().parse(io.BytesIO(response.data), format="turtle")
    assert isinstance(result, RDFResult)
    return result


def test_every_question_has_the_same_rows_as_rdf(client: FlaskClient, project: Project) -> None:
    """Variables, and each value with its datatype and language."""
    names = [query.name for query in Catalogue.read(project.query_files())]
    assert len(names) > 50
    for name in names:
        expected = JSONResult(json.loads(client.get(f"/queries/{name}?format=json").data))
        found = in_turtle(client, f"/queries/{name}?format=turtle")
        assert set(found.vars or ()) == set(expected.vars or ()), name
        assert rows(found) == rows(expected), name


def test_awkward_values_and_truths(client: FlaskClient) -> None:
    """Quotes, line ends, other letters, unknown datatypes, rows without values; and ASK."""
    for query in (AWKWARD, "SELECT * { BIND (1 AS ?x) FILTER (false) }"):
        text = client.get("/sparql", query_string={"query": query, "format": "json"}).text
        turtle = client.get("/sparql", query_string={"query": query, "format": "turtle"}).data
        found = RDFResultParser().parse(io.BytesIO(turtle), format="turtle")
        assert rows(found) == rows(JSONResult(json.loads(text)))
    for truth in (True, False):
        query = f"ASK {{ FILTER ({str(truth).lower()}) }}"
        turtle = client.get("/sparql", query_string={"query": query, "format": "turtle"}).data
        found = RDFResultParser().parse(io.BytesIO(turtle), format="turtle")
        assert found.askAnswer == truth


def test_it_is_never_negotiated(client: FlaskClient) -> None:
    """Who accepts Turtle beside results gets results, and who accepts it alone an error."""
    accept = "text/turtle, application/sparql-results+json;q=0.5"
    response = client.get("/queries/developers", headers={"Accept": accept})
    assert response.mimetype == "application/sparql-results+json"
    assert client.get("/queries/developers", headers={"Accept": "text/turtle"}).status_code == 406
    page = client.get("/queries/developers", headers={"Accept": BROWSER}).text
    assert 'href="?format=turtle"' in page

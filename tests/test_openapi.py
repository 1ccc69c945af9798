"""What the server says of its addresses is valid OpenAPI, whole, and true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from kg.project import Project
from kg.queries import Catalogue, Query
from kg.results import FORMATS
from kg.serve import create_app
from kg.serve.context import Writing
from kg.serve.problems import TYPES
from kg.settings import Settings
from kg.store import Current, Versions

Node = dict[str, Any]


@pytest.fixture(scope="module")
def catalogue(project: Project) -> Catalogue:
    """All questions, those that call others included."""
    return Catalogue.read(project.query_files(), federated=project.federated_files())


@pytest.fixture(scope="module")
def whole(versions: Versions, catalogue: Catalogue) -> flask.Flask:
    """The app with all questions."""
    return create_app(Current(versions), catalogue, Settings.load({}))


@pytest.fixture(scope="module")
def document(whole: flask.Flask) -> Node:
    """Its description."""
    found: Node = whole.test_client().get("/openapi.json").json
    return found


def operations(document: Node) -> list[Node]:
    """All operations."""
    return [one for path in document["paths"].values() for one in path.values()]


def test_it_is_valid(document: Node) -> None:
    """By the schema of OpenAPI 3.1 and the rules beside it."""
    assert document["openapi"].startswith("3.1.")
    assert len(document["paths"]) > 80
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_it_is_valid_for_other_data(tmp_path: Path) -> None:
    """With changes only where they can be made."""
    versions = Versions(tmp_path)
    versions.publish("plain", {"": b"<a:s> <a:p> <a:o> .\n"}, {"plain": True}, keep=3)
    writing = Writing(versions, "secret", 3, 1000, [])
    for changes, expected in ((None, {"get"}), (writing, {"get", "put", "post", "delete"})):
        app = create_app(Current(versions), None, Settings.load({}), changes)
        found = app.test_client().get("/openapi.json").json
        assert [str(error) for error in OpenAPIV31SpecValidator(found).iter_errors()] == []
        assert set(found["paths"]["/rdf-graph-store"]) == expected
        assert "/queries" not in found["paths"]
        posted = found["paths"]["/sparql"]["post"]["requestBody"]["content"]
        assert ("application/sparql-update" in posted) == (changes is not None)


def test_each_route_is_in_it(whole: flask.Flask, document: Node) -> None:
    """With its methods, and each part of its path as a parameter."""
    rules = [rule for rule in whole.url_map.iter_rules() if rule.endpoint != "assets.static"]
    assert len(rules) > 20
    for rule in rules:
        path = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)
        methods = document["paths"][path]
        one = methods["get"] if "GET" in (rule.methods or ()) else methods["post"]
        assert one["summary"].endswith("."), path
        given = {p["name"] for p in one["parameters"] if p.get("in") == "path"}
        assert given == rule.arguments
    for path in ("/health", "/ready", "/metrics"):
        assert path in document["paths"]


def test_each_question_is_in_it(document: Node, catalogue: Catalogue) -> None:
    """With its parameters, typed, and defaults and examples that are of their types."""
    assert len(catalogue) > 50
    types = {"integer": "integer", "decimal": "number", "double": "number", "boolean": "boolean"}
    seen = 0
    for query in catalogue:
        one = document["paths"][f"/queries/{query.name}"]["get"]
        assert one["summary"] == query.summary
        assert one["description"] == query.description
        own = {p["name"]: p for p in one["parameters"] if "schema" in p and p["name"] != "format"}
        assert set(own) == {parameter.name for parameter in query.parameters}
        for parameter in query.parameters:
            seen += 1
            schema = own[parameter.name]["schema"]
            assert schema["type"] == types.get(parameter.kind, "string")
            assert ("format" in schema) == (parameter.kind == "date")
            validator = Draft202012Validator(schema)
            assert str(schema["default"]).lower() == parameter.default.lower()
            for value in (schema["default"], *schema.get("examples", ())):
                assert validator.is_valid(value)
    assert seen > 5


def test_questions_answer_as_it_says(client: FlaskClient, document: Node, project: Project) -> None:
    """With the examples of the parameters, in the media types that are named."""
    asked: list[Query] = [q for q in Catalogue.read(project.query_files()) if q.parameters]
    assert len(asked) > 5
    for query in asked:
        path = f"/queries/{query.name}"
        one = document["paths"][path]["get"]
        given = {
            p["name"]: str(p["schema"].get("examples", [p["schema"]["default"]])[0]).removesuffix(
                ".0"
            )
            for p in one["parameters"]
            if "schema" in p and p["name"] != "format"
        }
        given = {name: {"True": "true", "False": "false"}.get(v, v) for name, v in given.items()}
        for media_type in one["responses"]["200"]["content"]:
            answer = client.get(path, query_string=given, headers={"Accept": media_type})
            assert answer.status_code == 200, (path, given, answer.text[:200])
            assert answer.mimetype == media_type


def test_formats_and_problems_are_all_there(document: Node) -> None:
    """Each format as the endpoint has it, each type of problem with its status and its meaning."""
    content = document["paths"]["/sparql"]["get"]["responses"]["200"]["content"]
    assert {format_.media_type for format_ in FORMATS} <= content.keys()
    responses = document["components"]["responses"]
    for name, type_ in TYPES.items():
        assert f"{name}: {type_.meaning}" in responses[str(type_.status.value)]["description"]
    names = [one["operationId"] for one in operations(document)]
    assert len(names) == len(set(names))


def test_it_is_found(client: FlaskClient) -> None:
    """By a link of each answer from the graph, and of the page of the data."""
    for path in ("/ontology", "/queries/table-1", "/sparql?query=ASK{}", "/download"):
        links = client.get(path).headers.getlist("Link")
        assert any('/openapi.json>; rel="service-desc"' in link for link in links), path
    assert 'href="/openapi.json"' in client.get("/download", headers={"Accept": "text/html"}).text

"""The reconciliation service: what OpenRefine and its like send, and what they must get.

The checks named after parts of https://reconciliation-api.github.io/specs/0.2/ hold what its text
and its JSON schemas demand of each answer.
"""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from kg.namespaces import BASE, GRAPHS, IDS, TERMS
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import batches, create_app, extension, reconcile
from kg.settings import Settings
from kg.store import Current, Versions
from tests.test_front import PATIENCE, get, serving

Json = dict[str, Any]
ADDRESS = "https://graph.example.org"
FORM = "application/x-www-form-urlencoded"
XSD = "http://www.w3.org/2001/XMLSchema#"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
EXACT = "http://www.w3.org/2004/02/skos/core#exactMatch"
CLOSE = "http://www.w3.org/2004/02/skos/core#closeMatch"
LINKED = f"""
<{IDS}organization/baidu> <{EXACT}> <https://ror.org/03vs3wt56> <{GRAPHS}links> .
<{IDS}place/china> <{EXACT}> <http://example.org/entity/Q148> <{GRAPHS}links> .
<{IDS}model/m6> <{CLOSE}> <http://example.org/entity/M6T> <{GRAPHS}links> .
<{IDS}model/marked> <{LABEL}> "<script>alert(1)</script> & <b>bold</b>"@en .
<{IDS}model/marked> <{TYPE}> <{TERMS}Model> .
<{IDS}model/marked> <{TERMS}describedAs> "<img src=x onerror=alert(2)>" .
<{IDS}model/marked> <{TERMS}trainingTokens> "9007199254740993"^^<{XSD}integer> .
"""
"""What a version with links has beside the real graph, and a thing with a hostile name."""


def app_of(versions: Versions, project: Project, catalogue: bool = True) -> flask.Flask:
    """The app on some versions, as others reach it."""
    offered = Catalogue.read(project.query_files()) if catalogue else None
    return create_app(Current(versions), offered, Settings.load({}, public_url=ADDRESS))


@pytest.fixture(scope="module")
def client(project: Project, versions: Versions) -> FlaskClient:
    """A client of the app on the real graph."""
    return app_of(versions, project).test_client()


@pytest.fixture(scope="module")
def linked_versions(versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """A folder with a version of the real graph that has links."""
    linked = Versions(tmp_path_factory.mktemp("linked"))
    real = versions.open().store

    def write(folder: Path) -> None:
        real.changed(folder, b"", LINKED.encode())

    linked.publish_written("0123456789abcdef", write, versions.current().summary(), 3)
    return linked


@pytest.fixture(scope="module")
def linked(project: Project, linked_versions: Versions) -> FlaskClient:
    """A client of the app on the real graph with links."""
    return app_of(linked_versions, project).test_client()


def sent(client: FlaskClient, **form: object) -> Json:
    """What a form gets that is sent as OpenRefine sends it."""
    body = urllib.parse.urlencode({name: json.dumps(value) for name, value in form.items()})
    response = client.post("/reconcile", data=body, content_type=f"{FORM};charset=UTF-8")
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    return response.get_json()


def candidates(client: FlaskClient, query: Json | str) -> list[Json]:
    """The candidates for one query."""
    query = {"query": query} if isinstance(query, str) else query
    answer = sent(client, queries={"q0": query})
    check_result_batch(answer, {"q0": query})
    found: list[Json] = answer["q0"]["result"]
    return found


def match(client: FlaskClient, query: Json | str) -> str | None:
    """The id of the match for a query."""
    return next((found["id"] for found in candidates(client, query) if found["match"]), None)


def features(candidate: Json) -> Json:
    """The features of a candidate, by id."""
    return {feature["id"]: feature["value"] for feature in candidate["features"]}


def check_type(found: Json) -> None:
    """A type has an id and a name, neither empty (2.2)."""
    assert set(found) <= {"id", "name", "description", "broader"}
    assert isinstance(found["id"], str)
    assert found["id"]
    assert isinstance(found["name"], str)
    assert found["name"]
    for above in found.get("broader", []):
        check_type(above)


def check_manifest(manifest: Json) -> None:
    """What must be there, and templates and addresses that can be filled in (3.1)."""
    assert "0.2" in manifest["versions"]
    for name in ("name", "identifierSpace", "schemaSpace", "documentation", "serviceVersion"):
        assert isinstance(manifest[name], str)
        assert manifest[name]
    assert set(manifest["view"]) == {"url"}
    assert set(manifest["preview"]) == {"url", "width", "height"}
    for template in (manifest["view"]["url"], manifest["preview"]["url"]):
        assert template.count("{{id}}") == 1
    assert all(isinstance(manifest["preview"][side], int) for side in ("width", "height"))
    ids = [type_["id"] for type_ in manifest["defaultTypes"]]
    assert len(ids) == len(set(ids)) > 0
    for type_ in manifest["defaultTypes"]:
        check_type(type_)
    services = [*manifest["suggest"].values(), manifest["extend"]["propose_properties"]]
    assert set(manifest["suggest"]) == {"entity", "type", "property"}
    for service in services:
        assert set(service) == {"service_url", "service_path"}
        assert service["service_path"].startswith("/")
        assert not service["service_url"].endswith("/")
    defaults = {"number": int, "text": str, "checkbox": bool, "select": str}
    for setting in manifest["extend"]["property_settings"]:
        assert isinstance(setting["name"], str)
        assert isinstance(setting["label"], str)
        assert isinstance(setting["default"], defaults[setting["type"]])
        if setting["type"] == "select":
            values = [choice["value"] for choice in setting["choices"]]
            assert all(set(choice) == {"value", "name"} for choice in setting["choices"])
            assert setting["default"] in values
    assert isinstance(manifest["batchSize"], int)


def check_result_batch(batch: Json, queries: Json) -> None:
    """A result for each query, of candidates with an id, a name and a score, sorted (4.2)."""
    assert set(batch) == set(queries)
    for answer in batch.values():
        assert set(answer) == {"result"}
        scores = [candidate["score"] for candidate in answer["result"]]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 100 for score in scores)
        assert [c["match"] for c in answer["result"][1:]] == [False] * len(scores[1:])
        for candidate in answer["result"]:
            assert set(candidate) == {"id", "name", "type", "score", "match", "features"}
            assert isinstance(candidate["match"], bool)
            assert candidate["id"]
            assert candidate["name"]
            for type_ in candidate["type"]:
                check_type(type_)
            ids = [feature["id"] for feature in candidate["features"]]
            assert len(ids) == len(set(ids))
            assert all(isinstance(f["value"], bool | int | float) for f in candidate["features"])


def check_suggestions(answer: Json, *, are_types: bool = False) -> None:
    """A list of items with id and name (6.3)."""
    assert set(answer) == {"result"}
    for item in answer["result"]:
        assert isinstance(item["id"], str)
        assert isinstance(item["name"], str)
        assert isinstance(item.get("description", ""), str)
        for type_ in item.get("notable", []):
            check_type(type_)
        if are_types:
            check_type(item)


CELLS = {
    ("id", "name"): str,
    ("str",): str,
    ("float",): float,
    ("int",): int,
    ("date",): str,
}
DATE = re.compile(r"\d{4}-(1[0-2]|0[1-9])-(3[01]|0[1-9]|[12]\d)T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?")


def check_extension(answer: Json, asked: Json) -> None:
    """A column for each property, a cell for each thing and column, each value of a kind (7.4)."""
    assert set(answer) == {"meta", "rows"}
    columns = [column["id"] for column in answer["meta"]]
    assert columns == [property_["id"] for property_ in asked["properties"]]
    for column in answer["meta"]:
        assert set(column) <= {"id", "name", "type"}
        assert column["name"]
        if "type" in column:
            check_type(column["type"])
    assert set(answer["rows"]) == set(asked["ids"])
    for row in answer["rows"].values():
        assert set(row) == set(columns)
        for value in (value for cell in row.values() for value in cell):
            kind = CELLS[tuple(sorted(value))]
            assert all(type(part) is kind for part in value.values())
            if "date" in value:
                assert DATE.fullmatch(value["date"])
            if "int" in value:
                assert abs(value["int"]) < 2**31


def test_the_manifest(client: FlaskClient) -> None:
    """Without a query comes what the service is, with addresses at which others reach it."""
    response = client.get("/reconcile")

    manifest = response.get_json()
    check_manifest(manifest)
    assert manifest["versions"] == ["0.2"]
    assert manifest["identifierSpace"] == IDS
    assert manifest["schemaSpace"] == TERMS
    assert manifest["view"]["url"] == f"{ADDRESS}/id/{{{{id}}}}"
    assert manifest["preview"]["url"] == f"{ADDRESS}/reconcile/preview?id={{{{id}}}}"
    assert all(s["service_url"] == ADDRESS for s in manifest["suggest"].values())
    kinds = [type_["id"] for type_ in manifest["defaultTypes"]]
    assert {"Model", "Organization", "Hardware"} <= set(kinds)
    assert not {"IndustryModel", "University", "Accelerator"} & set(kinds), "there is one above"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert len(response.headers["X-KG-Data-Version"]) == 16
    assert client.open("/reconcile", method="HEAD").status_code == 200


def test_every_address_of_the_manifest_answers(client: FlaskClient) -> None:
    """With an id encoded in full, as the specification has it, or as OpenRefine does it."""
    manifest = client.get("/reconcile").get_json()
    for encoded in ("organization/baidu", "organization%2Fbaidu"):
        for template in (manifest["view"]["url"], manifest["preview"]["url"]):
            address = template.replace("{{id}}", encoded).removeprefix(ADDRESS)
            assert client.get(address).status_code == 200
    for service in (*manifest["suggest"].values(), manifest["extend"]["propose_properties"]):
        answer = client.get(f"{service['service_path']}?prefix=a&type=Model")
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_batch_as_openrefine_sends_it(client: FlaskClient) -> None:
    """With a type and columns as properties: reconciled ones as objects, dates with a time."""
    batch = {
        "q0": {
            "query": "PanGu alpha",
            "type": "Model",
            "type_strict": "should",
            "properties": [
                {"pid": "hasDeveloper", "v": {"id": "organization/huawei", "name": "Huawei"}},
                {"pid": "released", "v": "2021-04-26T00:00:00Z"},
                {"pid": "parameterCount", "v": "2.07E11"},
            ],
        },
        "q1": {"query": "Peng Cheng Laboratory", "type": "Organization", "type_strict": "should"},
        "q2": {"query": "Nothing of the kind", "type": "Model", "type_strict": "should"},
    }

    answer = sent(client, queries=batch)

    check_result_batch(answer, batch)
    (first, *_), (second, *_) = answer["q0"]["result"], answer["q1"]["result"]
    assert (first["id"], first["name"], first["score"], first["match"]) == (
        "model/pangu-alpha", "PanGu-α", 100, True,
    )  # fmt: skip
    assert features(first) == {
        "name_similarity": 100,
        "name_equal": True,
        "identifier": False,
        "type": True,
        "property_hasDeveloper": 1,
        "property_released": 1,
        "property_parameterCount": 1,
    }
    assert first["type"][0] == {"id": "Model", "name": "model"}
    assert {"IndustryModel", "AcademicModel"} <= {type_["id"] for type_ in first["type"]}
    assert (second["id"], second["match"]) == ("organization/peng-cheng-lab", True)
    assert not any(candidate["match"] for candidate in answer["q2"]["result"])


def test_types_are_guessed_by_asking_for_three(client: FlaskClient) -> None:
    """As OpenRefine begins: names of a column, without a type and with a limit."""
    names = ["ERNIE 3.0", "GLM-130B", "CogView", "M6", "NUWA", "Zidong Taichu"]
    batch = {f"q{n}": {"query": name, "limit": 3} for n, name in enumerate(names)}
    answer = sent(client, queries=batch)
    check_result_batch(answer, batch)
    for found in answer.values():
        assert 1 <= len(found["result"]) <= 3
        assert found["result"][0]["type"][0]["id"] == "Model"
        assert found["result"][0]["match"]


def test_get(client: FlaskClient) -> None:
    """A batch and an extension may also stand in the address, with what caches are passed by."""
    query = json.dumps({"q0": {"query": "Baidu"}})
    answer = client.get("/reconcile", query_string={"queries": query, "_": "1597936961650"})
    assert answer.get_json()["q0"]["result"][0]["id"] == "organization/baidu"
    extend = json.dumps({"ids": ["organization/baidu"], "properties": [{"id": "country"}]})
    answer = client.get("/reconcile", query_string={"extend": extend})
    country = {"id": "place/china", "name": "China"}
    assert answer.get_json()["rows"]["organization/baidu"]["country"] == [country]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("PanGu-α", "model/pangu-alpha"),
        ("Pangu Alpha", "model/pangu-alpha"),
        ("紫东太初", "model/zidong-taichu"),
        ("源1.0", "model/yuan-1-0"),
        ("源 1.0", "model/yuan-1-0"),
        ("百度", "organization/baidu"),
        ("清华大学", "organization/tsinghua-university"),
        ("北京智谱华章科技有限公司", "organization/zhipu-ai"),
        ("NUWA", "model/nuwa"),
        ("M6", "model/m6"),
        ("M6-T", "model/m6-t"),
        ("M6-10T", "model/m6-10t"),
        ("GPT-3", "model/gpt-3"),
        ("CPM-2", "model/wudao-wen-yuan-2-0"),
        ("WenLan 2.0", "model/wudao-wenlan-2-0"),
        ("WenLan", None),
        ("GLM", None),
        ("CPM", None),
        ("M6-X", None),
        ("ERNIE 3", None),
        ("ERNIE", None),
        ("Peng Cheng Lab", None),
        ({"query": "Peng Cheng Lab", "type": "Organization"}, "organization/peng-cheng-lab"),
        ({"query": "Peng Cheng Lab", "type": ["Part"]}, "part/peng-cheng-lab"),
        ({"query": "MIT", "type": f"{TERMS}University"}, "organization/mit"),
        ({"query": "MIT", "properties": [{"pid": "country", "v": "United States"}]},
         "organization/mit"),
        ({"query": "MIT", "properties": [{"pid": "country", "v": "China"}]}, None),
        ({"query": "MIT", "properties": [{"pid": "released", "v": "2021"}]}, None),
        ("organization/baidu", "organization/baidu"),
        (f"{IDS}organization/baidu", "organization/baidu"),
    ],
)  # fmt: skip
def test_what_is_a_match(client: FlaskClient, query: Json | str, wanted: str | None) -> None:
    """Spellings and Chinese names are; look-alikes and names of several things are not."""
    assert match(client, query) == wanted


def test_a_look_alike_is_a_candidate(client: FlaskClient) -> None:
    """What is no match is still found, with its own score."""
    found = {c["id"]: c["score"] for c in candidates(client, "WenLan")}
    assert found["model/wudao-wenlan-1-0"] == 100
    assert 50 < found["model/wudao-wenlan-2-0"] < 100
    (best, *_) = candidates(client, "Tsinghua Univ")
    assert (best["id"], best["match"]) == ("organization/tsinghua-university", False)


def test_types_and_their_superclasses(client: FlaskClient) -> None:
    """A university is an organization too, by what the build infers."""
    query = {"query": "Tsinghua University", "limit": 5}
    for type_ in ("University", "Organization", ["Model", "Organization"]):
        assert match(client, {**query, "type": type_}) == "organization/tsinghua-university"
    (best, *_) = candidates(client, {**query, "type": "Company"})
    assert (best["match"], features(best)["type"]) == (False, False)
    for strictness, wanted in (("any", True), ("all", False)):
        found = candidates(client, {**query, "type": ["Company", "University"],
                                    "type_strict": strictness})  # fmt: skip
        assert ("organization/tsinghua-university" in [c["id"] for c in found]) is wanted


def test_without_a_name(client: FlaskClient) -> None:
    """Properties alone are enough to ask by."""
    both = [{"pid": "hasDeveloper", "v": ["Huawei", {"id": "organization/peng-cheng-lab"}]}]
    assert [c["id"] for c in candidates(client, {"properties": both})] == ["model/pangu-alpha"]
    released = [{"pid": "released", "v": "2021-04-26"}]
    assert [c["id"] for c in candidates(client, {"properties": released})] == ["model/pangu-alpha"]
    size = [{"pid": "parameterCount", "v": 207_000_000_000}]
    assert "model/pangu-alpha" in [c["id"] for c in candidates(client, {"properties": size})]
    name = [{"pid": "skos:altLabel", "v": "百度"}]
    assert [c["id"] for c in candidates(client, {"properties": name})] == ["organization/baidu"]
    open_source = [{"pid": "accessMode", "v": "open source"}]
    found = candidates(client, {"properties": open_source, "type": "Model", "limit": 25})
    assert found
    assert {features(c)["property_accessMode"] for c in found} == {1}


@pytest.mark.parametrize(
    "query",
    [
        {"query": "Baidu", "type": "NoSuchType"},
        {"query": "   "},
        {"query": "---"},
        {"query": "§§§"},
        {"properties": [{"pid": "noSuchProperty", "v": "x"}]},
        {"properties": [{"pid": "country", "v": "Atlantis"}]},
        {"properties": [{"pid": "dcterms:source", "v": "http://[::not an IRI"}]},
        {"query": "", "properties": []} | {"query": " "},
    ],
)
def test_what_is_not_known_finds_nothing(client: FlaskClient, query: Json) -> None:
    """Unknown types, properties and values are no errors."""
    assert candidates(client, query) == []


def test_an_empty_cell_asks_for_nothing(client: FlaskClient) -> None:
    """Clients send columns as they are; what is blank in them is no value."""
    for value in ("", " ", [], ["", {"id": "", "name": ""}]):
        query = {"query": "Baidu", "properties": [{"pid": "country", "v": value}]}
        assert match(client, query) == "organization/baidu"


def test_an_unknown_property_beside_a_name(client: FlaskClient) -> None:
    """It leaves the candidates, and no match."""
    query = {"query": "Baidu", "properties": [{"pid": "noSuchProperty", "v": "x"}]}
    (best, *_) = candidates(client, query)
    assert (best["id"], best["match"]) == ("organization/baidu", False)


@pytest.mark.parametrize(
    ("query", "wanted", "feature"),
    [
        ("https://ror.org/03vs3wt56", "organization/baidu", "identifier"),
        ("http://ror.org/03vs3wt56", "organization/baidu", "identifier"),
        ("03vs3wt56", "organization/baidu", "identifier"),
        ("Q148", "place/china", "identifier"),
        ({"properties": [{"pid": "exactMatch", "v": "https://ror.org/03vs3wt56"}]},
         "organization/baidu", "property_exactMatch"),
        ({"query": "A search engine", "properties": [
            {"pid": "skos:exactMatch", "v": {"id": "03vs3wt56", "name": "Baidu"}}]},
         "organization/baidu", "property_exactMatch"),
        ({"query": "Baidu", "properties": [{"pid": "country", "v": {"id": "Q148"}}]},
         "organization/baidu", "property_country"),
        ("M6T", "model/m6-t", "name_equal"),
    ],
)  # fmt: skip
def test_identifiers_of_others(
    linked: FlaskClient, query: Json | str, wanted: str, feature: str
) -> None:
    """A link of the graph finds its thing, as the text or as a value."""
    (best, *_) = candidates(linked, query)
    assert (best["id"], best["match"], best["score"]) == (wanted, True, 100)
    assert features(best)[feature] == 1


def test_links_as_properties(linked: FlaskClient) -> None:
    """What is linked can be fetched, where there are links."""
    asked = {
        "ids": ["organization/baidu", "model/m6"],
        "properties": [{"id": "exactMatch"}, {"id": "closeMatch"}],
    }
    answer = sent(linked, extend=asked)
    check_extension(answer, asked)
    baidu, m6 = (answer["rows"][id_] for id_ in asked["ids"])
    assert {"str": "https://ror.org/03vs3wt56"} in baidu["exactMatch"]
    assert len(baidu["exactMatch"]) >= 7
    assert baidu["closeMatch"] == []
    assert m6["closeMatch"] == [{"str": "http://example.org/entity/M6T"}]
    suggested = linked.get("/reconcile/suggest/property?prefix=exact").get_json()["result"]
    assert [item["id"] for item in suggested] == ["exactMatch"]


def test_extension(client: FlaskClient) -> None:
    """Values of all kinds, in the order of the properties; what is not known has empty cells."""
    asked = {
        "ids": ["model/pangu-alpha", "organization/baidu", "model/unheard-of"],
        "properties": [
            {"id": "hasDeveloper", "settings": {"limit": "2"}},
            {"id": "released", "settings": {"limit": 0, "content": "literal"}},
            {"id": "parameterCount"},
            {"id": "row"},
            {"id": "country", "settings": {"content": "id"}},
            {"id": f"{TERMS}country", "settings": {}} | {"id": "developed"},
            {"id": "skos:altLabel"},
            {"id": "dcterms:source"},
            {"id": "noSuchProperty"},
        ],
    }

    answer = sent(client, extend=asked)

    check_extension(answer, asked)
    pangu, baidu, unknown = (answer["rows"][id_] for id_ in asked["ids"])
    assert pangu["hasDeveloper"] == [
        {"id": "organization/huawei", "name": "Huawei"},
        {"id": "organization/peking-university", "name": "Peking University"},
    ]
    assert pangu["released"] == [{"date": "2021-04-26T00:00:00Z"}]
    assert pangu["parameterCount"] == [{"float": 207e9}], "OpenRefine's integers have 32 bits"
    assert pangu["row"] == [{"int": 6}]
    assert baidu["country"] == [{"str": f"{IDS}place/china"}]
    assert baidu["skos:altLabel"] == [{"str": "百度"}]
    assert baidu["dcterms:source"] == [{"str": "https://ror.org/03vs3wt56"}]
    assert {value["id"] for value in baidu["developed"]} >= {"model/ernie-3-0", "model/plato-xl"}
    assert unknown == {property_["id"]: [] for property_ in asked["properties"]}
    meta = {column["id"]: column for column in answer["meta"]}
    assert meta["hasDeveloper"]["name"] == "has developer"
    assert meta["hasDeveloper"]["type"] == {"id": "Organization", "name": "organization"}
    assert meta["developed"]["type"] == {"id": "Model", "name": "model"}
    assert not {"type"} & set(meta["released"]) & set(meta["country"])
    assert meta["noSuchProperty"]["name"] == "noSuchProperty"


def test_an_extension_keeps_the_ids_it_was_asked_by(client: FlaskClient) -> None:
    """A property may be given by its IRI, and then has its column under that."""
    asked = {"ids": ["organization/baidu"], "properties": [{"id": f"{TERMS}country"}]}
    answer = sent(client, extend=asked)
    check_extension(answer, asked)
    assert answer["meta"][0]["name"] == "country"
    assert answer["rows"]["organization/baidu"][f"{TERMS}country"][0]["id"] == "place/china"


def test_large_integers_keep_their_digits(linked: FlaskClient) -> None:
    """Beyond what a float holds they come as text."""
    asked = {"ids": ["model/marked"], "properties": [{"id": "trainingTokens"}]}
    cell = sent(linked, extend=asked)["rows"]["model/marked"]["trainingTokens"]
    assert cell == [{"str": "9007199254740993"}]


def test_terms_of_the_ontology_come_by_name(client: FlaskClient) -> None:
    """What is a value and no thing of the graph has its label, or its IRI if that is asked for."""
    ids = [c["id"] for c in candidates(client, {"properties": [
        {"pid": "accessMode", "v": "open source"}]})]  # fmt: skip
    both = [{"id": "accessMode"}]
    plain = sent(client, extend={"ids": ids, "properties": both})["rows"]
    both[0]["settings"] = {"content": "id"}  # type: ignore[assignment]
    iris = sent(client, extend={"ids": ids, "properties": both})["rows"]
    assert ids
    for id_ in ids:
        assert {"str": "open source"} in plain[id_]["accessMode"]
        assert all(value["str"].startswith(TERMS) for value in iris[id_]["accessMode"])


def suggested(client: FlaskClient, kind: str, prefix: str, **more: object) -> list[Json]:
    """What is suggested for a prefix, asked as OpenRefine's widget does."""
    asked = {"prefix": prefix, "spell": "always", "exact": "false", "prefixed": "true", **more}
    response = client.get(f"/reconcile/suggest/{kind}", query_string=asked)
    assert response.status_code == 200, response.text
    answer = response.get_json()
    check_suggestions(answer, are_types=kind == "type")
    found: list[Json] = answer["result"]
    return found


def test_suggestions(client: FlaskClient) -> None:
    """Things, types and properties by what their names begin with, or by their ids."""
    pangu = suggested(client, "entity", "pangu")
    assert pangu[0]["id"] == "model/pangu-alpha"
    assert pangu[0]["notable"][0] == {"id": "Model", "name": "model"}
    assert "model" in pangu[0]["description"]
    assert [i["id"] for i in suggested(client, "entity", "清华")] == [
        "organization/tsinghua-university"
    ]
    for prefix in ("Baidu", "organization/baidu", f"{IDS}organization/baidu"):
        assert suggested(client, "entity", prefix)[0]["id"] == "organization/baidu"
    models = {item["id"]: item for item in suggested(client, "type", "mod")}
    assert next(iter(models)) == "Model"
    assert models["StateLaboratoryModel"]["broader"] == [
        {"id": "AcademicModel", "name": "academic model"}
    ]
    assert models["Model"]["description"].startswith("Pre-trained")
    assert [i["id"] for i in suggested(client, "type", "大学")] == ["University"]
    assert "hasDeveloper" in [item["id"] for item in suggested(client, "property", "dev")]
    assert suggested(client, "property", "hasDeveloper")[0]["id"] == "hasDeveloper"
    assert suggested(client, "entity", "no such beginning") == []


def test_suggestions_go_on(client: FlaskClient) -> None:
    """A cursor skips what was seen, until everything was."""
    seen: list[str] = []
    while page := suggested(client, "entity", "", cursor=len(seen)):
        assert len(page) <= 20
        seen += [item["id"] for item in page]
    assert len(seen) == len(set(seen)) > 300


def test_proposed_properties(client: FlaskClient) -> None:
    """Those that things of a type have, the most common first, as many as asked for."""
    answer = client.get("/reconcile/properties?type=Organization").get_json()
    assert set(answer) == {"type", "properties"}
    assert answer["type"] == "Organization"
    proposed = [property_["id"] for property_ in answer["properties"]]
    assert {"country", "developed", "skos:altLabel"} <= set(proposed)
    assert "parameterCount" not in proposed
    assert proposed.index("country") < proposed.index("hasFounder")
    few = client.get("/reconcile/properties?type=Organization&limit=3").get_json()
    assert few == {**answer, "limit": 3, "properties": answer["properties"][:3]}
    unknown = client.get("/reconcile/properties?type=Nonsense").get_json()
    assert unknown == {"type": "Nonsense", "properties": []}
    for property_ in answer["properties"]:
        assert set(property_) == {"id", "name"}


def test_preview(client: FlaskClient) -> None:
    """A page about one thing, which alone of all pages may be shown in a frame."""
    response = client.get("/reconcile/preview?id=model/pangu-alpha")
    assert response.mimetype == "text/html"
    for text in ("PanGu-α", "Huawei", "207,000,000,000", 'href="/id/model/pangu-alpha"'):
        assert text in response.text
    assert "figure/" not in response.text, "things without a name are left out"
    assert client.get("/reconcile/preview?id=model/unheard-of").status_code == 404
    assert client.get("/reconcile/preview").status_code == 404
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', response.text)
    with client.get(style) as sheet:
        assert sheet.status_code == 200


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"data": {"other": "x"}}),
        (415, {"data": {}}),
        (400, {"data": {"queries": "{}", "extend": "{}"}}),
        (400, {"data": {"queries": ["{}", "{}"]}}),
        (400, {"data": {"queries": "{}"}, "query_string": {"queries": "{}"}}),
        (400, {"data": {"queries": "{}"}, "query_string": {"callback": "jQuery1"}}),
        (400, {"data": {"queries": "{}"}, "query_string": {"version": "0123456789abcdef"}}),
        (400, {"data": {"queries": "not json"}}),
        (400, {"data": {"queries": "[]"}}),
        (400, {"data": {"queries": '{"q0": "Baidu"}'}}),
        (400, {"data": {"queries": '{"q0": {}}'}}),
        (400, {"data": {"queries": '{"q0": {"properties": []}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": 5}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "limit": 0}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "limit": -1}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "limit": 2.5}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "limit": 26}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "limit": 1e999}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "limit": NaN}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "limit": true}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "type": 5}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "type": [["y"]]}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "type_strict": "very"}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "type_strict": ["any"]}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "properties": {"pid": "y"}}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "properties": [{"v": "y"}]}}'}}),
        (400, {"data": {"queries": '{"q0": {"query": "x", "properties": [{"pid": "y"}]}}'}}),
        (400, {"data": {"queries": '{"q0": {"properties": [{"pid": "y", "v": {}}]}}'}}),
        (400, {"data": {"queries": r'{"q0": {"query": "\ud800"}}'}}),
        (400, {"data": {"queries": r'{"\udfff": {"query": "x"}}'}}),
        (400, {"data": {"queries": f'{{"q0": {{"query": "x", "limit": {"9" * 5000}}}}}'}}),
        (400, {"data": {"extend": "{}"}}),
        (400, {"data": {"extend": '{"ids": [], "properties": "x"}'}}),
        (400, {"data": {"extend": '{"ids": [1], "properties": []}'}}),
        (400, {"data": {"extend": '{"ids": [], "properties": ["x"]}'}}),
        (400, {"data": {"extend": '{"ids": [], "properties": [{"id": "a"}, {"id": "cllm:a"}]}'}}),
        (400, {"data": {"extend": '{"ids": [], "properties": [{"id": "a", "settings": 5}]}'}}),
        (400, {"data": {"extend":
            '{"ids": [], "properties": [{"id": "a", "settings": {"limit": "many"}}]}'}}),
        (400, {"data": {"extend":
            '{"ids": [], "properties": [{"id": "a", "settings": {"limit": -2}}]}'}}),
        (400, {"data": {"extend":
            '{"ids": [], "properties": [{"id": "a", "settings": {"content": ["id"]}}]}'}}),
        (415, {"data": '{"q0": {"query": "x"}}', "content_type": "application/json"}),
        (415, {"data": {"queries": "{}"}, "content_type": "multipart/form-data"}),
        (415, {"data": {"queries": "{}"}, "headers": {"Content-Encoding": "gzip"}}),
        (405, {"method": "PUT"}),
        (405, {"method": "DELETE"}),
    ],
)  # fmt: skip
def test_what_is_refused(client: FlaskClient, status: int, request_: Json) -> None:
    """Each refusal has its status and a sentence, and other origins may read it."""
    response = client.open("/reconcile", **{"method": "POST", **request_})

    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert problem["status"] == status
    assert problem["detail"].endswith((".", "!"))
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("status", "address"),
    [
        (404, "/reconcile/suggest/nonsense?prefix=a"),
        (404, "/reconcile/flyout/entity?id=organization/baidu"),
        (400, "/reconcile/suggest/entity?prefix=a&prefix=b"),
        (400, "/reconcile/suggest/entity?prefix=a&cursor=-1"),
        (400, "/reconcile/suggest/entity?prefix=a&cursor=1000000"),
        (400, "/reconcile/suggest/entity?prefix=a&cursor=next"),
        (400, "/reconcile/suggest/entity?prefix=a&callback=f"),
        (400, f"/reconcile/suggest/entity?prefix={'a' * 501}"),
        (400, "/reconcile/properties?type=Model&limit=many"),
        (400, "/reconcile?version=0123456789abcdef"),
        (400, "/reconcile?callback=f"),
        (405, "/reconcile/preview"),
    ],
)
def test_what_else_is_refused(client: FlaskClient, status: int, address: str) -> None:
    """The other addresses have their limits too."""
    method = "POST" if status == 405 else "GET"
    response = client.open(address, method=method)
    assert response.status_code == status
    assert response.get_json()["detail"]


def test_s27_too_much_is_refused_as_a_whole(client: FlaskClient) -> None:
    """Many queries, things, properties, types and values, long texts, deep nesting: all 4xx."""
    many = {f"q{number}": {"query": "Baidu"} for number in range(10_000)}
    name = {"query": "Baidu"}
    property_ = {"pid": "country", "v": "China"}
    columns = [{"id": f"p{number}"} for number in range(21)]
    refused: list[tuple[int, str, object]] = [
        (413, "queries", many),
        (413, "queries", dict([*many.items()][: batches.MOST_QUERIES + 1])),
        (413, "queries", {"q0": {**name, "type": ["Model"] * 6}}),
        (413, "queries", {"q0": {**name, "properties": [property_] * 11}}),
        (413, "queries", {"q0": {**name, "properties": [{"pid": "country", "v": ["x"] * 21}]}}),
        (413, "queries", {"q0": {"query": "x" * 1_000_000}}),
        (400, "queries", {"q0": {"query": "x" * 501}}),
        (400, "queries", {"q0": {**name, "properties": [{"pid": "country", "v": "x" * 501}]}}),
        (413, "extend", {"ids": [f"id{number}" for number in range(201)], "properties": []}),
        (413, "extend", {"ids": [], "properties": columns}),
    ]
    for status, kind, value in refused:
        response = client.post("/reconcile", data={kind: json.dumps(value)})
        assert response.status_code == status, kind
        assert len(response.get_json()["detail"]) < 200
    for nested in ("[" * 100_000, '{"q0":' * 20_000, '{"q0":' * 900 + "1" + "}" * 900):
        assert client.post("/reconcile", data={"queries": nested}).status_code == 400
    assert match(client, "Baidu") == "organization/baidu"


def test_s27_the_largest_batch_is_answered(client: FlaskClient) -> None:
    """What is just allowed is answered in full."""
    properties = [{"pid": f"p{n}", "v": ["China"] * 20} for n in range(9)]
    query = {
        "query": "Bei",
        "limit": 25,
        "type": ["Organization", "Place", "Model", "Event", "Part"],
        "properties": [*properties, {"pid": "country", "v": "China"}],
    }
    batch = {f"q{number}": query for number in range(batches.MOST_QUERIES)}
    answer = sent(client, queries=batch)
    check_result_batch(answer, batch)
    assert answer["q0"]["result"]


def test_s27_what_takes_long_is_ended(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch has its seconds, and an extension its number of values; then the client is told."""
    asked = {"ids": ["model/pangu-alpha"], "properties": [{"id": "hasDeveloper"}]}
    monkeypatch.setattr(extension, "_MOST_VALUES", 3)
    response = client.post("/reconcile", data={"extend": json.dumps(asked)})
    assert response.status_code == 413
    asked["properties"][0]["settings"] = {"limit": 3}  # type: ignore[index]
    assert len(sent(client, extend=asked)["rows"]["model/pangu-alpha"]["hasDeveloper"]) == 3
    monkeypatch.setattr(reconcile, "_SECONDS", -1)
    response = client.post("/reconcile", data={"queries": '{"q0": {"query": "Baidu"}}'})
    assert (response.status_code, response.get_json()["limit"]) == (503, "deadline")


def test_s27_batches_leave_threads_to_others(project: Project, versions: Versions) -> None:
    """Beyond as many as may be worked on at once they are told to come again; others are served."""
    app = app_of(versions, project)
    client = app.test_client()
    slots = app.extensions["kg.reconcile"]
    taken = 0
    while slots.acquire(blocking=False):
        taken += 1
    assert taken == Settings.load({}).threads // 2
    for kind in ("queries", "extend"):
        response = client.post("/reconcile", data={kind: "{}"})
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert client.get("/reconcile").status_code == 200
    assert client.get("/reconcile/suggest/entity?prefix=a").status_code == 200
    slots.release()
    assert match(client, "Baidu") == "organization/baidu"
    assert client.post("/reconcile", data={"queries": "no json"}).status_code == 400
    assert match(client, "Baidu") == "organization/baidu", "a slot is given back after an error"


def test_a_version_is_read_once_and_by_one(
    project: Project, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one request reads the names of a version, others are told to come again."""
    app = app_of(versions, project)
    client = app.test_client()
    latest = app.extensions["kg"].things
    monkeypatch.setattr("kg.serve.reconcilable._PATIENCE", 0.01)
    with latest._reading:
        response = client.get("/reconcile")
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert client.get("/reconcile").status_code == 200
    known = latest._known
    assert client.get("/reconcile").status_code == 200
    assert latest._known is known


def test_a_new_version_has_its_own_names(
    project: Project, versions: Versions, linked_versions: Versions, tmp_path: Path
) -> None:
    """What became current is what is reconciled against, and the answer says so."""
    both = Versions(tmp_path)
    real = versions.open().store
    summary = versions.current().summary()
    both.publish_written("a" * 16, real.copy, summary, 3)
    client = app_of(both, project).test_client()
    assert match(client, "Q148") is None
    both.publish_written("b" * 16, linked_versions.open().store.copy, summary, 3)
    assert match(client, "Q148") == "place/china"
    assert client.get("/reconcile").headers["X-KG-Data-Version"] == "b" * 16


def test_other_data_are_not_reconciled(project: Project, versions: Versions) -> None:
    """Where the data are not the project's there is no such service."""
    client = app_of(versions, project, catalogue=False).test_client()
    assert client.get("/reconcile").status_code == 404


def test_s14_names_are_escaped(linked: FlaskClient) -> None:
    """What a name has of HTML is text in a preview, and JSON elsewhere."""
    response = linked.get("/reconcile/preview?id=model/marked")
    assert "<script" not in response.text
    assert "<img" not in response.text
    assert "<b>" not in response.text
    assert "&lt;script&gt;" in response.text
    assert linked.get("/reconcile/preview?id=<script>").text.count("<script>") == 0
    (best, *_) = candidates(linked, "<script>alert(1)</script> & <b>bold</b>")
    assert best["id"] == "model/marked"


def test_s28_only_previews_may_be_framed(linked: FlaskClient) -> None:
    """They have nothing that could be clicked for somebody, and no script, by policy."""
    policy = linked.get("/reconcile/preview?id=model/marked").headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "style-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "*",
    }
    for address in ("/", "/id/model/m6", "/queries", "/sparql", "/reconcile",
                    "/reconcile/preview?id=nonsense"):  # fmt: skip
        response = linked.get(address, headers={"Accept": "text/html"})
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


@pytest.fixture(scope="module")
def address(linked_versions: Versions) -> Iterator[str]:
    """A server on the real graph with links."""
    with serving(linked_versions.root) as found:
        yield found


def test_a_server(address: str) -> None:
    """From the manifest on, as a client goes through it: a batch, an extension, a page."""
    status, body, headers = get(f"{address}/reconcile")
    manifest = json.loads(body)
    check_manifest(manifest)
    assert (status, headers["access-control-allow-origin"]) == (200, "*")
    batch = {"q0": {"query": "百度", "type": "Organization", "type_strict": "should"}}
    form = urllib.parse.urlencode({"queries": json.dumps(batch)}).encode()
    with urllib.request.urlopen(f"{address}/reconcile", form, timeout=PATIENCE) as response:
        answer = json.load(response)
    check_result_batch(answer, batch)
    (best,) = (c for c in answer["q0"]["result"] if c["match"])
    asked = {"ids": [best["id"]], "properties": [{"id": "country"}, {"id": "exactMatch"}]}
    extend = urllib.parse.urlencode({"extend": json.dumps(asked)})
    rows = json.loads(get(f"{address}/reconcile?{extend}")[1])["rows"]
    assert rows["organization/baidu"]["country"] == [{"id": "place/china", "name": "China"}]
    assert {"str": "https://ror.org/03vs3wt56"} in rows["organization/baidu"]["exactMatch"]
    encoded = urllib.parse.quote(best["id"], safe="")
    assert "%2F" in encoded
    for template in (manifest["view"]["url"], manifest["preview"]["url"]):
        for id_ in (best["id"], encoded):
            status, page, _ = get(template.replace("{{id}}", id_))
            assert (status, b"Baidu" in page) == (200, True)
    suggest = manifest["suggest"]["entity"]
    found = get(f"{suggest['service_url']}{suggest['service_path']}?prefix=%E7%99%BE%E5%BA%A6")
    assert [item["id"] for item in json.loads(found[1])["result"]] == ["organization/baidu"]
    assert manifest["view"]["url"].startswith(address)
    assert BASE not in manifest["view"]["url"]


def test_s27_a_server_goes_on(address: str) -> None:
    """After hostile batches of a megabyte it answers as before."""
    hostile = [
        json.dumps({f"q{n}": {"query": "Baidu"} for n in range(10_000)}),
        "[" * 900_000,
        json.dumps({"q0": {"query": "x" * 900_000}}),
        r'{"q0": {"query": "' + r"\ud800" * 80_000 + '"}}',
    ]
    for text in hostile:
        form = f"queries={text}".encode()
        request = urllib.request.Request(f"{address}/reconcile", form, {"Content-Type": FORM})
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(request, timeout=PATIENCE)
        with refusal.value as response:
            assert response.code in (400, 413)
    assert get(f"{address}/reconcile")[0] == 200

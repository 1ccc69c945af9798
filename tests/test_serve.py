"""The app answers as the protocols say, whatever is asked; under Flask's own client."""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import subprocess
import sys
import urllib.parse
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import flask
import pyoxigraph as ox
import pytest
import rdflib
from flask.testing import FlaskClient

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from kg import build
from kg.encodings import Encoder
from kg.namespaces import BASE, GRAPHS, IDS
from kg.project import Project
from kg.queries import Catalogue
from kg.results import FORMATS, Format, formats, media_types
from kg.serve import create_app
from kg.serve.problems import TYPES
from kg.settings import Settings
from kg.store import Current, EmbeddedStore, Versions
from tests.conftest import BROWSER, has_script, unwatched

ROWS = (
    "SELECT ?model ?name { ?model <https://w3id.org/china-llm/ontology#row> ?name } ORDER BY ?name"
)
ASKS = "ASK { ?s ?p ?o }"
GRAPH = (
    "CONSTRUCT { ?s <https://w3id.org/china-llm/ontology#row> ?o }"
    " { ?s <https://w3id.org/china-llm/ontology#row> ?o }"
)
BY_KIND = {"rows": (ROWS, ASKS), "graph": (GRAPH,)}


def parsed(format_: Format, body: bytes, query: str) -> object:
    """The answer read back by a parser of its format: a boolean, rows, or triples."""
    if format_.kind == "graph":
        return len(list(ox.parse(body, format=ox.RdfFormat.from_media_type(format_.media_type))))
    if query == ASKS and format_.name in ("csv", "tsv"):
        return body.decode().strip() == "true"
    if format_.name == "csv":
        return len(list(csv.reader(io.StringIO(body.decode())))) - 1
    results = ox.parse_query_results(
        body, format=ox.QueryResultsFormat.from_media_type(format_.media_type)
    )
    if isinstance(results, ox.QueryBoolean):
        return bool(results)
    return len(list(results))


def test_the_table_of_formats_is_whole() -> None:
    """Four formats for rows and six for graphs, each under its specification."""
    assert [format_.name for format_ in formats("rows")] == ["json", "xml", "csv", "tsv"]
    assert len(formats("graph")) == 6
    for format_ in FORMATS:
        assert format_.specification.startswith("https://www.w3.org/TR/")


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
@pytest.mark.parametrize("way", ["get", "form", "body", "accept", "also"])
def test_every_format_in_every_way(client: FlaskClient, format_: Format, way: str) -> None:
    """GET, POST as form, POST as body; by parameter and by Accept: each answer parses back."""
    for query in BY_KIND[format_.kind]:
        accept = {"Accept": format_.media_type}
        if way == "get":
            response = client.get("/sparql", query_string={"query": query, "format": format_.name})
        elif way == "form":
            response = client.post("/sparql", data={"query": query}, headers=accept)
        elif way == "body":
            sent = "application/sparql-query; charset=utf-8"
            response = client.post("/sparql", data=query, content_type=sent, headers=accept)
        elif way == "accept":
            response = client.get("/sparql", query_string={"query": query}, headers=accept)
        else:
            mine = [t for t, f in media_types(format_.kind).items() if f == format_]
            assert mine
            response = client.get(
                "/sparql", query_string={"query": query}, headers={"Accept": mine[-1]}
            )

        assert response.status_code == 200, response.text
        assert response.headers["Content-Type"] == format_.content_type
        assert "Accept" in response.headers["Vary"]
        assert len(response.headers["X-KG-Data-Version"]) == 16
        expected = True if query == ASKS else 26
        assert parsed(format_, response.data, query) == expected


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.5, application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv, application/sparql-results+xml;q=0.9", "text/csv"),
        ("image/png, text/csv;q=0.1", "text/csv"),
        ("application/sparql-results+xml; charset=utf-8", "application/sparql-results+xml"),
        (
            "text/csv;charset=utf-8;q=0.2, text/tab-separated-values ;q=0.9",
            "text/tab-separated-values",
        ),
        (BROWSER, "text/html"),
        ("text/html;q=0.5, application/sparql-results+json", "application/sparql-results+json"),
    ],
)
def test_negotiation(client: FlaskClient, accept: str | None, media_type: str) -> None:
    """Quality values and wildcards decide; without a wish it is JSON, for a browser a page."""
    headers = {"Accept": accept} if accept else {}

    response = client.get("/sparql", query_string={"query": ROWS}, headers=headers)

    assert response.status_code == 200
    assert response.mimetype == media_type


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"query_string": {"query": "SELECT {"}}),
        (400, {"query_string": {"query": ""}}),
        (400, {"query_string": {"query": ROWS, "format": "trig"}}),
        (400, {"query_string": {"query": ROWS, "format": "nonsense"}}),
        (400, {"query_string": {"query": ROWS, "format": "csv", "output": "json"}}),
        (400, {"query_string": {"query": ROWS, "unknown": "1"}}),
        (400, {"query_string": {"query": [ROWS, ASKS]}}),
        (400, {"query_string": {"query": "INSERT DATA { <a:a> <a:b> <a:c> }"}}),
        (400, {"query_string": {"query": "ASK {" + "{" * 300 + "}" * 301}}),
        (400, {"query_string": {"query": ROWS, "default-graph-uri": "not an iri"}}),
        (400, {"method": "POST", "data": {"other": "x"}}),
        (400, {"method": "POST", "query_string": {"query": ROWS}, "data": {"query": ROWS}}),
        (400, {"method": "POST", "data": b"\xff", "content_type": "application/sparql-query"}),
        (403, {"query_string": {"query": "ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"}}),
        (403, {"query_string": {"query": r"ASK { \u0053ERVICE <http://127.0.0.1:9/> {} }"}}),
        (403, {"query_string": {"query": "ASK { service silent ?x { ?s ?p ?o } }"}}),
        (400, {"query_string": {"update": "DROP ALL"}}),
        (403, {"method": "POST", "data": {"update": "DROP ALL"}}),
        (403, {"method": "POST", "data": "X", "content_type": "application/sparql-update"}),
        (405, {"method": "PUT"}),
        (405, {"method": "DELETE"}),
        (406, {"query_string": {"query": ROWS}, "headers": {"Accept": "image/png"}}),
        (413, {"method": "POST", "data": {"query": "#" * 1_000_001}}),
        (
            413,
            {"method": "POST", "data": "#" * 1_000_001, "content_type": "application/sparql-query"},
        ),
        (415, {"method": "POST", "data": "x", "content_type": "text/plain"}),
        (415, {"method": "POST"}),
    ],
)
def test_what_is_refused(client: FlaskClient, status: int, request_: dict[str, object]) -> None:
    """Each refusal has its status and one sentence, as RFC 9457 has it."""
    response = client.open("/sparql", **{"method": "GET", **request_})

    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    problem = json.loads(response.data)
    assert problem["status"] == status
    assert problem["detail"]
    if status == 405:
        assert {"GET", "HEAD", "OPTIONS", "POST", "QUERY"} == set(
            response.headers["Allow"].replace(" ", "").split(",")
        )


def test_a_bad_query_has_its_place(client: FlaskClient) -> None:
    """Line and column are members of the problem."""
    response = client.get("/sparql", query_string={"query": "SELECT ?s\nWHERE { ?s ?p }"})

    problem = json.loads(response.data)
    assert (problem["line"], problem["column"]) == (2, 16)


@pytest.mark.parametrize(
    "query",
    [
        "ASK { BIND('SERVICE' AS ?x) } # SERVICE",
        "ASK { ?s <http://example.org/SERVICE> ?o }",
        "PREFIX service: <http://example.org/> ASK { ?service service:SERVICE ?o }",
    ],
)
def test_the_word_service_is_no_offence(client: FlaskClient, query: str) -> None:
    """In a string, a comment, an IRI or a name it is only a word."""
    assert client.get("/sparql", query_string={"query": query}).status_code == 200


def test_graphs_of_the_protocol(client: FlaskClient) -> None:
    """``default-graph-uri`` and ``named-graph-uri`` decide what a query sees; no file is read."""

    def count(query: str, **graphs: str) -> int:
        names = {name.replace("_", "-"): value for name, value in graphs.items()}
        response = client.get("/sparql", query_string={"query": query, "format": "csv", **names})
        return int(response.text.splitlines()[1])

    everything = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    named = "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    table = f"{GRAPHS}ding-xiao-2023/table-1"
    assert count(everything) > count(everything, default_graph_uri=table) > 800
    assert count(named) > 10
    assert count(named, named_graph_uri=table) == 1
    assert count(everything, default_graph_uri="file:///etc/passwd") == 0


def test_without_a_query(client: FlaskClient) -> None:
    """A program gets a service description in any format for graphs, a browser a page."""
    response = client.get("/sparql", headers={"Accept": "text/turtle"})
    description = rdflib.Graph().parse(data=response.data, format="turtle")
    service = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    (subject,) = description.subjects(rdflib.RDF.type, service.Service)
    assert (subject, service.endpoint, rdflib.URIRef("http://127.0.0.1:8000/sparql")) in description
    assert len(set(description.objects(subject, service.resultFormat))) == len(FORMATS)

    page = client.get("/sparql", headers={"Accept": BROWSER})
    assert page.mimetype == "text/html"
    assert "<textarea" in page.text


def test_the_service_description_has_the_data(client: FlaskClient) -> None:
    """Classes, properties and graphs, with as many as there are."""
    response = client.get("/sparql", headers={"Accept": "application/n-triples"})
    described = EmbeddedStore.in_memory({"": response.data})
    prefixes = (
        "PREFIX void: <http://rdfs.org/ns/void#>"
        "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>"
    )

    def both(of_description: str, of_data: str) -> list[list[str | None]]:
        _, said = described.query(prefixes + of_description).rows()
        asked = client.get("/sparql", query_string={"query": of_data, "format": "csv"})
        counted = list(csv.reader(io.StringIO(asked.text)))[1:]
        found = [list(row) for row in said]
        assert sorted(map(str, found)) == sorted(map(str, counted))
        return found

    classes = both(
        "SELECT ?c ?n { ?d void:classPartition ?p . ?p void:class ?c ; void:entities ?n }",
        "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c FILTER ISIRI(?c) } GROUP BY ?c",
    )
    properties = both(
        "SELECT ?p ?n { ?d void:propertyPartition ?x . ?x void:property ?p ; void:triples ?n }",
        "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    )
    graphs = both(
        "SELECT ?name { ?d sd:namedGraph ?g . ?g sd:name ?name ; sd:graph ?g2 }",
        "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } FILTER (!STRENDS(STR(?g), '/catalog')) }",
    )
    assert min(len(classes), len(properties), len(graphs)) > 50

    void = client.get("/.well-known/void", headers={"Accept": "application/n-triples"})
    assert set(void.data.splitlines()) < set(response.data.splitlines())
    assert b"sparqlEndpoint> <http://127.0.0.1:8000/sparql>" in void.data


def test_downloads(client: FlaskClient) -> None:
    """Every file that the description names can be had, as what it says that it is."""
    void = client.get("/.well-known/void", headers={"Accept": "application/n-triples"}).data
    described = EmbeddedStore.in_memory({"": void})
    _, rows = described.query(
        "SELECT ?url ?type { ?f <http://www.w3.org/ns/dcat#downloadURL> ?url ;"
        " <http://www.w3.org/ns/dcat#mediaType> ?type }"
    ).rows()
    found = {}
    for url, media_type in rows:
        response = client.get(str(url).removeprefix("http://127.0.0.1:8000"))
        assert response.status_code == 200
        assert str(media_type).endswith(f"/{response.mimetype}")
        assert response.headers["Content-Disposition"].startswith("attachment")
        format_ = ox.RdfFormat.from_media_type(response.mimetype)
        found[response.mimetype] = len(list(ox.parse(response.data, format=format_)))
    assert len(found) == 6
    counts = [
        int(client.get("/sparql", query_string={"query": query, "format": "csv"}).text.split()[1])
        for query in (
            "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
            "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }",
        )
    ]
    assert {found.pop("application/trig"), found.pop("application/n-quads")} == {counts[1]}
    assert set(found.values()) == {counts[0]}


def test_the_graph_store(client: FlaskClient) -> None:
    """Any graph can be read by its name, in any format; none can be written."""
    names = ["ontology", "settled", "ding-xiao-2023/table-1"]
    for name in names:
        indirect = client.get(
            "/rdf-graph-store",
            query_string={"graph": GRAPHS + name},
            headers={"Accept": "application/n-triples"},
        )
        direct = client.get(f"/graph/{name}?format=ntriples")
        assert indirect.status_code == 200
        assert sorted(indirect.data.splitlines()) == sorted(direct.data.splitlines())
    default = client.get("/rdf-graph-store?default", headers={"Accept": "text/turtle"})
    assert default.mimetype == "text/turtle"
    assert len(default.data) > 100_000


@pytest.mark.parametrize(
    ("status", "method", "query"),
    [
        (400, "GET", ""),
        (400, "GET", "default=yes"),
        (400, "GET", "default&graph=http://a/g"),
        (400, "GET", "graph=http://a/g&graph=http://a/h"),
        (400, "GET", "graph=not+an+iri"),
        (400, "GET", "default&colour=red"),
        (404, "GET", "graph=http://a/g"),
        (404, "HEAD", "graph=http://a/g"),
        (406, "GET", "default"),
        (403, "PUT", "default"),
        (403, "POST", "graph=http://a/g"),
        (403, "DELETE", "graph=http://a/g"),
        (405, "PATCH", "default"),
        (405, "QUERY", "default"),
    ],
)
def test_what_the_graph_store_refuses(
    client: FlaskClient, status: int, method: str, query: str
) -> None:
    """Each refusal has its status."""
    headers = {"Accept": "image/png"} if status == 406 else {}
    response = client.open(f"/rdf-graph-store?{query}", method=method, headers=headers)

    assert response.status_code == status
    if method == "PUT":
        assert "kg build" in response.text


def test_head_and_options(client: FlaskClient) -> None:
    """HEAD has the headers without the body, OPTIONS the methods."""
    head = client.head("/sparql", query_string={"query": ROWS})
    assert head.status_code == 200
    assert head.data == b""
    assert head.mimetype == "application/sparql-results+json"
    assert "POST" in client.options("/sparql").headers["Allow"]


def test_the_query_method(client: FlaskClient) -> None:
    """QUERY is POST that is safe: the query is the body."""
    response = client.open(
        "/sparql", method="QUERY", data=ASKS, content_type="application/sparql-query"
    )

    assert response.get_json() == {"head": {}, "boolean": True}
    assert client.open("/sparql", method="QUERY", data=ASKS).status_code == 415


DECODERS = {"gzip": gzip.decompress, "zstd": zstd.decompress}


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1, zstd;q=0.5", "gzip"),
        ("*", "zstd"),
        ("zstd;q=0, *", "gzip"),
        ("br", None),
        ("", None),
        ("gzip;q=0", None),
    ],
)
@pytest.mark.parametrize("path", ["/sparql?query=SELECT*{?s+?p+?o}", "/queries", "/"])
def test_encodings(client: FlaskClient, path: str, accept: str, encoding: str | None) -> None:
    """An answer is compressed as the client likes best, and comes to the same."""
    plain = client.get(path)
    response = client.get(path, headers={"Accept-Encoding": accept})

    assert response.headers.get("Content-Encoding") == encoding
    decoded = DECODERS[encoding](response.data) if encoding else response.data
    assert decoded == plain.data
    assert {"Accept", "Accept-Encoding"} <= set(response.vary)


def test_an_encoder_holds_little_back() -> None:
    """Pieces can be read before the last one is there."""
    pieces = [bytes([n % 251]) * 10_000 for n in range(30)]
    for name, decoder in {
        "gzip": zlib.decompressobj(31),
        "zstd": zstd.ZstdDecompressor(),
    }.items():
        encoder = Encoder(name)
        read = 0
        for number, piece in enumerate(pieces, 1):
            read += len(decoder.decompress(encoder.encode(piece)))
            assert read > number * 10_000 - 65_536
        read += len(decoder.decompress(encoder.end()))
        assert read == 300_000


def test_tags(client: FlaskClient) -> None:
    """A tag stands for the data, the query but its layout, the format and the encoding."""

    def tag(query: str = ROWS, accept: str = "", **more: str) -> str | None:
        asked = {"query": query, **more}
        wishes = {"Accept-Encoding": accept}
        return client.get("/sparql", query_string=asked, headers=wishes).headers.get("ETag")

    assert tag() == tag(ROWS.replace(" ", "\n  # a comment\n"))
    graph = f"{GRAPHS}ontology"
    different = [
        tag(),
        tag(ASKS),
        tag(format="csv"),
        tag(accept="gzip"),
        tag(accept="zstd"),
        tag(**{"default-graph-uri": graph}),
        tag(**{"named-graph-uri": graph}),
    ]
    assert len(set(different)) == len(different)
    assert all(found and found.startswith('W/"') for found in different)
    assert tag("SELECT (RAND() AS ?x) {}") is None

    one = client.get("/queries/models-by-developer?organization=organization:baai")
    other = client.get("/queries/models-by-developer?organization=organization:baidu")
    assert one.headers["ETag"] != other.headers["ETag"]


def test_what_a_client_has_already(client: FlaskClient) -> None:
    """It is not sent again, and the answer still names its version."""
    asked = {"query_string": {"query": ROWS}}
    tag = client.get("/sparql", **asked).headers["ETag"]  # type: ignore[arg-type]
    for wanted in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        response = client.get("/sparql", headers={"If-None-Match": wanted}, **asked)  # type: ignore[arg-type]
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == tag
        assert response.headers["X-KG-Data-Version"]
    assert client.get("/sparql", headers={"If-None-Match": '"x"'}, **asked).status_code == 200  # type: ignore[arg-type]


def test_an_earlier_version(tmp_path: Path, project: Project) -> None:
    """A version that is held answers for itself; one that is not is gone, never another."""
    versions = Versions(tmp_path)
    for name in ("first", "second"):
        graph = f'<http://a/s> <http://a/p> "{name}" .\n'.encode()
        versions.publish(name, {"": graph}, {}, keep=3)
    catalogue = Catalogue.read(project.query_files())
    client = create_app(Current(versions), catalogue, Settings.load({})).test_client()

    def answer(**more: str) -> tuple[int, str | None, str]:
        asked = {"query": "SELECT ?o { ?s ?p ?o }", "format": "csv", **more}
        response = client.get("/sparql", query_string=asked)
        return response.status_code, response.headers.get("X-KG-Data-Version"), response.text

    assert answer() == (200, "second", "o\r\nsecond\r\n")
    assert answer(version="first") == (200, "first", "o\r\nfirst\r\n")
    assert answer(version="second") == (200, "second", "o\r\nsecond\r\n")
    for name in ("third", "../versions/first", ".", "first/../second"):
        status, version, text = answer(version=name)
        assert (status, version) == (410, None)
        assert "is not held here" in text


def test_every_question_answers(client: FlaskClient, project: Project) -> None:
    """Each canned question, as CSV and as a page that holds its rows and its SPARQL."""
    catalogue = list(Catalogue.read(project.query_files()))
    assert len(catalogue) >= 12
    for query in catalogue:
        response = client.get(f"/queries/{query.name}?format=csv")
        assert response.status_code == 200
        rows = list(csv.reader(io.StringIO(response.text)))
        assert len(rows) > 1

        page = client.get(f"/queries/{query.name}", headers={"Accept": BROWSER})
        assert page.status_code == 200
        assert page.text.count("<tr>") == len(rows)
        assert query.summary in page.text.replace("&#39;", "'")


def test_a_parameter_changes_the_answer(client: FlaskClient) -> None:
    """By prefixed name or IRI; the form shows what was asked."""
    short = client.get("/queries/models-by-developer?organization=organization:baidu&format=csv")
    long = client.get(
        "/queries/models-by-developer?format=csv&organization="
        + urllib.parse.quote(f"{IDS}organization/baidu", safe="")
    )
    assert short.text == long.text
    assert len(short.text.splitlines()) == 1 + 4

    page = client.get(
        "/queries/models-by-developer?organization=organization:baidu", headers={"Accept": BROWSER}
    )
    assert f'<option value="{IDS}organization/baidu" selected>Baidu</option>' in page.text


@pytest.mark.parametrize(
    ("status", "address"),
    [
        (404, "/queries/ghost"),
        (404, "/queries/../table-1"),
        (404, "/nowhere"),
        (404, "/id/model/ghost"),
        (404, "/graph/ghost"),
        (400, "/queries/table-1?ghost=1"),
        (400, "/queries/models-by-developer?organization=no+iri"),
        (400, "/queries/models-by-developer?organization=%3E%20%3Fp%20%3Fo%20%7D%20%23"),
        (400, "/queries/models-by-developer?organization=a:b&organization=a:c"),
        (400, "/queries/table-1?format=trig"),
    ],
)
def test_wrong_addresses(client: FlaskClient, status: int, address: str) -> None:
    """Each is one sentence: as a problem for programs, as a page for browsers."""
    problem = client.get(address)
    assert problem.status_code == status
    assert json.loads(problem.data)["detail"]

    page = client.get(address, headers={"Accept": BROWSER})
    assert page.status_code == status
    assert page.mimetype == "text/html"


def test_every_iri_can_be_followed(client: FlaskClient) -> None:
    """An entity, a graph, the ontology: a page for a browser, triples for a program."""
    claim = client.get(
        "/sparql",
        query_string={
            "format": "csv",
            "query": f"SELECT ?c {{ GRAPH <{GRAPHS}claims> {{ ?c a ?k }} }} ORDER BY ?c LIMIT 1",
        },
    ).text.split()[1]
    for path in (
        "id/model/glm-130b",
        "graph/ding-xiao-2023/table-1",
        "graph/inferred",
        claim.removeprefix(BASE),
        "id/figure/table-1-bagualu-parameters-capability",
        "dataset",
    ):
        data = client.get(f"/{path}", headers={"Accept": "application/n-triples"})
        assert data.status_code == 200
        assert len(data.text.splitlines()) > 5
        assert client.get(f"/{path}", headers={"Accept": BROWSER}).mimetype == "text/html"

    ontology = client.get("/ontology", headers={"Accept": "text/turtle"})
    assert f"<{BASE}ontology>" in ontology.text
    assert client.get("/ontology/ghost").status_code == 404
    page = client.get("/ontology/models", headers={"Accept": BROWSER}).text
    assert 'id="hasDeveloper"' in page
    assert "开发者" in page


def test_a_retired_iri_leads_to_its_heir(tiny: Project, tmp_path: Path) -> None:
    """A renamed thing stays in the registry, and its address answers with the new one."""
    path = tiny.root / "data" / "registry" / "things.ttl"
    text = path.read_text("utf-8").replace(
        "model:first\n",
        "model:old-first <http://purl.org/dc/terms/isReplacedBy> model:first .\n\nmodel:first\n",
    )
    path.write_text(text, "utf-8")
    made = build.make(tiny, unwatched, [])
    versions = Versions(tmp_path / "store")
    build.publish(made, versions, 3, unwatched)
    client = create_app(Current(versions), Catalogue([]), Settings.load({})).test_client()

    response = client.get("/id/model/old-first")

    assert response.status_code == 301
    assert response.headers["Location"] == "/id/model/first"
    assert client.get("/id/model/first").status_code == 200


def test_pages_run_nothing_that_data_says(app: flask.Flask) -> None:
    """Markup in a value or an error is text, links lead to the web only, and scripts are off."""
    client = app.test_client()
    query = (
        "SELECT ('<script>x</script>' AS ?a) (IRI('javascript:alert(1)') AS ?b)"
        " (IRI('http://example.org/\"x') AS ?c) {}"
    )

    page = client.get("/sparql", query_string={"query": query}, headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert not has_script(page.text)
    assert 'href="javascript' not in page.text

    error = client.get("/queries/%3Cscript%3Ealert(1)%3C/script%3E", headers={"Accept": BROWSER})
    assert not has_script(error.text)
    for response in (page, error):
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_show_names_and_numbers_as_they_are(client: FlaskClient) -> None:
    """Numbers are grouped; an arXiv id, a date and a string of digits stay as they are."""
    query = "SELECT (12345678 AS ?a) ('20211231' AS ?b) ('2108.07258' AS ?c) (6.5E20 AS ?d) {}"

    page = client.get("/sparql", query_string={"query": query}, headers={"Accept": BROWSER}).text

    cells = [cell.split("</td>")[0].split(">")[-1] for cell in page.split("<td")[1:]]
    assert cells == ["12,345,678", "20211231", "2108.07258", "6.5E20"]


def test_links_stay_on_this_server_or_are_plain(client: FlaskClient) -> None:
    """An IRI of ours that begins like another host's address does not lead there."""
    query = f"SELECT (IRI('{BASE}/evil.example/x') AS ?a) {{}}"

    page = client.get("/sparql", query_string={"query": query}, headers={"Accept": BROWSER}).text

    assert 'href="/evil.example/x"' in page
    assert 'href="//' not in page


def test_a_form_that_was_left_empty(client: FlaskClient) -> None:
    """An empty field means the default."""
    empty = client.get("/queries/models-by-developer?organization=&format=csv")

    assert empty.text == client.get("/queries/models-by-developer?format=csv").text


def test_a_thing_of_another_class_is_refused(client: FlaskClient) -> None:
    """A misspelt name and a thing of another kind are not answered with nothing."""
    for name in ("organization:badu", "model:m6", "https://example.org/"):
        response = client.get(f"/queries/models-by-developer?organization={name}")
        assert response.status_code == 400
    assert "organization must be one of the graph's things" in response.get_json()["detail"]


def test_every_answer_names_its_version(client: FlaskClient) -> None:
    """In a header, on pages too."""
    for path in ("/", "/queries", "/queries/table-1", "/id/model/m6", "/ontology", "/sparql"):
        for accept in (BROWSER, "*/*"):
            if (path, accept) != ("/sparql", "*/*"):
                response = client.get(path, headers={"Accept": accept})
                assert len(response.headers["X-KG-Data-Version"]) == 16, path


def test_the_server_does_not_load_rdflib() -> None:
    """Its parser is not safe on a cold start, so the server never imports it."""
    script = "import sys, kg.serve.starting, kg.serve.front; sys.exit('rdflib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    ("modules", "others"),
    [
        ("kg.cli, kg.cli.serving, kg.serve.starting", "flask rich kg.api kg.serve.front"),
        ("kg.serve.starting, kg.serve.front, kg.serve.app", "numpy babel rich kg.cli"),
        ("kg.workers.heap, kg.workers.process", "numpy asyncio flask click http.server"),
    ],
)
def test_a_start_reads_what_it_needs(modules: str, others: str) -> None:
    """The command, the front and the spawner each import what they begin with, and no more."""
    script = f"import sys, {modules}; sys.exit(any(m in sys.modules for m in {others.split()}))"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    ("query", "format_", "said"),
    [
        ("CONSTRUCT { <a:a> <http://e/1> 2 } {}", "rdfxml", "ends in no name"),
        ("CONSTRUCT { <a:a> <a:p> '\\u0001' } {}", "rdfxml", "control character"),
        ("SELECT ('\\u0001' AS ?x) {}", "xml", "control character"),
        ("SELECT ('\\uFFFE' AS ?x) {}", "xml", "control character"),
    ],
)
def test_what_xml_cannot_hold(client: FlaskClient, query: str, format_: str, said: str) -> None:
    """It is refused in XML and can be had in other formats; a page of it is none the worse."""
    given = {"query": query}
    response = client.get("/sparql", query_string={**given, "format": format_})
    assert (response.status_code, said in response.json["detail"]) == (400, True)
    other = "ntriples" if format_ == "rdfxml" else "json"
    assert client.get("/sparql", query_string={**given, "format": other}).status_code == 200
    right = query.replace("/1>", "/a1>").replace("\\u0001", "x").replace("\\uFFFE", "<oxprefix: ")
    response = client.get("/sparql", query_string={"query": right, "format": format_})
    assert response.status_code == 200
    ET.fromstring(response.get_data())  # noqa: S314


def test_problems_have_types(client: FlaskClient) -> None:
    """An error says of which type it is, and the type's address what that means."""
    for path, name in (
        ("/sparql?query=SELECT%20%7B", "bad-query"),
        ("/sparql?query=ASK%7B%7D&other=1", "bad-input"),
        ("/sparql?query=ASK%7B%7D&version=none", "gone"),
        ("/queries/none", "not-found"),
    ):
        problem = client.get(path).json
        assert problem["type"] == f"{BASE}problem/{name}"
        assert client.get(f"/problem/{name}").status_code == 200
    for name, type_ in TYPES.items():
        said = client.get(f"/problem/{name}", headers={"Accept": "text/html"}).get_data(
            as_text=True
        )
        assert type_.meaning in html.unescape(said)
    assert client.get("/problem/none").status_code == 404
    assert client.get("/nowhere").json["type"] == "about:blank"


def test_links_of_answers(client: FlaskClient) -> None:
    """To the description, the licence, and the other formats of what has an address."""
    response = client.get("/queries/models-by-developer?organization=organization:baai&format=csv")
    found = response.headers.getlist("Link")
    assert any(link.endswith('rel="describedby"') for link in found)
    assert any("creativecommons.org/licenses/by/4.0" in link for link in found)
    others = [link for link in found if 'rel="alternate"' in link]
    assert len(others) == 4
    for link in others:
        address, _, media_type = link.partition(">")
        answer = client.get(address.strip("<"))
        assert answer.status_code == 200
        assert answer.mimetype in media_type
    graph = client.get("/id/model/glm-130b", headers={"Accept": "text/html"})
    assert sum("alternate" in link for link in graph.headers.getlist("Link")) == 7
    query = client.get("/sparql?query=ASK%7B%7D")
    assert not any("alternate" in link for link in query.headers.getlist("Link"))
    assert client.get("/nowhere").headers.getlist("Link") == []


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/sparql-results+json; q=0.1, text/csv; q=0.9", "text/csv"),
        ("application/sparql-results+json; q=0, */*", "application/sparql-results+xml"),
        ("application/sparql-results+json ; charset=x ; q=0.1 , text/csv;q=0.2", "text/csv"),
        ("text/turtle, text/html;q=0.5", "text/html"),
        ("text/turtle;q=0.9, text/html;q=0.7, text/csv;q=0.5", "text/html"),
        ("text/turtle;q=0.9, text/html;q=0.5, text/csv;q=0.7", "text/csv"),
    ],
)
def test_wishes_are_weighed(client: FlaskClient, accept: str, wanted: str) -> None:
    """With blanks or without, and among the formats that this answer can have."""
    response = client.get("/sparql?query=SELECT+*+%7B%7D", headers={"Accept": accept})
    assert (response.status_code, response.mimetype) == (200, wanted)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("gzip;q=0.5, identity", ""),
        ("gzip, identity;q=0.5", "gzip"),
        ("gzip, identity", "gzip"),
        ("gzip;q=0, zstd;q=0", ""),
        ("zstd;q=0.1, gzip;q=0.2", "gzip"),
    ],
)
def test_encodings_are_weighed(client: FlaskClient, accept: str, wanted: str) -> None:
    """Against each other, and against none."""
    response = client.get("/queries/table-1?format=csv", headers={"Accept-Encoding": accept})
    assert response.headers.get("Content-Encoding", "") == wanted


def test_confirmations(client: FlaskClient) -> None:
    """Of what is asked by GET or HEAD, not of what is posted."""
    path = "/sparql?query=SELECT+*+%7B%7D&format=csv"
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert client.head(path, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304
    form = {"query": "SELECT * {}", "format": "csv"}
    assert client.post("/sparql", data=form, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s { ?s ?p ?o } ORDER BYRAND()",
        "SELECT (now() AS ?x) {}",
        "CONSTRUCT { [] ?p 1 } WHERE { ?s ?p ?o }",
        "CONSTRUCT { _:b ?p 1 } WHERE { ?s ?p ?o }",
    ],
)
def test_answers_that_are_others_each_time(client: FlaskClient, query: str) -> None:
    """They have no tag."""
    response = client.get("/sparql", query_string={"query": f"{query} LIMIT 1"})
    assert (response.status_code, response.headers.get("ETag")) == (200, None)


def test_queries_of_too_many_words(client: FlaskClient) -> None:
    """They are refused before anything takes long."""
    query = "SELECT * { }" + " a" * 150_000
    response = client.post("/sparql", data=query, content_type="application/sparql-query")
    assert (response.status_code, "words" in response.json["detail"]) == (400, True)
    members = zstd.compress(b"") * 5_000
    response = client.post(
        "/sparql",
        data=members,
        content_type="application/sparql-query",
        headers={"Content-Encoding": "zstd"},
    )
    assert (response.status_code, "members" in response.json["detail"]) == (400, True)

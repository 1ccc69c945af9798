"""Changing a plain store: over HTTP on the real server, and what happens when something breaks."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore
from SPARQLWrapper import JSON, POST, SPARQLWrapper

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from kg.errors import Outdated, StoreError
from kg.store import Versions
from kg.store.plain import load
from kg.writing import Document, Order, perform
from tests.test_front import PATIENCE, asked, get, program, serving, serving_with, until
from tests.test_workers import canary, is_gone

__all__ = ["canary"]

TOKEN = "a-token-of-these-tests"  # noqa: S105
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
<http://a/S> a sh:NodeShape ; sh:targetClass <http://a/Person> ;
  sh:property [ sh:path <http://a/name> ; sh:minCount 1 ; sh:message "A person has a name." ] ;
  sh:property [ sh:path <http://a/age> ; sh:maxCount 1 ; sh:severity sh:Warning ] .
"""


@contextlib.contextmanager
def writable(folder: Path, *more: str, **settings: str) -> Iterator[str]:
    """The address of a server whose data can be changed, in a folder that outlives it."""
    data = folder / "data.ttl"
    if not data.exists():
        data.write_text("<http://a/s> <http://a/p> 1 .\n")
    options = ["--data", str(data), "--store", str(folder / "store"), "--writable", *more]
    with serving_with(options, KG_TOKEN=TOKEN, **settings) as address:
        yield address


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose data can be changed."""
    with writable(tmp_path_factory.mktemp("writable"), KG_MAX_UPLOAD_BYTES="3000000") as found:
        yield found


def sent(
    address: str,
    method: str,
    path: str,
    body: bytes | str = b"",
    kind: str = "",
    token: str = TOKEN,
    **headers: str,
) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of a request with the token."""
    host, port = address.removeprefix("http://").split(":")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind:
        named["Content-Type"] = kind
    if token:
        named["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request(method, path, body, named)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return response.status, response.read(), found


def update(address: str, text: str, **headers: str) -> int:
    """The status of an update, posted as it is."""
    return sent(address, "POST", "/sparql", text, "application/sparql-update", **headers)[0]


def graph(name: str) -> str:
    """The path of a graph."""
    return "/rdf-graph-store?" + urllib.parse.urlencode({"graph": name})


def values(address: str, name: str) -> list[str]:
    """The values that a graph has."""
    query = f"SELECT ?o {{ GRAPH <{name}> {{ ?s ?p ?o }} }} ORDER BY STR(?o)"
    return get(asked(address, query, format="csv"))[1].decode().split()[1:]


def test_the_life_of_a_graph(address: str) -> None:
    """Made, replaced, added to, emptied, taken away; each with the status that the protocol has."""
    path = graph("http://a/life")
    turtle = "text/turtle"
    assert sent(address, "GET", path)[0] == 404
    assert sent(address, "DELETE", path)[0] == 404
    status, body, headers = sent(address, "PUT", path, "<s> <p> 1 , 2", turtle)
    assert (status, body) == (400, body)
    assert b"line 1" in body
    assert sent(address, "GET", path)[0] == 404

    status, body, headers = sent(address, "PUT", path, "<s> <p> 1 , 2 .", turtle)
    assert (status, body, headers["location"]) == (201, b"", "http://a/life")
    version = headers["x-kg-data-version"]
    assert values(address, "http://a/life") == ["1", "2"]
    assert sent(address, "GET", path)[2]["x-kg-data-version"] == version

    assert sent(address, "POST", path, '<http://a/s> <http://a/p> "3" .', "text/plain")[0] == 204
    assert values(address, "http://a/life") == ["1", "2", "3"]
    assert sent(address, "PUT", path, "<s> <p> 4 .", turtle)[0] == 204
    status, body, _ = sent(address, "GET", f"{path}&format=ntriples")
    assert body.startswith(b"<http://a/s> <http://a/p> ")
    assert values(address, "http://a/life") == ["4"]
    assert sent(address, "PUT", path, "", turtle)[0] == 204
    assert sent(address, "GET", f"{path}&format=ntriples")[:2] == (200, b"")
    assert sent(address, "HEAD", path)[0] == 200
    assert sent(address, "DELETE", path)[0] == 204
    assert sent(address, "GET", path)[0] == 404
    assert sent(address, "HEAD", path)[0] == 404


def test_graphs_at_their_own_addresses(address: str) -> None:
    """A graph may be named by where it is, and the server may choose where."""
    path = "/rdf-graph-store/people/%C3%A9mile.ttl"
    status, _, headers = sent(address, "PUT", path, "<> <http://a/p> 1 .", "text/turtle")
    assert (status, headers["location"]) == (201, address + path)
    assert values(address, address + path) == ["1"]
    body = sent(address, "GET", path, Accept="application/n-triples")[1]
    assert body.startswith(f"<{address}{path}> <http://a/p> ".encode())
    assert sent(address, "GET", graph(address + path))[0] == 200
    assert sent(address, "DELETE", path)[0] == 204

    store = "/rdf-graph-store"
    status, _, headers = sent(address, "POST", store, "<> <http://a/p> 5 .", "text/turtle")
    made = headers["location"]
    assert (status, made.startswith(f"{address}{store}/")) == (201, True)
    assert values(address, made) == ["5"]
    assert sent(address, "DELETE", made.removeprefix(address))[0] == 204


def test_the_default_graph(address: str) -> None:
    """It is always there, and can be replaced and emptied."""
    path = "/rdf-graph-store?default"
    before = sent(address, "GET", f"{path}&format=ntriples")[1]
    assert sent(address, "PUT", path, "<http://a/s> <http://a/p> 9 .", "text/turtle")[0] == 204
    assert get(asked(address, "SELECT ?o { ?s ?p ?o }", format="csv"))[1] == b"o\r\n9\r\n"
    assert sent(address, "DELETE", path)[0] == 204
    assert sent(address, "GET", f"{path}&format=ntriples")[:2] == (200, b"")
    status, _, headers = sent(address, "PUT", path, before, "application/n-triples")
    assert (status, "location" in headers) == (201, False)


def test_parts_of_a_form(address: str) -> None:
    """A graph may come in parts, whose blank nodes are not the same."""
    part = (
        '--x\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        "Content-Type: {kind}\r\n\r\n{text}\r\n"
    )
    body = part.format(name="a.ttl", kind="text/turtle", text="_:b <http://a/p> 1 .")
    body += part.format(name="b.nt", kind="application/n-triples", text="_:b <http://a/p> <a:2> .")
    kind = "multipart/form-data; boundary=x"
    path = graph("http://a/parts")
    assert sent(address, "POST", path, f"{body}--x--\r\n", kind)[0] == 201
    query = "SELECT (COUNT(DISTINCT ?s) AS ?n) { GRAPH <http://a/parts> { ?s ?p ?o } }"
    assert get(asked(address, query, format="csv"))[1] == b"n\r\n2\r\n"
    assert sent(address, "PUT", path, "--x--\r\n", kind)[0] == 400
    assert sent(address, "DELETE", path)[0] == 204


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/rdf-graph-store", "text/turtle", 400),
        ("/rdf-graph-store?default&graph=http://a/g", "text/turtle", 400),
        ("/rdf-graph-store?graph=relative", "text/turtle", 400),
        ("/rdf-graph-store?default&token=x", "text/turtle", 400),
        ("/rdf-graph-store?default", "", 415),
        ("/rdf-graph-store?default", "application/x-www-form-urlencoded", 415),
        ("/rdf-graph-store?default", "application/n-quads", 415),
        ("/rdf-graph-store?default", "image/png", 415),
        ("/rdf-graph-store?default", "text/turtle; charset=latin1", 415),
    ],
)
def test_what_cannot_be_put(address: str, path: str, kind: str, status: int) -> None:
    """Which graph and which format have to be said, once."""
    assert sent(address, "PUT", path, "<a:a> <a:b> 1 .", kind)[0] == status


def test_a_graph_in_a_document_of_one(address: str) -> None:
    """JSON-LD can name graphs, but where one is sent there is one; a mark of byte order is none."""
    inner = '{"@id": "a:g", "@graph": [{"@id": "a:s", "a:p": 1}]}'
    path, kind = graph("http://a/one"), "application/ld+json"
    status, said, _ = sent(address, "PUT", path, inner, kind)
    assert (status, b"a graph of its own" in said) == (400, True)
    assert sent(address, "GET", path)[0] == 404
    marked = b'\xef\xbb\xbf<a:s> <a:p> "marked" .'
    assert sent(address, "PUT", path, marked, "text/turtle; charset=UTF-8")[0] == 201
    assert values(address, "http://a/one") == ["marked"]
    assert sent(address, "DELETE", path)[0] == 204


def test_methods_that_graphs_do_not_have(address: str) -> None:
    """They are said."""
    status, _, headers = sent(address, "PATCH", "/rdf-graph-store?default")
    assert status == 405
    assert {"GET", "PUT", "POST", "DELETE"} <= set(headers["allow"].split(", "))


def test_relative_iris(address: str) -> None:
    """In queries and updates they are relative to the endpoint, in ``?graph=`` to the server."""
    query = "CONSTRUCT { <s> <p> <o> } WHERE {}"
    found = get(asked(address, query, format="ntriples"))[1]
    assert found == f"<{address}/s> <{address}/p> <{address}/o> .\n".encode()
    assert update(address, "INSERT DATA { GRAPH <http://a/rel> { <s> <p> <o> } }") == 204
    assert values(address, "http://a/rel") == [f"{address}/o"]
    path = "/rdf-graph-store/relative.ttl"
    assert sent(address, "PUT", path, "<s> <p> 1 .", "text/turtle")[0] == 201
    assert sent(address, "GET", f"/rdf-graph-store?graph={path}")[0] == 200
    assert sent(address, "DELETE", f"/rdf-graph-store?graph={path}")[0] == 204


def test_updates(address: str) -> None:
    """As a body and as a form, several operations at once, with the graphs to match in."""
    text = "INSERT DATA { GRAPH <http://a/u> { <a:s> <a:p> 1 } }"
    assert update(address, text) == 204
    form = urllib.parse.urlencode({"update": text.replace("1", "2")})
    kind = "application/x-www-form-urlencoded"
    assert sent(address, "POST", "/sparql", form, kind)[0] == 204
    assert values(address, "http://a/u") == ["1", "2"]

    moved = "INSERT { GRAPH <http://a/v> { ?s ?p ?o } } WHERE { ?s ?p ?o }"
    path = "/sparql?" + urllib.parse.urlencode({"using-graph-uri": "http://a/u"})
    assert sent(address, "POST", path, moved, "application/sparql-update")[0] == 204
    form = urllib.parse.urlencode({"update": moved, "using-graph-uri": "http://a/v"})
    assert sent(address, "POST", "/sparql", form, kind)[0] == 204
    assert values(address, "http://a/v") == ["1", "2"]
    assert update(address, "DROP GRAPH <http://a/u> ; DROP GRAPH <http://a/v>") == 204
    assert sent(address, "GET", graph("http://a/u"))[0] == 404


@pytest.mark.parametrize(
    ("body", "kind", "path", "status"),
    [
        ("INSERT DATA {", "application/sparql-update", "/sparql", 400),
        ("INSERT DATA { <a:a> <a:b> 1 }", "application/sparql-query", "/sparql", 400),
        ("INSERT DATA { <a:a> <a:b> 1 }", "text/plain", "/sparql", 415),
        (b"\xff", "application/sparql-update", "/sparql", 400),
        ("CLEAR GRAPH <http://a/none>", "application/sparql-update", "/sparql", 400),
        ("CLEAR ALL", "application/sparql-update", "/sparql?token=x", 400),
        ("CLEAR ALL", "application/sparql-update", "/sparql?query=ASK%7B%7D", 400),
        ("CLEAR ALL", "application/sparql-update", "/sparql?update=CLEAR+ALL", 400),
        ("update=CLEAR+ALL&update=CLEAR+ALL", "", "/sparql", 400),
        ("update=CLEAR+ALL&query=ASK%7B%7D", "", "/sparql", 400),
        ("update=CLEAR+ALL&default-graph-uri=a:a", "", "/sparql", 400),
        ("update=LOAD+%3Cfile:///etc/passwd%3E", "", "/sparql", 403),
    ],
)
def test_updates_that_are_not_made(
    address: str, body: str | bytes, kind: str, path: str, status: int
) -> None:
    """Each gets a reason, and nothing changes."""
    before = get(asked(address, "ASK {}"))[2]["x-kg-data-version"]
    found = sent(address, "POST", path, body, kind or "application/x-www-form-urlencoded")
    assert found[0] == status
    assert get(asked(address, "ASK {}"))[2]["x-kg-data-version"] == before


def test_an_update_is_made_as_a_whole_or_not(address: str) -> None:
    """What comes before an operation that fails is not made either."""
    text = "INSERT DATA { GRAPH <http://a/half> { <a:s> <a:p> 1 } } ; CLEAR GRAPH <http://a/none>"
    assert update(address, text) == 400
    assert sent(address, "GET", graph("http://a/half"))[0] == 404


def test_s15_s16_who_may_change_data(address: str) -> None:
    """Whoever sends the token as a header, and nobody else; other sites get no leave to try."""
    text = "INSERT DATA { <a:a> <a:b> 1 }"
    for token in ("", "another", TOKEN[:-1], f"{TOKEN}é".encode().decode("latin-1")):
        assert update(address, text, token=token) == 403
    for headers in ({"Cookie": f"token={TOKEN}"}, {"X_Token": TOKEN}):
        assert update(address, text, token="", **headers) == 403
    assert sent(address, "GET", "/sparql?update=CLEAR+ALL")[0] == 400
    for path in ("/sparql", "/rdf-graph-store?default"):
        asks = {"Origin": "http://evil", "Access_Control_Request_Method": "PUT"}
        _, _, found = sent(address, "OPTIONS", path, token="", **asks)
        assert "PUT" not in found["access-control-allow-methods"]
        assert "uthorization" not in found["access-control-allow-headers"]


def test_s16_the_token_is_in_no_log(tmp_path: Path) -> None:
    """Neither is what was sent."""
    log = tmp_path / "log"
    with writable(tmp_path, KG_LOG=str(log)) as address:
        assert update(address, "INSERT DATA { <a:secret> <a:b> 1 }") == 204
        assert update(address, "INSERT DATA { <a:secret>") == 400
        assert update(address, "INSERT DATA { <a:secret> <a:b> 1 }", token=TOKEN[1:]) == 403
        until(lambda: len(log.read_text().splitlines()) == 2)
        metrics = get(f"{address}/metrics")[1].decode()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["change"], line["outcome"]) for line in lines] == [
        ("update", "ok"),
        ("update", "bad_query"),
    ]
    assert TOKEN not in log.read_text()
    assert "secret" not in log.read_text()
    assert 'kg_changes_total{outcome="ok"} 1.0' in metrics


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"http://a/p":' * 5_000 + "1" + "}" * 5_000, "application/ld+json"),
        ("<a:s> <a:p> " + "<<( <a:s> <a:p> " * 30_000 + "1", "text/turtle"),
    ],
)
def test_s10_documents_that_nest_too_deep(address: str, text: str, kind: str) -> None:
    """They are refused before a parser recurses."""
    status, body, _ = sent(address, "PUT", graph("http://a/deep"), text, kind)
    assert (status, b"more than 500 levels" in body) == (422, True)
    assert sent(address, "GET", graph("http://a/deep"))[0] == 404


def test_s4_s5_s8_documents_that_name_others(address: str, canary: tuple[str, list[bytes]]) -> None:
    """They are refused before anything is fetched or grows."""
    url, calls = canary
    path = graph("http://a/others")
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x"}">' for n in range(12))
    xml = (
        '<rdf:RDF xmlns:a="http://a/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="http://a/s" a:p="{value}"/></rdf:RDF>'
    )
    documents = {
        f'{{"@context": "{url}", "@id": "http://a/s"}}': "application/ld+json",
        f'{{"@context": {{"@import": "{url}"}}}}': "application/ld+json",
        f"<!DOCTYPE r [{entities}]>" + xml.format(value="&e11;"): "application/rdf+xml",
        f"<!doctype r [{entities}]>" + xml.format(value="&e11;"): "application/rdf+xml",
        f'<!DOCTYPE r [<!ENTITY e SYSTEM "{url}">]>{xml}': "application/rdf+xml",
    }
    for document, kind in documents.items():
        status, body, _ = sent(address, "PUT", path, document, kind)
        assert (status, b"cannot be taken" in body) == (422, True)
    for text in (f"LOAD <{url}>", f"LOAD SILENT <{url}> INTO GRAPH <http://a/others>"):
        assert update(address, text) == 403
    assert (
        update(address, f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{url}> {{ ?s ?p ?o }} }}") == 403
    )
    assert sent(address, "GET", path)[0] == 404
    assert calls == []


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_s9_compressed_bodies(address: str, encoding: str) -> None:
    """They may be, but what they grow to counts."""
    compress = {"gzip": gzip.compress, "zstd": zstd.compress}[encoding]
    path = graph(f"http://a/{encoding}")
    text = b"<http://a/s> <http://a/p> 1 .\n"
    more = {"Content_Encoding": encoding}
    assert sent(address, "PUT", path, compress(text), "text/turtle", **more)[0] == 201
    assert values(address, f"http://a/{encoding}") == ["1"]
    bomb = compress(compress(b"# " + bytes(500_000_000)))  # of which one layer is taken off
    assert len(bomb) < 3_000_000
    bomb = compress(b"# " + bytes(500_000_000))
    assert len(bomb) < 3_000_000
    assert sent(address, "PUT", path, bomb, "text/turtle", **more)[0] == 413
    assert sent(address, "PUT", path, compress(text)[:-4], "text/turtle", **more)[0] == 400
    assert sent(address, "PUT", path, text, "text/turtle", **more)[0] == 400
    other = {"Content_Encoding": "br"}
    assert sent(address, "PUT", path, text, "text/turtle", **other)[0] == 415
    assert values(address, f"http://a/{encoding}") == ["1"]


def test_a_body_that_is_too_large(address: str) -> None:
    """Those with the token may send more than others, up to a limit of their own."""
    path = graph("http://a/large")
    large = b"<http://a/s> <http://a/p> 1 .\n" * 50_000
    assert sent(address, "PUT", path, large, "text/turtle")[0] == 201
    assert sent(address, "PUT", path, large * 3, "text/turtle")[0] == 413
    assert sent(address, "PUT", path, large, "text/turtle", token="")[0] in (403, 413)
    form = urllib.parse.urlencode({"update": "#" + "x" * 1_500_000 + "\nCLEAR SILENT GRAPH <a:g>"})
    assert sent(address, "POST", "/sparql", form, "application/x-www-form-urlencoded")[0] == 204


def test_rdflib_update_store(address: str) -> None:
    """A graph of rdflib reads and writes what is ours as if it were its own."""
    store = SPARQLUpdateStore(
        f"{address}/sparql",
        f"{address}/sparql",
        headers={"Authorization": f"Bearer {TOKEN}"},
        autocommit=False,
    )
    found = rdflib.Graph(store, identifier="http://a/rdflib")
    triple = (rdflib.URIRef("http://a/s"), rdflib.URIRef("http://a/p"), rdflib.Literal("ein ö"))
    found.add(triple)
    found.commit()
    assert list(found) == [triple]
    found.remove((None, None, None))
    found.commit()
    assert len(found) == 0


def test_sparqlwrapper_updates(address: str) -> None:
    """SPARQLWrapper posts an update, and finds what it wrote."""
    endpoint = SPARQLWrapper(f"{address}/sparql")
    endpoint.addCustomHttpHeader("Authorization", f"Bearer {TOKEN}")
    endpoint.setMethod(POST)
    endpoint.setQuery("INSERT DATA { GRAPH <http://a/wrapper> { <a:s> <a:p> 1 } }")
    assert endpoint.query().response.status == 204
    endpoint.setQuery("ASK { GRAPH <http://a/wrapper> { <a:s> <a:p> 1 } }")
    endpoint.setReturnFormat(JSON)
    assert endpoint.queryAndConvert()["boolean"] is True


def test_what_is_written_stays(tmp_path: Path) -> None:
    """Another server on the folder has it, and does not load the files again."""
    with writable(tmp_path) as address:
        assert update(address, "DELETE WHERE { ?s ?p ?o }") == 204
        assert update(address, "INSERT DATA { <a:s> <a:p> 'stays' }") == 204
        described = get(f"{address}/sparql?format=nt")[1]
        assert b"SPARQL11Update" in described
    with writable(tmp_path) as address:
        rows = get(asked(address, "SELECT ?o { ?s ?p ?o }", format="csv"))[1]
        assert rows == b"o\r\nstays\r\n"
    with serving(tmp_path / "store") as address:  # without a word of data, and read only
        assert get(f"{address}/queries")[0] == 404
        status, body, _ = sent(address, "PUT", "/rdf-graph-store?default", "", "text/turtle")
        assert (status, b"--writable" in body) == (403, True)
        assert b"SPARQL11Update" not in get(f"{address}/sparql?format=nt")[1]


def test_shapes(tmp_path: Path) -> None:
    """What would break a shape is not written; the answer says where, in words or as a report."""
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(SHAPES)
    nameless = "INSERT DATA { <a:s> a <http://a/Person> }"
    with writable(tmp_path, "--shapes", str(shapes)) as address:
        status, body, _ = sent(address, "POST", "/sparql", nameless, "application/sparql-update")
        problem = json.loads(body)
        assert status == 422
        assert "in 1 place, first a:s http://a/name: A person has a name." in problem["detail"]
        assert [result["focus"] for result in problem["results"]] == ["a:s"]
        status, body, headers = sent(
            address,
            "PUT",
            graph("http://a/g"),
            "<a:s> a <http://a/Person> .",
            "text/turtle",
            Accept="text/turtle",
        )
        report = rdflib.Graph().parse(data=body.decode(), format="turtle")
        sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
        assert (status, headers["content-type"]) == (422, "text/turtle; charset=utf-8")
        assert list(report.objects(None, sh.focusNode)) == [rdflib.URIRef("a:s")]
        assert get(asked(address, "ASK { ?s a ?c }", format="csv"))[1] == b"false"

        named = "<a:s> a <http://a/Person> ; <http://a/name> 'Ann' ; <http://a/age> 1 , 2 ."
        assert sent(address, "PUT", graph("http://a/g"), named, "text/turtle")[0] == 201
        assert sent(address, "DELETE", graph("http://a/g"))[0] == 204


def said_by(*options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """What ``kg serve`` says that does not start."""
    environment = {name: text for name, text in os.environ.items() if name != "KG_TOKEN"}
    return subprocess.run(
        [sys.executable, "-c", "from kg.cli import main; main()", "serve", *options],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, **settings},
        timeout=PATIENCE,
    )


def test_servers_that_do_not_start(tmp_path: Path, versions: Versions) -> None:
    """Without a token, on a built graph, or with data that break shapes; one sentence says so."""
    data, shapes = tmp_path / "data.ttl", tmp_path / "shapes.ttl"
    data.write_text("<a:s> a <http://a/Person> .\n")
    shapes.write_text(SHAPES)
    given = ["--data", str(data)]
    cases = {
        "set KG_TOKEN": said_by(*given, "--writable"),
        "give --writable": said_by(*given, "--shapes", str(shapes)),
        "A person has a name.": said_by(
            *given, "--writable", "--shapes", str(shapes), KG_TOKEN=TOKEN
        ),
        "has a built graph": said_by("--store", str(versions.root), "--writable", KG_TOKEN=TOKEN),
        "--data is not loaded": said_by("--store", str(versions.root), *given),
    }
    for said, done in cases.items():
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_built_graph_is_not_written_to(versions: Versions) -> None:
    """Whatever one has; the refusal says how it is changed."""
    with serving(versions.root, KG_TOKEN=TOKEN) as address:
        for path, kind in (("/sparql", "application/sparql-update"), ("/rdf-graph-store", "")):
            status, body, _ = sent(address, "POST", path, "CLEAR ALL", kind)
            assert (status, b"`kg import`" in body, b"`kg build`" in body) == (403, True, True)


def words_of(pid: int) -> list[str]:
    """The command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def parent_of(pid: int) -> int:
    """The process that started another."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def writer_on(folder: Path) -> int:
    """The process that writes for the server on a folder: the child of its only worker."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            pid = int(process.name)
            server = parent_of(parent_of(pid))
            if "kg.writing" in words_of(pid) and str(folder / "store") in words_of(server):
                found.append(pid)
    assert len(found) == 1
    return found[0]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_a_writer_that_is_killed(tmp_path: Path) -> None:
    """The next change starts another one; none is left when the server ends."""
    with writable(tmp_path) as address:
        assert update(address, "INSERT DATA { <a:s> <a:p> 'one' }") == 204
        first = writer_on(tmp_path)
        os.kill(first, signal.SIGKILL)
        until(lambda: is_gone(first))
        until(lambda: update(address, "INSERT DATA { <a:s> <a:p> 'two' }") == 204)
        second = writer_on(tmp_path)
        assert second != first
        found = get(asked(address, "SELECT ?o { <a:s> ?p ?o } ORDER BY ?o", format="csv"))[1]
        assert found == b"o\r\none\r\ntwo\r\n"
    until(lambda: is_gone(second))


def test_changes_that_take_too_long_or_too_much(tmp_path: Path) -> None:
    """They are given up, and nothing is changed; the next one is made."""
    (tmp_path / "data.ttl").write_text(
        "".join(f"<http://a/s{n}> <http://a/p> {n} .\n" for n in range(2_000))
    )
    endless = "INSERT { <a:s> <a:p> 1 } WHERE { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?b+?d+?f<0) }"
    growing = (
        "INSERT { ?a <a:grown> ?x } WHERE { ?a ?p ?b . ?c ?q ?d BIND(CONCAT("
        + ", ".join(["STR(?a)"] * 200)
        + ") AS ?x0) BIND(CONCAT(?x0, ?x0, ?x0, ?x0, STR(?c)) AS ?x) }"
    )
    with writable(tmp_path, KG_DEADLINE="2", KG_QUERY_MEMORY="64") as address:
        status, body, _ = sent(address, "POST", "/sparql", endless, "application/sparql-update")
        assert (status, json.loads(body)["limit"]) == (503, "deadline")
        status, body, _ = sent(address, "POST", "/sparql", growing, "application/sparql-update")
        assert (status, json.loads(body)["limit"] in ("memory", "deadline")) == (503, True)
        assert get(asked(address, "ASK { <a:s> ?p ?o }", format="csv"))[1] == b"false"
        assert update(address, "INSERT DATA { <a:s> <a:p> 1 }") == 204
        assert get(asked(address, "ASK { <a:s> ?p ?o }", format="csv"))[1] == b"true"


def test_many_who_write_and_read(tmp_path: Path) -> None:
    """Every change that was acknowledged is there, and readers see it at once."""
    with writable(tmp_path) as address:
        failures: list[str] = []

        def write(client: int) -> None:
            for number in range(5):
                name = f"a:c{client}-{number}"
                if update(address, f"INSERT DATA {{ <{name}> <a:p> 1 }}") != 204:
                    failures.append(name)
                elif get(asked(address, f"ASK {{ <{name}> ?p ?o }}", format="csv"))[1] != b"true":
                    failures.append(f"{name} is not seen")

        threads = [threading.Thread(target=write, args=(client,)) for client in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        count = "SELECT (COUNT(*) AS ?n) { ?s <a:p> 1 }"
        assert get(asked(address, count, format="csv"))[1] == b"n\r\n20\r\n"
        assert failures == []

        def are_few() -> bool:
            """Whether old versions are gone, those that nobody has open."""
            update(address, "INSERT DATA { <a:s> <a:p> 2 }")
            get(asked(address, "ASK {}"))
            return len(list((tmp_path / "store" / "versions").iterdir())) <= 4

        until(are_few)


def test_an_order_on_a_folder(tmp_path: Path) -> None:
    """The same without a server: a new version, the one before as it was."""
    data = tmp_path / "data.nt"
    data.write_text('<http://a/s> <http://a/p> "1" .\n')
    versions = Versions(tmp_path / "store")
    first = load(versions, [data], keep=5)
    documents = [Document(b"<> <http://a/p> 2 .", "turtle", "http://a/g")]
    order = Order("post", graph="http://a/g", documents=documents)

    assert perform(versions, order, keep=5)
    assert versions.current_name() == order.version
    assert versions.open().store.graph_names() == ["http://a/g"]
    assert versions.open(first).store.graph_names() == []
    assert versions.current().summary() == {"plain": True, "after": first.name}
    again = Order("post", graph="http://a/g", documents=documents)
    assert not perform(versions, again, keep=5)


def test_conditions_of_changes(address: str) -> None:
    """A change that is made on a condition is not made if it does not hold."""
    path = graph("http://a/conditions")
    one, two = "<a:s> <a:p> 1 .", "<a:s> <a:p> 2 ."
    kind = "text/turtle"
    assert sent(address, "PUT", path, one, kind, If_Match="*")[0] == 412
    assert sent(address, "PUT", path, one, kind, If_None_Match="*")[0] == 201
    status, body, _ = sent(address, "PUT", path, two, kind, If_None_Match="*")
    assert (status, json.loads(body)["type"].rpartition("/")[2]) == (412, "outdated")
    tag = sent(address, "GET", f"{path}&format=ntriples")[2]["etag"]
    assert sent(address, "PUT", path, two, kind, If_Match='"another"')[0] == 412
    assert sent(address, "DELETE", path, If_Match='"another"')[0] == 412
    assert sent(address, "PUT", path, two, kind, If_None_Match=tag)[0] == 412
    assert values(address, "http://a/conditions") == ["1"]
    assert sent(address, "PUT", path, two, kind, If_Match=f'"another", {tag}')[0] == 204
    assert sent(address, "PUT", path, one, kind, If_Match=tag)[0] == 412
    assert sent(address, "DELETE", path, If_Match="*")[0] == 204
    for more in ("&version=x", "&timeout=1", "&format=json"):
        assert sent(address, "PUT", path + more, one, kind)[0] == 400
    assert sent(address, "PUT", path, one, kind, Content_Range="bytes 0-9/90")[0] == 400
    assert sent(address, "GET", path)[0] == 404


def test_two_who_saw_the_same_do_not_both_change_it(tmp_path: Path) -> None:
    """The condition is judged when the change is made, whoever else makes one."""
    data = tmp_path / "data.nt"
    data.write_text("")
    versions = Versions(tmp_path / "store")
    seen = load(versions, [data], keep=9).name
    orders = [
        Order("post", graph="a:g", documents=[], only_after=seen),
        Order("post", graph="a:g", documents=[], only_after=seen),
    ]
    assert perform(versions, orders[0], keep=9)
    with pytest.raises(Outdated):
        perform(versions, orders[1], keep=9)
    assert versions.current_name() == orders[0].version


def test_changes_from_several_places(tmp_path: Path) -> None:
    """Each is made of what the one before left, whichever process makes it, or is refused."""
    data = tmp_path / "data.nt"
    data.write_text("")
    versions = Versions(tmp_path / "store")
    load(versions, [data], keep=9)
    made: list[str] = []

    def write(client: int) -> None:
        for number in range(8):
            name = f"a:{client}-{number}"
            with contextlib.suppress(StoreError):  # another one is just publishing
                perform(versions, Order("update", f"INSERT DATA {{ <{name}> <a:p> 1 }}"), keep=9)
                made.append(name)

    threads = [threading.Thread(target=write, args=(client,)) for client in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    found = versions.open().store.query("SELECT ?s { ?s ?p ?o }").rows()[1]
    assert sorted(str(row[0]) for row in found) == sorted(made)
    assert len(made) > 3


def test_names_that_are_not_latin(address: str) -> None:
    """A header says them as a URI, and their graphs are found again."""
    for name in ("http://a/中", "urn:x:😀", "http://a/é"):
        status, _, headers = sent(address, "PUT", graph(name), "<a:s> <a:p> 1 .", "text/turtle")
        assert (status, headers["location"].isascii()) == (201, True)
        assert values(address, name) == ["1"]
        assert sent(address, "DELETE", graph(name))[0] == 204


@pytest.mark.parametrize("name", ["http://[", "http://a/%zz", "http://ex:abc/", "//evil/g", "a b"])
def test_names_that_are_none(address: str, name: str) -> None:
    """They are refused, and the writer goes on."""
    assert sent(address, "GET", graph(name))[0] == 400
    assert sent(address, "PUT", graph(name), "<a:s> <a:p> 1 .", "text/turtle")[0] == 400
    assert update(address, "CLEAR SILENT GRAPH <a:none>") == 204


def test_addresses_are_written_once(address: str) -> None:
    """A slash at the end, and what is percent-encoded already, change nothing."""
    slash = "/rdf-graph-store/"
    _, _, headers = sent(address, "POST", slash, "<> <a:p> 5 .", "text/turtle")
    made = headers["location"].removeprefix(address)
    assert sent(address, "GET", made)[0] == 200
    assert sent(address, "DELETE", made)[0] == 204
    path = "/rdf-graph-store/a%20b/gr%C3%A9"
    assert sent(address, "PUT", path, "<> <a:p> 5 .", "text/turtle")[0] == 201
    assert sent(address, "GET", graph(path))[0] == 200
    assert sent(address, "DELETE", f"{path}?default")[0] == 400
    assert sent(address, "DELETE", graph(path))[0] == 204


def test_parts_that_are_no_files(address: str) -> None:
    """Nothing of a form is lost: what has no name is refused with all of it."""
    body = (
        '--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n'
        "Content-Type: text/turtle\r\n\r\n<a:s> <a:p> 1 .\r\n"
        '--x\r\nContent-Disposition: form-data; name="b"\r\n\r\n<a:s> <a:p> 2 .\r\n--x--\r\n'
    )
    kind = "multipart/form-data; boundary=x"
    path = graph("http://a/parts-without-names")
    assert sent(address, "PUT", path, body, kind)[0] == 400
    assert sent(address, "PUT", path, body, kind, Content_Encoding="gzip")[0] == 415
    assert sent(address, "GET", path)[0] == 404


def test_a_body_over_http_2(address: str) -> None:
    """It has neither a length nor chunks, and is read all the same."""
    curl = program("curl", "curl")
    known = subprocess.run([curl, "--version"], capture_output=True, text=True, check=True).stdout
    assert "HTTP2" in known, "Install a curl that speaks HTTP/2."
    words = [curl, "--silent", "--http2-prior-knowledge", "--upload-file", "-"]
    heads = [f"Authorization: Bearer {TOKEN}", "Content-Type: text/turtle"]
    words += [word for head in heads for word in ("--header", head)]
    done = subprocess.run(
        [*words, address + graph("http://a/h2")], input=b"<a:s> <a:p> 5 , 6 .", check=False
    )
    assert done.returncode == 0
    assert values(address, "http://a/h2") == ["5", "6"]
    assert sent(address, "DELETE", graph("http://a/h2"))[0] == 204


def test_a_version_that_never_became_current_is_not_left(tmp_path: Path) -> None:
    """Going back never leads to a change that was said not to be made."""
    data = tmp_path / "data.nt"
    data.write_text("")
    versions = Versions(tmp_path / "store")
    first = load(versions, [data], keep=9).name
    order = Order("update", "INSERT DATA { <a:s> <a:p> 1 }")
    perform(versions, order, keep=9)
    versions.rollback(first)
    versions.discard(first)
    assert versions.current_name() == first
    versions.discard(order.version)
    assert [version.name for version in versions.all()] == [first]
    versions.discard("none")

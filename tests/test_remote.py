"""Any SPARQL 1.1 engine by its address: real servers, and one that answers in all wrong ways."""

from __future__ import annotations

import email
import os
import threading
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from kg import __version__
from kg.errors import BadInput, Exceeded, ServiceError
from kg.queries import Term
from kg.results import formats, named
from kg.store import EmbeddedStore, Versions
from kg.store.remote import RemoteStore
from tests.engines import oxigraph
from tests.test_cli import kg
from tests.test_front import serving
from tests.test_services import JSON, ONE, Heard, peer, said

CSV = named("csv", "rows")


@pytest.fixture(scope="module")
def ours(versions: Versions) -> Iterator[str]:
    """The endpoint of our own server on the real graph."""
    with serving(versions.root) as address:
        yield f"{address}/sparql"


@pytest.fixture(scope="module")
def theirs(store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of Oxigraph's own server on the real graph."""
    with oxigraph(store.dump(named("nquads", "graph")), tmp_path_factory.mktemp("engine")) as url:
        yield url


@pytest.mark.parametrize("format_", ["table", *(one.name for one in formats("rows"))])
def test_the_command_prints_the_same(format_: str, versions: Versions, ours: str) -> None:
    """Whichever way the endpoint is named."""
    words = ["query", "models-by-developer", "--param", "organization=organization:baidu"]
    here = kg(*words, "--format", format_, "--store", str(versions.root))
    there = kg(*words, "--format", format_, "--endpoint", ours)
    same = kg(*words, "--format", format_, "--store", ours, "--timeout", "30")

    assert here.exit_code == 0
    assert (there.exit_code, there.stdout, there.stderr) == (0, here.stdout, here.stderr)
    assert (same.exit_code, same.stdout) == (0, here.stdout)


@pytest.mark.parametrize("format_", [one.name for one in formats("graph")])
def test_the_command_prints_graphs(format_: str, tmp_path: Path, ours: str) -> None:
    """CONSTRUCT in the formats of graphs, from a file."""
    path = tmp_path / "sample.rq"
    path.write_text("CONSTRUCT WHERE { ?s <https://w3id.org/china-llm/ontology#row> ?row }")
    done = kg("query", str(path), "--endpoint", ours, "--format", format_)

    assert (done.exit_code, done.stderr) == (0, "")
    assert "glm-130b" in done.stdout


def test_an_endpoint_as_the_setting(
    monkeypatch: pytest.MonkeyPatch, versions: Versions, ours: str
) -> None:
    """What only asks does so of an endpoint, too: stats, and an export of the default graph."""
    local = ["--store", str(versions.root)]
    wanted = [kg("stats", *local), kg("export", "--format", "ntriples", *local)]
    monkeypatch.setenv("KG_STORE", ours)

    assert kg("stats").stdout == wanted[0].stdout
    assert kg("export", "--format", "ntriples").stdout == wanted[1].stdout
    refused = kg("versions")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "must be a folder, not an address" in refused.stderr


def test_graphs_of_an_endpoint(store: EmbeddedStore, ours: str) -> None:
    """Their names, and each of them by itself with the blank nodes it has."""
    remote = RemoteStore(ours)
    lines = named("ntriples", "graph")

    assert remote.graph_names() == store.graph_names()
    for graph in ("", "https://w3id.org/china-llm/graph/ontology"):
        assert remote.dump(lines, graph) == store.dump(lines, graph)
    everything = remote.dump(named("nquads", "graph")).splitlines()
    assert len(everything) == len(store)


def test_a_thing_that_is_not_there(ours: str) -> None:
    """It is found out by the same engine, with a hint."""
    done = kg(
        *("query", "models-by-developer", "--endpoint", ours),
        *("--param", "organization=organization:baidoo"),
    )
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Did you mean organization:baidu?" in done.stderr


HOSTILE = ['" } # ', r"\u0022 } UNION { ?s ?p ?o } #", "\\", "'''\n\"\"\"", "> } {"]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("engine", ["ours", "theirs"])
def test_a_value_comes_back_as_it_was(
    engine: str, value: str, request: pytest.FixtureRequest
) -> None:
    """Whatever is in it, on servers that parse it."""
    remote = RemoteStore(request.getfixturevalue(engine))
    term = Term(value, "http://www.w3.org/2001/XMLSchema#string")
    columns, rows = remote.query("SELECT ?p { GRAPH ?g { ?s ?o 1 } } LIMIT 1", {"p": term}).rows()

    assert (columns, [*rows]) == (["p"], [[value]])


@pytest.mark.parametrize(
    ("words", "said_"),
    [
        (["--endpoint", "ftp://a.example/"], "An endpoint (--endpoint, --store) has an address"),
        (["--endpoint", "http://user:secret@a.example/"], "without user, password and fragment"),
        (["--endpoint", "sparql"], "--endpoint is an address like https://example.org/sparql"),
        (["--endpoint", "http://a.example/", "--store", "b"], "give one of them"),
        (["--timeout", "5"], "--timeout is for an endpoint"),
        (["--endpoint", "http://127.0.0.1:1/sparql"], "cannot be asked: Connection refused."),
        (["--endpoint", "http://a.invalid/sparql"], "<http://a.invalid/sparql> cannot be asked: "),
    ],
)
def test_what_cannot_be_asked(words: list[str], said_: str) -> None:
    """One sentence, and nothing printed."""
    done = kg("query", "table-1", *words)

    assert (done.exit_code, done.stdout) == (2, "")
    assert said_ in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr.replace("'http://user:secret@a.example/'", "")


PROBLEM = b'{"title": "Bad", "detail": "line 1, column 5: it is\\u001b[2J no query."}'
XML = "application/sparql-results+xml"
BOMB = b'<?xml version="1.0"?><!doctype sparql [<!ENTITY a "aaaa">]><sparql/>'
WRONG: dict[str, tuple[Iterable[bytes] | Callable[[], Iterable[bytes]], str]] = {
    "/problem": (
        [said(PROBLEM, "application/problem+json", 400)],
        "answered with status 400 Bad Request: line 1, column 5: it is [2J no query.",
    ),
    "/exception": (
        [said(b'{"exception": "Not supported"}', "application/json", 500)],
        "answered with status 500 Internal Server Error: Not supported.",
    ),
    "/text": (
        [said(b"Virtuoso 37000 Error\n\n" + b"x" * 1000, "text/plain; charset=utf-8", 400)],
        "answered with status 400 Bad Request: Virtuoso 37000 Error xxx",
    ),
    "/page": (
        [said(b"<h1>No</h1>", "text/html", 404)],
        "answered with status 404 Not Found.",
    ),
    "/busy": (
        [said(b"", "text/plain", 429, "Retry-After: 30")],
        "answered with status 429 Too Many Requests. Try again in 30 seconds.",
    ),
    "/odd": ([said(b"[" * 100_000, "application/json", 799)], "answered with status 799."),
    "/moved": (
        [said(b"", "text/plain", 301, "Location: https://b.example/sparql?query=ASK")],
        "is at another address: ask <https://b.example/sparql>, if you trust it.",
    ),
    "/moved/here": (
        [said(b"", "text/plain", 307, "Location: /elsewhere")],
        "/elsewhere>, if you trust it.",
    ),
    "/html": (
        [said(b"<p>hello</p>", "text/html; charset=utf-8")],
        "answered with text/html, which is no answer to a query: is it the address of a SPARQL",
    ),
    "/csv": ([said(b"o\r\none\r\n", "text/csv")], "answered with text/csv, which is no answer"),
    "/broken": ([said(ONE[:-3])], f"answered with what is not {JSON}: "),
    "/list": ([said(b"[]")], f"answered with what is not {JSON}: "),
    "/deep": ([said(b"[" * 100_000)], f"answered with what is not {JSON}: "),
    "/bomb": ([said(BOMB, XML)], f"answered with what is not {XML}: it has a DOCTYPE"),
    "/nested": (
        [said(b"<sparql>" * 600 + b"</sparql>" * 600, XML)],
        f"answered with what is not {XML}: it nests more than 500 levels deep.",
    ),
    "/cut": ([said(ONE)[:-3]], "did not answer to the end."),
    "/cut/chunk": (
        [
            f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
            '4\r\n{"he\r\n'.encode()
        ],
        "did not answer to the end.",
    ),
    "/nothing": ([], "cannot be asked: Remote end closed connection without response."),
    "/noise": ([b"SSH-2.0-OpenSSH\r\n"], "cannot be asked: SSH-2.0-OpenSSH"),
}
RIGHT: dict[str, Iterable[bytes]] = {
    "/one": [said(ONE)],
    "/json": [said(ONE, "application/json; charset=utf-8")],
    "/meta": [said(ONE[:-1] + b', "meta": {"query-time-ms": 1}}')],
    "/virtuoso": [
        said(ONE.replace(b'"bindings"', b'"distinct": false, "ordered": true, "bindings"'))
    ],
    "/xml": [
        said(
            b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="o"/>'
            b'</head><results><result><binding name="o"><literal>one</literal></binding></result>'
            b"</results></sparql>",
            XML,
        )
    ],
    "/text/xml": [
        said(
            b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="o"/>'
            b'</head><results><result><binding name="o"><literal>one</literal></binding></result>'
            b"</results></sparql>",
            "text/xml",
        )
    ],
}
TURTLE = {"/turtle": [said(b"<urn:s> a <urn:C> .", "text/turtle")]}
LIMITED: dict[str, Iterable[bytes]] = {
    "/part": [said(ONE[:-1] + b', "x-complete": false}')],
    "/most": [said(ONE, JSON, 200, "X-SPARQL-MaxRows: 1")],
}


@pytest.fixture(scope="module")
def answering() -> Iterator[tuple[str, Heard]]:
    """The address of a server that answers in all ways at its paths, and what it hears."""
    wrong = {path: answer for path, (answer, _) in WRONG.items()}
    with peer({**wrong, **RIGHT, **TURTLE, **LIMITED}) as (host, heard):
        yield f"http://{host}", heard


@pytest.mark.parametrize("path", WRONG)
def test_what_is_no_answer(answering: tuple[str, Heard], path: str) -> None:
    """One sentence says which endpoint did what; a redirect is not followed."""
    assert len(WRONG) >= 19
    address, heard = answering
    with pytest.raises(ServiceError) as caught:
        RemoteStore(address + path).query("SELECT ?o { ?s ?p ?o }")

    assert str(caught.value).startswith(f"The endpoint <{address}{path}> ")
    assert WRONG[path][1] in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
    assert not any(asked.startswith("/elsewhere") for asked, *_ in heard)


@pytest.mark.parametrize("path", RIGHT)
def test_ways_to_answer(answering: tuple[str, Heard], path: str) -> None:
    """With the members and media types that engines have of their own."""
    assert len(RIGHT) >= 6
    found = RemoteStore(answering[0] + path).query("SELECT ?o { ?s ?p ?o }")
    assert found.serialize(CSV) == b"o\r\none\r\n"


def test_a_graph_is_no_rows(answering: tuple[str, Heard]) -> None:
    """A graph is taken for CONSTRUCT and DESCRIBE, rows for the others."""
    for form in ("CONSTRUCT WHERE { ?s ?p ?o }", "DESCRIBE <urn:s>"):
        found = RemoteStore(f"{answering[0]}/turtle").query(form)
        assert next(found.rows()[1])[0] == "urn:s"
        with pytest.raises(ServiceError, match="answered with application/sparql-results"):
            RemoteStore(f"{answering[0]}/one").query(form)
    with pytest.raises(ServiceError, match="answered with text/turtle"):
        RemoteStore(f"{answering[0]}/turtle").query("ASK {}")


def test_a_part_is_no_answer(answering: tuple[str, Heard]) -> None:
    """What an engine says to have cut is an error, unless the query wanted no more."""
    address = answering[0]
    with pytest.raises(Exceeded, match="after a part of the answer"):
        RemoteStore(f"{address}/part").query("SELECT ?o { ?s ?p ?o }")
    for query in ("SELECT ?o { ?s ?p ?o }", "SELECT ?o { ?s ?p ?o } LIMIT 2"):
        with pytest.raises(Exceeded, match="gives at most 1 rows"):
            RemoteStore(f"{address}/most").query(query)
    assert RemoteStore(f"{address}/most").query("SELECT ?o { ?s ?p ?o } LIMIT 1").kind == "rows"


def test_how_it_asks() -> None:
    """A short query by GET and a long one by POST, as it is, by an agent that says who it is."""
    texts = ["#+ added: load\nSELECT ?o { ?s ?p 'é +&' }", f"SELECT ?o {{ ?s ?p '{'é' * 900}' }}"]
    with peer({"/sparql": [said(ONE)]}) as (host, heard):
        for text in texts:
            RemoteStore(f"http://{host}/sparql?default-graph-uri=urn:g").query(text)

    (short, head, nothing), (long, other, body) = heard
    path, _, query = short.partition("?")
    assert (path, nothing, long) == ("/sparql", b"", "/sparql")
    for encoded, text in ((query, texts[0]), (body.decode(), texts[1])):
        pairs = urllib.parse.parse_qsl(encoded)
        assert sorted(pairs) == [("default-graph-uri", "urn:g"), ("query", text)]
    sent = [email.message_from_string(lines) for lines in (head, other)]
    assert sent[1]["Content-Type"] == "application/x-www-form-urlencoded"
    for headers in sent:
        agent = headers["User-Agent"]
        assert agent.startswith(f"china-llm-landscape/{__version__} (+https://w3id.org/china-llm/)")
        assert headers["Accept"].startswith(JSON)
        assert "Authorization" not in headers


def test_an_endpoint_that_takes_too_long() -> None:
    """It is given up, whether it says nothing or keeps saying a little."""
    over = threading.Event()

    def nothing() -> Iterable[bytes]:
        over.wait()
        return []

    def little() -> Iterable[bytes]:
        yield f"HTTP/1.0 200 OK\r\nContent-Type: {JSON}\r\n\r\n".encode()
        while not over.wait(0.01):
            yield b" "

    try:
        with peer({"/nothing": nothing, "/little": little}) as (host, _):
            for path in ("nothing", "little"):
                with pytest.raises(Exceeded, match=r"within 0.3 seconds \(--timeout\)"):
                    RemoteStore(f"http://{host}/{path}", 0.3).query("ASK {}")
            done = kg("query", "table-1", "--endpoint", f"http://{host}/nothing", "--timeout=1")
            assert (done.exit_code, done.stdout) == (2, "")
            assert "did not answer within 1 seconds" in done.stderr
    finally:
        over.set()


def test_an_address_is_checked() -> None:
    """Before anything is asked."""
    for url in ("http://", "file:///etc/passwd", f"http://a.example/{os.linesep}"):
        with pytest.raises(BadInput, match="has an address like"):
            RemoteStore(url)

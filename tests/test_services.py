"""SERVICE: which texts call what, and what a query gets of endpoints that the operator lists."""

from __future__ import annotations

import contextlib
import email
import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from kg.errors import BadInput, Refused
from kg.queries import is_repeatable, judge
from kg.serve import create_app
from kg.services import Address, calls, listed, redirected
from kg.settings import Settings
from kg.store import Current, Versions
from tests.conftest import run_kg
from tests.test_front import asked, get, request, serving_with

JSON = "application/sparql-results+json"
ONE = b'{"head":{"vars":["o"]},"results":{"bindings":[{"o":{"type":"literal","value":"one"}}]}}'
Heard = list[tuple[str, str, bytes]]
"""Path, head and body of each request."""


def said(body: bytes, media_type: str = JSON, status: int = 200, *headers: str) -> bytes:
    """A whole response."""
    lines = (f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *headers)
    head = "\r\n".join((f"HTTP/1.1 {status} Said", *lines, "\r\n"))
    return head.encode() + body


@contextlib.contextmanager
def peer(
    answers: Mapping[str, Iterable[bytes] | Callable[[], Iterable[bytes]]],
    tls: ssl.SSLContext | None = None,
) -> Iterator[tuple[str, Heard]]:
    """Host and port of a server that says at each path what it was told to, and what it heard."""
    heard: Heard = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                lines = [line for line in iter(self.rfile.readline, b"\r\n") if line]
                head = b"".join(lines[1:]).decode()
                length = int(email.message_from_string(head).get("content-length", "0"))
                path = lines[0].split()[1].decode()
                heard.append((path, head, self.rfile.read(length)))
                answer = answers[path.partition("?")[0]]
                for piece in answer() if callable(answer) else answer:
                    self.wfile.write(piece)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that does not trust the certificate is no error."""

    with Server(("127.0.0.1", 0), Handler) as server:
        host = f"127.0.0.1:{server.server_address[1]}"
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield host, heard
        finally:
            server.shutdown()


A, B = "http://a.example/sparql", "https://b.example:8443/q?x=1"


@pytest.mark.parametrize(
    ("text", "called"),
    [
        (f"SELECT * {{ SERVICE <{A}> {{ ?s ?p ?o }} }}", (A,)),
        (f"SELECT*{{service silent<{A}>{{}}SERVICE#c\n<{B}>#d\n{{SERVICE <{A}> {{}}}}}}", (A, B)),
        ("ASK { ?s ?SERVICE 'SERVICE', a:SERVICE # SERVICE\n }", ()),
        (f"ASK {{ FILTER EXISTS {{ SERVICE <{A}> {{ ?s ?p '\\u4e2d' }} }} }}", (A,)),
    ],
)
def test_services_that_a_text_calls(text: str, called: tuple[str, ...]) -> None:
    """Each once, in the order in which they are called first."""
    assert judge(text, [A, B]) == called
    assert is_repeatable(text) == (not called)
    if called:
        with pytest.raises(Refused, match="KG_SERVICES"):
            judge(text, [B])
        with pytest.raises(Refused, match=r"unless its operator lists it \(--services"):
            judge(text)


DOUBTFUL = [
    "SELECT * { SERVICE ?x {} }",
    "PREFIX a: <http://a.example/> SELECT * { SERVICE a:sparql {} }",
    "BASE <http://a.example/> SELECT * { SERVICE <sparql> {} }",
    f"SELECT * {{ SERVICE <{A}/> {{}} }}",
    f"SELECT * {{ SERVICE <{A}#x> {{}} }}",
    f"SELECT * {{ SERVICE <{A.upper()}> {{}} }}",
    f"SELECT * {{ SERVICE <{A}> {{}} SERVICE <http://c.example/> {{}} }}",
    f"SELECT * {{ SERVICE # <{A}> {{\n <http://c.example/> {{}} }}",
    f"SELECT * {{ \\u0053ERVICE <{A}> {{}} }}",
    "SELECT * { SERVICE <http://a.example/\\u0073parql> {} }",
    f"SELECT * {{ SERVICESILENT<{A}>{{}} }}",
    f"SELECT * {{ xSERVICE <{A}> {{}} }}",
    f"SELECT * {{ SERVICE <{A}> }}",
    f"SELECT * {{ SERVICE SILENT SILENT <{A}> {{}} }}",
    f"SELECT * {{ ?s ?p 'SERVICE <{A}> {{' }}",
    f"ASK {{ ?s ?p '\\u0027 SERVICE <{A}> {{}} }} #' }}",
    f"ASK {{ ?s ?p '\\u0027, SERVICE <{A}> {{}} }} #' }} SERVICE <{A}> {{}}",
    "SERVICE",
]


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_is_not_written_out_is_refused(text: str) -> None:
    """Though the service is listed: the text might call another, for one reader or another."""
    assert len(DOUBTFUL) >= 18
    with pytest.raises(Refused, match=f"<{A}>"):
        judge(text, [A])


def test_a_text_with_other_addresses() -> None:
    """Only the IRIs are others that are called, and only where they are called."""
    text = f"# <{A}>\nSELECT ('<{A}>' AS ?x) {{ ?s <{A}> ?o SERVICE\n<{A}> {{ <{A}> ?p ?o }} }}"
    moved = redirected(text, {A: "http://127.0.0.1:1/x"})

    assert moved == text.replace(f"\n<{A}>", "\n<http://127.0.0.1:1/x>")
    assert [call.service for call in calls(moved)] == ["http://127.0.0.1:1/x"]


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://a.example", ("http", "a.example", 80, "/")),
        ("https://A.example?x=1", ("https", "a.example", 443, "/?x=1")),
        ("http://[::1]:7200/r/x;y=%20", ("http", "::1", 7200, "/r/x;y=%20")),
    ],
)
def test_addresses_of_services(url: str, parts: tuple[str, str, int, str]) -> None:
    """Scheme, host, port and path."""
    found = Address.of(url)
    assert (found.scheme, found.host, found.port, found.path) == parts


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "a.example/sparql",
        "http://",
        "http:///sparql",
        "http://user@a.example/",
        "http://user:secret@a.example/",
        "http://a.example#@b.example/",
        "http://a.example\\@b.example/",
        "http://a.example/#x",
        "http://a.example:0/",
        "http://a.example:65536/",
        "http://a.example:/",
        "http://a.example/<x>",
        "http://\u00e4.example/",
    ],
)
def test_what_cannot_be_listed(url: str) -> None:
    """What is not HTTP, says who asks, or means different things to different readers."""
    with pytest.raises(BadInput, match="has an address like"):
        listed(f"{A}, {url}", "")
    with pytest.raises(BadInput, match="has an address like"):
        listed("", f"{A} {url}")


def test_lists_of_services() -> None:
    """With blanks and commas; one that is in both may be private."""
    assert listed(f"{A}, {B}\n", f" {B}") == {A: False, B: True}
    assert listed("", " , ") == {}


def test_a_server_does_not_start_with_a_wrong_list(tmp_path: Path) -> None:
    """One sentence says what is wrong."""
    (tmp_path / "a.ttl").write_text("<http://a/s> <http://a/p> 'x' .\n")
    words = ["serve", "--data", str(tmp_path / "a.ttl"), "--services", "http://user@a.example/"]
    done = run_kg(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "A service (--services, --private-services) has an address like" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def federated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server, and the endpoint of another that it may call: both are ours."""
    folder = tmp_path_factory.mktemp("federated")
    (folder / "own.ttl").write_text("<http://a/s> <http://a/q> 'own', 'too' .\n")
    (folder / "other.ttl").write_text("<http://a/s> <http://a/p> 'other', '\u4e2d' .\n")
    with serving_with(["--data", str(folder / "other.ttl")]) as other:
        service = f"{other}/sparql"
        own = ["--data", str(folder / "own.ttl"), "--private-services", service]
        with serving_with(own, KG_SERVICES=A) as address:
            yield address, service


CALLING = [
    (
        "SELECT ?q ?p {{ ?s <http://a/q> ?q SERVICE <{0}> {{ ?s ?x ?p }} }} ORDER BY ?q ?p",
        "q,p\r\nown,other\r\nown,\u4e2d\r\ntoo,other\r\ntoo,\u4e2d\r\n",
    ),
    ("SELECT ?p {{ SERVICE SILENT <{0}> {{ ?s ?x ?p FILTER (?p < 'p') }} }}", "p\r\nother\r\n"),
    ("ASK {{ SERVICE <{0}> {{ ?s ?p '\\u4e2d' }} }}", "true"),
    ("ASK {{ ?s ?p ?o FILTER NOT EXISTS {{ SERVICE <{0}> {{ ?s ?p ?o }} }} }}", "true"),
    (
        "SELECT ?o {{ {{ SELECT * {{ SERVICE <{0}> {{ ?s ?p ?o }} }} }} FILTER (?o < 'p') }}",
        "o\r\nother\r\n",
    ),
    ("SELECT ('<{0}>' AS ?x) {{ SERVICE <{0}> {{}} }}", "x\r\n<{0}>\r\n"),
]


@pytest.mark.parametrize(("query", "answer"), CALLING)
def test_a_listed_service_is_called(federated: tuple[str, str], query: str, answer: str) -> None:
    """Wherever it stands in a query, joined with what is here; another has no tag to be kept by."""
    address, service = federated
    status, body, headers = get(asked(address, query.format(service), format="csv"))

    assert (status, body.decode()) == (200, answer.format(service))
    assert "etag" not in headers


def test_a_graph_and_a_page_of_a_service(federated: tuple[str, str]) -> None:
    """CONSTRUCT and browsers are answered as ever."""
    address, service = federated
    query = f"CONSTRUCT WHERE {{ SERVICE <{service}> {{ ?s <http://a/p> ?o }} }}"
    assert get(asked(address, query))[0] == 400  # this short form has no SERVICE
    query = f"CONSTRUCT {{ ?s a ?o }} WHERE {{ SERVICE <{service}> {{ ?s <http://a/p> ?o }} }}"
    status, body, _ = get(asked(address, query, format="nt"))
    assert (status, len(body.splitlines())) == (200, 2)
    status, body = request(asked(address, query), Accept="text/html")
    assert (status, "\u4e2d" in body.decode()) == (200, True)


def test_an_error_has_its_place_in_what_was_written(federated: tuple[str, str]) -> None:
    """Though the engine was given another text, with other addresses; no line names those."""
    address, service = federated
    query = f"SELECT * {{ SERVICE <{service}> {{ ?s ?p ?o }} ]"
    status, body, _ = get(asked(address, query))
    assert status == 400
    same = query.replace("SERVICE", "GRAPH  ")  # of which the engine is given what was written
    assert json.loads(body) == json.loads(get(asked(address, same))[1])
    assert json.loads(body)["column"] >= len(query)

    query = f"ASK {{ SERVICE <{service}> {{ SERVICE <{A}> {{ ?s ?p ?o }} }} }}"
    status, body, _ = get(asked(address, query))
    assert status == 502
    assert json.loads(body)["detail"] == f"The service <{service}> answered with status 403."


def test_head_calls_nobody(tmp_path: Path) -> None:
    """A query that is only parsed is no call, even ASK."""
    (tmp_path / "own.ttl").write_text("<http://a/s> <http://a/q> 'own' .\n")
    with peer({"/sparql": [said(ONE)]}) as (host, heard):
        service = f"http://{host}/sparql"
        options = ["--data", str(tmp_path / "own.ttl"), "--private-services", service]
        with serving_with(options) as address:
            query = f"ASK {{ SERVICE <{service}> {{ ?s ?p ?o }} }}"
            assert request(asked(address, query), "HEAD") == (200, b"")
            assert request(asked(address, query + "]"), "HEAD")[0] == 400
            assert heard == []
            assert get(asked(address, query, format="csv"))[1] == b"true"
            ((path, head, body),) = heard
    assert path == "/sparql"
    base, _, pattern = body.partition(b"SELECT")
    assert base.split() in ([], [b"BASE", f"<{address}/sparql>".encode()])
    assert pattern == b" * WHERE { ?s ?p ?o . }"
    sent = email.message_from_string(head)
    assert sorted(sent.keys()) == sorted(
        ["Host", "Accept", "Accept-Encoding", "Content-Length", "Content-Type", "User-Agent"]
    )
    assert sent["Host"] == host
    assert sent["Accept-Encoding"] == "identity"


def test_the_description_says_so(federated: tuple[str, str]) -> None:
    """Programs find out that the endpoint federates; another does not say it."""
    address, service = federated
    feature = b"<http://www.w3.org/ns/sparql-service-description#BasicFederatedQuery>"
    assert feature in get(f"{address}/sparql?format=nt")[1]
    assert feature not in get(f"{service}?format=nt")[1]


ANSWERS: dict[str, Iterable[bytes]] = {
    "/json": [said(ONE, "application/json; charset=utf-8")],
    "/tsv": [said(b'?o\n"one"\n', "text/tab-separated-values")],
    "/chunked": [
        f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n".encode(),
        *(b"1\r\n%c\r\n" % byte for byte in ONE),
        b"0\r\n\r\n",
    ],
    "/unending": [f"HTTP/1.0 200 OK\r\nContent-Type: {JSON}\r\n\r\n".encode(), ONE],
    "/moved": [said(b"", "text/plain", 307, "Location: json")],
    "/moved/3": [said(b"", "text/plain", 301, "Location: /moved/2")],
    "/moved/2": [said(b"", "text/plain", 302, "Location: /moved/1")],
    "/moved/1": [said(b"", "text/plain", 308, "Location: /json")],
    "/moved/4": [said(b"", "text/plain", 308, "Location: /moved/3")],
    "/missing": [said(b"no", "text/plain", 404)],
    "/page": [said(b"<p>no</p>", "text/html")],
    "/csv": [said(b"o\r\none\r\n", "text/csv")],
    "/gzip": [said(b"\x1f\x8b", JSON, 200, "Content-Encoding: gzip")],
    "/cut": [said(ONE)[:-3]],
    "/broken": [said(ONE[:-3])],
    "/nothing": [],
    "/noise": [b"SSH-2.0-OpenSSH\r\n"],
}
FAILING = {
    "/moved/4": "redirects more than 3 times",
    "/missing": "answered with status 404",
    "/page": "something else than SPARQL results",
    "/csv": "something else than SPARQL results",
    "/gzip": "something else than SPARQL results",
    "/cut": "did not answer to the end",
    "/broken": "What a service answered cannot be read",
    "/nothing": "could not be asked",
    "/noise": "could not be asked",
}


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server, and host and port of one that answers in all ways, at paths that are listed."""
    path = tmp_path_factory.mktemp("answering") / "own.ttl"
    path.write_text("<http://a/s> <http://a/q> 'own' .\n")
    with peer(ANSWERS) as (host, _):
        services = ",".join(f"http://{host}{place}" for place in ANSWERS)
        with serving_with(["--data", str(path)], KG_PRIVATE_SERVICES=services) as address:
            yield address, host


@pytest.mark.parametrize("place", ANSWERS)
def test_ways_to_answer(answering: tuple[str, str], place: str) -> None:
    """What can be read is; else one sentence says of which service, and SILENT goes on."""
    assert len(ANSWERS) >= 17
    address, host = answering
    query = f"SELECT ?o {{ SERVICE <http://{host}{place}> {{ ?s ?p ?o }} }}"
    status, body, _ = get(asked(address, query, format="csv"))
    silent = get(asked(address, query.replace("SERVICE", "SERVICE SILENT"), format="csv"))[:2]
    if place not in FAILING:
        assert (status, body) == (200, b"o\r\none\r\n")
        assert silent == (200, body)
    else:
        problem = json.loads(body)
        assert (status, problem["title"]) == (502, "Bad Gateway")
        assert FAILING[place] in problem["detail"]
        assert "127.0.0.1" not in problem["detail"].replace(f"http://{host}/", "")
        if place == "/broken":  # which the engine finds out when SILENT is over
            assert silent[0] == 502
        else:
            assert silent == (200, b"o\r\n\r\n")


def test_a_service_that_fails_makes_no_answer_smaller(answering: tuple[str, str]) -> None:
    """Engines take a failure in EXISTS for false: that is no answer, unless the call is SILENT."""
    address, host = answering
    called = f"SERVICE <http://{host}/missing> {{ ?s ?p ?x }}"
    query = f"SELECT ?s {{ ?s ?p ?o FILTER NOT EXISTS {{ {called} }} }}"
    silent = query.replace("SERVICE", "SERVICE SILENT")
    both = f"{silent[:-1]} {called} }}"
    assert get(asked(address, query))[0] == 502
    assert get(asked(address, silent, format="csv"))[:2] == (200, b"s\r\n")
    assert get(asked(address, both))[0] == 502


def test_without_the_front_nobody_is_called(versions: Versions) -> None:
    """Under another WSGI server there are no workers that could, so a list allows nothing."""
    with peer({"/sparql": [said(ONE)]}) as (host, heard):
        service = f"http://{host}/sparql"
        settings = Settings.load({}, private_services=service)
        client = create_app(Current(versions), None, settings).test_client()
        query = f"SELECT * {{ SERVICE <{service}> {{ ?s ?p ?o }} }}"
        response = client.get("/sparql", query_string={"query": query})
    assert response.status_code == 403
    assert "`kg serve`" in response.json["detail"]
    assert heard == []

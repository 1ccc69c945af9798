"""What engines do in their own ways, and that answers come out right of all of them."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kg import build
from kg.errors import Exceeded, ServiceError
from kg.namespaces import CATALOG, DEFAULT_GRAPHS, PREFIXES
from kg.results import named
from kg.store import EmbeddedStore
from kg.store.remote import Addresses, Capabilities, RemoteStore, probe
from kg.store.remote.dataset import dataset_of, with_clauses
from tests.conftest import run_kg
from tests.test_services import JSON, ONE, peer, said

CSV = named("csv", "rows")
NTRIPLES = "application/n-triples"
A, B = "http://a.example/A", "http://a.example/B"
PREFIX = "PREFIX x: <http://a.example/> "
ALL = ["urn:one", "urn:two"]
DATASETS = [
    ("SELECT * { ?s ?p ?o }", (DEFAULT_GRAPHS, ())),
    (f"SELECT * {{ ?s ?p ?o GRAPH <{A}> {{ ?s ?p 'GRAPH ?g' }} }}", (DEFAULT_GRAPHS, [A])),
    (f"{PREFIX} SELECT * {{ GRAPH x:B {{ }} graph<{A}>{{ }} }}", (DEFAULT_GRAPHS, [A, B])),
    ("SELECT * { GRAPH ?g { ?s ?p ?o } }", (DEFAULT_GRAPHS, ALL)),
    (f"SELECT * {{ GRAPH <{A}> {{ }} GRAPH ?g {{ }} }}", (DEFAULT_GRAPHS, ALL)),
    ("SELECT * { GRAPH y:B { } }", (DEFAULT_GRAPHS, ALL)),
    (f"{PREFIX} PREFIX x: <urn:> SELECT * {{ GRAPH x:B {{ }} }}", (DEFAULT_GRAPHS, ALL)),
    ("BASE <http://a.example/> SELECT * { GRAPH <B> { } }", (DEFAULT_GRAPHS, ALL)),
    ("SELECT * { GRAPH <http://a.example/\\u0042> { } }", (DEFAULT_GRAPHS, [B])),
    ("SELECT * FROM <urn:a> { ?s ?p ?o }", ((), ())),
    ("SELECT * { ?FROM ?GRAPH 'FROM' } # GRAPH", (DEFAULT_GRAPHS, ())),
]


@pytest.mark.parametrize(("text", "dataset"), DATASETS)
def test_the_graphs_that_a_query_is_sent_with(text: str, dataset: object) -> None:
    """Those of our default graph, and as named ones those that it speaks of, or all."""
    assert len(DATASETS) >= 11
    assert dataset_of(text, DEFAULT_GRAPHS, lambda: ALL) == dataset


FORMS = [
    "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o",
    "SELECT ?s ((EXISTS { ?s ?p ?o }) AS ?x) { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g ?s LIMIT 9",
    "# SELECT {\nSELECT (COUNT(*) AS ?n) # {\n{ ?s ?p ?o }",
    "ASK { ?s ?p ?o }",
    "CONSTRUCT { ?s ?p [ ?p ?o ] } { ?s ?p ?o }",
    "CONSTRUCT WHERE { ?s ?p ?o }",
    f"DESCRIBE <{A}>",
    f"DESCRIBE <{A}> LIMIT 5",
    "DESCRIBE ?s WHERE { ?s ?p ?o }",
    "SELECT * { { SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g } }",
]


@pytest.mark.parametrize("text", FORMS)
def test_clauses_in_place_of_parameters(text: str) -> None:
    """They stand where the grammar wants them, and mean the same."""
    assert len(FORMS) >= 10
    line = f"<{A}> <urn:p> <{B}> .\n".encode()
    store = EmbeddedStore.in_memory({A: line, B: line + b'<urn:x> <urn:p> "b" .\n', "urn:c": line})
    answers = (
        store.query(text, None, [A, B], ["urn:c"]),
        store.query(with_clauses(text, ([A, B], ["urn:c"]))),
    )
    assert answers[0].kind == answers[1].kind
    one, other = (sorted(map(str, answer.rows()[1])) for answer in answers)
    assert one != []
    if "[" not in text:
        assert one == other
    assert len(one) == len(other)


HEADERS = ("Server: Virtuoso/07.20.3229 (Linux) x86_64-pc-linux-gnu  ",)
GRAPH = b"".join(b"<urn:s%d> <urn:p> <urn:o> .\n" % n for n in range(3))
PARTS: dict[str, Iterable[bytes]] = {
    "/timeout": [said(ONE, JSON, 200, "X-SQL-State: S1TAT")],
    "/partial": [said(ONE, JSON, 206)],
    "/sub": [said(ONE, JSON, 200, "X-SPARQL-MaxRows: 1")],
    "/graph": [said(GRAPH, NTRIPLES)],
}


@pytest.mark.parametrize("path", PARTS)
def test_a_part_is_no_answer(path: str) -> None:
    """However an engine says that it gave one, or does not."""
    text = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }" if path == "/graph" else "SELECT * { ?s ?p ?o }"
    if path == "/sub":
        text = "SELECT * { { SELECT * { ?s ?p ?o } LIMIT 1 } }"
    with peer(PARTS) as (host, _):
        store = RemoteStore(f"http://{host}{path}")
        with pytest.raises(Exceeded, match=r"after a part|at most 1 rows|at most 3 triples"):
            store.having(Capabilities(most_rows=3)).query(text)
        if path == "/graph":
            assert len(list(store.having(Capabilities(most_rows=4)).query(text).triples())) == 3


def test_terms_of_virtuoso() -> None:
    """ASK as rows, labels of blank nodes that are none, and truths as numbers."""
    boolean = f"{PREFIXES['xsd']}boolean"
    terms = [
        {"type": "bnode", "value": "nodeID://b10"},
        {"type": "typed-literal", "datatype": boolean, "value": "1"},
        {"type": "typed-literal", "datatype": f"{PREFIXES['xsd']}integer", "value": "1"},
    ]
    rows = [{"x": term} for term in terms]
    yes, no = (
        {"head": {"vars": ["x"]}, "results": {"bindings": found}} for found in (rows[2:], [])
    )
    found = {"head": {"vars": ["x"]}, "results": {"bindings": rows}}
    bodies = {"/yes": yes, "/no": no, "/terms": found}
    with peer({p: [said(json.dumps(b).encode())] for p, b in bodies.items()}) as (host, _):
        answers = [RemoteStore(f"http://{host}{p}").query("ASK {}") for p in ("/yes", "/no")]
        terms_ = list(RemoteStore(f"http://{host}/terms").query("SELECT ?x {}").terms()[1])

    assert [list(answer.rows()[1]) for answer in answers] == [[["true"]], [["false"]]]
    one = f'"1"^^<{PREFIXES["xsd"]}integer>'
    assert terms_ == [["_:b10"], [f'"true"^^<{boolean}>'], [one]]


Answering = Callable[[str, list[str], list[str]], bytes]


class _Engine(http.server.ThreadingHTTPServer):
    """An engine that answers a text with a dataset as it is told to, over kept connections."""

    daemon_threads = True

    def __init__(self, answer: Answering, *headers: str) -> None:
        self.asked: list[tuple[str, list[str], list[str], str]] = []
        self.connections = 0
        self.hangs_up = False
        engine = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                engine.connections += 1

            def _handle(self) -> None:
                if engine.hangs_up:
                    engine.hangs_up, self.close_connection = False, True
                    return
                query = urllib.parse.urlsplit(self.path).query
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length).decode()
                given = urllib.parse.parse_qs(query or body)
                named_ = [given.get(f"{kind}-graph-uri", []) for kind in ("default", "named")]
                text = given["query"][0]
                engine.asked.append((text, *named_, given.get("timeout", [""])[0]))
                self.wfile.write(answer(text, *named_).replace(b"Said\r\n", b"Said\r\n" + more))

            do_GET = do_POST = _handle  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nothing."""

        more = "".join(f"{header}\r\n" for header in headers).encode()
        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def engine() -> Iterator[Callable[..., tuple[_Engine, str]]]:
    """Starts an engine, and gives it with its address."""
    started: list[_Engine] = []

    def start(answer: Answering, *headers: str) -> tuple[_Engine, str]:
        server = _Engine(answer, *headers)
        started.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server, f"http://127.0.0.1:{server.server_address[1]}/sparql"

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def _of(store: EmbeddedStore, *, union: bool, keeps: bool) -> Answering:
    """Answers of a store of ours, whose default graph is the union of all or nothing."""
    names = store.graph_names()

    def answer(text: str, default: list[str], listed: list[str]) -> bytes:
        dataset = (default, listed) if keeps and default else (names if union else (), names)
        if "FROM" in text and not default:
            dataset = (), ()
        elif not any(dataset):
            dataset = ["urn:none"], []
        found = store.query(text, None, *dataset)
        return said(found.serialize(named("json", "rows")), JSON)

    return answer


@pytest.mark.parametrize("union", [True, False])
@pytest.mark.parametrize("keeps", [True, False])
def test_an_engine_is_probed(
    union: bool,
    keeps: bool,
    engine: Callable[..., tuple[_Engine, str]],
    store: EmbeddedStore,
    built: build.Built,
) -> None:
    """What its default graph is, and whether it keeps to the graphs of a request."""
    server, url = engine(_of(store, union=union, keeps=keeps), "Server: QLever (x; y)")
    found = probe(RemoteStore(url))

    assert (found.name, found.version, found.data_version) == ("QLever", "", built.version)
    assert found.default_graph == ("union" if union else "empty")
    assert (found.default_graphs, found.keeps_datasets) == (DEFAULT_GRAPHS, keeps)
    assert any("default-graph-uri" in sentence for sentence in found.sentences())
    assert len(server.asked) <= 6
    if keeps:
        remote = RemoteStore(url).having(found)
        text = f"SELECT (COUNT(*) AS ?n) {{ {{ ?s a ?o }} UNION {{ GRAPH <{CATALOG}> {{ ?d a ?c }} }} }}"
        assert remote.query(text).serialize(CSV) == store.query(text).serialize(CSV)
        assert server.asked[-1][1:3] == (list(DEFAULT_GRAPHS), [CATALOG])
        for text in (
            "SELECT (COUNT(*) AS ?n) { ?s ?p ?o GRAPH ?g { ?s ?p ?o } }",
            "SELECT (COUNT(*) AS ?n) FROM <CATALOG> { ?s ?p ?o }".replace("CATALOG", CATALOG),
        ):
            assert remote.query(text).serialize(CSV) == store.query(text).serialize(CSV)
        assert remote.known_names() == store.graph_names()


def test_an_engine_of_something_else(engine: Callable[..., tuple[_Engine, str]]) -> None:
    """It is asked as it is."""
    empty = EmbeddedStore.in_memory({"": b"<urn:s> <urn:p> <urn:o> .\n"})
    server, url = engine(_of(empty, union=False, keeps=True), "Server: Apache-Jena-Fuseki/5.0")
    remote = RemoteStore(url)
    found = probe(remote)
    assert (found.name, found.version) == ("Apache-Jena-Fuseki", "5.0")
    assert (found.is_ours, found.default_graphs, found.data_version) == (False, (), "")
    assert "no catalog of ours" in found.sentences()[0]
    remote.having(found).query("SELECT * { ?s ?p ?o }")
    assert server.asked[-1][1:] == ([], [], "60")  # seconds, as it has them


def test_an_engine_without_named_graphs(engine: Callable[..., tuple[_Engine, str]]) -> None:
    """It may refuse to be asked for one."""

    def answer(text: str, *_: object) -> bytes:
        if "GRAPH" in text:
            return said(b'{"error": "no graphs"}', "application/json", 400)
        return said(b'{"head":{},"boolean":true}')

    assert probe(RemoteStore(engine(answer)[1])) == Capabilities()


def test_virtuoso_is_told_the_time(engine: Callable[..., tuple[_Engine, str]]) -> None:
    """In milliseconds; and is asked how much it gives."""

    def answer(text: str, *_: object) -> bytes:
        more = ["X-SPARQL-MaxRows: 100"] if "LIMIT" in text else []
        return said(b'{"head":{"vars":["a"]},"results":{"bindings":[]}}', JSON, 200, *more)

    server, url = engine(answer, *HEADERS)
    remote = RemoteStore(url, 7.5)
    found = probe(remote)
    assert (found.name, found.version, found.most_rows) == ("Virtuoso", "07.20.3229", 100)
    assert "at most 100 rows or triples" in " ".join(found.sentences())
    many = replace(found, default_graphs=tuple(f"urn:g{n}" for n in range(60)))
    remote.having(many).query("SELECT * { ?s ?p ?o }")
    text, default, _, timeout = server.asked[-1]
    assert (timeout, default, text.count("FROM <urn:g")) == ("7500", [], 60)


def test_connections_are_kept(engine: Callable[..., tuple[_Engine, str]]) -> None:
    """One is used again, and a new one is made when the engine closes it in place of an answer."""
    server, url = engine(lambda *_: said(ONE))
    remote = RemoteStore(url)
    for place in range(6):
        server.hangs_up = place == 3
        assert remote.query("SELECT ?o { ?s ?p ?o }").serialize(CSV) == b"o\r\none\r\n"
    assert (server.connections, len(server.asked)) == (2, 6)


def test_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody, until an engine wants to know; then as it wants it, or a token at once."""
    home = tmp_path / ".netrc"
    home.write_text("default login other password other\n", "utf-8")
    monkeypatch.setenv("NETRC", str(home))
    wants = said(b"", "text/plain", 401, 'WWW-Authenticate: Basic realm="x"')
    calls: list[int] = []

    def once() -> Iterable[bytes]:
        calls.append(1)
        return [wants if len(calls) == 1 else said(ONE)]

    with peer({"/basic": once, "/never": [wants], "/open": [said(ONE)]}) as (host, heard):
        url = f"http://{host}"
        asked = RemoteStore(Addresses(f"{url}/basic", "", "", "me", "wörd"))
        for _ in range(2):
            asked.query("SELECT ?o { ?s ?p ?o }")
        with pytest.raises(ServiceError, match=r"401 Unauthorized\. Say who asks"):
            RemoteStore(f"{url}/never").query("ASK {}")
        RemoteStore(Addresses(f"{url}/open", "", "", "", "tok")).query("SELECT * {}")
        RemoteStore(Addresses(f"{url}/open", "", "", "me", "word")).query("SELECT * {}")
        monkeypatch.setenv("KG_STORE_USER", "me")
        monkeypatch.setenv("KG_STORE_PASSWORD", "word")
        stranger = run_kg("query", "-", "--endpoint", f"{url}/never")
        assert stranger.returncode == 2

    authorizations = [
        next((line for line in head.splitlines() if line.startswith("Authorization")), "")
        for _, head, _ in heard
    ]
    basic = "Authorization: Basic " + base64.b64encode("me:wörd".encode()).decode()
    assert authorizations == ["", basic, basic, "", "Authorization: Bearer tok", "", ""]

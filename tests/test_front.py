"""The real server on loopback, with real clients; a new version under its feet."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, JSONLD, POST, RDFXML, TURTLE, XML, SPARQLWrapper

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from kg import build
from kg.errors import BadInput
from kg.namespaces import IDS, TERMS
from kg.serve import run
from kg.serve.kept import MOST_OF_ONE
from kg.settings import Settings
from kg.store import Versions

PATIENCE = 60


@contextlib.contextmanager
def serving(store: Path, **settings: str) -> Iterator[str]:
    """The address of a server on ``store``, in a process of its own, until the block ends."""
    with serving_with(["--store", str(store)], **settings) as address:
        yield address


@contextlib.contextmanager
def serving_with(
    options: list[str], stderr: IO[bytes] | None = None, root: Path | None = None, **settings: str
) -> Iterator[str]:
    """The address of a server with some options, in a process of its own, until the block ends.

    ``stderr`` takes what it says, ``root`` is its project instead of this one.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    project = ["--project", str(root)] if root else []
    command = [sys.executable, "-c", "from kg.cli import main; main()", *project, "serve"]
    environment = {**os.environ, "KG_LOG": os.devnull, "KG_WARM_UP": "0", **settings}
    with subprocess.Popen(
        [*command, "--port", str(port), *options],
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env=environment,
    ) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            until(lambda: get(f"{address}/health")[0] == 200)
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)


def until(condition: object) -> None:
    """Wait for a condition; an address that nobody answers yet does not meet it."""
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            if condition():
                return
        time.sleep(0.05)
    raise TimeoutError("The condition was not met.")


def get(address: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of an address."""
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as response:
            return response.status, response.read(), dict(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def program(name: str, package: str) -> str:
    """The path of a program that the tests run; without it they fail and say what to install."""
    path = shutil.which(name)
    assert path, f"The tests need {name}: apt-get install {package}, or the like of it."
    return path


@pytest.fixture(scope="module")
def address(versions: Versions) -> Iterator[str]:
    """A server on the real graph."""
    with serving(versions.root) as found:
        yield found


def test_s26_sixteen_first_requests_at_once(versions: Versions) -> None:
    """After a cold start, sixteen requests of eight shapes at the same moment all succeed."""
    shapes = [
        "ASK { ?s ?p ?o }",
        "SELECT * { ?s a ?c } LIMIT 5",
        "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c ORDER BY DESC(?n)",
        "SELECT ?s { ?s a/<http://www.w3.org/2000/01/rdf-schema#subClassOf>* ?c } LIMIT 5",
        "SELECT ?s { ?s ?p ?o FILTER REGEX(STR(?o), 'glm', 'i') }",
        "CONSTRUCT { ?s a ?c } WHERE { ?s a ?c } LIMIT 5",
        "DESCRIBE <https://w3id.org/china-llm/id/model/glm-130b>",
        "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    ]
    with serving(versions.root) as address:
        barrier = threading.Barrier(2 * len(shapes))
        found: list[int] = []

        def ask(query: str) -> None:
            barrier.wait(PATIENCE)
            found.append(get(f"{address}/sparql?query={urllib.parse.quote(query)}")[0])

        threads = [threading.Thread(target=ask, args=(query,)) for query in shapes * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)

    assert found == [200] * 16


@pytest.mark.parametrize("method", ["GET", POST])
def test_sparqlwrapper(address: str, method: str) -> None:
    """SPARQLWrapper gets its answers in every format that it knows, by GET and by POST."""
    endpoint = SPARQLWrapper(f"{address}/sparql")
    endpoint.setMethod(method)
    endpoint.setQuery(f"SELECT ?model {{ ?model <{TERMS}row> 22 }}")

    endpoint.setReturnFormat(JSON)
    bindings = endpoint.queryAndConvert()["results"]["bindings"]
    assert [row["model"]["value"] for row in bindings] == [f"{IDS}model/glm-130b"]
    endpoint.setReturnFormat(XML)
    assert f"{IDS}model/glm-130b" in endpoint.queryAndConvert().toxml()
    endpoint.setReturnFormat(CSV)
    assert endpoint.queryAndConvert().split() == [b"model", f"{IDS}model/glm-130b".encode()]

    endpoint.setQuery(f"CONSTRUCT WHERE {{ ?model <{TERMS}row> ?row }}")
    for format_ in (RDFXML, JSONLD):
        endpoint.setReturnFormat(format_)
        assert len(endpoint.queryAndConvert()) == 26
    endpoint.setReturnFormat(TURTLE)
    turtle = endpoint.queryAndConvert()
    assert len(rdflib.Graph().parse(data=turtle, format="turtle")) == 26


def test_rdflib_sparqlstore(address: str) -> None:
    """Rdflib's SPARQLStore makes a graph of the endpoint: patterns, values and queries work."""
    remote = rdflib.Graph(SPARQLStore(f"{address}/sparql"))
    cllm = rdflib.Namespace(TERMS)
    model = rdflib.URIRef(f"{IDS}model/glm-130b")

    assert {str(name) for name in remote.objects(model, cllm.nameAsPrinted)} == {"GLM-130B"}
    rows = list(remote.query("SELECT ?m { ?m cllm:row 1 }", initNs={"cllm": cllm}))
    assert len(rows) == 1


def roqet(address: str, query: str) -> subprocess.CompletedProcess[bytes]:
    """What Rasqal's client makes of an answer, as XML."""
    words = [program("roqet", "rasqal-utils"), "-q", "-r", "xml"]
    call = ["-p", f"{address}/sparql", "-e", query]
    return subprocess.run([*words, *call], capture_output=True, check=False, timeout=PATIENCE)


def test_roqet(address: str) -> None:
    """Rasqal's client reads rows, and sees the status of what is no query or no answer for it."""
    labels = "http://www.w3.org/2004/02/skos/core#altLabel"
    query = f"""SELECT ?model ?row ?name {{  # a comment, an & and a +
        ?model <{TERMS}row> ?row ; <{labels}> ?name
        FILTER (STR(?name) = '紫东太初' && ?row > 0) }}"""
    done = roqet(address, query)
    assert (done.returncode, done.stderr) == (0, b"")
    rows = ox.parse_query_results(done.stdout, format=ox.QueryResultsFormat.XML)
    assert isinstance(rows, ox.QuerySolutions)
    (row,) = rows
    assert row["model"] == ox.NamedNode(f"{IDS}model/zidong-taichu")
    assert row["name"] == ox.Literal("紫东太初", language="zh-hans")
    assert row["row"].datatype == ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")

    all_rows = roqet(address, "SELECT ?s ?p ?o { ?s ?p ?o }")
    assert (all_rows.returncode, all_rows.stderr) == (0, b"")
    counted = get(asked(address, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", format="csv"))[1]
    assert all_rows.stdout.count(b"<result>") == int(counted.split()[1])

    # it asks for nothing but rows in XML, so that it reads no truth and can be given no graph
    assert roqet(address, "ASK {}").returncode == 0
    for query, status in (("CONSTRUCT WHERE { ?s ?p ?o }", 406), ("SELECT {", 400)):
        done = roqet(address, query)
        assert done.returncode == 1
        assert f"HTTP status {status}".encode() in done.stderr


def test_health_is_the_fronts_own(address: str) -> None:
    """It answers GET and HEAD, refuses the rest, and is never stored."""
    status, body, headers = get(f"{address}/health")
    assert (status, json.loads(body)) == (200, {"status": "ok"})
    assert headers["cache-control"] == "no-store"

    head = urllib.request.Request(f"{address}/health", method="HEAD")
    with urllib.request.urlopen(head, timeout=PATIENCE) as response:
        assert (response.status, response.read()) == (200, b"")
    request = urllib.request.Request(f"{address}/health", data=b"x", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=PATIENCE)
    with caught.value as response:
        assert response.code == 405
        assert response.headers["allow"] == "GET, HEAD"


def test_slow_bodies_keep_nobody_waiting(address: str) -> None:
    """Clients that announce a body and send a part of it hold no thread that others need."""
    host, port = address.removeprefix("http://").split(":")
    head = f"POST /sparql HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n"
    form = "Content-Type: application/x-www-form-urlencoded\r\n\r\nque"
    with contextlib.ExitStack() as held:
        for _ in range(12):
            slow = held.enter_context(socket.create_connection((host, int(port)), PATIENCE))
            slow.sendall((head + form).encode())

        assert get(f"{address}/sparql?query=ASK%7B%7D&format=csv")[1] == b"true"


def test_a_body_in_chunks(address: str) -> None:
    """A body without a length is read to its end."""
    host, port = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request(
            "POST",
            "/sparql?format=csv",
            body=iter([b"ASK { ", b"?s ?p ?o", b" }"]),
            headers={"Content-Type": "application/sparql-query"},
            encode_chunked=True,
        )
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"true")


def test_a_body_beyond_the_limit(address: str) -> None:
    """It is refused as such, whether its length was announced or not."""
    request = urllib.request.Request(f"{address}/sparql", data=b"query=" + b"x" * 1_100_000)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=PATIENCE)
    with caught.value as response:
        assert response.code == 413
        assert json.loads(response.read())["status"] == 413


def test_a_killed_server_leaves_no_worker(versions: Versions) -> None:
    """Killed outright, it frees its port: the worker ends with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from kg.cli import main; main()", "serve"]
    options = ["--port", str(port), "--store", str(versions.root)]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:
        until(lambda: get(f"http://127.0.0.1:{port}/health")[0] == 200)
        process.kill()

    def is_free() -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            return probe.connect_ex(("127.0.0.1", port)) != 0

    until(is_free)


def test_a_server_that_is_ended_while_it_starts(versions: Versions) -> None:
    """At once, without a word, and nothing of it is left."""
    command = [sys.executable, "-c", "from kg.cli import main; main()", "serve", "--port", "0"]
    options = ["--store", str(versions.root)]
    for pause in (0, 0.02, 0.05):
        with subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            assert "Serving" in process.stdout.readline()  # the front is about to be started
            time.sleep(pause)
            process.terminate()
            _, said = process.communicate(timeout=PATIENCE)
        assert (process.returncode, said) == (0, "")
        until(lambda session=process.pid: not members(session))


def members(session: int) -> list[str]:
    """The processes of a session (Linux: proc(5))."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[3] == str(session):
                found.append(path.parent.name)
    return found


def test_a_large_answer_arrives_whole(address: str) -> None:
    """Every triple of every graph, to the last line."""
    query = "SELECT * { GRAPH ?g { ?s ?p ?o } }"
    count = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"

    _, body, headers = get(f"{address}/sparql?format=tsv&query={urllib.parse.quote(query)}")
    _, number, _ = get(f"{address}/sparql?format=csv&query={urllib.parse.quote(count)}")

    assert headers["transfer-encoding"] == "chunked"
    assert len(body.splitlines()) - 1 == int(number.split()[1])


FOREVER = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ENDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def asked(address: str, query: str, **more: str) -> str:
    """The address of a query's answer."""
    return f"{address}/sparql?{urllib.parse.urlencode({'query': query, **more})}"


def test_a_deadline_before_the_first_byte(address: str) -> None:
    """It is a status, with the limit's name."""
    for accept in ("text/csv", "text/html"):
        request = urllib.request.Request(asked(address, FOREVER, timeout="0.5"))
        request.add_header("Accept", accept)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=PATIENCE)
        with caught.value as response:
            assert response.code == 503
            assert b"after 0.5 seconds" in response.read()

    status, body, _ = get(asked(address, FOREVER, timeout="0.5"))
    assert (status, json.loads(body)["limit"]) == (503, "deadline")


def test_a_deadline_after_the_first_byte(address: str) -> None:
    """The connection ends without its last chunk, so that no client takes a part for the whole."""
    for format_ in ("csv", "tsv", "xml"):
        asks = asked(address, ENDLESS, timeout="3", format=format_)
        with (
            urllib.request.urlopen(asks, timeout=PATIENCE) as response,
            pytest.raises(http.client.IncompleteRead),
        ):
            response.read()
        command = [program("curl", "curl"), "--silent", "--output", os.devnull, asks]
        process = subprocess.run(command, check=False)
        assert process.returncode == 18


SLOWING = (
    "SELECT * {{ {{ SELECT ?o {{ ?s ?p ?o }} LIMIT {rows} }} UNION "
    "{{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(CONCAT(STR(?c), STR(?f), STR(?i)) = 'none') }} }}"
)


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize("query", [ENDLESS, SLOWING.format(rows=5_000)], ids=["endless", "slowing"])
def test_json_that_is_cut(address: str, encoding: str, query: str) -> None:
    """It ends after a row, regularly, and says that it is not all; nobody is told to keep it."""
    decode = {"identity": bytes, "gzip": gzip.decompress, "zstd": zstd.decompress}[encoding]
    asks = urllib.request.Request(asked(address, query, timeout="4"))
    asks.add_header("Accept-Encoding", encoding)
    with urllib.request.urlopen(asks, timeout=PATIENCE) as response:
        tag = response.headers["etag"]
        answer = json.loads(decode(response.read()))
    assert list(answer) == ["head", "results", "x-complete"]
    assert answer["x-complete"] is False
    assert len(answer["results"]["bindings"]) > 1_000
    asks.add_header("If-None-Match", tag)
    with urllib.request.urlopen(asks, timeout=PATIENCE) as response:
        assert response.status == 200


def test_json_that_is_cut_for_http_1_0(address: str) -> None:
    """A header says so, too, as it says of others that they are all."""
    host, port = address.removeprefix("http://").split(":")
    for rows, complete in ((5_000, b"false"), (0, b"true")):
        query = SLOWING.format(rows=rows) if rows else "SELECT * { ?s ?p ?o } LIMIT 3"
        target = asked("", query, timeout="4")
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            connection.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
            text = b"".join(iter(partial(connection.recv, 65_536), b""))
        head, _, body = text.partition(b"\r\n\r\n")
        assert b"x-kg-complete: " + complete in head.lower()
        assert json.loads(body).get("x-complete", True) == (complete == b"true")
        assert b"x-complete" not in head


@pytest.mark.parametrize("timeout", ["0", "-1", "soon", "1e3", "\u0663"])
def test_what_is_no_timeout(address: str, timeout: str) -> None:
    """Only a positive number of seconds is one."""
    assert get(asked(address, "ASK {}", timeout=timeout))[0] == 400


def test_a_query_is_cancelled_by_its_id(address: str) -> None:
    """Whoever has the id of an answer ends it; nobody else can."""
    with urllib.request.urlopen(asked(address, ENDLESS), timeout=PATIENCE) as response:
        running = f"{address}/running/{response.headers['x-kg-query-id']}"
        delete = urllib.request.Request(running, method="DELETE")
        with urllib.request.urlopen(delete, timeout=PATIENCE) as done:
            assert done.status == 200
        with pytest.raises(http.client.IncompleteRead):
            response.read()
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(delete, timeout=PATIENCE)
        with caught.value as gone:
            assert gone.code == 404
    assert get(running)[0] == 405


def test_http_1_0_gets_the_whole_or_nothing(address: str) -> None:
    """It has no chunks by which to tell an answer that was cut."""
    host, port = address.removeprefix("http://").split(":")

    def answer(query: str) -> bytes:
        target = asked("", query, format="csv", timeout="5")
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            connection.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    head, _, body = answer("SELECT ?s { ?s ?p ?o } LIMIT 5000").partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert len(body.splitlines()) == 5001
    assert b" 503 " in answer(ENDLESS).split(b"\r\n")[0]


def test_head_is_answered_without_evaluation(address: str) -> None:
    """The headers of an answer that nobody could wait for, and the status of what is no query."""
    head = urllib.request.Request(asked(address, FOREVER, format="csv"), method="HEAD")
    with urllib.request.urlopen(head, timeout=PATIENCE) as response:
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        assert response.read() == b""
    head = urllib.request.Request(asked(address, "SELECT {"), method="HEAD")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(head, timeout=PATIENCE)
    with caught.value as refused:
        assert refused.code == 400


def test_clients_that_leave_take_their_queries_along(address: str) -> None:
    """More than there are slots leave before and after the first byte, and others are answered."""
    for query in [FOREVER, ENDLESS] * 10:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            target = asked("", query)
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            if query == ENDLESS:
                assert connection.recv(12) == b"HTTP/1.1 200"

    assert get(asked(address, "ASK {}", format="csv", timeout="5"))[1] == b"true"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_compressed_answer(address: str, encoding: str, tmp_path: Path) -> None:
    """Curl reads it back whole; one that is cut is seen to be cut; nothing is sent twice."""
    query = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o"
    plain = get(asked(address, query, format="csv"))[1]
    path = tmp_path / "answer"
    words = [program("curl", "curl"), "--silent", "--compressed", "--output", str(path)]
    wish = ["--header", f"Accept-Encoding: {encoding}"]

    done = subprocess.run([*words, *wish, asked(address, query, format="csv")], check=True)
    assert done.returncode == 0
    assert path.read_bytes() == plain
    cut = [*words, *wish, asked(address, ENDLESS, timeout="4", format="csv")]
    assert subprocess.run(cut, check=False).returncode == 18

    request = urllib.request.Request(asked(address, query), headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        request.add_header("If-None-Match", response.headers["etag"])
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=PATIENCE)
    with caught.value as same:
        assert (same.code, same.read()) == (304, b"")


def request(address: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    """Status and body of a request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asks = urllib.request.Request(address, method=method, headers=named)
    try:
        with urllib.request.urlopen(asks, timeout=PATIENCE) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def counted(address: str, outcome: str) -> float:
    """How many queries ended so."""
    _, body, _ = get(f"{address}/metrics")
    line = rf'^kg_queries_total{{outcome="{outcome}"}} (.*)$'
    found = re.search(line, body.decode(), re.MULTILINE)
    assert found
    return float(found[1])


def test_operators(versions: Versions, tmp_path: Path) -> None:
    """With the token one may see and end everything, and nobody else may."""
    log = tmp_path / "log"
    secret = "a secret"  # noqa: S105
    with serving(versions.root, KG_TOKEN=secret, KG_LOG=str(log), KG_DEADLINE="2") as address:
        ready = json.loads(get(f"{address}/ready")[1])
        assert ready["status"] == "ready"
        assert ready["version"] == versions.current_name()
        assert get(f"{address}/metrics")[2]["content-type"].startswith("text/plain")

        bearer = f"Bearer {secret}"
        for method in ("GET", "DELETE"):
            for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": secret}):
                assert request(f"{address}/running", method, **header)[0] == 401
        assert request(f"{address}/running", "POST")[0] == 405

        with urllib.request.urlopen(asked(address, ENDLESS), timeout=PATIENCE) as response:
            (one,) = json.loads(request(f"{address}/running", Authorization=bearer)[1])
            assert one["id"] == response.headers["x-kg-query-id"]
            assert (one["query"], one["client"]) == (ENDLESS, "127.0.0.1")
            assert request(f"{address}/running", "DELETE", Authorization=bearer)[0] == 200
            with pytest.raises(http.client.IncompleteRead):
                response.read()
        until(lambda: counted(address, "cancelled") == 1)

        for header, said in (({}, b"after 2 seconds"), ({"Authorization": bearer}, b"after 3 sec")):
            status, body = request(asked(address, FOREVER, timeout="3"), **header)
            assert (status, said in body) == (503, True)
        assert counted(address, "deadline") == 2

        assert get(asked(address, "ASK {}#\n\x1b[31m{"))[0] == 400
        assert get(asked(address, "ASK {}#\x1b[31m{"))[0] == 200
        assert (counted(address, "ok"), counted(address, "bad_query")) == (1, 1)

    lines = log.read_text("utf-8").splitlines()
    outcomes = [json.loads(line)["outcome"] for line in lines]
    assert outcomes == ["cancelled", "deadline", "deadline", "bad_query", "ok"]
    assert secret not in log.read_text("utf-8")
    assert "\x1b" not in log.read_text("utf-8")


def test_a_version_that_cannot_be_opened(built: build.Built, tmp_path: Path) -> None:
    """The one before goes on being served, and readiness says which one is not."""
    versions = Versions(tmp_path)
    small = {"": b'<http://a/s> <http://a/p> "1" .'}
    versions.publish("good", small, built.summary(), keep=3)
    with serving(tmp_path) as address:
        versions.publish("bad", small, built.summary(), keep=3)
        for path in (tmp_path / "versions" / "bad" / "store").iterdir():
            path.unlink()
        query = "SELECT ?o { ?s ?p ?o }"
        status, body, headers = get(asked(address, query, format="csv"))
        assert (status, body, headers["x-kg-data-version"]) == (200, b"o\r\n1\r\n", "good")
        assert json.loads(get(f"{address}/ready")[1])["rejected"] == "bad"


def test_any_files(tmp_path: Path) -> None:
    """Files are served as they are: triples in the default graph, quads in theirs, no pages."""
    (tmp_path / "one.ttl").write_text("<a> <http://a/p> 'x' , _:b . _:b <http://a/p> 1.50 .\n")
    (tmp_path / "two.trig").write_text("<http://a/g> { <http://a/s> <http://a/p> 'y' }\n")
    (tmp_path / "three.rdf").write_text(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="http://a/">'
        '<rdf:Description rdf:about="http://a/t" a:p="z"/></rdf:RDF>'
    )
    names = ["one.ttl", "two.trig", "three.rdf"]
    options = [word for name in names for word in ("--data", str(tmp_path / name))]
    with serving_with(options) as address:
        query = "SELECT ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } FILTER ISLITERAL(?o) }"
        found = get(asked(address, f"{query} ORDER BY STR(?o)", format="csv"))[1].split()
        assert found == [b"o", b"1.5", b"x", b"y", b"z"]
        subject = f"ASK {{ <{(tmp_path / 'a').as_uri()}> <http://a/p> 'x' }}"
        assert get(asked(address, subject, format="csv"))[1] == b"true"

        graph = f"{address}/rdf-graph-store?graph=http://a/g&format=ntriples"
        assert get(graph)[1] == b'<http://a/s> <http://a/p> "y" .\n'
        status, body = request(f"{address}/", Accept="text/html")
        assert status == 200
        assert b"<textarea" in body
        assert b"China" not in body
        assert get(f"{address}/queries")[0] == 404
        assert b"service-description#name> <http://a/g>" in get(f"{address}/sparql?format=nt")[1]
        described = get(f"{address}/.well-known/void?format=nt")[1].decode()
        about = f"<{address}/.well-known/void#dataset"
        assert f"{about}> <http://rdfs.org/ns/void#triples> " in described
        assert "<http://rdfs.org/ns/void#property> <http://a/p>" in described
        assert "china-llm" not in described
        assert get(f"{address}/download/data.nq")[1].count(b"\n") == 5


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("none.ttl", None, "There is no file"),
        ("some.docx", "", "the ending says of no RDF syntax"),
        ("bad.ttl", "<http://a/s>\n<http://a/p> .\n", "bad.ttl:2: syntax error"),
        ("bad.rdf", '<!DOCTYPE r [<!ENTITY a "b">]><r/>', "it has a DOCTYPE"),
        ("bad.jsonld", '{"@context": "http://127.0.0.1:9/c"}', "remote context"),
    ],
)
def test_files_that_cannot_be_served(
    tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    """One sentence says which and why, and nothing is served."""
    if text is not None:
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-c", "from kg.cli import main; main()", "serve"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_page_of_too_many_rows(address: str) -> None:
    """A browser is told how to have them instead."""
    request = urllib.request.Request(asked(address, ENDLESS), headers={"Accept": "text/html"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=PATIENCE)
    with caught.value as response:
        assert response.code == 503
        assert b"too large for a page" in response.read()


def test_a_short_answer_has_its_length(address: str) -> None:
    """In any format, and says that it is whole."""
    for format_ in ("json", "xml", "csv", "tsv"):
        query = f"SELECT ?s {{ ?s ?p '{format_}' }}"
        _, body, headers = get(asked(address, query, format=format_))
        assert headers["content-length"] == str(len(body))
        assert headers["x-kg-complete"] == "true"


def test_answers_that_are_kept(address: str) -> None:
    """What is asked again gets the same answer, then without a query; others do not get it."""
    path = asked(address, "SELECT ?kept { ?kept a ?class } ORDER BY ?kept LIMIT 9", format="csv")
    status, body, first = get(path)
    assert "x-kg-query-id" in first
    assert "x-kg-query-id" in get(path)[2]
    status_again, body_again, again = get(path)
    assert (status_again, body_again) == (status, body)
    assert set(first) - set(again) == {"x-kg-query-id", "server-timing"}
    assert {name: first[name] for name in again if name != "date"} == {
        name: value for name, value in again.items() if name != "date"
    }
    assert request(path, If_None_Match=first["etag"]) == (304, b"")
    assert request(path, If_None_Match=f'{first["etag"].removeprefix("W/")}, "x"') == (304, b"")
    assert request(path, If_None_Match='"x"') == (200, body)
    assert gzip.decompress(request(path, Accept_Encoding="gzip")[1]) == body
    assert gzip.decompress(request(path, Accept_Encoding="gzip")[1]) == body
    assert get(path.replace("csv", "json"))[1] != body
    assert "x-kg-query-id" in get(path.replace("LIMIT+9", "LIMIT+8"))[2]


def test_requests_that_are_refused_at_once(address: str) -> None:
    """One host has to be named, wishes are short, and a body has its chunks."""
    host, port = address.removeprefix("http://").split(":")

    def status(text: str) -> int:
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            connection.sendall(text.encode())
            return int(connection.recv(65_536).split()[1])

    get_ready = "GET /ready HTTP/1.1\r\nConnection: close\r\n"
    assert status(f"{get_ready}Host: a\r\n\r\n") == 200
    assert status(f"{get_ready}\r\n") == 400
    assert status(f"{get_ready}Host: a\r\nHost: b\r\n\r\n") == 400
    assert status(f"{get_ready}Host: a b/c\r\n\r\n") == 400
    assert status("GET /ready HTTP/1.0\r\n\r\n") == 200
    for asked in ("/sparql?query=ASK%7B%7D%23%E9", "/id/model/%E9"):
        assert status(f"GET {asked} HTTP/1.1\r\nHost: a\r\n\r\n") == 400, asked
    assert request(f"{address}/", Accept="a/b," * 3_000)[0] == 431
    post = "POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n"
    assert status(f"{post}Transfer-Encoding: chunked\r\n\r\nZZ\r\nASK\r\n") == 400


def test_head_is_like_get(address: str) -> None:
    """For programs and for browsers, at the front's own addresses, too."""
    for accept in ("text/html", "application/sparql-results+json"):
        for path in ("/sparql?query=ASK%7B%7D", "/queries/table-1", "/id/model/glm-130b"):
            asks = f"{address}{path}"
            assert request(asks, "HEAD", Accept=accept) == (request(asks, Accept=accept)[0], b"")
    for path in ("/health", "/sparql?format=csv&query=ASK%7B%7D"):
        for encoding in ("identity", "gzip"):
            asks = urllib.request.Request(address + path, method="HEAD")
            asks.add_header("Accept-Encoding", encoding)
            with urllib.request.urlopen(asks, timeout=PATIENCE) as response:
                length = response.headers.get("content-length")
            asks.method = "GET"
            with urllib.request.urlopen(asks, timeout=PATIENCE) as response:
                assert length in (None, response.headers["content-length"])


def test_answers_that_are_not_kept(address: str) -> None:
    """What is not the same each time, what is too large, what is cut, and what failed."""
    large = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o"
    assert len(get(asked(address, large))[1]) > MOST_OF_ONE
    for query, more in (
        ("SELECT (RAND() AS ?x) {}", {}),
        (large, {}),
        (SLOWING.format(rows=5_000), {"timeout": "2"}),
    ):
        for _ in range(2):
            status, _, headers = get(asked(address, query, **more))
            assert (status, "x-kg-query-id" in headers) == (200, True)
    for _ in range(2):
        assert get(asked(address, "SELECT {"))[0] == 400


def test_a_new_version_is_served_at_once(built: build.Built, tmp_path: Path) -> None:
    """Built while the server runs, a version answers the next request."""
    versions = Versions(tmp_path)
    versions.publish("before", built.graphs, built.summary(), keep=1)
    with serving(tmp_path) as address:
        question = f"{address}/queries/table-1?format=csv"
        assert get(question)[2]["x-kg-data-version"] == "before"

        small = {"": b'<http://a/s> <http://a/p> "1" .'}
        versions.publish("after", small, built.summary(), keep=1)

        status, body, headers = get(question)
        assert (status, headers["x-kg-data-version"]) == (200, "after")
        assert len(body.splitlines()) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_cannot_be_had(address: str, host: str) -> None:
    """A port in use, a foreign address, an unknown name: one sentence, and no server."""
    port = address.rpartition(":")[2]
    store = str(Path(__file__).parent / "tiny")
    settings = Settings.load({}, host=host, port=port, store=store)

    with pytest.raises(BadInput, match=f"cannot listen on {host}, port {port}"):
        run(None, Versions(Path(store)), settings, lambda: None)


def test_make_serve(versions: Versions) -> None:
    """The README's first command, in this environment: it builds, publishes and serves."""
    root = Path(__file__).resolve().parents[1]
    ready = Path(sys.prefix) / ".ready"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "KG_PORT": str(port), "KG_STORE": str(versions.root)}
    # --old-file: what is installed is taken as it is
    command = ["make", "--old-file", str(ready), "serve", f"VENV={sys.prefix}"]
    with subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            until(lambda: get(f"http://127.0.0.1:{port}/queries/table-1?format=csv")[0] == 200)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE)


def test_readme_curl_examples(address: str) -> None:
    """Each ``curl`` line of the README gets its answer from the server."""
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(curl .*?)^```$", readme, re.MULTILINE | re.DOTALL)
    words = shlex.split("\n".join(blocks))
    starts = [place for place, word in enumerate(words) if word == "curl"]
    assert len(starts) == 2

    answers = [
        curl(words[start + 1 : end], address)
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]

    assert len(answers[0].splitlines()) == 1 + 26
    assert answers[1].splitlines()[1].endswith("id/model/bagualu,14500000000000")
    assert len(answers[1].splitlines()) == 1 + 3


def curl(words: list[str], address: str) -> str:
    """What curl would print for the few options that the README uses."""
    request = urllib.request.Request(words[-1].replace("http://127.0.0.1:8000", address))
    for option, value in zip(words[:-1:2], words[1:-1:2], strict=True):
        if option == "-H":
            request.add_header(*value.split(": "))
        else:
            assert option == "--data-urlencode"
            name, _, text = value.partition("=")
            request.data = urllib.parse.urlencode({name: text}).encode()
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return str(response.read().decode())

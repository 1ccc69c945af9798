"""Attacks on the real server, each with the number of its kind in ``docs/threat-model.md``."""

from __future__ import annotations

import ast
import concurrent.futures
import contextlib
import html.parser
import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import kg.serve
from kg import build
from kg.errors import BadInput, BadQuery
from kg.namespaces import BASE, IDS, PREFIXES
from kg.project import Project
from kg.queries import Query, Term, parse
from kg.store import EmbeddedStore, Versions
from tests.conftest import has_script, run_kg, unwatched
from tests.test_front import (
    ENDLESS,
    FOREVER,
    PATIENCE,
    asked,
    counted,
    get,
    request,
    serving,
    serving_with,
    until,
)
from tests.test_workers import canary, children

__all__ = ["canary"]

XSD = PREFIXES["xsd"]
LONG = 4 * PATIENCE
"""Seconds for what takes ten by itself, on a machine that others use."""
ALIVE = "SELECT (COUNT(*) AS ?n) { ?s a <urn:none> }"


@pytest.fixture(scope="module")
def address(versions: Versions) -> Iterator[str]:
    """A server on the real graph that does not wait long."""
    with serving(versions.root, KG_DEADLINE="5") as found:
        yield found
        assert is_alive(found)


@pytest.fixture(scope="module")
def patient(versions: Versions) -> Iterator[str]:
    """The same, with time for what is long but right, on any machine."""
    with serving(versions.root, KG_DEADLINE=str(LONG)) as found:
        yield found


def is_alive(address: str) -> bool:
    """Whether the server answers a question."""
    return get(asked(address, ALIVE, format="csv"))[:2] == (200, b"n\r\n0\r\n")


def posted(address: str, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    """Status and body of a POST."""
    host, port = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=LONG)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(connection):
        connection.request("POST", path, body, named)
        response = connection.getresponse()
        return response.status, response.read()


SERVICES = (
    "SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ VALUES ?url {{ <{url}> }} SERVICE ?url {{ ?s ?p ?o }} }}",
    "SELECT * {{ {{ SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }} }}",
    "ASK {{ FILTER EXISTS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
    "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ \\u0053ERVICE <{url}> {{ ?s ?p ?o }} }}",
)


@pytest.mark.parametrize("text", SERVICES)
def test_s1_no_query_calls_another_server(
    address: str, canary: tuple[str, list[bytes]], text: str
) -> None:
    """SERVICE is refused wherever it stands, and nobody is called."""
    url, calls = canary
    query = text.format(url=url)

    for _ in range(2):
        assert get(asked(address, query))[0] == 403
    form = urllib.parse.urlencode({"query": query}).encode()
    kind = "application/x-www-form-urlencoded"
    assert posted(address, "/sparql", form, Content_Type=kind)[0] == 403
    assert calls == []


def test_s1_nor_does_an_update_or_a_parameter(
    address: str, canary: tuple[str, list[bytes]]
) -> None:
    """Updates are refused as such, and what a visitor gives for a parameter stays a term."""
    url, calls = canary
    update = f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{url}> {{ ?s ?p ?o }} }}"
    kind = "application/sparql-update"
    assert posted(address, "/sparql", update.encode(), Content_Type=kind)[0] == 403
    given = f"http://a/> SERVICE <{url}> {{ ?s ?p ?o }} #"
    path = "/queries/models-by-developer?" + urllib.parse.urlencode({"organization": given})
    assert get(address + path)[0] == 400
    assert calls == []


def test_s3_no_query_reads_a_file_or_an_address(
    address: str, canary: tuple[str, list[bytes]], tmp_path: Path
) -> None:
    """FROM and the protocol's graphs mean those that are held, whatever their names look like."""
    url, calls = canary
    secret = tmp_path / "secret.ttl"
    secret.write_text("<http://a/s> <http://a/p> 'canary in a file' .\n")
    for name in (secret.as_uri(), str(secret.as_uri()).replace("file:///", "file:/"), url):
        query = "SELECT * {dataset} {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} }}"
        for dataset in (f"FROM <{name}>", f"FROM NAMED <{name}>"):
            status, body, _ = get(asked(address, query.format(dataset=dataset)))
            assert (status, b"canary" in body) == (200, False)
        for parameter in ("default-graph-uri", "named-graph-uri"):
            status, body, _ = get(asked(address, query.format(dataset=""), **{parameter: name}))
            assert (status, b"canary" in body) == (200, False)
        store = f"{address}/rdf-graph-store?{urllib.parse.urlencode({'graph': name})}"
        assert get(store)[0] == 404
    assert calls == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("ASK " + "{" * 2_000 + "}" * 2_000, 400),
        ("ASK { FILTER " + "(" * 100_000, 400),
        ("SELECT * { " + "[ <a:p> " * 5_000, 400),
        ("ASK { ?s " + "/".join(["<a:p>"] * 450) + " ?o }", 200),
        ("ASK { FILTER (" + "!" * 499 + "true) }", 200),
        ("ASK { " + " . ".join(f"?o{n} <a:p{n}> ?o{n + 1}" for n in range(200)) + " }", 200),
        ("SELECT * { VALUES ?x { " + "1 " * 20_000 + "} } LIMIT 1", 200),
        ("ASK { " + " UNION ".join(["{ ?s ?p ?o }"] * 490) + " }", 200),
        ("ASK { " + "OPTIONAL { ?s ?p ?o " * 190 + "}" * 190 + " }", 200),
    ],
)
def test_s10_deep_and_long_queries(patient: str, query: str, status: int) -> None:
    """What is too deep is refused, what is only long is answered, and the server lives."""
    found = posted(patient, "/sparql", query.encode(), Content_Type="application/sparql-query")

    assert found[0] == status, found[1][:300]
    assert is_alive(patient)


def of_tree(pid: int) -> dict[int, tuple[float, int]]:
    """Seconds of processor time and resident bytes of a process and of all that it started."""
    found = {}
    waiting = {pid}
    while waiting:
        one = waiting.pop()
        waiting |= children(one)
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text("ascii").rpartition(")")[2].split()
            seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            found[one] = seconds, int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return found


def is_idle(pid: int) -> bool:
    """Whether a process and all that it started take less than a fifth of a processor."""
    before = of_tree(pid)
    time.sleep(0.5)
    after = of_tree(pid)
    return sum(s - before.get(one, (0.0, 0))[0] for one, (s, _) in after.items()) < 0.1


def test_s11_queries_that_take_for_ever(versions: Versions) -> None:
    """Many at once end at their deadline; meanwhile others are answered, and nothing is left."""
    deadline = 5
    bombs = [
        FOREVER,
        "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY RAND()",
        "SELECT (COUNT(*) AS ?n) { ?a (<a:x>|!<a:x>)* ?b . ?c (<a:x>|!<a:x>)* ?d }",
        "SELECT (GROUP_CONCAT(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
    ]
    others = children(os.getpid())
    with serving(versions.root, KG_DEADLINE=str(deadline)) as address:
        (server,) = children(os.getpid()) - others
        assert is_alive(address)
        until(lambda: not json.loads(get(f"{address}/ready")[1])["copying"])
        held = sum(size for _, size in of_tree(server).values())

        def bomb(number: int) -> tuple[int, float]:
            began = time.monotonic()
            target = asked("", bombs[number % len(bombs)])
            status, _ = from_another(address, f"127.0.8.{number + 1}", target)
            return status, time.monotonic() - began

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            waiting = [threads.submit(bomb, number) for number in range(8)]
            until(lambda: b'state="still"} 0' not in get(f"{address}/metrics")[1])
            for _ in range(10):
                began = time.monotonic()
                assert get(f"{address}/health")[0] == 200
                assert time.monotonic() - began < 1
            ended = [future.result(PATIENCE) for future in waiting]

        assert {status for status, _ in ended} == {503}
        assert max(seconds for _, seconds in ended) < 2 * deadline
        until(lambda: is_idle(server))
        assert sum(size for _, size in of_tree(server).values()) < held + 200_000_000
        assert is_alive(address)


@pytest.mark.parametrize(
    "expression",
    [
        "".join(f"BIND (CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(31)),
        "".join(f"BIND (REPLACE(?x{n}, '.', '$0$0') AS ?x{n + 1}) " for n in range(31)),
        "".join(f"BIND (ENCODE_FOR_URI(CONCAT(?x{n}, '%')) AS ?x{n + 1}) " for n in range(31)),
        f"BIND ({'9' * 990_000} AS ?x31)",
        f"BIND ({'9' * 490_000} * {'9' * 490_000} AS ?x31)",
        f"BIND (1.{'9' * 490_000} / 3.{'1' * 490_000} AS ?x31)",
        *(
            "".join(f"BIND (CONCAT(?y{n}, ?y{n}) AS ?y{n + 1}) " for n in range(20)).replace(
                "?y0", "'9'"
            )
            + f"BIND (<{XSD}{kind}>(?y20) AS ?x31)"
            for kind in ("integer", "decimal", "double", "dateTime")
        ),
    ],
)
def test_s12_values_that_grow(address: str, expression: str) -> None:
    """A query that takes too much memory is ended, and only it."""
    query = f'SELECT (STRLEN(STR(?x31)) AS ?n) {{ BIND ("start" AS ?x0) {expression} }}'
    status, body = posted(
        address, "/sparql", query.encode(), Content_Type="application/sparql-query"
    )

    assert status in (200, 400, 503), body[:300]
    assert is_alive(address)


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "(a|a)*b", "(.*a){30}", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_s13_regular_expressions(address: str, pattern: str) -> None:
    """Patterns that take engines for ever take this one no time."""
    query = f'SELECT (REGEX("{"a" * 5_000}!", "{pattern}") AS ?found) {{}}'

    status, body, _ = get(asked(address, query, format="csv"))
    assert (status, body[:7]) == (200, b"found\r\n")


@pytest.mark.parametrize(
    "piece", ["<", "(", "\\u0053", "SERVICE ", '"', "a:", "#", "?", "_:", "\\"]
)
def test_s13_texts_against_the_tokenizer(address: str, piece: str) -> None:
    """A hundred thousand characters of anything are refused or answered in the time of a query."""
    text = ("ASK { " + piece * (100_000 // len(piece))).encode()
    status, _ = posted(address, "/sparql", text, Content_Type="application/sparql-query")

    assert status in (400, 403)
    assert is_alive(address)


def test_s14_data_that_are_scripts(tmp_path: Path) -> None:
    """On a page they are text, and no link leads to anything but the web."""
    script = "<script>alert(1)</script>"
    (tmp_path / "poison.ttl").write_text(
        f"<http://a/s> <http://a/p> '{script}' , <javascript:alert(1)> , "
        "<data:text/html,x> , <http://a/%22onclick=%22alert(1)> .\n"
    )
    with serving_with(["--data", str(tmp_path / "poison.ttl")]) as found:
        for query in (
            "SELECT ?o { ?s ?p ?o }",
            f"SELECT ('{script}' AS ?x) {{}}",
            f"ASK {{ {script}",
        ):
            asks = asked(found, query)
            page = request(asks, Accept="text/html")[1].decode()
            assert not has_script(page)
            for scheme in ("javascript:", "data:"):
                assert f'href="{scheme}' not in page
            policy = get(asks)[2]["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
        assert (
            "&lt;script&gt;"
            in request(asked(found, "SELECT ?o { ?s ?p ?o }"), Accept="text/html")[1].decode()
        )


def test_s15_forms_of_other_sites(address: str) -> None:
    """No form and no link changes anything."""
    update = urllib.parse.urlencode({"update": "DROP ALL"}).encode()
    kinds = ("application/x-www-form-urlencoded", "text/plain", "application/sparql-update")
    for kind in kinds:
        status, _ = posted(
            address, "/sparql", update, Content_Type=kind, Origin="http://evil", Cookie="token=x"
        )
        assert status in (403, 415)
    assert get(f"{address}/sparql?update=DROP+ALL")[0] == 400
    assert posted(address, "/rdf-graph-store?default", b"", Origin="http://evil")[0] == 403


PATHS = (
    "/../../etc/passwd",
    "/static/../../../../etc/passwd",
    "/static/..%2f..%2f..%2fetc%2fpasswd",
    "/static/%2e%2e/%2e%2e/app.py",
    "/static/..%5c..%5capp.py",
    "/static//etc/passwd",
    "/static/%00",
    "/download/../../etc/passwd",
    "/download/..%2f..%2fetc%2fpasswd",
    "/download/china-llm-landscape.ttl%00.png",
    "/download/china-llm-landscape.exe",
    "/download//",
    "/queries/../x",
    "/queries/..%2fx",
    "/queries/%2e%2e%2f%2e%2e%2fpyproject.toml",
    "/queries/trained-without.rq",
    "/queries/findings/x",
    "/id/../../etc/passwd",
    "/id/model/..%2f..%2fetc%2fpasswd",
    "/graph/../../../etc/passwd",
    "/ontology/..%2f..%2fetc%2fpasswd",
    "/.git/config",
    "/build/current/summary.json",
)


@pytest.mark.parametrize("path", PATHS)
def test_s17_paths_that_climb(address: str, path: str) -> None:
    """None leads to a file."""
    assert len(PATHS) >= 20
    host, port = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.putrequest("GET", path, skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()

    assert response.status == 404
    assert b"root:" not in body
    assert b"import flask" not in body


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"])
def test_s18_names_that_clients_give_the_server(address: str, header: str) -> None:
    """No answer repeats them, so that no cache can keep what one client said for others."""
    value = "host=evil.example;proto=evil" if header == "Forwarded" else "evil.example"
    for path in ("/", "/queries", "/sparql", "/.well-known/void", "/id/model/glm-130b", "/nothing"):
        for accept in ("text/html", "*/*"):
            status, body = request(f"{address}{path}", **{header: value, "Accept": accept})
            assert status in (200, 404, 406)
            assert b"evil.example" not in body


@pytest.mark.parametrize(
    "query",
    [
        "query=ASK{}&query=ASK{}",
        "query=ASK{}&update=DROP+ALL",
        "query=ASK{}&other=1",
        "query=ASK{}&format=csv&format=json",
        "query=ASK{}&timeout=1&timeout=2",
        "query=ASK{}&version=a&version=b",
    ],
)
def test_s19_parameters_given_twice(address: str, query: str) -> None:
    """Nobody has to guess which one is meant."""
    status = get(f"{address}/sparql?{query}")[0]
    assert status == 400


def test_s20_many_slow_connections(address: str) -> None:
    """Clients that say nothing, half of something, or take nothing keep nobody waiting."""
    host, port = address.removeprefix("http://").split(":")
    target = asked("", "SELECT * { ?a ?b ?c . ?d ?e ?f }")
    beginnings = (
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Half",
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nqu",
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nqu",
        f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
    )
    with contextlib.ExitStack() as held:
        for beginning in beginnings:
            for number in range(60):
                source = (f"127.0.5.{number + 1}", 0)
                slow = held.enter_context(
                    socket.create_connection((host, int(port)), PATIENCE, source)
                )
                slow.sendall(beginning)
        for _ in range(5):
            assert is_alive(address)


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/", "/id//evil.example", "/\\evil.example", "/id/"]
)
def test_s22_redirects_to_elsewhere(address: str, path: str) -> None:
    """There are none."""
    host, port = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        location = response.headers.get("Location", "")

    assert "evil.example" not in location or location.startswith("/id/")
    assert not location.startswith(("//", "/\\", "http"))


FILES = {
    "s5.jsonld": '{{"@context": "{url}", "@id": "http://a/s", "http://a/p": 1}}',
    "s5-import.jsonld": '{{"@context": {{"@import": "{url}"}}, "@id": "http://a/s"}}',
    "s6.ttl": "<http://a/o> a <http://www.w3.org/2002/07/owl#Ontology> ;"
    " <http://www.w3.org/2002/07/owl#imports> <{url}> .",
    "s7.rdf": '<!DOCTYPE r [<!ENTITY e SYSTEM "{url}">]><rdf:RDF xmlns:a="http://a/"'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="http://a/s" a:p="&e;"/></rdf:RDF>',
}


@pytest.mark.parametrize("engine", ["columns", "pyshacl"])
@pytest.mark.parametrize("name", FILES)
def test_s5_s6_s7_files_that_name_others(
    canary: tuple[str, list[bytes]], tmp_path: Path, name: str, engine: str
) -> None:
    """Contexts, imports and entities of files are not fetched, whether as data or as shapes."""
    url, calls = canary
    path = tmp_path / name
    path.write_text(FILES[name].format(url=url))
    words = ["validate", str(path), "--shapes", str(path), "--engine", engine]
    done = run_kg(*words)

    assert done.returncode in (0, 1, 2)
    assert "Traceback" not in done.stderr
    assert calls == []


def test_s8_entities_that_expand(tmp_path: Path) -> None:
    """They are refused before they do."""
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "0123456789"}">' for n in range(12)
    )
    path = tmp_path / "bomb.rdf"
    path.write_text(
        f'<!DOCTYPE r [{entities}]><rdf:RDF xmlns:a="http://a/"'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="http://a/s" a:p="&e11;"/></rdf:RDF>'
    )
    for words in (["serve", "--data", str(path)], ["validate", str(path), "--shapes", str(path)]):
        done = run_kg(*words)
        assert done.returncode == 2
        assert "DOCTYPE" in done.stderr


def from_another(address: str, source: str, target: str) -> tuple[int, bytes]:
    """Status and body of what a client at another loopback address asks."""
    host, port = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(
        host, int(port), timeout=PATIENCE, source_address=(source, 0)
    )
    with contextlib.closing(connection):
        connection.request("GET", target)
        response = connection.getresponse()
        return response.status, response.read()


@pytest.mark.parametrize("at_once", [False, True])
def test_s20_clients_that_never_read(versions: Versions, at_once: bool) -> None:
    """Twice as many as there are workers hold what they can, and another client is answered."""
    deadline, workers = 10, 2 + 1
    settings = {"KG_FAST_SLOTS": "2", "KG_SLOW_SLOTS": "1", "KG_TOKEN": "operator"}
    with contextlib.ExitStack() as held:
        found = held.enter_context(serving(versions.root, KG_DEADLINE=str(deadline), **settings))
        host, port = found.removeprefix("http://").split(":")

        def states() -> list[str]:
            listed = json.loads(request(f"{found}/running", Authorization="Bearer operator")[1])
            return [one["state"] for one in listed]

        for number in range(2 * workers):
            reader = held.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the least that there is
            reader.bind((f"127.0.6.{number + 1}", 0))
            reader.settimeout(PATIENCE)
            reader.connect((host, int(port)))
            reader.sendall(f"GET {asked('', ENDLESS)} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            if not at_once:  # so many wait for their clients, not for each other
                until(lambda held=number + 1: states() == ["slow"] * held)
        if at_once:  # some are refused before a byte is sent
            until(lambda: set(states()) <= {"slow", "still"})
            until(lambda: len(states()) + counted(found, "busy") == 2 * workers)
            assert len(states()) >= workers

        began = time.monotonic()
        answer = from_another(found, "127.0.7.1", asked("", ALIVE, format="csv"))
        assert answer == (200, b"n\r\n0\r\n")
        assert time.monotonic() - began < deadline + 2
        until(lambda: states() == [])
        ends = {outcome: counted(found, outcome) for outcome in ("deadline", "left", "busy")}
        assert sum(ends.values()) == 2 * workers
        assert at_once or ends["busy"] == 0


def test_s16_the_token_is_nowhere_to_be_found(versions: Versions, tmp_path: Path) -> None:
    """It counts in its header only, is compared in constant time, and reaches no log."""
    secret = "the-operators-own-secret"  # noqa: S105
    log, said = tmp_path / "log", tmp_path / "said"
    with (
        said.open("wb") as stderr,
        serving_with(
            ["--store", str(versions.root)], stderr, KG_TOKEN=secret, KG_LOG=str(log)
        ) as found,
    ):
        right = {"Authorization": f"Bearer {secret}"}
        assert request(f"{found}/running", **right)[0] == 200
        for wrong in (secret, f"Bearer {secret}x", f"Bearer {secret[:-1]}", "Bearer ", "Bearer é"):
            assert request(f"{found}/running", Authorization=wrong)[0] == 401
        assert request(f"{found}/running", Cookie=f"token={secret}")[0] == 401
        for headers in ({}, right):
            assert request(f"{found}/running?token={secret}", **headers)[0] == 400
            assert request(f"{found}/running?a=b&token=", "DELETE", **headers)[0] == 400
            for path in ("/sparql?query=ASK%7B%7D&", "/queries/table-1?"):
                assert request(f"{found}{path}token={secret}", **headers)[0] == 400
        assert request(asked(found, f"ASK {{}} # {secret}"), **right)[0] == 200
        assert request(asked(found, f"ASK {{ <a:{secret}>"), **right)[0] == 400
        assert request(f"{found}/{secret}", **right)[0] == 404
        until(lambda: len(log.read_text("utf-8").splitlines()) == 2)

    assert secret not in log.read_text("utf-8") + said.read_text("utf-8")
    judges = [
        node
        for path in Path(kg.serve.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and "Bearer {" in ast.unparse(node)
    ]
    assert [judge.name for judge in judges] == ["has_token"]
    assert "hmac.compare_digest(" in ast.unparse(judges[0])
    assert not any(isinstance(node, ast.Compare) for node in ast.walk(judges[0]))


def times(log: Path) -> int:
    """How many queries the lines of a log are about."""
    return sum(json.loads(line).get("kept", 1) for line in log.read_text("utf-8").splitlines())


def test_s21_lines_that_clients_would_write(versions: Versions, tmp_path: Path) -> None:
    """Whatever is in a query or a header, each query leaves its line, of the server's own words."""
    log, said = tmp_path / "log", tmp_path / "said"
    forged = '{"time": "2000-01-01T00:00:00Z", "outcome": "forged"}'
    breaks = ("\n", "\r\n", "\r", "\x0b", "\x1b[2J\x1b[31m", "\x85", "\u2028", "\x08")
    with (
        said.open("wb") as stderr,
        serving_with(["--store", str(versions.root)], stderr, KG_LOG=str(log)) as found,
    ):
        for text in breaks:
            query = f"ASK {{}}#{text}{forged}{text}\nASK"
            assert get(asked(found, query))[0] == 400
            assert get(asked(found, f"ASK {{ FILTER ('''{text}{forged}''' = '') }}"))[0] == 200
            agent = f"{text}{forged}".encode("unicode_escape").decode()
            assert request(asked(found, "ASK {}"), **{"User-Agent": agent})[0] == 200
            get(f"{found}/{urllib.parse.quote(text + forged)}")
            get(asked(found, "ASK {}", format=f"{text}{forged}"))
        until(lambda: times(log) == 3 * len(breaks))

    lines = log.read_text("utf-8")
    assert lines.isascii()
    assert all(character == "\n" or character.isprintable() for character in lines)
    for line in lines.split("\n")[:-1]:
        facts = json.loads(line)
        known = {"time", "query", "outcome", "bytes", "rows", "format", "version"}
        assert facts.keys() - known in ({"seconds"}, {"kept"})
        assert facts["outcome"] in ("ok", "bad_query")
    assert "forged" not in lines + said.read_text("utf-8")


PIECES = (
    *"'\"\\<>{}()[]#?$.;,^@%&=+-_:/ \t\r\n\x0b\x1b\x00\u2028\u00e9\u6587\U0001f409",
    *('"""', "'''", "\\u003E", "\\U0000003E", "\\u0022", "\\n", '\\"', "%3E", "&gt;", "-->", "*/"),
    *(
        " UNION ",
        " FILTER ",
        "SERVICE ",
        " ?p ?o }",
        "} #",
        "urn:",
        "urn:h0",
        "http://a/",
        "(.*a){9}",
    ),
    *("secret", "DROP ALL", "; INSERT DATA {", "^^xsd:string", "@en", "2022-01-01", "1", "true"),
)
"""What attacks on a text in quotes or in angle brackets are made of."""
KINDS = ("string", "iri", "integer", "decimal", "double", "date", "boolean")


def strange(number: int) -> list[str]:
    """So many texts of one to nine such pieces, always the same ones, none twice."""
    chance = random.Random(23)  # noqa: S311
    found: dict[str, None] = {}
    while len(found) < number:
        found["".join(chance.choices(PIECES, k=chance.randint(1, 9)))] = None
    return list(found)


def question(kind: str, text: str) -> Query:
    """A canned question with one parameter, ``given``."""
    default = {"string": "x", "iri": "urn:x", "date": "2000-01-01", "boolean": "true"}
    header = {
        "summary": "Who has it?",
        "description": "A question.",
        "tags": ["tests"],
        "parameters": {
            "given": {"type": kind, "description": "It.", "default": default.get(kind, "1")}
        },
    }
    return parse("who", f"#+ {json.dumps(header)}\n{text}", "who.rq")


def test_s23_ten_thousand_texts_as_parameters() -> None:
    """Each is refused, or finds what has that very term and nothing else."""
    texts = strange(10_000)
    assert len(set(texts)) == 10_000
    terms = [Term(text, f"{XSD}string") for text in texts[::2]]
    terms += [Term(text) for text in ("urn:", "urn:h0", "urn:.1", "http://a/", "http://a/1")]
    terms += [Term("1", f"{XSD}integer"), Term("true", f"{XSD}boolean")]
    holders: dict[Term, set[str]] = {}
    for number, term in enumerate(terms):
        if "\x00" not in term.value:
            holders.setdefault(term, set()).add(f"urn:h{number}")
    data = "".join(
        f"<{holder}> <urn:p> {written(term)} .\n"
        for term, some in holders.items()
        for holder in some
    )
    store = EmbeddedStore.in_memory({"": f'{data}<urn:s> <urn:secret> "canary" .\n'.encode()})

    found = dict.fromkeys(KINDS, 0)
    for kind in KINDS:
        query = question(kind, "SELECT ?s ?given { ?s <urn:p> ?given }")
        for text in texts:
            try:
                _, rows = store.ask(query, {"given": text}).rows()
            except (BadInput, BadQuery):
                continue
            (term,) = query.bind({"given": text}).values()
            if kind == "integer":  # the engine has one text for each number
                term = Term(str(int(text)), term.datatype)
            assert {row[0] for row in rows} == holders.get(term, set()), (kind, text)
            found[kind] += 1
    assert found["string"] == sum("\x00" not in text for text in texts)
    assert all(found.values()), found


def written(term: Term) -> str:
    """A term as N-Triples has it, written by hand."""
    if term.datatype is None:
        return f"<{term.value}>"
    escaped = "".join(f"\\U{ord(character):08X}" for character in term.value)
    return f'"{escaped}"^^<{term.datatype}>'


def test_s23_strange_texts_over_the_network(tiny: Project, tmp_path: Path) -> None:
    """The server answers with the very text that it was given, or refuses it."""
    header = (
        "#+ summary: What is it?\n#+ description: It.\n#+ tags: [tests]\n#+ parameters:\n"
        "#+   given:\n#+     type: {kind}\n#+     description: It.\n#+     default: {default}\n"
    )
    for kind, default in (("string", "x"), ("iri", "urn:x"), ("date", "'2000-01-01'")):
        (tiny.root / "queries" / f"it-{kind}.rq").write_text(
            header.format(kind=kind, default=default) + "SELECT ?given { VALUES ?one { 1 } }\n"
        )
    store = Versions(tmp_path / "store")
    build.publish(build.make(tiny, unwatched, []), store, 3, unwatched)
    texts = [*strange(48), "> ?p ?o } #", "\\u003E ?p ?o", "urn:plain", "2022-02-30"]
    ok = 0
    with serving_with(["--store", str(store.root)], root=tiny.root) as found:
        for text in texts:
            for kind in ("string", "iri", "date"):
                given = urllib.parse.urlencode({"given": text, "format": "json"})
                status, body, _ = get(f"{found}/queries/it-{kind}?{given}")
                assert status == (400 if kind != "string" or "\x00" in text else 200) or (
                    (kind, status, text) == ("iri", 200, "urn:plain")
                )
                if status == 200:
                    (row,) = json.loads(body)["results"]["bindings"]
                    assert row["given"]["value"] == text
                    ok += 1
    assert ok > 40


def sources() -> dict[str, ast.Module]:
    """The syntax trees of the package's modules."""
    root = Path(kg.serve.__file__).parents[1]
    return {str(p.relative_to(root)): ast.parse(p.read_text("utf-8")) for p in root.rglob("*.py")}


YAML = (
    "yaml.safe_load",
    "yaml.load",
    "yaml.parse",
    "yaml.BaseLoader",
    "yaml.SafeLoader",
    "yaml.MappingNode",
    "yaml.ScalarNode",
    "yaml.AliasEvent",
    "yaml.YAMLError",
    "yaml.constructor",
    "yaml.constructor.ConstructorError",
)
"""What of PyYAML makes nothing but texts, numbers, lists and dicts, if the loader is a base one."""
SAFE = "getattr(yaml, 'CSafeLoader', yaml.SafeLoader)"
"""A loader that makes no more than ``yaml.safe_load``."""


def test_s25_nothing_is_run_that_was_only_read() -> None:
    """No pickles, no tags of YAML, no plugins, no code out of texts, no shell."""
    trees = sources()
    assert len(trees) > 80
    never = {
        "pickle",
        "cPickle",
        "dill",
        "joblib",
        "marshal",
        "shelve",
        "runpy",
        "imp",
        "pkg_resources",
    }
    calls = 0
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & never, name
            elif isinstance(node, ast.ImportFrom):
                module = node.module or ""
                assert module.split(".")[0] not in never, name
                assert module not in ("rdflib.plugin", "importlib", "yaml"), name
                if module == "importlib.metadata":
                    assert [alias.name for alias in node.names] == ["version"], name
            elif isinstance(node, ast.Attribute):
                written_out = ast.unparse(node)
                if written_out.startswith("yaml."):
                    assert written_out in YAML, (name, written_out)
                assert not written_out.startswith(("rdflib.plugin.register", "os.system")), name
            elif isinstance(node, ast.Call):
                calls += 1
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "compile", "__import__", "os.popen"), name
                given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                if called == "yaml.load":
                    (loader,) = (ast.unparse(word) for word in node.args[1:])
                    classes = (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef))
                    bases = [ast.unparse(b) for c in classes if c.name == loader for b in c.bases]
                    named = (n for n in ast.walk(tree) if isinstance(n, ast.AnnAssign) and n.value)
                    bases += [
                        ast.unparse(n.value) for n in named if ast.unparse(n.target) == loader
                    ]
                    assert bases in (["yaml.BaseLoader"], [SAFE]), name
                if called == "np.load":
                    assert given.get("allow_pickle") == "False", name
                assert given.get("shell", "False") == given.get("js", "False") == "False", name
    assert calls > 3_000


SCRIPTS = {
    "js": "a:S sh:targetNode a:n ; sh:js [ sh:jsLibrary a:L ; sh:jsFunctionName 'run' ] .",
    "function": "a:F a sh:JSFunction ; sh:jsLibrary a:L ; sh:jsFunctionName 'run' ."
    " a:S sh:targetNode a:n ; sh:sparql [ sh:select 'SELECT $this { FILTER (a:F()) }' ] .",
    "rule": "a:S sh:targetNode a:n ; sh:rule"
    " [ a sh:JSRule ; sh:jsLibrary a:L ; sh:jsFunctionName 'run' ] .",
}


@pytest.mark.parametrize("engine", ["columns", "pyshacl"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_s25_shapes_with_scripts(
    canary: tuple[str, list[bytes]], tmp_path: Path, name: str, engine: str
) -> None:
    """They are refused, or judged without running or fetching any."""
    url, calls = canary
    path = tmp_path / "shapes.ttl"
    path.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix a: <http://a/> .\n"
        f"a:L a sh:JSLibrary ; sh:jsLibraryURL '{url}' . a:S a sh:NodeShape . {SCRIPTS[name]}\n"
    )
    words = ["validate", str(path), "--shapes", str(path), "--engine", engine]
    done = run_kg(*words)

    assert done.returncode in ((2,) if name == "js" else (0, 1, 2))
    assert "Traceback" not in done.stderr
    assert calls == []


DEEP = {
    "nest.jsonld": '{"http://a/p":' * 4_000 + "1" + "}" * 4_000,
    "list.jsonld": "[" * 100_000,
    "nest.rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://a/">'
    + "<C><p>" * 50_000,
    **{
        f"triples.{ending}": "<a:s> <a:p> <<( " * 50_000 + "<a:s> <a:p> <a:o>" + " )>>" * 50_000
        for ending in ("ttl", "nt", "trig", "nq")
    },
}


@pytest.mark.parametrize("name", DEEP)
def test_s10_documents_that_nest_deeper_than_parsers_bear(tmp_path: Path, name: str) -> None:
    """They are refused before a parser ends the process, or never ends."""
    path = tmp_path / name
    path.write_text(DEEP[name])
    for words in (["serve", "--data", str(path)], ["validate", str(path), "--shapes", str(path)]):
        done = run_kg(*words)
        assert done.returncode == 2
        assert done.stderr == f"kg: {path}: it nests more than 500 levels deep.\n"


@pytest.mark.parametrize(("opened", "closed"), [("(", ")"), ("[ <a:p> ", "]")])
def test_s10_documents_that_only_nest(tmp_path: Path, opened: str, closed: str) -> None:
    """A hundred thousand lists or blank nodes in each other are served, or refused as no Turtle."""
    path = tmp_path / "deep.ttl"
    path.write_text(f"<a:s> <a:p> {opened * 100_000} 1 {closed * 100_000} .")
    with serving_with(["--data", str(path)]) as found:
        count = get(asked(found, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", format="csv"))[1]
        assert int(count.split()[1]) > 100_000

    path.write_text(f"<a:s> <a:p> {opened * 100_000}")
    command = [sys.executable, "-c", "from kg.cli import main; main()", "serve", "--data"]
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "syntax error" in done.stderr


@pytest.mark.parametrize("header", ["Accept", "Accept-Encoding", "If-None-Match", "Authorization"])
def test_s13_headers_that_repeat(address: str, header: str) -> None:
    """A hundred thousand characters of a header take no time, whether they are refused or not."""
    for piece in (";", "a/b;", ",", "a/b;q=0.1,", '"', "W/", "\t", "; q", "Bearer "):
        began = time.monotonic()
        for path in ("/sparql?query=ASK%7B%7D", "/running", "/"):
            status, _ = request(f"{address}{path}", **{header: piece * (100_000 // len(piece))})
            assert status in (200, 400, 401, 406, 431)
        assert time.monotonic() - began < 5
    assert is_alive(address)


def test_s12_numbers_on_a_page(address: str) -> None:
    """One of many digits is shown, with all of them if it has too many to be counted."""
    for digits, places in ((4_000, 4), (400_000, 3)):
        form = urllib.parse.urlencode({"query": f"SELECT ({'9' * digits} AS ?x) {{}}"}).encode()
        kind = "application/x-www-form-urlencoded"
        status, page = posted(address, "/sparql", form, Content_Type=kind, Accept="text/html")
        # in the form, in the table, and in what the editor reads: the query, and a small answer
        assert (status, page.count(b"9" * digits)) == (200, places)


def test_s17_files_and_versions_beside_the_store(tmp_path: Path) -> None:
    """No name of a version, and no link that lies about, leads to what is not served."""
    canary = "canary beside the store"
    elsewhere = Versions(tmp_path / "elsewhere")
    elsewhere.publish("other", {"": f'<a:s> <a:p> "{canary}" .\n'.encode()}, {}, keep=3)
    own = Versions(tmp_path / "own")
    own.publish("one", {"": b'<a:s> <a:p> "own" .\n'}, {}, keep=3)
    (tmp_path / "secret").write_text(canary)
    for folder in (own.root, own.root / "versions", own.root / "versions" / "one"):
        (folder / "leak").symlink_to(tmp_path / "secret")
        (folder / "folder").symlink_to(tmp_path)

    names = (
        "../../elsewhere/versions/other",
        "..%2F..%2Felsewhere%2Fversions%2Fother",
        str(tmp_path / "elsewhere" / "versions" / "other"),
        "folder/elsewhere/versions/other",
        "one/folder/elsewhere/versions/other",
        "./one",
        "one/",
        "one\x00",
        ".",
        "..",
        "leak",
    )
    with serving(own.root) as found:
        for name in names:
            query = asked(found, "SELECT ?o { ?s ?p ?o }", version=name, format="csv")
            status, body, _ = get(query)
            assert status in (400, 410), (name, status)
            assert canary.encode() not in body
        for path in ("/leak", "/versions/leak", "/versions/one/leak", "/folder/secret", "/current"):
            for start in ("", "/download", "/static", "/static/..", "/graph", "/id", "/queries"):
                status, body, _ = get(f"{found}{start}{path}")
                assert (status, canary.encode() in body) == (404, False)
        one = get(asked(found, "SELECT ?o { ?s ?p ?o }", version="one", format="csv"))
        assert one[:2] == (200, b"o\r\nown\r\n")


def test_s18_what_a_cache_tells_answers_by(tmp_path: Path) -> None:
    """Each format, encoding and version has a tag of its own, and ``Vary`` says what counts."""
    own = Versions(tmp_path)
    for name in ("one", "two"):
        own.publish(name, {"": b"<a:s> <a:p> <a:o> .\n" * 2}, {}, keep=3)
    accepts = ("text/csv", "application/sparql-results+json", "application/sparql-results+xml")
    tags = set()
    with serving(tmp_path) as found:
        for version in ("one", "two"):
            address = asked(found, "SELECT ?o { ?s ?p ?o }", version=version)
            for accept in accepts:
                for encoding in ("identity", "gzip", "zstd"):
                    asks = urllib.request.Request(address)
                    asks.add_header("Accept", accept)
                    asks.add_header("Accept-Encoding", encoding)
                    with urllib.request.urlopen(asks, timeout=PATIENCE) as response:
                        tags.add(response.headers["etag"])
                        vary = response.headers["vary"].lower()
                        assert {"accept", "accept-encoding"} <= set(vary.split(", "))
                        assert response.headers["content-type"].startswith(accept)
        for path in ("/", "/queries", "/nothing"):
            _, _, headers = get(f"{found}{path}")
            assert "Accept" in headers["vary"].split(", ")
    assert len(tags) == 2 * 3 * 3
    assert all(tag.startswith("W/") for tag in tags)


class Page(html.parser.HTMLParser):
    """What of a page a browser would run or follow."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.shown = ""
        self.in_data = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note each script, each handler and each address that is not of the web."""
        given = dict(attributes)
        is_own = tag in ("script", "img") and (given.get("src") or "").startswith("/static/")
        self.in_data = tag == "script" and given.get("type") in (
            "application/json",
            "application/ld+json",
        )
        if tag in ("iframe", "object", "embed", "base") or (
            tag in ("script", "img") and not is_own and not self.in_data
        ):
            self.wrong.append(tag)
        self.wrong += [name for name in given if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "formaction"):
            address = given.get(name) or ""
            scheme = urllib.parse.urlsplit(address).scheme
            if scheme not in ("", "http", "https", "mailto") or address.startswith("//"):
                self.wrong.append(address)

    def handle_data(self, data: str) -> None:
        """Keep the text; a block of data is whole, so that nothing in it has ended it."""
        if self.in_data:
            json.loads(data)
            self.in_data = False
        self.shown += data


def test_s14_every_page_of_a_poisoned_graph(tiny: Project, tmp_path: Path) -> None:
    """Where each text of the graph is a script, no page has one; nor do errors that repeat one."""
    script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    poison = script.replace('"', '\\"').encode()
    built = build.make(tiny, unwatched, [])
    graphs = {
        name: b"".join(
            re.sub(rb'"(@en)? \.$', rb"%b\g<0>" % poison.replace(b"\\", b"\\\\"), line)
            for line in text.splitlines(keepends=True)
        )
        for name, text in built.graphs.items()
    }
    see = "<http://www.w3.org/2000/01/rdf-schema#seeAlso>"
    links = ("javascript:alert(1)", "data:text/html,alert(1)", "http://a/'onclick='alert(1)")
    graphs[""] += "".join(f"<{IDS}model/first> {see} <{link}> .\n" for link in links).encode()
    store = Versions(tmp_path / "store")
    store.publish("poison", graphs, built.summary(), keep=3)
    things = sorted(set(re.findall(rf"<{BASE}((?:id|graph|ontology)\b[^>#]*)", str(graphs))))
    assert len(things) > 50
    quoted = urllib.parse.quote(script)
    paths = [
        *("/", "/queries", "/sparql", "/dataset", "/ontology", "/download"),
        *(f"/{thing}" for thing in things),
        *(f"/queries/{path.stem}" for path in (tiny.root / "queries").glob("*.rq")),
        asked("", "SELECT * { ?s ?p ?o }"),
        asked("", f"SELECT ('''{script.replace(chr(39), '')}''' AS ?x) {{}}"),
        asked("", f"ASK {{ {script}"),
        asked("", "ASK {}", timeout=script),
        asked("", "ASK {}", format=script),
        *(f"/{start}{quoted}" for start in ("", "id/model/", "queries/", "graph/", "ontology/")),
        f"/queries/models-by-developer?organization={quoted}",
        f"/queries/models-by-developer?{quoted}=x",
        f"/queries/released-between?start={quoted}",
    ]
    shown = 0
    with serving_with(["--store", str(store.root)], root=tiny.root) as found:
        for path in paths:
            asks = urllib.request.Request(f"{found}{path}", headers={"Accept": "text/html"})
            try:
                response = urllib.request.urlopen(asks, timeout=PATIENCE)
            except urllib.error.HTTPError as error:
                response = error
            with response:
                assert response.status < 500, path
                assert response.headers["x-content-type-options"] == "nosniff"
                assert "default-src 'self'" in response.headers["content-security-policy"]
                assert "unsafe" not in response.headers["content-security-policy"]
                assert response.headers["content-type"].startswith("text/html"), path
                page = Page(response.read().decode())
            assert page.wrong == [], path
            shown += "<script>alert(1)" in page.shown
    assert shown > 50

"""Attacks with SERVICE, by the numbers of their kinds in ``docs/threat-model.md``.

Names mean what a test says only in ``socket.getaddrinfo``, where the outside world begins; all else
is as it is served.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from kg.errors import KgError, Refused, ServiceError, StoreError
from kg.store import Versions
from kg.workers import Job
from kg.workers.outside import Errand, is_private, is_public
from tests.test_front import PATIENCE, asked, get, serving, until
from tests.test_security import SERVICES, is_alive
from tests.test_services import JSON, ONE, peer, said
from tests.test_workers import ask, canary, pid_of, pooled, run

__all__ = ["canary"]


@pytest.fixture(scope="module")
def federating(versions: Versions) -> Iterator[tuple[str, str]]:
    """A server that may call one other, and that other's address."""
    with peer({"/sparql": [said(ONE)]}) as (host, _):
        service = f"http://{host}/sparql"
        with serving(versions.root, KG_PRIVATE_SERVICES=service) as found:
            yield found, service
            assert is_alive(found)


@pytest.mark.parametrize("text", SERVICES)
def test_s1_no_query_calls_what_is_not_listed(
    federating: tuple[str, str], canary: tuple[str, list[bytes]], text: str
) -> None:
    """Neither alone nor beside a service that is; the answer names the setting and the list."""
    address, service = federating
    url, calls = canary
    alone = text.format(url=url)
    for query in (alone, alone.replace("{", f"{{ SERVICE <{service}> {{ ?a ?b ?c }} ", 1)):
        status, body, _ = get(asked(address, query))
        assert status == 403
        assert b"KG_SERVICES" in body
        assert service.encode() in body
    assert calls == []


@pytest.mark.parametrize("text", SERVICES)
def test_s1_nor_does_a_worker_that_may_call_one(
    versions: Versions, canary: tuple[str, list[bytes]], text: str
) -> None:
    """The same, given to a worker unjudged: beyond the service that was judged it finds nothing."""
    url, calls = canary
    version = versions.current_name()
    assert version

    async def work() -> None:
        with peer({"/sparql": [said(ONE)]}) as (host, heard):
            service = f"http://{host}/sparql"
            async with pooled(versions, services={service: True}) as pool:
                called = f"SELECT ?o {{ SERVICE <{service}> {{ ?s ?p ?o }} }}"
                job = Job(version, called, "csv", {}, services=[service])
                assert await ask(pool, job) == b"o\r\none\r\n"
                job = Job(version, text.format(url=url), "csv", {}, services=[service])
                with contextlib.suppress(KgError):
                    await ask(pool, job)
                job = Job(version, text.format(url=service), "csv", {})
                with contextlib.suppress(KgError):
                    await ask(pool, job)
            assert len(heard) == 1

    run(work())

    assert calls == []


def test_s1_without_a_network_of_their_own_workers_call_nobody(
    versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system does not let them leave the server's, no list allows SERVICE."""
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes\n"
        "class Refusing(ctypes.CDLL):\n"
        "    def __getattr__(self, name):\n"
        "        return (lambda *_: -1) if name == 'unshare' else super().__getattr__(name)\n"
        "ctypes.CDLL = Refusing\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    version = versions.current_name()
    assert version

    async def work() -> None:
        with peer({"/sparql": [said(ONE)]}) as (host, heard):
            service = f"http://{host}/sparql"
            async with pooled(versions, services={service: True}) as pool:
                text = f"SELECT * {{ SERVICE <{service}> {{ ?s ?p ?o }} }}"
                for _ in range(2):
                    with pytest.raises(Refused, match="KG_SERVICES"):
                        await ask(pool, Job(version, text, "csv", {}, services=[service]))
                assert await ask(pool, Job(version, "ASK {}", "csv", {})) == b"true"
                assert pool.workers.isolated is False
            assert heard == []

    run(work())


def test_s1_the_way_out_is_made_anew(versions: Versions) -> None:
    """If the process ends that made it, the query at that moment fails, and the next one passes."""
    version = versions.current_name()
    assert version

    async def work() -> None:
        with peer({"/sparql": [said(ONE)], "/silent": silence}) as (host, _):
            listed = {f"http://{host}/{path}": True for path in ("sparql", "silent")}
            jobs = [
                Job(version, f"SELECT ?o {{ SERVICE <{one}> {{}} }}", "csv", {}, services=[one])
                for one in listed
            ]
            async with pooled(versions, services=listed) as pool:
                assert await ask(pool, jobs[0]) == b"o\r\none\r\n"
                asked_ = asyncio.ensure_future(ask(pool, jobs[1]))
                parent = Path(f"/proc/{await pid_of(pool)}/stat").read_text("ascii").split()[3]
                os.kill(int(parent), signal.SIGKILL)
                with pytest.raises(StoreError, match="has ended"):
                    await asked_
                assert await ask(pool, jobs[0]) == b"o\r\none\r\n"

    run(work())


PUBLIC = ("93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "2a02:ec80:300:ed1a::1")
PRIVATE = ("10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "127.0.0.1", "::1", "fd00::1")
NEVER = (
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "169.254.169.254",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:0:53aa:64c:0:0:80ff:fffe",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "3fff::1",
    "5f00::1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
)


def test_s2_addresses_by_kind() -> None:
    """As the registries of IANA have them, whatever this Python knows of those."""
    assert len({*PUBLIC, *PRIVATE, *NEVER}) >= 45
    kinds = {text: (is_public(text), is_private(text)) for text in (*PUBLIC, *PRIVATE, *NEVER)}
    expected = {
        **dict.fromkeys(PUBLIC, (True, False)),
        **dict.fromkeys(PRIVATE, (False, True)),
        **dict.fromkeys(NEVER, (False, False)),
    }
    assert kinds == expected


@contextlib.contextmanager
def named(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> Iterator[list[str]]:
    """Have names mean some addresses, one answer after the other; which were looked up."""
    asked_for: list[str] = []

    def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        found = answers[min(len(asked_for), len(answers) - 1)]
        asked_for.append(host)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in found
        ]

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", look_up)
        yield asked_for


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER])
def test_s2_names_that_mean_other_networks(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """A listed host is not called if any of its addresses is not public, first, last or alone."""
    service = "http://a.example:9/sparql"

    def connected(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", connected)
    for found in ([address], [address, *PUBLIC], [*PUBLIC, address]):
        with (
            named(monkeypatch, found) as looked_up,
            pytest.raises(ServiceError, match=r"a\.example has an address that is not called"),
        ):
            Errand({service: False}, 5).ask(service, b"ASK {}")
        assert looked_up == ["a.example"]
        if address in NEVER:
            with (
                named(monkeypatch, found),
                pytest.raises(ServiceError, match="has an address that is not called"),
            ):
                Errand({service: True}, 5).ask(service, b"ASK {}")


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001"),
        *("0", "0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"),
    ],
)
def test_s2_ways_to_write_this_machine(canary: tuple[str, list[bytes]], host: str) -> None:
    """None of them is public, and an address in a list is not taken for leave to call it."""
    url, calls = canary
    service = url.replace("127.0.0.1", host)
    with pytest.raises(ServiceError, match=r"not called|not known"):
        Errand({service: False}, 5).ask(service, b"ASK {}")
    assert calls == []


def test_s2_a_name_is_looked_up_once_for_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it means a moment later is not asked; what it means at the next call is checked anew."""
    with peer({"/sparql": [said(ONE)]}) as (host, heard):
        service = f"http://a.example:{host.partition(':')[2]}/sparql"
        errand = Errand({service: True}, 5)
        with named(monkeypatch, ["127.0.0.1"], ["169.254.169.254"]) as looked_up:
            assert errand.ask(service, b"ASK {}") == (JSON, ONE)
            assert looked_up == ["a.example"]
            with pytest.raises(ServiceError, match="has an address that is not called"):
                errand.ask(service, b"ASK {}")
    assert [path for path, _, _ in heard] == ["/sparql"]
    assert "Host: a.example:" in heard[0][1]


def test_s2_of_several_addresses_one_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one, if nobody answers at the first; if nobody does at any, it says so."""
    with peer({"/sparql": [said(ONE)]}) as (host, heard):
        service = f"http://a.example:{host.partition(':')[2]}/sparql"
        with named(monkeypatch, ["127.0.0.9", "127.0.0.1"]):
            assert Errand({service: True}, 5).ask(service, b"ASK {}") == (JSON, ONE)
        with (
            named(monkeypatch, ["127.0.0.9", "127.0.0.8"]),
            pytest.raises(ServiceError, match=r"could not be asked: .*refused"),
        ):
            Errand({service: True}, 5).ask(service, b"ASK {}")
    assert len(heard) == 1


LOCATIONS = (
    "{canary}",
    "//{place}/sparql",
    "http://user:secret@{host}/next",
    "http://{host}@{place}/",
    "http://{host}\\@{place}/",
    "http://{host}/next#x",
    "http://localhost:{port}/next",
    "http://2130706433:{port}/next",
    "https://{place}/sparql",
    "ftp://{host}/next",
    "file:///etc/passwd",
    "gopher://{place}/x",
    "http://[",
    "http://169.254.169.254/latest/meta-data/",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("location", LOCATIONS)
def test_s2_redirects_to_elsewhere(canary: tuple[str, list[bytes]], location: str) -> None:
    """A service leads to its own host or to another that is listed, and nowhere else."""
    assert len(LOCATIONS) >= 15
    url, calls = canary
    answers = {"/next": [said(ONE)]}
    with peer(answers) as (host, heard):
        place = url.removeprefix("http://").removesuffix("/sparql")
        target = location.format(canary=url, host=host, place=place, port=host.partition(":")[2])
        answers["/sparql"] = [said(b"", "text/plain", 307, f"Location: {target}")]
        service = f"http://{host}/sparql"
        with pytest.raises(ServiceError, match="redirects to where it is not followed"):
            Errand({service: True}, 5).ask(service, b"ASK {}")
        assert [path for path, _, _ in heard] == ["/sparql"]
    assert calls == []


def test_s2_a_redirect_is_checked_as_what_it_leads_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a listed service, whose own rights count and not those of who redirects."""
    answers = {"/next": [said(ONE)]}
    with peer(answers) as (host, heard):
        port = host.partition(":")[2]
        service, other = f"http://{host}/sparql", f"http://b.example:{port}/next"
        answers["/sparql"] = [said(b"", "text/plain", 302, f"Location: {other}")]
        with named(monkeypatch, ["127.0.0.1"]):
            assert Errand({service: True, other: True}, 5).ask(service, b"ASK {}") == (JSON, ONE)
            with pytest.raises(ServiceError, match=r"b\.example has an address"):
                Errand({service: True, other: False}, 5).ask(service, b"ASK {}")
        assert [path for path, _, _ in heard] == ["/sparql", "/next", "/sparql"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of the host ``localhost`` that nobody else signed, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    names = folder / "certificate.pem", folder / "key.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    more = ["-addext", "subjectAltName=DNS:localhost", "-out", names[0], "-keyout", names[1]]
    subprocess.run([*words.split(), *more], check=True, capture_output=True)
    return names


def test_s2_certificates_and_a_way_back_to_plain_http(
    versions: Versions, certificate: tuple[Path, Path], canary: tuple[str, list[bytes]]
) -> None:
    """The certificate is of the host's name, not of where it was found; https stays https."""
    url, calls = canary
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    answers = {"/sparql": [said(ONE)], "/down": [said(b"", "text/plain", 307, f"Location: {url}")]}
    with peer(answers, tls) as (host, _):
        named_ = f"https://localhost:{host.partition(':')[2]}"
        services = f"{named_}/sparql {named_}/down https://{host}/sparql {url}"

        def ask_for(address: str, service: str) -> tuple[int, bytes]:
            query = f"SELECT ?o {{ SERVICE <{service}> {{ ?s ?p ?o }} }}"
            return get(asked(address, query, format="csv"))[:2]

        settings = {"KG_PRIVATE_SERVICES": services, "SSL_CERT_FILE": str(certificate[0])}
        with serving(versions.root, **settings) as address:
            assert ask_for(address, f"{named_}/sparql") == (200, b"o\r\none\r\n")
            for service, said_ in (
                (f"{named_}/down", b"never from https to http"),
                (f"https://{host}/sparql", b"certificate verify failed"),
            ):
                status, body = ask_for(address, service)
                assert (status, said_ in body) == (502, True)
        with serving(versions.root, KG_PRIVATE_SERVICES=services) as address:
            status, body = ask_for(address, f"{named_}/sparql")
            assert (status, b"certificate verify failed" in body) == (502, True)
    assert calls == []


def test_s8_services_that_answer_with_bombs(versions: Versions) -> None:
    """Entities are refused before they expand, and what is too large is not taken."""
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "0123456789"}">' for n in range(12)
    )
    bomb = (
        f'<?xml version="1.0"?><!DOCTYPE r [{entities}]>'
        '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="o"/></head>'
        '<results><result><binding name="o"><literal>&e11;</literal></binding></result></results>'
        "</sparql>"
    ).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\n\r\n".encode()
    answers = {
        "/bomb": [said(bomb, "application/sparql-results+xml")],
        "/xml": [said(bomb.replace(b"!DOCTYPE", b"!doctype"), "text/xml")],
        "/large": itertools.chain([head, ONE[:-4]], itertools.repeat(b" " * 65_536)),
        "/many": [said(b" " * 6_000_000 + ONE)],
    }
    with peer(answers) as (host, heard):
        services = ",".join(f"http://{host}{path}" for path in answers)
        with serving(versions.root, KG_PRIVATE_SERVICES=services) as address:
            for paths, message in (
                (["/bomb"], b"DOCTYPE"),
                (["/xml"], b"DOCTYPE"),
                (["/large"], b"more than 10 MB"),
                (["/many", "/many"], b"more than 10 MB"),
            ):
                called = " ".join(f"SERVICE <http://{host}{path}> {{ ?s ?p ?o }}" for path in paths)
                status, body, _ = get(asked(address, f"SELECT ?o {{ {called} }}"))
                assert (status, message in body) == (502, True)
            one = f"SELECT ?o {{ SERVICE <http://{host}/many> {{ ?s ?p ?o }} }}"
            assert get(asked(address, one, format="csv"))[1] == b"o\r\none\r\n"
            assert is_alive(address)
    assert len(heard) == 6


def drops(text: bytes) -> Iterator[bytes]:
    """A text that comes so slowly that no single wait for it is long, and that has no end."""
    for byte in itertools.chain(text, itertools.repeat(ord(" "))):
        time.sleep(0.05)
        yield bytes([byte])


def test_s11_services_that_never_answer(versions: Versions) -> None:
    """They have half of a query's time: then it fails, or goes on if it is SILENT."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nX: ".encode()
    answers = {
        "/silent": silence,
        "/head": partial(drops, head),
        "/body": partial(drops, head + b"\r\n\r\n"),
    }
    with peer(answers) as (host, _):
        services = ",".join(f"http://{host}{path}" for path in answers)
        with serving(versions.root, KG_PRIVATE_SERVICES=services, KG_DEADLINE="4") as address:
            for path in answers:
                query = f"SELECT (1 AS ?n) {{ SERVICE <http://{host}{path}> {{ ?s ?p ?o }} }}"
                status, body, _ = get(asked(address, query))
                assert status == 502
                assert b"did not answer within 2 seconds" in body
                quiet = query.replace("SERVICE", "SERVICE SILENT")
                assert get(asked(address, quiet, format="csv"))[1] == b"n\r\n1\r\n"
            assert is_alive(address)


def silence() -> Iterator[bytes]:
    """Nothing, for longer than anybody waits."""
    time.sleep(PATIENCE)
    yield b""


@pytest.mark.parametrize("keyword", ["SERVICE", "SERVICE SILENT"])
def test_s11_many_calls_of_one_query(versions: Versions, keyword: str) -> None:
    """A hundred are made, not as many as there are rows, and then the query is ended."""
    with peer({"/sparql": [said(ONE)]}) as (host, heard):
        service = f"http://{host}/sparql"
        with serving(versions.root, KG_PRIVATE_SERVICES=service) as address:
            called = f"FILTER EXISTS {{ {keyword} <{service}> {{ ?s ?p ?x }} }}"
            query = f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o {called} }}"
            status, body, _ = get(asked(address, query))
            assert (status, b"100 times" in body) == (502, True)
            assert is_alive(address)
    assert len(heard) == 100


def test_s11_a_client_that_leaves_ends_its_calls(versions: Versions) -> None:
    """Nothing goes on for nobody: the connection to the service ends with the query."""
    ended = threading.Event()

    def endless() -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\n\r\n".encode()
        try:
            for _ in range(20 * PATIENCE):
                time.sleep(0.05)
                yield b" "
        finally:
            ended.set()

    with peer({"/sparql": endless}) as (host, heard):
        service = f"http://{host}/sparql"
        with serving(
            versions.root, KG_PRIVATE_SERVICES=service, KG_DEADLINE=str(10 * PATIENCE)
        ) as address:
            own, port = address.removeprefix("http://").split(":")
            target = asked("", f"SELECT * {{ SERVICE <{service}> {{ ?s ?p ?o }} }}")
            with socket.create_connection((own, int(port)), PATIENCE) as connection:
                connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {own}\r\n\r\n".encode())
                until(lambda: heard != [])
            assert ended.wait(PATIENCE)
            assert is_alive(address)

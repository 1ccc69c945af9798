"""Who counts as one client, with proxies between that are trusted or not."""

from __future__ import annotations

import concurrent.futures
import json
import subprocess
import sys

import pytest

from kg.errors import BadInput
from kg.serve.clients import Clients
from kg.store import Versions
from tests.test_front import FOREVER, PATIENCE, asked, request, serving, until

SECRET = "a secret"  # noqa: S105
TRUSTED = "10.0.0.0/8, 127.0.0.1/32,fd00::/8"
CASES = (
    ("192.0.2.1", [], "192.0.2.1"),
    ("192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
    ("10.0.0.1", [], "10.0.0.1"),
    ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["203.0.113.9, 198.51.100.1, 10.2.3.4"], "198.51.100.1"),
    ("10.0.0.1", ["203.0.113.9", "198.51.100.1", "10.2.3.4"], "198.51.100.1"),
    ("10.0.0.1", ["not an address, 198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["198.51.100.1, not an address"], "10.0.0.1"),
    ("10.0.0.1", ["198.51.100.1, not an address, 10.2.3.4"], "10.0.0.1"),
    ("10.0.0.1", ["198.51.100.1,"], "10.0.0.1"),
    ("10.0.0.1", ["198.51.100.1:4711"], "10.0.0.1"),
    ("10.0.0.1", ["10.2.3.4, 10.2.3.5"], "10.0.0.1"),
    ("10.0.0.1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
    ("fd00::1", ["2001:db8:1:2:ffff::1"], "2001:db8:1:2::/64"),
    ("2001:db8:1:2:3:4:5:6", ["198.51.100.1"], "2001:db8:1:2::/64"),
    ("fe80::1%eth0", [], "fe80::/64"),
    ("::ffff:192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
    ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
    ("a-socket", ["198.51.100.1"], "a-socket"),
)


@pytest.mark.parametrize(("peer", "headers", "client"), CASES)
def test_whose_address_counts(peer: str, headers: list[str], client: str) -> None:
    """The nearest that is no trusted proxy's, as far as addresses lead to it."""
    assert len(CASES) == 20
    given = [(b"x-forwarded-for", header.encode()) for header in headers]
    scope = {"client": (peer, 1), "headers": [(b"host", b"a"), *given]}

    assert Clients(TRUSTED).name(scope) == client


def test_nobody_is_trusted_by_default() -> None:
    """Then the header means nothing, whoever sends it."""
    for peer in ("127.0.0.1", "10.0.0.1", "192.0.2.1"):
        scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", b"198.51.100.1")]}
        assert Clients().name(scope) == peer


@pytest.mark.parametrize("wrong", ["10.0.0.0/33", "10.0.0.1/8", "localhost", "10.0.0.0/8,x", "*"])
def test_what_is_no_network(wrong: str) -> None:
    """One sentence, before anything is served."""
    with pytest.raises(BadInput, match=r"\(--trusted-proxy\) must be networks like"):
        Clients(wrong)


def test_a_wrong_network_at_start(versions: Versions) -> None:
    """The command refuses it."""
    command = [sys.executable, "-c", "from kg.cli import main; main()", "serve"]
    options = ["--store", str(versions.root), "--trusted-proxy", "10.0.0.0/33"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "10.0.0.0/33" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("trusted", "is_waiting", "clients"),
    [
        ("127.0.0.0/8", False, {"198.51.100.1", "2001:db8::/64"}),
        ("10.0.0.0/8", True, {"127.0.0.1"}),
        ("", True, {"127.0.0.1"}),
    ],
)
def test_each_client_of_a_trusted_proxy_has_its_share(
    versions: Versions, trusted: str, is_waiting: bool, clients: set[str]
) -> None:
    """Through others all are one, and whoever comes second waits for the first."""
    bearer = {"Authorization": f"Bearer {SECRET}"}
    settings = {"KG_TOKEN": SECRET, "KG_FAST_SLOTS": "2", "KG_SLOW_SLOTS": "1"}
    with (
        serving(versions.root, KG_TRUSTED_PROXY=trusted, **settings) as address,
        concurrent.futures.ThreadPoolExecutor(2) as threads,
    ):
        running: list[dict[str, str]] = []

        def are_there() -> bool:
            running[:] = json.loads(request(f"{address}/running", **bearer)[1])
            return len(running) == 2

        sources = ("198.51.100.1", "2001:db8::1")
        asks = [
            threads.submit(
                request, asked(address, f"{FOREVER} LIMIT {n}"), **{"X-Forwarded-For": source}
            )
            for n, source in enumerate(sources, 1)
        ]
        until(are_there)
        assert {one["client"] for one in running} == clients
        assert any(one["state"] == "waiting" for one in running) == is_waiting
        assert request(f"{address}/running", "DELETE", **bearer)[0] == 200
        assert [done.result(PATIENCE)[0] for done in asks] == [503, 503]

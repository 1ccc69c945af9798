"""Processes of a server that are killed, and versions that change beneath it: nothing is lost."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.test_front import ENDLESS, asked
from tests.test_generate import generator

server = generator("server")
TOKEN = "a-token-of-these-tests"  # noqa: S105
pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are in /proc")


@contextlib.contextmanager
def serving(folder: Path, *more: str) -> Iterator[Any]:
    """A server whose data can be changed, in a session of its own, which is empty afterwards."""
    data = folder / "data.nt"
    data.write_text("".join(f"<http://a/s{n}> <http://a/p> <http://a/o> .\n" for n in range(100)))
    options = ["--data", str(data), "--store", str(folder / "store"), "--writable", *more]
    found = server.Server(options, {"KG_TOKEN": TOKEN})
    found.start()
    try:
        assert server.until(found.is_ready)
        yield found
    finally:
        left = found.stop()
    assert left == 0


def children(found: Any) -> list[Any]:  # noqa: ANN401
    """The processes that the supervisor started: its front."""
    return [one for one in server.members(found.process.pid) if one.parent == found.process.pid]


def test_a_front_that_is_killed_again_and_again(tmp_path: Path) -> None:
    """It is started again each time, however soon; none of its processes outlives it."""
    with serving(tmp_path) as found:
        for _ in range(4):
            (front,) = children(found)
            assert front.kill()
            assert server.until(lambda front=front: children(found) not in ([], [front]))
        assert server.until(found.is_ready)
        assert found.process.poll() is None
        assert server.orphans(found.process) == 0


def test_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    """All end with it, even in the middle of an answer."""
    with serving(tmp_path) as found, found.connected() as connection:
        connection.request("GET", asked("", ENDLESS))
        response = connection.getresponse()
        assert response.read(1)
        assert len(server.members(found.process.pid)) >= 4
        found.process.kill()
        found.process.wait()
        assert server.orphans(found.process) == 0
        found.start()
        assert server.until(found.is_ready)


def test_versions_that_nobody_needs_are_cleared_away(tmp_path: Path) -> None:
    """The server itself keeps none of them open, whatever it answered from them."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "text/turtle"}
    with serving(tmp_path, "--keep-versions", "1") as found:
        for number in range(12):
            path = "/rdf-graph-store?graph=http://a/g"
            put = found.ask("PUT", path, f"<a:s> <a:p> {number} .", headers)
            assert put[0] in (201, 204)
            for query in (asked("", "ASK {}"), asked("", "SELECT"), path):
                assert found.ask("GET", query)[0] in (200, 400)
        kept = list((tmp_path / "store" / "versions").iterdir())
    assert len(kept) == 2  # the current one, and the one before, which was in use when it came


def test_a_version_that_is_damaged(tmp_path: Path) -> None:
    """A server does not start with it, and says which it is."""
    with serving(tmp_path):
        pass
    (version,) = (tmp_path / "store" / "versions").iterdir()
    for path in (version / "store").glob("MANIFEST*"):
        path.unlink()
    command = [*server.KG, "serve", "--store", str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{version.name}/store cannot be opened" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["kills.py --kills 4 --seed 1", "reloads.py --reloads 5"])
def test_the_commands(command: str) -> None:
    """What ``bench/`` measures, a little of it: nothing is wrong."""
    name, *options = command.split()
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / name), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stdout + done.stderr

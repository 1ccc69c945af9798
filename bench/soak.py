"""A server under attack: what normal clients notice, and what is left afterwards.

    python bench/soak.py
    python bench/soak.py --seconds 60 --bombs 16

It serves the built graph on loopback and asks it four times: in quiet, beside one busy process on
each core, under attack, and in quiet again. The attack is ``--bombs`` clients from eight addresses
with queries that take too long or too much memory, clients that read slowly, and clients that
leave; it has a process of its own. Normal clients ask canned questions and queries with known
answers, one in ten over 5 MB, and compare every body with that of a quiet server. The times are
those of the queries that were never asked before, three in ten: the server keeps the answers of the
canned ones. A bomb that answers more than half a second after its deadline is late.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

DEADLINE: Final = 10
BOMBS: Final = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?g",
    "SELECT (COUNT(*) AS ?n) { ?a (<urn:x>|!<urn:x>)* ?b . ?c (<urn:x>|!<urn:x>)* ?d }",
    "SELECT ?a { ?a ?b ?c . ?d ?e ?f BIND (RAND() AS ?r) } ORDER BY ?r",
    "SELECT (GROUP_CONCAT(?c) AS ?all) { ?a ?b ?c . ?d ?e ?f }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
)
LARGE: Final = "/sparql?format=tsv&query=SELECT*{GRAPH+?g{?s+?p+?o}}"
CANNED: Final = ("table-1", "models-by-year", "compute-ranking", "domestic-stack", "silence-map")
NORMAL: Final = 4
THINKING: Final = 0.02
PATIENCE: Final = 60


@dataclass
class Phase:
    """What was seen while something went on."""

    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    late: int = 0

    def quantile(self, share: float) -> float:
        """Seconds within which a share of the small normal answers came."""
        return statistics.quantiles(self.seconds, n=1000)[round(share * 1000) - 1]


def fetch(port: int, path: str, source: str) -> tuple[int, bytes]:
    """Status and body; raises as ``http.client`` does if the answer was cut."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=PATIENCE, source_address=(source, 0)
    )
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()


def ask_normally(port: int, number: int, known: dict[str, bytes], phase: Phase) -> None:
    """One question of a normal client, and whether the answer is right."""
    chance = random.random()  # noqa: S311
    if chance < 0.1:
        path, wanted = LARGE, known[LARGE]
    elif chance < 0.7:
        path = f"/queries/{random.choice(CANNED)}?format=csv"  # noqa: S311
        wanted = known[path]
    else:
        a, b = random.randrange(10**6), random.randrange(10**6)  # noqa: S311
        text = f"SELECT (COUNT(?m) + {a} + {b} AS ?n) {{ ?m <urn:none> ?o }}"
        path = f"/sparql?format=csv&query={urllib.parse.quote(text)}"
        wanted = f"n\r\n{a + b}\r\n".encode()
    began = time.monotonic()
    try:
        status, body = fetch(port, path, f"127.0.1.{number}")
    except (OSError, http.client.HTTPException) as error:
        phase.outcomes[type(error).__name__] += 1
        return
    if path not in known:
        phase.seconds.append(time.monotonic() - began)
    right = "right" if body == wanted else "WRONG"
    why = f"refused {status}: {json.loads(body)['detail']}" if status != 200 else ""
    phase.outcomes[why or right] += 1
    time.sleep(THINKING)


def bomb(port: int, number: int, phase: Phase) -> None:
    """One query that nobody can answer, and how it ended."""
    path = f"/sparql?format=csv&query={urllib.parse.quote(BOMBS[number % len(BOMBS)])}"
    began = time.monotonic()
    try:
        status, body = fetch(port, path, f"127.0.2.{number % 8 + 1}")
        limit = json.loads(body).get("limit") if status == 503 else None
        phase.outcomes[f"ran to {limit}" if limit else f"status {status}"] += 1
    except http.client.IncompleteRead:
        phase.outcomes["cut"] += 1
    except OSError as error:
        phase.outcomes[type(error).__name__] += 1
    took = time.monotonic() - began
    phase.late += took > DEADLINE + 0.5
    if took < 1:
        time.sleep(0.2)


def read_slowly(port: int, number: int, phase: Phase) -> None:
    """Ask for much and take a little of it now and then."""
    with (
        socket.create_connection(
            ("127.0.0.1", port), PATIENCE, source_address=(f"127.0.3.{number % 4 + 1}", 0)
        ) as connection,
        contextlib.suppress(OSError),
    ):
        connection.sendall(f"GET {LARGE} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        for _ in range(15):
            if not connection.recv(1_000):
                break
            time.sleep(1)
    phase.outcomes["read slowly"] += 1


def leave(port: int, number: int, phase: Phase) -> None:
    """Ask for what takes long, and leave."""
    path = f"/sparql?query={urllib.parse.quote(BOMBS[number % len(BOMBS)])}"
    with socket.create_connection(
        ("127.0.0.1", port), PATIENCE, source_address=(f"127.0.4.{number % 4 + 1}", 0)
    ) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        time.sleep(0.5)
    phase.outcomes["left"] += 1


def go_on(seconds: float, work: list[Callable[[], None]]) -> None:
    """Do each piece of work again and again, all at the same time, for some seconds."""
    end = time.monotonic() + seconds

    def repeat(piece: Callable[[], None]) -> None:
        while time.monotonic() < end:
            piece()

    threads = [threading.Thread(target=repeat, args=(piece,)) for piece in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def attack(port: int, bombs: int, seconds: float, results: Connection) -> None:
    """Everything that normal clients do not do, at once."""
    phase = Phase()
    go_on(
        seconds,
        [
            *(partial(bomb, port, number, phase) for number in range(bombs)),
            *(partial(read_slowly, port, number, phase) for number in range(4)),
            *(partial(leave, port, number, phase) for number in range(4)),
        ],
    )
    results.send(phase)


def burn() -> None:
    """Keep one core busy."""
    while True:
        pass


@contextlib.contextmanager
def burning() -> Iterator[None]:
    """One busy process on each core."""
    processes = [
        multiprocessing.Process(target=burn, daemon=True) for _ in range(os.cpu_count() or 1)
    ]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def tree(pid: int) -> list[int]:
    """A process and all that come from it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            rest = path.read_text("utf-8").rpartition(")")[2].split()
            children.setdefault(int(rest[1]), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def memory(pid: int) -> list[float]:
    """Megabytes of a process and all that come from it, in the order in which they were started.

    Each with what it has alone, and its share of what it has with others.
    """
    found = []
    for one in tree(pid):
        with contextlib.suppress(OSError):  # one that has ended
            text = Path(f"/proc/{one}/smaps_rollup").read_text("ascii")
            found.append(int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) / 1024)
    return found


def kept(port: int) -> float:
    """Megabytes of answers that the front keeps."""
    text = fetch(port, "/metrics", "127.0.0.1")[1].decode()
    return float(re.findall(r"^kg_cache_bytes (\S+)$", text, re.MULTILINE)[0]) / 1024**2


@contextlib.contextmanager
def serving(port: int) -> Iterator[int]:
    """A server, by the number of its process.

    It answers from disk: from memory the same rows come in another order, and bodies are compared.
    """
    kg = Path(sys.executable).with_name("kg")
    command = [str(kg), "serve", "--port", str(port), "--deadline", str(DEADLINE)]
    command += ["--copies-share", "0"]
    with subprocess.Popen(  # noqa: S603
        [*command, "--log", os.devnull], stdout=subprocess.DEVNULL
    ) as process:
        try:
            while True:
                with contextlib.suppress(OSError):
                    if fetch(port, "/ready", "127.0.0.1")[0] == 200:
                        break
                if process.poll() is not None:
                    raise RuntimeError("the server did not start")
                time.sleep(0.1)
            yield process.pid
        finally:
            process.terminate()


def main() -> int:
    """Ask in quiet, beside busy processes, under attack, and in quiet again; print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=300, help="of the attack; quiet is a fifth")
    parser.add_argument("--bombs", type=int, default=32)
    chosen = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serving(port) as pid:
        front = tree(pid)[1]
        paths = [LARGE, *(f"/queries/{name}?format=csv" for name in CANNED)]
        known = {path: fetch(port, path, "127.0.0.1")[1] for path in paths}
        phases = {name: Phase() for name in ("before", "busy cores", "attack", "after")}

        def ask(name: str, seconds: float) -> None:
            phase = phases[name]
            clients = range(1, NORMAL + 1)
            go_on(seconds, [partial(ask_normally, port, n, known, phase) for n in clients])

        ask("before", chosen.seconds / 5)
        time.sleep(DEADLINE)
        before, kept_before = memory(pid), kept(port)
        with burning():
            ask("busy cores", chosen.seconds / 5)
        ours, theirs = multiprocessing.Pipe()
        attacking = multiprocessing.Process(
            target=attack, args=(port, chosen.bombs, chosen.seconds, theirs)
        )
        attacking.start()
        ask("attack", chosen.seconds)
        attacked: Phase = ours.recv()
        attacking.join()
        time.sleep(DEADLINE)
        ask("after", chosen.seconds / 5)
        time.sleep(DEADLINE)
        after, kept_after = memory(pid), kept(port)
        restarts = int(tree(pid)[1] != front)
    print(f"answer over 5 MB: {len(known[LARGE]):,} bytes; deadline {DEADLINE} s")
    print("| phase | answers | right | wrong | refused or cut | p50 s | p99 s |")
    print("|---|---|---|---|---|---|---|")
    for name, phase in phases.items():
        right, wrong = phase.outcomes["right"], phase.outcomes["WRONG"]
        total = phase.outcomes.total()
        print(
            f"| {name} | {total} | {right} | {wrong} | {total - right - wrong} "
            f"| {phase.quantile(0.5):.3f} | {phase.quantile(0.99):.3f} |"
        )
        others = {said: n for said, n in phase.outcomes.items() if said not in ("right", "WRONG")}
        if others:
            print(f"not answered: {others}")
    for said, count in sorted(attacked.outcomes.items()):
        print(f"attack: {said}: {count}")
    print(f"attack: later than the deadline and half a second: {attacked.late}")
    print(f"front restarts: {restarts}")
    growth = (sum(after) - kept_after) / (sum(before) - kept_before) - 1
    print(f"memory of all processes: {sum(before):.0f} MB, {sum(after):.0f} after")
    print(f"answers that are kept: {kept_before:.0f} MB, {kept_after:.0f} after")
    print(f"growth without those: {growth:+.1%}")
    for said, each in (("before", before), ("after", after)):
        print(f"supervisor, front, what forks workers, workers {said}: {shown(each)} MB")
    return 0


def shown(megabytes: list[float]) -> str:
    """Megabytes of processes, as people read them."""
    return ", ".join(f"{each:.0f}" for each in megabytes)


if __name__ == "__main__":
    sys.exit(main())

"""A load on a server: what wrk measured, and what was seen of the server meanwhile."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from serving.answers import UNREADABLE, alike, difference
from serving.peers import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from serving.answers import Alike
    from serving.peers import Peer, Running
    from serving.questions import Question

PAUSE: Final = 0.1
"""Seconds between two questions of the client that compares answers."""
SLOWEST: Final = 60
_SCRIPT: Final = Path(__file__).parent / "wrk.lua"


@dataclass
class Asked:
    """A file of questions, and how far a server has been asked them."""

    path: Path
    again: bool
    """Whether they begin anew after the last; else none is asked twice."""
    position: int = 0
    """Where ``wrk.lua`` goes on."""


@dataclass(frozen=True)
class Cell:
    """What one load gave; ``problems`` are what must not be, by what it is."""

    requests: int
    per_second: float
    """Of answers that were not refused."""
    p50: float
    """Milliseconds, as ``p99``."""
    p99: float
    cpu: float
    """Seconds of processor time in a second."""
    megabytes: float
    hits: float | None
    """Share of the answers that were kept; None for a server that does not tell."""
    compared: int
    problems: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For a program to read."""
        return asdict(self)


class Checker(threading.Thread):
    """A client that asks beside the load and compares each answer with what is expected."""

    def __init__(
        self,
        peer: Peer,
        running: Running,
        questions: Iterator[Question],
        expected: Callable[[Question], Alike],
    ) -> None:
        super().__init__(daemon=True)
        self._peer, self._running = peer, running
        self._questions, self._expected = questions, expected
        self._answers: list[tuple[Question, bytes]] = []
        self._over = threading.Event()
        self.problems: dict[str, int] = {}

    def run(self) -> None:
        """Ask until told to stop; what it heard is compared later, to take no time from others."""
        while not self._over.wait(PAUSE):
            question = next(self._questions)
            try:
                status, body = self._peer.ask(self._running, question, SLOWEST)
            except (OSError, http.client.HTTPException) as error:
                self._note(f"{type(error).__name__} of the comparing client")
                continue
            if status == 200:
                self._answers.append((question, body))
            else:
                self._note(f"status {status} of the comparing client")

    @property
    def answered(self) -> int:
        """Number of answers so far."""
        return len(self._answers)

    def stop(self) -> int:
        """Ask no more, and compare; the number of answers."""
        self._over.set()
        self.join()
        for question, body in self._answers:
            try:
                differs = difference(self._expected(question), alike(question.media_type, body))
            except UNREADABLE:
                differs = "unreadable"
            if differs:
                self._note("answers that differ")
        return len(self._answers)

    def _note(self, what: str) -> None:
        self.problems[what] = self.problems.get(what, 0) + 1


def load(
    peer: Peer,
    running: Running,
    asked: Asked,
    connections: int,
    seconds: int,
    checker: Checker,
) -> Cell:
    """Have a server asked over some connections for some seconds."""
    wrk = program("wrk")
    if wrk is None:
        raise RuntimeError("wrk is not installed: apt-get install wrk")
    words = [
        *(str(wrk), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{SLOWEST}s"),
        *("-s", str(_SCRIPT), f"http://127.0.0.1:{running.port}", "--"),
        *peer.addresses(running.data),
        *(str(asked.path), str(asked.position), "again" if asked.again else "once"),
    ]
    kept_before, spent, began = kept(peer, running), running.seconds(), time.monotonic()
    checker.start()
    with subprocess.Popen(  # noqa: S603
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _, written = process.communicate(timeout=seconds + SLOWEST)
        finally:
            process.kill()
    spent, wall = running.seconds() - spent, time.monotonic() - began
    megabytes = running.megabytes()
    compared = checker.stop()
    try:
        found = json.loads(written.splitlines()[-1])
    except (IndexError, ValueError):
        raise RuntimeError(f"wrk failed: {written.strip()[-200:]}") from None
    asked.position = found["position"]
    problems = {
        "answers with a status of 400 or more": found["refused"],
        "broken connections": found["broken"],
        "answers that did not come in time": found["late"],
        "requests for which the pool had no query": found["missing"],
        **checker.problems,
    }
    return Cell(
        requests=found["requests"],
        per_second=(found["requests"] - found["refused"]) / found["microseconds"] * 1e6,
        p50=found["p50"] / 1000,
        p99=found["p99"] / 1000,
        cpu=spent / wall,
        megabytes=megabytes,
        hits=_share(kept_before, kept(peer, running)),
        compared=compared,
        problems={what: number for what, number in problems.items() if number},
    )


def kept(peer: Peer, running: Running) -> tuple[float, float] | None:
    """How many answers our server gave from those that it keeps, and how many not."""
    if not peer.is_ours:
        return None
    text = running.ask("GET", "/metrics")[1].decode()
    found: dict[str, float] = {}
    for name, value in re.findall(r"^kg_cache_(\w+)_total(?:{.*})? (\S+)$", text, re.MULTILINE):
        found[name] = found.get(name, 0) + float(value)
    return (found["hits"], found["misses"]) if {"hits", "misses"} <= set(found) else None


def _share(before: tuple[float, float] | None, after: tuple[float, float] | None) -> float | None:
    if before is None or after is None:
        return None
    hits, misses = (new - old for old, new in zip(before, after, strict=True))
    return hits / (hits + misses) if hits + misses else None

"""What the benches that disturb a server share: it starts, is asked, is looked into, is killed.

A server has a session of its own (setsid(2)), which all that it starts stays in: so its processes
are found, those that nobody looks after as well, and no other process is ever signalled.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PATIENCE: Final = 30
"""Seconds within which whatever is waited for has to come."""
KG: Final = (sys.executable, "-c", "from kg.cli import main; main()")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A process that works: its number, those of its parent and its session, when it started.

    ``started`` is in seconds of the clock that ``now`` reads.
    """

    pid: int
    parent: int
    session: int
    started: float

    @property
    def age(self) -> float:
        """Seconds since it started."""
        return now() - self.started

    def runs(self, module: str) -> bool:
        """Whether it was started as a module of that name."""
        try:
            return module in Path(f"/proc/{self.pid}/cmdline").read_text("utf-8").split("\0")
        except OSError:
            return False

    def kill(self) -> bool:
        """End it by SIGKILL; whether it was still there."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            if process_of(self.pid) != self:  # the number means another one now
                return False
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        except OSError:
            return False
        finally:
            os.close(handle)
        return True


def now() -> float:
    """Seconds since the machine was started, by which it says when processes were."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def process_of(pid: int, *, or_ended: bool = False) -> Process | None:
    """The process of a number (Linux: proc(5)); None if there is none.

    Of one that has ended there is an exit code until somebody waits for it: None but ``or_ended``.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    if fields[0] in "ZX" and not or_ended:
        return None
    return Process(pid, int(fields[1]), int(fields[3]), int(fields[19]) / _TICKS)


def members(session: int, *, or_ended: bool = False) -> list[Process]:
    """The processes of a session, the oldest first, with those ``or_ended`` as ``process_of``."""
    paths = Path("/proc").glob("[0-9]*")
    found = (process_of(int(path.name), or_ended=or_ended) for path in paths)
    mine = [process for process in found if process and process.session == session]
    return sorted(mine, key=lambda process: (process.started, process.pid))


def tree(root: int, among: Sequence[Process]) -> set[int]:
    """The numbers of a process and of those that come from it."""
    found = {root}
    while more := {one.pid for one in among if one.parent in found} - found:
        found |= more
    return found


def megabytes(session: int) -> float:
    """Memory of a session's processes: what each has alone, and its share of the rest (PSS)."""
    total = 0
    for one in members(session):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{one.pid}/smaps_rollup").read_text("ascii").splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def processor_seconds(session: int) -> float:
    """Processor time of a session's processes, and of those that have ended (proc(5)).

    It is in what they waited for, or not waited for yet.
    """
    total = 0
    for one in members(session, or_ended=True):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / _TICKS


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Wait for a condition; whether it was met in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def started(words: Sequence[str], **environment: str) -> subprocess.Popen[bytes]:
    """A ``kg`` command in a session of its own, whose output is not wanted."""
    return subprocess.Popen(  # noqa: S603
        [*KG, *words],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def orphans(process: subprocess.Popen[bytes], seconds: float = 5) -> int:
    """Number of processes in a session that its first one does not look after; they are ended.

    Those that end within some seconds are none.
    """

    def alone() -> list[Process]:
        found = members(process.pid)
        kept = tree(process.pid, found) if process.poll() is None else set()
        return [one for one in found if one.pid not in kept]

    until(lambda: not alone(), seconds)
    left = alone()
    for one in left:
        one.kill()
    return len(left)


@dataclass
class Server:
    """``kg serve`` with some options on a port of its own; started and stopped by its methods."""

    options: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start it, without waiting until it answers."""
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        words = ["serve", "--port", str(self.port), "--log", os.devnull, *self.options]
        self.process = started(words, **self.environment)

    def stop(self) -> int:
        """Stop it as an operator does; how many of its processes are left then."""
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        return orphans(self.process)

    def is_ready(self) -> bool:
        """Whether it can answer queries."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask("GET", "/ready")[0] == 200
        return False

    @contextlib.contextmanager
    def connected(self, seconds: float = PATIENCE) -> Iterator[http.client.HTTPConnection]:
        """A connection, over which nothing takes longer than some seconds."""
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        ) as connection:
            yield connection

    def ask(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body; raises as ``http.client`` does if the answer was cut."""
        with self.connected() as connection:
            connection.request(method, path, body.encode(), dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read()

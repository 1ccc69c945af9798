"""One landscape: built in a process of its own, served by another, and asked all questions.

What is asked is never answered with what the server keeps: a request with a token is neither
answered so nor kept (the token is nobody's), and nothing is made ahead.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import statistics
import threading
import time
import urllib.parse
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from build import Run, build
from generate import generate
from kg.settings import Settings
from kg.store import EmbeddedStore, Versions
from kg.workers.copying import BYTES_OF_STATEMENT
from scaling.asking import Answered, questions, terms_of
from server import PATIENCE, Server, megabytes, members, processor_seconds, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kg.queries import Query

ENOUGH: Final = 10
"""Seconds that a question takes in all, after which it is not asked again."""
LOADING: Final = 900
"""Seconds within which a server has to have done what it does after its start."""
_LOOK: Final = 0.1
_QUIET: Final = 3.0
"""Seconds without work after which a server does no more by itself; it may rest for one."""
_LITTLE: Final = 0.1
"""Seconds of processor time that do not count as work."""
_TOLD: Final = "build.json"
"""The file of a landscape that says what its build took."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_ASKED_FIRST: Final = (
    "SELECT ?name { <https://w3id.org/china-llm/id/model/m-0> "
    '<http://www.w3.org/2000/01/rdf-schema#label> ?name FILTER (LANG(?name) = "en") }'
)
_ANSWERED_FIRST: Final = b"name\r\nModel 0\r\n"
_UNKEPT: Final = {"Authorization": "Bearer nobody"}
_LIMITS: Final = ("deadline", "memory")


@dataclass(frozen=True)
class Sizes:
    """Number of statements that are served, and megabytes of files."""

    statements: int
    sources: float
    store: float
    """The built version."""
    kept: float
    """What the next build goes on from."""


@dataclass(frozen=True)
class Served:
    """What a server took, and what it answered; seconds are since its process was started."""

    first: float
    """Seconds until the first right answer."""
    loaded: float | None
    """Seconds until it had the data in memory; None if it answers from disk."""
    idle: float
    """Megabytes of all processes when it had nothing more to do by itself (PSS)."""
    after: float
    """The same right after the last question."""
    answers: dict[str, Answered]

    @property
    def place(self) -> str:
        """Where the data were when it was asked."""
        return "disk" if self.loaded is None else "memory"


@dataclass(frozen=True)
class Asking:
    """How a server is asked, and within which limits: seconds, and megabytes of a query."""

    rounds: int
    deadline: int
    query_memory: int
    only: Sequence[str] = ()
    from_disk: bool = False
    """Whether it is to answer from disk even if the data fit into memory."""


def is_known(root: Path) -> bool:
    """Whether a landscape is built, and it is known what that took."""
    return (root / _TOLD).is_file() and Versions(root / "build").current_name() is not None


def built(root: Path, models: int) -> Run:
    """What it took to build a landscape of so many models, which is done if that is not known.

    Raises ``RuntimeError`` if it does not conform.
    """
    if not root.exists():
        generate(root, models)
    told = root / _TOLD
    if not is_known(root):
        if (root / "build").exists():
            shutil.rmtree(root / "build")  # a build goes on from what another one has kept
        told.write_text(json.dumps(asdict(build(root, root / "build"))) + "\n", "utf-8")
    return Run(**json.loads(told.read_text("utf-8")))


def sizes(root: Path) -> Sizes:
    """How large a built landscape is."""
    versions = Versions(root / "build")
    version = versions.current()
    return Sizes(
        EmbeddedStore.open(version.store).size(),
        *map(_megabytes_of_files, (root / "data", version.path, versions.kept)),
    )


def _megabytes_of_files(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def addresses(root: Path, only: Sequence[str]) -> dict[str, str]:
    """The address of each question, by name, with the things that a landscape has."""
    store = EmbeddedStore.open(Versions(root / "build").current().store)
    return {
        query.name: _address(query, store)
        for query in questions(root)
        if not only or query.name in only
    }


def _address(query: Query, store: EmbeddedStore) -> str:
    terms, defaults = terms_of(query, store), query.bind({})
    given = {name: term.value for name, term in terms.items() if term != defaults[name]}
    return f"/queries/{query.name}?{urllib.parse.urlencode(given | {'format': 'json'})}"


def copies(statements: int) -> float:
    """Megabytes that the copies take which a server makes in memory, if its defaults let it."""
    defaults = Settings.load({})
    number = defaults.fast_slots + defaults.slow_slots + 1
    return number * statements * BYTES_OF_STATEMENT / 1e6


def served(root: Path, asked: dict[str, str], how: Asking) -> Served:
    """Serve a built landscape, and ask the questions at these addresses.

    Raises ``RuntimeError`` if the server does not answer as it should.
    """
    server = Server(
        ("--store", str(root / "build")),
        {
            "KG_DEADLINE": str(how.deadline),
            "KG_QUERY_MEMORY": str(how.query_memory),
            "KG_WARM_UP": "0",
            **({"KG_COPIES_SHARE": "0"} if how.from_disk else {}),
        },
    )
    server.start()
    began = time.monotonic()
    try:
        if not until(lambda: _is_right(server)):
            raise RuntimeError(f"the server gave no right answer in {PATIENCE} seconds")
        first, loaded = time.monotonic() - began, None
        if not until(lambda: not _state(server)["copying"], LOADING):
            raise RuntimeError(f"the server was still copying after {LOADING} seconds")
        if _state(server)["data"] == "memory":
            loaded = time.monotonic() - began
        _settle(server)
        idle = megabytes(server.process.pid)
        answers = {name: _answered(server, address, how) for name, address in asked.items()}
        after = megabytes(server.process.pid)
        if b"\nkg_cache_hits_total 0.0\n" not in server.ask("GET", "/metrics")[1]:
            raise RuntimeError("the server answered with what it had kept")
        return Served(first, loaded, idle, after, answers)
    finally:
        server.stop()


def _is_right(server: Server) -> bool:
    address = f"/sparql?{urllib.parse.urlencode({'query': _ASKED_FIRST, 'format': 'csv'})}"
    with contextlib.suppress(OSError, http.client.HTTPException):
        return server.ask("GET", address, headers=_UNKEPT) == (HTTPStatus.OK, _ANSWERED_FIRST)
    return False


def _state(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.ask("GET", "/ready")[1])
    return found


def _settle(server: Server) -> None:
    """Wait until a server has nothing to do. Raises ``RuntimeError`` if that does not come."""
    session, began = server.process.pid, time.monotonic()
    since, spent = began, processor_seconds(session)
    while (now := time.monotonic()) - since < _QUIET:
        if now - began > LOADING:
            raise RuntimeError(f"the server was still busy after {LOADING} seconds")
        time.sleep(_LOOK)
        if (spent_now := processor_seconds(session)) - spent > _LITTLE:
            since, spent = time.monotonic(), spent_now


class _Ended(Exception):
    """A limit ended a question; ``limit`` is which."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


def _answered(server: Server, address: str, how: Asking) -> Answered:
    """Ask a question some times over one connection; a long one less often."""
    times: list[float] = []
    rows: int | None = None
    watch = _Watch(server.process.pid, how.query_memory)
    try:
        with server.connected(how.deadline + PATIENCE) as connection:
            with watch.watching():
                seconds, rows = _asked(connection, address, how.deadline)
            times.append(seconds)
            while len(times) < how.rounds and sum(times) < ENOUGH:
                times.append(_asked(connection, address, how.deadline)[0])
    except _Ended as ended:
        return Answered(None, None, watch.megabytes, ended.limit)
    return Answered(1000 * statistics.median(times), rows, watch.megabytes)


def _asked(
    connection: http.client.HTTPConnection, address: str, deadline: int
) -> tuple[float, int]:
    """Seconds until all of an answer was there, and its rows.

    Raises ``_Ended`` if a limit ended it, ``RuntimeError`` for any other problem.
    """
    began = time.perf_counter()
    try:
        connection.request("GET", address, headers=_UNKEPT)
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException:  # it broke off, since nothing more could be said
        is_late = time.perf_counter() - began >= deadline
        raise _Ended("deadline" if is_late else "memory") from None
    seconds = time.perf_counter() - began
    found = json.loads(body)
    if response.status != HTTPStatus.OK:
        limit = str(found["type"]).rpartition("/")[2]
        if limit in _LIMITS:
            raise _Ended(limit)
        raise RuntimeError(f"{address} is answered with {response.status}: {found['detail']}")
    if found.get("x-complete") is False:
        raise _Ended("deadline")
    return seconds, len(found["results"]["bindings"])


class _Watch(threading.Thread):
    """Looks how much address space the process takes that answers, beyond what it began with.

    A process that answers may have so much address space (getrlimit(2)): what it began with and
    what a query may take. Only those count that work meanwhile.
    """

    def __init__(self, session: int, query_memory: int) -> None:
        super().__init__(daemon=True)
        self.megabytes: float | None = None
        """The most that was seen."""
        self._session = session
        self._query_memory = query_memory
        self._is_over = threading.Event()
        self._before = self._spent()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Look until the block ends."""
        self.start()
        try:
            yield
        finally:
            self._is_over.set()
            self.join()

    def run(self) -> None:
        """Look again and again."""
        while not self._is_over.wait(_LOOK):
            for pid, spent in self._spent().items():
                if spent - self._before.get(pid, 0.0) >= _LOOK:
                    with contextlib.suppress(OSError):
                        self._note(Path(f"/proc/{pid}"))

    def _spent(self) -> dict[int, float]:
        """Processor time of each process of the session, those excluded that have just ended."""
        found = {}
        for one in members(self._session):
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{one.pid}/stat").read_text("utf-8")
                fields = text.rpartition(")")[2].split()
                found[one.pid] = (int(fields[11]) + int(fields[12])) / _TICKS
        return found

    def _note(self, process: Path) -> None:
        most = _field(process / "limits", "Max address space").split()[0]
        if most == "unlimited":  # it answers no queries
            return
        began_with = int(most) / 1e6 - self._query_memory
        taken = int(_field(process / "status", "VmSize:").split()[0]) * 1024 / 1e6 - began_with
        self.megabytes = max(self.megabytes or 0.0, taken)


def _field(path: Path, name: str) -> str:
    """What stands after a name in a file of proc(5). Raises ``OSError`` if that is gone."""
    for line in path.read_text("ascii").splitlines():
        if line.startswith(name):
            return line.removeprefix(name)
    raise ProcessLookupError(f"{path} has no {name}")

"""The servers, each on the same data: how it is started, asked and ended.

Each has a session of its own, by which ``server.py`` finds all of its processes. The data are the
N-Quads of a built version. Whatever a server writes is in a folder that goes with the bench.
"""

from __future__ import annotations

import contextlib
import getpass
import grp
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import pyoxigraph as ox

from kg import __version__
from server import KG, PATIENCE, megabytes, members, processor_seconds, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from serving.questions import Question

LOADING: Final = 900
"""Seconds within which a server has to have its data."""
DEFAULT: Final = "urn:x-default"
"""The graph in which an engine without a default graph of its own has it."""
OURS: Final = "ours"
FROM_DISK: Final = "ours from disk"
VIRTUOSO: Final = "virtuoso"
_MOST_NAMED: Final = 64


@dataclass(frozen=True)
class Data:
    """What is served: a project's folder, its quads, and a folder to write into."""

    root: Path
    quads: Path
    """N-Quads."""
    graphs: tuple[str, ...]
    """The named graphs."""
    folder: Path


@dataclass
class Running:
    """A server that has been started."""

    data: Data
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str | Path, folder: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a program of it, in a session of its own."""
        process = subprocess.Popen(  # noqa: S603
            words,
            cwd=folder or self.data.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def end(self) -> None:
        """End all of its processes: by SIGTERM, and what is there then by SIGKILL."""
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            for one in members(process.pid):
                one.kill()
            process.wait(PATIENCE)

    def pids(self) -> list[int]:
        """The numbers of all of its processes."""
        return [one.pid for process in self.processes for one in members(process.pid)]

    def seconds(self) -> float:
        """Processor time of its processes and of those that they waited for."""
        return sum(processor_seconds(process.pid) for process in self.processes)

    def megabytes(self) -> float:
        """What its processes have alone, and their share of what they have with others (PSS)."""
        return sum(megabytes(process.pid) for process in self.processes)

    def ask(
        self,
        method: str,
        path: str,
        body: Path | None = None,
        seconds: float = PATIENCE,
        **headers: str,
    ) -> tuple[int, bytes]:
        """Status and body, as another client than the load. Raises as ``http.client`` does."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=seconds, source_address=("127.0.0.2", 0)
        )
        with contextlib.closing(connection), contextlib.ExitStack() as opened:
            sent: BinaryIO | None = None
            if isinstance(body, Path):
                headers["Content-Length"] = str(body.stat().st_size)
                sent = opened.enter_context(body.open("rb"))
            # as wrk asks: without a wish for an encoding, by which answers are kept, too
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders(sent)
            response = connection.getresponse()
            return response.status, response.read()

    def listens(self, port: int | None = None) -> bool:
        """Whether something accepts connections on a port of it."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port or self.port), 1),
        ):
            return True
        return False

    def wait(self, condition: Callable[[], object], seconds: float = LOADING) -> None:
        """Wait for a condition, to which it may also be too early to ask.

        Raises ``RuntimeError`` if a process ends, if it takes too long, or if the condition is
        false for half a minute after it could first be asked for.
        """
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if condition():
                    return
                end = min(end, time.monotonic() + PATIENCE)
            if any(process.poll() is not None for process in self.processes):
                raise RuntimeError("a server ended before it answered")
            if time.monotonic() > end:
                raise RuntimeError("a server did not answer as it should, in time")
            time.sleep(0.005)


@dataclass(frozen=True)
class Peer:
    """A server that can be started: ours, or another's."""

    name: str
    programs: tuple[str, ...]
    install: str
    path: str
    start: Callable[[Running], None]
    """Start it, and return when it has its data or will answer when it does."""
    version: Callable[[], str]
    parameters: Callable[[Data], Mapping[str, Sequence[str]]] = lambda _: {}
    """What has to be sent with a query that looks into named graphs beside the default one."""
    most: int | None = None
    """Number of models beyond which it is not asked unless it is named."""
    prepare: Callable[[Data], None] = lambda _: None
    """What is done once, before it is started for the first time."""
    settle: Callable[[Running], None] = lambda _: None
    """Wait for what it does to become faster after it has begun to answer."""

    @property
    def is_ours(self) -> bool:
        """Whether it is ours."""
        return self.name in (OURS, FROM_DISK)

    @property
    def missing(self) -> list[str]:
        """The programs that are not there."""
        return [name for name in self.programs if program(name) is None]

    def addresses(self, data: Data) -> tuple[str, str]:
        """The start of an address, for plain queries and for those that name graphs."""
        given = self.parameters(data)
        plain = {name: values for name, values in given.items() if name == "default-graph-uri"}
        both = [urllib.parse.urlencode(one, doseq=True) for one in (plain, given)]
        return tuple(f"{self.path}?{one}{'&' if one else ''}query=" for one in both)  # type: ignore[return-value]

    def ask(self, running: Running, question: Question, seconds: float) -> tuple[int, bytes]:
        """Status and body of a question. Raises as ``http.client`` does."""
        media_type, kind, text = question.line().rstrip("\n").split("\t")
        plain, named = self.addresses(running.data)
        address = (named if kind == "named" else plain) + text
        return running.ask("GET", address, seconds=seconds, Accept=media_type)

    @contextlib.contextmanager
    def running(self, data: Data, cores: Sequence[int]) -> Iterator[Running]:
        """The server on some cores, until the block ends."""
        running = Running(data, free_port())
        before = os.sched_getaffinity(0)
        try:
            os.sched_setaffinity(0, cores)
            try:
                self.start(running)
            finally:
                os.sched_setaffinity(0, before)
            yield running
        finally:
            running.end()


def program(name: str) -> Path | None:
    """A program: beside this Python, else in ``PATH`` or where Debian has those of the system."""
    places = (str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin")
    found = shutil.which(name, path=os.pathsep.join(places))
    return Path(found) if found else None


def _found(name: str) -> Path:
    found = program(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed")
    return found


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def said(*words: str | Path) -> str:
    """What a program prints of itself."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    return (done.stdout + done.stderr).strip()


def _start_ours(running: Running, *more: str) -> None:
    store = ("--store", running.data.root / "build", "--log", os.devnull)
    running.start(*KG, "serve", "--port", str(running.port), *store, *more)


def _settle_ours(running: Running) -> None:
    """Wait until the data are in memory, or it is known that they do not fit."""
    if not until(lambda: not json.loads(running.ask("GET", "/ready")[1])["copying"], LOADING):
        raise RuntimeError("the data were not copied in time")


def _start_from_disk(running: Running) -> None:
    _start_ours(running, "--copies-share", "0")


def _start_oxigraph(running: Running) -> None:
    """Start it with nothing, and send the data in one request: so it has them in memory."""
    running.start(_found("oxigraph"), "serve", "--bind", f"127.0.0.1:{running.port}")
    running.wait(running.listens)
    status, body = running.ask(
        "POST", "/store", running.data.quads, LOADING, Content_Type="application/n-quads"
    )
    if status not in (200, 201, 204):
        raise RuntimeError(f"it did not take the data: {status} {body[:80]!r}")


def _start_nginx(running: Running) -> None:
    behind = Running(running.data, free_port(), running.processes)
    _start_oxigraph(behind)
    folder = running.data.folder / "nginx"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    text = (Path(__file__).parent / "nginx.conf").read_text("utf-8")
    for name, value in {
        "USER": f"{getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name}",
        "FOLDER": folder,
        "PORT": running.port,
        "BEHIND": behind.port,
        "WORKERS": len(os.sched_getaffinity(0)),
    }.items():
        text = text.replace(f"@{name}@", str(value))
    (folder / "nginx.conf").write_text(text, "utf-8")
    running.start(_found("nginx"), "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr")


def _start_rdflib(running: Running) -> None:
    running.start(*_served_by_rdflib(), running.data.quads, str(running.port))


def _served_by_rdflib() -> tuple[Path, Path]:
    """The Python that has rdflib-endpoint, as the first line of its command says, and a script."""
    first = _found("rdflib-endpoint").read_text("utf-8").splitlines()[0]
    return Path(first.removeprefix("#!")), Path(__file__).parent / "rdflib_served.py"


def _start_comunica(running: Running) -> None:
    words = ("-p", str(running.port), "-w", str(len(os.sched_getaffinity(0))))
    running.start(_found("comunica-sparql-file-http"), *words, running.data.quads)


def _version_of_comunica() -> str:
    rows = said(_found("comunica-sparql-file-http"), "--version").splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    known = {cell[0]: cell[1] for cell in cells if len(cell) == 2}
    return f"Comunica {known.get('Comunica Engine', '?')}, Node {known.get('node', '?')}"


def _start_virtuoso(running: Running, sql: int | None = None) -> None:
    folder = running.data.folder / VIRTUOSO
    text = (Path(__file__).parent / "virtuoso.ini").read_text("utf-8")
    for name, value in {"SQL": sql or free_port(), "PORT": running.port}.items():
        text = text.replace(f"@{name}@", str(value))
    (folder / "virtuoso.ini").write_text(text, "utf-8")
    virtuoso = _found("virtuoso-t")
    running.start(virtuoso, "+foreground", "+configfile", "virtuoso.ini", folder=folder)


def _load_virtuoso(data: Data) -> None:
    """Load the data into a database file, with which each start begins."""
    (data.folder / VIRTUOSO).mkdir()
    named = data.folder / VIRTUOSO / "named.nq"
    with named.open("wb") as file:
        quads = map(_named, ox.parse(path=data.quads, format=ox.RdfFormat.N_QUADS))
        ox.serialize(quads, file, format=ox.RdfFormat.N_QUADS)
    port = free_port()
    running = Running(data, free_port())
    try:
        _start_virtuoso(running, port)
        running.wait(lambda: running.listens(port) and running.listens())
        text = (
            f"log_enable(2); DB.DBA.TTLP(file_open('{named}'), '', '{DEFAULT}', 512); checkpoint;"
        )
        words = (_found("isql-vt"), f"127.0.0.1:{port}", "dba", "dba", f"exec={text}")
        done = subprocess.run(  # noqa: S603
            words, capture_output=True, text=True, check=False, timeout=LOADING
        )
        if done.returncode or "Error" in done.stdout + done.stderr:
            raise RuntimeError(f"it did not load the data: {(done.stdout + done.stderr)[-200:]}")
    finally:
        running.end()


def _named(quad: ox.Quad) -> ox.Quad:
    """The same, in ``DEFAULT`` if it is in the default graph."""
    if not isinstance(quad.graph_name, ox.DefaultGraph):
        return quad
    return ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(DEFAULT))


def _graphs_of_virtuoso(data: Data) -> dict[str, list[str]]:
    """Its default graph is the union of all, and GRAPH sees none that is not named then."""
    named = list(data.graphs) if len(data.graphs) <= _MOST_NAMED else []
    return {"default-graph-uri": [DEFAULT], "named-graph-uri": named}


PEERS: Final = {
    peer.name: peer
    for peer in (
        Peer(
            OURS, (), "", "/sparql", _start_ours, lambda: f"kg {__version__}", settle=_settle_ours
        ),
        Peer(FROM_DISK, (), "", "/sparql", _start_from_disk, lambda: f"kg {__version__}"),
        Peer(
            "Oxigraph",
            ("oxigraph",),
            "pip install oxigraph",
            "/query",
            _start_oxigraph,
            lambda: said(_found("oxigraph"), "--version"),
        ),
        Peer(
            "Oxigraph behind nginx",
            ("oxigraph", "nginx"),
            "pip install oxigraph, apt-get install nginx",
            "/query",
            _start_nginx,
            lambda: said(_found("nginx"), "-v").removeprefix("nginx version: "),
        ),
        Peer(
            "rdflib-endpoint",
            ("rdflib-endpoint",),
            "pip install rdflib-endpoint uvicorn, in an environment whose bin is in PATH",
            "/",
            _start_rdflib,
            lambda: said(*_served_by_rdflib()),
            most=1_000,
        ),
        Peer(
            "Virtuoso",
            ("virtuoso-t", "isql-vt"),
            "apt-get install virtuoso-opensource",
            "/sparql",
            _start_virtuoso,
            lambda: f"Virtuoso {said(_found('virtuoso-t'), '-?').splitlines()[1].split()[1]}",
            _graphs_of_virtuoso,
            prepare=_load_virtuoso,
        ),
        Peer(
            "Comunica",
            ("comunica-sparql-file-http",),
            "npm install @comunica/query-sparql-file@4.5.0, with node_modules/.bin in PATH",
            "/sparql",
            _start_comunica,
            _version_of_comunica,
            most=1_000,
        ),
    )
}
"""The servers, by name."""

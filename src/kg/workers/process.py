"""The processes that answer queries, and the one that forks them.

    python -m kg.workers < connection

is the spawner. It has one thread, so that it may fork, and no network: what it forks has none
either, or if the server asks for that, one in which only the server listens. For each line of JSON
from the server it forks a worker, whose connection and standard error come along as descriptors, or
signals one. It alone waits for them, so that a number never comes to mean another process. It ends
with the server, and they with it.

A worker opens one version, limits its memory, and answers one job after the other. A spawner that
was told to copy a version into memory forks workers that have it there.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import fcntl
import functools
import json
import multiprocessing
import os
import resource
import signal
import socket
import struct
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, cast

from kg.errors import BadQuery, KgError, StoreError
from kg.queries import Term
from kg.results import named
from kg.services import redirected
from kg.store import Answer, EmbeddedStore, Version, Versions, opened
from kg.workers import frames
from kg.workers.copying import copied, make_own
from kg.workers.pieces import Pieces, ServerGone

if TYPE_CHECKING:
    from typing import NoReturn

    from kg.store import Store

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_IFF_UP: Final = 1
_PR_SET_PDEATHSIG: Final = 1
_SIOCSIFFLAGS: Final = 0x8914
_MOST_BYTES: Final = 65_536
CUT_SIGNAL: Final = signal.SIGUSR1
"""What asks a worker to end its answer before it is whole, if that can be said in its format."""
_CLOSED: Final = 3
"""The exit code of a worker whose server has closed the connection."""


def end_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to kill this process when the one that started it ends (Linux: prctl(2)).

    If that was ``parent``, or the one that started it by multiprocessing, and has ended before one
    could ask, this one ends at once.
    """
    started_by = multiprocessing.parent_process()
    if parent is None and started_by is not None:
        parent = started_by.pid
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent not in (None, os.getppid()):
        os._exit(1)


def leave_network() -> bool:
    """Move to a network that leads nowhere (Linux: unshare(2)); whether that is allowed here."""
    unshare = getattr(ctypes.CDLL(None), "unshare", None)
    if unshare is None:
        return False
    return any(unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def spawn(server: socket.socket) -> None:
    """Fork and signal workers as the server says, until it closes the connection."""
    end_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the server ends this one, after its last answer
    isolated = False
    workers: set[int] = set()
    copies: dict[str, EmbeddedStore] = {}
    given: collections.deque[int] = collections.deque()
    text = b""
    while True:
        said, descriptors, _, _ = socket.recv_fds(server, _MOST_BYTES, 2)
        if not said:
            return
        given += descriptors
        *lines, text = (text + said).split(b"\n")
        for line in lines:
            _reap(workers)
            order = json.loads(line)
            if "network" in order:
                isolated = not order["network"] and leave_network()
                _say(server, isolated=isolated)
            elif "listen" in order:
                _listen(server)
            elif "copy" in order:
                copies = {order["copy"]: found} if (found := copied(order)) else {}
                _say(server, copied=bool(copies))
            elif "pid" not in order:
                ends = [given.popleft(), given.popleft()]
                own = os.getpid()
                pid = os.fork()
                if pid == 0:
                    end_with_parent(own)
                    server.close()
                    copy = copies.get(order["version"])
                    _become_worker(order, copy, *ends, isolated=isolated)
                for descriptor in ends:
                    os.close(descriptor)
                workers.add(pid)
                _say(server, pid=pid)
            elif order["pid"] in workers:
                if "nice" in order:
                    os.setpriority(os.PRIO_PROCESS, order["pid"], order["nice"])
                else:
                    os.kill(order["pid"], order["signal"])


def _listen(server: socket.socket) -> None:
    """Hand over a socket that listens in this network; without it, if none can be made.

    Only this network's own device is there, which begins to work (Linux: netdevice(7)).
    """
    try:
        with socket.socket() as device:
            fcntl.ioctl(device, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _IFF_UP))
        listener = socket.create_server(("127.0.0.1", 0))
    except OSError:
        _say(server, listens=False)
        return
    with listener:
        socket.send_fds(server, [b'{"listens": true}\n'], [listener.fileno()])


def _say(server: socket.socket, **facts: object) -> None:
    server.sendall(json.dumps(facts).encode() + b"\n")


def _reap(workers: set[int]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            workers.discard(pid)


def _become_worker(
    order: dict[str, Any],
    copy: EmbeddedStore | None,
    connection: int,
    errors: int,
    *,
    isolated: bool,
) -> NoReturn:
    """Answer until the server closes the connection, in a process that was just forked."""
    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {CUT_SIGNAL})  # in all threads to come
        os.dup2(errors, sys.stderr.fileno())
        os.close(errors)
        code = _work(socket.socket(fileno=connection), order, copy, isolated=isolated)
    finally:
        os._exit(code)  # nothing of the spawner's is to be cleaned up here


def _work(
    server: socket.socket, order: dict[str, Any], copy: EmbeddedStore | None, *, isolated: bool
) -> int:
    reading = None
    try:
        if "engine" in order:
            store = opened(order)
        elif copy:
            store = copy
        else:
            path = Path(order["root"], "versions", order["version"])
            version = Version(order["version"], path, is_current=True)
            reading = Versions(Path(order["root"])).open(version)  # holds its lease
            store = reading.store
    except KgError as error:
        server.sendall(frames.failed(error))
        return 1
    _give_way()
    if copy:
        make_own(copy)
    cutter = _Cutter()
    _limit_memory(order["memory"])
    if not isolated and "engine" not in order:
        _open_nothing()
    server.sendall(frames.pack(frames.READY))
    received = cast("BinaryIO", server.makefile("rb", _MOST_BYTES))
    while message := frames.receive(received):
        head, _, text = message[1].partition(b"\n")
        _answer(
            store, server, {**_read(head), "text": text.decode("utf-8", "surrogatepass")}, cutter
        )
    return _CLOSED


@functools.lru_cache(maxsize=16)
def _read(head: bytes) -> dict[str, Any]:
    """What a job says beside the query: mostly the same as the last one did."""
    facts: dict[str, Any] = json.loads(head)
    return facts


def _give_way() -> None:
    """Have this process not take the processor from another when it is woken (Linux: sched(7)).

    So who sends several jobs sends all of them before the first is begun, on a processor that both
    share.
    """
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _limit_memory(memory: int) -> None:
    """Keep this process to some more bytes of memory than it has, and from leaving a core."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _open_nothing() -> None:
    """Keep what is open and nothing else: a connection to anywhere is one more."""
    opened = len(list(Path("/dev/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened, opened))


def limit_data(memory: int) -> None:
    """Keep this process to some more bytes of data than it has (Linux: getrlimit(2)).

    Not of address space: threads that are to start reserve some of that.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


class _Cutter:
    """Cuts the answer that is being written when the server signals that it has to end.

    The engine runs without Python's lock, so that another thread can do so at any moment.
    """

    def __init__(self) -> None:
        self.pieces: Pieces | None = None
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        while True:
            signal.sigwait({CUT_SIGNAL})
            if self.pieces is not None:
                with contextlib.suppress(ServerGone):
                    self.pieces.cut()


def _answer(store: Store, server: socket.socket, job: dict[str, Any], cutter: _Cutter) -> None:
    """Answer a job in pieces, and say that this was all or what went wrong."""
    if job["only_parsed"]:
        store = EmbeddedStore.in_memory({})
    pieces = Pieces(server, job["format"], job["encoding"])
    out = cast("IO[bytes]", pieces)
    cutter.pieces = pieces
    try:
        if job["is_everything"]:
            store.write(named(job["format"], "graph"), out)
        else:
            answer = _asked(store, job)
            if not job["only_parsed"]:
                answer.write(named(job["format"], answer.kind), out)
        pieces.end()
    except KgError as error:
        if job["only_parsed"] and isinstance(error, StoreError):  # a service is not there
            pieces.end()
        else:
            pieces.fail(error)
    except (RuntimeError, ValueError, OSError) as error:  # what only evaluation finds out
        pieces.fail(BadQuery(f"{error}."))


def _asked(store: Store, job: dict[str, Any]) -> Answer:
    """What a store answers to a job's text, with services called at the addresses of the job."""
    text = redirected(job["text"], job["services"]) if job["services"] else job["text"]
    bindings = {name: Term(*term) for name, term in job["bindings"].items()}
    about = bindings, job["default_graphs"], job["named_graphs"], job["base"]
    if not isinstance(store, EmbeddedStore):  # which says better what is wrong with a text
        EmbeddedStore.in_memory({}).query(text, *about)
    try:
        return store.query(text, *about)
    except BadQuery as error:
        if error.line is not None:  # what was written has the same error at its own place
            store.query(job["text"], *about)
        raise

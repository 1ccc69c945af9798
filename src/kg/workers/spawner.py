"""The processes from the server's side: started, spoken to, signalled, and what they died of."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from kg.errors import Exceeded, KgError, Refused, StoreError
from kg.store import told
from kg.workers import frames
from kg.workers.heap import at_hand
from kg.workers.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.store.remote import CurrentOf
    from kg.workers.door import Door
    from kg.workers.jobs import Running

    Source = Path | CurrentOf

_PIECE: Final = 65_536
_START_SECONDS: Final = 10
_COPY_SECONDS: Final = 3_600
_GROWN: Final = 50_000_000
"""Bytes by which a worker may have grown that is used again after a long query, or stays ready."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
OUT_OF_MEMORY: Final = b"memory allocation"
"""What Rust says of a process that gets no memory."""
_NO_DOOR: Final = (
    "SERVICE is not allowed here, whatever the operator lists (--services, KG_SERVICES): this "
    "system does not let the server keep its workers from calling others."
)


class Asker(Protocol):
    """Who asks workers, and is told what they say."""

    def came(self, worker: Worker, kind: bytes, payload: bytes) -> None:
        """Hear a message of a worker."""

    def lost(self, worker: Worker) -> None:
        """Know that a worker has ended."""


class Worker:
    """A process that has opened a version and answers one job after the other.

    It may be sent the next jobs while it is at one. Who asks it is told of its messages.
    """

    def __init__(self, pid: int, version: str, spawner: Spawner, errors: int) -> None:
        self.pid = pid
        self.version = version
        self.spawner = spawner
        self.messages = Messages(self)
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once it has opened its version. Raises what it failed with."""
        self.asker: Asker | None = None
        self.running: Running | None = None
        """What it is at."""
        self.ahead: deque[Running] = deque()
        """What it was sent beyond that."""
        self._at_first = 0
        """Bytes of address space that it had when it was ready."""
        self.is_used_up = False
        """Whether it is to end after what it is at."""
        self.is_slowed = False
        """Whether it has less processor time than others, which is not given back."""
        self._errors = errors

    @property
    def is_dead(self) -> bool:
        """Whether the process is known to have ended."""
        return self.messages.is_over

    def usage(self) -> tuple[float, bool]:
        """Seconds of processor time that the process had, and whether it sleeps now.

        Linux tells (proc(5)); elsewhere it had none and is awake.
        """
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0, False
        return (int(fields[11]) + int(fields[12])) / _TICKS, fields[0] == "S"

    def has_grown(self) -> bool:
        """Whether what it was asked has left it with less memory for what comes.

        Its limit is one of address space, set when it was ready; an allocator keeps some.
        """
        return self._size() - self._at_first > _GROWN

    def _size(self) -> int:
        """Bytes of address space (Linux: proc(5)); elsewhere none."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[0]) * _PAGE
        except OSError:
            return 0

    def send(self, message: bytes) -> None:
        """Send a message."""
        self.messages.send(message)

    def came(self, kind: bytes, payload: bytes) -> None:
        """Pass a message on; the first one says that it is ready, or why it cannot be."""
        if self.asker:
            self.asker.came(self, kind, payload)
        elif self.ready.done():
            pass  # nobody has asked it anything
        elif kind == frames.READY:
            self._at_first = self._size()
            self.ready.set_result(None)
        else:
            self.ready.set_exception(frames.error_of(payload))

    def lost(self) -> None:
        """Pass on that the process has ended."""
        if self.asker:
            self.asker.lost(self)
        elif not self.ready.done():
            self.ready.set_exception(self.cause_of_death())

    def cause_of_death(self) -> KgError:
        """What the process died of."""
        said = b""
        with contextlib.suppress(OSError):
            said = os.read(self._errors, _PIECE)
        if OUT_OF_MEMORY in said:
            return Exceeded("memory", "The query was ended: it took more memory than one may here.")
        return StoreError("The process that answered has ended: try again, or a simpler query.")

    def hold(self) -> None:
        """Read no more of what it says."""
        self.messages.hold()

    def go_on(self) -> None:
        """Read again."""
        self.messages.go_on()

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self.spawner.order({"pid": self.pid, "signal": int(number)})

    def slow_down(self, nice: int) -> None:
        """Give the process less processor time than others have, for good."""
        self.is_slowed = True
        self.spawner.order({"pid": self.pid, "nice": nice})

    def end(self) -> None:
        """End the process, without waiting for it to be gone."""
        self.signal(signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """Close the connection, at whose end the process ends too once it reads or writes."""
        self.messages.close()
        os.close(self._errors)


class Spawner:
    """The process that forks workers, started when one is needed and none is there.

    Its workers open versions of the folder ``source``, or ask the engine that this is the current
    version of; only for an engine they have a network. With a ``door`` it opens that in theirs.
    """

    def __init__(self, source: Source, memory: int, door: Door | None = None) -> None:
        self._source = source
        self._memory = memory
        self._door = door
        self._connection: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._is_closed = False
        self.isolated: bool | None = None
        self.started = 0

    async def spawn(self, version: str) -> Worker:
        """A new worker, which has opened a version.

        Raises ``StoreError`` if it could not, or if this is closed, ``Refused`` if the door is not
        open.
        """
        ours, theirs = socket.socketpair()
        errors, their_errors = os.pipe()
        os.set_blocking(errors, False)
        order = {**self._where(), "version": version, "memory": self._memory}
        line = json.dumps(order).encode() + b"\n"
        try:
            async with self._one_at_a_time:
                pid = await self._forked(line, [theirs.fileno(), their_errors])
            worker = Worker(pid, version, self, errors)
            loop = asyncio.get_running_loop()
            await loop.create_unix_connection(lambda: worker.messages, sock=ours)
        except BaseException:
            ours.close()
            os.close(errors)
            raise
        finally:
            theirs.close()
            os.close(their_errors)
        try:
            await worker.ready
        except BaseException:
            worker.close()
            raise
        return worker

    def _where(self) -> dict[str, Any]:
        """What a worker is told of where the versions are."""
        if isinstance(self._source, Path):
            return {"root": str(self._source.resolve())}
        return told(self._source.get().place)

    async def copy(self, version: str, most: int) -> bool:
        """Have the process copy a version into memory, for workers to come; whether it did.

        It does not if that would take more than ``most`` bytes. Raises ``StoreError`` if it fails.
        """
        order = {**self._where(), "copy": version, "version": version, "most": most}
        try:
            async with self._one_at_a_time:
                connection = self._connection or await self._start()
                connection.send(json.dumps(order).encode() + b"\n")
                return bool((await self._told(connection, _COPY_SECONDS))["copied"])
        except OSError:
            raise StoreError("The version cannot be copied into memory.") from None

    async def _forked(self, line: bytes, descriptors: list[int]) -> int:
        """The number of a new process; a spawner that has died is started again, once."""
        try:
            return await self._fork(line, descriptors)
        except OSError:
            self._end()
        try:
            return await self._fork(line, descriptors)
        except OSError:
            self._end()
            raise StoreError("No process can be started to answer queries.") from None

    async def _fork(self, line: bytes, descriptors: list[int]) -> int:
        connection = self._connection or await self._start()
        if self._door and not self._door.is_open:
            raise Refused(_NO_DOOR)
        socket.send_fds(connection, [line], descriptors)
        pid: int = (await self._told(connection))["pid"]
        self.started += 1
        return pid

    def order(self, order: Mapping[str, Any]) -> None:
        """Have the process do something to a worker."""
        if self._connection is not None:
            with contextlib.suppress(OSError):  # without it there are no workers any more
                self._connection.send(json.dumps(order).encode() + b"\n")

    async def _start(self) -> socket.socket:
        if self._is_closed:
            raise StoreError("The server is ending and answers no more queries.")
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", __package__],
                stdin=theirs.fileno(),
                env=at_hand(os.environ) | {"OPENBLAS_NUM_THREADS": "1"},  # it may have one thread
            )
        self._connection = ours
        self.order({"network": not isinstance(self._source, Path)})
        self.isolated = (await self._told(ours))["isolated"]
        if self._door and self.isolated:
            self.order({"listen": True})
            for descriptor in (await self._told(ours))["descriptors"]:
                self._door.open(socket.socket(fileno=descriptor))
        return ours

    async def _told(
        self, connection: socket.socket, seconds: float = _START_SECONDS
    ) -> dict[str, Any]:
        """The next line that the spawner says; it says one at a time. Raises ``OSError``.

        With the ``descriptors`` that come along.
        """
        text = b""
        descriptors: list[int] = []
        async with asyncio.timeout(seconds):
            while not text.endswith(b"\n"):
                await _readable(connection)
                said, found, _, _ = socket.recv_fds(connection, _PIECE, 1)
                if not said:
                    raise ConnectionError
                text += said
                descriptors += found
        told: dict[str, Any] = json.loads(text) | {"descriptors": descriptors}
        return told

    async def close(self) -> None:
        """End the process for good, and with it all workers; who waits for one gets an error."""
        self._is_closed = True
        if self._connection is not None:
            with contextlib.suppress(OSError):  # an end to read, which closing would not give
                self._connection.shutdown(socket.SHUT_RDWR)
        async with self._one_at_a_time:
            self._end()

    def _end(self) -> None:
        """End the process; nobody may be waiting for what it says."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._door:
            self._door.close()


async def _readable(connection: socket.socket) -> None:
    """Wait until there is something to read."""
    loop = asyncio.get_running_loop()
    there = asyncio.Event()
    loop.add_reader(connection, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_reader(connection)

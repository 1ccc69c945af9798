"""The writer from the server's side."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from typing import IO, TYPE_CHECKING, Final

from kg.errors import Busy, Exceeded, StoreError
from kg.workers import frames
from kg.workers.spawner import OUT_OF_MEMORY
from kg.writing.process import TOO_MUCH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kg.store import Versions
    from kg.writing.order import Order

_LAST_SECONDS: Final = 5
_ENDED: Final = "The process that writes has ended: nothing is changed, try again."


class Writer:
    """One process that carries out orders, one after the other; started when there is one."""

    def __init__(
        self, versions: Versions, keep: int, memory: int, queue: int, shapes: Sequence[Path]
    ) -> None:
        """``memory`` is what it may take, in bytes, ``queue`` how many orders wait at most."""
        self._versions = versions
        self._told = {
            "root": str(versions.root.resolve()),
            "keep": keep,
            "memory": memory,
            "shapes": [str(path.resolve()) for path in shapes],
        }
        self._queue = queue
        self._waiting = 0
        self._one_at_a_time = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._errors: IO[bytes]

    async def write(self, order: Order, seconds: float) -> bool:
        """Have an order carried out; whether a graph was made.

        It is once this returns, and is not if this raises: ``Busy`` if too many wait, ``Exceeded``
        if it takes longer than that, ``StoreError`` if the writer ends, or what it raises.
        """
        if self._waiting > self._queue:
            raise Busy("The server has as many changes waiting as it takes.")
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds), self._one_at_a_time:
                return await self._written(order)
        except TimeoutError:
            said = f"The change was given up after {seconds:g} seconds: nothing is changed."
            raise Exceeded("deadline", said) from None
        finally:
            self._waiting -= 1

    async def _written(self, order: Order) -> bool:
        try:
            if self._process is not None and self._process.poll() is not None:
                self._end()  # it was killed while it had nothing to do
            if self._process is None:
                await self._start()
            self._writer.write(order.packed())
            kind, payload = await self._receive()
        except BaseException as error:
            said = self._end()
            if self._is_made(order):  # it ended right after that
                return False
            if not isinstance(error, OSError | asyncio.IncompleteReadError):
                raise
            if OUT_OF_MEMORY in said:
                raise Exceeded("memory", TOO_MUCH) from None
            raise StoreError(_ENDED) from None
        if kind == frames.FAILED:
            if self._is_made(order):  # what failed came after that
                return False
            raise frames.error_of(payload)
        made: bool = json.loads(payload)["made"]
        return made

    def _is_made(self, order: Order) -> bool:
        """Whether an order is carried out, whoever ended; a version that is not current is none."""
        if self._versions.current_name() == order.version:
            return True
        self._versions.discard(order.version)
        return False

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._reader, self._writer = await asyncio.open_unix_connection(sock=ours)
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", __package__],
                stdin=theirs.fileno(),
                stderr=self._errors,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            )
        self._writer.write(frames.pack(frames.JOB, json.dumps(self._told).encode()))
        await self._receive()

    async def _receive(self) -> tuple[bytes, bytes]:
        size, kind = frames.HEADER.unpack(await self._reader.readexactly(frames.HEADER.size))
        return kind, await self._reader.readexactly(size)

    def _end(self) -> bytes:
        """End the process, if there is one; what it had to say."""
        process, self._process = self._process, None
        if process is None:
            return b""
        process.kill()
        process.wait()
        self._writer.close()
        with self._errors as errors:
            errors.seek(0)
            return errors.read()

    async def close(self) -> None:
        """End the process, when it has carried out what it is at."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS), self._one_at_a_time:
                pass
        self._end()

"""Copies of the current version in memory, for workers to come, where there is room for them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from kg.errors import KgError
from kg.workers import frames
from kg.workers.jobs import Job
from kg.workers.spawner import Spawner

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kg.workers.spawner import Source, Worker

_CALM: Final = 1.0
"""Seconds for which a version has to be current: what changes all the time is not worth a copy."""


_EVERYTHING: Final = "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


async def has_read(spawner: Spawner, version: str) -> Worker:
    """A new worker that has read all of its data once.

    Memory that processes share since one forked the other is copied page by page as it is used, and
    the first queries would wait for that. Raises ``StoreError`` if there is no worker.
    """
    worker = await spawner.spawn(version)
    reading = worker.asker = _Reading()
    worker.send(Job(version, _EVERYTHING, "csv", {}).packed({}))
    try:
        await reading.done
    except BaseException:
        worker.end()
        raise
    worker.asker = None
    return worker


class _Reading:
    """Waits for a worker to be done with the one thing that it was asked."""

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def came(self, _: Worker, kind: bytes, payload: bytes) -> None:
        if kind == frames.FAILED:
            self.done.set_exception(frames.error_of(payload))
        elif kind != frames.DATA:
            self.done.set_result(None)

    def lost(self, worker: Worker) -> None:
        if not self.done.done():
            self.done.set_exception(worker.cause_of_death())


class Copies:
    """A process that has a copy of the current version and forks workers that have it, too.

    ``ready`` is called once there is one, with some workers that have read it. ``memory`` is what a
    worker's query may take, ``most`` the bytes of one copy; with 0 there are none.
    """

    def __init__(
        self,
        source: Source,
        memory: int,
        most: int,
        workers: int,
        ready: Callable[[list[Worker]], None],
    ) -> None:
        self.spawner: Spawner | None = None
        """What forks workers with a copy of the current version, if there is one."""
        self._source = source
        self._memory = memory
        self._most = most
        self._workers = workers
        self._ready = ready
        self._making: asyncio.Task[None] | None = None
        self._retired: set[Spawner] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def settle_on(self, version: str) -> None:
        """Have a copy of another version made, and give up that of the one before."""
        if self._making:
            self._making.cancel()
        if self.spawner:
            self._retired.add(self.spawner)
            self.spawner = None
        if self._most:
            self._making = asyncio.ensure_future(self._make(version))

    def release(self, in_use: Collection[Spawner]) -> None:
        """End the processes of earlier versions whose workers have nothing to do any more."""
        for spawner in self._retired - set(in_use):
            self._retired.discard(spawner)
            closing = asyncio.ensure_future(spawner.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    @property
    def is_making(self) -> bool:
        """Whether a copy is being made, or is to be soon."""
        return self._making is not None and not self._making.done()

    @property
    def has_retired(self) -> bool:
        """Whether there are processes of earlier versions."""
        return bool(self._retired)

    async def close(self) -> None:
        """End all."""
        if self._making:
            self._making.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._making
        if self.spawner:
            self._retired.add(self.spawner)
            self.spawner = None
        self.release(())
        await asyncio.gather(*self._closing)

    async def _make(self, version: str) -> None:
        await asyncio.sleep(_CALM)
        spawner = Spawner(self._source, self._memory)
        started: list[Worker] = []
        try:
            with contextlib.suppress(KgError):  # without, workers go on reading from disk
                if await spawner.copy(version, self._most):
                    while len(started) < self._workers:
                        started.append(await has_read(spawner, version))
                    self.spawner = spawner
                    self._ready(started)
        finally:
            if self.spawner is not spawner:
                for worker in started:
                    worker.end()
                await spawner.close()

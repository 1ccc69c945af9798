"""Copies of the current version in memory, for workers to come, where there is room for them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from kg.errors import KgError
from kg.workers.spawner import Spawner

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kg.workers.spawner import Source, Worker

_CALM: Final = 1.0
"""Seconds for which a version has to be current: what changes all the time is not worth a copy."""


class Copies:
    """A process that has a copy of the current version and forks workers that have it, too.

    ``ready`` is called once there is one, with some workers that have it. ``memory`` is what a
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
                        started.append(await spawner.spawn(version))
                    self.spawner = spawner
                    self._ready(started)
        finally:
            if self.spawner is not spawner:
                for worker in started:
                    worker.end()
                await spawner.close()

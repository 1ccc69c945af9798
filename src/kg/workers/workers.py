"""The workers that are ready for who comes next: started ahead, taken, given back, and renewed.

Starting one takes longer than most answers, so a few are kept. Those whose memory has grown by what
was asked of them make place for new ones after a while.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.workers.copies import Copies, has_read
from kg.workers.spawner import Spawner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.workers.door import Door
    from kg.workers.jobs import Job, Limits
    from kg.workers.spawner import Source, Worker

_QUIET: Final = 5.0
"""Seconds after which all but a few idle workers end."""
_GROWN: Final = 50_000_000
"""Bytes by which the memory of one that stays may have grown since it started."""


class Workers:
    """The workers for an engine, or a folder, in memory if that fits into ``copies`` bytes."""

    def __init__(self, source: Source, limits: Limits, door: Door, copies: int) -> None:
        self._limits = limits
        self._spawner = Spawner(source, limits.memory)
        self._spawner_at_door = Spawner(source, limits.memory, door)
        is_folder = isinstance(source, Path)
        most = copies // (limits.fast + limits.slow + 1) if is_folder else 0
        self._copies = Copies(source, limits.memory, most, limits.spare, self._move)
        self._version = ""
        self._idle: list[Worker] = []
        self._slowed: list[Worker] = []
        """Idle workers with less processor time, for clients that had much of late."""
        self._kept_at = 0.0
        self._clearing: asyncio.TimerHandle | None = None
        self._starting: set[asyncio.Future[Worker]] = set()
        self._unclaimed: dict[asyncio.Future[Worker], tuple[Spawner, str]] = {}
        """Starts that nobody waits for any more, with their versions."""
        self._reading: set[asyncio.Future[Worker]] = set()
        """Starts of workers that read their copy before they are asked."""

    @property
    def isolated(self) -> bool | None:
        """Whether workers have a network of their own that leads nowhere; None before any runs."""
        return self._spawner.isolated

    @property
    def in_memory(self) -> bool:
        """Whether workers have the data in memory."""
        return self._copies.spawner is not None

    @property
    def is_copying(self) -> bool:
        """Whether the data are being copied into memory, or looked at whether they fit."""
        return self._copies.is_making

    @property
    def started(self) -> int:
        """Number of workers that were started."""
        copies = self._copies.spawner
        spawners = (self._spawner, self._spawner_at_door, *((copies,) if copies else ()))
        return sum(spawner.started for spawner in spawners)

    async def start(self, version: str) -> None:
        """Start a worker before anybody asks. Raises ``StoreError`` if that fails."""
        self.settle_on(version)
        self.give(await self._spawner.spawn(version))

    def settle_on(self, version: str) -> bool:
        """Have workers stay open on a version, if it is another one; whether it is.

        Those on the one before end when they are free.
        """
        if version == self._version:
            return False
        self._version = version
        self._dismiss()
        self._copies.settle_on(version)
        return True

    async def stop(self) -> None:
        """Start no more, and end what works: whoever waits for it gets an error."""
        if self._clearing:
            self._clearing.cancel()
        await self._spawner.close()
        await self._spawner_at_door.close()
        await self._copies.close()

    async def close(self) -> None:
        """Let go of those that are idle."""
        while self._starting:
            await asyncio.sleep(0.01)
        for worker in (*self._idle, *self._slowed):
            worker.close()
        self._idle, self._slowed = [], []
        await asyncio.sleep(0)  # connections are closed by the event loop

    def left(self, working: Iterable[Worker | None]) -> None:
        """Let go of copies of earlier versions that none of those who work reads any more."""
        if self._copies.has_retired:
            self._copies.release({worker.spawner for worker in working if worker})

    def _move(self, workers: list[Worker]) -> None:
        """Have workers that have the data in memory take the place of those that read from disk."""
        self._dismiss()
        for worker in workers:
            self.give(worker)

    def _spawner_of(self, version: str) -> Spawner:
        """What forks workers for a version: with a copy of it in memory, if there is one."""
        copies = self._copies.spawner if version == self._version else None
        return copies or self._spawner

    def spawner_for(self, job: Job) -> Spawner:
        """What forks workers for a job: from disk if it wants all that there is, in its order."""
        if job.calls_out:
            return self._spawner_at_door
        return self._spawner if job.text is None else self._spawner_of(job.version)

    def idle(self, job: Job, *, is_heavy: bool) -> Worker | None:
        """An idle worker for a job, if there is one; always a new one to call services.

        Clients that had much of late leave the last idle one to others.
        """
        spawner = self.spawner_for(job)
        if job.version != self._version or spawner is not self._spawner_of(job.version):
            return None
        while is_heavy and self._slowed:
            if not (worker := self._slowed.pop()).is_dead:
                return worker
            worker.close()
        while len(self._idle) > is_heavy:
            if not (worker := self._idle.pop()).is_dead:
                return worker
            worker.close()
        return None

    def start_for(self, job: Job) -> asyncio.Future[Worker]:
        """The start of a worker for a job: one that nobody waits for any more, or a new one."""
        spawner = self.spawner_for(job)
        for starting, what in self._unclaimed.items():
            if what == (spawner, job.version):
                del self._unclaimed[starting]
                return starting
        return self._start(spawner, job.version)

    def leave(self, starting: asyncio.Future[Worker], job: Job) -> None:
        """Let a start for a job go on for whoever comes next."""
        self._leave(starting, self.spawner_for(job), job.version)

    def _leave(self, starting: asyncio.Future[Worker], spawner: Spawner, version: str) -> None:
        self._unclaimed[starting] = spawner, version
        starting.add_done_callback(self._take_in)

    def replace(self) -> None:
        """Start a worker in the place of one that will not be idle again, if few are.

        Starting one takes longer than most answers: who comes next is not to wait for it.
        """
        ready = len(self._idle) + len(self._unclaimed) + len(self._reading)
        if not self._version or ready >= self._limits.spare:
            return
        spawner = self._spawner_of(self._version)
        if spawner is self._copies.spawner:
            starting = asyncio.ensure_future(has_read(spawner, self._version))
            self._starting.add(starting)
            self._reading.add(starting)
            starting.add_done_callback(self._has_read)
        else:
            self._leave(self._start(spawner, self._version), spawner, self._version)

    def _has_read(self, started: asyncio.Future[Worker]) -> None:
        """Keep a worker that has read its copy."""
        self._starting.discard(started)
        self._reading.discard(started)
        if not started.cancelled() and not started.exception():
            self.give(started.result())

    def _start(self, spawner: Spawner, version: str) -> asyncio.Future[Worker]:
        starting = asyncio.ensure_future(spawner.spawn(version))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)
        return starting

    def _take_in(self, started: asyncio.Future[Worker]) -> None:
        """Keep a worker that nobody waits for any more."""
        is_unclaimed = self._unclaimed.pop(started, None) is not None
        if is_unclaimed and not started.cancelled() and not started.exception():
            self.give(started.result())

    def give(self, worker: Worker) -> None:
        """Take back a worker that is done, for the next one."""
        is_wanted = worker.version == self._version and worker.spawner is self._spawner_of(
            self._version
        )
        idle, most = self._idle, self._limits.fast
        if worker.is_slowed:
            idle, most = self._slowed, self._limits.slow
        if is_wanted and len(idle) < most:
            idle.append(worker)
            self._kept_at = time.monotonic()
            if self._clearing is None:
                self._clearing = asyncio.get_running_loop().call_later(_QUIET, self._clear)
        else:
            worker.end()

    def _clear(self) -> None:
        """End the idle workers after a while, and keep as many ready as are spare.

        Those whose memory has grown by what was asked of them make place for new ones.
        """
        left = self._kept_at + _QUIET - time.monotonic()
        if left > 0:
            self._clearing = asyncio.get_running_loop().call_later(left, self._clear)
            return
        self._clearing = None
        kept = [worker for worker in self._idle if worker.grown() <= _GROWN][: self._limits.spare]
        self._idle = [worker for worker in self._idle if worker not in kept]
        self._dismiss()
        self._idle = kept
        for _ in range(self._limits.spare - len(kept)):
            self.replace()

    def _dismiss(self) -> None:
        """End those that are idle."""
        for worker in (*self._idle, *self._slowed):
            worker.end()
        self._idle, self._slowed = [], []

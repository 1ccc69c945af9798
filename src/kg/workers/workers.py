"""The workers that are ready for who comes next: started ahead, taken, given back, and renewed.

Starting one takes longer than most answers, so a few are kept. Those whose memory has grown by what
was asked of them make place for new ones after a while.
"""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from kg.workers.copies import Copies
from kg.workers.spawner import Spawner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.workers.door import Door
    from kg.workers.jobs import Job, Limits
    from kg.workers.spawner import Source, Worker

_SELDOM: Final = 10.0
"""Seconds between the starts of two workers with a copy, in quiet."""
_RARELY: Final = 60.0
"""The same while there is work."""
_QUIET: Final = 5.0
"""Seconds after which all but a few idle workers end."""


class Workers:
    """The workers for an engine, or a folder, in memory if that fits into ``copies`` bytes."""

    def __init__(self, source: Source, limits: Limits, door: Door, copies: int) -> None:
        self._limits = limits
        self._spawner = Spawner(source, limits.memory)
        self._spawner_at_door = Spawner(source, limits.memory, door)
        is_folder = isinstance(source, Path)
        most = copies // (limits.fast + limits.slow + 1) if is_folder else 0
        self._most_copies = limits.fast + limits.slow
        """How many that have a copy are kept ready."""
        self._copies = Copies(source, limits.memory, most, self._most_copies, self._move)
        self._version = ""
        self._idle: list[Worker] = []
        self._slowed: list[Worker] = []
        """Idle workers with less processor time."""
        self._kept_at = 0.0
        self._clearing: asyncio.TimerHandle | None = None
        self._starting: set[asyncio.Future[Worker]] = set()
        self._unclaimed: dict[asyncio.Future[Worker], tuple[Spawner, str]] = {}
        """Starts that nobody waits for any more, with their versions."""
        self._with_copy: WeakSet[Worker] = WeakSet()
        """Those that have a copy, for which memory is reckoned with, wherever they are."""
        self._copied_at = -math.inf
        self._copying: set[asyncio.Future[Worker]] = set()
        """Starts of workers with a copy."""

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
        self._copied_at = -math.inf
        self._with_copy = WeakSet(workers)
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

    def idle(self, job: Job, *, is_heavy: bool, gives_way: bool) -> Worker | None:
        """An idle worker for a job, if there is one; always a new one to call services.

        Clients that had much of late leave the last idle one to others. Who gives way gets one with
        less processor time, if there is one.
        """
        spawner = self.spawner_for(job)
        if job.version != self._version or spawner is not self._spawner_of(job.version):
            return None
        kinds = [(self._idle, int(is_heavy))]
        if gives_way or self.in_memory:  # where one that reads from disk would be slower
            kinds.append((self._slowed, 0))
        for kept, left in reversed(kinds) if gives_way else kinds:
            while len(kept) > left:
                if not (worker := kept.pop()).is_dead:
                    return worker
                worker.close()
        return None

    def start_for(self, job: Job) -> asyncio.Future[Worker]:
        """The start of a worker for a job: one that nobody waits for any more, or a new one.

        It reads from disk, whatever others do: to have a copy of one's own first takes too long.
        """
        spawner = self._at_once(job)
        for starting, what in self._unclaimed.items():
            if what == (spawner, job.version):
                del self._unclaimed[starting]
                return starting
        return self._start(spawner, job.version)

    def leave(self, starting: asyncio.Future[Worker], job: Job) -> None:
        """Let a start for a job go on for whoever comes next."""
        self._leave(starting, self._at_once(job), job.version)

    def _at_once(self, job: Job) -> Spawner:
        return self._spawner_at_door if job.calls_out else self._spawner

    def _leave(self, starting: asyncio.Future[Worker], spawner: Spawner, version: str) -> None:
        self._unclaimed[starting] = spawner, version
        starting.add_done_callback(self._take_in)

    def replace(self) -> None:
        """Start a worker in the place of one that will not be idle again, if few are.

        Starting one takes longer than most answers: who comes next is not to wait for it.
        """
        if not self._version or len(self._idle) + len(self._unclaimed) >= self._limits.spare:
            return
        if self.in_memory:
            self._copy(_RARELY, self._limits.fast)
        else:
            self._leave(self._start(self._spawner, self._version), self._spawner, self._version)

    def _copy(self, pause: float, most: int) -> None:
        """Start a worker with a copy, if there are fewer than ``most`` and the last start is past.

        It takes a processor from those who work, for seconds if there is much to copy.
        """
        spawner = self._copies.spawner
        now = time.monotonic()
        copies = sum(not worker.is_dead for worker in self._with_copy)
        has_room = copies < most and not self._copying
        if spawner and has_room and now - self._copied_at > pause:
            self._copied_at = now
            starting = self._start(spawner, self._version)
            self._copying.add(starting)
            starting.add_done_callback(self._has_copied)

    def _has_copied(self, started: asyncio.Future[Worker]) -> None:
        """Keep a worker with a copy; if there is none, no other is tried for this version."""
        self._copying.discard(started)
        if started.cancelled() or started.exception():
            self._copied_at = math.inf
            return
        self._with_copy.add(started.result())
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
        """Take back a worker that is done, for the next one; last one that reads from disk."""
        spawner = self._spawner_of(self._version)
        is_wanted = worker.version == self._version and worker.spawner in (spawner, self._spawner)
        idle = self._slowed if worker.is_slowed else self._idle
        both = len(self._slowed) + len(self._idle)
        most = self._most_copies if self.in_memory else self._limits.fast
        has_room = both < self._limits.fast + self._limits.slow and len(idle) < most
        if is_wanted and has_room:
            idle.insert(len(idle) if worker.spawner is spawner else 0, worker)
            self._kept_at = time.monotonic()
            if self._clearing is None:
                self._clearing = asyncio.get_running_loop().call_later(_QUIET, self._clear)
        else:
            worker.end()

    def _clear(self) -> None:
        """End the idle workers after a while, and keep as many ready as are spare, or have a copy.

        Those whose memory has grown by what was asked of them make place for new ones, and one by
        one those that have less processor time.
        """
        left = self._kept_at + _QUIET - time.monotonic()
        if left > 0:
            self._clearing = asyncio.get_running_loop().call_later(left, self._clear)
            return
        self._clearing = None
        spawner = self._spawner_of(self._version)
        most = self._most_copies if self.in_memory else self._limits.spare
        fit = {one for one in self._idle if one.spawner is spawner and not one.has_grown()}
        kept = [worker for worker in self._idle if worker in fit][-most:]
        slowed = [one for one in self._slowed if self.in_memory and not one.has_grown()]
        if len(kept) + len(slowed) >= most:
            del slowed[:1]
        self._idle = [worker for worker in self._idle if worker not in kept]
        self._slowed = [worker for worker in self._slowed if worker not in slowed]
        self._dismiss()
        self._idle, self._slowed = kept, slowed
        if not self.in_memory:
            for _ in range(most - len(kept)):
                self.replace()
        elif len(kept) < most:
            self._copy(_SELDOM, self._most_copies)
            self._clearing = asyncio.get_running_loop().call_later(_QUIET, self._clear)

    def _dismiss(self) -> None:
        """End those that are idle."""
        for worker in (*self._idle, *self._slowed):
            worker.end()
        self._idle, self._slowed = [], []

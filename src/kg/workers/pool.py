"""Who is served when: slots, a queue, deadlines, and the end of whatever takes too long.

A query begins in a fast slot. One that is not done after ``SLOW_AFTER`` seconds leaves it, so that
a fast slot is always free soon. Of those that take longer and do not wait for their clients, as
many go on as there are slow slots, at lower priority: those that had the least processor time, with
what their clients had of late. The others stand still, and if too many do, the one that had the
most is ended. A client has at most half of the slots. What finds no slot waits in a queue of
bounded length. All of it, waiting, evaluation and sending, ends at the deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from kg.errors import Busy, Exceeded, KgError, TooMany
from kg.workers.door import Door
from kg.workers.jobs import Limits, Running
from kg.workers.process import CUT_SIGNAL
from kg.workers.spent import Spent
from kg.workers.workers import Workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from kg.errors import KgError, ServiceError
    from kg.services import Services
    from kg.workers.jobs import Job
    from kg.workers.spawner import Source, Worker

SLOW_AFTER: Final = 0.2
"""Seconds after which a query leaves the fast slots."""
_HEAVY_AFTER: Final = 0.05
"""The same for clients that had much of late."""
_OUTLASTING: Final = 1.0
"""Seconds that a query counts for which leaves the fast slots while others wait for their turn."""
_LOOK: Final = 0.02
"""Seconds between two looks at what runs."""
_TURN: Final = 0.1
"""Seconds between two looks at which of the long queries go on."""
_HEAVY: Final = 1.0
"""Seconds that a client may have had of late, however little others had."""
_NICE: Final = 10
_GRACE: Final = 0.3
"""Seconds that a worker has to end an answer that is to be cut."""
_LAST: Final = 0.45
"""Seconds after the deadline in which the end of such an answer is sent."""


class Pool:
    """Workers for the versions in a folder, and who is served by them."""

    def __init__(
        self, source: Source, limits: Limits, services: Services | None = None, copies: int = 0
    ) -> None:
        """``source`` is where the data are: a folder of versions, or an engine.

        ``copies`` is the memory in bytes that copies of the data may take, 0 for none.
        """
        self.limits = limits
        self.running: dict[str, Running] = {}
        """What waits and runs, by id."""
        self._door = Door(services or {})
        self.workers = Workers(source, limits, self._door, copies)
        self._fast: set[Running] = set()
        self._long: dict[Running, Worker] = {}
        self._queue: list[Running] = []
        self._spent = Spent(limits.seconds)
        self._look: asyncio.TimerHandle | None = None
        self._turn: asyncio.TimerHandle | None = None

    @contextlib.asynccontextmanager
    async def answer(
        self, job: Job, client: str, seconds: float | None = None
    ) -> AsyncIterator[Running]:
        """Have a job answered by a worker, which is free again, or dead, when the block ends.

        ``seconds`` is instead of what the limits give. Raises ``Busy`` if there is no room,
        ``Exceeded`` if waiting and the block take longer than that, ``Refused`` for a job that
        calls services where workers have more network than the way to those.
        """
        running = Running(job, client, seconds or self.limits.seconds)
        self.running[running.id] = running
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(_LOOK, self._look_at_all)
        try:
            async with asyncio.timeout(None) as running.within:
                if self._has_slot(running):
                    self._grant(running)
                else:
                    await self._admitted(running)
                is_heavy = self._is_heavy(running)
                running.worker = worker = await self.workers.take(job, is_heavy=is_heavy)
                if running.error:
                    raise running.error
                if is_heavy and not worker.is_slowed:
                    self._slow_down(worker)
                running.begin(_HEAVY_AFTER if is_heavy else SLOW_AFTER)
                if job.calls_out:
                    with self._permitted(running, running.seconds) as addresses:
                        worker.send(job.packed(addresses))
                        yield running
                else:
                    worker.send(job.packed({}))
                    yield running
        except TimeoutError:
            raise running.error or _late(running.seconds) from None
        finally:
            del self.running[running.id]
            self._release(running)
            running.error = None  # which knows the frames that it went through, and they this

    def _look_at_all(self) -> None:
        """End what is late, and move what takes long out of the fast slots; then look again.

        One timer for all: most queries are done before it would look at them.
        """
        now = time.monotonic()
        for running in list(self.running.values()):
            if running in self._fast and running.worker and now >= running.outlasts:
                self._outlasts(running, running.worker)
            late = now - running.began - running.seconds
            if late >= _LAST:
                running.give_up()
            elif late >= 0 and running.error is None:
                self._end(running, _late(running.seconds))
        self._look = None
        if self.running:
            self._look = asyncio.get_running_loop().call_later(_LOOK, self._look_at_all)

    @contextlib.contextmanager
    def _permitted(self, running: Running, seconds: float) -> Iterator[Mapping[str, str]]:
        """Let a query reach its services until the block ends, for half of its time.

        Gives the addresses at which it does. The other half is for what it makes of their answers,
        or for going on without one.
        """
        job, loop = running.job, asyncio.get_running_loop()

        def failed(error: ServiceError) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and all queries with it
                loop.call_soon_threadsafe(self._end, running, error)

        permit = self._door.let(job.services, job.text or "", seconds / 2, failed)
        running.permit = permit
        timer = loop.call_later(permit.errand.seconds, permit.errand.give_up)
        try:
            yield permit.addresses
        finally:
            timer.cancel()
            self._door.end(permit)

    def states(self) -> dict[str, int]:
        """Number of queries in each state."""
        found = Counter(map(self.state_of, self.running.values()))
        return {state: found[state] for state in ("waiting", "fast", "slow", "still")}

    def state_of(self, running: Running) -> str:
        """Where a query is: waiting, in a fast or a slow slot, or standing still."""
        if running in self._long:
            return "still" if running.is_still else "slow"
        return "fast" if running in self._fast else "waiting"

    async def start(self, version: str) -> None:
        """Start a worker before anybody asks. Raises ``StoreError`` if that fails."""
        await self.workers.start(version)

    def settle_on(self, version: str) -> None:
        """Have workers stay open on a version; those on another end when they are free."""
        if self.workers.settle_on(version):
            self.workers.left(one.worker for one in self.running.values())

    def cancel(self, running: Running) -> None:
        """Stop a query that waits or runs."""
        self._end(running, Exceeded("cancelled", "The query was cancelled."))

    async def close(self) -> None:
        """End all workers; what they were at fails."""
        await self.workers.stop()
        while self.running:
            await asyncio.sleep(0.01)
        await self.workers.close()
        if self._look:
            self._look.cancel()

    def _end(self, running: Running, error: KgError) -> None:
        """End a query, by its own hand if a part of the answer is there and can say that it is one.

        Whatever does not end so ends a moment later.
        """
        running.error = error
        worker = running.worker
        if not running.granted.done():
            running.granted.set_exception(error)
        elif worker is None:
            running.give_up()
        elif running.is_done:
            pass
        elif running.can_be_cut:
            self._let(running, stand_still=False)
            worker.signal(CUT_SIGNAL)
            asyncio.get_running_loop().call_later(_GRACE, self._kill, running)
        else:
            self._kill(running)

    def _kill(self, running: Running) -> None:
        """End a query's worker, if it still is that, without waiting for it to be gone.

        A process that has much memory takes its time to die.
        """
        if running.id in self.running and running.worker and not running.is_done:
            running.worker.signal(signal.SIGKILL)
            running.give_up()

    async def _admitted(self, running: Running) -> None:
        """Wait for a slot. Raises ``Busy`` if too many do."""
        own = sum(other.client == running.client for other in self._queue)
        if own >= max(1, self.limits.queue // 2):
            raise TooMany("You have as many queries running and waiting as one client may.")
        if len(self._queue) >= self.limits.queue:
            raise Busy("The server has as many queries running and waiting as it takes.")
        self._queue.append(running)
        await running.granted

    def _has_slot(self, running: Running) -> bool:
        own = sum(other.client == running.client for other in self._having_slots())
        if len(self._fast) >= self.limits.fast or own >= self.limits.of_client:
            return False
        if not self._is_heavy(running):
            return True
        return sum(map(self._is_heavy, self._fast)) < max(1, self.limits.fast // 2)

    def _is_heavy(self, running: Running) -> bool:
        """Whether the client had much of the workers' time of late, and more than most."""
        spent = self._spent.of(running.client)
        if spent <= _HEAVY:
            return False
        clients = {other.client for other in self.running.values()}
        return spent > sum(map(self._spent.of, clients)) / max(1, len(clients))

    def _having_slots(self) -> list[Running]:
        return [*self._fast, *self._long]

    def _grant(self, running: Running) -> None:
        self._fast.add(running)
        running.granted.set_result(None)

    def _outlasts(self, running: Running, worker: Worker) -> None:
        """Move a query that takes long out of the fast slots."""
        self._fast.discard(running)
        self._long[running] = worker
        if self._queue or len(self._long) > self.limits.slow:
            self._spent.add(running.client, _OUTLASTING)
        running.before = worker.usage()[0]
        if not worker.is_slowed:
            self._slow_down(worker)
        self._arrange()
        self._next()

    def _arrange(self) -> None:
        """Decide which of the long queries go on, stand still, or are ended; and look again."""
        blocked = {
            running for running, worker in self._long.items() if self._is_blocked(running, worker)
        }
        ordered = sorted((running for running in self._long if not running.error), key=self._had)
        busy = [running for running in ordered if running not in blocked]
        going, rest = busy[: self.limits.slow], busy[self.limits.slow :]
        waiting = [running for running in ordered if running in blocked]
        # who has several gives way, and who asks much; to refuse is better than to cut
        own = Counter(running.client for running in self._long)
        rest.sort(key=lambda r: (own[r.client] > 1, self._is_heavy(r), not r.has_begun))
        waiting.sort(key=lambda running: own[running.client] > 1)
        standing, ended = rest[: self.limits.still], rest[self.limits.still :]
        ended += waiting[self.limits.blocked :]
        for running in going:
            self._let(running, stand_still=False)
        for running in standing:
            self._let(running, stand_still=True)
        for running in ended:
            self._end(running, Busy("The server has as many long queries as it takes."))
        if self._turn:
            self._turn.cancel()
        self._turn = None
        if self._long:
            self._turn = asyncio.get_running_loop().call_later(_TURN, self._arrange)

    def _had(self, running: Running) -> float:
        """Seconds that a query and its client had: who had less goes first."""
        return running.taken + self._spent.of(running.client)

    def _is_blocked(self, running: Running, worker: Worker) -> bool:
        """Whether a query waits for its client to take what it has; counts its time, too."""
        seconds, is_asleep = worker.usage()
        self._spent.add(running.client, max(0.0, seconds - running.before))
        running.taken += max(0.0, seconds - running.before)
        running.before = seconds
        return is_asleep and not running.is_still

    def _let(self, running: Running, *, stand_still: bool) -> None:
        if running.is_still != stand_still:
            running.is_still = stand_still
            number = signal.SIGSTOP if stand_still else signal.SIGCONT
            self._long[running].signal(number)

    def _slow_down(self, worker: Worker) -> None:
        """Give a worker less processor time, for good: priority is not given back."""
        worker.slow_down(_NICE)
        self.workers.replace()

    def _release(self, running: Running) -> None:
        """Free what a query had, and give it to those who wait."""
        worker = running.worker
        if worker is not None:
            if running in self._fast:
                self._spent.add(running.client, time.monotonic() - running.began - running.waited)
            is_fresh = running.is_done and running not in self._long
            if is_fresh and not running.error:  # else a signal may be on its way to it
                self.workers.give(worker)
            else:
                worker.end()
        self._fast.discard(running)
        if running in self._queue:
            self._queue.remove(running)
        if self._long.pop(running, None):
            self._arrange()
        if worker is not None:
            self.workers.left(one.worker for one in self.running.values())
        self._next()

    def _next(self) -> None:
        """Grant slots to those who wait: who had the least of late first, then who came first."""
        while self._queue and len(self._fast) < self.limits.fast:
            first: dict[str, Running] = {}
            for running in self._queue:
                if not running.granted.done():
                    first.setdefault(running.client, running)
            able = [running for running in first.values() if self._has_slot(running)]
            if not able:
                return
            chosen = min(able, key=lambda running: self._spent.of(running.client))
            self._queue.remove(chosen)
            self._grant(chosen)


def _late(seconds: float) -> Exceeded:
    said = f"The query was ended after {seconds:g} seconds, the most that one may take here."
    return Exceeded("deadline", said)

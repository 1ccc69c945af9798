"""Who is served when: slots, a line, deadlines, and the end of whatever takes too long.

A query begins in a fast slot. One that is not done after ``SLOW_AFTER`` seconds leaves it, so that
a fast slot is always free soon. Of those that take longer and do not wait for their clients, as
many go on as there are slow slots, at lower priority: those that had the least processor time, with
what their clients had of late. The others stand still, and if too many do, the one that had the
most is ended. What is asked ahead of anybody stands still while somebody asks.

A client has at most half of the slots, and unless queries are quick at most half of the fast ones:
more at once would each take longer. What finds no slot waits in a line of bounded length. All of
it, waiting, evaluation and sending, ends at the deadline.

While queries are quick, some that wait are sent to workers ahead, which so go from one to the next
without being woken for it; if one takes longer after all, the others are taken back. While they are
so quick that the server has as much to do for one as a worker, a client has no more at work than
there are processors beside the server's: more would only take these from each other.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.errors import Busy, Exceeded, KgError, StoreError
from kg.workers import frames
from kg.workers.door import Door
from kg.workers.jobs import Running
from kg.workers.line import Line
from kg.workers.process import CUT_SIGNAL
from kg.workers.spent import Spent
from kg.workers.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.errors import ServiceError
    from kg.services import Services
    from kg.workers.jobs import Job, Limits, Taker
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
_LINGER: Final = 0.2
"""Seconds for which a query goes on whose client has left."""
_NICE: Final = 10
_TOGETHER: Final = 2
"""Queries that a client may have in fast slots, be there ever so few."""
_AHEAD: Final = 4
"""Queries that a worker is sent beyond the one that it is at."""
_QUICK: Final = 0.005
"""Seconds that queries take while workers are sent more than one."""
_QUICKEST: Final = 0.002
"""Seconds that queries take while the server has about as much to do for each as a worker."""
_WEIGHT: Final = 0.1
"""Of the last query in their mean."""
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
        self._at_once = limits.fast
        """How many of its quickest queries a client has at work at once."""
        if isinstance(source, Path):  # else an engine is at work
            self._at_once = max(1, min(limits.fast, _processors() - 1))
        self._line = Line(limits.queue)
        self._pace = 10 * _QUICK
        """Seconds that a quick query takes, in the mean of late."""
        self._spent = Spent(limits.seconds)
        self._look: asyncio.TimerHandle | None = None
        self._turn: asyncio.TimerHandle | None = None

    def ask(
        self,
        job: Job,
        client: str,
        taker: Taker,
        seconds: float | None = None,
        began: float | None = None,
    ) -> Running:
        """Have a job answered by a worker, piece by piece, for a taker who is told of the end.

        An empty ``client`` is one who asks ahead of others, and gives way to them. ``seconds`` are
        those that it may take, instead of what the limits give, from ``began`` on by the monotonic
        clock, or from now. Raises ``Busy`` if there is no room. A job that calls services ends with
        ``Refused`` where workers have more network than the way to those.
        """
        running = Running(job, client, seconds or self.limits.seconds, taker, began)
        has_slot = self._has_slot(running)
        if not has_slot:
            self._line.add(running)
        self.running[running.id] = running
        if any(other.is_early and not other.is_still for other in self._long):
            self._arrange()  # so that they give way at once
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(_LOOK, self._look_at_all)
        if has_slot:
            self._assign(running)
        else:
            self._send_ahead()
        return running

    def leave(self, running: Running) -> None:
        """Give a query up that nobody takes the answer of.

        A worker that has it goes on for a moment: most are done by then, and it is not lost.
        """
        running.taker = None
        has_worker = running.worker is not None or running.is_ahead
        if has_worker and not running.is_still and not running.job.calls_out:
            running.lingers = time.monotonic() + _LINGER
            running.go_on()
        else:
            self._finish(running, None)

    def came(self, worker: Worker, kind: bytes, payload: bytes) -> None:
        """Pass a piece of an answer on, or end it."""
        running = worker.running
        if running is None:  # it was ended
            return
        if kind == frames.DATA:
            running.has_begun = True
            if running.taker:
                running.taker.take(payload)
            return
        running.is_done = True
        running.is_cut = kind == frames.CUT
        error: KgError | None = None
        if kind == frames.FAILED:
            failed = frames.error_of(payload)
            error = running.permit.explained(failed) if running.permit else failed
        elif running.permit and running.permit.failure:
            error = running.permit.failure
        else:
            running.rows = int(payload) if payload else None
        self._finish(running, error)

    def lost(self, worker: Worker) -> None:
        """End what a worker was at that has ended."""
        if worker.running:
            self._finish(worker.running, worker.running.error or worker.cause_of_death())

    def _assign(self, running: Running) -> None:
        """Give a query a slot, and a worker as soon as there is one."""
        self._fast.add(running)
        is_heavy = self._is_heavy(running)
        gives_way = self._pace > _QUICK and (is_heavy or self._is_alone(running))
        worker = self.workers.idle(running.job, is_heavy=is_heavy, gives_way=gives_way)
        if worker:
            self._begin(running, worker, is_heavy=is_heavy)
            return
        running.starting = self.workers.start_for(running.job)
        running.starting.add_done_callback(partial(self._started, running, is_heavy))

    def _started(self, running: Running, is_heavy: bool, starting: asyncio.Future[Worker]) -> None:
        """Begin with a worker that has started, or end with what it failed with."""
        if running.is_over:
            return
        running.starting = None
        if starting.cancelled():
            self._finish(running, StoreError("No process can be started to answer queries."))
        elif error := starting.exception():
            if not isinstance(error, Exception):
                raise error
            self._finish(running, error.with_traceback(None))
        else:
            self._begin(running, starting.result(), is_heavy=is_heavy)

    def _begin(self, running: Running, worker: Worker, *, is_heavy: bool) -> None:
        """Have a worker begin with a query."""
        if is_heavy and not worker.is_slowed and self._pace > _QUICK:
            self._slow_down(worker)
        worker.asker, worker.running = self, running
        running.begin(worker, _HEAVY_AFTER if is_heavy or running.is_early else SLOW_AFTER)
        try:
            addresses = self._permitted(running) if running.job.calls_out else {}
        except KgError as error:
            self._finish(running, error.with_traceback(None))
        else:
            worker.send(running.job.packed(addresses))

    def _go_on(self, worker: Worker) -> bool:
        """Note that a worker has begun with what it was sent ahead; whether it has."""
        if not worker.ahead:
            return False
        running = worker.ahead.popleft()
        running.is_ahead = False
        if running.is_over:  # which its worker does not know
            worker.is_used_up = True
            return False
        self._line.leave(running)
        self._fast.add(running)
        worker.running = running
        worker.go_on()  # of the one before it no more was to come
        running.begin(worker, _HEAVY_AFTER if worker.is_slowed else SLOW_AFTER)
        return True

    def _send_ahead(self) -> None:
        """Send queries that wait to workers at quick ones, as many as each has room for."""
        if self._pace > _QUICK or not self._line.has_unsent:
            return
        for before in self._fast:
            worker = before.worker
            if worker is None or not self._is_sent_more(worker):
                continue
            while len(worker.ahead) < _AHEAD:
                may = partial(self._may_follow, before, worker)
                if (running := self._line.first(self._spent.of, may)) is None:
                    break
                self._line.take(running)
                worker.ahead.append(running)
                running.is_ahead = True
                worker.send(running.job.packed({}))

    def _is_sent_more(self, worker: Worker) -> bool:
        return not (worker.is_used_up or worker.is_dead)

    def _may_follow(self, before: Running, worker: Worker, running: Running) -> bool:
        """Whether a query may have the slot and the worker of the one before it."""
        job = running.job
        is_fit = (
            job.version == worker.version
            and not job.calls_out
            and worker.spawner is self.workers.spawner_for(job)
        )
        if not is_fit or running.client == before.client:
            return is_fit
        is_free = self._has_room(running.client) and not self._is_heavy(running)
        return is_free and not worker.is_slowed

    def _take_back(self, worker: Worker) -> None:
        """Have what a worker was sent ahead done by others; it ends after what it is at."""
        worker.is_used_up = True
        while worker.ahead:
            running = worker.ahead.pop()
            running.is_ahead = False
            if running.is_over:
                continue
            self._line.put_back(running)
            if running.taker is None:
                self._finish(running, None)

    def _finish(self, running: Running, error: Exception | None) -> None:
        """End a query, free what it had, and tell who takes the answer."""
        if running.is_over:
            return
        running.is_over = True
        del self.running[running.id]
        if running.permit and running.giving_up:
            running.giving_up.cancel()
            self._door.end(running.permit)
        self._release(running)
        taker, running.taker = running.taker, None
        if taker:
            taker.ended(running, error)
        running.error = None  # which knows the frames that it went through, and they this

    def _look_at_all(self) -> None:
        """End what is late, and move what takes long out of the fast slots; then look again.

        One timer for all: most queries are done before it would look at them.
        """
        now = time.monotonic()
        for running in list(self.running.values()):
            if running.is_over:  # by what was done about another
                continue
            if now >= running.lingers:
                self._finish(running, None)
                continue
            worker = running.worker if running in self._fast else None
            if worker and now - running.began - running.waited > _LOOK:
                running.is_quick = False
                if worker.ahead:
                    self._take_back(worker)
            if worker and now >= running.outlasts:
                self._outlasts(running, worker)
            late = (running.taken if running.is_early else now - running.began) - running.seconds
            if late >= _LAST:
                self._finish(running, running.error or _late(running.seconds))
            elif late >= 0 and running.error is None:
                self._end(running, _late(running.seconds))
        self._next()
        self._look = None
        if self.running:
            self._look = asyncio.get_running_loop().call_later(_LOOK, self._look_at_all)

    def _permitted(self, running: Running) -> Mapping[str, str]:
        """Let a query reach its services until it ends, for half of its time: at which addresses.

        The other half is for what it makes of their answers, or for going on without one.
        """
        job, loop = running.job, asyncio.get_running_loop()

        def failed(error: ServiceError) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and all queries with it
                loop.call_soon_threadsafe(self._end, running, error)

        permit = self._door.let(job.services, job.text or "", running.seconds / 2, failed)
        running.permit = permit
        running.giving_up = loop.call_later(permit.errand.seconds, permit.errand.give_up)
        return permit.addresses

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
        if running.is_over:
            return
        running.error = error
        if running.worker and running.can_be_cut:
            self._let(running, stand_still=False)
            running.worker.signal(CUT_SIGNAL)
            asyncio.get_running_loop().call_later(_GRACE, self._finish, running, error)
        else:
            self._finish(running, error)

    def _has_slot(self, running: Running) -> bool:
        if len(self._fast) >= self.limits.fast or not self._has_room(running.client):
            return False
        half = max(1, self.limits.fast // 2)
        # but those that it has left, which go on for a moment
        own = [one for one in self._fast if one.client == running.client and one.taker]
        if self._pace > _QUICK and len(own) >= max(_TOGETHER, half):
            return False
        if self._pace <= _QUICKEST and self._can_follow(running, own):
            return False
        return not self._is_heavy(running) or sum(map(self._is_heavy, self._fast)) < half

    def _can_follow(self, running: Running, own: list[Running]) -> bool:
        """Whether it can wait for others of its client, of which as many are at work as may be.

        What could not be sent to their workers would wait for as long as that one asks more.
        """
        before = [
            one
            for one in own
            if one.worker and one.is_quick and self._may_follow(one, one.worker, running)
        ]
        return len(before) >= self._at_once and self._line.has_room(running.client)

    def _has_room(self, client: str) -> bool:
        own = sum([other.client == client for other in self._having_slots()])
        return own < self.limits.of_client

    def _is_heavy(self, running: Running) -> bool:
        """Whether the client had much of the workers' time of late, and more than most."""
        spent = self._spent.of(running.client)
        if spent <= _HEAVY:
            return False
        clients = {other.client for other in self.running.values()}
        return spent > sum(map(self._spent.of, clients)) / max(1, len(clients))

    def _is_alone(self, running: Running) -> bool:
        """Whether nobody else asks anything."""
        return all(other.client == running.client for other in self.running.values())

    def _having_slots(self) -> list[Running]:
        return [*self._fast, *self._long]

    def _outlasts(self, running: Running, worker: Worker) -> None:
        """Move a query that takes long out of the fast slots."""
        self._fast.discard(running)
        self._long[running] = worker
        self._pace += _WEIGHT * (SLOW_AFTER - self._pace)
        if self._line.has_any or len(self._long) > self.limits.slow:
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
        is_wanted = any(not running.is_early for running in self.running.values())
        early = [running for running in ordered if running.is_early and is_wanted]
        busy = [running for running in ordered if running not in blocked and running not in early]
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
        for running in (*standing, *early):
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
        worker, had_slot = running.worker, running in self._fast or running in self._long
        if running.starting:
            self.workers.leave(running.starting, running.job)
        if not had_slot:
            self._line.leave(running)
        if worker is not None:
            worker.running = None
            seconds = time.monotonic() - running.began - running.waited
            if running in self._fast:
                self._spent.add(running.client, seconds)
                self._pace += _WEIGHT * (seconds - self._pace)
            # of one with an error a signal may be on its way to it
            is_fresh = running.is_done and not running.error
            if running in self._long and is_fresh:
                worker.signal(signal.SIGCONT)  # it may have been told to stand still meanwhile
                is_fresh = not worker.has_grown()
            self._fast.discard(running)
            if not is_fresh or not self._go_on(worker):
                self._free(worker, is_fresh=is_fresh)
        self._fast.discard(running)
        if self._long.pop(running, None):
            self._arrange()
        if worker is not None:
            self.workers.left(one.worker for one in self.running.values())
        self._next()

    def _free(self, worker: Worker, *, is_fresh: bool) -> None:
        """Keep a worker that has nothing to do for the next query, or end it."""
        if is_fresh and not worker.ahead and not worker.is_used_up:
            worker.go_on()
            self.workers.give(worker)
        else:
            self._take_back(worker)
            worker.end()

    def _next(self) -> None:
        """Grant slots to those who wait, and send others of them ahead."""
        while len(self._fast) < self.limits.fast:
            chosen = self._line.first(self._spent.of, self._has_slot)
            if chosen is None:
                break
            self._line.take(chosen)
            self._line.leave(chosen)
            self._assign(chosen)
        self._send_ahead()


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _late(seconds: float) -> Exceeded:
    said = f"The query was ended after {seconds:g} seconds, the most that one may take here."
    return Exceeded("deadline", said)

"""Queries on their way: each runs once for all who ask for the same at that time.

Who came first gets the answer as it comes. Others wait until it is whole; if the first one leaves,
the next one gets what there is, and the rest as it comes. One that becomes too large to be held
goes to one alone, and the others have it run for themselves. What fails, fails for all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache

from kg.errors import Busy, Exceeded, KgError
from kg.serve.kept import MOST_OF_ONE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable

    from kg.workers import Job, Pool, Running

_MOST_AHEAD: Final = 65_536
"""Bytes that an answer which nobody shares may be ahead of its client."""
_MOST_LARGE: Final = 10_000
_NOT_TAKEN: Final = "The answer was not taken in the time that a query may take here."


class Flight:
    """One query that a worker answers, and what is there of its answer."""

    def __init__(self, job: Job, pool: Pool, *, is_shared: bool) -> None:
        self.job = job
        self._pool = pool
        self.leader: Seat | None = None
        """The place of the one who gets the answer as it comes."""
        self.running: Running | None = None
        self.rows: int | None = None
        self.error: Exception | None = None
        self.cut_by: KgError | None = None
        """Why the answer is less than all, if it is and says so itself."""
        self.is_over = False
        self.is_shared = is_shared
        """Whether all of the answer so far is held for whoever wants it."""
        self.is_large = False
        """Whether the answer is too large for that."""
        self.followers: list[Seat] = []
        """The places of the others, who came later."""
        self.ahead: deque[bytes] = deque()
        """Pieces that the one who leads has not taken."""
        self.landed: Callable[[], object] | None = None
        """What is called at the end."""
        self._size = 0
        """Bytes of those."""
        self._body = bytearray()
        self._changes: list[asyncio.Future[None]] = []

    def start(self, client: str, seconds: float | None, began: float) -> None:
        """Have the query answered, and hold what comes for those who wait."""
        try:
            running = self._pool.ask(self.job, client, self, seconds, began)
        except KgError as error:
            self._end(error.with_traceback(None))  # which knows this frame and what it holds
        else:
            self.running = running

    def take(self, piece: bytes) -> None:
        """Hold a piece for who waits, and have no more come while too much is held."""
        if self.is_shared:
            self._body += piece
            if len(self._body) > MOST_OF_ONE:
                self.is_shared, self.is_large = False, True
                self._body.clear()
        if self.leader:
            self.ahead.append(piece)
            self._size += len(piece)
            if self.is_full and self.running:
                self.running.hold()
        self.wake()

    def taken(self) -> bytes:
        """The next piece, taken by the one who leads."""
        piece = self.ahead.popleft()
        was_full = self.is_full
        self._size -= len(piece)
        if was_full and not self.is_full and self.running:
            self.running.go_on()
        return piece

    def left(self) -> None:
        """Let the one who leads leave, and the next one lead in its place if all is still held."""
        self.leader = None
        self.ahead.clear()
        if self.is_full and self.running:
            self.running.go_on()
        self._size = 0
        if self.followers and self.is_shared and not self.is_over:
            self.leader = self.followers.pop(0)
            self.leader.leads = True
            if self._body:
                self.ahead.append(bytes(self._body))
                self._size = len(self._body)

    @property
    def is_full(self) -> bool:
        """Whether no more comes before the one who came first has taken some."""
        return self._size > (MOST_OF_ONE if self.is_shared else _MOST_AHEAD)

    def ended(self, running: Running, error: Exception | None) -> None:
        """Know that no more will come, and why."""
        self.running = running
        self.rows = running.rows
        self.cut_by = running.error if running.is_cut else None
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        self.error = error
        self.is_over = True
        if self.landed:
            self.landed()
        if error and self.leader:
            self.leader.interrupt()
        self.wake()

    def give_up(self) -> None:
        """End the query, which nobody waits for."""
        self.is_shared = False  # who comes now would get a part of the answer
        if self.running and not self.is_over:
            self._pool.leave(self.running)
            self._end(None)

    @property
    def body(self) -> bytes | None:
        """The whole answer once it is there, if it was held."""
        is_whole = self.is_shared and self.is_over and not (self.error or self.cut_by)
        return bytes(self._body) if is_whole else None

    def is_deserted(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.leader is None and not self.followers

    async def changed(self) -> None:
        """Wait until there is more, or less, or somebody has left."""
        change = asyncio.get_running_loop().create_future()
        self._changes.append(change)
        await change

    def wake(self) -> None:
        """Let all who wait look again."""
        changes, self._changes = self._changes, []
        for change in changes:
            if not change.done():
                change.set_result(None)


class Seat:
    """The place of one client in a flight, who leads it or follows."""

    def __init__(self, flight: Flight, *, is_first: bool) -> None:
        self.flight = flight
        self.is_first = is_first
        """Whether the query was started for this client, and has its id."""
        self.leads = is_first
        self._is_empty = False
        self._sent_off: KgError | None = None
        self._within: asyncio.Timeout | None = None

    def __enter__(self) -> Seat:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Leave; the last to do so ends the flight."""
        if self._is_empty:
            return
        self._is_empty = True
        flight = self.flight
        if self.leads:
            flight.left()
        else:
            flight.followers.remove(self)
        flight.wake()
        if flight.is_deserted():
            flight.give_up()

    @contextlib.asynccontextmanager
    async def at_most(self, seconds: float) -> AsyncIterator[None]:
        """Give the client some seconds to take the answer, and none once the query has failed.

        Raises what the query failed with, ``Exceeded`` if the client took too long.
        """
        try:
            async with asyncio.timeout(seconds) as self._within:
                yield
        except TimeoutError:
            raise self.flight.error or Exceeded("deadline", _NOT_TAKEN) from None
        finally:
            self._within = None

    def interrupt(self) -> None:
        """Send no more to a client that does not take what there is."""
        if self._within and not self._within.expired():
            self._within.reschedule(asyncio.get_running_loop().time())

    def send_off(self, error: KgError) -> None:
        """Have the client told an error, and the flight go on for the others."""
        self._sent_off = error
        self.flight.wake()

    async def short(self) -> bytes | None:
        """The whole answer if its end comes with the first piece, else None.

        Raises as ``pieces`` does.
        """
        flight = self.flight
        while not (flight.is_over or flight.ahead):
            self._check()
            await flight.changed()
        self._check()
        if flight.error:
            raise flight.error
        is_whole = flight.is_over and not flight.cut_by
        return b"".join(flight.ahead) if is_whole else None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The answer as it comes, for the one who leads.

        Raises what the query fails with, and ``ConnectionError`` once the client has left.
        """
        flight = self.flight
        while True:
            self._check()
            if flight.ahead:
                yield flight.taken()
            elif not flight.is_over:
                await flight.changed()
            elif flight.error:
                raise flight.error
            else:
                return

    async def whole(self) -> bytes | None:
        """The whole answer; None if it is not to be shared, or this one leads now.

        Raises as ``pieces`` does.
        """
        flight = self.flight
        while flight.is_shared and not (flight.is_over or self.leads):
            self._check()
            await flight.changed()
        self._check()
        if self.leads or not flight.is_shared:
            return None
        if isinstance(flight.error, Busy):  # which is about who came first
            return None
        if error := flight.error or flight.cut_by:
            raise error
        return flight.body

    def _check(self) -> None:
        if self._is_empty:
            raise ConnectionError
        if self._sent_off:
            raise self._sent_off


class Flights:
    """The queries on their way, by what is asked."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[Hashable, Flight] = {}
        self._large: LRUCache[Hashable, None] = LRUCache(_MOST_LARGE)
        """What was too large to be shared, which nobody is to wait for again."""

    def join(self, what: Hashable | None) -> Seat | None:
        """A place in the flight that answers ``what``; None if there is none."""
        flight = self._known.get(what) if what is not None else None
        if flight is None or flight.is_over or not flight.is_shared:
            return None
        seat = Seat(flight, is_first=False)
        flight.followers.append(seat)
        if flight.running:
            flight.running.want()
        return seat

    def start(
        self, what: Hashable | None, job: Job, client: str, seconds: float | None, began: float
    ) -> Seat:
        """The first place in a new flight, which others can join by ``what``.

        Of its ``seconds`` those are gone that the client has waited for another one's answer, since
        ``began``.
        """
        is_shared = what is not None and what not in self._large and what not in self._known
        flight = Flight(job, self._pool, is_shared=is_shared)
        seat = flight.leader = Seat(flight, is_first=True)
        if is_shared:
            self._known[what] = flight
            flight.landed = partial(self._landed, what, flight)
        flight.start(client, seconds, began)
        return seat

    def _landed(self, what: Hashable, flight: Flight) -> None:
        """Let nobody join any more, and note what was too large."""
        del self._known[what]
        if flight.is_large:
            self._large[what] = None

    def cancel(self, running: Running) -> None:
        """Stop a query for the one who came first, and for all if nobody else waits for it."""
        for flight in self._known.values():
            leader = flight.leader
            if flight.job is running.job and leader and (flight.followers or not leader.is_first):
                if leader.is_first:
                    leader.send_off(Exceeded("cancelled", "The query was cancelled."))
                return
        self._pool.cancel(running)

"""The answer to a query on its way to one client: shared with others who ask it, or its own."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from kg.errors import Busy, Exceeded
from kg.serve.receiving import watched
from kg.serve.sending import MOST_AT_ONCE, headers_of

if TYPE_CHECKING:
    from kg.serve.deferred import Deferred
    from kg.serve.flights import Flight, Flights, Seat
    from kg.serve.kept import Answers, Wish
    from kg.serve.receiving import Receive
    from kg.serve.sending import Headers, Sending

_LATE: Final = 0.45
"""Seconds after its deadline in which the end of an answer is sent."""
_NO_PAGE: Final = (
    "The answer is too large for a page: ask for it as CSV or JSON, or for fewer rows with LIMIT."
)


class Reply:
    """What goes to one client, and is kept in ``answers`` if that has a use.

    ``headers`` are those of any run of the query.
    """

    def __init__(
        self,
        deferred: Deferred,
        headers: Headers,
        wish: Wish | None,
        answers: Answers,
        out: Sending,
    ) -> None:
        self._deferred = deferred
        self._headers = headers
        self._wish = wish
        self._answers = answers
        self._out = out

    async def send(self, flights: Flights, client: str, seconds: float, receive: Receive) -> Flight:
        """Send the answer within some seconds; the flight that brought it.

        Raises what the query failed with, and ``ConnectionError`` once the client has left.
        """
        deferred = self._deferred
        what = (deferred.tag, seconds) if deferred.tag and not self._out.is_head else None
        began = time.monotonic()
        while True:
            seat = flights.join(what) or flights.start(what, deferred.job, client, seconds, began)
            try:
                with seat, watched(receive, seat.leave):
                    if await self._is_sent(seat, began + seconds + _LATE):
                        return seat.flight
            except Busy:
                if seat.is_first or not self._out.is_untouched:
                    raise
                # else it is about who came first
            if not seat.flight.is_shared:
                what = None

    async def _is_sent(self, seat: Seat, deadline: float) -> bool:
        """Send what a flight brings; False, and nothing is sent, if one has to have one's own."""
        body = None
        if not seat.leads:
            body = await seat.whole()
            if body is None and not seat.leads:
                return False
        if body is None and not self._deferred.page and not self._out.is_head:
            body = await seat.short()
        if body is not None:
            await self._whole(seat, body)
            return True
        async with seat.at_most(deadline - time.monotonic()):
            await (self._page(seat) if self._deferred.page else self._pieces(seat))
        return True

    async def _whole(self, seat: Seat, body: bytes) -> None:
        """Send an answer that is there."""
        headers = [*self._headers]
        self._keep(seat, headers, body)
        self._about(seat, headers)
        await self._out.whole(headers, body)

    async def _pieces(self, seat: Seat) -> None:
        """Send an answer as it comes; one that is cut says so itself."""
        flight, out, headers = seat.flight, self._out, [*self._headers]
        async for piece in seat.pieces():
            if not out.has_started:
                self._about(seat, headers)
            await out.piece(headers, piece, is_last=flight.is_over and not flight.ahead)
        if not out.has_started:
            self._about(seat, headers)
        if flight.cut_by:
            self._deferred.cut[self._deferred.tag] = None
        elif (body := flight.body) is not None:
            self._keep(seat, headers, body)
        await out.end(headers, is_complete=not flight.cut_by)

    async def _page(self, seat: Seat) -> None:
        """Make a page of an answer and send it."""
        body = bytearray()
        async for piece in seat.pieces():
            body += piece
            if len(body) > MOST_AT_ONCE:
                raise Exceeded("size", _NO_PAGE)
        if seat.flight.cut_by:
            raise seat.flight.cut_by
        response = await asyncio.to_thread(self._deferred.paged, bytes(body))
        if self._wish and response.status_code == HTTPStatus.OK and not self._out.is_head:
            self._answers.keep(self._wish, headers_of(response), response.get_data(), None)
        await self._out.response(response)

    def _keep(self, seat: Seat, headers: Headers, body: bytes) -> None:
        if self._wish:
            job, rows = self._deferred.job, seat.flight.rows
            self._answers.keep(self._wish, headers, body, job, rows)

    def _about(self, seat: Seat, headers: Headers) -> None:
        """Add the headers that tell of how a query runs, for the client that it was started for."""
        running = seat.flight.running
        if running and seat.is_first and headers[-1][0] != b"server-timing":
            headers.append((b"x-kg-query-id", running.id.encode()))
            timing = f"queue;dur={running.waited * 1000:.1f}"
            headers.append((b"server-timing", timing.encode()))

"""The front: the one ASGI application that faces the network.

It answers ``/health`` and ``/running`` itself and hands everything else to Flask, in a bounded
number of threads. It reads bodies before it does so, up to the limit and within a time, so that a
client that sends slowly or not at all keeps no thread. A query that Flask defers is answered by a
worker, piece by piece, for as long as the client is there and reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from a2wsgi import WSGIMiddleware

from kg.errors import KgError, Refused
from kg.serve.awaited import Awaited
from kg.serve.clients import Clients
from kg.serve.context import KEY
from kg.serve.deferred import SCOPE_KEY, Handed
from kg.serve.express import Expresses
from kg.serve.flights import Flights
from kg.serve.kept import INTERNAL, MOST_OF_ONE, Answers
from kg.serve.malformed import malformed
from kg.serve.operations import Operations
from kg.serve.receiving import body_of, left, replay
from kg.serve.reply import Reply
from kg.serve.sending import Sending, problem
from kg.serve.warming import Warming
from kg.serve.writes import DeferredWrite

if TYPE_CHECKING:
    from collections.abc import Coroutine, MutableMapping

    from kg.serve.deferred import Deferred
    from kg.serve.express import Express
    from kg.serve.kept import Kept, Wish
    from kg.serve.receiving import Receive
    from kg.serve.sending import Headers, Send
    from kg.settings import Settings
    from kg.store import Current
    from kg.store.remote import CurrentOf
    from kg.workers import Pool
    from kg.writing import Writer

    Scope = MutableMapping[str, Any]

_BODY_SECONDS: Final = 30


class Front:
    """The ASGI application around a WSGI one (https://asgi.readthedocs.io/)."""

    def __init__(
        self,
        wsgi: Any,  # noqa: ANN401
        pool: Pool,
        current: Current | CurrentOf,
        settings: Settings,
        writer: Writer | None,
    ) -> None:
        self._flask = WSGIMiddleware(wsgi, workers=settings.threads)
        self._pool = pool
        self._current = current
        self._answers = Answers()
        self._warming = Warming(self._answers, wsgi.extensions[KEY].catalogue, settings.warm_up)
        self._flights = Flights(pool)
        self._expresses = Expresses(wsgi, current)
        self._operations = Operations(
            pool, current, settings.token, self._answers, self._flights.cancel
        )
        self._clients = Clients(settings.trusted_proxy)
        self._most_bytes = settings.max_query_bytes
        self._writer = writer
        self._cut = wsgi.extensions[KEY].cut
        self._checksums = wsgi.extensions[KEY].checksums
        self._most_written = settings.max_upload_bytes
        seconds, memory = pool.limits.seconds, pool.limits.memory // 1_000_000
        self._limits = [(b"x-kg-limits", f"deadline={seconds:g}s, memory={memory}MB".encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's request, or the start and the end of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        wish = self._answers.wish(scope, self._current.names())
        kept = self._answers.find(wish) if wish else None
        if wish and kept:
            await self._send_again(kept, wish.if_none_match, scope, send)
        elif INTERNAL in scope:
            await self._make(scope, wish, receive, send)
        else:
            self._warming.came()
            try:
                await self._make(scope, wish, receive, send)
            finally:
                self._warming.went()

    async def _make(self, scope: Scope, wish: Wish | None, receive: Receive, send: Send) -> None:
        """Make an answer."""
        express = self._expresses.of(scope, wish) if wish else None
        decided = self._expresses.decided(express, scope) if express else None
        if decided:
            self._operations.missed(wish)
            await self._carry_out(*decided, wish, scope, receive, send)
        elif refusal := malformed(scope):
            await problem(send, *refusal)
        elif not await self._operations.answered(scope, send):
            self._operations.missed(wish)
            await self._hand_on(scope, wish, express, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Begin what is done ahead with the process, and end all with it."""
        await receive()
        self._checksums.start(self._pool)
        self._warming.start(lambda: self._current.names()[0], self)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._writer:
            await self._writer.close()
        await self._warming.stop()
        await self._checksums.stop()
        await self._pool.close()
        self._operations.look()
        await send({"type": "lifespan.shutdown.complete"})

    async def _send_again(
        self, kept: Kept, if_none_match: bytes | None, scope: Scope, send: Send
    ) -> None:
        """Send an answer that is kept."""
        sent = await kept.send(send, if_none_match, self._cut)
        if INTERNAL not in scope:
            self._operations.sent_again(kept, sent)
            self._warming.noticed()

    async def _hand_on(
        self,
        scope: Scope,
        wish: Wish | None,
        express: Express | None,
        receive: Receive,
        send: Send,
    ) -> None:
        """Read the body, let Flask answer, and carry out what it defers."""
        names = {name for name, _ in scope["headers"]}
        body = b""
        length = 0
        has_none = scope["http_version"].startswith("1") and not (
            names & {b"content-length", b"transfer-encoding"}
        )
        if not has_none:
            try:
                async with asyncio.timeout(_BODY_SECONDS):
                    body, length = await body_of(receive, self._most_of(scope))
            except TimeoutError:
                await problem(send, HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time.")
                return
            except ConnectionError:
                with contextlib.suppress(Exception):  # nobody may be there to be told
                    await problem(send, HTTPStatus.BAD_REQUEST, "The body broke off.")
                return
        own = [h for h in scope["headers"] if h[0] not in (b"content-length", b"transfer-encoding")]
        handed = Handed()
        response = Response(handed, send)
        asked = {
            **scope,
            "headers": [*own, (b"content-length", str(length).encode())],
            SCOPE_KEY: handed,
        }
        await self._flask(asked, replay(body, receive), response.send)  # type: ignore[arg-type]
        work, handed.work = handed.work, None  # which knows the scope: they would hold each other
        if work is None:
            if wish and response.is_kept:
                self._answers.keep(wish, response.headers, bytes(response.body), None)
        elif isinstance(work, DeferredWrite):
            await self._write(work, len(body), send)
        elif isinstance(work, Awaited):
            await self._while_there(receive, self._await(work, scope, send))
        else:
            headers = [h for h in response.headers if h[0] != b"content-length"] + self._limits
            if express:
                self._expresses.learn(express, work, headers)
            wish = wish if work.tag or handed.is_lasting else None
            await self._carry_out(work, headers, wish, scope, receive, send)

    def _most_of(self, scope: Scope) -> int:
        """The most bytes that a body may have: more of one that may change data."""
        may_write = self._writer and scope["method"] in ("POST", "PUT")
        most = self._most_written if may_write and self._operations.may_all(scope) else 0
        return max(most, self._most_bytes)

    async def _write(self, deferred: DeferredWrite, size: int, send: Send) -> None:
        """Have a change made, even if the client leaves meanwhile, and say what came of it."""
        out = Sending(send, is_whole=True, is_head=False)
        began = time.monotonic()
        error: BaseException | None = None
        try:
            if self._writer is None:
                raise Refused("Nothing can be changed here.")
            was_made = await self._writer.write(deferred.order, self._pool.limits.seconds)
            response = await asyncio.to_thread(deferred.written, was_made)
        except KgError as known:
            error = known.with_traceback(None)  # which knows this frame and what it holds
            response = await asyncio.to_thread(deferred.failed, known)
        self._operations.wrote(deferred.order, size, time.monotonic() - began, error)
        with contextlib.suppress(ConnectionError):
            await out.response(response)

    async def _await(self, awaited: Awaited, scope: Scope, send: Send) -> None:
        """Send what is made of something that is waited for."""
        out = Sending(send, is_whole=True, is_head=scope["method"] == "HEAD")
        try:
            found = await awaited.find()
            response = await asyncio.to_thread(awaited.found, found)
        except KgError as known:
            response = await asyncio.to_thread(awaited.failed, known.with_traceback(None))
        with contextlib.suppress(ConnectionError):  # who takes nothing has left
            await out.response(response)

    async def _while_there(self, receive: Receive, work: Coroutine[Any, Any, None]) -> None:
        """Do some work, and give it up when the client leaves."""
        working = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(left(receive))
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                await working
        finally:
            for task in (working, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def _carry_out(
        self,
        deferred: Deferred,
        headers: Headers,
        wish: Wish | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Have a worker answer, or somebody who asks for the same share the answer, and send it."""
        kept = self._answers.of_tag(deferred.tag, headers) if scope["method"] != "HEAD" else None
        if kept and kept.job:
            self._answers.keep_for(wish, kept)
            await self._send_again(kept, None, scope, send)
            return
        self._pool.settle_on(deferred.current)
        out = Sending(send, scope["http_version"] in ("1", "1.0"), scope["method"] == "HEAD")
        reply = Reply(deferred, headers, wish, self._answers, out)
        client, most = self._clients.name(scope), self._most_seconds(deferred, scope)
        began = time.monotonic()
        error: BaseException | None = ConnectionError()
        rows = None
        try:
            flight = await reply.send(self._flights, client, most, receive)
            error, rows = flight.cut_by, flight.rows
        except KgError as known:
            error = known.with_traceback(None)  # which knows this frame and what it holds
            if not out.has_started:
                with contextlib.suppress(ConnectionError):
                    await out.response(await asyncio.to_thread(deferred.failed, known))
            # else the connection ends without its last chunk, so that the client sees it
        except ConnectionError:
            pass  # who takes nothing has left
        finally:
            if INTERNAL not in scope:
                seconds = time.monotonic() - began
                self._operations.finished(deferred.job, seconds, out.sent, rows, error)

    def _most_seconds(self, deferred: Deferred, scope: Scope) -> float:
        """How long a query may take: what is asked for, more than others only for the operator."""
        most = self._pool.limits.seconds
        seconds = deferred.seconds or most
        return seconds if seconds <= most or self._operations.may_all(scope) else most


class Response:
    """What Flask sends: passed on, but for what stands in for work that is yet to be done."""

    def __init__(self, handed: Handed, send: Send) -> None:
        self._handed = handed
        self._send = send
        self.headers: Headers = []
        self.body = bytearray()
        self.is_kept = False
        """Whether it is whole, and the same for whoever asks for it so."""

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Note a message, and pass it on if it is the client's."""
        if message["type"] == "http.response.start":
            self.headers = [*message["headers"]]
            self.is_kept = self._handed.is_lasting and message["status"] == HTTPStatus.OK
        elif self.is_kept:
            self.body += message.get("body", b"")
            self.is_kept = len(self.body) <= MOST_OF_ONE
        if self._handed.work is None:
            await self._send(message)

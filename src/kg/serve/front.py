"""The front: the one ASGI application that faces the network.

It answers ``/health`` and ``/running`` itself and hands everything else to Flask, in a bounded
number of threads. It reads bodies before it does so, up to the limit and within a time, so that a
client that sends slowly or not at all keeps no thread. A query that Flask defers is answered by a
worker, piece by piece, for as long as the client is there and reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import signal
import socket
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from a2wsgi import WSGIMiddleware
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from kg.errors import BadInput, Exceeded, KgError
from kg.queries import Catalogue
from kg.serve.app import create_app
from kg.serve.deferred import SCOPE_KEY, Deferred
from kg.store import Current, Versions
from kg.workers import Limits, Pool, end_with_parent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, MutableMapping

    from werkzeug.wrappers import Response

    from kg.project import Project
    from kg.settings import Settings

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BODY_SECONDS: Final = 30
_LAST_SECONDS: Final = 10
_SENDING_SECONDS: Final = 10
_MOST_OF_PAGE: Final = 5_000_000
_HEALTHY: Final = b'{"status": "ok"}\n'


class Front:
    """The ASGI application around a WSGI one (https://asgi.readthedocs.io/)."""

    def __init__(self, wsgi: Any, pool: Pool, threads: int, most_bytes: int) -> None:  # noqa: ANN401
        self._flask = WSGIMiddleware(wsgi, workers=threads)
        self._pool = pool
        self._most_bytes = most_bytes
        seconds, memory = pool.limits.seconds, pool.limits.memory // 1_000_000
        self._limits = [(b"x-kg-limits", f"deadline={seconds:g}s, memory={memory}MB".encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's request, or the start and the end of the process."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            await self._pool.close()
        elif scope["type"] == "http" and scope["path"] == "/health":
            await _health(scope, send)
        elif scope["type"] == "http" and scope["path"].startswith("/running/"):
            await self._cancel(scope, send)
        else:
            await self._hand_on(scope, receive, send)

    async def _cancel(self, scope: Scope, send: Send) -> None:
        """Stop a query for whoever knows its id, which is not to be guessed."""
        running = self._pool.running.get(scope["path"].removeprefix("/running/"))
        if scope["method"] != "DELETE":
            await _empty(send, HTTPStatus.METHOD_NOT_ALLOWED, (b"allow", b"DELETE"))
        elif running is None:
            await _refuse(send, HTTPStatus.NOT_FOUND, "No query with this id is running.")
        else:
            self._pool.cancel(running)
            await _empty(send, HTTPStatus.NO_CONTENT)

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, let Flask answer, and carry out what it defers."""
        names = {name for name, _ in scope["headers"]}
        body = b""
        length = 0
        if names & {b"content-length", b"transfer-encoding"}:
            try:
                async with asyncio.timeout(_BODY_SECONDS):
                    body, length = await _body(receive, self._most_bytes)
            except TimeoutError:
                await _refuse(send, HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time.")
                return
            except ConnectionError:
                return
        kept = [
            h for h in scope["headers"] if h[0] not in (b"content-length", b"transfer-encoding")
        ]
        deferred: list[Deferred] = []
        headers: list[tuple[bytes, bytes]] = []

        async def sent(message: MutableMapping[str, Any]) -> None:
            if not deferred:
                await send(message)
            elif message["type"] == "http.response.start":
                headers.extend(h for h in message["headers"] if h[0] != b"content-length")

        handed = {
            **scope,
            "headers": [*kept, (b"content-length", str(length).encode())],
            SCOPE_KEY: deferred,
        }
        await self._flask(handed, _replay(body, receive), sent)  # type: ignore[arg-type]
        if deferred:
            await self._while_there(receive, self._carry_out(deferred[0], headers, scope, send))

    async def _while_there(self, receive: Receive, work: Coroutine[Any, Any, None]) -> None:
        """Do some work, and give it up when the client leaves."""
        working = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(_left(receive))
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
        self, deferred: Deferred, headers: list[tuple[bytes, bytes]], scope: Scope, send: Send
    ) -> None:
        """Have a worker answer, and send what it says."""
        out = _Sending(send, scope["http_version"] in ("1", "1.0"), scope["method"] == "HEAD")
        client = client_of(scope)
        self._pool.settle_on(deferred.current)
        headers += self._limits
        try:
            async with self._pool.answer(deferred.job, client, deferred.seconds) as running:
                headers.append((b"x-kg-query-id", running.id.encode()))
                timing = f"queue;dur={running.waited * 1000:.1f}"
                headers.append((b"server-timing", timing.encode()))
                if deferred.page:
                    body = bytearray()
                    async for piece in running.pieces():
                        body += piece
                        if len(body) > _MOST_OF_PAGE:
                            raise Exceeded("size", _NO_PAGE)
                    page = await asyncio.to_thread(deferred.paged, bytes(body))
                    await out.response(page)
                    return
                async for piece in running.pieces():
                    await out.piece(headers, piece)
                await out.end(headers)
        except KgError as error:
            if out.has_started:
                return  # the connection ends without its last chunk, so that the client sees it
            await out.response(await asyncio.to_thread(deferred.failed, error))


_NO_PAGE: Final = (
    "The answer is too large for a page: ask for it as CSV or JSON, or for fewer rows with LIMIT."
)


class _Sending:
    """An answer on its way: one piece is held back, so that a short one has its length.

    A client that takes nothing for ``_SENDING_SECONDS`` is given up. HTTP/1.0 has no chunks by
    which it could tell an answer that was cut, so to it goes the whole or nothing.
    """

    def __init__(self, send: Send, is_whole: bool, is_head: bool) -> None:
        self._send = send
        self._is_whole = is_whole
        self._is_head = is_head
        self._held = b""
        self.has_started = False

    async def piece(self, headers: list[tuple[bytes, bytes]], piece: bytes) -> None:
        """Send a piece of the answer."""
        if self._is_whole:
            self._held += piece
            if len(self._held) > _MOST_OF_PAGE:
                raise Exceeded("size", _NO_CHUNKS)
            return
        if self._held or self.has_started:
            await self._start(200, headers)
            await self._pass_on(self._held + piece, more=True)
            self._held = b""
        else:
            self._held = piece

    async def end(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Send what is left, and that this is all."""
        if not self.has_started and not self._is_head:
            headers.append((b"content-length", str(len(self._held)).encode()))
        await self._start(200, headers)
        await self._pass_on(self._held, more=False)

    async def response(self, response: Response) -> None:
        """Send a response that is whole."""
        body = response.get_data()
        headers = [(n.lower().encode(), v.encode("latin-1")) for n, v in response.headers]
        await self._start(response.status_code, headers)
        await self._pass_on(b"" if self._is_head else body, more=False)

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        if not self.has_started:
            self.has_started = True
            await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _pass_on(self, body: bytes, *, more: bool) -> None:
        async with asyncio.timeout(_SENDING_SECONDS):
            await self._send({"type": "http.response.body", "body": body, "more_body": more})


_NO_CHUNKS: Final = "The answer is too large for HTTP/1.0, which cannot tell whether it is whole."


def client_of(scope: Scope) -> str:
    """Who asks, as far as an address tells: of IPv6 the network of 64 bits."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive, most: int) -> tuple[bytes, int]:
    """The whole body and its length; of one beyond ``most`` bytes nothing but that it is.

    Raises ``ConnectionError`` if the client leaves.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        body += message.get("body", b"")
        if len(body) > most:
            return b"", len(body)
        if not message.get("more_body", False):
            return bytes(body), len(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """``receive`` again, as if nothing had been read; a coroutine function, as a2wsgi needs it."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return received


def run(
    project: Project, versions: Versions, settings: Settings, started: Callable[[], None]
) -> None:
    """Serve until interrupted; a worker process that dies is started again.

    ``started`` is called once the server listens. Raises ``BadInput`` if it cannot listen on the
    address and port of ``settings``.
    """
    address = _address(settings.host, settings.port)
    server = Granian(
        "kg.serve.front",
        address=address,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        # an answer under way when the loop stops waits for it forever, and the process with it
        workers_kill_timeout=_LAST_SECONDS,
    )
    server.on_startup(started)
    loader = partial(_load, project, versions, settings)
    server.serve(target_loader=loader, wrap_loader=False)


def _load(
    project: Project, versions: Versions, settings: Settings, *_: object, **__: object
) -> Front:
    """Make the application, inside the worker process."""
    end_with_parent(signal.SIGTERM)
    catalogue = Catalogue.read(project.query_files(), project.shown)
    app = create_app(Current(versions), catalogue, settings)
    limits = Limits(
        fast=settings.fast_slots,
        slow=settings.slow_slots,
        queue=settings.queue,
        seconds=settings.deadline,
        memory=settings.query_memory * 1_000_000,
    )
    pool = Pool(versions.root, limits)
    return Front(app, pool, settings.threads, settings.max_query_bytes)


def _address(host: str, port: int) -> str:
    """The numeric address of ``host``, refused if it is not ours or another process has the port.

    Granian listens with SO_REUSEPORT, so that a second server would take every other request.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise BadInput(
            f"The server cannot listen on {host}, port {port}: {said}. "
            "Choose another with --host or --port."
        ) from None
    return str(address[0])


async def _refuse(send: Send, status: HTTPStatus, detail: str) -> None:
    """Answer with a problem (RFC 9457)."""
    problem = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    body = f"{json.dumps(problem)}\n".encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _empty(send: Send, status: HTTPStatus, *headers: tuple[bytes, bytes]) -> None:
    length = (b"content-length", b"0")
    kept = [*headers] if status == HTTPStatus.NO_CONTENT else [length, *headers]
    await send({"type": "http.response.start", "status": status.value, "headers": kept})
    await send({"type": "http.response.body", "body": b""})


async def _health(scope: Scope, send: Send) -> None:
    method = scope["method"]
    allowed = method in ("GET", "HEAD")
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(_HEALTHY)).encode() if allowed else b"0"),
        (b"cache-control", b"no-store"),
    ]
    if not allowed:
        headers.append((b"allow", b"GET, HEAD"))
    await send(
        {"type": "http.response.start", "status": 200 if allowed else 405, "headers": headers}
    )
    await send({"type": "http.response.body", "body": _HEALTHY if method == "GET" else b""})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return

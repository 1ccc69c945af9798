"""The front: the one ASGI application that faces the network.

It answers ``/health`` itself and hands everything else to Flask, in a bounded number of threads. It
reads bodies before it does so, up to the limit and within a time, so that a client that sends
slowly or not at all keeps no thread.
"""

from __future__ import annotations

import asyncio
import ctypes
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

from kg.errors import BadInput
from kg.queries import Catalogue
from kg.serve.app import create_app
from kg.store import Current, Versions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from kg.project import Project
    from kg.settings import Settings

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BODY_SECONDS: Final = 30
_LAST_SECONDS: Final = 10
_PR_SET_PDEATHSIG: Final = 1
_HEALTHY: Final = b'{"status": "ok"}\n'


class Front:
    """The ASGI application around a WSGI one (https://asgi.readthedocs.io/)."""

    def __init__(self, wsgi: Any, threads: int, most_bytes: int) -> None:  # noqa: ANN401
        self._flask = WSGIMiddleware(wsgi, workers=threads)
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's request, or the start and the end of the process."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/health":
            await _health(scope, send)
        else:
            await self._hand_on(scope, receive, send)

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, then let Flask answer."""
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
        scope = {**scope, "headers": [*kept, (b"content-length", str(length).encode())]}
        await self._flask(scope, _replay(body, receive), send)  # type: ignore[arg-type]


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
    _end_with_parent()
    catalogue = Catalogue.read(project.query_files(), project.shown)
    app = create_app(Current(versions), catalogue, settings)
    return Front(app, settings.threads, settings.max_query_bytes)


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


def _end_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it ends (Linux: prctl(2))."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


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

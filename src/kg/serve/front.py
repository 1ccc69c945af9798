"""The front: the one ASGI application that faces the network.

It answers ``/health`` itself and hands everything else to Flask, in a bounded number of threads.
"""

from __future__ import annotations

import socket
from functools import partial
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

_HEALTHY: Final = b'{"status": "ok"}\n'


class Front:
    """The ASGI application around a WSGI one (https://asgi.readthedocs.io/)."""

    def __init__(self, wsgi: Any, threads: int) -> None:  # noqa: ANN401
        self._flask = WSGIMiddleware(wsgi, workers=threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's request, or the start and the end of the process."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/health":
            await _health(scope, send)
        else:
            await self._flask(scope, _as_coroutine(receive), send)  # type: ignore[arg-type]


def run(
    project: Project, versions: Versions, settings: Settings, started: Callable[[], None]
) -> None:
    """Serve until interrupted; a worker process that dies is started again.

    ``started`` is called once the server listens. Raises ``BadInput`` if it cannot listen on the
    address and port of ``settings``.
    """
    _check_free(settings.host, settings.port)
    server = Granian(
        "kg.serve.front",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
    )
    server.on_startup(started)
    loader = partial(_load, project, versions, settings)
    server.serve(target_loader=loader, wrap_loader=False)


def _load(
    project: Project, versions: Versions, settings: Settings, *_: object, **__: object
) -> Front:
    """Make the application, inside the worker process."""
    catalogue = Catalogue.read(project.query_files())
    return Front(create_app(Current(versions), catalogue, settings), settings.threads)


def _as_coroutine(receive: Receive) -> Receive:
    """``receive`` as a coroutine function: granian's gives a future, which a2wsgi refuses."""

    async def received() -> MutableMapping[str, Any]:
        return await receive()

    return received


def _check_free(host: str, port: int) -> None:
    """Refuse an address that is not ours and a port that another process has.

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

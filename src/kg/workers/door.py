"""The one way out of the workers' network: an HTTP server of ours that listens inside of it.

A socket stays in the network in which it was made. The spawner of the workers that may call
services makes this one in theirs and hands it over, so that they reach it at their own 127.0.0.1
and nobody else does. Each query has addresses of its own there, one for each service that it calls
and with a secret in it, for as long as it runs. What is sent to one goes on to the service.
"""

from __future__ import annotations

import http.server
import secrets
import socket
import sys
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from kg.errors import BadQuery, KgError, ServiceError, StoreError
from kg.services import calls
from kg.workers.outside import Errand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kg.services import Services

    _Answer = tuple[HTTPStatus, str, bytes | bytearray]

_MOST_AT_ONCE: Final = 64
_MOST_BYTES: Final = 10_000_000
_TEXT: Final = "text/plain; charset=utf-8"


class Permit:
    """What lets a query reach the services that it calls: an address behind the door for each."""

    def __init__(
        self,
        errand: Errand,
        addresses: dict[str, str],
        may_fail: set[str],
        failed: Callable[[ServiceError], None],
    ) -> None:
        self.errand = errand
        self.addresses = addresses
        self.failure: ServiceError | None = None
        """What a service failed of, if it is not one of those that may fail, or too many calls.

        Engines take it for false in EXISTS, and so would answer with less than there is.
        """
        self._may_fail = may_fail
        self._failed = failed

    def ask(self, service: str, query: bytes) -> _Answer:
        """Ask a service what a worker asks at its address; what the worker is answered."""
        try:
            media_type, body = self.errand.ask(service, self._restored(query))
        except ServiceError as error:
            if service not in self._may_fail or self.errand.is_exhausted:
                self.failure = error
                self._failed(error)
            return HTTPStatus.BAD_GATEWAY, _TEXT, str(error).encode()
        return HTTPStatus.OK, media_type, body

    def explained(self, error: KgError) -> KgError:
        """What a query failed of, if a worker says ``error``: of a service, or of itself."""
        if not self.errand.calls or (isinstance(error, BadQuery) and error.line is not None):
            return error
        said = self._restored(str(error).encode()).decode()
        return self.failure or ServiceError(f"What a service answered cannot be read: {said}")

    def _restored(self, text: bytes) -> bytes:
        """A text with the services themselves: one may be asked to call another."""
        for service, address in self.addresses.items():
            text = text.replace(address.encode(), service.encode())
        return text


class Door:
    """The server inside the workers' network, and the queries that may pass."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._server: _Server | None = None
        self._permits: dict[str, tuple[str, Permit]] = {}

    @property
    def is_open(self) -> bool:
        """Whether workers can reach it."""
        return self._server is not None

    def open(self, listener: socket.socket) -> None:
        """Serve those who connect to a socket that listens."""
        self._server = _Server(listener, self._answer)
        threading.Thread(target=self._server.serve, daemon=True).start()

    def close(self) -> None:
        """Serve nobody any more."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def let(
        self,
        services: Sequence[str],
        text: str,
        seconds: float,
        failed: Callable[[ServiceError], None],
    ) -> Permit:
        """Let a query reach the services that its text calls, for some seconds.

        ``failed`` is told, in another thread, if one fails that is not only called silently, or at
        one call too many. Raises ``StoreError`` if the door was closed meanwhile, with the workers
        behind it.
        """
        if self._server is None:
            raise StoreError("The process that answers has ended: try again.")
        host, port = self._server.socket.getsockname()
        paths = {service: f"/{secrets.token_urlsafe(16)}" for service in services}
        addresses = {service: f"http://{host}:{port}{path}" for service, path in paths.items()}
        may_fail = {*services} - {call.service for call in calls(text) if not call.is_silent}
        permit = Permit(Errand(self._services, seconds), addresses, may_fail, failed)
        for service, path in paths.items():
            self._permits[path] = service, permit
        return permit

    def end(self, permit: Permit) -> None:
        """Let a query reach nothing any more, and give up what it asked."""
        permit.errand.give_up()
        for path in [path for path, (_, one) in self._permits.items() if one is permit]:
            del self._permits[path]

    def _answer(self, path: str, query: bytes) -> _Answer:
        service, permit = self._permits.get(path, ("", None))
        if permit is None:
            return HTTPStatus.NOT_FOUND, _TEXT, b"There is no service here."
        return permit.ask(service, query)


class _Server(http.server.ThreadingHTTPServer):
    """A server on a socket that listens already, with a bounded number of threads."""

    def __init__(self, listener: socket.socket, answer: Callable[[str, bytes], _Answer]) -> None:
        super().__init__(("", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.answer = answer
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._is_over = False

    def serve(self) -> None:
        """Serve until it is stopped."""
        while not self._is_over:
            self.handle_request()
        self.server_close()

    def stop(self) -> None:
        """Have ``serve`` return."""
        self._is_over = True
        self.socket.shutdown(socket.SHUT_RDWR)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ANN401, ARG002
        """Whether there is a thread for one more."""
        return self._free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve one connection, in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Print what went wrong, unless it is that the worker was ended."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    """One request of a worker."""

    server: _Server

    def do_POST(self) -> None:
        """Answer what a worker asks of a service."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        status, media_type, body = self.server.answer(self.path, self.rfile.read(int(length)))
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing: the query has its line in the log."""

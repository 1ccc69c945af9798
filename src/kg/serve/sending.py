"""What goes back to a client over ASGI: whole responses, and answers piece by piece."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from kg.errors import Exceeded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from werkzeug.wrappers import Response

    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    Headers = list[tuple[bytes, bytes]]

MOST_AT_ONCE: Final = 5_000_000
"""Bytes that an answer may have which is sent at once: a page, or one for HTTP/1.0."""
_SECONDS: Final = 10
_NO_CHUNKS: Final = "The answer is too large for HTTP/1.0, which cannot tell whether it is whole."


class Sending:
    """An answer on its way: the only piece is held back, so that a short one has its length.

    A client that takes nothing for ``_SECONDS`` raises ``ConnectionError``. HTTP/1.0 has no chunks
    by which it could tell an answer that was cut, so to it goes the whole or nothing.
    """

    def __init__(self, send: Send, is_whole: bool, is_head: bool) -> None:
        self._send = send
        self._is_whole = is_whole
        self.is_head = is_head
        self._held = b""
        self.has_started = False
        self.sent = 0
        """Bytes that the client has taken, or that are on their way to it."""

    @property
    def is_untouched(self) -> bool:
        """Whether it was given nothing to send."""
        return not (self.has_started or self._held)

    async def piece(self, headers: Headers, piece: bytes, *, is_last: bool) -> None:
        """Send a piece of the answer, of which it is known whether it is the last one."""
        if self._is_whole:
            self._held += piece
            if len(self._held) > MOST_AT_ONCE:
                raise Exceeded("size", _NO_CHUNKS)
            return
        if is_last and not self.has_started:
            self._held = piece
            return
        await self._start(200, headers)
        await self._pass_on(piece, more=True)

    async def end(self, headers: Headers, *, is_complete: bool = True) -> None:
        """Send what is left, and that this is all; or all that there is of a cut answer."""
        if not self.has_started and not self.is_head:
            headers.append((b"content-length", str(len(self._held)).encode()))
            headers.append((b"x-kg-complete", b"true" if is_complete else b"false"))
        await self._start(200, headers)
        await self._pass_on(b"" if self.is_head else self._held, more=False)

    async def whole(self, headers: Headers, body: bytes) -> None:
        """Send an answer that is whole and short enough for the server to hold it."""
        headers.append((b"content-length", str(len(body)).encode()))
        headers.append((b"x-kg-complete", b"true"))
        await self._start(200, headers)
        await self._send({"type": "http.response.body", "body": body})
        self.sent += len(body)

    async def head(self, status: int, headers: Headers) -> None:
        """Send a status and headers, and no body."""
        await self._start(status, headers)
        await self._pass_on(b"", more=False)

    async def response(self, response: Response) -> None:
        """Send a response that is whole."""
        body = response.get_data()
        await self._start(response.status_code, headers_of(response))
        await self._pass_on(b"" if self.is_head else body, more=False)

    async def _start(self, status: int, headers: Headers) -> None:
        if not self.has_started:
            self.has_started = True
            await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _pass_on(self, body: bytes, *, more: bool) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                await self._send({"type": "http.response.body", "body": body, "more_body": more})
        except TimeoutError:
            raise ConnectionError("the client takes nothing") from None
        self.sent += len(body)


def headers_of(response: Response) -> Headers:
    """The headers of a response as ASGI has them."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers]


async def plain(
    send: Send,
    body: bytes,
    media_type: str,
    status: HTTPStatus = HTTPStatus.OK,
    *headers: tuple[bytes, bytes],
    is_head: bool = False,
) -> None:
    """Send a response that is whole and never to be stored; for HEAD without its body."""
    own = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    start = {"type": "http.response.start", "status": status.value, "headers": [*own, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": b"" if is_head else body})


async def problem(
    send: Send, status: HTTPStatus, detail: str, *headers: tuple[bytes, bytes]
) -> None:
    """Send an error as RFC 9457 has it."""
    facts = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    body = f"{json.dumps(facts)}\n".encode()
    await plain(send, body, "application/problem+json", status, *headers)

"""What comes from a client over ASGI: its body, and that it leaves."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_SOON: Final = 0.05
"""Seconds within which most answers are there, so that nobody need look whether who asks left."""


async def left(receive: Receive) -> None:
    """Wait until the client leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass


@contextlib.contextmanager
def watched(receive: Receive, gone: Callable[[], None]) -> Iterator[None]:
    """Call ``gone`` if the client leaves before the block ends."""
    watching: list[asyncio.Future[None]] = []

    def watch() -> None:
        watching.append(asyncio.ensure_future(left(receive)))
        watching[0].add_done_callback(lambda done: None if done.cancelled() else gone())

    timer = asyncio.get_running_loop().call_later(_SOON, watch)
    try:
        yield
    finally:
        timer.cancel()
        for future in watching:
            future.cancel()


async def body_of(receive: Receive, most: int) -> tuple[bytes, int]:
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


def replay(body: bytes, receive: Receive) -> Receive:
    """``receive`` again, as if nothing had been read; a coroutine function, as a2wsgi needs it."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return received

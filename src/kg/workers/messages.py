"""The messages of one worker as they come to the server, a few at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, cast

from kg.workers import frames

_MOST_WAITING: Final = 4 * 65_536
"""Bytes that may wait to be taken before no more is read, and the worker waits in its turn."""
_ROOM: Final = 65_536
"""Bytes that are read at once."""


class Messages(asyncio.BufferedProtocol):
    """One end of the connection: sends what it is given, and takes apart what comes.

    A protocol and no stream, since most answers are one read of a few messages.
    """

    def __init__(self) -> None:
        self.is_over = False
        """Whether the other side has closed."""
        self._transport: asyncio.Transport | None = None
        self._room = bytearray(_ROOM)
        self._left = bytearray()
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._size = 0
        self._is_paused = False
        self._there: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know where to send."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        """Tell who waits that no more will come."""
        self.is_over = True
        self._wake()

    def get_buffer(self, _: int) -> bytearray:
        """Where to read to: the same each time, since to make room takes longer than to read."""
        return self._room

    def buffer_updated(self, size: int) -> None:
        """Take apart what has come, which may end within a message."""
        data = self._left + self._room[:size]
        at, head = 0, frames.HEADER.size
        while len(data) - at >= head:
            size, kind = frames.HEADER.unpack_from(data, at)
            if len(data) - at - head < size:
                break
            self._waiting.append((kind, bytes(data[at + head : at + head + size])))
            self._size += size
            at += head + size
        self._left = data[at:]
        if self._size + len(self._left) > _MOST_WAITING and self._waiting and self._transport:
            self._is_paused = True
            self._transport.pause_reading()
        if self._waiting:
            self._wake()

    async def next(self) -> tuple[bytes, bytes]:
        """The kind and the payload of the next message. Raises ``ConnectionError`` at the end."""
        while not self._waiting:
            if self.is_over:
                raise ConnectionError
            self._there = asyncio.get_running_loop().create_future()
            await self._there
        kind, payload = self._waiting.popleft()
        self._size -= len(payload)
        if self._is_paused and not self._waiting and self._transport:
            self._is_paused = False
            self._transport.resume_reading()
        return kind, payload

    def send(self, message: bytes) -> None:
        """Send a message."""
        if self._transport is not None:
            self._transport.write(message)

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def _wake(self) -> None:
        if self._there is not None and not self._there.done():
            self._there.set_result(None)

"""The messages of one worker as they come to the server, a few at a time."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from kg.workers import frames

_ROOM: Final = 65_536
"""Bytes that are read at once."""


class Listener(Protocol):
    """Who is told of what comes."""

    def came(self, kind: bytes, payload: bytes) -> None:
        """Hear a message."""

    def lost(self) -> None:
        """Know that no more will come."""


class Messages(asyncio.BufferedProtocol):
    """One end of the connection: sends what it is given, and takes apart what comes.

    A protocol and no stream, since most answers are one read of a few messages.
    """

    def __init__(self, listener: Listener) -> None:
        self.is_over = False
        """Whether the other side has closed."""
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._room = bytearray(_ROOM)
        self._left = b""
        self._is_held = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know where to send."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        """Tell who listens that no more will come."""
        self.is_over = True
        self._listener.lost()

    def get_buffer(self, _: int) -> bytearray:
        """Where to read to: the same each time, since to make room takes longer than to read."""
        return self._room

    def buffer_updated(self, size: int) -> None:
        """Take apart what has come, which may end within a message."""
        data = self._left + self._room[:size]
        at, head = 0, frames.HEADER.size
        while len(data) - at >= head:
            length, kind = frames.HEADER.unpack_from(data, at)
            end = at + head + length
            if len(data) < end:
                break
            self._listener.came(kind, data[at + head : end])
            at = end
        self._left = data[at:]

    def send(self, message: bytes) -> None:
        """Send a message."""
        if self._transport is not None:
            self._transport.write(message)

    def hold(self) -> None:
        """Read no more, so that the worker waits in its turn."""
        if self._transport is not None and not self._is_held and not self.is_over:
            self._is_held = True
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        if self._transport is not None and self._is_held and not self.is_over:
            self._is_held = False
            self._transport.resume_reading()

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

"""An answer on its way from a worker to the server, which may end it before it is whole."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from kg.encodings import Encoder
from kg.workers import frames
from kg.workers.rows import Count, Rows

if TYPE_CHECKING:
    import socket

    from kg.errors import KgError

_PIECE: Final = 65_536
_PAUSE: Final = 0.05
_BUFFER: Final = 8_192
"""Bytes that the engine writes at a time; when it writes fewer, the end or more comes at once."""
_CUT: Final = b']},"x-complete":false}'


class ServerGone(Exception):
    """Nobody reads the answer."""


class Pieces:
    """The file that an answer is written into, whose pieces go on to the server.

    ``cut`` may be called by another thread than the one that writes. An answer in the SPARQL
    results format of JSON, as Oxigraph writes it, can be cut between two rows.
    """

    def __init__(self, server: socket.socket, format_name: str, encoding: str) -> None:
        self._server = server
        self._encoder = Encoder(encoding) if encoding else None
        self._rows = Rows() if format_name == "json" else None
        self._count = Count(format_name)
        self._held = bytearray()
        self._sent_at = 0.0
        self._one_at_a_time = threading.Lock()
        self._is_over = False

    def write(self, piece: bytes) -> int:
        """Send a piece, or hold it back if the last one has just gone and little is held."""
        with self._one_at_a_time:
            if self._is_over:
                raise ServerGone
            self._take(self._rows.whole(piece) if self._rows else piece)
            is_late = time.monotonic() - self._sent_at > _PAUSE
            if len(self._held) >= _PIECE or (is_late and len(piece) >= _BUFFER):
                self._send()
        return len(piece)

    def end(self) -> None:
        """Send what is still held, and that this was all."""
        with self._one_at_a_time:
            if not self._is_over:
                self._end(self._rows.rest() if self._rows else b"", frames.END)

    def fail(self, error: KgError) -> None:
        """Say what went wrong, in place of what is left to send."""
        with self._one_at_a_time:
            if not self._is_over:
                self._is_over = True
                self._pass_on(frames.failed(error))

    def cut(self) -> None:
        """End the answer after the last whole row, if it can say that it is cut, and if it goes on.

        No more is sent afterwards.
        """
        with self._one_at_a_time:
            if self._rows and self._rows.can_be_cut and not self._is_over:
                self._end(_CUT, frames.CUT)

    def _end(self, last: bytes, kind: bytes) -> None:
        self._is_over = True
        self._take(last)
        if self._encoder:
            self._held += self._encoder.end()
        rows = self._count.total()
        said = frames.pack(kind, b"" if rows is None else b"%d" % rows)
        self._pass_on((frames.pack(frames.DATA, self._held) if self._held else b"") + said)

    def _take(self, piece: bytes) -> None:
        self._count.note(piece)
        self._held += self._encoder.encode(piece) if self._encoder and piece else piece

    def _send(self) -> None:
        if self._held:
            self._pass_on(frames.pack(frames.DATA, self._held))
            self._held.clear()
            self._sent_at = time.monotonic()

    def _pass_on(self, message: bytes) -> None:
        try:
            self._server.sendall(message)
        except OSError:
            raise ServerGone from None

    def flush(self) -> None:
        """Pieces go when they are large enough, after a pause, and at the end."""

"""An answer on its way from a worker to the server, which may end it before it is whole."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Final

from kg.encodings import Encoder
from kg.workers import frames

if TYPE_CHECKING:
    import socket

    from kg.errors import KgError

_PIECE: Final = 65_536
_PAUSE: Final = 0.05
_BUFFER: Final = 8_192
"""Bytes that the engine writes at a time; when it writes fewer, the end or more comes at once."""
_OPENING: Final = b'"bindings":['
_BETWEEN: Final = b'}},{"'
_MARK: Final = re.compile(rb'\}\},\{"[^"\\{}:,]+":\{"type":"')
_MOST_OF_MARK: Final = 200
_END_OF_ROW: Final = 2
"""Bytes of the mark that are the row's before."""
_MOST_LEFT: Final = 1_000_000
_CUT: Final = b']},"x-complete":false}'


class ServerGone(Exception):
    """Nobody reads the answer."""


class Pieces:
    """The file that an answer is written into, whose pieces go on to the server.

    ``cut`` may be called by another thread than the one that writes. With ``has_rows`` the answer
    is in the SPARQL results format of JSON, as Oxigraph writes it, and can be cut between two rows.
    """

    def __init__(self, server: socket.socket, encoding: str, *, has_rows: bool) -> None:
        self._server = server
        self._encoder = Encoder(encoding) if encoding else None
        self._rows = Rows() if has_rows else None
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
        self._send()
        self._pass_on(frames.pack(kind))

    def _take(self, piece: bytes) -> None:
        self._held += self._encoder.encode(piece) if self._encoder and piece else piece

    def _send(self) -> None:
        if self._held:
            self._pass_on(frames.pack(frames.DATA, bytes(self._held)))
            self._held.clear()
            self._sent_at = time.monotonic()

    def _pass_on(self, message: bytes) -> None:
        try:
            self._server.sendall(message)
        except OSError:
            raise ServerGone from None

    def flush(self) -> None:
        """Pieces go when they are large enough, after a pause, and at the end."""


class Rows:
    """Lets through whole rows of JSON: what is left of the last one waits for its end.

    A row ends before the mark of the next one: what would look like it in a text ends that text.
    Rows without values have no such mark; if too much waits, all goes on and nothing can be cut.
    """

    def __init__(self) -> None:
        self._left = bytearray()
        self.can_be_cut = False
        """Whether what has gone on ends where a row may."""
        self._is_given_up = False

    def whole(self, piece: bytes) -> bytes:
        """What can go on, now that there is one more piece."""
        if self._is_given_up:
            return piece
        seen = max(0, len(self._left) - _MOST_OF_MARK)
        self._left += piece
        end = 0
        if not self.can_be_cut:
            opened = self._left.find(_OPENING)
            end = opened + len(_OPENING) if opened >= 0 else 0
            self.can_be_cut = end > 0
        at = len(self._left)
        while (at := self._left.rfind(_BETWEEN, max(seen, end), at)) >= 0:
            if _MARK.match(self._left, at):
                end = at + _END_OF_ROW
                break
        if end == 0 and len(self._left) > _MOST_LEFT:
            self.can_be_cut, self._is_given_up = False, True
            end = len(self._left)
        whole = bytes(self._left[:end])
        del self._left[:end]
        return whole

    def rest(self) -> bytes:
        """What has not gone on."""
        return bytes(self._left)

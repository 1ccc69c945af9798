"""What goes between the server and its workers: messages with a length, over a stream socket.

    length of the payload, four bytes, the most significant first | kind, one byte | payload

A job goes there as JSON. Back come the answer's bytes in pieces and one message that ends it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

HEADER: Final = struct.Struct("!Ic")
READY: Final = b"R"
"""The worker has opened its version."""
JOB: Final = b"J"
"""A query to answer, as JSON."""
DATA: Final = b"D"
"""A piece of the answer."""
END: Final = b"E"
"""The answer is whole."""
FAILED: Final = b"X"
"""The answer failed; JSON with the kind of error, its message, and its place in the query."""


def pack(kind: bytes, payload: bytes = b"") -> bytes:
    """A message."""
    return HEADER.pack(len(payload), kind) + payload


def receive(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """The kind and the payload of the next message; None once the other side has closed."""
    head = _exactly(connection, HEADER.size)
    if head is None:
        return None
    size, kind = HEADER.unpack(head)
    payload = _exactly(connection, size)
    return None if payload is None else (kind, payload)


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        piece = connection.recv(size - len(found))
        if not piece:
            return None
        found += piece
    return bytes(found)

"""What goes between the server and its workers: messages with a length, over a stream socket.

    length of the payload, four bytes, the most significant first | kind, one byte | payload

A job goes there as a line of JSON and the text of the query. Back come the answer's bytes in pieces
and one message that ends it.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from kg import errors

if TYPE_CHECKING:
    from kg.errors import KgError

HEADER: Final = struct.Struct("!Ic")
READY: Final = b"R"
"""The worker has opened its version."""
JOB: Final = b"J"
"""A query to answer."""
DATA: Final = b"D"
"""A piece of the answer."""
END: Final = b"E"
"""The answer is whole; the number of its rows, in digits, or nothing if that is not known."""
CUT: Final = b"C"
"""The answer ends here, though it is not whole, and says so; the number as with the last."""
FAILED: Final = b"X"
"""It failed; JSON with the kind of error and what that is made of."""


def pack(kind: bytes, payload: bytes | bytearray = b"") -> bytes:
    """A message."""
    return HEADER.pack(len(payload), kind) + payload


def failed(error: KgError) -> bytes:
    """The message that says what went wrong."""
    facts = {"kind": type(error).__name__, "given": vars(error) or {"message": str(error)}}
    return pack(FAILED, json.dumps(facts).encode())


def error_of(payload: bytes) -> KgError:
    """The error that such a message tells of."""
    facts = json.loads(payload)
    kind, given = getattr(errors, facts["kind"]), facts["given"]
    error: KgError = kind(**given) if "__init__" in vars(kind) else kind(given["message"])
    return error


def receive(connection: BinaryIO) -> tuple[bytes, bytes] | None:
    """The kind and the payload of the next message; None once the other side has closed."""
    head = connection.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    size, kind = HEADER.unpack(head)
    payload = connection.read(size)
    return None if len(payload) < size else (kind, payload)

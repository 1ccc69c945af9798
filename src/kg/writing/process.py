"""The process that writes.

    python -m kg.writing < connection

carries out one order after the other. It has no network, and ends with the server.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.errors import Exceeded, KgError
from kg.store import Versions
from kg.workers import end_with_parent, frames
from kg.workers.process import leave_network, limit_data
from kg.writing.order import Order
from kg.writing.perform import perform

if TYPE_CHECKING:
    import socket

_OPENING: Final = 200_000_000
"""Bytes that a store takes once it is open for writing: buffers, and threads with their stacks."""
TOO_MUCH: Final = "The change takes more memory than one may here: nothing is changed."


def work(server: socket.socket) -> None:
    """Carry out what the server orders, until it closes the connection."""
    end_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the server ends this one, after its last order
    leave_network()
    orders = server.makefile("rb")
    message = frames.receive(orders)
    if message is None:
        return
    told = json.loads(message[1])
    versions = Versions(Path(told["root"]))
    check = None
    if told["shapes"]:
        from kg.writing.check import Shapes  # with all of validation, which only this needs

        check = Shapes([Path(name) for name in told["shapes"]])
    limit_data(_OPENING + told["memory"])
    server.sendall(frames.pack(frames.READY))
    while order := Order.received(orders):
        try:
            made = perform(versions, order, told["keep"], check)
            answer = frames.pack(frames.END, json.dumps({"made": made}).encode())
        except KgError as error:
            answer = frames.failed(error)
        except MemoryError:
            answer = frames.failed(Exceeded("memory", TOO_MUCH))
        server.sendall(answer)

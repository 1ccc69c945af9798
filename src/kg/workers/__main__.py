"""``python -m kg.workers < connection``: the spawner, as the server starts it."""

import contextlib
import socket
import sys

from kg.workers.heap import give_back
from kg.workers.process import spawn

give_back()
with contextlib.suppress(ConnectionError):  # the server has gone, and with it whom to tell
    spawn(socket.socket(fileno=sys.stdin.fileno()))

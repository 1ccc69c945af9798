"""``python -m kg.workers < connection``: the spawner, as the server starts it."""

import socket
import sys

from kg.workers.process import spawn

spawn(socket.socket(fileno=sys.stdin.fileno()))

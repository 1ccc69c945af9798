"""``python -m kg.workers < connection``: the spawner, as the server starts it."""

import socket
import sys

from kg.workers.heap import give_back
from kg.workers.process import spawn

give_back()
spawn(socket.socket(fileno=sys.stdin.fileno()))

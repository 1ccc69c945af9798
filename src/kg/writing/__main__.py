"""``python -m kg.writing < connection``: the writer, as the server starts it."""

import socket
import sys

from kg.writing.process import work

work(socket.socket(fileno=sys.stdin.fileno()))

"""Queries in processes of their own, which can be stopped at any moment.

process   the worker, and the spawner that forks it, in processes of their own
pieces    an answer on its way to the server, and how it is cut
rows      where the rows of an answer end, and how many there are
frames    the messages between them and the server
messages  the same on the server's side, as they come
spawner   both from the server's side: started, spoken to, signalled
jobs      what is asked, and what became of it so far
door      the one way out, for queries that call services
outside   requests to services, at addresses that were checked
here      the same without a process of its own, for who asks on their own machine
heap      how much memory there is, and when what is freed of it goes back to the system
workers   those that are ready for who comes next
copies    the data in memory for workers to come, where there is room
copying   how they come there, in the process that forks
spent     how much time each client had of late
line      who waits, and who is next
pool      who is served when: slots, a queue, deadlines, and the end of whatever takes too long

A query can take all processor time and all memory, and no engine gives a part of it back when asked
to; a process can be ended. So nothing that a visitor wrote is evaluated, or even parsed, elsewhere.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kg.workers.heap import give_back, memory_size
    from kg.workers.jobs import Job, Limits, Running
    from kg.workers.pool import Pool
    from kg.workers.process import end_with_parent

__all__ = ["Job", "Limits", "Pool", "Running", "end_with_parent", "give_back", "memory_size"]

_MODULES: Final = {
    "Job": "jobs",
    "Limits": "jobs",
    "Pool": "pool",
    "Running": "jobs",
    "end_with_parent": "process",
    "give_back": "heap",
    "memory_size": "heap",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """What others use, read when somebody asks for it: the spawner starts with the least."""
    if name in _MODULES:
        return getattr(importlib.import_module(f"kg.workers.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

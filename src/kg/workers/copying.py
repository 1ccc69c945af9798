"""A version's data copied into memory, in the process that forks workers, which so have them too.

A forked process shares the copy until it reads, which is soon: so as many copies are reckoned with
as there are workers.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.namespaces import PREFIXES
from kg.results import named
from kg.store import EmbeddedStore, Version, Versions

if TYPE_CHECKING:
    from typing import NoReturn

BYTES_OF_STATEMENT: Final = 350
"""Bytes that a statement takes in memory, terms and indexes included, as measured."""
_NQUADS: Final = named("nquads", "graph")


def copied(order: dict[str, Any]) -> EmbeddedStore | None:
    """A version's statements in memory; None if that would take more than ``most`` bytes.

    A child reads them from disk, since an engine that has files open has threads, too, and then
    nothing may be forked.
    """
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        _hand_over(order, theirs)
    os.close(theirs)
    version = Version(order["version"], _path(order), is_current=False)
    with os.fdopen(ours, "rb") as file:
        store = EmbeddedStore.copied(file, {} if version.is_plain else PREFIXES)
    _, status = os.waitpid(pid, 0)
    return store if status == 0 else None


def _hand_over(order: dict[str, Any], descriptor: int) -> NoReturn:
    """Write what is on disk, and end: with 0 if that was all."""
    code = 1
    try:
        version = Version(order["version"], _path(order), is_current=False)
        reading = Versions(Path(order["root"])).open(version)
        if len(reading.store) * BYTES_OF_STATEMENT <= order["most"]:
            with os.fdopen(descriptor, "wb") as file:
                reading.store.write(_NQUADS, file)
            code = 0
    finally:
        os._exit(code)  # nothing of the parent's is to be cleaned up here


def _path(order: dict[str, Any]) -> Path:
    return Path(order["root"], "versions", order["version"])

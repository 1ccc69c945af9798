"""A version's data copied into memory, in the process that forks workers, which so have them too.

A forked process shares the copy until it uses it, page by page, and the first queries would wait
for that. So a worker makes it its own before it is asked anything, and as many copies are reckoned
with as there are workers.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.namespaces import PREFIXES
from kg.results import named
from kg.store import EmbeddedStore, Version, Versions
from kg.workers.heap import in_huge_pages

if TYPE_CHECKING:
    from typing import NoReturn

BYTES_OF_STATEMENT: Final = 350
"""Bytes that a statement takes in memory, terms and indexes included, as measured."""
_NQUADS: Final = named("nquads", "graph")
_EVERYTHING: Final = "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


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


def make_own(store: EmbeddedStore) -> None:
    """Have a copy in memory of this process alone, which was forked from the one that made it."""
    if not in_huge_pages():
        list(store.query(_EVERYTHING).solutions())  # to use all of it does the same


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

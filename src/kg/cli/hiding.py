"""Versions without the graphs that ``kg serve --hide`` names, made from those that are published.

Each is made in a process of its own, which ends with it: the one that serves keeps no memory of
what is hidden, and its threads hold nothing when it forks.
"""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.cli.output import fail, progress
from kg.errors import KgError
from kg.store import Versions
from kg.workers import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.project import Project

_PAUSE: Final = 0.5
"""Seconds between two looks at which version is current."""
_AGAIN: Final = 60
"""Seconds after which what could not be made is tried again."""


@contextlib.contextmanager
def without(names: str, versions: Versions, project: Project, keep: int) -> Iterator[Versions]:
    """A folder that follows ``versions`` without some graphs, for as long as the context lasts.

    When another version becomes current, its counterpart does as soon as it is made. If it cannot
    be made, standard error says why, and the one before stays until it can. Exits with code 2 if
    that is so at the start.
    """
    with tempfile.TemporaryDirectory(prefix="kg-hide-", ignore_cleanup_errors=True) as folder:
        rest = Versions(Path(folder))
        made = versions.current().name
        with progress("hide"):
            if not _made(names, versions, project, rest, keep, is_first=True):
                sys.exit(2)
        is_over = threading.Event()

        def follow(made: str | None) -> None:
            pause = _PAUSE
            while not is_over.wait(pause):
                name, pause = versions.current_name(), _PAUSE
                if name not in (None, made):
                    if _made(names, versions, project, rest, keep, is_first=False):
                        made = name
                    else:
                        pause = _AGAIN

        threading.Thread(target=follow, args=(made,), daemon=True).start()
        try:
            yield rest
        finally:
            is_over.set()


def _made(
    names: str, versions: Versions, project: Project, rest: Versions, keep: int, *, is_first: bool
) -> bool:
    """Make the counterpart of the current version in another process; whether it could be made."""
    process = multiprocessing.get_context("spawn").Process(
        target=_make, args=(names, versions, project, rest, keep, is_first), daemon=True
    )
    process.start()
    process.join()
    return process.exitcode == 0


def _make(
    names: str, versions: Versions, project: Project, rest: Versions, keep: int, is_first: bool
) -> None:
    from kg import build
    from kg.hidden import Hidden, sources_left

    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that serves ends this one
    try:
        reading = versions.open()  # holds its lease while it is used
        store, hidden = reading.store, Hidden(names)
        if is_first:
            hidden.check(store.graph_names(), build.APART)
        version = versions.get(reading.name)
        if not version.is_plain:
            left = sources_left(store, hidden)
            apart = [name for name in build.APART if name in hidden]
            built = build.make(project, _unwatched, left, without=apart)
            build.publish(built, rest, keep, _unwatched)
        else:
            said = " ".join([reading.name, *hidden.names])
            name = hashlib.sha256(said.encode()).hexdigest()[:16]
            summary = version.summary()
            rest.publish_written(
                name, lambda path: store.without(path, hidden.__contains__), summary, keep
            )
    except KgError as error:
        fail(str(error))


def _unwatched(_step: str) -> contextlib.AbstractContextManager[object]:
    return contextlib.nullcontext()

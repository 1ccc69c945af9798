"""The size and the SHA-256 of each file to download: computed once a version, when first asked for.

A file is not kept but written anew for each visitor, always with the same bytes, as
``Store.write`` says. So workers write each once more, for nobody but the hash, after the
server has begun to answer and beside what visitors ask. Of a graph that ``holdings`` calls large it
is not done.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, cast

from cachetools import LRUCache

from kg.errors import BadQuery, KgError
from kg.workers import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kg.results import Format
    from kg.store import Reading
    from kg.workers import Pool, Running

NAME: Final = "SHA256SUMS"
"""What the file of checksums is called, as those of GNU and BSD are."""
_CLIENT: Final = "checksums"
_SECONDS: Final = 300
"""Seconds that a worker may take for a file; it has less of the processor than visitors."""
_MOST_KEPT: Final = 100


@dataclass(frozen=True)
class Checksum:
    """How many bytes a file has, and their SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


class _Hash:
    """A file that nothing is kept of but its checksum."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, piece: bytes) -> int:
        self._hash.update(piece)
        self._size += len(piece)
        return len(piece)

    def flush(self) -> None:
        pass

    def sum(self) -> Checksum:
        return Checksum(self._size, self._hash.hexdigest())


class _Summing(_Hash):
    """What takes an answer for its checksum."""

    def __init__(self) -> None:
        super().__init__()
        self.done: asyncio.Future[Checksum] = asyncio.get_running_loop().create_future()

    def take(self, piece: bytes) -> None:
        self.write(piece)

    def ended(self, _: Running, error: Exception | None) -> None:
        if self.done.done():  # nobody waits for it any more
            pass
        elif error:
            self.done.set_exception(error)
        else:
            self.done.set_result(self.sum())


async def _computed(job: Job, pool: Pool) -> Checksum:
    """The checksum of an answer. Raises what its query fails with."""
    summing = _Summing()
    running = pool.ask(job, _CLIENT, summing, _SECONDS)
    try:
        return await summing.done
    finally:
        pool.leave(running)


class Checksums:
    """The checksums of ``files`` by version.

    Behind the front workers compute them, without one whoever asks first.
    """

    def __init__(self, files: Mapping[str, Format]) -> None:
        self._files = files
        self._known: LRUCache[tuple[str, str], Checksum | None] = LRUCache(_MOST_KEPT)
        self._begun: set[str] = set()
        """The versions of which checksums are being computed."""
        self._changed = threading.Condition()
        self._begin: Callable[[str], None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, version: Reading, seconds: float = 0) -> dict[str, Checksum | None]:
        """What is known of a version, after ``seconds`` at most; the rest is being computed.

        None is for a file that there is not, since its format cannot hold the data. Nothing is
        known of what is in an engine.
        """
        if not version.is_local:  # whose statements come in any order
            return {}
        with self._changed:
            found = self._found(version.name)
            if len(found) == len(self._files):
                return found
            is_first = version.name not in self._begun
            self._begun.add(version.name)
        if is_first and self._begin:
            self._begin(version.name)
        elif is_first:
            self._compute_here(version)
        with self._changed:
            self._changed.wait_for(lambda: version.name not in self._begun, seconds)
            return self._found(version.name)

    def start(self, pool: Pool) -> None:
        """Have the workers of ``pool`` compute from now on; called in the loop that they are of."""
        loop = asyncio.get_running_loop()

        def compute(version: str) -> None:
            task = loop.create_task(self._compute(version, pool))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        def begin(version: str) -> None:
            loop.call_soon_threadsafe(compute, version)

        self._begin = begin

    async def stop(self) -> None:
        """Give up what is being computed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _found(self, version: str) -> dict[str, Checksum | None]:
        known = self._known
        return {file: known[version, file] for file in self._files if (version, file) in known}

    def _compute_here(self, version: Reading) -> None:
        try:
            for file, format_ in self._files.items():
                out = _Hash()
                try:
                    version.store.write(format_, cast("IO[bytes]", out))
                    self._note(version.name, file, out.sum())
                except BadQuery:
                    self._note(version.name, file, None)
        finally:
            self._end(version.name)

    async def _compute(self, version: str, pool: Pool) -> None:
        """Compute what is not known; what fails, as of a server that is busy, is left for later."""
        try:
            for file, format_ in self._files.items():
                if (version, file) not in self._known:
                    job = Job(version, None, format_.name, {}, digest=_CLIENT)
                    try:
                        self._note(version, file, await _computed(job, pool))
                    except BadQuery:
                        self._note(version, file, None)
                    except KgError:
                        return
        finally:
            self._end(version)

    def _note(self, version: str, file: str, checksum: Checksum | None) -> None:
        with self._changed:
            self._known[version, file] = checksum

    def _end(self, version: str) -> None:
        with self._changed:
            self._begun.discard(version)
            self._changed.notify_all()

"""The process from the server's side: started for a question, and ended when it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from cachetools import LRUCache

from kg.errors import Busy, Exceeded, StoreError
from kg.store import told
from kg.workers.spawner import OUT_OF_MEMORY

if TYPE_CHECKING:
    from kg.store import Reading
    from kg.terms import Triple

_MOST_BYTES: Final = 8_000_000
"""Bytes of proofs that are kept."""
_NO_MEMORY: Final = (OUT_OF_MEMORY, b"MemoryError", b"bad_alloc")
"""What Rust, Python and C++ say of a process that gets no memory."""
_SAID: Final = {
    "memory": "The proof was given up: it took more memory than one may here.",
    "size": "The proof has too many steps to be told.",
}


class Explanations:
    """The proofs of served versions: some at a time are looked for, those found last are kept."""

    def __init__(self, at_once: int, seconds: float, memory: int) -> None:
        """``memory`` is what a process may take, in bytes beside what it begins with."""
        self._at_once = at_once
        self._seconds = seconds
        self._memory = memory
        self._running = 0
        self._kept: LRUCache[tuple[str, Triple], bytes] = LRUCache(_MOST_BYTES, len)
        self._changing = threading.Lock()

    async def proof(
        self, version: Reading, triple: Triple, seconds: float | None = None
    ) -> dict[str, Any] | None:
        """The smallest proof of a triple, as ``kg.why.process`` tells it; None if there is none.

        Raises ``Busy`` if as many are being looked for as may be, ``Exceeded`` if it takes more
        time, or memory, than it may, ``StoreError`` if the process ends for another reason.
        """
        key = version.name, triple
        with self._changing:
            said = self._kept.get(key)
            if said is None:
                if self._running >= self._at_once:
                    raise Busy("Others are asking why just now: try again in a moment.")
                self._running += 1
        if said is None:
            try:
                most = min(seconds or self._seconds, self._seconds)
                said = await self._asked(version, triple, most)
            finally:
                with self._changing:
                    self._running -= 1
            with self._changing, contextlib.suppress(ValueError):  # too large to be kept
                self._kept[key] = said
        found: dict[str, Any] | None = json.loads(said)
        return found

    async def _asked(self, version: Reading, triple: Triple, seconds: float) -> bytes:
        asked = {"place": told(version.place), "triple": triple, "memory": self._memory}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __package__ or "",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )
        try:
            async with asyncio.timeout(seconds):
                said, errors = await process.communicate(json.dumps(asked).encode() + b"\n")
        except TimeoutError:
            given_up = f"The proof was given up after {seconds:g} seconds."
            raise Exceeded("deadline", given_up) from None
        finally:
            if process.returncode is None:  # whoever asked has left, or it takes too long
                process.kill()
                await process.wait()
        if process.returncode:
            if any(said_so in errors for said_so in _NO_MEMORY):
                raise Exceeded("memory", _SAID["memory"])
            raise StoreError("The process that looked for the proof has ended: try again.")
        found = json.loads(said)
        if found and "exceeded" in found:
            raise Exceeded(found["exceeded"], _SAID[found["exceeded"]])
        return said

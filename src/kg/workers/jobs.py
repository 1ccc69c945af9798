"""What is asked of workers, within which limits, and what became of it so far."""

from __future__ import annotations

import asyncio
import json
import math
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kg.errors import Busy, Exceeded, KgError
from kg.workers import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from kg.queries import Term
    from kg.workers.door import Permit
    from kg.workers.spawner import Worker


@dataclass(frozen=True)
class Limits:
    """How many queries run and wait, and what one may take: seconds, and bytes of memory."""

    fast: int
    slow: int
    queue: int
    seconds: float
    memory: int

    @property
    def still(self) -> int:
        """The most long queries that stand still until others are done."""
        return 4 * self.slow

    @property
    def blocked(self) -> int:
        """The most long queries that wait for their clients to take what they have."""
        return 2 * (self.fast + self.slow)

    @property
    def spare(self) -> int:
        """The workers that are kept ready for who comes next."""
        return max(1, self.fast // 2)

    @property
    def of_client(self) -> int:
        """The most queries of one client at the same time."""
        return max(1, (self.fast + self.slow) // 2)


@dataclass(frozen=True)
class Job:
    """A query, what it is asked of, and the short name of the format that it is answered in.

    No text asks for all graphs.
    """

    version: str
    text: str | None
    format: str
    bindings: Mapping[str, Term]
    default_graphs: Sequence[str] = ()
    named_graphs: Sequence[str] = ()
    encoding: str = ""
    """The content encoding of the answer, or an empty text."""
    only_parsed: bool = False
    """Whether nothing is wanted but to know that the text is a query."""
    digest: str = ""
    """A short name of the text for the log."""
    base: str | None = None
    """What relative IRIs are relative to, if they may be."""
    services: Sequence[str] = ()
    """The endpoints that the text calls, all of them listed."""

    @property
    def calls_out(self) -> bool:
        """Whether the query needs a worker that reaches services."""
        return bool(self.services) and not self.only_parsed

    def packed(self, addresses: Mapping[str, str]) -> bytes:
        """The message for a worker, with the addresses at which it reaches services."""
        facts = {
            "text": self.text,
            "format": self.format,
            "bindings": {name: (term.value, term.datatype) for name, term in self.bindings.items()},
            "default_graphs": list(self.default_graphs),
            "named_graphs": list(self.named_graphs),
            "encoding": self.encoding,
            "only_parsed": self.only_parsed,
            "base": self.base,
            "services": dict(addresses),
        }
        return frames.pack(frames.JOB, json.dumps(facts).encode())


class Running:
    """A query that waits or runs, by the id that whoever knows it may cancel it by."""

    def __init__(self, job: Job, client: str, seconds: float) -> None:
        self.id = secrets.token_urlsafe(16)
        self.job = job
        self.client = client
        self.seconds = seconds
        """How long it may take, waiting included."""
        self.began = time.monotonic()
        self.outlasts = math.inf
        """When it has had a fast slot for long enough."""
        self.waited = 0.0
        """Seconds until a worker had it."""
        self.is_done = False
        self.is_cut = False
        """Whether the answer has ended before it was whole, because of ``error``, and says so."""
        self.rows: int | None = None
        """Rows, or triples, of the answer, once it has ended and if its format shows them."""
        self.has_begun = False
        """Whether a part of the answer is there."""
        self.is_still = False
        self.taken = 0.0
        """Seconds of processor time that the query has had since it left the fast slots."""
        self.before = 0.0
        """Seconds that its worker had when it was looked at last."""
        self.within: asyncio.Timeout | None = None
        """How long whoever asks for the answer waits for it."""
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once it has a slot for which it had to wait."""
        self.worker: Worker | None = None
        self.permit: Permit | None = None
        """What lets it reach the services that it calls, if it calls any."""
        self.error: KgError | None = None
        """Why it was ended, if it was."""

    def begin(self, fast: float) -> None:
        """Note that a worker has it, which may take some seconds in a fast slot."""
        now = time.monotonic()
        self.waited = now - self.began
        self.outlasts = now + fast

    def give_up(self) -> None:
        """Have whoever asks wait no longer."""
        if self.within and not self.within.expired():
            self.within.reschedule(asyncio.get_running_loop().time())

    @property
    def can_be_cut(self) -> bool:
        """Whether a limit may end the answer so that it says itself that it is a part."""
        is_late = isinstance(self.error, Exceeded) and self.error.limit == "deadline"
        is_limit = is_late or isinstance(self.error, Busy)
        return is_limit and self.has_begun and self.job.format == "json"

    async def pieces(self) -> AsyncIterator[bytes]:
        """The answer's bytes as they come; ``is_cut`` says whether they are less than all.

        Raises ``BadQuery`` for what cannot be parsed or evaluated, ``Exceeded`` or ``Busy`` if the
        query was ended, ``ServiceError`` if a service failed that it calls, ``StoreError`` if its
        process died of something else.
        """
        if self.worker is None:
            raise RuntimeError("the query has no worker yet")
        while not self.is_done:
            try:
                kind, payload = await self.worker.receive()
            except KgError as error:
                raise self.error or error from None
            if kind == frames.DATA:
                self.has_begun = True
                yield payload
                continue
            self.is_done = True
            self.is_cut = kind == frames.CUT
            if kind == frames.FAILED:
                failed = frames.error_of(payload)
                raise self.permit.explained(failed) if self.permit else failed
            if self.permit and self.permit.failure:
                raise self.permit.failure
            self.rows = json.loads(payload)["rows"]

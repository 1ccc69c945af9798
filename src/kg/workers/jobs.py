"""What is asked of workers, within which limits, and what became of it so far."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from kg.errors import Busy, Exceeded
from kg.workers import frames

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from kg.errors import KgError
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


class Job(NamedTuple):
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
        how = self.format, self.encoding, self.base, self.only_parsed, self.text is None
        if self.bindings or self.default_graphs or self.named_graphs or addresses:
            facts = {
                "bindings": {
                    name: (one.value, one.datatype) for name, one in self.bindings.items()
                },
                "default_graphs": list(self.default_graphs),
                "named_graphs": list(self.named_graphs),
                "services": dict(addresses),
            }
            head = json.dumps({**_how(*how), **facts}).encode()
        else:
            head = _plain(*how)
        return frames.pack(
            frames.JOB, head + b"\n" + (self.text or "").encode("utf-8", "surrogatepass")
        )


def _how(
    format_: str, encoding: str, base: str | None, only_parsed: bool, is_everything: bool
) -> dict[str, object]:
    return {
        "format": format_,
        "encoding": encoding,
        "base": base,
        "only_parsed": only_parsed,
        "is_everything": is_everything,
    }


@lru_cache(maxsize=256)
def _plain(*how: Any) -> bytes:  # noqa: ANN401
    """What a worker is told beside the text of a query that is of the default graph alone."""
    nothing: dict[str, object] = {"bindings": {}, "services": {}}
    return json.dumps({**_how(*how), **nothing, "default_graphs": [], "named_graphs": []}).encode()


class Taker(Protocol):
    """Who takes an answer."""

    def take(self, piece: bytes) -> None:
        """Take a piece of it; ``Running.hold`` keeps more from coming."""

    def ended(self, running: Running, error: Exception | None) -> None:
        """Know that there is no more to take, and why if that is not for its being whole.

        ``BadQuery`` for what cannot be parsed or evaluated, ``Exceeded`` or ``Busy`` if the query
        was ended, ``ServiceError`` if a service failed that it calls, ``StoreError`` if its process
        died of something else. If a limit has cut the answer so that it says so itself,
        ``running.is_cut`` says so, too.
        """


class Running:
    """A query that waits or runs, by the id that whoever knows it may cancel it by."""

    def __init__(
        self, job: Job, client: str, seconds: float, taker: Taker, began: float | None = None
    ) -> None:
        self.id = os.urandom(16).hex()
        self.job = job
        self.client = client
        self.is_early = not client
        """Whether nobody has asked for it yet. Its seconds are those of processor time then."""
        self.seconds = seconds
        """How long it may take, waiting included."""
        self.taker: Taker | None = taker
        """Who takes the answer, until it has ended."""
        self.began = time.monotonic() if began is None else began
        self.outlasts = math.inf
        """When it has had a fast slot for long enough."""
        self.waited = 0.0
        """Seconds until a worker had it."""
        self.is_quick = True
        """Whether its worker has not been at it for long."""
        self.lingers = math.inf
        """Until when it goes on though nobody takes the answer any more."""
        self.is_ahead = False
        """Whether a worker was sent it that is at another one."""
        self.is_over = False
        self.is_done = False
        """Whether the worker is done with it."""
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
        self.starting: asyncio.Future[Worker] | None = None
        """The start of a worker that it waits for."""
        self.worker: Worker | None = None
        self.permit: Permit | None = None
        """What lets it reach the services that it calls, if it calls any."""
        self.giving_up: asyncio.TimerHandle | None = None
        """What ends its time for those."""
        self.error: KgError | None = None
        """Why it was ended, if it was."""

    def begin(self, worker: Worker, fast: float) -> None:
        """Note that a worker has it, which may take some seconds in a fast slot."""
        now = time.monotonic()
        self.worker = worker
        self.waited = now - self.began
        self.outlasts = now + fast

    def want(self) -> None:
        """Know that somebody asks for it, too, and has to wait no longer than from now on."""
        if self.is_early:
            self.is_early = False
            self.began = time.monotonic()

    @property
    def can_be_cut(self) -> bool:
        """Whether a limit may end the answer so that it says itself that it is a part."""
        is_late = isinstance(self.error, Exceeded) and self.error.limit == "deadline"
        is_limit = is_late or isinstance(self.error, Busy)
        return is_limit and self.has_begun and self.job.format == "json"

    def hold(self) -> None:
        """Have no more come than is on its way: the worker waits in its turn."""
        if self.worker and not self.is_over:
            self.worker.hold()

    def go_on(self) -> None:
        """Have more come."""
        if self.worker and not self.is_over:
            self.worker.go_on()

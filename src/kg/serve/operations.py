"""What operators ask the front, and what it tells them: states, numbers, and a line for each query.

``/health`` answers as long as the process does, ``/ready`` if it can answer queries, ``/metrics``
in the Prometheus text format, and ``/running`` who is being served.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from functools import lru_cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client import Counter as Counts

from kg.errors import (
    BadInput,
    BadQuery,
    Busy,
    Exceeded,
    KgError,
    NotFound,
    Outdated,
    Rejected,
    StoreError,
    TooMany,
)
from kg.serve.sending import plain, problem
from kg.serve.writes import has_token

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from kg.serve.kept import Answers, Kept, Wish
    from kg.serve.sending import Send
    from kg.store import Current
    from kg.store.remote import CurrentOf
    from kg.workers import Job, Pool, Running
    from kg.writing import Order

disable_created_metrics()  # type: ignore[no-untyped-call]  # which double the answer and say little
LOGGER: Final = logging.getLogger("kg.serve")
STATES: Final = {
    "/health": "Whether the process answers.",
    "/ready": "Whether queries can be answered, of which version, and how many are.",
    "/metrics": "Numbers in the text format of Prometheus.",
}
"""The addresses that say how the server is, which anybody may ask."""
_JSON: Final = "application/json"
_NOT_IN_ADDRESS: Final = (
    "The token does not belong into the address, which is logged on its way: "
    "send it as Authorization: Bearer."
)
_MOMENT: Final = 0.25
"""Seconds after which what was sent again is written down."""
_OUTCOMES: Final = (
    "ok",
    "left",
    "bad_query",
    "rejected",
    "busy",
    "too_many",
    "deadline",
    "memory",
    "size",
    "cancelled",
    "failed",
)


class Operations:
    """The front's own addresses, and the count of what it did."""

    def __init__(
        self,
        pool: Pool,
        current: Current | CurrentOf,
        token: str,
        answers: Answers,
        cancel: Callable[[Running], None],
    ) -> None:
        self._pool = pool
        self._current = current
        self._token = token
        self._cancel = cancel
        self._again: Counter[Kept] = Counter()
        """How often each answer that is kept was sent since the last look."""
        self._ended: Counter[str] = Counter()
        """Queries since then, by how they ended."""
        self._sent = 0
        """Bytes since then."""
        self._missed = 0
        """Requests since then of which no answer was kept."""
        self._lines: list[dict[str, object]] = []
        self._looking: asyncio.TimerHandle | None = None
        self._registry = CollectorRegistry()
        self._queries = Counts(
            "kg_queries", "Queries by how they ended.", ["outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "kg_query_seconds",
            "Seconds from the arrival of a query to the end of an answer that was not kept.",
            registry=self._registry,
            buckets=(0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60),
        )
        self._hits = Counts(
            "kg_cache_hits", "Requests answered with what was kept.", registry=self._registry
        )
        self._misses = Counts(
            "kg_cache_misses",
            "Requests of which no answer was kept, though one might be.",
            registry=self._registry,
        )
        size = Gauge("kg_cache_bytes", "Bytes of answers that are kept.", registry=self._registry)
        size.set_function(answers.size)
        self._changes = Counts(
            "kg_changes", "Changes by how they ended.", ["outcome"], registry=self._registry
        )
        self._bytes = Counts("kg_sent_bytes", "Bytes of answers sent.", registry=self._registry)
        running = Gauge(
            "kg_queries_running", "Queries now, by state.", ["state"], registry=self._registry
        )
        for state in pool.states():
            running.labels(state).set_function(partial(self._number_in, state))
        started = Gauge("kg_workers_started", "Worker processes started.", registry=self._registry)
        started.set_function(lambda: pool.workers.started)
        for outcome in _OUTCOMES:
            self._queries.labels(outcome)

    def _number_in(self, state: str) -> int:
        return self._pool.states()[state]

    def may_all(self, scope: MutableMapping[str, Any]) -> bool:
        """Whether a request has the operator's token."""
        given = dict(scope["headers"]).get(b"authorization", b"")
        return has_token(given.decode("latin-1"), self._token)

    async def answered(self, scope: MutableMapping[str, Any], send: Send) -> bool:
        """Answer a request for one of the front's own addresses; whether it is one."""
        path, method = scope["path"], scope["method"]
        if path in STATES:
            if method not in ("GET", "HEAD"):
                await _wrong_method(send, "GET, HEAD")
                return True
            status, media_type, body = getattr(self, f"_{path[1:]}")()
            await plain(send, body, media_type, status, is_head=method == "HEAD")
            return True
        if path != "/running" and not path.startswith("/running/"):
            return False
        if "token" in parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            await problem(send, HTTPStatus.BAD_REQUEST, _NOT_IN_ADDRESS)
            return True
        await self._running(path.removeprefix("/running").strip("/"), scope, send)
        return True

    def finished(
        self, job: Job, seconds: float, sent: int, rows: int | None, error: BaseException | None
    ) -> None:
        """Count a query that has ended, and write its line; ``rows`` if they are known."""
        outcome = _outcome(error)
        self._ended[outcome] += 1
        self._sent += sent
        self._seconds.observe(seconds)
        self._log(
            query=job.digest,
            outcome=outcome,
            seconds=round(seconds, 4),
            bytes=sent,
            rows=rows,
            format=job.format,
            version=job.version,
        )

    def missed(self, wish: Wish | None) -> None:
        """Count a request of which no answer was kept, if one might have been."""
        if wish and not wish.is_ahead:
            self._missed += 1
            self._look_soon()

    def sent_again(self, kept: Kept, sent: int) -> None:
        """Count an answer that was kept; what was sent within a moment is one line."""
        self._again[kept] += 1
        self._sent += sent
        self._look_soon()

    def _log(self, **facts: object) -> None:
        """Have a line written in a moment, with others: each by itself would take longer."""
        self._lines.append({"time": _now(int(time.time())), **facts})
        self._look_soon()

    def _look_soon(self) -> None:
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(_MOMENT, self.look)

    def look(self) -> None:
        """Count what happened since the last look, and write its lines."""
        if self._looking is not None:
            self._looking.cancel()
        again, self._again = self._again, Counter()
        self._hits.inc(again.total())
        self._misses.inc(self._missed)
        self._bytes.inc(self._sent)
        self._sent, self._missed, self._looking = 0, 0, None
        for kept, times in again.items():
            if kept.job is None:
                continue
            self._ended["ok"] += times
            self._lines.append(
                {
                    "time": _now(int(time.time())),
                    "query": kept.job.digest,
                    "outcome": "ok",
                    "kept": times,
                    "bytes": len(kept.body),
                    "rows": kept.rows,
                    "format": kept.job.format,
                    "version": kept.job.version,
                }
            )
        for outcome, number in self._ended.items():
            self._queries.labels(outcome).inc(number)
        self._ended.clear()
        if self._lines:
            LOGGER.info("\n".join(map(json.dumps, self._lines)))
            self._lines.clear()

    def wrote(self, order: Order, size: int, seconds: float, error: BaseException | None) -> None:
        """Count a change that was made or not, and write its line; ``size`` is of what was sent."""
        outcome = _outcome(error)
        self._changes.labels(outcome).inc()
        self._log(
            change=order.kind,
            outcome=outcome,
            seconds=round(seconds, 4),
            bytes=size,
            version=order.version,
        )

    def _health(self) -> tuple[HTTPStatus, str, bytes]:
        return HTTPStatus.OK, _JSON, b'{"status": "ok"}\n'

    def _ready(self) -> tuple[HTTPStatus, str, bytes]:
        workers = self._pool.workers
        facts: dict[str, object] = {
            "status": "ready" if workers.isolated is not None else "starting",
            "version": self._current.get().name,
            "rejected": self._current.rejected,
            "queries": self._pool.states(),
            "data": self._data(),
            "copying": workers.is_copying,
            "network": {None: None, True: "none", False: "no descriptors"}[
                self._pool.workers.isolated
            ],
        }
        if facts["data"] == "engine":  # which may be anywhere
            facts["network"] = "engine"
            facts["status"] = "unreachable" if self._current.rejected else "ready"
        ready = facts["status"] == "ready"
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return status, _JSON, json.dumps(facts).encode() + b"\n"

    def _data(self) -> str:
        """Where queries are answered from."""
        if not self._current.get().is_local:
            return "engine"
        return "memory" if self._pool.workers.in_memory else "disk"

    def _metrics(self) -> tuple[HTTPStatus, str, bytes]:
        self.look()
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(self._registry)

    async def _running(self, name: str, scope: MutableMapping[str, Any], send: Send) -> None:
        """List the queries, or end one or all; one for whoever knows its id, all with the token."""
        method = scope["method"]
        if name:
            running = self._pool.running.get(name)
            if method != "DELETE":
                await _wrong_method(send, "DELETE")
            elif running is None:
                said = "No query with this id is running."
                await problem(send, HTTPStatus.NOT_FOUND, said)
            else:
                (self._pool.cancel if self.may_all(scope) else self._cancel)(running)
                await plain(send, b"{}\n", _JSON)
        elif method not in ("GET", "HEAD", "DELETE"):
            await _wrong_method(send, "DELETE, GET, HEAD")
        elif not self.may_all(scope):
            said = "This needs the operator's token (KG_TOKEN) as Authorization: Bearer."
            await problem(send, HTTPStatus.UNAUTHORIZED, said, (b"www-authenticate", b"Bearer"))
        else:
            listed = [
                {
                    "id": one.id,
                    "client": one.client,
                    "state": self._pool.state_of(one),
                    "seconds": round(time.monotonic() - one.began, 3),
                    "query": one.job.text,
                }
                for one in self._pool.running.values()
            ]
            if method == "DELETE":
                for one in list(self._pool.running.values()):
                    self._pool.cancel(one)
            body = json.dumps(listed).encode() + b"\n"
            await plain(send, body, _JSON, is_head=method == "HEAD")


@lru_cache(maxsize=2)
def _now(second: int) -> str:
    """A second of time.time() as RFC 3339 has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


async def _wrong_method(send: Send, allowed: str) -> None:
    said = f"This address answers {allowed}."
    await problem(send, HTTPStatus.METHOD_NOT_ALLOWED, said, (b"allow", allowed.encode()))


def _outcome(error: BaseException | None) -> str:
    match error:
        case None:
            return "ok"
        case Exceeded():
            return error.limit
        case TooMany():
            return "too_many"
        case Busy():
            return "busy"
        case BadQuery():
            return "bad_query"
        case BadInput() | NotFound() | Outdated() | Rejected():
            return "rejected"
        case StoreError() | KgError():
            return "failed"
    return "left"

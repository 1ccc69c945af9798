"""Workers: what they answer, what they may not do, and who is served when there are many."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import BadQuery, Busy, Exceeded, KgError, StoreError, TooMany
from kg.queries import Term
from kg.results import Kind, named
from kg.store import Answer, EmbeddedStore, Versions
from kg.workers import Job, Limits, Pool, Running, memory_size
from kg.workers.copying import make_own
from kg.workers.heap import in_huge_pages
from kg.workers.rows import Count, Rows
from kg.workers.spawner import Worker

PATIENCE = 60
LIMITS = Limits(fast=2, slow=1, queue=4, seconds=PATIENCE, memory=256_000_000)
FOREVER = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
DOUBLED = "".join(f"BIND (CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(31))
HUNGRY = f'SELECT (STRLEN(?x31) AS ?n) {{ BIND ("long enough" AS ?x0) {DOUBLED} }}'
MODELS = "SELECT (COUNT(?m) AS ?n) { ?m a <https://w3id.org/china-llm/ontology#Model> }"


@contextlib.asynccontextmanager
async def pooled(
    versions: Versions,
    limits: Limits = LIMITS,
    services: Mapping[str, bool] | None = None,
    copies: int = 0,
) -> AsyncIterator[Pool]:
    """A pool on the real graph."""
    pool = Pool(versions.root, limits, services, copies)
    try:
        yield pool
    finally:
        await pool.close()


def job(versions: Versions, text: str, format_: str = "csv", **more: object) -> Job:
    """A query of the current version."""
    version = versions.current_name()
    assert version
    given: dict[str, object] = {"bindings": {}, **more}
    return Job(version, text, format_, **given)  # type: ignore[arg-type]


class Reader:
    """Takes an answer, and lets others wait for it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.first = asyncio.Event()
        self.whole: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def take(self, piece: bytes) -> None:
        """Take a piece."""
        self.pieces.append(piece)
        self.first.set()

    def ended(self, _: Running, error: Exception | None) -> None:
        """Know the end."""
        if error and not self.whole.done():
            self.whole.set_exception(error)
        elif not self.whole.done():
            self.whole.set_result(b"".join(self.pieces))


@contextlib.contextmanager
def asking(
    pool: Pool, asked: Job, client: str = "one", seconds: float | None = None
) -> Iterator[tuple[Reader, Running]]:
    """A query while the block lasts, and what takes its answer."""
    reader = Reader()
    running = pool.ask(asked, client, reader, seconds)
    try:
        yield reader, running
    finally:
        pool.leave(running)


async def ask(pool: Pool, asked: Job, client: str = "one", seconds: float | None = None) -> bytes:
    """The whole answer."""
    with asking(pool, asked, client, seconds) as (reader, _):
        return await reader.whole


async def until(condition: object) -> None:
    """Wait for a condition."""
    assert callable(condition)
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


def run(work: Coroutine[object, object, None]) -> None:
    """Run a test's coroutine."""
    asyncio.run(asyncio.wait_for(work, 2 * PATIENCE))


def test_answers(versions: Versions) -> None:
    """Rows, a truth and a graph, with terms bound, one after the other by one worker."""

    async def work() -> None:
        async with pooled(versions) as pool:
            counted = await ask(pool, job(versions, MODELS))
            assert int(counted.split()[1]) >= 26
            assert await ask(pool, job(versions, "ASK {}")) == b"true"
            bound = {
                "o": Term("a:x"),
                "p": Term("1", "http://www.w3.org/2001/XMLSchema#integer"),
            }
            asked = job(versions, "SELECT ?o ?p { VALUES ?q { 1 } }", bindings=bound)
            assert await ask(pool, asked) == b"o,p\r\na:x,1\r\n"
            graph = job(versions, "CONSTRUCT { <a:s> <a:p> <a:o> } WHERE {}", "ntriples")
            assert await ask(pool, graph) == b"<a:s> <a:p> <a:o> .\n"

    run(work())


def test_an_answer_comes_in_pieces(versions: Versions) -> None:
    """The first one is there long before the last one could be."""

    async def work() -> None:
        async with pooled(versions) as pool:
            text = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
            with asking(pool, job(versions, text)) as (reader, running):
                await reader.first.wait()
                running.hold()
                assert reader.pieces[0].startswith(b"a,b,c,d,e,f,g,h,i\r\n")
            await until(lambda: not pool.running)

    run(work())


@pytest.mark.parametrize(
    ("text", "said"),
    [("SELECT {", "line 1, column"), ("SELECT ?o { ?s ?p ?o } GROUP BY ?s", "line 1|[Gg]roup")],
)
def test_what_is_no_query(versions: Versions, text: str, said: str) -> None:
    """It is refused with its place, and the worker goes on."""

    async def work() -> None:
        async with pooled(versions) as pool:
            for asked in (job(versions, text), job(versions, text, only_parsed=True)):
                with pytest.raises(BadQuery, match=said):
                    await ask(pool, asked)
            assert await ask(pool, job(versions, "ASK {}")) == b"true"

    run(work())


def test_only_parsed(versions: Versions) -> None:
    """Nothing is evaluated for who only wants to know whether it could be."""

    async def work() -> None:
        async with pooled(versions) as pool:
            assert await ask(pool, job(versions, FOREVER, only_parsed=True)) == b""

    run(work())


def test_the_deadline(versions: Versions) -> None:
    """It ends the query, and the next one is answered."""

    async def work() -> None:
        async with pooled(versions) as pool:
            with pytest.raises(Exceeded, match=r"after 0\.5 seconds") as caught:
                await ask(pool, job(versions, FOREVER), seconds=0.5)
            assert caught.value.limit == "deadline"
            assert await ask(pool, job(versions, "ASK {}")) == b"true"

    run(work())


def test_memory(versions: Versions) -> None:
    """A query that grows without end is ended, and the next one is answered."""

    async def work() -> None:
        async with pooled(versions) as pool:
            with pytest.raises(Exceeded, match="memory") as caught:
                await ask(pool, job(versions, HUNGRY))
            assert caught.value.limit == "memory"
            assert await ask(pool, job(versions, "ASK {}")) == b"true"

    run(work())


def test_cancelled(versions: Versions) -> None:
    """Whoever has the id ends a query, whether it runs or waits."""
    limits = Limits(fast=1, slow=1, queue=4, seconds=PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            asked = [asyncio.ensure_future(ask(pool, job(versions, FOREVER))) for _ in range(3)]
            await until(lambda: len(pool.running) == 3)
            for running in list(pool.running.values()):
                pool.cancel(running)
            found = await asyncio.gather(*asked, return_exceptions=True)
            assert [getattr(error, "limit", error) for error in found] == ["cancelled"] * 3

    run(work())


def test_long_queries_leave_room(versions: Versions) -> None:
    """However many there are, a short one is answered at once; those beyond all limits are not."""

    async def work() -> None:
        async with pooled(versions) as pool:
            long = [
                asyncio.ensure_future(ask(pool, job(versions, FOREVER), f"client {n}"))
                for n in range(8)
            ]
            for _ in range(5):
                answer = await ask(pool, job(versions, MODELS), "another")
                assert int(answer.split()[1]) >= 26
            await until(lambda: len(pool.running) <= 5)  # one runs on, four stand still
            for running in list(pool.running.values()):
                pool.cancel(running)
            found = await asyncio.gather(*long, return_exceptions=True)
            assert sum(isinstance(error, Busy) for error in found) == 3
            assert sum(isinstance(error, Exceeded) for error in found) == 5

    run(work())


def test_what_stands_still_goes_on(versions: Versions) -> None:
    """Two that take long share one slow slot, and both are answered."""
    text = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }"
    limits = Limits(fast=2, slow=1, queue=4, seconds=2 * PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            small = f"{text[:-1]} FILTER (?a = <https://w3id.org/china-llm/id/model/glm-130b>) }}"
            found = await asyncio.gather(
                *(ask(pool, job(versions, small), f"client {n}") for n in range(2))
            )
            assert found[0] == found[1]
            assert int(found[0].split()[1]) > 10_000

    run(work())


def test_who_asked_much_waits_for_others(versions: Versions) -> None:
    """A free slot goes to the client that had the least of late, not to who came first."""
    limits = Limits(fast=1, slow=1, queue=9, seconds=PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            with asking(pool, job(versions, FOREVER), "greedy") as (_, running):
                await until(lambda: pool.state_of(running) == "slow" and running.taken > 0.3)
            order: list[str] = []

            async def note(client: str) -> None:
                await ask(pool, job(versions, MODELS), client)
                order.append(client)

            first = ask(pool, job(versions, MODELS), "first")  # has the slot before others come
            await asyncio.gather(first, note("greedy"), note("modest"))
            assert order == ["modest", "greedy"]

    run(work())


def test_who_reads_slowly_keeps_nobody_waiting(versions: Versions) -> None:
    """An answer that nobody takes uses no slow slot: another long one goes on beside it."""
    limits = Limits(fast=2, slow=1, queue=4, seconds=PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            endless = job(versions, "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
            with asking(pool, endless, "slow reader") as (reader, slow):
                await reader.first.wait()
                slow.hold()
                await until(lambda: pool.states()["slow"] == 1)
                with asking(pool, job(versions, FOREVER), "another") as (_, running):
                    await until(lambda: pool.state_of(running) == "slow")
                    await until(lambda: running.taken > 0.3)
                    assert pool.states() == {"waiting": 0, "fast": 0, "slow": 2, "still": 0}

    run(work())


def test_one_client_cannot_have_everything(versions: Versions) -> None:
    """It waits, then is refused, while others have their turn."""
    limits = Limits(fast=2, slow=2, queue=4, seconds=PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            own = [asyncio.ensure_future(ask(pool, job(versions, FOREVER))) for _ in range(4)]
            await until(lambda: len(pool.running) == 4)
            with pytest.raises(TooMany):
                await ask(pool, job(versions, "ASK {}"))
            assert await ask(pool, job(versions, "ASK {}"), "another") == b"true"
            for running in list(pool.running.values()):
                pool.cancel(running)
            await asyncio.gather(*own, return_exceptions=True)

    run(work())


def test_one_client_has_half_of_the_fast_slots(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of its queries at once would each take longer; unless they are quick."""
    monkeypatch.setattr("kg.workers.pool.SLOW_AFTER", PATIENCE)  # so that none leaves its slot
    limits = Limits(fast=6, slow=2, queue=4, seconds=PATIENCE, memory=256_000_000)

    async def having(pool: Pool, pace: float) -> int:
        pool._pace = pace
        own = [asyncio.ensure_future(ask(pool, job(versions, FOREVER))) for _ in range(5)]
        await until(lambda: len(pool.running) == 5)
        assert await ask(pool, job(versions, "ASK {}"), "another") == b"true"
        fast = pool.states()["fast"]
        for running in list(pool.running.values()):
            pool.cancel(running)
        await asyncio.gather(*own, return_exceptions=True)
        return fast

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            assert await having(pool, 1.0) == 3
            assert await having(pool, 0.003) == 4  # half of all slots

    run(work())


def test_what_is_asked_ahead_gives_way(versions: Versions) -> None:
    """It stands still while somebody asks anything, unless that is what it is."""
    limits = Limits(fast=4, slow=2, queue=4, seconds=PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            ahead = asyncio.ensure_future(ask(pool, job(versions, FOREVER), "", 1))
            await until(lambda: pool.states()["slow"] == 1)
            (early,) = pool.running.values()

            own = asyncio.ensure_future(ask(pool, job(versions, FOREVER)))
            await until(lambda: pool.states() == {"waiting": 0, "fast": 1, "slow": 0, "still": 1})
            assert early.is_still
            await until(lambda: pool.states() == {"waiting": 0, "fast": 0, "slow": 1, "still": 1})
            assert early.is_still
            early.began -= 10  # which is more than it may take
            (other,) = (one for one in pool.running.values() if one is not early)
            taken = other.taken
            await until(lambda: other.taken > taken + 0.2)
            assert early.is_still
            early.want()
            await until(lambda: pool.states()["slow"] == 2)

            with pytest.raises(Exceeded, match="after 1 seconds"):
                await ahead
            pool.cancel(other)
            await asyncio.gather(own, return_exceptions=True)
            with pytest.raises(Exceeded, match="after 2 seconds"):
                await ask(pool, job(versions, FOREVER), "", 2)

    run(work())


def test_a_full_queue(versions: Versions) -> None:
    """Who comes when nobody more can wait is told so."""
    limits = Limits(fast=1, slow=1, queue=2, seconds=PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            asked = []
            for n in range(3):
                one = ask(pool, job(versions, FOREVER), f"client {n}")
                asked.append(asyncio.ensure_future(one))
            await until(lambda: len(pool.running) == 3)
            with pytest.raises(Busy, match="as it takes"):
                await ask(pool, job(versions, "ASK {}"), "another")
            for running in list(pool.running.values()):
                pool.cancel(running)
            await asyncio.gather(*asked, return_exceptions=True)

    run(work())


ONE = Limits(fast=1, slow=1, queue=9, seconds=PATIENCE, memory=256_000_000)


@contextlib.asynccontextmanager
async def at_one(versions: Versions, *texts: str) -> AsyncIterator[tuple[Pool, list[Reader]]]:
    """A pool with one worker that was sent some queries at once, and what takes their answers."""
    async with pooled(versions, ONE) as pool:
        await pool.start(str(versions.current_name()))
        pool._pace = 0
        readers = [Reader() for _ in texts]
        for number, (text, reader) in enumerate(zip(texts, readers, strict=True)):
            pool.ask(job(versions, text), f"client {number}", reader)
        yield pool, readers


def numbers(*values: int) -> list[str]:
    """Queries that answer with a number each."""
    return [f"SELECT ({value} AS ?n) {{}}" for value in values]


def said(*values: int) -> list[bytes]:
    """Their answers."""
    return [f"n\r\n{value}\r\n".encode() for value in values]


def test_quick_queries_are_sent_ahead(versions: Versions) -> None:
    """A worker goes from one to the next; each gets its own answer, and they took one slot."""

    async def work() -> None:
        async with at_one(versions, *numbers(1, 2, 3, 4, 5, 6, 7)) as (pool, readers):
            first, *others = pool.running.values()
            assert first.worker
            assert list(first.worker.ahead) == others[:4]
            assert pool.states() == {"waiting": 6, "fast": 1, "slow": 0, "still": 0}
            found = [await reader.whole for reader in readers]
            assert found == said(1, 2, 3, 4, 5, 6, 7)
            assert pool.workers.started == 1

    run(work())


def test_the_quickest_leave_a_processor_to_the_server(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two: one of a client is at work, and the others follow it."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    limits = Limits(fast=4, slow=2, queue=9, seconds=PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            await pool.start(str(versions.current_name()))
            for pace, at_work in ((0.0, 1), (0.003, 3)):
                pool._pace = pace
                readers = [Reader() for _ in range(3)]
                for text, reader in zip(numbers(1, 2, 3), readers, strict=True):
                    pool.ask(job(versions, text), "one", reader)
                assert pool.states()["fast"] == at_work
                assert [await reader.whole for reader in readers] == said(1, 2, 3)

    run(work())


def test_the_quickest_keep_nobody_waiting(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither another client, nor what their worker cannot do, nor who would be turned away."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr("kg.workers.pool.SLOW_AFTER", PATIENCE)  # so that none leaves its slot
    monkeypatch.setattr("kg.workers.pool._LOOK", PATIENCE)
    other = job(versions, "ASK {}")._replace(version="another")

    async def work(queue: int, client: str, second: Job, at_work: int) -> None:
        limits = Limits(fast=4, slow=2, queue=queue, seconds=PATIENCE, memory=256_000_000)
        async with pooled(versions, limits) as pool:
            await pool.start(str(versions.current_name()))
            pool._pace = 0
            with (
                asking(pool, job(versions, FOREVER)),
                asking(pool, second, client),
            ):
                assert pool.states()["fast"] == at_work
            for running in list(pool.running.values()):
                pool.cancel(running)

    run(work(9, "one", job(versions, "ASK {}"), 1))
    run(work(9, "another", job(versions, "ASK {}"), 2))
    run(work(9, "one", other, 2))
    run(work(0, "one", job(versions, "ASK {}"), 2))


def test_one_that_takes_longer_is_not_counted(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those after it begin elsewhere, though it has its slot for good."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr("kg.workers.pool.SLOW_AFTER", PATIENCE)
    limits = Limits(fast=4, slow=2, queue=9, seconds=PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits) as pool:
            await pool.start(str(versions.current_name()))
            pool._pace = 0
            with asking(pool, job(versions, FOREVER)):
                assert await ask(pool, job(versions, "ASK {}")) == b"true"
                assert pool.states()["fast"] == 1

    run(work())


class Slow(Reader):
    """Has no more come with the first piece."""

    running: Running

    def take(self, piece: bytes) -> None:
        """Take a piece, and hold."""
        super().take(piece)
        self.running.hold()


def test_what_was_sent_ahead_behind_one_that_was_held(versions: Versions) -> None:
    """Its answer is read, though the one before it had no more come just before its end."""

    async def work() -> None:
        async with pooled(versions, ONE) as pool:
            await pool.start(str(versions.current_name()))
            pool._pace = 0
            slow, quick = Slow(), Reader()
            slow.running = pool.ask(job(versions, numbers(1)[0]), "one", slow)
            pool.ask(job(versions, numbers(2)[0]), "two", quick)
            assert [await slow.whole, await quick.whole] == said(1, 2)

    run(work())


def test_what_was_sent_ahead_and_is_not_wanted(versions: Versions) -> None:
    """Whether it leaves or is cancelled: the others get their own answers."""

    async def work() -> None:
        async with at_one(versions, *numbers(1, 2, 3, 4)) as (pool, readers):
            _, second, third, _ = pool.running.values()
            pool.leave(second)
            pool.cancel(third)
            with pytest.raises(Exceeded, match="cancelled"):
                await readers[2].whole
            assert [await readers[0].whole, await readers[3].whole] == said(1, 4)
            assert not readers[1].whole.done()
            assert await ask(pool, job(versions, numbers(5)[0])) == said(5)[0]

    run(work())


def test_clients_that_leave_cost_no_worker(versions: Versions) -> None:
    """What is done soon is done, and its worker goes on with the next; what is not is ended."""

    async def work() -> None:
        async with at_one(versions, MODELS, *numbers(1, 2)) as (pool, _):
            first, second, third = pool.running.values()
            for running in (first, second, third):
                pool.leave(running)
            await until(lambda: not pool.running)
            assert await ask(pool, job(versions, "ASK {}")) == b"true"
            assert pool.workers.started == 1
            with asking(pool, job(versions, FOREVER)) as (_, running):
                await until(lambda: running.worker is not None)
            await until(lambda: running.is_over)
            assert pool.running == {}

    run(work())


def test_what_was_sent_ahead_behind_a_long_query(versions: Versions) -> None:
    """Others answer it, while the long one goes on and its worker is not used again."""

    async def work() -> None:
        async with at_one(versions, FOREVER, *numbers(1, 2)) as (pool, readers):
            long = next(iter(pool.running.values()))
            assert long.worker
            assert len(long.worker.ahead) == 2
            assert [await reader.whole for reader in readers[1:]] == said(1, 2)
            assert list(pool.running.values()) == [long]
            assert long.worker.is_used_up
            pool.leave(long)

    run(work())


def test_what_was_sent_ahead_to_a_worker_that_dies(versions: Versions) -> None:
    """It costs the query that it was at, and no other."""

    async def work() -> None:
        async with at_one(versions, FOREVER, *numbers(1, 2)) as (pool, readers):
            first = next(iter(pool.running.values()))
            assert first.worker
            os.kill(first.worker.pid, signal.SIGKILL)
            with pytest.raises(StoreError, match="has ended"):
                await readers[0].whole
            assert [await reader.whole for reader in readers[1:]] == said(1, 2)

    run(work())


def test_nothing_is_sent_ahead_while_queries_take_long(versions: Versions) -> None:
    """Nor at the start, when it is not known whether they do."""

    async def work() -> None:
        async with pooled(versions, ONE) as pool:
            await pool.start(str(versions.current_name()))
            readers = [Reader() for _ in range(3)]
            for number, reader in enumerate(readers):
                pool.ask(job(versions, numbers(number)[0]), "one", reader)
            first = next(iter(pool.running.values()))
            assert first.worker
            assert not first.worker.ahead
            assert [await reader.whole for reader in readers] == said(0, 1, 2)

    run(work())


async def pid_of(pool: Pool) -> int:
    """The process that answers the one query that runs."""
    await until(lambda: any(running.worker for running in pool.running.values()))
    (running,) = pool.running.values()
    assert running.worker
    return running.worker.pid


def test_killed_processes(versions: Versions) -> None:
    """A worker or the spawner that dies costs the query that it was at, and no other."""

    async def work() -> None:
        async with pooled(versions) as pool:
            for victim in ("worker", "spawner"):
                asked = asyncio.ensure_future(ask(pool, job(versions, FOREVER)))
                pid = await pid_of(pool)
                if victim == "spawner":
                    pid = int(Path(f"/proc/{pid}/stat").read_text("ascii").split()[3])
                os.kill(pid, signal.SIGKILL)
                with pytest.raises(StoreError, match="has ended"):
                    await asked
                assert await ask(pool, job(versions, "ASK {}")) == b"true"

    run(work())


def test_workers_end_with_the_pool(versions: Versions) -> None:
    """Nothing that it started is left."""

    async def work() -> None:
        async with pooled(versions) as pool:
            asked = asyncio.ensure_future(ask(pool, job(versions, FOREVER)))
            pid = await pid_of(pool)
        with pytest.raises(KgError):
            await asked
        await until(lambda: is_gone(pid))

    run(work())


def children(pid: int) -> set[int]:
    """The processes that a process has started and that still work."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text("ascii").rpartition(")")[2].split()[:2]
            if state != "Z" and int(parent) == pid:
                found.add(int(path.parent.name))
    return found


CROWD = Limits(fast=2, slow=1, queue=20, seconds=PATIENCE, memory=256_000_000)


def test_clients_that_leave_while_workers_start(versions: Versions) -> None:
    """Who comes next takes the workers, so that no more are started than there are slots."""

    async def work() -> None:
        others = children(os.getpid())
        async with pooled(versions, CROWD) as pool:
            pool.settle_on(str(versions.current_name()))
            asks = job(versions, "ASK {}")
            asked = [asyncio.ensure_future(ask(pool, asks, f"client {n}")) for n in range(12)]
            await asyncio.sleep(0)
            assert pool.states() == {"waiting": 10, "fast": 2, "slow": 0, "still": 0}
            for one in asked:
                one.cancel()
                await asyncio.wait([one])
            (spawner,) = children(os.getpid()) - others
            await until(lambda: len(children(spawner)) == 2)
            answers = await asyncio.gather(*(ask(pool, asks, f"client {n}") for n in range(12)))
            assert answers == [b"true"] * 12
            assert len(children(spawner)) == pool.workers.started == 2
        assert children(os.getpid()) == others
        assert children(spawner) == set()

    run(work())


@pytest.mark.parametrize("is_warm", [False, True])
@pytest.mark.parametrize("leave", [False, True])
def test_closed_while_workers_start(versions: Versions, is_warm: bool, leave: bool) -> None:
    """Whoever still waits is told so at once, and nothing is started any more."""

    async def work() -> None:
        others = children(os.getpid())
        pool = Pool(versions.root, CROWD)
        if is_warm:
            await ask(pool, job(versions, "ASK {}"))
        asks = job(versions, FOREVER)
        asked = [asyncio.ensure_future(ask(pool, asks, f"client {n}")) for n in range(12)]
        await asyncio.sleep(0)
        if leave:
            for one in asked:
                one.cancel()
            await asyncio.wait(asked)
        began = time.monotonic()
        await pool.close()
        assert time.monotonic() - began < 5
        found = await asyncio.gather(*asked, return_exceptions=True)
        wanted = asyncio.CancelledError if leave else StoreError
        assert [type(error) for error in found] == [wanted] * 12
        with pytest.raises(StoreError, match="is ending"):
            await ask(pool, asks)
        assert children(os.getpid()) == others

    run(work())


def test_a_query_that_is_ended_is_not_waited_for(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has much memory takes its time to die; here it never does."""
    monkeypatch.setattr("kg.workers.pool._LAST", 10 * PATIENCE)
    monkeypatch.setattr(Worker, "signal", lambda *_: None)

    async def work() -> None:
        async with pooled(versions) as pool:
            with pytest.raises(Exceeded, match=r"ended after 0\.5 seconds"):
                await ask(pool, job(versions, FOREVER), seconds=0.5)
            asked = asyncio.ensure_future(ask(pool, job(versions, FOREVER)))
            await until(lambda: pool.states()["fast"] == 1)
            (running,) = pool.running.values()
            await until(lambda: running.worker is not None)
            pool.cancel(running)
            with pytest.raises(Exceeded, match="cancelled"):
                await asked

    run(work())


def test_queries_that_were_ended_leave_nothing(versions: Versions) -> None:
    """What they died of knows where it was raised, and that would know what it was."""

    async def work() -> None:
        async with pooled(versions) as pool:
            for _ in range(3):
                reader = Reader()
                pool.ask(job(versions, FOREVER), "one", reader, 0.3)
                await until(reader.whole.done)
                assert isinstance(reader.whole.exception(), Exceeded)
            # the start of a worker that a query has waited for knows it until it is there
            await until(lambda: not any(isinstance(one, Running) for one in gc.get_objects()))

    gc.collect()
    gc.disable()
    try:
        run(work())
    finally:
        gc.enable()


def test_workers_that_nobody_needs_end(versions: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the spare ones, after a while."""
    monkeypatch.setattr("kg.workers.workers._QUIET", 0.05)
    monkeypatch.setattr("kg.workers.spawner._GROWN", 1_000_000)

    async def work() -> None:
        async with pooled(versions) as pool:
            others = children(os.getpid())
            for _ in range(LIMITS.fast):
                await pool.start(str(versions.current_name()))
            (spawner,) = children(os.getpid()) - others
            assert LIMITS.spare < LIMITS.fast
            await until(lambda: len(children(spawner)) == LIMITS.spare)
            fresh = children(spawner)
            assert await ask(pool, job(versions, "ASK {}")) == b"true"
            assert children(spawner) == fresh
            assert await ask(pool, job(versions, "SELECT * { ?s ?p ?o } ORDER BY ?o"))
            # whose memory has grown makes place for another
            await until(lambda: len(children(spawner) - fresh) == 1)
            await until(lambda: len(children(spawner)) == LIMITS.spare)

    run(work())


def test_idle_workers_are_bounded(versions: Versions) -> None:
    """As many are kept as there are fast slots, of the version that is asked; others end."""

    async def work() -> None:
        async with pooled(versions) as pool:
            others = children(os.getpid())
            for _ in range(LIMITS.fast + 2):
                await pool.start(str(versions.current_name()))
            (spawner,) = children(os.getpid()) - others
            await until(lambda: len(children(spawner)) == LIMITS.fast)
            pool.settle_on("another")
            await until(lambda: children(spawner) == set())
            assert await ask(pool, job(versions, "ASK {}")) == b"true"
            await until(lambda: children(spawner) == set())  # of a version that nobody asks now

    run(work())


def is_gone(pid: int) -> bool:
    """Whether no process of that number works any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").split()[2] == "Z"
    except FileNotFoundError:
        return True


def test_another_version(tmp_path: Path) -> None:
    """Each job is answered from the version that it names, and one that is gone says so."""
    own = Versions(tmp_path)
    for name in ("before", "after"):
        graph = f'<http://a/s> <http://a/p> "{name}" .\n'.encode()
        own.publish(name, {"": graph}, {}, keep=3)

    async def work() -> None:
        async with pooled(own) as pool:
            text = "SELECT ?o { ?s ?p ?o }"
            for name in ("before", "after", "before"):
                answer = await ask(pool, Job(name, text, "csv", {}))
                assert answer == f"o\r\n{name}\r\n".encode()
            with pytest.raises(StoreError, match="gone is missing"):
                await ask(pool, Job("gone", text, "csv", {}))

    run(work())


@pytest.fixture
def canary() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server that nobody may call, and what it was sent."""
    calls: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        calls.append(connection.recv(100))

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/sparql", calls
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
        "SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
        "SELECT * {{ BIND (<{url}> AS ?url) SERVICE ?url {{ ?s ?p ?o }} }}",
        "SELECT * {{ {{ SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }} }}",
        "ASK {{ FILTER EXISTS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
        "SELECT * FROM <{url}> {{ ?s ?p ?o }}",
        "SELECT * FROM NAMED <{url}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    ],
)
def test_s1_s3_a_worker_has_no_network(
    versions: Versions, canary: tuple[str, list[bytes]], text: str
) -> None:
    """Whatever a query asks for, given to a worker unjudged, no other server hears of it."""
    url, calls = canary

    async def work() -> None:
        async with pooled(versions) as pool:
            with contextlib.suppress(BadQuery):
                await ask(pool, job(versions, text.format(url=url)))

    run(work())

    assert calls == []


def test_the_canary_sings(canary: tuple[str, list[bytes]]) -> None:
    """The canary hears who does call."""
    url, calls = canary
    host, port = url.removeprefix("http://").removesuffix("/sparql").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"hello")
        connection.recv(1)

    assert calls == [b"hello"]


TRICKY = ('}},{"', '}},{"s":{"type":"', '"', "\\", "]}}", '"bindings":[', "x" * 3_000, "{},{}", "")


@pytest.mark.parametrize("size", [1, 7, 8_192, 10_000_000])
def test_rows_are_cut_where_they_end(size: int) -> None:
    """Whatever the texts are, and wherever pieces end; nothing of the answer is lost."""
    store = ox.Store()
    for number, text in enumerate(TRICKY * 8):
        subject = ox.NamedNode(f"http://a/{number}")
        store.add(ox.Quad(subject, ox.NamedNode("http://a/p"), ox.Literal(text)))
    query = "SELECT ?s ?o ?none { ?s <http://a/p> ?o }"
    found = store.query(query)
    assert isinstance(found, ox.QuerySolutions)
    body = found.serialize(format=ox.QueryResultsFormat.JSON)
    assert body

    every = json.loads(body)["results"]["bindings"]
    rows = Rows()
    sent = b""
    lengths = set()
    for start in range(0, len(body), size):
        piece = rows.whole(body[start : start + size])
        sent += piece
        if piece:
            cut = json.loads(sent + b']},"x-complete":false}')["results"]["bindings"]
            assert cut == every[: len(cut)]
            lengths.add(len(cut))
    assert sent + rows.rest() == body
    assert len(lengths) > 20 or size > 7


def test_rows_without_values_are_not_held_back() -> None:
    """Where no row can be told from the next, all goes on and nothing is cut."""
    body = b'{"head":{"vars":["x"]},"results":{"bindings":[' + b"{}," * 500_000 + b"{}]}}"
    rows = Rows()
    sent = b"".join(rows.whole(body[at : at + 8_192]) for at in range(0, len(body), 8_192))
    assert sent + rows.rest() == body
    assert len(rows.rest()) < 10_000
    assert not rows.can_be_cut


@pytest.mark.parametrize("size", [1, 3, 8_192])
@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv", "ntriples", "turtle"])
def test_rows_are_counted(name: str, size: int) -> None:
    """In every format that shows them, whatever the texts are and wherever pieces end."""
    store = ox.Store()
    texts = [*TRICKY[1:], "<result>", "one\ntwo", 'a "quoted"\n\n"line"', "a,b\r\n"]
    for number, text in enumerate(texts):
        subject = ox.NamedNode(f"http://a/{number}")
        store.add(ox.Quad(subject, ox.NamedNode("http://a/p"), ox.Literal(text)))
    for limit in (0, 1, len(texts)):
        embedded = EmbeddedStore(store)
        kind: Kind = "graph" if name in ("ntriples", "turtle") else "rows"
        form = "CONSTRUCT { ?s ?p ?o } WHERE" if kind == "graph" else "SELECT ?s ?o"
        body = embedded.query(f"{form} {{ ?s ?p ?o }} LIMIT {limit}").serialize(named(name, kind))
        count = Count(name)
        for start in range(0, len(body), size):
            count.note(body[start : start + size])
        assert count.total() == (None if name == "turtle" else limit)


ORDERED = (
    "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 5000",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?b { GRAPH ?g { ?b ?p ?o } FILTER ISBLANK(?b) } ORDER BY ?b ?g ?p ?o",
)


def test_the_data_are_copied_into_memory(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers are the same, blank nodes too; what takes all memory ends alone, without network."""
    monkeypatch.setattr("kg.workers.copies._CALM", 0)

    async def work() -> None:
        others = children(os.getpid())
        everything = job(versions, "", "nquads")._replace(text=None)
        async with pooled(versions) as pool:
            await pool.start(str(versions.current_name()))
            on_disk = [await ask(pool, job(versions, text)) for text in ORDERED]
            on_disk.append(await ask(pool, everything))
            assert not pool.workers.in_memory
        async with pooled(versions, CROWD, copies=1_000_000_000) as pool:
            await pool.start(str(versions.current_name()))
            assert pool.workers.is_copying
            await until(lambda: pool.workers.in_memory)
            await until(lambda: not pool.workers.is_copying)
            assert pool.workers.isolated
            in_memory = [await ask(pool, job(versions, text)) for text in ORDERED]
            in_memory.append(await ask(pool, everything))
            assert in_memory == on_disk
            assert len(children(os.getpid()) - others) == 2
            with pytest.raises(Exceeded, match="memory"):
                await ask(pool, job(versions, HUNGRY))
            assert await ask(pool, job(versions, ORDERED[1])) == on_disk[1]
        assert children(os.getpid()) == others

    run(work())


def test_copies_that_are_lost_are_made_anew_in_quiet(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While there is work only if there are fewer than fast slots: it takes a processor."""
    monkeypatch.setattr("kg.workers.copies._CALM", 0)
    monkeypatch.setattr("kg.workers.workers._QUIET", 0.1)
    monkeypatch.setattr("kg.workers.workers._SELDOM", 0)
    limits = Limits(fast=1, slow=2, queue=4, seconds=PATIENCE, memory=256_000_000)

    async def work() -> None:
        async with pooled(versions, limits, copies=1_000_000_000) as pool:
            await pool.start(str(versions.current_name()))
            await until(lambda: pool.workers.in_memory and not pool.workers.is_copying)
            started = pool.workers.started
            assert started >= 3
            with pytest.raises(Exceeded, match="memory"):
                await ask(pool, job(versions, HUNGRY))
            copying = set(pool.workers._copying)  # what quiet has begun by now
            pool.workers.replace()
            assert pool.workers._copying == copying
            await until(lambda: pool.workers.started == started + 1)
            await until(lambda: len(pool.workers._idle) + len(pool.workers._slowed) == 3)

    run(work())


def test_a_copy_is_of_the_current_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version has one of its own, and the process with the one before ends."""
    monkeypatch.setattr("kg.workers.copies._CALM", 0)
    versions = Versions(tmp_path)
    for name in ("one", "two"):
        versions.publish(name, {"": f'<a:s> <a:p> "{name}" .\n'.encode()}, {"plain": True}, keep=2)
    text = "SELECT ?o { ?s ?p ?o }"

    async def work() -> None:
        others = children(os.getpid())
        async with pooled(versions, copies=1_000_000_000) as pool:
            for name in ("one", "two", "one"):
                pool.settle_on(name)
                await until(lambda: pool.workers.in_memory)
                asked = job(versions, text)._replace(version=name)
                assert await ask(pool, asked) == f"o\r\n{name}\r\n".encode()
                graph = "CONSTRUCT WHERE { ?s ?p ?o }"
                turtle = job(versions, graph, "turtle")._replace(version=name)
                assert await ask(pool, turtle) == f'<a:s> <a:p> "{name}" .\n'.encode()
                await until(lambda: len(children(os.getpid()) - others) == 1)

    run(work())


def test_data_that_do_not_fit_stay_on_disk(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies for all slots and one more are reckoned with."""
    monkeypatch.setattr("kg.workers.copies._CALM", 0)

    async def work() -> None:
        async with pooled(versions, copies=20_000_000) as pool:
            await pool.start(str(versions.current_name()))
            copies = pool.workers._copies
            assert copies._making
            await asyncio.wait([copies._making])
            assert not pool.workers.in_memory
            assert int((await ask(pool, job(versions, MODELS))).split()[1]) >= 26

    run(work())


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({}, None), ({"": "max"}, None), ({"a": "5000"}, 5_000), ({"": "7000", "a/b": "max"}, 7_000)],
)
def test_memory_of_a_container(
    tmp_path: Path, limits: dict[str, str], expected: int | None
) -> None:
    """It is the least that a group or one above it may have, else the machine's."""
    groups, own = tmp_path / "groups", tmp_path / "own"
    own.write_text("4:memory:/else\n0::/a/b\n")
    for name, limit in limits.items():
        (groups / name).mkdir(parents=True, exist_ok=True)
        (groups / name / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.max").write_text("1\n")  # above all groups
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

    assert memory_size(groups, own) == (expected or machine)
    assert memory_size(groups, tmp_path / "none") <= machine


FORKED = """
import os
from pathlib import Path
from kg.workers.heap import in_huge_pages

held = bytearray(b"x") * 64_000_000
if (child := os.fork()) == 0:
    done = in_huge_pages()
    said = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    found = {line.split()[0]: int(line.split()[1]) for line in said}
    print(done, found["AnonHugePages:"], found["Private_Dirty:"], held.count(b"x"), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


def test_memory_in_huge_pages() -> None:
    """What a process had from the one that it was forked from is its own then, and as it was."""
    ran = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, check=True, timeout=60
    )
    done, huge, own, held = ran.stdout.split()
    is_there = Path("/sys/kernel/mm/transparent_hugepage").exists()
    version = tuple(int(one) for one in os.uname().release.split("-")[0].split(".")[:2])

    assert held == "64000000"
    if is_there and version >= (6, 1):
        assert int(huge) > 0  # not all, where memory is in small pieces, which it then says
    if done == "True":
        assert int(huge) > 60_000
        assert int(own) > 60_000
    assert not in_huge_pages(Path("/none"))


@pytest.mark.parametrize("own", ["", "glibc.malloc.tcache_count=9"])
def test_small_blocks_are_at_hand(
    versions: Versions, monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    """Workers begin with what is set for their allocator, after which the operator's own holds."""
    monkeypatch.setenv("GLIBC_TUNABLES", own)

    async def work() -> None:
        async with pooled(versions) as pool:
            with asking(pool, job(versions, FOREVER)):
                pid = await pid_of(pool)
                said = Path(f"/proc/{pid}/environ").read_bytes().decode()
        # where glibc has read what is set, it leaves no colons
        expected = f"GLIBC_TUNABLES=glibc.malloc.tcache_count=1000:{own}"
        assert expected in said.replace("\0", ":")

    run(work())


def test_a_copy_without_huge_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it is used, which makes it the process's own as well."""
    graphs = {"": b"<a:a> <a:b> <a:c> .", "a:g": b"<a:a> <a:b> <a:d> ."}
    used: list[int] = []
    store = EmbeddedStore.in_memory(graphs)
    asked = store.query

    def noted(text: str) -> Answer:
        answer = asked(text)
        ((number,),) = asked(text).solutions()
        used.append(int(number.value))
        return answer

    monkeypatch.setattr(store, "query", noted)
    monkeypatch.setattr("kg.workers.copying.in_huge_pages", lambda: False)
    make_own(store)
    assert used == [2]

"""What the front keeps: the same answers as without it, and each query once for all who ask."""

from __future__ import annotations

import asyncio
import re
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import flask
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kg.build import Built
from kg.citation import Citation
from kg.encodings import decoded
from kg.errors import Busy
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import create_app
from kg.serve.front import Front
from kg.serve.warming import Warming
from kg.serve.warming import _asked as asked
from kg.settings import Settings
from kg.store import Current, Versions
from kg.workers import Job, Limits, Pool, Running
from kg.workers.jobs import Taker

Result = TypeVar("Result")
LIMITS = Limits(fast=2, slow=1, queue=8, seconds=60, memory=500_000_000)
ROWS = "SELECT ?s { ?s a ?class } ORDER BY ?s LIMIT 5"
SLOW = """
SELECT (COUNT(*) AS ?n) {{
  ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER (CONCAT(STR(?a), STR(?d), STR(?g)) < "{}")
}}
"""
NAMES = ("large", "large")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass
class Told:
    """What a client was told."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> bytes:
        """The body as it was before it was compressed, which may be done in other pieces."""
        code, body = self.headers.get("content-encoding"), bytes(self.body)
        return decoded(body, code, 10_000_000) if code and body else body


def scope(target: str, method: str = "GET", **more: str) -> dict[str, Any]:
    """A request as ASGI has it."""
    path, _, query_string = target.partition("?")
    headers = [(name.replace("_", "-").lower().encode(), v.encode()) for name, v in more.items()]
    return {
        "type": "http",
        "method": method,
        "http_version": "1.1",
        "path": urllib.parse.unquote(path),
        "raw_path": path.encode(),
        "query_string": query_string.encode(),
        "headers": [(b"host", b"localhost"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }


@dataclass
class Served:
    """A front in this process, the app behind it, and the loop that it works in."""

    front: Front
    app: flask.Flask
    versions: Versions
    runner: asyncio.Runner

    def run(self, work: Coroutine[None, None, Result]) -> Result:
        """What some work comes to."""
        return self.runner.run(work)

    async def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        leaves: asyncio.Event | None = None,
        told: Told | None = None,
        **more: str,
    ) -> Told:
        """What the front answers to a request over ASGI, whose client may leave.

        ``told`` shows what has come so far.
        """
        told = told or Told()

        async def receive() -> MutableMapping[str, Any]:
            await (leaves or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
                for name, value in message["headers"]:
                    known = told.headers.get(name.decode(), "")
                    said = value.decode("latin-1")
                    told.headers[name.decode()] = f"{known}, {said}" if known else said
            else:
                told.body += message.get("body", b"")

        await self.front(scope(target, method, **more), receive, send)
        return told

    def without_front(self, target: str, **more: str) -> Told:
        """What the app answers by itself."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        response = self.app.test_client(use_cookies=False).get(target, headers=headers)
        named = {name.lower(): value for name, value in response.headers}
        return Told(response.status_code, named, bytearray(response.get_data()))

    async def number(self, metric: str) -> float:
        """What a metric has come to."""
        lines = (await self.ask("/metrics")).body.decode().splitlines()
        return float(next(line.split()[-1] for line in lines if line.startswith(metric)))


@pytest.fixture(scope="module")
def served(
    project: Project, built: Built, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A front on the real graph, which has another version that holds almost nothing."""
    versions = Versions(tmp_path_factory.mktemp("kept"))
    small = {"": b'<http://a/s> <http://a/p> "1" .'}
    versions.publish("small", small, built.summary(), keep=2)
    versions.publish("large", built.graphs, built.summary(), keep=2)
    current = Current(versions)
    catalogue = Catalogue.read(project.query_files())
    citation = Citation.read(project.citation_file, "CITATION.cff")
    chosen = Settings.load({"KG_TOKEN": "operator", "KG_LOG": "/dev/null"})
    app = create_app(current, catalogue, chosen, citation=citation)
    with asyncio.Runner() as runner:
        pool = Pool(versions.root, LIMITS)
        yield Served(Front(app, pool, current, chosen, None), app, versions, runner)
        runner.run(pool.close())


def sparql(query: str, **more: str) -> str:
    """The target that asks a query."""
    return f"/sparql?{urllib.parse.urlencode({'query': query, **more})}"


TARGETS = (
    sparql(ROWS),
    sparql(ROWS.replace(" ", "  ")),
    sparql(f"{ROWS} # the same"),
    sparql(ROWS.replace("5", "6")),
    sparql(ROWS, format="csv"),
    sparql(ROWS, format="json"),
    sparql(ROWS, version="small"),
    sparql(ROWS, version="large"),
    sparql("ASK {}"),
    sparql("ASK {"),
    sparql("CONSTRUCT { ?s a ?class } WHERE { ?s a ?class } ORDER BY ?s LIMIT 3"),
    "/sparql",
    "/",
    "/?lang=zh-Hans",
    "/queries",
    "/queries/table-1",
    "/queries/table-1?format=csv",
    "/queries/models-by-developer?organization=organization:baai",
    "/queries/models-by-developer?organization=organization:huawei",
    "/id/model/glm-130b",
    "/id/model/glm-130b?format=json",
    "/context.jsonld",
    "/ontology",
    "/nothing",
)
WISHES: dict[str, tuple[str, ...]] = {
    "Accept": (
        *(BROWSER, "text/html", "*/*", "text/csv", "text/turtle", "application/json"),
        "application/sparql-results+json, text/html;q=0.5",
    ),
    "Accept_Encoding": ("", "gzip", "zstd, gzip", "gzip;q=0"),
    "Accept_Language": ("", "zh-CN,zh;q=0.9", "en"),
    "Cookie": ("", "lang=zh-Hans", "theme=dark", "theme=dark; lang=en"),
    "Authorization": ("", "Bearer operator", "Bearer other"),
    "If_None_Match": ("", '"x"', "*"),
}
SAME = ("content-type", "content-encoding", "etag", "x-kg-data-version", "vary", "set-cookie")
ASKED = st.tuples(
    st.sampled_from(TARGETS),
    st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in WISHES.items()}
    ),
)


def lasting(told: Told, name: str) -> str | None:
    """What a header says, without the second at which it was said."""
    value = told.headers.get(name)
    return value and re.sub(r"Expires=[^;]*; ", "", value)


@settings(max_examples=8, phases=[Phase.generate])
@given(asked=st.lists(st.tuples(ASKED, st.integers(1, 3), st.booleans()), min_size=8, max_size=12))
def test_whoever_asks_gets_what_the_app_says(
    served: Served, asked: list[tuple[tuple[str, dict[str, str]], int, bool]]
) -> None:
    """In any order, as often as they like, in each format, encoding, language and version."""
    seen = Counter[int]()
    served.versions.rollback("large")
    for (target, given_wishes), times, is_switched in asked:
        wishes = {name: value for name, value in given_wishes.items() if value}
        if is_switched:
            served.versions.rollback()
        expected = served.without_front(target, **wishes)
        for _ in range(times):
            told = served.run(served.ask(target, **wishes))
            seen[told.status] += 1
            assert told.status == expected.status, (target, wishes)
            if told.status < 400:
                assert told.text == expected.text, (target, wishes)
            for name in SAME:
                assert lasting(told, name) == lasting(expected, name), (target, wishes, name)
    assert seen.total() >= 8


@pytest.fixture
def large(served: Served) -> Iterator[Served]:
    """The same while the real graph is current."""
    served.versions.rollback("large")
    served.run(served.ask(sparql("ASK {}")))
    return served


def test_what_is_kept_is_sent_without_a_query(large: Served) -> None:
    """Once asked for twice: under each spelling of the query, and to browsers as they are."""

    async def work() -> None:
        before = await large.number("kg_cache_hits_total")
        for target, more in (
            (sparql(ROWS + "1"), {"Accept": "text/csv"}),
            ("/id/model/pangu-alpha", {"Accept": BROWSER}),
            ("/queries/parts", {"Accept": BROWSER, "Accept_Encoding": "zstd"}),
        ):
            answers = [await large.ask(target, **more) for _ in range(3)]
            assert {told.status for told in answers} == {200}
            assert len({bytes(told.body) for told in answers}) == 1
        assert await large.number("kg_cache_hits_total") == before + 3
        again = await large.ask("/id/model/pangu-alpha", Accept="text/html;q=0.9")
        assert again.body == (await large.ask("/id/model/pangu-alpha", Accept=BROWSER)).body
        assert await large.number("kg_cache_hits_total") == before + 5
        other = await large.ask(sparql("\n" + ROWS + "1#"), Accept="text/csv")
        assert "x-kg-query-id" not in other.headers
        assert await large.number("kg_cache_hits_total") == before + 6
        asks = await large.ask(
            sparql(ROWS + "1"), Accept="text/csv", If_None_Match=other.headers["etag"]
        )
        assert (asks.status, asks.body) == (304, b"")

    large.run(work())


@pytest.mark.parametrize(
    "target",
    [
        sparql("SELECT (RAND() AS ?x) {}"),
        sparql("SELECT * { ?s ?p ?o . GRAPH ?g { ?s ?p ?o } } ORDER BY ?g ?s ?p ?o LIMIT 9000"),
        sparql("SELECT {"),
        "/?lang=en",
        "/download",
    ],
)
def test_what_is_not_kept(large: Served, target: str) -> None:
    """What is not the same each time, what is too large, what failed, what sets a cookie."""

    async def work() -> None:
        before = await large.number("kg_cache_hits_total")
        for _ in range(3):
            await large.ask(target, Accept=BROWSER if target[1] != "s" else "*/*")
        assert await large.number("kg_cache_hits_total") == before

    large.run(work())


def queries(large: Served) -> Callable[[], int]:
    """How many queries are waiting or running."""
    return lambda: len(large.front._pool.running)


async def met(condition: Callable[[], bool]) -> None:
    """Wait for a condition, for somewhat longer than a query may take."""
    async with asyncio.timeout(3 * LIMITS.seconds):
        while not condition():
            await asyncio.sleep(0.005)


def test_one_query_runs_once_for_all_who_ask(large: Served) -> None:
    """Ten clients at once: one query, and the same answer for each."""

    async def work() -> None:
        started: list[str] = []
        asked = large.front._pool.ask

        def counted(
            job: Job, client: str, taker: Taker, seconds: float | None, began: float
        ) -> Running:
            started.append(job.text or "")
            return asked(job, client, taker, seconds, began)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(large.front._pool, "ask", counted)
            target = sparql("SELECT (COUNT(*) AS ?together) { ?s ?p ?o . ?o ?q ?r }", format="csv")
            answers = await asyncio.gather(*(large.ask(target) for _ in range(10)))
        assert {told.status for told in answers} == {200}
        assert len({bytes(told.body) for told in answers}) == 1
        assert len(started) == 1

    large.run(work())


def test_others_keep_a_query_whose_first_client_leaves(large: Served) -> None:
    """It goes on while somebody waits, and ends when nobody does."""

    async def work() -> None:
        waiting = queries(large)
        target, leaves = sparql(SLOW.format("left"), format="csv"), asyncio.Event()
        first = asyncio.ensure_future(large.ask(target, leaves=leaves))
        await met(lambda: waiting() == 1)
        leaves_too = asyncio.Event()
        others = [asyncio.ensure_future(large.ask(target, leaves=leaves_too)) for _ in range(3)]
        (flight,) = large.front._flights._known.values()
        await met(lambda: len(flight.followers) == 3)
        leaves.set()
        assert (await first).status == 0
        assert (waiting(), len(flight.followers)) == (1, 2)
        leaves_too.set()
        assert [told.status for told in await asyncio.gather(*others)] == [0, 0, 0]
        await met(lambda: waiting() == 0)

    large.run(work())


def test_who_comes_next_gets_what_there_is(large: Served) -> None:
    """When the first one leaves: the rows so far at once, and the others as they come."""

    async def work() -> None:
        waiting = queries(large)
        few = 'STRENDS(SHA1(CONCAT(STR(?s), STR(?d), STR(?g))), "00")'  # so they come slowly
        every = "?s ?p ?o . ?d ?e ?f . ?g ?h ?i"
        target = sparql(f"SELECT ?s {{ {every} FILTER ({few}) }}", format="csv")
        leaves, leaves_too = asyncio.Event(), asyncio.Event()
        first, second = Told(), Told()
        before = asyncio.ensure_future(large.ask(target, leaves=leaves, told=first))
        await met(lambda: waiting() == 1)
        (flight,) = large.front._flights._known.values()
        next_ = asyncio.ensure_future(large.ask(target, leaves=leaves_too, told=second))
        await met(lambda: len(flight.followers) == 1 and first.body != b"")
        assert (second.status, second.body) == (0, b"")
        leaves.set()
        await before
        await met(lambda: second.body != b"")
        assert (waiting(), second.status) == (1, 200)
        assert bytes(flight._body).startswith(second.body)
        assert second.body.startswith(b"s\r\nhttp")
        assert "x-kg-query-id" not in second.headers
        assert first.headers["x-kg-query-id"] == flight.running.id
        leaves_too.set()
        await next_
        await met(lambda: waiting() == 0)

    large.run(work())


def test_who_takes_an_answer_over_gets_all_of_it(large: Served) -> None:
    """The same bytes as another one, which are kept for whoever asks next; in one piece or more."""

    async def work(**more: str) -> None:
        target = sparql("SELECT ?s ?g { GRAPH ?g { ?s ?p ?o } } LIMIT 9000#took", format="csv")
        leaves = asyncio.Event()
        first = asyncio.ensure_future(large.ask(target, leaves=leaves, **more))
        await met(lambda: bool(large.front._flights._known))
        (flight,) = large.front._flights._known.values()
        others = [asyncio.ensure_future(large.ask(target, **more)) for _ in range(2)]
        await met(lambda: len(flight.followers) == 2)
        assert flight.leader
        flight.leader.leave()
        leaves.set()
        await first
        taken = await asyncio.gather(*others)
        whole = (await large.ask(target, **more)).body
        assert [told.body for told in taken] == [whole] * 2
        assert len(whole) > 20_000

    large.run(work())
    large.run(work(Accept_Encoding="gzip"))


def test_who_takes_an_answer_over_is_not_told_what_the_first_one_is(large: Served) -> None:
    """That there is no room for its query any more: it is run anew."""

    async def work() -> None:
        waiting = queries(large)
        target = sparql(SLOW.format("no room"), format="csv")
        leaves, leaves_too = asyncio.Event(), asyncio.Event()
        first = asyncio.ensure_future(large.ask(target, leaves=leaves))
        await met(lambda: waiting() == 1)
        (flight,) = large.front._flights._known.values()
        second = asyncio.ensure_future(large.ask(target, leaves=leaves_too))
        await met(lambda: len(flight.followers) == 1)
        leaves.set()
        await first
        assert flight.running
        large.front._pool._finish(flight.running, Busy("The server is busy."))
        await met(lambda: [*large.front._pool.running] not in ([], [flight.running.id]))
        leaves_too.set()
        assert (await second).status == 0
        await met(lambda: waiting() == 0)

    large.run(work())


def test_who_has_a_query_run_anew_has_waited_already(large: Served) -> None:
    """It is part of the time for one's own; nobody waits so for the same answer again."""

    async def work() -> None:
        runs: list[tuple[float, Running]] = []
        waited_for: list[bool] = []
        asked = large.front._pool.ask

        def noted(
            job: Job, client: str, taker: Taker, seconds: float | None, began: float
        ) -> Running:
            now = time.monotonic()
            waited_for.append(bool(runs) and runs[-1][1].has_begun)
            runs.append((now, asked(job, client, taker, seconds, began)))
            return runs[-1][1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(large.front._pool, "ask", noted)
            target = sparql("SELECT * { GRAPH ?g { ?s ?p ?o } }#", format="csv", timeout="5")
            for _ in range(2):
                await asyncio.gather(*(large.ask(target) for _ in range(2)))
        (_, first), (anew, second), _, _ = runs
        assert waited_for == [False, True, True, False]
        assert (first.seconds, second.seconds) == (5, 5)
        assert second.began < anew

    large.run(work())


@pytest.mark.parametrize("format_", ["tsv", "csv", "json"])
def test_all_get_what_is_too_large_to_be_shared(large: Served, format_: str) -> None:
    """Who waited for the first one has it run anew; its first piece may be all that is held."""

    async def work() -> None:
        target = sparql("SELECT * { GRAPH ?g { ?s ?p ?o } }", format=format_)
        for _ in range(2):
            answers = await asyncio.gather(*(large.ask(target) for _ in range(3)))
            assert [one.status for one in answers] == [200] * 3
            assert all(one.body == answers[0].body for one in answers)
            assert len(answers[0].body) > 1_000_000

    large.run(work())


def test_nobody_joins_a_query_that_is_given_up(large: Served) -> None:
    """Who comes just after the last one left has it run anew, and gets all of it."""

    async def work() -> None:
        flights, waiting = large.front._flights, queries(large)
        target, leaves = sparql(SLOW.format("deserted"), format="csv"), asyncio.Event()
        first = asyncio.ensure_future(large.ask(target, leaves=leaves))
        await met(lambda: waiting() == 1)
        ((what, flight),) = flights._known.items()
        assert flight.leader
        flight.leader.leave()
        assert flights.join(what) is None
        assert flight.body is None
        assert (await first).status == 0
        await met(lambda: waiting() == 0)

    large.run(work())


def test_an_error_goes_to_all_and_is_not_kept(large: Served) -> None:
    """Whoever shares a query that ends at its deadline is told so, and the next one runs again."""

    async def work() -> None:
        target = sparql(SLOW.format("late"), format="csv", timeout="0.5")
        told = await asyncio.gather(*(large.ask(target) for _ in range(4)))
        assert [one.status for one in told] == [503] * 4
        assert all(b"deadline" in one.body for one in told)
        before = await large.number("kg_cache_hits_total")
        assert (await large.ask(target)).status == 503
        assert await large.number("kg_cache_hits_total") == before

    large.run(work())


def test_who_cancels_ends_nobody_elses_query(large: Served) -> None:
    """The id is the first client's, who alone is told while others wait; and the operator's."""

    async def work() -> None:
        waiting = queries(large)
        target = sparql(SLOW.format("cancelled"), format="csv")
        first = asyncio.ensure_future(large.ask(target))
        await met(lambda: waiting() == 1)
        second = asyncio.ensure_future(large.ask(target))
        (flight,) = large.front._flights._known.values()
        await met(lambda: len(flight.followers) == 1)
        (id_,) = large.front._pool.running
        assert (await large.ask(f"/running/{id_}", method="DELETE")).status == 200
        assert b"cancelled" in (await first).body
        assert (await large.ask(f"/running/{id_}", method="DELETE")).status == 200
        assert waiting() == 1
        assert flight.leader
        assert not flight.leader.is_first
        operator = {"Authorization": "Bearer operator"}
        ended = await large.ask(f"/running/{id_}", method="DELETE", **operator)
        assert ended.status == 200
        assert b"cancelled" in (await second).body
        await met(lambda: waiting() == 0)

    large.run(work())


def test_answers_that_are_made_ahead(large: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions in each format and encoding, then pages; not while somebody is served."""
    monkeypatch.setattr("kg.serve.warming._QUIET", 0)
    making: list[str] = []

    async def noted(front: Front, target: str, wishes: dict[str, str]) -> bytes:
        making.append(target)
        body = await asked(front, target, wishes)
        making.remove(target)
        return body

    monkeypatch.setattr("kg.serve.warming._asked", noted)
    catalogue = Catalogue(list(large.app.extensions["kg"].catalogue)[:3])

    async def work() -> None:
        answers = large.front._answers
        warming = Warming(answers, catalogue, seconds=60)
        monkeypatch.setattr(large.front, "_warming", warming)
        before = answers.size()
        hits = await large.number("kg_cache_hits_total")
        misses = await large.number("kg_cache_misses_total")
        warming.came()
        warming.start(lambda: "large", large.front)
        await asyncio.sleep(0.3)
        assert answers.size() == before
        warming.went()
        names = [query.name for query in catalogue]
        address = f"/queries/{names[-1]}"
        key = answers.wish(scope(address, Accept=BROWSER, Accept_Encoding="zstd"), NAMES)
        assert key
        await met(lambda: answers.find(key) is not None)
        warming._seconds = 0
        await met(lambda: not making)  # a thread is at it, and would outlive the loop
        await warming.stop()
        assert await large.number("kg_cache_hits_total") == hits
        assert await large.number("kg_cache_misses_total") == misses
        for code in ("identity", "gzip", "zstd"):
            told = await large.ask(f"{address}?format=csv", Accept_Encoding=code)
            assert (told.status, "x-kg-query-id" in told.headers) == (200, False)

    large.run(work())

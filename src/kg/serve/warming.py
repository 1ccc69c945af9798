"""What is likely to be asked, asked ahead while nobody else asks, so that it is kept.

After a start, and once another version is current: the questions as data, then pages, then the
pages of what most is said about. It begins when the server has been quiet for a moment, makes one
answer after the other, stops as long as somebody else is served (a query that takes long stands
still then), and ends after some seconds of work, or when a good part of what may be kept is.
"""

from __future__ import annotations

import asyncio
import csv
import io
import time
import urllib.parse
from typing import TYPE_CHECKING, Any, Final

from kg.namespaces import BASE, IDS
from kg.serve.kept import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping

    from kg.queries import Catalogue
    from kg.serve.kept import Answers

    App = Callable[..., Awaitable[None]]

_QUIET: Final = 0.5
"""Seconds without a request after which it begins, or goes on."""
_LOOK: Final = 0.1
_NEXT: Final = 2.0
"""Seconds between two looks at which version is current."""
_SHARE: Final = 0.5
"""The share of the memory for what is kept that may be filled ahead."""
_CODES: Final = ("", "zstd", "gzip")
_PAGES: Final = ("/", "/queries", "/findings", "/audit", "/ontology")
_MOST_THINGS: Final = 300
_BROWSER: Final = "text/html,*/*;q=0.8"
_THINGS: Final = f"""
SELECT ?thing (COUNT(?other) AS ?number) WHERE {{
  ?other ?property ?thing FILTER (ISIRI(?thing) && STRSTARTS(STR(?thing), "{IDS}"))
}} GROUP BY ?thing ORDER BY DESC(?number) ?thing LIMIT {_MOST_THINGS}
"""


class Warming:
    """Fills what is kept for at most some ``seconds`` for each version; not at all with 0."""

    def __init__(self, answers: Answers, catalogue: Catalogue, seconds: float) -> None:
        self._answers = answers
        self._catalogue = catalogue
        self._seconds = seconds
        self._last = time.monotonic()
        self._serving = 0
        self._task: asyncio.Task[None] | None = None

    def start(self, version: Callable[[], str], front: App) -> None:
        """Begin, and go on with each version."""
        if self._seconds and len(self._catalogue):
            self._task = asyncio.ensure_future(self._go_on(version, front))

    async def stop(self) -> None:
        """End."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    def came(self) -> None:
        """Note that somebody is served."""
        self._serving += 1

    def went(self) -> None:
        """Note that somebody is served no more."""
        self._serving -= 1
        self.noticed()

    def noticed(self) -> None:
        """Note that somebody was served just now."""
        self._last = time.monotonic()

    async def _go_on(self, version: Callable[[], str], front: App) -> None:
        done = ""
        while True:
            if (now := version()) != done:
                done = now
                await self._fill(lambda: version() == now, front)
            await asyncio.sleep(_NEXT)

    async def _fill(self, is_current: Callable[[], bool], front: App) -> None:
        spent = 0.0
        things: list[str] = []

        async def ask(target: str, **wishes: str) -> bytes:
            nonlocal spent
            await self._quiet()
            began = time.monotonic()
            body = await _asked(front, target, wishes)
            spent += time.monotonic() - began
            return body

        def may_go_on() -> bool:
            is_full = self._answers.size() > _SHARE * self._answers.most
            return spent < self._seconds and not is_full and is_current()

        await self._quiet()  # to list what is likely takes a while, too
        for number, (target, wishes) in enumerate(self._likely(things)):
            if not may_go_on():
                return
            await ask(target, **wishes)
            if number == 0:
                query = urllib.parse.urlencode({"query": _THINGS, "timeout": 5, "format": "csv"})
                rows = csv.reader(io.StringIO((await ask(f"/sparql?{query}")).decode()))
                things += [row[0] for row in rows if row and row[0].startswith(IDS)]

    async def _quiet(self) -> None:
        """Wait until nobody else has been served for a moment."""
        while self._serving or time.monotonic() - self._last < _QUIET:
            await asyncio.sleep(_LOOK)

    def _likely(self, things: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
        """Addresses and wishes, the likeliest first; ``things`` are known after the first one."""
        names = [f"/queries/{query.name}" for query in self._catalogue if not query.services]
        for code in _CODES:
            for name in names:
                for format_ in ("json", "csv"):
                    yield f"{name}?format={format_}", {"accept-encoding": code}
        for language in ("en", "zh-Hans"):
            for code in _CODES[1:]:
                wishes = {
                    "accept": _BROWSER,
                    "accept-encoding": code,
                    "accept-language": language,
                }
                for address in (*_PAGES, *names, *(iri.removeprefix(BASE) for iri in things)):
                    yield f"/{address.lstrip('/')}", wishes


async def _asked(front: App, target: str, wishes: dict[str, str]) -> bytes:
    """The body that the front answers with."""
    path, _, query_string = target.partition("?")
    body = bytearray()
    scope = {
        "type": "http",
        "method": "GET",
        "http_version": "1.1",
        "path": urllib.parse.unquote(path),
        "raw_path": path.encode(),
        "query_string": query_string.encode(),
        "headers": [(b"host", b"-"), *((n.encode(), v.encode()) for n, v in wishes.items() if v)],
        "client": ("", 0),
        "server": ("", 0),
        "scheme": "http",
        INTERNAL: True,
    }

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # nobody leaves
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        body.extend(message.get("body", b""))

    await front(scope, receive, send)
    return bytes(body)

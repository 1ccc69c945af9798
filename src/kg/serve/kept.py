"""Answers that the front keeps, so that it need not ask for the same again.

Only what is the same for whoever asks and is asked for again is kept: whole answers of queries that
find the same each time, by what was asked, how it was wished for, and the version that was current.
So nothing that is kept can grow old. While an answer is on its way, others who ask for it wait a
moment for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from cachetools import LRUCache
from werkzeug.http import parse_etags, unquote_etag

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, MutableMapping

    from kg.serve.sending import Headers, Sending
    from kg.workers import Job

    Key = tuple[bytes, ...]

_MOST_BYTES: Final = 64_000_000
_MOST_OF_ONE: Final = 1_000_000
_MOST_OF_KEY: Final = 4_000
_MOST_ASKED: Final = 1_000
"""Number of requests that are remembered, to know which are asked for again."""
_OVERHEAD: Final = 2 * _MOST_OF_KEY
_PATIENCE: Final = 0.2
"""Seconds to wait for an answer that is on its way to somebody else."""
_OF_ONE: Final = (b"server-timing", b"x-kg-query-id")
"""Headers that are about one request."""
_OF_BODY: Final = (b"content-disposition", b"content-encoding", b"content-type")
"""Headers that are about a body."""
_WISHES: Final = (b"accept", b"accept-encoding")


@dataclass(frozen=True)
class Kept:
    """A whole answer, and the query that it answers."""

    job: Job
    headers: Headers
    body: bytes
    rows: int | None

    async def send(self, out: Sending, if_none_match: str, cut: Container[str]) -> None:
        """Send it, or that the client has it; of what is in ``cut`` it may have a part."""
        tag, _ = unquote_etag(dict(self.headers)[b"etag"].decode())
        if tag and tag not in cut and parse_etags(if_none_match).contains_weak(tag):
            headers = [header for header in self.headers if header[0] not in _OF_BODY]
            await out.head(HTTPStatus.NOT_MODIFIED, headers)
        else:
            headers = [*self.headers]
            await out.piece(headers, self.body)
            await out.end(headers)


class OnItsWay:
    """An answer that is being sent, of which the pieces are noted."""

    def __init__(self, key: Key | None) -> None:
        self.key = key
        self.body = bytearray()
        self.rows: int | None = None

    def note(self, piece: bytes) -> None:
        """Note a piece; of too many nothing is kept."""
        if self.key is not None:
            self.body += piece
            if len(self.body) > _MOST_OF_ONE:
                self.key = None
                self.body.clear()


def _size(kept: Kept) -> int:
    headers = sum(len(name) + len(value) for name, value in kept.headers)
    return len(kept.body) + 2 * len(kept.job.text or "") + headers + _OVERHEAD


class Answers:
    """The answers that are kept, those that were asked for last."""

    def __init__(self) -> None:
        self._kept: LRUCache[Key, Kept] = LRUCache(_MOST_BYTES, _size)
        self._asked: LRUCache[Key, None] = LRUCache(_MOST_ASKED)
        self._on_their_way: dict[Key, asyncio.Future[None]] = {}

    def key(self, scope: MutableMapping[str, Any], *versions: str) -> Key | None:
        """What an answer is kept by, while versions are those; None if it is not kept."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers[name] = headers[name] + b"," + value if name in headers else value
        if scope["method"] != "GET" or b"authorization" in headers:
            return None
        asked = scope["query_string"], scope["path"].encode()
        wishes = (headers.get(name, b"") for name in _WISHES)
        key = (*(name.encode() for name in versions), *asked, *wishes)
        return key if sum(map(len, key)) <= _MOST_OF_KEY else None

    async def find(self, key: Key | None) -> Kept | None:
        """An answer that is kept, or will be in a moment."""
        if key is None:
            return None
        if key not in self._kept and key in self._on_their_way:
            self._asked[key] = None
            await asyncio.wait([self._on_their_way[key]], timeout=_PATIENCE)
        return self._kept.get(key)

    @contextlib.contextmanager
    def on_its_way(self, key: Key | None) -> Iterator[OnItsWay]:
        """Note an answer while it is sent; others who ask for the same wait meanwhile."""
        sent = asyncio.get_running_loop().create_future()
        is_first = key is not None and self._on_their_way.setdefault(key, sent) is sent
        try:
            yield OnItsWay(key)
        finally:
            if key is not None and is_first:
                del self._on_their_way[key]
            sent.set_result(None)

    def keep(self, noted: OnItsWay, job: Job, headers: Headers) -> None:
        """Keep a whole answer, if it is one that can be kept and was asked for before.

        It is not if another version became current after the request had come, unless that names
        its version itself.
        """
        if noted.key is None:
            return
        if noted.key not in self._asked:
            self._asked[noted.key] = None
            return
        current, _, query_string, *_ = noted.key
        version = job.version.encode()
        if current == version or b"version=" + version in query_string:
            own = [header for header in headers if header[0] not in _OF_ONE]
            self._kept[noted.key] = Kept(job, own, bytes(noted.body), noted.rows)

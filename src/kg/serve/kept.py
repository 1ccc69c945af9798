"""Answers that the front keeps, so that it need not make the same again.

Only what is the same for whoever asks is kept: whole answers of queries that find the same each
time, pages, and lists, by what was asked, how it was wished for, and the version that was current.
So nothing that is kept can grow old, or be given to somebody who asked for something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cachetools import LRUCache
from werkzeug.http import parse_etags, unquote_etag

from kg.serve.wishes import HTML, encoding_of, prefers_pages
from kg.serve.wording import chosen

if TYPE_CHECKING:
    from collections.abc import Container, MutableMapping

    from kg.serve.sending import Headers, Send
    from kg.workers import Job

    Key = tuple[str | bytes, ...]

INTERNAL: Final = "kg.internal"
"""In the scope of a request that nobody waits for."""
MOST_OF_ONE: Final = 1_000_000
"""Bytes of a body, beyond which it is not kept."""
_MOST_BYTES: Final = 64_000_000
_MOST_OF_KEY: Final = 16_000
"""Bytes of an address and of what is accepted, beyond which an answer is not kept."""
_MOST_ASKED: Final = 20_000
"""Number of requests that are remembered, to know which are asked for again."""
_OVERHEAD: Final = 1_000
"""Bytes that an entry takes beside what is in it."""
_OF_ONE: Final = frozenset(
    {b"server-timing", b"x-kg-query-id", b"x-kg-complete", b"content-length"}
)
"""Headers that are about one request, or made anew."""
_OF_BODY: Final = frozenset(
    {b"content-disposition", b"content-encoding", b"content-type", b"content-length"}
)
"""Headers that are about a body."""
_HOST: Final = re.compile(rb"[A-Za-z0-9._~:\[\]%!$&'()*+,;=-]+")


@dataclass(frozen=True, eq=False)
class Kept:
    """A whole answer, and the query that it answers, if it answers one."""

    headers: Headers
    body: bytes
    job: Job | None = None
    rows: int | None = None
    key_bytes: int = 0
    """Bytes of what it is kept by."""

    @property
    def tag(self) -> str:
        """The entity tag without its quotes; empty if it has none."""
        return unquote_etag(dict(self.headers).get(b"etag", b"").decode())[0] or ""

    async def send(self, send: Send, if_none_match: bytes | None, cut: Container[str]) -> int:
        """Send it, or that the client has it; of what is in ``cut`` it may have a part.

        The number of bytes that the body had.
        """
        body, headers, status = self.body, self.headers, HTTPStatus.OK.value
        if if_none_match is not None:
            tag = self.tag
            tags = parse_etags(if_none_match.decode("latin-1"))
            if tag and tag not in cut and tags.contains_weak(tag):
                headers = [header for header in headers if header[0] not in _OF_BODY]
                body, status = b"", HTTPStatus.NOT_MODIFIED.value
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return len(body)


class Wish(NamedTuple):
    """What a request is kept by: the address, how it is wished for, and the versions then.

    ``page`` is the key of a page, for who would rather have one; None for anybody else.
    """

    exact: Key
    page: Key | None
    names: tuple[str, str]
    """The version that is current, and the one that is open."""
    if_none_match: bytes | None
    is_ahead: bool = False
    """Whether it is made ahead of who will ask, so that its answer is kept at once."""

    def is_of(self, version: str) -> bool:
        """Whether an answer of ``version`` is what the request means, now and later.

        It is not if another version became current after the request had come, unless that names
        its version itself.
        """
        query_string = self.exact[3]
        named = f"version={version}".encode()
        return self.names[0] == version or (
            isinstance(query_string, bytes) and named in query_string
        )


def _size(kept: Kept) -> int:
    headers = sum(len(name) + len(value) for name, value in kept.headers)
    text = len(kept.job.text or "") if kept.job else 0
    return len(kept.body) + headers + kept.key_bytes + text + _OVERHEAD


class Answers:
    """The answers that are kept, those that were asked for last."""

    most = _MOST_BYTES
    """Bytes that may be kept."""

    def __init__(self) -> None:
        self._kept: LRUCache[Key, Kept] = LRUCache(_MOST_BYTES, _size)
        self._tagged: LRUCache[str, Key] = LRUCache(_MOST_ASKED)
        self._asked: LRUCache[object, None] = LRUCache(_MOST_ASKED)

    def size(self) -> int:
        """Bytes of what is kept, with its overhead."""
        return int(self._kept.currsize)

    def wish(self, scope: MutableMapping[str, Any], names: tuple[str, str]) -> Wish | None:
        """What a request is kept by while versions are of those ``names``.

        None for what is not kept: anything but GET, what needs a token, or a request that is
        malformed or out of the ordinary.
        """
        if scope["method"] != "GET" or not names[1]:
            return None
        given = scope["headers"]
        headers: dict[bytes, bytes] = dict(given)
        if len(headers) != len(given) or b"authorization" in headers:
            return None
        host = headers.get(b"host")
        if host is None or not _is_host(host):
            return None
        accept = headers.get(b"accept", b"")
        path, query_string = scope["path"], scope["query_string"]
        encoding = encoding_of(headers.get(b"accept-encoding", b""))
        exact = (*names, path, query_string, encoding, accept)
        if len(path) + len(query_string) + len(accept) > _MOST_OF_KEY:
            return None
        page: Key | None = None
        if accept and prefers_pages(accept):
            variant = chosen(headers.get(b"cookie", b""), headers.get(b"accept-language", b""))
            page = (*names, path, query_string, encoding, "page", *variant)
        if_none_match = headers.get(b"if-none-match")
        return Wish(exact, page, names, if_none_match, is_ahead=INTERNAL in scope)

    def find(self, wish: Wish) -> Kept | None:
        """The answer to a request, if it is kept."""
        page = self._kept.get(wish.page) if wish.page else None
        return page or self._kept.get(wish.exact)

    def of_tag(self, tag: str, headers: Headers) -> Kept | None:
        """An answer that is kept by its tag, as it goes to a request with these headers."""
        key = self._tagged.get(tag) if tag else None
        kept = self._kept.get(key) if key else None
        return kept and replace(kept, headers=_headers(headers, kept.body, is_query=True))

    def keep(
        self, wish: Wish, headers: Headers, body: bytes, job: Job | None, rows: int | None = None
    ) -> None:
        """Keep a whole answer, if it is what the request means and was asked for before.

        A page is kept for whoever would rather have one, in a language and a theme.
        """
        known = dict(headers)
        is_page = known.get(b"content-type", b"").startswith(HTML.encode())
        key = wish.page if is_page else wish.exact
        is_meant = wish.is_of(known.get(b"x-kg-data-version", b"").decode())
        if key is None or not is_meant or b"set-cookie" in known or len(body) > MOST_OF_ONE:
            return
        if not wish.is_ahead and not self._was_asked(known.get(b"etag") or key):
            return
        own = _headers(headers, body, is_query=job is not None)
        kept = Kept(own, body, job, rows, sum(map(len, key)))
        self._kept[key] = kept
        if job and kept.tag:
            self._tagged[kept.tag] = key

    def keep_for(self, wish: Wish | None, kept: Kept) -> None:
        """Keep an answer that is kept for another address for this one, too, if asked for again."""
        is_meant = wish is not None and kept.job is not None and wish.is_of(kept.job.version)
        if wish and is_meant and (wish.is_ahead or self._was_asked(wish.exact)):
            self._kept[wish.exact] = replace(kept, key_bytes=sum(map(len, wish.exact)))

    def _was_asked(self, what: object) -> bool:
        if what in self._asked:
            return True
        self._asked[what] = None
        return False


def _headers(headers: Headers, body: bytes, *, is_query: bool) -> Headers:
    """The headers of a whole answer, whoever gets it."""
    own = [header for header in headers if header[0] not in _OF_ONE]
    own.append((b"content-length", str(len(body)).encode()))
    return [*own, (b"x-kg-complete", b"true")] if is_query else own


@lru_cache(maxsize=64)
def _is_host(host: bytes) -> bool:
    return _HOST.fullmatch(host) is not None

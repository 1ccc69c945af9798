"""Plain queries, decided about without Flask as it decided about one of their shape.

Two queries are of one shape if they are sent to the same address with the same wishes and the same
parameters beside the query, and if they give the same kind of answer. Then what Flask says of one
holds for the other: the format, the limits, the headers, all but the query's own text. So the first
of each shape goes through Flask, and this repeats what came of it for those that follow.
"""

from __future__ import annotations

import binascii
import io
import re
import urllib.parse
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from a2wsgi.wsgi import build_environ
from cachetools import LRUCache

from kg.errors import KgError
from kg.queries import looked_at
from kg.serve.context import KEY
from kg.serve.deferred import resumed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    import flask
    from a2wsgi.asgi_typing import HTTPScope
    from a2wsgi.wsgi import Body

    from kg.queries import Looked
    from kg.serve.deferred import Deferred
    from kg.serve.kept import Wish
    from kg.serve.sending import Headers
    from kg.store import Current
    from kg.store.remote import CurrentOf

    Shape = tuple[object, ...]

_PATH: Final = "/sparql"
_MOST_SHAPES: Final = 1_000
_MOST_OF_WISHES: Final = 500
_MOST_BESIDE: Final = 4
"""Number of parameters beside the query."""
_OF_TEXT: Final = b"etag"
_BREAK: Final = re.compile(rb"[\r\n]")


class Express(NamedTuple):
    """A request that may go without Flask: its query, and its shape."""

    text: str
    looked: Looked
    shape: Shape


class Expresses:
    """What Flask decided about queries, by their shapes."""

    def __init__(self, app: flask.Flask, current: Current | CurrentOf) -> None:
        self._app = app
        self._current = current
        self._salt = app.extensions[KEY].salt
        self._known: LRUCache[Shape, tuple[Deferred, Headers]] = LRUCache(_MOST_SHAPES)

    def of(self, scope: MutableMapping[str, Any], wish: Wish) -> Express | None:
        """What may be decided about without Flask: a good query, asked by a program.

        Of a request whose answer might be kept: by GET, with each header once and no token.
        """
        names = wish.names
        is_open = names[0] == names[1]  # else Flask has to open the other one
        if scope["path"] != _PATH or not is_open or wish.if_none_match is not None:
            return None
        headers = dict(scope["headers"])
        wishes = headers.get(b"accept", b""), headers.get(b"accept-encoding", b"")
        if len(wishes[0]) + len(wishes[1]) > _MOST_OF_WISHES:
            return None
        try:
            given = parameters(scope["query_string"])
        except UnicodeDecodeError:  # which is refused
            return None
        texts = [value for name, value in given if name == "query"]
        rest = tuple([pair for pair in given if pair[0] != "query"])
        if len(texts) != 1 or len(rest) > _MOST_BESIDE or "version" in dict(rest):
            return None
        try:
            looked = looked_at(texts[0])
        except KgError:  # which Flask tells
            return None
        return Express(texts[0], looked, (wishes, rest, looked.form, looked.is_repeatable, *names))

    def learn(self, express: Express, deferred: Deferred, headers: Headers) -> None:
        """Know what Flask decided about a query."""
        if deferred.page is None and not deferred.job.services:
            own = [header for header in headers if header[0] != _OF_TEXT]
            # without the version that is open, which would stay so
            self._known[express.shape] = deferred._replace(resume=_unused), own

    def decided(
        self, express: Express, scope: MutableMapping[str, Any]
    ) -> tuple[Deferred, Headers] | None:
        """What Flask would decide, and the headers; None for a shape that is new."""
        known = self._known.get(express.shape)
        if known is None:
            return None
        earlier, headers = known
        asked = earlier.asked._replace(text=express.looked.normalised)
        job = earlier.job._replace(text=express.text, digest=asked.digest)
        tag = ""
        if express.looked.is_repeatable:
            tag = asked.tag(job.version, job.format, job.encoding, self._salt)
            headers = [*headers, (_OF_TEXT, f'W/"{tag}"'.encode())]
        resume = partial(self._resumed, scope)
        return earlier._replace(job=job, asked=asked, tag=tag, resume=resume), headers

    def _resumed(self, scope: MutableMapping[str, Any], view: Callable[[], Any]) -> flask.Response:
        """What Flask answers to a request that it has not seen."""
        environ = build_environ(cast("HTTPScope", scope), cast("Body", io.BytesIO()))
        return resumed(self._app, cast("Mapping[str, Any]", environ), self._current.get(), view)


def parameters(query_string: bytes) -> list[tuple[str, str]]:
    """The parameters of an address, in order. Raises ``UnicodeDecodeError``.

    As ``urllib.parse.parse_qsl`` with blank values has them. Of one long query most of the bytes
    are escaped; those are read as quoted-printable ones (RFC 2045), which differ in their sign and
    which the standard library reads many times faster.
    """
    name, _, value = query_string.partition(b"=")
    if name != b"query" or b"&" in value or not query_string.isascii():
        text = query_string.decode("ascii")
        return urllib.parse.parse_qsl(text, keep_blank_values=True, errors="strict")
    quoted = value.replace(b"+", b" ").replace(b"=", b"%3D").replace(b"%", b"=")
    found = binascii.a2b_qp(quoted)
    is_well = len(found) == len(quoted) - 2 * quoted.count(b"=") and not _BREAK.search(quoted)
    if not is_well:  # a sign without two digits is one of the text
        found = urllib.parse.unquote_to_bytes(value.replace(b"+", b" "))
    return [("query", found.decode())]


def _unused(_: Callable[[], Any]) -> flask.Response:
    raise RuntimeError("the request is over")

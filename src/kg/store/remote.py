"""Any SPARQL 1.1 engine, asked at its address (https://www.w3.org/TR/sparql11-protocol/).

A query that fits into an address goes by GET, which others on the way may keep, and a longer one by
POST. Parameters are bound in the text by ``kg.queries``. An answer is taken as a whole or not at
all, and nobody is asked who was not named: a redirect is told, not followed.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import Future
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import SPARQLWrapper

from kg import __version__
from kg.errors import Exceeded, ServiceError
from kg.namespaces import BASE, PREFIXES
from kg.queries import bound, form_of
from kg.results import media_types
from kg.services import Address
from kg.store.answers import GRAPH_FORMATS, Answer
from kg.store.asking import Store
from kg.store.embedded import named_node
from kg.store.files import HAS_DOCTYPE, has_doctype
from kg.store.nesting import TOO_DEEP, is_too_deep
from kg.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from email.message import Message

    from kg.queries import Term
    from kg.results import Kind

SECONDS: Final = 60
"""How long an answer may take, if nobody says otherwise."""
AGENT: Final = (
    f"china-llm-landscape/{__version__} (+{BASE}) SPARQLWrapper/{SPARQLWrapper.__version__}"
)
"""Who asks, and where to read about it, as public endpoints want to know."""
_MOST_IN_ADDRESS: Final = 2_000
"""Bytes of a query that go by GET: servers take addresses of some thousand."""
_MOST_BYTES: Final = 500_000_000
_TOO_LONG: Final = f"The answer has more than {_MOST_BYTES // 1_000_000} MB: ask for less of it."
_CUT: Final = "did not answer to the end."
_PIECE: Final = 65_536
_ACCEPTED: Final[dict[Kind, str]] = {
    "rows": "application/sparql-results+json, application/sparql-results+xml;q=0.9",
    "graph": "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.8",
}
_READABLE: Final = frozenset({"json", "xml", "turtle", "ntriples", "rdfxml"})
_SAID: Final = ("detail", "exception", "message", "error", "title")
"""Members in which engines say in JSON what is wrong; the first is of RFC 9457."""
_MOST_SAID: Final = 300
_MOST_ROWS: Final = "X-SPARQL-MaxRows"
"""What Virtuoso says of an answer to which it gives at most so many rows."""
_GRAPHS: Final = "SELECT DISTINCT ?graph { GRAPH ?graph { ?s ?p ?o } }"


@dataclass(frozen=True)
class _Response:
    """An answer as it came."""

    headers: Message
    body: bytes


class RemoteStore(Store):
    """An engine at an address, which may take some ``seconds`` for a query.

    ``watch`` is entered around each, with what is done. Raises ``BadInput`` for an address that is
    none of an endpoint.
    """

    def __init__(
        self,
        url: str,
        seconds: float = SECONDS,
        watch: Callable[[str], AbstractContextManager[object]] = contextlib.nullcontext,
    ) -> None:
        self.url = Address.of(url, "An endpoint (--endpoint, --store)").url
        self._seconds = seconds
        self._watch = watch

    def query(self, text: str, bindings: Mapping[str, Term] | None = None) -> Answer:
        """Ask a query, whose text is bound and otherwise sent as it is.

        Raises ``ServiceError`` if the engine cannot be asked, or answers with an error or with
        something else, and ``Exceeded`` if it takes too long or gives less than there is.
        """
        text = bound(text, bindings or {})
        kind: Kind = "graph" if form_of(text) in ("CONSTRUCT", "DESCRIBE") else "rows"
        endpoint = _Endpoint(self.url, text, kind, time.monotonic() + self._seconds)
        try:
            with self._watch(f"ask {self.url}"):
                return _answer(_within(self._seconds, endpoint.fetch), kind, text)
        except _Unusable as error:
            raise ServiceError(f"The endpoint <{self.url}> {error}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            if isinstance(reason, TimeoutError):
                said = f"The endpoint <{self.url}> did not answer within {self._seconds:g} seconds"
                raise Exceeded("deadline", f"{said} (--timeout).") from None
            said = _shown(getattr(reason, "strerror", None) or str(reason)) or type(reason).__name__
            raise ServiceError(f"The endpoint <{self.url}> cannot be asked: {said}.") from None

    def graph_names(self) -> list[str]:
        """The IRIs of the named graphs that are not empty, sorted."""
        return sorted(str(row[0]) for row in self.query(_GRAPHS).rows()[1])

    def quads(self, graph: str | None = None) -> Iterator[ox.Quad]:
        """The quads of one graph, of the default graph if its name is empty; of all without.

        Each graph is asked for by itself, so that a blank node of two is one in each.
        """
        if graph is None:
            yield from itertools.chain.from_iterable(map(self.quads, ["", *self.graph_names()]))
            return
        name = named_node(graph) if graph else ox.DefaultGraph()
        pattern = f"GRAPH {name} {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
        answer = self.query(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}")
        lines = answer.serialize(media_types("graph")["application/n-triples"])
        for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES, rename_blank_nodes=True):
            yield ox.Quad(quad.subject, quad.predicate, quad.object, name)


class _Unusable(Exception):
    """What an endpoint did, as the end of a sentence about it."""


class _Refusing(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, which then is an error like any other."""

    def redirect_request(self, *_: object) -> None:
        """Nothing to ask instead."""


class _Endpoint(SPARQLWrapper.SPARQLWrapper):
    """One query to an endpoint, with a time by the clock ``time.monotonic`` when it is over."""

    def __init__(self, url: str, text: str, kind: Kind, deadline: float) -> None:
        address, _, parameters = url.partition("?")
        super().__init__(address, agent=AGENT)
        for name, value in urllib.parse.parse_qsl(parameters, keep_blank_values=True):
            self.addParameter(name, value)
        self.setOnlyConneg(True)  # parameters that name a format are not of the protocol
        self.addCustomHttpHeader("Accept", _ACCEPTED[kind])
        # setQuery looks for the form of a query in its comments, too
        self.queryString, self.queryType = text, SPARQLWrapper.SELECT
        is_short = len(urllib.parse.quote_plus(text)) <= _MOST_IN_ADDRESS
        self.setMethod(SPARQLWrapper.GET if is_short else SPARQLWrapper.POST)
        self._deadline = deadline

    def fetch(self) -> _Response:
        """The whole answer. Raises ``_Unusable`` or ``Exceeded`` if there is none."""
        try:
            with self.query().response as response:
                body = bytearray()
                while piece := response.read1(_PIECE):
                    self._left()
                    body += piece
                    if len(body) > _MOST_BYTES:
                        raise Exceeded("size", _TOO_LONG)
                if response.length:
                    raise _Unusable(_CUT)
                return _Response(response.headers, bytes(body))
        except http.client.IncompleteRead:
            raise _Unusable(_CUT) from None
        except urllib.error.HTTPError as error:
            with error:
                raise _Unusable(_of_status(error)) from None

    def _query(self) -> tuple[http.client.HTTPResponse, str]:
        """The response, in SPARQLWrapper's terms, without those that come from elsewhere."""
        opener = urllib.request.build_opener(_Refusing)
        return opener.open(self._createRequest(), timeout=self._left()), self.returnFormat

    def _left(self) -> float:
        """The seconds that are left. Raises ``TimeoutError`` if there are none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _within(seconds: float, work: Callable[[], _Response]) -> _Response:
    """What ``work`` returns. Raises ``TimeoutError`` if it takes longer.

    It goes on in a thread of its own until it finds out, which the look-up of a name cannot.
    """
    done: Future[_Response] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # is raised where it is waited for
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result(seconds)


def _of_status(error: urllib.error.HTTPError) -> str:
    """What an endpoint said with a status that is no success."""
    location = error.headers.get("Location", "")
    if location and 300 <= error.code < 400:
        where = urllib.parse.urljoin(error.url, location).partition("?query=")[0]
        return f"is at another address: ask <{_shown(where)}>, if you trust it."
    try:
        phrase = f" {HTTPStatus(error.code).phrase}"
    except ValueError:
        phrase = ""
    said = _said(error)
    seconds = error.headers.get("Retry-After", "")
    again = f" Try again in {seconds} seconds." if seconds.isdecimal() else ""
    end = f": {said.rstrip('.')}." if said else "."
    return f"answered with status {error.code}{phrase}{end}{again}"


def _said(error: urllib.error.HTTPError) -> str:
    """What the body of an error says, in one line; nothing if it is a page or cannot be read."""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError, RecursionError):
        body = error.read(_PIECE).decode("utf-8", "replace")
        media_type = error.headers.get_content_type()
        if media_type.endswith("json"):
            document = json.loads(body)
            members = document if isinstance(document, dict) else {}
            texts = (members.get(name) for name in _SAID)
            return _shown(next((text for text in texts if isinstance(text, str)), ""))
        if media_type == "text/plain":
            return _shown(body)
    return ""


def _shown(text: str) -> str:
    """The beginning of a text from elsewhere in one line, with nothing that steers a terminal."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _MOST_SAID else f"{line[:_MOST_SAID]} ..."


def _answer(response: _Response, kind: Kind, text: str) -> Answer:
    """The answer to a query. Raises ``_Unusable`` if it is none, ``Exceeded`` if it is a part."""
    media_type = response.headers.get_content_type()
    format_ = media_types(kind).get(media_type)
    if format_ is None or format_.name not in _READABLE:
        raise _Unusable(
            f"answered with {_shown(media_type)}, which is no answer to a query: is it the address "
            "of a SPARQL endpoint?"
        )
    try:
        if kind == "rows":
            return _rows(response, format_.name, text)
        return _graph(response.body, format_.name)
    except (KeyError, RecursionError, SyntaxError, TypeError, ValueError) as error:
        said = _shown(getattr(error, "msg", "") or str(error)).rstrip(".")
        raise _Unusable(f"answered with what is not {format_.media_type}: {said}.") from None


def _rows(response: _Response, name: str, text: str) -> Answer:
    body = _plain_json(response.body) if name == "json" else response.body
    if name == "xml":
        _check(body, ox.RdfFormat.RDF_XML)
    count = sum(1 for _ in Answer.read(body, name).rows()[1])  # which parses it to the end
    most = response.headers.get(_MOST_ROWS, "")
    if most.isdecimal() and count >= int(most) and not _asks_for_at_most(text, int(most)):
        raise Exceeded(
            "size",
            f"The endpoint gives at most {most} rows, and there may be more: ask for less, or in "
            "parts with ORDER BY, LIMIT and OFFSET.",
        )
    return Answer.read(body, name)


def _plain_json(body: bytes) -> bytes:
    """SPARQL results in JSON without members of an engine's own, which not every parser skips."""
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("it is no object")
    if document.get("x-complete") is False:
        raise Exceeded("deadline", "The endpoint ended the query after a part of the answer.")
    known = {name: document[name] for name in ("head", "boolean") if name in document}
    if "results" in document:
        known["results"] = {"bindings": document["results"]["bindings"]}
    return json.dumps(known).encode()


def _graph(body: bytes, name: str) -> Answer:
    syntax = GRAPH_FORMATS[name]
    _check(body, syntax)
    return Answer("graph", [quad.triple for quad in ox.parse(body, format=syntax)], PREFIXES)


def _check(body: bytes, syntax: ox.RdfFormat) -> None:
    """Raise ``ValueError`` for what takes a parser's memory or stack."""
    if has_doctype(body, syntax):
        raise ValueError(HAS_DOCTYPE)
    if is_too_deep(body, syntax):
        raise ValueError(TOO_DEEP)


def _asks_for_at_most(text: str, most: int) -> bool:
    """Whether a query says itself that it wants no more rows than that."""
    pairs = itertools.pairwise(tokens(text))
    return any(
        one.text.upper() == "LIMIT" and other.kind == "number" and int(other.text) <= most
        for one, other in pairs
    )

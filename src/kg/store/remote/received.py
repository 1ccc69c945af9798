"""What an engine answered, read to its end: the whole answer to a query, or none.

Engines say in ways of their own that an answer is a part: Virtuoso with headers, others with a
member of the JSON or with a status. One that says nothing cannot be seen through here; see
``capabilities`` for what is asked of it beforehand.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.errors import Exceeded
from kg.namespaces import PREFIXES
from kg.results import media_types
from kg.store.answers import GRAPH_FORMATS, Answer
from kg.store.files import HAS_DOCTYPE, has_doctype
from kg.store.nesting import TOO_DEEP, is_too_deep
from kg.store.remote.connection import Response, Unusable, shown
from kg.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.results import Kind

ACCEPTED: Final[dict[Kind, str]] = {
    "rows": "application/sparql-results+json, application/sparql-results+xml;q=0.9",
    "graph": "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.8",
}
"""The media types that are read."""
MOST_ROWS: Final = "X-SPARQL-MaxRows"
"""What Virtuoso says of an answer to which it gives at most so many rows."""
_STATE: Final = "X-SQL-State"
"""What Virtuoso says of an answer that it ended early (state S1TAT)."""
_READABLE: Final = frozenset({"json", "xml", "turtle", "ntriples", "rdfxml"})
_IN_PART: Final = "The endpoint ended the query after a part of the answer."


def answer_of(response: Response, kind: Kind, text: str) -> Answer:
    """The answer to a query. Raises ``Unusable`` if it is none, ``Exceeded`` if it is a part."""
    check_whole(response.status, response.headers)
    media_type = response.media_type
    format_ = media_types(kind).get(media_type)
    if format_ is None or format_.name not in _READABLE:
        raise Unusable(
            f"answered with {shown(media_type)}, which is no answer to a query: is it the address "
            "of a SPARQL endpoint?"
        )
    try:
        if kind == "rows":
            return _rows(response, format_.name, text)
        return _graph(response.body, format_.name)
    except (KeyError, RecursionError, SyntaxError, TypeError, ValueError) as error:
        said = shown(getattr(error, "msg", "") or str(error)).rstrip(".")
        raise Unusable(f"answered with what is not {format_.media_type}: {said}.") from None


def check_whole(status: int, headers: Mapping[str, str]) -> None:
    """Raise ``Exceeded`` if an engine says of an answer that it is a part."""
    if status == HTTPStatus.PARTIAL_CONTENT or _STATE in headers:
        raise Exceeded("deadline", _IN_PART)


def _rows(response: Response, name: str, text: str) -> Answer:
    body = _plain_json(response.body) if name == "json" else response.body
    if name == "xml":
        _check(body, ox.RdfFormat.RDF_XML)
    count = sum(1 for _ in Answer.read(body, name).rows()[1])  # which parses it to the end
    most = response.headers.get(MOST_ROWS, "")
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
        raise Exceeded("deadline", _IN_PART)
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
    """Whether a query says itself, and not only a part of it, that it wants no more rows."""
    depth, before = 0, ""
    for token in tokens(text):
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0 and before == "LIMIT" and token.kind == "number":
            return int(token.text) <= most
        if token.kind not in ("space", "comment"):
            before = token.text.upper()
    return False

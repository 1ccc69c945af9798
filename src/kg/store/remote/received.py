"""What an engine answered, read to its end: the whole answer to a query, or none.

Engines say in ways of their own that an answer is a part: Virtuoso with headers, others with a
member of the JSON or with a status. One that says nothing cannot be seen through here; see
``capabilities`` for what is asked of it beforehand.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Final, cast

import pyoxigraph as ox

from kg.errors import Exceeded
from kg.namespaces import PREFIXES
from kg.queries import form_of
from kg.results import media_types
from kg.store.answers import GRAPH_FORMATS, Answer
from kg.store.files import HAS_DOCTYPE, has_doctype
from kg.store.nesting import TOO_DEEP, is_too_deep
from kg.store.remote.connection import Response, Unusable, media_type_of, shown
from kg.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.results import Kind
    from kg.store.remote.connection import Incoming

ACCEPTED: Final[dict[Kind, str]] = {
    "rows": "application/sparql-results+json, application/sparql-results+xml;q=0.9",
    "graph": "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.8",
}
"""The media types that are read."""
MOST_ROWS: Final = "X-SPARQL-MaxRows"
"""What Virtuoso says of an answer to which it gives at most so many rows."""
_STATE: Final = "X-SQL-State"
"""What Virtuoso says of an answer that it ended early (state S1TAT)."""
_STREAMED: Final = frozenset({"turtle", "ntriples"})
_READABLE: Final = frozenset({"json", "xml", "turtle", "ntriples", "rdfxml"})
_LABEL: Final = "nodeID://"
_BOOLEAN: Final = f"{PREFIXES['xsd']}boolean"
_ODD: Final = (_LABEL.encode(), _BOOLEAN.encode())
"""What Virtuoso writes its own way: labels of blank nodes that are none by the grammar, and truths
as numbers, which XML and N-Triples have as words."""
_CUT: Final = (
    "The endpoint gives at most {most} {what}, and there may be more: ask for less, or in "
    "parts with ORDER BY, LIMIT and OFFSET."
)
_IN_PART: Final = "The endpoint ended the query after a part of the answer."


def answer_of(response: Response, kind: Kind, text: str, most_rows: int = 0) -> Answer:
    """The answer to a query. Raises ``Unusable`` if it is none, ``Exceeded`` if it is a part.

    Of a graph with ``most_rows`` triples an engine that cuts there does not say whether it did.
    """
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
            answer = _rows(response, format_.name, text)
            return _truth(answer) if form_of(text) == "ASK" else answer
        return _graph(response.body, format_.name, most_rows)
    except (KeyError, RecursionError, SyntaxError, TypeError, ValueError) as error:
        said = shown(getattr(error, "msg", "") or str(error)).rstrip(".")
        raise Unusable(f"answered with what is not {format_.media_type}: {said}.") from None


def parsed(incoming: Incoming) -> Iterator[ox.Quad]:
    """The quads of a graph while it comes, its blank nodes told from all others.

    Raises ``Unusable`` for what is no graph.
    """
    format_ = media_types("graph").get(media_type_of(incoming.headers))
    if format_ is None or format_.name not in _STREAMED:
        raise Unusable(f"answered with {shown(media_type_of(incoming.headers))}, not with a graph.")
    file = cast("IO[bytes]", incoming)
    try:
        yield from ox.parse(file, format=GRAPH_FORMATS[format_.name], rename_blank_nodes=True)
    except (SyntaxError, ValueError) as error:
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
        raise Exceeded("size", _CUT.format(most=most, what="rows"))
    return Answer.read(body, name)


def _truth(answer: Answer) -> Answer:
    """The answer of ASK, for which Virtuoso gives rows: none if it is false."""
    columns, rows = answer.rows()
    found = [*rows]
    truth = found == [["true"]] if columns == ["answer"] else bool(found)
    return Answer.read(json.dumps({"head": {}, "boolean": truth}).encode(), "json")


def _plain_json(body: bytes) -> bytes:
    """SPARQL results in JSON without members of an engine's own, which not every parser skips."""
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("it is no object")
    if document.get("x-complete") is False:
        raise Exceeded("deadline", _IN_PART)
    known = {name: document[name] for name in ("head", "boolean") if name in document}
    if "results" in document:
        bindings = document["results"]["bindings"]
        if any(mark in body for mark in _ODD):
            for term in (term for row in bindings for term in row.values()):
                _mend(term)
        known["results"] = {"bindings": bindings}
    return json.dumps(known).encode()


def _mend(term: dict[str, str]) -> None:
    """Write a term of Virtuoso's as others do."""
    if term["type"] == "bnode":
        term["value"] = term["value"].replace(_LABEL, "")
    elif term.get("datatype") == _BOOLEAN:
        term["value"] = {"1": "true", "0": "false"}.get(term["value"], term["value"])


def _graph(body: bytes, name: str, most: int) -> Answer:
    syntax = GRAPH_FORMATS[name]
    _check(body, syntax)
    triples = [quad.triple for quad in ox.parse(body, format=syntax)]
    if 0 < most <= len(triples):
        raise Exceeded("size", _CUT.format(most=most, what="triples"))
    return Answer("graph", triples, PREFIXES)


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

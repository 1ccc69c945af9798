"""Queries that Flask decides about and a worker answers.

A view says what is asked and what becomes of the answer. Behind the front it returns at once: the
front finds the query in the request's scope, has a worker answer it, and either streams the bytes
or has the page made. Under any other server the query is answered on the spot.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import flask

from kg.encodings import encoded
from kg.errors import Refused
from kg.queries import form_of, is_repeatable, normalised
from kg.results import named
from kg.serve.context import asked_seconds, choose, context, encoding, reading, wants_page
from kg.store import Answer
from kg.workers import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping, Sequence

    from kg.errors import KgError
    from kg.queries import Term
    from kg.results import Format, Kind
    from kg.serve.awaited import Awaited
    from kg.serve.writes import DeferredWrite
    from kg.store import Reading

SCOPE_KEY: Final = "kg.handed"
_NO_FRONT: Final = (
    "SERVICE is allowed only where `kg serve` serves, which has workers to call services."
)
_GRAPHS: Final = ("CONSTRUCT", "DESCRIBE")
_FOR_PAGES: Final[dict[Kind, str]] = {"rows": "json", "graph": "ntriples"}


@dataclass
class Handed:
    """What a view hands to the front, beside a response."""

    work: Deferred | DeferredWrite | Awaited | None = None
    """What is to be done for the response to be made."""
    is_lasting: bool = False
    """Whether the response is the same for whoever asks for it so, while the version is."""


class Deferred(NamedTuple):
    """A query that the front has a worker answer, and how to go on from there."""

    job: Job
    current: str
    """The version that is current, on which workers stay open."""
    seconds: float | None
    resume: Callable[[Callable[[], Any]], flask.Response]
    """Runs a view as if the request were still being handled."""
    page: Callable[[Answer], str] | None
    tag: str
    """The answer's entity tag; empty for one that need not be the same the next time."""
    cut: MutableMapping[str, None]
    """Tags of answers that were less than their tags say, so that nobody is told to keep them."""
    asked: Asked

    def paged(self, body: bytes) -> flask.Response:
        """The page about an answer that came in the job's format."""
        return self.resume(lambda: self.page and self.page(Answer.read(body, self.job.format)))

    def failed(self, error: KgError) -> flask.Response:
        """What the client is told of an error."""
        return self.resume(lambda: flask.current_app.handle_user_exception(error))


class Asked(NamedTuple):
    """What an answer depends on, beside the version and its form; no text asks for all graphs."""

    text: str | None
    """A query's tokens, with one blank between them."""
    bindings: Mapping[str, Term] | None = None
    default_graphs: Sequence[str] = ()
    named_graphs: Sequence[str] = ()

    def tag(self, version: str, format_name: str, encoding_: str, salt: str) -> str:
        """The entity tag of the answer of a version in a format and a content encoding.

        ``salt`` is what the context has for answers that can be cut.
        """
        about = [version, *self, format_name, encoding_]
        if format_name == "json":
            about.append(salt)
        return hashlib.sha256(repr(about).encode()).hexdigest()[:32]

    @property
    def digest(self) -> str:
        """A short name of the text for the log."""
        return hashlib.sha256((self.text or "").encode()).hexdigest()[:16]


def _is_known(tag: str) -> bool:
    """Whether the client has the answer with a tag, and the whole of it."""
    return flask.request.if_none_match.contains_weak(tag) and tag not in context().cut


def answer(
    text: str | None,
    page: Callable[[Answer], str] | None = None,
    bindings: Mapping[str, Term] | None = None,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
    format_: Format | None = None,
    services: Sequence[str] = (),
    *,
    is_graph: bool = False,
) -> flask.Response | str:
    """The answer of a query in the format that the client wants, or on a page if it wants one.

    No text asks for all graphs, which ``format_`` can hold. ``services`` are what the text calls;
    raises ``Refused`` if there are some and no front, which alone has workers for that. The tag is
    a strong one for a whole graph, which may be changed on the condition that it has that tag, else
    weak: what a query leaves open, such as the order of rows, may be another way the next time
    (https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1).
    """
    kind: Kind = "graph" if text is None or form_of(text) in _GRAPHS else "rows"
    page = page if wants_page(kind) else None
    if format_ is None:
        format_ = named(_FOR_PAGES[kind], kind) if page else choose(kind)
    response = flask.Response(content_type="text/html" if page else format_.content_type)
    code = "" if page else encoding()
    asked = Asked(text and normalised(text), bindings, default_graphs, named_graphs)
    tag = ""
    if not page and reading().is_known and (text is None or is_repeatable(text)):
        tag = asked.tag(reading().name, format_.name, code, context().salt)
        response.set_etag(tag, weak=text is not None and not is_graph)
        response.cache_control.no_cache = True
        if flask.request.method != "POST" and _is_known(tag):
            response.status_code = HTTPStatus.NOT_MODIFIED
            return response
    seconds = asked_seconds()
    waiting = handed()
    if waiting is None:
        if services:
            raise Refused(_NO_FRONT)
        if text is None:
            everything = io.BytesIO()
            reading().store.write(format_, everything)
            body = everything.getvalue()
        else:
            graphs = default_graphs, named_graphs
            found = reading().store.query(text, bindings, *graphs, context().endpoint)
            if page:
                return page(found)
            body = found.serialize(format_)
        response.set_data(encoded(body, code) if code else body)
    else:
        job = Job(
            version=reading().name,
            text=text,
            format=format_.name,
            bindings=bindings or {},
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            encoding=code,
            base=context().endpoint,
            digest=asked.digest,
            only_parsed=flask.request.method == "HEAD",
            services=services,
        )
        current, cut = context().current.get().name, context().cut
        page = None if job.only_parsed else page
        waiting.work = Deferred(job, current, seconds, resuming(reading()), page, tag, cut, asked)
        waiting.is_lasting = bool(page) and reading().is_known and is_repeatable(text or "")
    if code:
        response.content_encoding = code
    return response


def handed() -> Handed | None:
    """What the front is handed beside the response to this request; None under other servers."""
    found: Handed | None = flask.request.environ.get("asgi.scope", {}).get(SCOPE_KEY)
    return found


def lasting(response: flask.Response) -> flask.Response:
    """Say of a response that it depends on what was asked and on the version, and nothing else."""
    waiting = handed()
    version = flask.g.get("reading")
    if waiting is not None and waiting.work is None and version and version.is_known:
        waiting.is_lasting = True
    return response


def resuming(version: Reading | None = None) -> Callable[[Callable[[], Any]], flask.Response]:
    """What runs a view later as if this request were still being handled, about a version."""
    app: flask.Flask = flask.current_app._get_current_object()  # type: ignore[attr-defined]
    environ = {**flask.request.environ, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
    return partial(resumed, app, environ, version)


def resumed(
    app: flask.Flask, environ: Mapping[str, Any], version: Reading | None, view: Callable[[], Any]
) -> flask.Response:
    """What a view answers to the request of ``environ``, about a version."""
    with app.request_context(dict(environ)):
        if version is not None:
            flask.g.reading = version
        return app.process_response(app.make_response(view()))

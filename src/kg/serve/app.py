"""The Flask app: a function of a store, a catalogue of questions, and settings."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import flask
from werkzeug.exceptions import HTTPException

from kg.encodings import encoded
from kg.errors import (
    BadInput,
    BadQuery,
    Busy,
    Exceeded,
    Gone,
    KgError,
    NotFound,
    Refused,
    TooMany,
)
from kg.namespaces import BASE, PREFIXES, shorten
from kg.queries import Catalogue
from kg.serve import descriptions, graphs, pages, questions, sparql
from kg.serve.context import KEY, Context, accepted, encoding
from kg.serve.descriptions import Descriptions
from kg.store import Number

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from kg.settings import Settings
    from kg.store import Current

_STATUS: Final[tuple[tuple[type[KgError], HTTPStatus], ...]] = (
    (BadInput, HTTPStatus.BAD_REQUEST),
    (Gone, HTTPStatus.GONE),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Refused, HTTPStatus.FORBIDDEN),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (KgError, HTTPStatus.SERVICE_UNAVAILABLE),
)
_WORTH_IT: Final = 1_000
_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "ETag, Server-Timing, X-KG-Data-Version, X-KG-Limits, X-KG-Query-Id"
    ),
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app(current: Current, catalogue: Catalogue | None, settings: Settings) -> flask.Flask:
    """The app that answers from ``current`` and offers the questions of ``catalogue``.

    Without one the data are not the project's: there are no questions, and no pages about things.
    """
    app = flask.Flask("kg.serve")
    app.config["MAX_CONTENT_LENGTH"] = settings.max_query_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_query_bytes
    address = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    app.extensions[KEY] = Context(
        current, catalogue or Catalogue([]), Descriptions(address), address
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    is_ours = catalogue is not None
    app.jinja_env.globals.update(prefixes=PREFIXES, is_ours=is_ours)
    local = local_address if is_ours else web_address
    app.jinja_env.filters.update(local=local, short=shorten, readable=readable)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # else it redirects to where the Host header says
    for views in (sparql, graphs, descriptions, *([questions, pages] if is_ours else [])):
        app.register_blueprint(views.blueprint)
    if not is_ours:
        app.add_url_rule("/", view_func=lambda: flask.redirect("/sparql", HTTPStatus.SEE_OTHER))
    app.register_error_handler(KgError, _known_error)
    app.register_error_handler(HTTPException, _http_error)
    app.after_request(_add_headers)
    return app


def local_address(iri: str) -> str:
    """Where a link to ``iri`` leads: our own page if it is ours, "" if it is no web address."""
    if iri.startswith(BASE):
        path, _, fragment = iri.removeprefix(BASE).partition("#")
        return "/" + path.lstrip("/") + (f"#{fragment}" if fragment else "")
    return web_address(iri)


def web_address(iri: str) -> str:
    """Where a link to ``iri`` leads: to itself if it is a web address, "" if not."""
    return iri if iri.startswith(("http://", "https://")) else ""


def readable(text: str) -> str:
    """A value as a person reads it: a number beyond 15 digits as a power of ten, others grouped."""
    if not isinstance(text, Number):
        return text
    if re.fullmatch(r"\d{5,15}", text):
        return f"{int(text):,}"
    if re.fullmatch(r"\d{16,300}(\.\d+)?", text):
        return f"{float(text):.4g}".replace("e+", "E")
    if re.fullmatch(r"\d+\.\d{5,}", text):
        return f"{float(text):.4g}"
    return text


def _known_error(error: KgError) -> Response:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    more: dict[str, Any] = {}
    if isinstance(error, BadQuery) and error.line is not None:
        more = {"line": error.line, "column": error.column}
    if isinstance(error, Exceeded):
        more = {"limit": error.limit}
    response = _problem(status, str(error), more)
    if isinstance(error, Busy):
        response.headers["Retry-After"] = "1"
    return response


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    response = _problem(HTTPStatus(error.code), error.description or "", {})
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _problem(status: HTTPStatus, detail: str, more: dict[str, Any]) -> Response:
    """An error as RFC 9457 has it, as a page for browsers, or as text for who asks for it."""
    offered = ["application/problem+json", "application/json", "text/plain", "text/html"]
    wanted = accepted().best_match(offered, offered[0])
    response: Response
    if wanted == "text/html":
        page = flask.render_template("error.html", status=status, detail=detail)
        response = flask.Response(page, mimetype="text/html")
    elif wanted == "text/plain":
        response = flask.Response(f"{detail}\n", mimetype="text/plain")
    else:
        problem = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": detail,
            **more,
        }
        response = flask.jsonify(problem)
        response.content_type = "application/problem+json"
    response.status_code = status.value
    return response


def _compress(response: flask.Response) -> None:
    """Compress a body that is at hand, if the client likes that and it is worth it."""
    code = encoding()
    if code and response.is_sequence and not response.content_encoding:
        body = response.get_data()
        if len(body) >= _WORTH_IT:
            response.set_data(encoded(body, code))
            response.content_encoding = code


def _add_headers(response: flask.Response) -> flask.Response:
    response.vary.update(("Accept", "Accept-Encoding"))
    _compress(response)
    if flask.request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS, POST, QUERY"
        response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type, If-None-Match"
    if "reading" in flask.g:
        response.headers["X-KG-Data-Version"] = flask.g.reading.name
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response

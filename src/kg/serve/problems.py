"""Errors as clients see them: a status, and what went wrong in the form that they accept.

Problem details have the form of RFC 9457 (https://www.rfc-editor.org/rfc/rfc9457). Their types are
IRIs of ours, which lead to a sentence about each.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import flask
from werkzeug.exceptions import HTTPException

from kg.errors import (
    BadInput,
    BadQuery,
    Busy,
    Exceeded,
    Gone,
    KgError,
    NotFound,
    Outdated,
    Refused,
    Rejected,
    ServiceError,
    StoreError,
    TooMany,
)
from kg.namespaces import BASE
from kg.serve.context import accepted, wants_page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = flask.Blueprint("problems", __name__)

MEDIA_TYPE: Final = "application/problem+json"
_TYPES: Final = f"{BASE}problem/"


@dataclass(frozen=True)
class Type:
    """A type of problem: the status it is sent with, and what it is."""

    status: HTTPStatus
    meaning: str


TYPES: Final[dict[str, Type]] = {
    "bad-query": Type(
        HTTPStatus.BAD_REQUEST,
        "The query or update does not parse, nests or repeats too much, or cannot be evaluated; "
        "line and column say where, if that is known.",
    ),
    "bad-input": Type(HTTPStatus.BAD_REQUEST, "A parameter or a body is wrong."),
    "refused": Type(
        HTTPStatus.FORBIDDEN, "What is asked for is not allowed here, or not to everybody."
    ),
    "not-found": Type(HTTPStatus.NOT_FOUND, "Nothing has that name."),
    "gone": Type(HTTPStatus.GONE, "The version that is asked for is not held, or not any more."),
    "rejected": Type(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The data can be read but are not taken: they break shapes, or name what is elsewhere.",
    ),
    "outdated": Type(
        HTTPStatus.PRECONDITION_FAILED,
        "What If-Match or If-None-Match demands does not hold, or not any more.",
    ),
    "too-many": Type(
        HTTPStatus.TOO_MANY_REQUESTS,
        "One client has as many queries running and waiting as it may.",
    ),
    "service": Type(
        HTTPStatus.BAD_GATEWAY, "A service that the query calls did not answer as it should."
    ),
    "busy": Type(
        HTTPStatus.SERVICE_UNAVAILABLE, "There is no room for another query now; try again."
    ),
    "deadline": Type(HTTPStatus.SERVICE_UNAVAILABLE, "It took longer than it may."),
    "memory": Type(HTTPStatus.SERVICE_UNAVAILABLE, "It took more memory than it may."),
    "size": Type(
        HTTPStatus.SERVICE_UNAVAILABLE, "The answer is too large to be sent as it was asked for."
    ),
    "cancelled": Type(HTTPStatus.SERVICE_UNAVAILABLE, "Somebody stopped the query."),
    "store": Type(HTTPStatus.SERVICE_UNAVAILABLE, "The store cannot be read or written now."),
}
"""The types of problems that are not plain HTTP, by the last part of their IRIs."""
_NAMES: Final[tuple[tuple[type[KgError], str], ...]] = (
    (BadQuery, "bad-query"),
    (BadInput, "bad-input"),
    (Gone, "gone"),
    (NotFound, "not-found"),
    (Refused, "refused"),
    (Rejected, "rejected"),
    (Outdated, "outdated"),
    (TooMany, "too-many"),
    (Busy, "busy"),
    (ServiceError, "service"),
    (StoreError, "store"),
)


def type_of(error: KgError) -> str:
    """The name of an error's type."""
    if isinstance(error, Exceeded):
        return error.limit
    return next((name for kind, name in _NAMES if isinstance(error, kind)), "store")


@blueprint.get("/problem/<name>")
def problem_type(name: str) -> flask.Response | str:
    """What a type of problem is."""
    if name not in TYPES:
        raise NotFound(f"There is no problem {name} (there are: {', '.join(TYPES)}).")
    meaning = TYPES[name].meaning
    if wants_page():
        return flask.render_template("error.html", title=name, detail=meaning)
    return flask.Response(f"{meaning}\n", mimetype="text/plain")


@blueprint.app_errorhandler(KgError)
def known_error(error: KgError) -> Response:
    """What the client is told of an error."""
    name = type_of(error)
    more: dict[str, Any] = {}
    if isinstance(error, BadQuery) and error.line is not None:
        more = {"line": error.line, "column": error.column}
    if isinstance(error, Exceeded):
        more = {"limit": error.limit}
    if isinstance(error, Rejected) and error.report:
        more = {"results": error.results}
        if accepted().best_match([MEDIA_TYPE, "text/turtle"]) == "text/turtle":
            status = TYPES[name].status
            return flask.Response(error.report, status, content_type="text/turtle; charset=utf-8")
    response = _problem(TYPES[name].status, str(error), {"type": _TYPES + name, **more})
    if isinstance(error, Busy):
        response.headers["Retry-After"] = "1"
    return response


@blueprint.app_errorhandler(HTTPException)
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
    offered = [MEDIA_TYPE, "application/json", "text/plain", "text/html"]
    wanted = accepted().best_match(offered, offered[0])
    response: Response
    if wanted == "text/html":
        page = flask.render_template("error.html", title=status.phrase, detail=detail)
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
        response.content_type = MEDIA_TYPE
    response.status_code = status.value
    return response

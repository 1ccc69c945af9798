"""What every view needs, and how an answer is put into the format that a client asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import flask
from werkzeug.exceptions import NotAcceptable

from kg.errors import BadInput
from kg.results import Format, Kind, formats, media_types, named

if TYPE_CHECKING:
    from kg.queries import Catalogue
    from kg.store import Answer, Current

KEY: Final = "kg"
HTML: Final = "text/html"


@dataclass(frozen=True)
class Context:
    """The store that is served and the questions that are offered."""

    current: Current
    catalogue: Catalogue


def context() -> Context:
    """The context of the app that handles this request."""
    found: Context = flask.current_app.extensions[KEY]
    return found


def wants_page() -> bool:
    """Whether the client would rather have a page than data: a browser, and no ``?format=``."""
    if asked_format() is not None:
        return False
    offered = [*media_types("rows"), *media_types("graph"), HTML]
    return flask.request.accept_mimetypes.best_match(offered) == HTML


def asked_format() -> str | None:
    """The ``format`` parameter, or what older clients call it; refused if two of them differ."""
    values = {
        value
        for name in ("format", "output", "results")
        for value in flask.request.values.getlist(name)
    }
    if len(values) > 1:
        raise BadInput(f"The parameters ask for two formats: {', '.join(sorted(values))}.")
    return next(iter(values), None)


def choose(kind: Kind) -> Format:
    """The format in which to answer: the one asked for, else the best that the client accepts.

    Raises ``BadInput`` for an unknown ``?format=``, ``NotAcceptable`` for an impossible Accept.
    """
    if asked := asked_format():
        return named(asked.lower(), kind)
    table = media_types(kind)
    accepted = flask.request.accept_mimetypes
    if not accepted:
        return formats(kind)[0]
    best = accepted.best_match(list(table))
    if best is None:
        names = ", ".join(format_.media_type for format_ in formats(kind))
        raise NotAcceptable(f"This answer can be had as {names}.")
    return table[best]


def respond(answer: Answer, version: str, **headers: Any) -> flask.Response:  # noqa: ANN401
    """The answer in the format that the client asked for, with the data version it is from."""
    format_ = choose(answer.kind)
    response = flask.Response(answer.serialize(format_), content_type=format_.content_type)
    response.headers["X-KG-Data-Version"] = version
    for name, value in headers.items():
        response.headers[name] = value
    return response

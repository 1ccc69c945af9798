"""What every view needs, and how an answer is put into the format that a client asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import flask
from werkzeug.exceptions import NotAcceptable

from kg.errors import BadInput
from kg.results import Format, Kind, formats, media_types, named_first

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
    if _asked_formats():
        return False
    offered = [*media_types("rows"), *media_types("graph"), HTML]
    return flask.request.accept_mimetypes.best_match(offered) == HTML


def choose(kind: Kind) -> Format:
    """The format in which to answer: the one asked for, else the best that the client accepts.

    Raises ``BadInput`` for an unknown ``?format=`` or two that differ, ``NotAcceptable`` for an
    impossible Accept.
    """
    asked = {named_first(value.lower().split(","), kind) for value in _asked_formats()}
    if len(asked) > 1:
        names = " and ".join(sorted(format_.name for format_ in asked))
        raise BadInput(f"The parameters ask for two formats: {names}.")
    if asked:
        return asked.pop()
    table = media_types(kind)
    accepted = flask.request.accept_mimetypes
    if not accepted:
        return formats(kind)[0]
    best = accepted.best_match(list(table))
    if best is None:
        names = ", ".join(format_.media_type for format_ in formats(kind))
        raise NotAcceptable(f"This answer can be had as {names}.")
    return table[best]


def _asked_formats() -> set[str]:
    """The formats that the ``format`` parameter names, or what older clients call it."""
    names = ("format", "output", "results")
    return {value for name in names for value in flask.request.values.getlist(name) if value}


def respond(answer: Answer, version: str, **headers: Any) -> flask.Response:  # noqa: ANN401
    """The answer in the format that the client asked for, with the data version it is from."""
    format_ = choose(answer.kind)
    response = flask.Response(answer.serialize(format_), content_type=format_.content_type)
    response.headers["X-KG-Data-Version"] = version
    for name, value in headers.items():
        response.headers[name] = value
    return response

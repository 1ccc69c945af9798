"""The SPARQL endpoint: SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/).

A query comes by GET, by POST as a form, or by POST or QUERY as the body; an update by POST as a
form or as the body. Without a query, a browser gets the page to write one and any other client a
description of the service.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import flask
from werkzeug.exceptions import UnsupportedMediaType

from kg.errors import BadInput, BadQuery, KgError
from kg.queries import judge
from kg.serve.context import RESERVED, context, reading, wants_page
from kg.serve.deferred import answer
from kg.serve.descriptions import service_description
from kg.serve.editor import page
from kg.serve.problems import known_error
from kg.serve.writes import begin, body, body_is_plain, carried_out, has_token
from kg.updates import judge_update, with_dataset
from kg.writing import Order

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict
    from werkzeug.wrappers import Response

blueprint = flask.Blueprint("sparql", __name__)

_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_KNOWN: Final = RESERVED | {"draft", "query", "default-graph-uri", "named-graph-uri"}
_KNOWN_OF_UPDATES: Final = (RESERVED - {"timeout", "version"}) | {
    "update",
    "using-graph-uri",
    "using-named-graph-uri",
}


@blueprint.route("/sparql", methods=["GET", "POST", "QUERY"])
def sparql() -> flask.Response | str:
    """Answer one query, or make one change."""
    if _is_update():
        return _update()
    text, parameters = _request()
    if text is None:
        return page(parameters.get("draft") or None) if wants_page() else service_description()
    services = judge(text, context().services)
    return answer(
        text,
        partial(page, text),
        default_graphs=parameters.getlist("default-graph-uri"),
        named_graphs=parameters.getlist("named-graph-uri"),
        services=services,
    )


@blueprint.errorhandler(KgError)
def _not_answered(error: KgError) -> Response:
    """A problem as it is told everywhere; to a browser on the page that still has the query."""
    response = known_error(error)
    query = flask.request.args.get("query")
    if response.mimetype == "text/html" and query is not None:
        try:
            reading()
        except KgError:  # the version that is asked for is what is wrong
            flask.g.reading = context().current.get()
        place = (error.line, error.column) if isinstance(error, BadQuery) else (None, None)
        problem = {"detail": str(error), "line": place[0], "column": place[1]}
        response.set_data(page(query, problem=problem))
    return response


def _is_update() -> bool:
    """Whether the request is for an update; as a form the body has to be read to tell."""
    request = flask.request
    if (request.mimetype == _UPDATE and request.method != "GET") or "update" in request.args:
        return True
    return request.method == "POST" and request.mimetype == _FORM and _has_update(request)


def _has_update(request: flask.Request) -> bool:
    """Whether a form has an update, and no more than a visitor may send."""
    writing = context().writing
    if writing and has_token(request.headers.get("Authorization", ""), writing.token):
        begin()
    return "update" in request.form


def _update() -> flask.Response:
    request = flask.request
    if request.method != "POST" or "update" in request.args:
        raise BadInput(f"An update is posted, as {_FORM} or as {_UPDATE}.")
    begin()
    if request.mimetype == _UPDATE:
        parameters = _checked(request.args, _KNOWN_OF_UPDATES)
        text = _text(body())
    else:
        body_is_plain()
        parameters = _checked(request.values, _KNOWN_OF_UPDATES)
        text = parameters["update"]
    judge_update(text)
    graphs = (parameters.getlist(f"using-{named}graph-uri") for named in ("", "named-"))
    return carried_out(Order("update", with_dataset(text, *graphs), base=context().endpoint))


def _request() -> tuple[str | None, MultiDict[str, str]]:
    """The query's text, None without one, and the parameters that came beside it.

    Raises ``BadInput`` for what the protocol does not allow.
    """
    request = flask.request
    parameters = request.args
    media_type = request.mimetype
    if request.method in ("POST", "QUERY"):
        if media_type == _QUERY:
            if "query" in request.args:
                raise BadInput("The query came twice: in the address and in the body.")
            return _text(body()), _checked(parameters, _KNOWN)
        body_is_plain()
        if media_type != _FORM:
            raise UnsupportedMediaType(f"A query is posted as {_FORM} or as {_QUERY}.")
        if "query" in request.args and "query" in request.form:
            raise BadInput("The query came twice: in the address and in the form.")
        parameters = request.values
    _checked(parameters, _KNOWN)
    text = parameters.get("query")
    if request.method in ("POST", "QUERY") and text is None:
        raise BadInput("The form has no query.")
    return text, parameters


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("The query is not UTF-8 text.") from None


def _checked(parameters: MultiDict[str, str], known: frozenset[str]) -> MultiDict[str, str]:
    """Refuse parameters that the protocol does not have here, and a text given twice."""
    if unknown := sorted(set(parameters) - known):
        names = ", ".join(sorted(known - {"output", "results"}))
        raise BadInput(f"There is no parameter {unknown[0]!r} here (there are: {names}).")
    for name in ("query", "update"):
        if len(parameters.getlist(name)) > 1:
            raise BadInput(f"The {name} came twice.")
    return parameters

"""The SPARQL endpoint: SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/), query only.

A query comes by GET, by POST as a form, or by POST or QUERY as the body. Without a query, a
browser gets the page to write one and any other client a description of the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import flask
from werkzeug.exceptions import UnsupportedMediaType

from kg.errors import BadInput, Refused
from kg.queries import judge
from kg.serve.context import RESERVED, context, reading, wants_page
from kg.serve.deferred import answer
from kg.serve.descriptions import service_description

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from kg.store import Answer

blueprint = flask.Blueprint("sparql", __name__)

_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_KNOWN: Final = RESERVED | {"query", "default-graph-uri", "named-graph-uri"}
_NO_UPDATES: Final = (
    "This endpoint is read only: a built graph is changed by changing its files and building again."
)
_ANY: Final = "SELECT * WHERE { ?subject ?predicate ?object } LIMIT 20\n"
_EXAMPLE: Final = """\
PREFIX cllm: <https://w3id.org/china-llm/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

SELECT ?name ?released ?parameters WHERE {
  ?model a cllm:IndustryAcademiaModel ; rdfs:label ?name ;
         cllm:released ?released ; cllm:parameterCount ?parameters .
}
ORDER BY DESC(?parameters)
"""


@blueprint.route("/sparql", methods=["GET", "POST", "QUERY"])
def sparql() -> flask.Response | str:
    """Answer one query."""
    text, parameters = _request()
    if text is None:
        if wants_page():
            example = _EXAMPLE if len(context().catalogue) else _ANY
            return flask.render_template("sparql.html", query=example, version=reading().name)
        return service_description()
    services = judge(text, context().services)

    def page(answer: Answer) -> str:
        columns, rows = answer.rows()
        return flask.render_template(
            "sparql.html", query=text, columns=columns, rows=list(rows), version=reading().name
        )

    return answer(
        text,
        page,
        default_graphs=parameters.getlist("default-graph-uri"),
        named_graphs=parameters.getlist("named-graph-uri"),
        services=services,
    )


def _request() -> tuple[str | None, MultiDict[str, str]]:
    """The query's text, None without one, and the parameters that came beside it.

    Raises ``BadInput`` for what the protocol does not allow, ``Refused`` for updates.
    """
    request = flask.request
    parameters = request.args
    media_type = request.mimetype
    if request.method in ("POST", "QUERY"):
        if media_type == _UPDATE:
            raise Refused(_NO_UPDATES)
        if media_type == _QUERY:
            if "query" in request.args:
                raise BadInput("The query came twice: in the address and in the body.")
            return _body(), _checked(parameters)
        if media_type != _FORM:
            raise UnsupportedMediaType(f"A query is posted as {_FORM} or as {_QUERY}.")
        if "query" in request.args and "query" in request.form:
            raise BadInput("The query came twice: in the address and in the form.")
        parameters = request.values
    _checked(parameters)
    text = parameters.get("query")
    if request.method in ("POST", "QUERY") and text is None:
        raise BadInput("The form has no query.")
    return text, parameters


def _body() -> str:
    try:
        return flask.request.get_data().decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("The query is not UTF-8 text.") from None


def _checked(parameters: MultiDict[str, str]) -> MultiDict[str, str]:
    """Refuse updates, parameters that the protocol does not have, and a query given twice."""
    if "update" in parameters:
        raise Refused(_NO_UPDATES)
    if unknown := sorted(set(parameters) - _KNOWN):
        known = ", ".join(sorted(_KNOWN - {"output", "results"}))
        raise BadInput(f"There is no parameter {unknown[0]!r} (there are: {known}).")
    if len(parameters.getlist("query")) > 1:
        raise BadInput("The query came twice.")
    return parameters

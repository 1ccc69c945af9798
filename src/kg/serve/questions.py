"""The canned questions: their list, and each with its parameters, its answer and its SPARQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import flask
from werkzeug.exceptions import NotAcceptable

from kg.errors import BadInput
from kg.namespaces import expand, shorten
from kg.queries import Term
from kg.serve.context import accepted, context, reading, respond, wants_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.queries import Parameter

blueprint = flask.Blueprint("questions", __name__)

_FORMAT: Final = frozenset({"format", "output", "results"})
_MEMBERS: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?member (MIN(STR(?label)) AS ?name) ?class WHERE {
  ?member a ?class ; rdfs:label ?label . FILTER (LANG(?label) = "en")
} GROUP BY ?member ?class ORDER BY ?name ?member
"""


@blueprint.get("/queries")
def all_questions() -> flask.Response | str:
    """List the questions: a page, or JSON."""
    catalogue = context().catalogue
    if wants_page():
        themes = sorted({tag for query in catalogue for tag in query.tags})
        return flask.render_template(
            "queries.html", queries=list(catalogue), themes=themes, version=reading().name
        )
    if flask.request.args.get("format", "json") != "json":
        raise BadInput("The list can be had as json, or as a page.")
    if accepted() and accepted().best_match(["application/json"]) is None:
        raise NotAcceptable("The list can be had as application/json or text/html.")
    reading()
    return flask.jsonify(
        [
            {
                **query.as_dict(),
                "address": flask.url_for(".question", name=query.name, _external=True),
            }
            for query in catalogue
        ]
    )


@blueprint.get("/queries/<name>")
def question(name: str) -> flask.Response | str:
    """Answer one question with the parameters of the address."""
    query = context().catalogue.get(name)
    given: dict[str, str] = {}
    for key, values in flask.request.args.lists():
        if key in _FORMAT:
            continue
        if len(values) > 1:
            raise BadInput(f"The parameter {key!r} came twice.")
        if values[0]:  # a form sends what was left empty too: the default is meant
            given[key] = values[0]
    bindings = query.bind(given)
    answer = reading().store.query(query.text, bindings)
    if not wants_page():
        return respond(answer)
    columns, rows = answer.rows()
    # the form shows what was asked, so the page needs no column for it
    shown = [place for place, column in enumerate(columns) if column not in bindings]
    return flask.render_template(
        "query.html",
        query=query,
        fields=[
            (parameter, bindings[parameter.name].value, _choices(parameter, bindings))
            for parameter in query.parameters
        ],
        columns=[columns[place] for place in shown],
        rows=[[row[place] for place in shown] for row in rows],
        version=reading().name,
        address=flask.request.query_string.decode(),
    )


def _choices(parameter: Parameter, bindings: Mapping[str, Term]) -> list[tuple[str, str]]:
    """The things that a parameter may be, as (IRI, name); none where it has no class.

    What was asked for is among them, whatever its class.
    """
    if not parameter.of_class:
        return []
    asked = bindings[parameter.name].value
    _, rows = reading().store.query(_MEMBERS, {"class": Term(expand(parameter.of_class))}).rows()
    choices = [(str(row[0]), str(row[1])) for row in rows]
    known = any(iri == asked for iri, _ in choices)
    return choices if known else [(asked, shorten(asked)), *choices]

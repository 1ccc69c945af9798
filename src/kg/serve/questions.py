"""The canned questions: their list, and each with its parameters, its answer and its SPARQL."""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING

import flask
from werkzeug.exceptions import NotAcceptable

from kg.errors import BadInput
from kg.queries import bound, judge
from kg.results import RESULT_SET, formats
from kg.serve.context import RESERVED, accepted, context, reading, wants_page
from kg.serve.deferred import answer, lasting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kg.queries import Query
    from kg.results import Format
    from kg.store import Answer

blueprint = flask.Blueprint("questions", __name__)
blueprint.after_request(lasting)


@blueprint.get("/queries")
def all_questions() -> flask.Response | str:
    """List the questions: a page, or JSON."""
    catalogue = context().catalogue
    if wants_page():
        themes: dict[str, list[Query]] = {}
        for query in catalogue:
            themes.setdefault(query.tags[0], []).append(query)
        return flask.render_template(
            "queries.html",
            themes=sorted(themes.items(), key=lambda item: (-len(item[1]), item[0])),
            services=context().services,
            version=reading().name,
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
                "address": context().address + flask.url_for(".question", name=query.name),
            }
            for query in catalogue
        ]
    )


@blueprint.get("/queries/<name>")
def question(name: str) -> flask.Response | str:
    """Answer one question with the parameters of the address, or give its SPARQL with them."""
    query = context().catalogue.get(name)
    given: dict[str, str] = {}
    for key, values in flask.request.args.lists():
        if key in RESERVED:
            continue
        if len(values) > 1:
            raise BadInput(f"The parameter {key!r} came twice.")
        if values[0]:  # a form sends what was left empty too: the default is meant
            given[key] = values[0]
    bindings = reading().store.bound(query, given)
    if flask.request.args.get("format") == "sparql":
        text = without_header(bound(query.text, bindings))
        return flask.Response(f"{text}\n", content_type="application/sparql-query; charset=utf-8")
    services = judge(query.text, context().services)

    def page(answer: Answer) -> str:
        columns, rows = answer.rows()
        # the form shows what was asked, so the page needs no column for it
        shown = [place for place, column in enumerate(columns) if column not in bindings]
        return flask.render_template(
            "query.html",
            query=query,
            fields=[
                (
                    parameter,
                    bindings[parameter.name].value,
                    reading().store.members(parameter) if parameter.of_class else [],
                )
                for parameter in query.parameters
            ],
            columns=[columns[place] for place in shown],
            rows=[[row[place] for place in shown] for row in rows],
            version=reading().name,
            address=flask.request.query_string.decode(),
            permalink=_permalink(name, given),
            text=without_header(bound(query.text, bindings)),
            formats=[format_.name for format_ in _offered(query)],
        )

    return answer(query.text, page, bindings, services=services)


def _offered(query: Query) -> Sequence[Format]:
    """The formats of the answer to a question."""
    if query.form in ("CONSTRUCT", "DESCRIBE"):
        return formats("graph")
    return (*formats("rows"), RESULT_SET)


def _permalink(name: str, given: Mapping[str, str]) -> str:
    """The address of an answer that stays what it is: with the version of the data."""
    asked = urllib.parse.urlencode({**given, "version": reading().name})
    return f"{context().address}{flask.url_for('.question', name=name)}?{asked}"


def without_header(text: str) -> str:
    """A query without the comments that are its header."""
    return "\n".join(line for line in text.split("\n") if not line.startswith("#+")).strip("\n")

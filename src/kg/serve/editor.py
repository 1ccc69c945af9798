"""The page on which a query is written and answered, and what its script asks for beside."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Final

import flask

from kg.errors import BadInput
from kg.namespaces import BASE
from kg.results import formats, named
from kg.serve.context import context, reading, tagged
from kg.serve.labels import named as name_of
from kg.serve.vocabulary import known_prefixes
from kg.store import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.results import Kind

blueprint = flask.Blueprint("editor", __name__)

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
_JSON: Final = "application/json"
_FOR_SCRIPTS: Final[dict[Kind, str]] = {"rows": "json", "graph": "ntriples"}
_MOST_INSIDE: Final = 200_000
"""Bytes of an answer up to which the page has it a second time, for its script."""
_MOST_NAMES: Final = 1_000


def page(
    query: str | None = None,
    answer: Answer | None = None,
    problem: Mapping[str, str | int | None] | None = None,
) -> str:
    """The page with a query, or an example, and its answer or the problem that it has.

    The problem is its ``detail`` with ``line`` and ``column``, if they are known.
    """
    columns: list[str] = []
    rows: list[list[str | None]] = []
    inside: dict[str, object] | None = None
    if answer:
        format_ = named(_FOR_SCRIPTS[answer.kind], answer.kind)
        body = answer.serialize(format_)
        columns, found = Answer.read(body, format_.name).rows()
        rows = [*found]
        if len(body) <= _MOST_INSIDE:
            iris = {cell for row in rows for cell in row if cell and cell.startswith("http")}
            called = {iri: name_of(iri) for iri in sorted(iris)}
            inside = {"kind": answer.kind, "body": body.decode(), "names": called}
    if query is None:
        query = _EXAMPLE if context().is_ours else _ANY
    catalogue = sorted(context().catalogue, key=lambda one: one.tags[0])
    themes = itertools.groupby(catalogue, key=lambda one: one.tags[0])
    return flask.render_template(
        "sparql.html",
        query=query,
        columns=columns,
        rows=rows,
        problem=problem,
        themes=[(theme, [*questions]) for theme, questions in themes],
        prefixes=known_prefixes(is_ours=context().is_ours),
        is_pinned="version" in flask.request.args,
        default_graphs=flask.request.args.getlist("default-graph-uri"),
        named_graphs=flask.request.args.getlist("named-graph-uri"),
        version=reading().name,
        facts={
            "base": BASE if context().is_ours else "",
            "query": query,
            "isAsked": "query" in flask.request.args,
            "formats": {
                kind: [
                    {"name": f.name, "mediaType": f.media_type, "extension": f.extension}
                    for f in formats(kind)
                ]
                for kind in _FOR_SCRIPTS
            },
            "answer": inside,
            "problem": problem,
        },
    )


@blueprint.get("/sparql/terms")
def terms() -> flask.Response:
    """The words that queries are written with, to complete and to check them."""
    return tagged(_JSON, "terms", lambda: context().vocabulary.of(reading()))


@blueprint.post("/sparql/names")
def names() -> flask.Response:
    """What the IRIs of a form are called in the language of the page."""
    iris = dict.fromkeys(flask.request.form.getlist("iri"))
    if len(iris) > _MOST_NAMES:
        raise BadInput(f"Names are told of at most {_MOST_NAMES} IRIs at a time.")
    told = {iri: name_of(iri) for iri in iris}
    return flask.Response(json.dumps(told, ensure_ascii=False), mimetype=_JSON)

"""Whole graphs: the SPARQL 1.1 Graph Store HTTP Protocol, reading, and files to download.

https://www.w3.org/TR/sparql11-http-rdf-update/. A named graph is also at its own address, under
``/graph/``, which is what the protocol calls direct identification.
"""

from __future__ import annotations

from typing import Final

import flask

from kg.errors import BadInput, NotFound, Refused
from kg.queries import Term
from kg.results import Format, formats
from kg.serve.context import RESERVED, reading
from kg.serve.deferred import answer
from kg.serve.descriptions import FILE

blueprint = flask.Blueprint("graphs", __name__)

_WRITING: Final = ["DELETE", "PATCH", "POST", "PUT"]
_DEFAULT: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_NAMED: Final = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?graph { ?s ?p ?o } }"
_EXISTS: Final = "ASK { GRAPH ?graph { ?s ?p ?o } }"


@blueprint.route("/rdf-graph-store", methods=["GET", *_WRITING])
def graph_store() -> flask.Response | str:
    """The default graph, or a named one."""
    if flask.request.method in _WRITING:
        raise Refused(
            "A built graph is not written to: add a file to the project's data and run `kg build`, "
            "so that it is checked and has its source."
        )
    given = flask.request.args
    if unknown := sorted(set(given) - RESERVED - {"default", "graph"}):
        raise BadInput(f"There is no parameter {unknown[0]!r} (there are: default, graph, format).")
    names = given.getlist("graph")
    if len(names) + len(given.getlist("default")) != 1 or given.get("default"):
        raise BadInput("Name one graph: ?default, or ?graph= with its IRI.")
    if not names:
        return answer(_DEFAULT)
    bound = {"graph": Term(names[0])}
    _, known = reading().store.query(_EXISTS, bound).rows()
    if next(known) == ["false"]:
        raise NotFound(f"There is no graph <{names[0]}>.")
    return answer(_NAMED, bindings=bound)


@blueprint.get("/download/<name>")
def download(name: str) -> flask.Response | str:
    """A file: the default graph, or in a format of datasets all graphs."""
    known = {f"{FILE}.{format_.extension}": format_ for format_ in formats("graph")}
    if name not in known:
        raise NotFound(f"There is no file {name} (there are: {', '.join(known)}).")
    format_: Format = known[name]
    response = flask.make_response(
        answer(None if format_.of_datasets else _DEFAULT, format_=format_)
    )
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response

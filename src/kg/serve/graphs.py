"""Whole graphs: the SPARQL 1.1 Graph Store HTTP Protocol, and files to download.

https://www.w3.org/TR/sparql11-http-rdf-update/. A graph is named by ``?graph=``, or directly by an
address below ``/rdf-graph-store/``; those of the built graph are read at theirs, under ``/graph/``.
"""

from __future__ import annotations

import secrets
from typing import Final, Literal

import flask

from kg.errors import BadInput, NotFound
from kg.queries import Term, is_iri
from kg.serve.context import RESERVED, context, reading
from kg.serve.deferred import answer
from kg.serve.writes import address_of, begin, carried_out, documents
from kg.writing import Order

blueprint = flask.Blueprint("graphs", __name__)

_METHODS: Final = ["GET", "PUT", "POST", "DELETE"]
_DEFAULT: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_NAMED: Final = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?graph { ?s ?p ?o } }"


@blueprint.route("/rdf-graph-store", methods=_METHODS)
def graph_store() -> flask.Response | str:
    """The default graph, or a named one."""
    writes = flask.request.method in _METHODS[1:]
    if writes:
        begin()
    given = flask.request.args
    if unknown := sorted(set(given) - RESERVED - {"default", "graph"}):
        raise BadInput(f"There is no parameter {unknown[0]!r} (there are: default, graph, format).")
    names = given.getlist("graph")
    number = len(names) + len(given.getlist("default"))
    if flask.request.method == "POST" and not number:
        name = address_of(f"{flask.request.path}/{secrets.token_urlsafe(12)}")
        return carried_out(Order("post", graph=name, documents=documents(name)), location=name)
    if number != 1 or given.get("default"):
        raise BadInput("Name one graph: ?default, or ?graph= with its IRI.")
    name = names[0] if names else ""
    if name.startswith("/"):
        name = address_of(name)
    if names and not is_iri(name):
        raise BadInput(f"A graph is named by an IRI, not by {name!r}.")
    return _write(name) if writes else _read(name)


@blueprint.route("/rdf-graph-store/<path:name>", methods=_METHODS)
def graph_at_its_address(name: str) -> flask.Response | str:
    """The named graph whose IRI is the address of the request."""
    del name
    writes = flask.request.method in _METHODS[1:]
    if writes:
        begin()
    graph = address_of(flask.request.path)
    return _write(graph) if writes else _read(graph)


def _read(name: str) -> flask.Response | str:
    if not name:
        return answer(_DEFAULT)
    if not reading().store.has_graph(name):
        raise NotFound(f"There is no graph <{name}>.")
    return answer(_NAMED, bindings={"graph": Term(name)})


def _write(name: str) -> flask.Response:
    if flask.request.method == "DELETE":
        return carried_out(Order("delete", graph=name))
    sent = documents(name or address_of(flask.request.path))
    kind: Literal["put", "post"] = "put" if flask.request.method == "PUT" else "post"
    return carried_out(Order(kind, graph=name, documents=sent), location=name)


@blueprint.get("/download/<name>")
def download(name: str) -> flask.Response | str:
    """A file: the default graph, or in a format of datasets all graphs."""
    known = context().files
    if name not in known:
        raise NotFound(f"There is no file {name} (there are: {', '.join(known)}).")
    format_ = known[name]
    response = flask.make_response(
        answer(None if format_.of_datasets else _DEFAULT, format_=format_)
    )
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response

"""Whole graphs: the SPARQL 1.1 Graph Store HTTP Protocol.

https://www.w3.org/TR/sparql11-http-rdf-update/. A graph is named by ``?graph=``, or directly by an
address below ``/rdf-graph-store/``; those of the built graph are read at theirs, under ``/graph/``.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import flask

from kg.encodings import ENCODINGS
from kg.errors import BadInput, NotFound, Outdated
from kg.queries import Term, is_iri, normalised
from kg.results import formats
from kg.serve.context import RESERVED, context, reading
from kg.serve.deferred import Asked, answer
from kg.serve.writes import address_of, begin, carried_out, documents
from kg.writing import Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.datastructures import MultiDict

    from kg.writing.order import Kind

blueprint = flask.Blueprint("graphs", __name__)

_METHODS: Final = ["GET", "PUT", "POST", "DELETE"]
_KINDS: Final[Mapping[str, Kind]] = {"PUT": "put", "POST": "post", "DELETE": "delete"}
_DEFAULT: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_NAMED: Final = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?graph { ?s ?p ?o } }"


@blueprint.route("/rdf-graph-store", methods=_METHODS)
def graph_store() -> flask.Response | str:
    """The default graph, or a named one."""
    given = _parameters({"default", "graph"})
    names = given.getlist("graph")
    number = len(names) + len(given.getlist("default"))
    if flask.request.method == "POST" and not number:
        path = flask.request.path.rstrip("/")
        name = address_of(f"{path}/{secrets.token_urlsafe(12)}")
        return carried_out(Order("post", graph=name, documents=documents(name)), location=name)
    if number != 1 or given.get("default"):
        raise BadInput("Name one graph: ?default, or ?graph= with its IRI.")
    name = names[0] if names else ""
    if name.startswith("/") and not name.startswith("//"):
        name = context().address + name
    if names and not is_iri(name):
        raise BadInput(f"A graph is named by an IRI, not by {name!r}.")
    return _answer(name)


@blueprint.route("/rdf-graph-store/<path:name>", methods=_METHODS)
def graph_at_its_address(name: str) -> flask.Response | str:
    """The named graph whose IRI is the address of the request."""
    del name
    _parameters(set())
    return _answer(address_of(flask.request.path))


def _is_write() -> bool:
    return flask.request.method in _METHODS[1:]


def _parameters(known: set[str]) -> MultiDict[str, str]:
    """The parameters, if there is leave to write where that is asked. Raises ``BadInput``."""
    if _is_write():
        begin()
    else:
        known = known | RESERVED
    given = flask.request.args
    if unknown := sorted(set(given) - known):
        names = ", ".join(sorted(known - {"output", "results"})) or "none"
        raise BadInput(f"There is no parameter {unknown[0]!r} here (there are: {names}).")
    return given


def _answer(name: str) -> flask.Response | str:
    """Read or write a graph; the default one has no name."""
    bound = {"graph": Term(name)} if name else None
    is_there = not name or reading().store.has_graph(name)
    if not _is_write():
        if not is_there:
            raise NotFound(f"There is no graph <{name}>.")
        return answer(_NAMED if name else _DEFAULT, bindings=bound, is_graph=True)
    order = Order(
        _KINDS[flask.request.method],
        graph=name,
        documents=[] if flask.request.method == "DELETE" else documents(name or _own_address()),
        **_conditions(Asked(normalised(_NAMED if name else _DEFAULT), bound), is_there),
    )
    return carried_out(order, location=name)


def _own_address() -> str:
    return address_of(flask.request.path)


def _tags(asked: Asked) -> set[str]:
    """The entity tags that a graph has now, in any format."""
    codes = ("", *ENCODINGS)
    version, salt = reading().name, context().salt
    return {asked.tag(version, f.name, code, salt) for f in formats("graph") for code in codes}


def _conditions(asked: Asked, is_there: bool) -> dict[str, Any]:
    """What ``If-Match`` and ``If-None-Match`` demand of the order that changes a graph.

    https://www.rfc-editor.org/rfc/rfc9110#section-13. Raises ``Outdated`` if they do not hold now.
    """
    wanted, unwanted = flask.request.if_match, flask.request.if_none_match
    found: dict[str, Any] = {}
    for condition, must_exist in ((wanted, True), (unwanted, False)):
        if condition.star_tag:
            found["must_exist"] = must_exist
        elif condition.as_set(include_weak=not must_exist):
            known = _tags(asked) if is_there else set()
            if any(condition.contains_weak(tag) for tag in known) != must_exist:
                raise Outdated("The graph is not what the condition demands: nothing is changed.")
            found["only_after"] = reading().name
    return found

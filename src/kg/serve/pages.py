"""The front page, and whatever the graph's own IRIs name: entities, graphs, the ontology."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import flask

from kg.errors import NotFound
from kg.namespaces import BASE, GRAPHS, IDS, ONTOLOGY
from kg.queries import Term
from kg.serve.context import context, respond, wants_page

blueprint = flask.Blueprint("pages", __name__)

_COUNTS: Final = """
PREFIX cllm: <https://w3id.org/china-llm/ontology#>
SELECT (COUNT(DISTINCT ?model) AS ?models) (COUNT(DISTINCT ?developer) AS ?developers) WHERE {
  ?model cllm:inSample ?sample ; cllm:hasDeveloper ?developer
}
"""
_KNOWN: Final = """
ASK { { ?thing ?p ?o } UNION { ?s ?q ?thing } UNION { GRAPH ?thing { ?a ?b ?c } } }
"""
_LABEL: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX dcterms: <http://purl.org/dc/terms/>
SELECT ?label ?thing WHERE {
  ?thing rdfs:label|dcterms:title ?label . FILTER (LANG(?label) = "en")
} ORDER BY ?label LIMIT 1
"""
_STATEMENTS: Final = """
SELECT ?property ?value ?thing WHERE { ?thing ?property ?value } ORDER BY ?property ?value
"""
_REFERRING: Final = """
SELECT ?property ?subject ?thing WHERE { ?subject ?property ?thing } ORDER BY ?property ?subject
"""
_HEIR: Final = """
PREFIX dcterms: <http://purl.org/dc/terms/>
SELECT ?heir ?thing WHERE { ?thing dcterms:isReplacedBy ?heir } ORDER BY ?heir LIMIT 1
"""
_DESCRIBE: Final = "CONSTRUCT { ?thing ?p ?o } WHERE { ?thing ?p ?o }"
_GRAPH: Final = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?thing { ?s ?p ?o } }"
_TERMS: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?term ?label ?chinese ?definition WHERE {
  ?term rdfs:isDefinedBy ?module ; rdfs:label ?label ; skos:definition ?definition .
  FILTER (LANG(?label) = "en" && LANG(?definition) = "en")
  OPTIONAL { ?term rdfs:label ?chinese . FILTER (LANGMATCHES(LANG(?chinese), "zh-Hans")) }
} ORDER BY ?term
"""


@blueprint.get("/")
def home() -> str:
    """What this is, and the questions that it answers."""
    reading = context().current.get()
    _, rows = reading.store.query(_COUNTS).rows()
    models, developers = next(rows)
    return flask.render_template(
        "home.html",
        models=models,
        developers=developers,
        queries=list(context().catalogue),
        version=reading.name,
    )


@blueprint.get("/id/<kind>/<slug>")
def entity(kind: str, slug: str) -> flask.Response | str:
    """One thing: what is settled about it, what refers to it; a retired one leads to its heir."""
    iri = f"{IDS}{kind}/{slug}"
    _, rows = context().current.get().store.query(_HEIR, {"thing": Term(iri)}).rows()
    heir = str(next(rows, [""])[0])
    if heir.startswith(IDS):
        permanent = HTTPStatus.MOVED_PERMANENTLY
        return flask.Response(status=permanent, headers={"Location": "/" + heir[len(BASE) :]})
    return _thing(iri, _DESCRIBE)


@blueprint.get("/graph/<path:name>")
def graph(name: str) -> flask.Response | str:
    """One named graph: its statements, and what is said about it."""
    return _thing(f"{GRAPHS}{name}", _GRAPH)


@blueprint.get("/ontology")
@blueprint.get("/ontology/<module>")
def ontology(module: str = "") -> flask.Response | str:
    """The ontology: a page of its terms, or the whole of it as data."""
    del module  # every module is in the one graph
    reading = context().current.get()
    if wants_page():
        _, rows = reading.store.query(_TERMS).rows()
        return flask.render_template("ontology.html", terms=list(rows), version=reading.name)
    answer = reading.store.query(_GRAPH, {"thing": Term(f"{GRAPHS}ontology")})
    return respond(answer, reading.name, Link=f'<{ONTOLOGY}>; rel="canonical"')


def _thing(iri: str, whole: str) -> flask.Response | str:
    """A page about ``iri``, or what the query ``whole`` gives of it."""
    reading = context().current.get()
    bound = {"thing": Term(iri)}
    _, known = reading.store.query(_KNOWN, bound).rows()
    if next(known) == ["false"]:
        raise NotFound(f"The graph says nothing about <{iri}>.")
    if not wants_page():
        return respond(reading.store.query(whole, bound), reading.name)
    _, labels = reading.store.query(_LABEL, bound).rows()
    return flask.render_template(
        "entity.html",
        iri=iri,
        label=next(labels, [None])[0],
        statements=list(reading.store.query(_STATEMENTS, bound).rows()[1]),
        referring=list(reading.store.query(_REFERRING, bound).rows()[1]),
        version=reading.name,
    )

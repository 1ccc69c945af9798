"""Whatever the graph's own IRIs name: entities, graphs, the dataset."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import flask

from kg.errors import NotFound
from kg.namespaces import BASE, GRAPHS, IDS, shorten
from kg.queries import Term
from kg.serve.context import choose, context, reading, wants_page
from kg.serve.deferred import answer
from kg.serve.markup import of_dataset, of_thing
from kg.serve.things import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

blueprint = flask.Blueprint("pages", __name__)

_DATASET: Final = f"{BASE}dataset"
_KNOWN: Final = """
ASK {
  { ?thing ?p ?o } UNION { ?s ?q ?thing } UNION { GRAPH ?thing { ?a ?b ?c } }
  UNION { GRAPH ?g { ?thing ?d ?e } } UNION { GRAPH ?h { ?f ?i ?thing } }
}
"""
_LABEL: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX dcterms: <http://purl.org/dc/terms/>
SELECT ?label ?thing WHERE {
  ?thing rdfs:label|dcterms:title ?label . FILTER (LANG(?label) = "en")
} ORDER BY ?label LIMIT 1
"""
_STATEMENTS: Final = """
SELECT ?property ?value (GROUP_CONCAT(DISTINCT STR(?passage); SEPARATOR=" ") AS ?sources) ?thing
WHERE {
  { ?thing ?property ?value }
  UNION
  { GRAPH ?g { ?thing ?property ?value } FILTER NOT EXISTS { ?thing ?settled ?view } }
  OPTIONAL {
    GRAPH ?passage { ?thing ?property ?value }
    FILTER (CONTAINS(STRAFTER(STR(?passage), "/graph/"), "/"))
  }
} GROUP BY ?property ?value ?thing ORDER BY ?property ?value
"""
_LINKS: Final = f"""
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sssom: <https://w3id.org/sssom/>
SELECT ?relation ?other ?label ?what ?confidence ?evidence ?not ?thing WHERE {{
  GRAPH <{GRAPHS}links> {{
    {{ ?mapping owl:annotatedSource ?thing ; owl:annotatedTarget ?other }}
    UNION
    {{ ?mapping owl:annotatedTarget ?thing ; owl:annotatedSource ?other }}
    ?mapping owl:annotatedProperty ?relation ; sssom:object_category ?what .
    OPTIONAL {{ ?mapping sssom:object_label ?label }}
    OPTIONAL {{ ?mapping sssom:confidence ?confidence }}
    OPTIONAL {{ ?mapping rdfs:comment ?evidence }}
    OPTIONAL {{ ?mapping sssom:predicate_modifier ?not }}
  }}
}} ORDER BY BOUND(?not) ?relation ?what ?other
"""
_REFERRING: Final = """
SELECT ?property ?subject ?thing WHERE { ?subject ?property ?thing } ORDER BY ?property ?subject
"""
_HEIR: Final = """
PREFIX dcterms: <http://purl.org/dc/terms/>
SELECT ?heir ?thing WHERE { ?thing dcterms:isReplacedBy ?heir } ORDER BY ?heir LIMIT 1
"""
_SIZE: Final = "SELECT (COUNT(*) AS ?n) ?thing WHERE { GRAPH ?thing { ?s ?p ?o } } GROUP BY ?thing"
_DESCRIBE: Final = """
CONSTRUCT { ?thing ?p ?o } WHERE {
  { ?thing ?p ?o }
  UNION
  { GRAPH ?g { ?thing ?p ?o } FILTER NOT EXISTS { ?thing ?settled ?view } }
}
"""
_GRAPH: Final = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?thing { ?s ?p ?o } }"


@blueprint.get("/id/<kind>/<slug>")
def entity(kind: str, slug: str) -> flask.Response | str:
    """One thing: what is settled about it, what refers to it; a retired one leads to its heir."""
    iri = f"{IDS}{kind}/{slug}"
    _, rows = reading().store.query(_HEIR, {"thing": Term(iri)}).rows()
    heir = str(next(rows, [""])[0])
    if heir.startswith(IDS):
        permanent = HTTPStatus.MOVED_PERMANENTLY
        asked = flask.request.query_string.decode()
        address = "/" + heir[len(BASE) :] + (f"?{asked}" if asked else "")
        return flask.Response(status=permanent, headers={"Location": address})
    return _thing(iri, _DESCRIBE, as_object)


@blueprint.get("/graph/<path:name>")
def graph(name: str) -> flask.Response | str:
    """One named graph: its statements, and what is said about it."""
    return _thing(f"{GRAPHS}{name}", _GRAPH)


@blueprint.get("/dataset")
def dataset() -> flask.Response | str:
    """What the catalog says about the graph as a whole."""
    return _thing(_DATASET, _DESCRIBE)


def _thing(
    iri: str, whole: str, as_object: Callable[[str], flask.Response | None] | None = None
) -> flask.Response | str:
    """A page about ``iri``, or what the query ``whole`` gives of it.

    In JSON-LD what ``as_object`` makes of it, where that is given and makes something.
    """
    bound = {"thing": Term(iri)}
    _, known = reading().store.query(_KNOWN, bound).rows()
    if next(known) == ["false"]:
        raise NotFound(f"The graph says nothing about <{iri}>.")
    if not wants_page():
        made = as_object(iri) if as_object and choose("graph").name == "jsonld" else None
        return made or answer(whole, bindings=bound)
    store = reading().store
    label = next(store.query(_LABEL, bound).rows()[1], [None])[0]
    statements = list(store.query(_STATEMENTS, bound).rows()[1])
    links = list(store.query(_LINKS, bound).rows()[1])
    address = context().address
    markup: dict[str, Any] | None
    if iri == _DATASET:
        markup = of_dataset(iri, address, statements, context().files)
    else:
        markup = of_thing(iri, address, label or shorten(iri), statements, links, store)
    return flask.render_template(
        "entity.html",
        iri=iri,
        label=label,
        size=next(store.query(_SIZE, bound).rows()[1], [None])[0],
        statements=statements,
        links=links,
        referring=list(store.query(_REFERRING, bound).rows()[1]),
        version=reading().name,
        markup=markup,
    )

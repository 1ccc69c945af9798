"""The ontology, as a page or as data."""

from __future__ import annotations

from typing import Final

import flask

from kg.errors import NotFound
from kg.namespaces import GRAPHS, ONTOLOGY
from kg.queries import Term
from kg.serve.context import reading, wants_page
from kg.serve.deferred import answer

blueprint = flask.Blueprint("pages", __name__)

_KNOWN: Final = """
ASK {
  { ?thing ?p ?o } UNION { ?s ?q ?thing } UNION { GRAPH ?thing { ?a ?b ?c } }
  UNION { GRAPH ?g { ?thing ?d ?e } } UNION { GRAPH ?h { ?f ?i ?thing } }
}
"""
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


@blueprint.get("/ontology")
@blueprint.get("/ontology/<path:module>")
def ontology(module: str = "") -> flask.Response | str:
    """The ontology, whichever module is named: a page of its terms, or the whole as data."""
    named = f"{ONTOLOGY}/{module}" if module else ONTOLOGY
    _, known = reading().store.query(_KNOWN, {"thing": Term(named)}).rows()
    if next(known) == ["false"]:
        raise NotFound(f"The ontology has no module <{named}>.")
    if wants_page():
        _, rows = reading().store.query(_TERMS).rows()
        return flask.render_template("ontology.html", terms=list(rows), version=reading().name)
    return answer(_GRAPH, bindings={"thing": Term(f"{GRAPHS}ontology")})

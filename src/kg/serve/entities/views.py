"""The pages of things and of graphs, and the same as JSON and as RDF."""

from __future__ import annotations

import json
import urllib.parse
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import flask

from kg.errors import NotFound
from kg.namespaces import BASE, GRAPHS, IDS
from kg.queries import Term as Bound
from kg.serve import things
from kg.serve.context import context, reading, tagged
from kg.serve.deferred import answer, lasting
from kg.serve.entities import around, asked, elsewhere, facts, page
from kg.serve.entities.as_json import Writer
from kg.serve.entities.contents import contents
from kg.serve.entities.incoming import incoming
from kg.serve.entities.page import Sources
from kg.serve.entities.sources import Passages
from kg.serve.labels import labels
from kg.serve.markup import of_dataset, of_thing
from kg.serve.wording import language

if TYPE_CHECKING:
    from kg.serve.entities.incoming import Incoming
    from kg.serve.entities.model import Thing
    from kg.terms import Term

blueprint = flask.Blueprint("entities", __name__)
blueprint.after_request(lasting)

_DATASET: Final = f"{BASE}dataset"
_MOST: Final = 30
"""Number of values of a property that a page tells."""
_MOST_IN_JSON: Final = 1_000
_MOST_REFERRING: Final = 24
"""Number of things that refer to one by a property that a page tells."""
_LEAST_DRAWN: Final = 3
"""Number of neighbours below which a drawing says no more than the facts do."""
_KNOWN: Final = """
ASK {
  { ?thing ?p ?o } UNION { ?s ?q ?thing } UNION { GRAPH ?thing { ?a ?b ?c } }
  UNION { GRAPH ?g { ?thing ?d ?e } } UNION { GRAPH ?h { ?f ?i ?thing } }
}
"""
_HEIR: Final = """
PREFIX dcterms: <http://purl.org/dc/terms/>
SELECT ?heir ?thing WHERE { ?thing dcterms:isReplacedBy ?heir } ORDER BY ?heir LIMIT 1
"""
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
    """One thing: what is known of it, and what refers to it; a retired one leads to its heir."""
    slug, ending = asked.split(slug)
    iri = f"{IDS}{kind}/{slug}"
    _, rows = reading().store.query(_HEIR, {"thing": Bound(iri)}).rows()
    heir = str(next(rows, [""])[0])
    if heir.startswith(IDS):
        permanent = HTTPStatus.MOVED_PERMANENTLY
        given = flask.request.query_string.decode()
        address = "/" + heir[len(BASE) :] + (f".{ending}" if ending else "")
        address += f"?{given}" if given else ""
        return flask.Response(status=permanent, headers={"Location": address})
    return _thing(iri, _DESCRIBE, ending=ending, has_json=True)


@blueprint.get("/graph/<path:name>")
def graph(name: str) -> flask.Response | str:
    """One named graph: who says it and where, and its statements."""
    return _thing(f"{GRAPHS}{name}", _GRAPH)


@blueprint.get("/dataset")
def dataset() -> flask.Response | str:
    """What the catalog says about the graph as a whole."""
    return _thing(_DATASET, _DESCRIBE)


def _thing(
    iri: str, whole: str, *, ending: str = "", has_json: bool = False
) -> flask.Response | str:
    """A page about ``iri``, our JSON if there is that, or what the query ``whole`` gives of it."""
    bound = {"thing": Bound(iri)}
    kind, format_ = asked.wish(ending, has_json=has_json)
    if next(reading().store.query(_KNOWN, bound).rows()[1]) == ["false"]:
        raise NotFound(f"The graph says nothing about <{iri}>.")
    if kind == "html":
        return _page(iri)
    if kind == "json":
        return tagged(asked.JSON, ("facts", iri), lambda: _json(iri))
    made = things.as_object(iri) if has_json and format_ and format_.name == "jsonld" else None
    return made or answer(whole, bindings=bound, format_=format_)


def _json(iri: str) -> bytes:
    version = reading()
    store, layout = version.store, context().layouts.of(version)
    thing = facts.thing(store, layout, f"<{iri}>", _MOST_IN_JSON)
    writer = Writer(labels(), Passages(store), layout, context().address)
    referring = incoming(store, layout, labels(), thing.node, _MOST_REFERRING)
    found = writer.thing(thing, elsewhere.links(store, iri), referring, version.name)
    return (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode()


def _page(iri: str) -> str:
    version = reading()
    store, layout = version.store, context().layouts.of(version)
    thing = facts.thing(store, layout, f"<{iri}>", _MOST)
    links = elsewhere.links(store, iri)
    told = {decision.node for decision in thing.decisions.values()}
    referring = incoming(store, layout, labels(), thing.node, _MOST_REFERRING, told)
    passages = Passages(store)
    is_graph = iri.startswith(GRAPHS)
    return flask.render_template(
        "passage.html" if is_graph else "entity.html",
        iri=iri,
        thing=thing,
        sections=page.sections(thing, layout),
        findings=page.unplaced(thing),
        sources=Sources(),
        passage=passages.of,
        contents=contents(store, layout, iri) if is_graph else None,
        links=elsewhere.by_relation(links),
        incoming=referring,
        drawings=[] if is_graph else _drawings(thing, referring),
        all_of=_all_of,
        units=layout.units,
        version=version.name,
        markup=_markup(iri, thing, links),
    )


def _drawings(thing: Thing, referring: list[Incoming]) -> list[tuple[str, around.Drawing, int]]:
    """The thing among its neighbours, for a wide screen and for a narrow one."""
    store, layout = reading().store, context().layouts.of(reading())
    found, left = around.neighbours(store, thing, referring, layout)
    tag = language()

    def called(term: Term) -> str:
        return labels().text(term, tag)

    named = [(one, called(one.node), called(one.predicate)) for one in found]
    label = called(thing.node)
    if len(found) < _LEAST_DRAWN:
        return []
    return [
        ("broad", around.broad(label, named), left),
        ("tall", around.tall(label, named), left),
    ]


def _all_of(thing: Term, property_: Term, *, is_incoming: bool) -> str:
    """The address of the editor with a query for all values, or for all that refer to a thing."""
    pattern = f"?thing {property_} {thing}" if is_incoming else f"{thing} {property_} ?thing"
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    text = (
        f"SELECT ?thing ?label WHERE {{\n  {pattern} .\n"
        f"  OPTIONAL {{ ?thing {label} ?label }}\n}} ORDER BY ?label ?thing\n"
    )
    return f"/sparql?{urllib.parse.urlencode({'query': text})}"


def _markup(iri: str, thing: Thing, links: list[elsewhere.Link]) -> dict[str, Any] | None:
    address = context().address
    if iri == _DATASET:
        return of_dataset(iri, address, thing.facts, context().files)
    name = labels().text(thing.node, "en")
    return of_thing(iri, address, name, thing.facts, links, reading().store)

"""Things as JSON-LD: the context for all of it, and one object for each.

An object is made in the thread that handles the request, as a page is, of what the store states of
one thing after the other, and of no more than ``_MOST`` statements.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import flask

from kg.documents import DECLARED, NAMING, document, published
from kg.documents import context as context_of
from kg.namespaces import GRAPHS, TERMS
from kg.results import named
from kg.serve.context import context, reading, tagged
from kg.serve.deferred import lasting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.documents import Context, Triple
    from kg.store import Reading, Store

blueprint = flask.Blueprint("things", __name__)
blueprint.after_request(lasting)

_MOST: Final = 2_000
"""Statements about a thing and what it refers to, beyond which there is no object of it."""
_JSONLD: Final = named("jsonld", "graph")
_HAS_FIGURE: Final = f"{TERMS}hasFigure"


def names_of(version: Reading) -> Context:
    """The context of a version: the plain names of its terms."""
    return context_of(version.store.query(DECLARED).rows()[1])


@blueprint.get("/context.jsonld")
def published_context() -> flask.Response:
    """The context that JSON-LD from here has inside, or a part of it."""
    return tagged(_JSONLD.content_type, "context", lambda: published(context().names.of(reading())))


def as_object(iri: str) -> flask.Response | None:
    """What is said of a thing as one object; None if that is too much."""
    triples = list(itertools.islice(_around(reading().store, iri), _MOST + 1))
    if len(triples) > _MOST:
        return None
    return tagged(
        _JSONLD.content_type, iri, lambda: document(iri, triples, context().names.of(reading()))
    )


def _around(store: Store, iri: str) -> Iterator[Triple]:
    """What is stated of a thing, where it is linked to, its figures, and what the rest is called.

    What the default graph does not know is told as any graph has it.
    """
    is_known = False
    figures: dict[str, None] = {}
    others: dict[str, None] = {}

    def noted(triple: Triple) -> Triple:
        _, predicate, value = triple
        if value["type"] == "uri" and predicate != NAMING[0]:
            (figures if predicate == _HAS_FIGURE else others)[value["value"]] = None
        return triple

    for graph in ("", f"{GRAPHS}links", None):
        if graph is not None or not is_known:
            for predicate, value in store.statements(iri, graph=graph):
                is_known = is_known or graph == ""
                yield noted((iri, predicate, value))
    for figure in figures:
        for predicate, value in store.statements(figure):
            yield noted((figure, predicate, value))
    for other in others:
        if other != iri and other not in figures:
            for name in NAMING:
                for predicate, value in store.statements(other, name):
                    yield other, predicate, value

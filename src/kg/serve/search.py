"""Search over all names of all things, in whatever spelling: a page, or suggestions as JSON."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

import flask

from kg.errors import BadInput
from kg.namespaces import IDS, TERMS
from kg.serve.context import accepted, context, reading
from kg.serve.deferred import lasting
from kg.serve.labels import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.link.gazetteer import Thing

blueprint = flask.Blueprint("search", __name__)
blueprint.after_request(lasting)

_MOST_CHARACTERS: Final = 200
_MOST_SUGGESTED: Final = 10
_MOST_SHOWN: Final = 60
_MOST_BEGUN: Final = 500
"""Things whose names begin so, of which the ones with short names come first."""
_MOST_ALIKE: Final = 20
_LEAST_ALIKE: Final = 0.6
"""Similarity from which a name that does not begin so is taken for a misspelling."""
_MOST_NAMES: Final = 4


@blueprint.get("/search")
def search() -> flask.Response | str:
    """The things whose names are, begin or have a word that begins with ``q``, or are like it."""
    texts = flask.request.args.getlist("q")
    if len(texts) > 1:
        raise BadInput("The parameter q came twice.")
    text = texts[0].strip() if texts else ""
    if len(text) > _MOST_CHARACTERS:
        raise BadInput(f"The text has more than {_MOST_CHARACTERS} characters.")
    asked = flask.request.args.get("format", "")
    if asked not in ("", "json"):
        raise BadInput("What is found can be had as json, or as a page.")
    offered = ["text/html", "application/json"]
    if asked == "json" or accepted().best_match(offered, offered[0]) == "application/json":
        found = islice(_found(text), _MOST_SUGGESTED)
        return flask.jsonify({"q": text, "results": [_suggestion(thing) for thing in found]})
    things = list(islice(_found(text), _MOST_SHOWN + 1))
    return flask.render_template(
        "search.html",
        text=text,
        results=[_suggestion(thing) for thing in things[:_MOST_SHOWN]],
        has_more=len(things) > _MOST_SHOWN,
        version=reading().name,
    )


def _found(text: str) -> Iterator[Thing]:
    """The things that are meant, the surest first: by name or id, by beginning, by likeness."""
    if not text:
        return
    known = context().things.of(reading()).things
    alike = known.alike(text, _MOST_ALIKE)
    near = (id_ for id_ in sorted(alike, key=lambda i: -alike[i]) if alike[id_] >= _LEAST_ALIKE)
    begun = sorted(
        islice(known.beginning(text), _MOST_BEGUN), key=lambda i: len(known.things[i].name)
    )
    sure = chain(known.identified(text), known.called(text), begun, near)
    for id_ in dict.fromkeys(sure):
        yield known.things[id_]


def _suggestion(thing: Thing) -> dict[str, Any]:
    iri = IDS + thing.id
    name = named(iri)
    kinds = [named(TERMS + kind) for kind in thing.types]
    others = [other for other in thing.names if other != name][:_MOST_NAMES]
    return {
        "id": thing.id,
        "iri": iri,
        "address": f"/id/{thing.id}",
        "name": name,
        "types": kinds,
        "names": others,
        "about": " · ".join([*kinds[:1], *others]),
    }

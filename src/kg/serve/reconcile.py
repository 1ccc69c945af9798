"""The Reconciliation Service API 0.2 (https://reconciliation-api.github.io/specs/0.2/).

With it OpenRefine and its like match the names in a spreadsheet with the things of the graph, and
fetch more about them. What is reconciled against is the current version.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import flask
from werkzeug.exceptions import UnsupportedMediaType

from kg import __version__
from kg.errors import BadInput, Busy, Exceeded, NotFound
from kg.link.agreement import NUMBERS
from kg.link.reconciliation import reconcile, term_id
from kg.namespaces import IDS, TERMS
from kg.serve.batches import (
    CONTENTS,
    MOST_CHARACTERS,
    MOST_QUERIES,
    read_extension,
    read_queries,
)
from kg.serve.context import context, reading
from kg.serve.extension import described, extended
from kg.serve.reconcilable import Remembered
from kg.serve.writes import body_is_plain
from kg.store import Number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.blueprints import BlueprintSetupState

    from kg.link.agreement import Value
    from kg.link.gazetteer import Gazetteer, Thing
    from kg.link.reconciliation import Candidate
    from kg.serve.reconcilable import Reconcilable

blueprint = flask.Blueprint("reconcile", __name__, url_prefix="/reconcile")

_KEY: Final = "kg.reconcile"
_FORM: Final = "application/x-www-form-urlencoded"
_NAME: Final = "China LLM Landscape"
_SIZE: Final = {"width": 430, "height": 300}
"""Pixels of the frame in which a preview is shown."""
_PAGE: Final = 20
"""Number of suggestions at a time."""
_SECONDS: Final = 5
_TOO_LONG: Final = (
    f"The batch took more than {_SECONDS} seconds: send fewer queries at a time, or with fewer "
    "types and properties."
)
_NUMBER: Final = re.compile(r"\d{1,6}", re.ASCII)
_TYPE: Final = "rdf:type"
_MOST_FACTS: Final = 8
_MOST_SHOWN: Final = 4
"""Number of values of a property in a preview."""
_FRAMED: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
"""The policy of a preview, which is made to be framed: it has no script and no form."""
_SETTINGS: Final = (
    {
        "name": "limit",
        "label": "Limit",
        "type": "number",
        "default": 0,
        "help_text": "Most values of each thing; 0 for all of them.",
    },
    {
        "name": "content",
        "label": "Content",
        "type": "select",
        "default": "literal",
        "help_text": "How values come that are things.",
        "choices": [{"value": value, "name": name} for value, name in CONTENTS.items()],
    },
)


@blueprint.record
def _prepare(state: BlueprintSetupState) -> None:
    """A slot for each batch that an app may work on ``at_once``, so that others get a thread."""
    state.app.extensions[_KEY] = threading.Semaphore(state.options["at_once"])


def _reconcilable() -> Reconcilable:
    """What can be reconciled against. Raises ``BadInput`` for what is not offered here."""
    if "version" in flask.request.values:
        raise BadInput("Names are reconciled against the current version: leave out version.")
    if "callback" in flask.request.values:
        raise BadInput("JSONP is not offered, which runs as a script: ask by CORS.")
    return context().things.of(reading())


@blueprint.route("", methods=["GET", "POST"])
def service() -> flask.Response:
    """The candidates for a batch of queries, or an extension; without either the manifest."""
    if flask.request.method == "POST":
        body_is_plain()
        if flask.request.mimetype != _FORM:
            raise UnsupportedMediaType(f"queries and extend are posted as {_FORM}.")
    given = [
        (name, text)
        for name in ("queries", "extend")
        for text in flask.request.values.getlist(name)
    ]
    if len(given) > 1:
        raise BadInput("Send either queries or extend, and once.")
    if given:
        ((name, text),) = given
        with _slot():
            return flask.jsonify(_answers(text) if name == "queries" else _extended(text))
    if flask.request.method == "POST":
        raise BadInput("The form has neither queries nor extend.")
    return flask.jsonify(_manifest())


@contextlib.contextmanager
def _slot() -> Iterator[None]:
    """A slot to work in. Raises ``Busy`` if all are taken."""
    slots: threading.Semaphore = flask.current_app.extensions[_KEY]
    if not slots.acquire(blocking=False):
        raise Busy("Other batches are being worked on: try again in a moment.")
    try:
        yield
    finally:
        slots.release()


def _answers(text: str) -> dict[str, Any]:
    """The candidates for each query. Raises ``Exceeded`` if that takes too long."""
    queries = read_queries(text)
    known = _reconcilable()
    facts = Remembered(known)
    until = time.monotonic() + _SECONDS
    answers: dict[str, Any] = {}
    for key, query in queries.items():
        found = reconcile(query, known.things, facts)
        answers[key] = {"result": [_result(candidate, known) for candidate in found]}
        if time.monotonic() > until:
            raise Exceeded("deadline", _TOO_LONG)
    return answers


def _result(candidate: Candidate, known: Reconcilable) -> dict[str, Any]:
    return {
        "id": candidate.thing.id,
        "name": candidate.thing.name,
        "type": [described(type_, known) for type_ in candidate.thing.types],
        "score": candidate.score,
        "match": candidate.match,
        "features": [{"id": name, "value": value} for name, value in candidate.features],
    }


def _extended(text: str) -> dict[str, Any]:
    return extended(read_extension(text), _reconcilable())


def _manifest() -> dict[str, Any]:
    """What this service is, and where its parts are."""
    address, known = context().address, _reconcilable()
    widest = (type_ for type_ in known.types.things if not known.broader(type_))
    return {
        "versions": ["0.2"],
        "name": _NAME,
        "identifierSpace": IDS,
        "schemaSpace": TERMS,
        "documentation": f"{address}/",
        "serviceVersion": __version__,
        "batchSize": MOST_QUERIES,
        "defaultTypes": [described(type_, known) for type_ in widest],
        "view": {"url": f"{address}/id/{{{{id}}}}"},
        "preview": {"url": f"{address}{flask.url_for('.preview')}?id={{{{id}}}}", **_SIZE},
        "suggest": {
            kind: {"service_url": address, "service_path": flask.url_for(".suggest", kind=kind)}
            for kind in ("entity", "type", "property")
        },
        "extend": {
            "propose_properties": {
                "service_url": address,
                "service_path": flask.url_for(".properties"),
            },
            "property_settings": _SETTINGS,
        },
    }


@blueprint.get("/suggest/<any(entity, type, property):kind>")
def suggest(kind: str) -> flask.Response:
    """What begins with a prefix, by any of its names; 20 at a time, from ``cursor`` on."""
    known = _reconcilable()
    prefix, cursor = _parameter("prefix"), _number("cursor", 0)
    if len(prefix) > MOST_CHARACTERS:
        raise BadInput(f"The prefix has more than {MOST_CHARACTERS} characters.")
    gazetteers = {"entity": known.things, "type": known.types, "property": known.properties}
    found = islice(gazetteers[kind].beginning(prefix), cursor, cursor + _PAGE)
    return flask.jsonify({"result": [_suggestion(kind, id_, known) for id_ in found]})


def _suggestion(kind: str, id_: str, known: Reconcilable) -> dict[str, Any]:
    if kind == "entity":
        thing = known.things.things[id_]
        types = [described(type_, known) for type_ in thing.types]
        said = ", ".join(type_["name"] for type_ in types)
        return {"id": id_, "name": thing.name, "description": said, "notable": types}
    of: Gazetteer = known.types if kind == "type" else known.properties
    suggestion: dict[str, Any] = {"id": id_, "name": of.things[id_].name}
    if definition := known.definition(id_):
        suggestion["description"] = definition
    if kind == "type" and (broader := known.broader(id_)):
        suggestion["broader"] = [described(thing.id, known) for thing in broader]
    return suggestion


@blueprint.get("/properties")
def properties() -> flask.Response:
    """The properties that things of a type have, those that most of them have first."""
    known = _reconcilable()
    type_, limit = _parameter("type"), _number("limit", 0)
    of = known.properties.things
    proposed = list(known.used(term_id(type_)))[: limit or None]
    answer: dict[str, Any] = {
        "type": type_,
        "properties": [{"id": id_, "name": of[id_].name} for id_ in proposed],
    }
    return flask.jsonify({**answer, "limit": limit} if limit else answer)


@blueprint.get("/preview")
def preview() -> flask.Response:
    """A small page about a thing, to be shown in a frame."""
    known = _reconcilable()
    id_ = _parameter("id")
    thing = known.things.things.get(id_)
    if thing is None:
        raise NotFound("Nothing that can be reconciled has that id.")
    page = flask.render_template(
        "preview.html",
        thing=thing,
        iri=IDS + id_,
        types=[described(type_, known)["name"] for type_ in thing.types],
        facts=islice(_facts(thing, known), _MOST_FACTS),
    )
    response = flask.Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _FRAMED
    return response


def _facts(thing: Thing, known: Reconcilable) -> Iterator[tuple[str, list[str], bool]]:
    """What a preview says: properties by name, a few values of each, and whether there are more."""
    for property_ in known.used(thing.types[0] if thing.types else ""):
        values = known.values(thing.id, property_, _MOST_SHOWN + 1)
        shown = [text for value in values if (text := _shown(value, known))]
        if property_ != _TYPE and not set(shown) <= set(thing.names):
            name = known.properties.things[property_].name
            yield name, shown[:_MOST_SHOWN], len(shown) > _MOST_SHOWN


def _shown(value: Value, known: Reconcilable) -> str:
    """A value as a person reads it; empty for a thing of ours without a name."""
    if value.datatype:
        return Number(value.text) if value.datatype in NUMBERS else value.text
    thing = known.things.things.get(value.text.removeprefix(IDS))
    if thing:
        return thing.name
    return "" if value.text.startswith(IDS) else known.label(value.text)


def _parameter(name: str) -> str:
    """A parameter of the address, empty without one. Raises ``BadInput`` if it came twice."""
    given = flask.request.args.getlist(name)
    if len(given) > 1:
        raise BadInput(f"The parameter {name} came twice.")
    return given[0] if given else ""


def _number(name: str, default: int) -> int:
    """A parameter that is a number. Raises ``BadInput`` for any other."""
    text = _parameter(name)
    if text and not _NUMBER.fullmatch(text):
        raise BadInput(f"The parameter {name} is a whole number below a million.")
    return int(text) if text else default

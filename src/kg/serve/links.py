"""What an answer is related to, as ``Link`` headers say it (https://www.rfc-editor.org/rfc/rfc8288).

Where the data are described, under which licence they are, and in which other formats what is at an
address can be had.
"""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING, Final

import flask

from kg.errors import NotFound
from kg.results import formats
from kg.serve.context import context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.results import Kind

_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
_ENTITY: Final = "entities.entity"
_RESOURCES: Final = frozenset({_ENTITY, "entities.graph", "entities.dataset", "pages.ontology"})
_OF_GRAPHS: Final = frozenset({"graphs.graph_store", "graphs.graph_at_its_address", *_RESOURCES})


def links() -> Iterator[str]:
    """The links of the answer to the request that is being handled."""
    request = flask.request
    if "reading" not in flask.g or request.method not in ("GET", "HEAD"):
        return
    yield f'<{context().address}/.well-known/void>; rel="describedby"'
    if context().is_ours:
        yield f'<{_LICENCE}>; rel="license"'
    kind = _kind(request)
    if kind is None:
        return
    path = urllib.parse.quote(request.path)
    known = [(format_.name, format_.media_type) for format_ in formats(kind)]
    if request.endpoint == _ENTITY:  # whose name has no dot, but its address may end with a format
        path = path.partition(".")[0]
        known.append(("json", "application/json"))
    given = [(name, value) for name, value in request.args.items(multi=True) if name != "format"]
    for name, media_type in known:
        query = urllib.parse.urlencode([*given, ("format", name)])
        yield f'<{path}?{query}>; rel="alternate"; type="{media_type}"'


def _kind(request: flask.Request) -> Kind | None:
    """The kind of answer at an address that names something; None where a query is sent."""
    if request.endpoint in _OF_GRAPHS:
        return "graph"
    if request.endpoint != "questions.question":
        return None
    try:
        query = context().catalogue.get((request.view_args or {})["name"])
    except NotFound:
        return None
    return "graph" if query.form in ("CONSTRUCT", "DESCRIBE") else "rows"

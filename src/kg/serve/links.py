"""What an answer is related to, as ``Link`` headers say it (https://www.rfc-editor.org/rfc/rfc8288).

Where the data and the addresses are described (https://www.rfc-editor.org/rfc/rfc8631), under which
licence the data are, and in which other formats what is at an address can be had.
"""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING, Final

import flask

from kg.errors import NotFound
from kg.results import formats
from kg.serve.context import LISTED, context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.results import Kind

_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
_WITH_JSON: Final = frozenset({"entities.entity", "checks.item"})
_RESOURCES: Final = frozenset(
    {
        "checks.finding_itself",
        "entities.graph",
        "entities.dataset",
        "ontology.ontology",
        *_WITH_JSON,
    }
)
_LISTS: Final = frozenset({"checks.audit", "checks.finding", "checks.findings"})
_OF_GRAPHS: Final = frozenset({"graphs.graph_store", "graphs.graph_at_its_address", *_RESOURCES})


def links() -> Iterator[str]:
    """The links of the answer to the request that is being handled."""
    request = flask.request
    if "reading" not in flask.g or request.method not in ("GET", "HEAD"):
        return
    yield f'<{context().address}/.well-known/void>; rel="describedby"'
    yield f'<{context().address}/openapi.json>; rel="service-desc"; type="application/json"'
    if context().is_ours:
        yield f'<{_LICENCE}>; rel="license"'
    if request.endpoint in _LISTS:
        offered = list(LISTED.items())
    elif kind := _kind(request):
        offered = [(format_.name, format_.media_type) for format_ in formats(kind)]
    else:
        return
    path = urllib.parse.quote(request.path)
    if request.endpoint in _WITH_JSON:  # names have no dot, but addresses may end with a format
        path = path.partition(".")[0]
        offered.append(("json", LISTED["json"]))
    given = [(name, value) for name, value in request.args.items(multi=True) if name != "format"]
    for name, media_type in offered:
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

"""The data to take away: files with their checksums, how to cite them, what is in them."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import flask

from kg.errors import Busy, NotFound, StoreError
from kg.namespaces import BASE, GRAPHS, PREFIXES
from kg.serve import checksums
from kg.serve.context import context, reading
from kg.serve.deferred import answer
from kg.serve.holdings import Holdings
from kg.serve.shown import Shown, shown

if TYPE_CHECKING:
    from typing import Any

    from kg.queries import Query
    from kg.store import Reading, Version

blueprint = flask.Blueprint("downloads", __name__)

_DATASET: Final = f"{BASE}dataset"
_LICENCE: Final = f"{PREFIXES['dcterms']}license"
_TOPIC: Final = "omissions"
"""The tag of the questions about what sources leave out."""
_PATIENCE: Final = 5.0
"""Seconds to wait for checksums that are being computed."""
_IN_ENGINE: Final = "The data are in an engine, which writes them in any order: no checksum holds."
_TOO_LARGE: Final = "There are no checksums of a graph of this size."
_LATER: Final = "The checksums are being computed: try again in a moment."


@blueprint.get("/download/<name>")
def file(name: str) -> flask.Response | str:
    """A file: the default graph, or in a format of datasets all graphs."""
    known = context().files
    if name not in known:
        raise NotFound(f"There is no file {name} (there are: {', '.join(known)}).")
    response = flask.make_response(answer(None, format_=known[name]))
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


@blueprint.get(f"/download/{checksums.NAME}")
def sums() -> flask.Response:
    """The SHA-256 of each file, as ``sha256sum --check`` reads them."""
    if not context().is_ours or _data().holdings.is_large:
        raise NotFound(_TOO_LARGE)
    if not reading().is_local:
        raise NotFound(_IN_ENGINE)
    known = context().checksums.of(reading(), _PATIENCE)
    if len(known) < len(context().files):
        raise Busy(_LATER)
    lines = [f"{checksum.sha256}  {name}\n" for name, checksum in known.items() if checksum]
    return flask.Response("".join(lines), mimetype="text/plain")


@dataclass(frozen=True)
class Data:
    """What the page says of one version.

    ``drawn`` are the questions about what sources leave out that are drawn, with their answers.
    """

    holdings: Holdings
    drawn: list[Shown]

    @classmethod
    def of(cls, version: Reading) -> Data:
        """What the page says of a version."""
        holdings = Holdings.of(version)
        drawn = [] if holdings.is_large else [q for q in context().catalogue if _is_drawn(q)]
        return cls(holdings, [shown(query, version) for query in drawn])


def page() -> str:
    """The data: files, citation, versions, addresses for programs, coverage and quality."""
    version, data = reading(), _data()
    holdings = data.holdings
    held = context().current.held()
    return flask.render_template(
        "download.html",
        files=context().files,
        sums={} if holdings.is_large else context().checksums.of(version),
        is_local=version.is_local,
        checksums=checksums.NAME,
        holdings=holdings,
        names_of_parts=[(part.iri,) for part in holdings.parts],
        licences=[
            cell["value"]
            for _, cell in version.store.statements(_DATASET, _LICENCE, f"{GRAPHS}catalog")
        ],
        citation=context().citation,
        permalink=f"{context().address}/download?version={version.name}",
        address=context().address,
        versions=[_told(one) for one in held],
        summary=next((_summary(one) for one in held if one.name == version.name), {}),
        drawn=data.drawn,
        graphs=GRAPHS,
        version=version.name,
    )


def _data() -> Data:
    found: Data = context().data.of(reading())
    return found


def _is_drawn(query: Query) -> bool:
    return _TOPIC in query.tags and query.chart is not None


def _told(version: Version) -> dict[str, Any]:
    """A version as the page shows it: when it was published or made current, in UTC."""
    published = ""
    with contextlib.suppress(OSError):  # cleared away meanwhile
        published = time.strftime("%Y-%m-%d %H:%M", time.gmtime(version.path.stat().st_mtime))
    return {
        "name": version.name,
        "is_current": version.is_current,
        "published": published,
        "counts": _summary(version),
    }


def _summary(version: Version) -> dict[str, Any]:
    """What the build of a version counted; nothing if it is damaged or gone."""
    try:
        return version.summary()
    except StoreError:
        return {}

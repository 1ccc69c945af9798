"""The front page: what this is, the landscape at a glance, and the questions to begin with."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import flask

from kg.serve.context import context, reading

if TYPE_CHECKING:
    from kg.queries import Query
    from kg.store import Reading

blueprint = flask.Blueprint("home", __name__)

_COUNTS: Final = """
PREFIX cllm: <https://w3id.org/china-llm/ontology#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX dqv: <http://www.w3.org/ns/dqv#>
PREFIX graph: <https://w3id.org/china-llm/graph/>
SELECT ?models ?developers ?passages ?statements ?conflicts WHERE {
  { SELECT (COUNT(DISTINCT ?model) AS ?models) (COUNT(DISTINCT ?developer) AS ?developers) WHERE {
      ?model cllm:inSample ?sample OPTIONAL { ?model cllm:hasDeveloper ?developer }
  } }
  { SELECT (COUNT(DISTINCT ?passage) AS ?passages) WHERE {
      ?passage dcterms:isPartOf ?part ; cllm:stance ?stance
  } }
  { SELECT (COUNT(*) AS ?statements) WHERE { GRAPH graph:claims { ?claim cllm:statedIn ?in } } }
  { SELECT (COUNT(*) AS ?conflicts) WHERE {
      GRAPH graph:audit { ?item cllm:grade ?grade FILTER (?grade != cllm:cannotBeJudged) }
  } }
}
"""
_MOST_ROWS: Final = 400
"""Rows of an answer beyond which the front page shows the first ones only."""


@dataclass(frozen=True)
class Shown:
    """A question on the front page, with its answer if that is drawn."""

    query: Query
    columns: list[str]
    rows: list[list[str | None]]
    total: int


@dataclass(frozen=True)
class _Page:
    """What the front page says of one version."""

    version: str
    counts: dict[str, str | None]
    drawn: list[Shown]


class Home:
    """The front page of the last version that was asked for."""

    def __init__(self) -> None:
        self._known: _Page | None = None
        self._making = threading.Lock()

    def of(self, version: Reading) -> _Page:
        """What the front page says of a version; asked of the graph once."""
        known = self._known
        if known is None or known.version != version.name:
            with self._making:
                known = self._known
                if known is None or known.version != version.name:
                    known = self._known = _made(version)
        return known


def _made(version: Reading) -> _Page:
    names, rows = version.store.query(_COUNTS).rows()
    counts = dict(zip(names, next(rows), strict=True))
    drawn = []
    for query in _chosen():
        if query.chart:
            columns, found = version.store.query(query.text, query.bind({})).rows()
            answer = list(found)
            drawn.append(Shown(query, columns, answer[:_MOST_ROWS], len(answer)))
    return _Page(version.name, counts, drawn)


def _chosen() -> list[Query]:
    """The questions that their headers put on the front page, in the order of these."""
    chosen = [query for query in context().catalogue if query.home is not None]
    return sorted(chosen, key=lambda query: (query.home, query.name))


@blueprint.get("/")
def home() -> str:
    """What this is, and what to begin with."""
    page = context().home.of(reading())
    return flask.render_template(
        "home.html",
        counts=page.counts,
        drawn=page.drawn,
        questions=[query for query in _chosen() if not query.chart],
        all_questions=len(context().catalogue),
        version=reading().name,
    )

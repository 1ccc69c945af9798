"""The front page: what this is, the landscape at a glance, and the questions to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import flask

from kg.serve.context import context, reading
from kg.serve.deferred import lasting
from kg.serve.holdings import is_large, sizes
from kg.serve.shown import Shown, shown

if TYPE_CHECKING:
    from kg.queries import Query
    from kg.store import Reading

blueprint = flask.Blueprint("home", __name__)
blueprint.after_request(lasting)

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


@dataclass(frozen=True)
class Front:
    """What the front page says of one version; of a large one no drawing, which would take long."""

    counts: dict[str, str | None]
    drawn: list[Shown]

    @classmethod
    def of(cls, version: Reading) -> Front:
        """What the front page says of a version."""
        names, rows = version.store.query(_COUNTS).rows()
        is_drawn = not is_large(sizes(version.store))
        drawn = [query for query in _chosen() if query.chart and is_drawn]
        counts = dict(zip(names, next(rows), strict=True))
        return cls(counts, [shown(query, version) for query in drawn])


def _chosen() -> list[Query]:
    """The questions that their headers put on the front page, in the order of these."""
    chosen = [query for query in context().catalogue if query.home is not None]
    return sorted(chosen, key=lambda query: (query.home, query.name))


@blueprint.get("/")
def home() -> str:
    """What this is, and what to begin with."""
    page: Front = context().home.of(reading())
    drawn = {shown.query.name for shown in page.drawn}
    return flask.render_template(
        "home.html",
        counts=page.counts,
        drawn=page.drawn,
        questions=[query for query in _chosen() if query.name not in drawn],
        all_questions=len(context().catalogue),
        version=reading().name,
    )

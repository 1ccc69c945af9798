"""What the graphs of a version state of one thing, and what its claims are worth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.namespaces import BUILT_GRAPHS, GRAPHS
from kg.queries import Term as Bound
from kg.terms import Term, iri

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.store import Store

CLAIMS: Final = f"{GRAPHS}claims"
INFERRED: Final = f"{GRAPHS}inferred"
BUILT: Final = frozenset(GRAPHS + name for name in BUILT_GRAPHS)
"""The graphs that no source says."""
_APART: Final = BUILT - {GRAPHS + name for name in ("claims", "findings", "audit", "ontology")}
"""Graphs of which a page tells otherwise what they say of a thing that others speak of, too."""
_MOST: Final = 1_000
"""Statements of the default graph about one thing beyond which properties are asked singly."""
_MOST_CLAIMS: Final = 2_000
_COUNTS: Final = """
SELECT ?property (COUNT(*) AS ?n) ?thing WHERE { ?thing ?property ?value }
GROUP BY ?property ?thing
"""
_PROPERTIES: Final = (
    "SELECT DISTINCT ?property ?thing WHERE { GRAPH ?g { ?thing ?property ?value } }"
)
_VALUES: Final = """
SELECT ?value ?thing ?property WHERE { ?thing ?property ?value } LIMIT %d
"""
"""Not sorted, since that takes a second where there are thousands."""
_CLAIMED: Final = f"""
PREFIX cllm: <https://w3id.org/china-llm/ontology#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT ?claim ?property ?value ?passage ?rank ?stance ?thing WHERE {{ GRAPH <{CLAIMS}> {{
  ?claim rdf:subject ?thing ; rdf:predicate ?property ; rdf:object ?value ;
    cllm:statedIn ?passage ; cllm:rank ?rank .
  OPTIONAL {{ ?claim cllm:stance ?stance }}
}} }} LIMIT {_MOST_CLAIMS}
"""
_CONFLICTS_WITH: Final = iri("cllm:conflictsWith")


@dataclass
class Stated:
    """The values of one property of a thing, each with the graphs that state it; "" the default.

    ``count`` is how many values there are, some of which may have been left out.
    """

    values: dict[Term, set[str]] = field(default_factory=lambda: defaultdict(set))
    count: int = 0


@dataclass(frozen=True)
class Claim:
    """A claim of one passage, with its rank, its stance, and the claims that cannot hold beside."""

    claim: Term
    passage: str
    rank: Term
    stance: Term | None
    against: frozenset[Term]


def stated(store: Store, thing: Term, most: int) -> dict[Term, Stated]:
    """What is stated of a thing by property.

    Of one that the default graph gives very many values it is ``most`` of those, the same ones each
    time.
    """
    found: dict[Term, Stated] = defaultdict(Stated)
    apart: dict[Term, Stated] = defaultdict(Stated)
    bound = {"thing": Bound(thing[1:-1])}
    counts = {f"<{p}>": int(n or 0) for p, n, _ in store.query(_COUNTS, bound).rows()[1]}
    many = {p: n for p, n in counts.items() if n > most} if sum(counts.values()) > _MOST else {}
    for graph, _, predicate, value in _rows(store, thing, many, most):
        kept = apart if graph in _APART and graph != INFERRED else found
        kept[predicate].values[value].add(graph)
    found = found or apart
    for predicate, about in found.items():
        about.count = max(many.get(predicate, 0), len(about.values))
    return dict(found)


def _rows(
    store: Store, thing: Term, many: Mapping[Term, int], most: int
) -> Iterator[tuple[str, Term, Term, Term]]:
    if not many:
        yield from store.matching(thing)
        return
    bound = {"thing": Bound(thing[1:-1])}
    for property_, _ in store.query(_PROPERTIES, bound).solutions():
        if str(property_) not in many:
            yield from store.matching(thing, str(property_))
    for predicate in many:
        one = bound | {"property": Bound(predicate[1:-1])}
        for value, *_ in store.query(_VALUES % most, one).solutions():
            yield from store.matching(thing, predicate, str(value))


def claims(store: Store, thing: Term) -> dict[tuple[Term, Term], list[Claim]]:
    """The claims about a thing, by property and value, which for a quantity is the figure."""
    found: dict[tuple[Term, Term], list[Claim]] = defaultdict(list)
    rows = store.query(_CLAIMED, {"thing": Bound(thing[1:-1])}).solutions()
    for row in rows:
        claim, property_, value, passage, rank, *_ = (str(term) for term in row)
        stance = None if row[5] is None else str(row[5])
        rivals = store.matching(claim, _CONFLICTS_WITH, None, CLAIMS)
        against = frozenset(other for *_, other in rivals)
        found[property_, value].append(Claim(claim, passage[1:-1], rank, stance, against))
    for several in found.values():
        several.sort(key=lambda c: c.passage)
    return found

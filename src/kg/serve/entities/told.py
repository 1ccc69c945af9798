"""What the graphs of a version state of one thing, and what its claims are worth."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.columns import Term, iri
from kg.namespaces import BUILT_GRAPHS, GRAPHS
from kg.queries import Term as Bound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.store import EmbeddedStore

CLAIMS: Final = f"{GRAPHS}claims"
INFERRED: Final = f"{GRAPHS}inferred"
BUILT: Final = frozenset(GRAPHS + name for name in BUILT_GRAPHS)
"""The graphs that no source says."""
_APART: Final = BUILT - {GRAPHS + name for name in ("claims", "findings", "audit", "ontology")}
"""Graphs of which a page tells otherwise what they say of a thing, if it does."""
_MOST: Final = 2_000
"""Statements of one thing, each counted in each graph, beyond which properties are asked singly."""
_MOST_CLAIMS: Final = 2_000
_COUNTS: Final = """
SELECT ?property (COUNT(DISTINCT ?value) AS ?n) ?thing WHERE {
  { ?thing ?property ?value } UNION { GRAPH ?g { ?thing ?property ?value } }
} GROUP BY ?property ?thing ORDER BY ?property
"""
_VALUES: Final = """
SELECT DISTINCT ?value ?thing ?property WHERE {
  { ?thing ?property ?value } UNION { GRAPH ?g { ?thing ?property ?value } }
} ORDER BY ?value LIMIT %d
"""
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


def stated(store: EmbeddedStore, thing: Term, most: int) -> dict[Term, Stated]:
    """What is stated of a thing by property, of a property that has very many values ``most``."""
    found: dict[Term, Stated] = defaultdict(Stated)
    rows = list(itertools.islice(store.matching(thing), _MOST + 1))
    if len(rows) > _MOST:
        rows.clear()
        bound = {"thing": Bound(thing[1:-1])}
        counts = {f"<{p}>": int(n or 0) for p, n, _ in store.query(_COUNTS, bound).rows()[1]}
        for predicate, count in counts.items():
            rows += _some(store, thing, predicate, most if count > most else None)
            found[predicate].count = count
    for graph, _, predicate, value in rows:
        if graph not in _APART or graph == INFERRED:
            found[predicate].values[value].add(graph)
    for about in found.values():
        about.count = max(about.count, len(about.values))
    return {predicate: about for predicate, about in found.items() if about.values}


def _some(
    store: EmbeddedStore, thing: Term, predicate: Term, most: int | None
) -> Iterator[tuple[str, Term, Term, Term]]:
    if most is None:
        yield from store.matching(thing, predicate)
        return
    bound = {"thing": Bound(thing[1:-1]), "property": Bound(predicate[1:-1])}
    for value, *_ in store.query(_VALUES % most, bound).solutions():
        yield from store.matching(thing, predicate, str(value))


def claims(store: EmbeddedStore, thing: Term) -> dict[tuple[Term, Term], list[Claim]]:
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

"""What refers to a thing, by property: how many, and the first of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.queries import Term as Bound
from kg.serve.entities.told import INFERRED
from kg.terms import Term, iri

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kg.serve.entities.layout import Layout
    from kg.serve.labels import Labels
    from kg.store import Store

_COUNTS: Final = """
SELECT ?property (COUNT(?subject) AS ?n) ?thing WHERE { ?subject ?property ?thing }
GROUP BY ?property ?thing ORDER BY ?property
"""
_SUBJECTS: Final = """
SELECT ?subject ?thing ?property WHERE { ?subject ?property ?thing . FILTER (ISIRI(?subject)) }
LIMIT %d
"""
_MOST_SORTED: Final = 300
"""Number of things that are looked at, so that the first of them are the first by IRI."""
_DEEPEST: Final = 3
"""Number of steps to what a thing without a name belongs to."""
TYPE: Final = iri("rdf:type")


@dataclass(frozen=True)
class Referring:
    """A thing that refers to another; ``owner`` is what it belongs to, if it has no name."""

    node: Term
    owner: Term | None
    is_inferred: bool


@dataclass(frozen=True)
class Incoming:
    """The things of which a property has a thing as value: how many, and the first of them."""

    predicate: Term
    count: int
    first: tuple[Referring, ...]


def incoming(
    store: Store,
    layout: Layout,
    labels: Labels,
    thing: Term,
    most: int,
    told: Collection[Term] = (),
) -> list[Incoming]:
    """What refers to a thing by each property, in the order of the layout.

    A property by which only things refer to it that are ``told`` is left out.

    A property that has an inverse is left out, since what it says is told of the thing itself, and
    so is one in which all that refers to the thing does so by a narrower property.
    """
    bound = {"thing": Bound(thing[1:-1])}
    rows = store.query(_COUNTS, bound).rows()[1]
    counts = {f"<{property_}>": int(n or 0) for property_, n, _ in rows}
    found = [
        Incoming(property_, count, tuple(_first(store, layout, labels, thing, property_, most)))
        for property_, count in counts.items()
        if property_ != TYPE
        and property_ not in layout.inverses
        and not _is_said_narrower(property_, counts, layout.above)
    ]
    left = [one for one in found if not {other.node for other in one.first} <= set(told)]
    return sorted(left, key=lambda i: layout.order(i.predicate))


def _is_said_narrower(
    property_: Term, counts: Mapping[Term, int], above: Mapping[Term, frozenset[Term]]
) -> bool:
    below = [count for other, count in counts.items() if property_ in above.get(other, ())]
    return bool(below) and max(below) == counts[property_]


def _first(
    store: Store, layout: Layout, labels: Labels, thing: Term, property_: Term, most: int
) -> Iterable[Referring]:
    bound = {"thing": Bound(thing[1:-1]), "property": Bound(property_[1:-1])}
    rows = store.query(_SUBJECTS % max(most, _MOST_SORTED), bound).solutions()
    for subject in sorted(str(node) for node, *_ in rows)[:most]:
        follows = any(store.matching(subject, property_, thing, INFERRED))
        owner = None if labels.of(subject) else _owner(store, layout, labels, subject)
        yield Referring(subject, owner, follows)


def _owner(store: Store, layout: Layout, labels: Labels, node: Term) -> Term | None:
    """What a thing without a name is told in the place of, the first that has a name."""
    for _ in range(_DEEPEST):
        holders: dict[Term, None] = defaultdict()
        for property_ in sorted(layout.details):
            for _, holder, _, _ in store.matching(None, property_, node, ""):
                holders[holder] = None
        if not holders:
            return None
        node = min(holders)
        if labels.of(node):
            return node
    return None

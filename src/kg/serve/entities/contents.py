"""What a named graph states, thing by thing, as far as a page has room for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from kg.namespaces import GRAPHS
from kg.queries import Term as Bound
from kg.serve.entities.facts import HAS_FIGURE
from kg.serve.entities.figures import figure
from kg.terms import iri, parts

if TYPE_CHECKING:
    from kg.serve.entities.figures import Figure
    from kg.serve.entities.layout import Layout
    from kg.store import Store
    from kg.terms import Term

_CATALOG: Final = f"{GRAPHS}catalog"
_MOST: Final = 1_000
"""Number of statements of a graph up to which a page shows all of them."""
_SOME: Final = 200
"""Number of statements that a page shows of any other graph."""
_SIZE: Final = "SELECT (COUNT(*) AS ?n) ?thing WHERE { GRAPH ?thing { ?s ?p ?o } } GROUP BY ?thing"


@dataclass(frozen=True)
class Line:
    """A property of a thing with its values, each beside the figure that it is, if it is one."""

    predicate: Term
    values: list[tuple[Term, Figure | None]]


@dataclass(frozen=True)
class Contents:
    """The number of statements of a graph, and the first of them by thing."""

    size: int
    things: list[tuple[Term, list[Line]]]
    is_whole: bool


def contents(store: Store, layout: Layout, name: str) -> Contents | None:
    """What the graph of an IRI states; None if there is none.

    Figures are told where they belong, under the property that they give a number of.
    """
    size = _size(store, name)
    if not size:
        return None
    most = _MOST if size <= _MOST else _SOME
    told: dict[Term, dict[Term, set[Term]]] = defaultdict(lambda: defaultdict(set))
    for _, subject, predicate, value in islice(store.matching(graph=name), most):
        told[subject][predicate].add(value)
    figures = {
        value: figure(store, value) for said in told.values() for value in said.get(HAS_FIGURE, ())
    }
    things = []
    for subject in sorted(told):
        if figures.get(subject) is not None:
            continue
        lines: dict[Term, list[tuple[Term, Figure | None]]] = defaultdict(list)
        for predicate, values in told[subject].items():
            for value in sorted(values):
                read = figures.get(value) if predicate == HAS_FIGURE else None
                lines[read.quantity if read else predicate].append((value, read))
        ordered = sorted(lines, key=layout.order)
        things.append((subject, [Line(property_, lines[property_]) for property_ in ordered]))
    return Contents(size, things, is_whole=size <= most)


def _size(store: Store, name: str) -> int:
    """Number of statements of a graph: as the catalog says, since to count takes its time."""
    for *_, said in store.matching(f"<{name}>", iri("void:triples"), None, _CATALOG):
        return int(parts(said)[0])
    rows = store.query(_SIZE, {"thing": Bound(name)}).rows()[1]
    return int(next(rows, ["0"])[0] or 0)

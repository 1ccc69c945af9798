"""How a version's pages are laid out: what its shapes and its ontology say about properties.

A property shape with ``sh:group`` and ``sh:order`` says where a property stands
(https://www.w3.org/TR/shacl/#group), and with ``dash:viewer dash:DetailsViewer`` that what it
refers to is told in place (https://datashapes.org/forms.html#DetailsViewer).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.namespaces import GRAPHS
from kg.terms import Term, iri, is_literal, parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.store import Store

_SHAPES: Final = f"{GRAPHS}shapes"
_ONTOLOGY: Final = f"{GRAPHS}ontology"
LAST: Final = float("inf")
OMITS: Final = iri("cllm:omits")


@dataclass(frozen=True)
class Layout:
    """Where each property stands, and what it has to do with others.

    ``groups`` has the order of each group of properties, ``places`` the group of a property and its
    order there. ``details`` are the properties whose values are told in place.
    """

    groups: Mapping[Term, float]
    places: Mapping[Term, tuple[Term, float]]
    details: frozenset[Term]
    inverses: Mapping[Term, frozenset[Term]]
    above: Mapping[Term, frozenset[Term]]
    """The properties that a property is below, at any depth."""
    units: Mapping[Term, Term]
    """The unit of a quantity's plain numbers."""
    omissions: frozenset[Term]
    """The properties that say of a thing that a source does not give another property."""
    names: Mapping[Term, Mapping[str, str]]
    """What properties of other vocabularies are called, by language tag in lower case."""

    def group(self, property_: Term) -> Term | None:
        """The group of a property; None for the last one, of all that have none."""
        place = self.places.get(property_)
        return place[0] if place else None

    def order(self, property_: Term) -> tuple[float, float, Term]:
        """What properties are sorted by."""
        group, order = self.places.get(property_, ("", LAST))
        return self.groups.get(group, LAST), order, property_


def read(store: Store) -> Layout:
    """The layout that the shapes and the ontology in a store give."""

    def pairs(name: str, graph: str = _SHAPES) -> list[tuple[Term, Term]]:
        return sorted((s, o) for _, s, _, o in store.matching(None, iri(name), None, graph))

    orders = {shape: _number(value) for shape, value in pairs("sh:order")}
    paths = dict(pairs("sh:path"))
    kinds = store.matching(None, iri("rdf:type"), iri("sh:PropertyGroup"), _SHAPES)
    groups = {group: orders.get(group, LAST) for _, group, _, _ in kinds}
    places: dict[Term, tuple[Term, float]] = {}
    for shape, group in pairs("sh:group"):
        if shape in paths and group in groups:
            place = group, orders.get(shape, LAST)
            before = places.get(paths[shape], place)
            places[paths[shape]] = min(before, place, key=lambda p: (groups[p[0]], p[1]))
    told = store.matching(None, iri("dash:viewer"), iri("dash:DetailsViewer"), _SHAPES)
    inverses: dict[Term, set[Term]] = defaultdict(set)
    for one, other in pairs("owl:inverseOf", _ONTOLOGY):
        inverses[one].add(other)
        inverses[other].add(one)
    names: dict[Term, dict[str, str]] = defaultdict(dict)
    for shape, value in pairs("sh:name"):
        if shape in paths and is_literal(value):
            text, _, tag = parts(value)
            names[paths[shape]][tag] = text
    above = _closed(pairs("rdfs:subPropertyOf", _ONTOLOGY))
    return Layout(
        groups,
        places,
        frozenset(paths[shape] for _, shape, _, _ in told if shape in paths),
        {one: frozenset(others) for one, others in inverses.items()},
        above,
        dict(pairs("cllm:canonicalUnit", _ONTOLOGY)),
        frozenset({OMITS, *(one for one, wider in above.items() if OMITS in wider)}),
        names,
    )


def _number(term: Term) -> float:
    try:
        return float(parts(term)[0])
    except ValueError:
        return LAST


def _closed(pairs: list[tuple[Term, Term]]) -> dict[Term, frozenset[Term]]:
    """What each term is below, at any depth."""
    direct: dict[Term, set[Term]] = defaultdict(set)
    for one, other in pairs:
        direct[one].add(other)
    closed: dict[Term, frozenset[Term]] = {}
    for term in direct:
        reached: set[Term] = set()
        waiting = [term]
        while waiting:
            wider = direct.get(waiting.pop(), set()) - reached
            reached |= wider
            waiting += wider
        closed[term] = frozenset(reached - {term})
    return closed

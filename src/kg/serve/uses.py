"""How the terms of the ontology are used: how often, and between which kinds of things.

How often is in the graph's own catalog (https://www.w3.org/TR/void/#class-property-partitions). The
rest is counted, in graphs in which that takes a moment only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.namespaces import GRAPHS, PREFIXES
from kg.serve import holdings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.serve.terms import Terms
    from kg.store import Reading

_SIZES: Final = f"""
PREFIX void: <{PREFIXES["void"]}>
SELECT ?term ?size WHERE {{ GRAPH <{GRAPHS}catalog> {{
  {{ ?part void:class ?term ; void:entities ?size }}
  UNION
  {{ ?part void:property ?term ; void:triples ?size }}
}} }}
"""
_RELATIONS: Final = f"""
PREFIX owl: <{PREFIXES["owl"]}>
SELECT ?from ?property ?to (COUNT(*) AS ?number) WHERE {{
  ?property a owl:ObjectProperty . ?subject ?property ?value . ?subject a ?from . ?value a ?to
}} GROUP BY ?from ?property ?to
"""
_ATTRIBUTES: Final = f"""
PREFIX owl: <{PREFIXES["owl"]}>
SELECT ?from ?property ?to (COUNT(*) AS ?number) WHERE {{
  ?property a owl:DatatypeProperty . ?subject ?property ?value . ?subject a ?from
  BIND (DATATYPE(?value) AS ?to)
}} GROUP BY ?from ?property ?to
"""


@dataclass(frozen=True)
class Link:
    """How many statements a property has between two kinds of things, or for a datatype."""

    source: str
    property: str
    target: str
    number: int


@dataclass(frozen=True)
class Uses:
    """How the terms of a version are used in its default graph."""

    sizes: Mapping[str, int]
    """Members of a class, statements with a property; of none that is not used."""
    links: Mapping[str, tuple[Link, ...]]
    """By property, the most used first; of none if the graph is too large to count them."""
    had: Mapping[str, tuple[Link, ...]]
    """By kind what its things have, the most used property first, each with one target."""
    was_counted: bool

    @classmethod
    def of(cls, version: Reading, vocabulary: Terms) -> Uses:
        """The uses of the terms of ``vocabulary`` in a version."""
        store = version.store
        sizes = {str(term): int(str(size)) for term, size in store.query(_SIZES).rows()[1]}
        if holdings.is_large(holdings.sizes(store)):
            return cls(sizes, {}, {}, was_counted=False)
        kinds = {term.iri for term in vocabulary.kinds()}
        found: list[Link] = []
        for query, is_kind in ((_RELATIONS, kinds.__contains__), (_ATTRIBUTES, lambda _: True)):
            for source, name, target, number in store.query(query).rows()[1]:
                if source in kinds and is_kind(str(target)):
                    found.append(Link(str(source), str(name), str(target), int(str(number))))
        found.sort(key=lambda link: (-link.number, link.property, link.source, link.target))
        links: dict[str, list[Link]] = {}
        had: dict[str, dict[str, Link]] = {}
        for link in found:
            links.setdefault(link.property, []).append(link)
            had.setdefault(link.source, {}).setdefault(link.property, link)
        return cls(
            sizes,
            {name: tuple(some) for name, some in links.items()},
            {kind: tuple(some.values()) for kind, some in had.items()},
            was_counted=True,
        )

    def between(self, vocabulary: Terms, most: int) -> list[Link]:
        """The ``most`` used relations between kinds of things.

        Of a property and its inverse, and of one and those below it, there is one alone.
        """
        chosen: list[Link] = []
        seen: set[tuple[str, str, str]] = set()
        every = (link for some in self.links.values() for link in some)
        for link in sorted(every, key=lambda one: (-one.number, one.property, one.source)):
            term = vocabulary.terms.get(link.property)
            if term and term.kind == "relation" and not term.below:
                same = {(link.source, link.property, link.target)}
                same |= {(link.target, inverse, link.source) for inverse in term.inverses}
                if not seen & same:
                    seen |= same
                    chosen.append(link)
        return chosen[:most]

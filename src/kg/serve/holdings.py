"""What a version holds, how much of its sources, and how good it is: asked of the graph itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.namespaces import BASE, BUILT_GRAPHS, GRAPHS, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.store import Reading, Store

MOST: Final = 1_000_000
"""Statements of a version, in all graphs, beyond which nothing is counted or summed for a page."""
_CATALOG: Final = f"{GRAPHS}catalog"
_SIZES: Final = f"""
PREFIX void: <{PREFIXES["void"]}>
SELECT ?graph ?triples WHERE {{ GRAPH <{_CATALOG}> {{
  <{BASE}dataset> void:subset? ?graph . ?graph void:triples ?triples
}} }} ORDER BY ?graph
"""
_OF_CATALOG: Final = f"SELECT (COUNT(*) AS ?triples) WHERE {{ GRAPH <{_CATALOG}> {{ ?s ?p ?o }} }}"
_PARTS: Final = f"""
PREFIX cllm: <{PREFIXES["cllm"]}>
PREFIX dcterms: <{PREFIXES["dcterms"]}>
PREFIX void: <{PREFIXES["void"]}>
SELECT ?part ?sentences ?entries (COUNT(?passage) AS ?passages)
       (COUNT(?reason) AS ?without) (COALESCE(SUM(?triples), 0) AS ?statements)
WHERE {{
  ?part a cllm:Part ; dcterms:isPartOf ?work ; cllm:position ?position .
  OPTIONAL {{ ?part cllm:sentenceCount ?sentences }}
  OPTIONAL {{ ?part cllm:entryCount ?entries }}
  OPTIONAL {{
    {{ ?passage dcterms:isPartOf ?part ; cllm:stance ?stance }}
    UNION
    {{ ?part cllm:entryCount ?count . ?passage dcterms:isPartOf ?work ; cllm:stance ?stance
      FILTER (STRENDS(STR(?passage), REPLACE(STR(?part), "^.*/", "/"))) }}
    OPTIONAL {{ GRAPH <{_CATALOG}> {{ ?passage void:triples ?triples }} }}
    OPTIONAL {{ ?passage cllm:holdsNoFact ?reason }}
  }}
}} GROUP BY ?work ?position ?part ?sentences ?entries ORDER BY ?work ?position ?part
"""
_GRADES: Final = f"""
PREFIX cllm: <{PREFIXES["cllm"]}>
SELECT ?grade (COUNT(*) AS ?number) WHERE {{ GRAPH <{GRAPHS}audit> {{ ?item cllm:grade ?grade }} }}
GROUP BY ?grade ORDER BY DESC(?number) ?grade
"""
_VERDICTS: Final = f"""
PREFIX cllm: <{PREFIXES["cllm"]}>
SELECT ?verdict (COUNT(*) AS ?number) WHERE {{
  GRAPH <{GRAPHS}findings> {{ ?finding cllm:verdict ?verdict }}
}} GROUP BY ?verdict ORDER BY DESC(?number) ?verdict
"""
_LINKSETS: Final = f"""
PREFIX dcterms: <{PREFIXES["dcterms"]}>
PREFIX void: <{PREFIXES["void"]}>
SELECT ?title (SAMPLE(?there) AS ?target) ?number WHERE {{ GRAPH <{GRAPHS}links> {{
  ?set a void:Linkset ; dcterms:title ?title ; void:triples ?number .
  OPTIONAL {{ ?set void:objectsTarget ?there }}
}} }} GROUP BY ?set ?title ?number ORDER BY DESC(?number) ?title
"""


@dataclass(frozen=True)
class Part:
    """A part of a source, and what the graph has of it: passages, and statements in these.

    ``units`` are its sentences, or its entries if it is a table or a list; ``without`` counts the
    passages of which a reason says why they hold no statement.
    """

    iri: str
    units: int
    is_list: bool
    passages: int
    without: int
    statements: int


@dataclass(frozen=True)
class Holdings:
    """What a version holds. Counts are in order of size; of too large a graph there are no parts.

    ``sizes`` are statements by graph, with the default graph under an empty name, ``links`` have
    title, address of the other dataset, and number.
    """

    sizes: Mapping[str, int]
    parts: list[Part]
    grades: list[tuple[str, int]]
    verdicts: list[tuple[str, int]]
    links: list[tuple[str, str, int]]

    @classmethod
    def of(cls, version: Reading) -> Holdings:
        """What a version holds."""
        store = version.store
        known = sizes(store)
        return cls(
            known,
            [] if is_large(known) else list(_parts(store)),
            _counted(store, _GRADES),
            _counted(store, _VERDICTS),
            [
                (str(title), str(target or ""), int(str(number)))
                for title, target, number in store.query(_LINKSETS).rows()[1]
                if number
            ],
        )

    @property
    def total(self) -> int:
        """Statements in all graphs, each counted in each graph that has it."""
        return sum(self.sizes.values())

    @property
    def is_large(self) -> bool:
        """Whether it is more than what is counted while a visitor waits."""
        return is_large(self.sizes)

    def groups(self) -> list[tuple[str, int, int]]:
        """Graphs by what they are: a built graph, or the source of passages; number and size."""
        built = {f"{GRAPHS}{name}" for name in BUILT_GRAPHS}
        numbers: Counter[str] = Counter()
        found: Counter[str] = Counter()
        for graph, size in self.sizes.items():
            source = graph.removeprefix(GRAPHS).partition("/")[0]
            group = graph if graph in built or not graph else GRAPHS + source
            numbers[group] += 1
            found[group] += size
        order = sorted(found, key=lambda group: (bool(group), group in built, -found[group], group))
        return [(group, numbers[group], found[group]) for group in order]


def is_large(known: Mapping[str, int]) -> bool:
    """Whether statements by graph are more than what is counted while a visitor waits."""
    return sum(known.values()) > MOST


def sizes(store: Store) -> dict[str, int]:
    """Statements by graph, as the catalog has them, with its own; the default graph has no name."""
    found = {
        "" if graph == f"{BASE}dataset" else str(graph): int(str(triples))
        for graph, triples in store.query(_SIZES).rows()[1]
    }
    found[_CATALOG] = int(str(next(store.query(_OF_CATALOG).rows()[1])[0]))
    return found


def _parts(store: Store) -> Iterator[Part]:
    for part, sentences, entries, *counts in store.query(_PARTS).rows()[1]:
        units = int(str(entries or sentences or 0))
        yield Part(str(part), units, entries is not None, *(int(str(n)) for n in counts))


def _counted(store: Store, query: str) -> list[tuple[str, int]]:
    return [(str(name), int(str(number))) for name, number in store.query(query).rows()[1]]

"""Claims, the conflicts between them, and the ranks that decisions give them.

A claim is a statement whose property has ``cllm:comparedAs``. A figure makes a claim about its
quantity: its subject is the thing that has the figure, its object is the figure. Everything here is
read from the ontology's annotations; no property and no entity is named.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
import rdflib

from kg.columns import HALF, NONE, distinct, value_of
from kg.graph.periods import period
from kg.namespaces import IDS, TERMS
from kg.tables import as_term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from kg.graph.figures import Interval
    from kg.graph.passages import Passages

    Column = NDArray[np.int64]
    Mask = NDArray[np.bool_]

Node = rdflib.term.Node

CLLM: Final = rdflib.Namespace(TERMS)
FACTUAL: Final = frozenset({CLLM.stated, CLLM.estimated})
"""The stances whose statements may reach the settled view."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of one passage about a compared property.

    ``value`` is the interval of a figure, None for other terms or a figure that cannot be read.
    ``place`` is its place among all claims.
    """

    subject: Node
    predicate: Node
    object: Node
    passage: Node
    stance: Node | None
    value: Interval | None = None
    place: int = field(default=NONE, compare=False, repr=False)

    @property
    def iri(self) -> rdflib.URIRef:
        """The claim's name, which follows from what it says and where."""
        said = map(as_term, (self.subject, self.predicate, self.object, self.passage))
        return rdflib.URIRef(claim_iri(" ".join(said)))

    @property
    def factual(self) -> bool:
        """Whether its stance lets it into the settled view."""
        return self.stance in FACTUAL


def claim_iri(said: str) -> str:
    """The name of a claim that says this: subject, predicate, object and passage."""
    return f"{IDS}claim/{hashlib.sha256(said.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Conflict:
    """Two claims about the same property of the same thing that cannot both hold."""

    first: Claim
    second: Claim

    @property
    def topic(self) -> tuple[Node, Node]:
        """The subject and the property that the claims disagree about."""
        return self.first.subject, self.first.predicate


class Claims:
    """Every claim of some passages: columns of the numbers of terms, by subject and predicate.

    ``stances`` has ``NONE`` for a passage that gives none. ``values`` are the intervals of figures.
    ``ranks`` is by claim the number of the term that is its rank, once that is known.
    ``outranked`` tells the claims of sources that yield, where one that does not yield has claims
    about the same; a decision can lift that.
    """

    def __init__(
        self, passages: Passages, table: Column, values: Mapping[int, Interval], factual: Mask
    ) -> None:
        self.passages = passages
        self.subjects, self.predicates, self.objects, self.graphs, self.stances = table
        self.values = values
        self.factual = factual
        self._topics: Column = self.subjects << HALF | self.predicates
        self.ranks: Column = np.full(len(self), NONE, np.int64)
        self.outranked: Mask = self._outranked()

    def __len__(self) -> int:
        return len(self.subjects)

    def _outranked(self) -> Mask:
        files = {self.passages.file(graph) for graph in self.passages.yielding}
        if not files:
            return np.zeros(len(self), np.bool_)
        spoken, back = np.unique(self.graphs, return_inverse=True)
        of_file = [self.passages.file(graph) in files for graph in spoken.tolist()]
        yields: Mask = np.array(of_file, np.bool_)[back]
        return yields & np.isin(self._topics, self._topics[self.factual & ~yields])

    def __getitem__(self, place: int) -> Claim:
        of = self.passages.nodes.of
        value, stance = int(self.objects[place]), int(self.stances[place])
        return Claim(
            of(int(self.subjects[place])),
            of(int(self.predicates[place])),
            of(value),
            of(int(self.graphs[place])),
            None if stance == NONE else of(stance),
            self.values.get(value),
            place,
        )

    def __iter__(self) -> Iterator[Claim]:
        return map(self.__getitem__, range(len(self)))

    def rank(self, claim: Claim) -> Node:
        """The rank of a claim."""
        return self.passages.nodes.of(int(self.ranks[claim.place]))

    def about(self, subject: Node, predicate: Node) -> list[Claim]:
        """The claims about a property of a thing, by passage and value."""
        numbers = self.passages.nodes.find(subject), self.passages.nodes.find(predicate)
        if numbers[0] is None or numbers[1] is None:
            return []
        topic = numbers[0] << HALF | numbers[1]
        low, high = np.searchsorted(self._topics, (topic, topic + 1))
        found = [self[place] for place in range(low, high)]
        return sorted(found, key=lambda claim: (str(claim.passage), str(claim.object)))

    def with_figure(self, figure: Node) -> list[Claim]:
        """The claims that a figure makes."""
        number = self.passages.nodes.find(figure)
        if number is None or number not in self.values:
            return []
        return [self[place] for place in np.flatnonzero(self.objects == number).tolist()]

    def groups(self, chosen: Mask) -> Iterator[list[Claim]]:
        """The chosen claims about each property of a thing of which there are several."""
        places = np.flatnonzero(chosen)
        topics = self._topics[places]
        starts = np.flatnonzero(np.diff(topics, prepend=NONE))
        stops = np.append(starts, len(topics))[1:]
        several = stops - starts > 1
        for start, stop in zip(starts[several].tolist(), stops[several].tolist(), strict=True):
            yield [self[place] for place in places[start:stop].tolist()]

    @cached_property
    def names(self) -> list[str]:
        """The name of each claim."""
        names = self.passages.nodes.terms.names
        columns = (self.subjects, self.predicates, self.objects, self.graphs)
        return [
            claim_iri(f"{names[s]} {names[p]} {names[o]} {names[g]}")
            for s, p, o, g in zip(*(column.tolist() for column in columns), strict=True)
        ]


def find_claims(
    passages: Passages,
    ontology: rdflib.Graph,
    stances: Mapping[int, int],
    values: Mapping[int, Interval],
) -> Claims:
    """Every claim in ``passages``.

    ``stances`` gives the stance of each passage and ``values`` the interval of each figure, all by
    the numbers of terms; a figure's own stance overrides that of its passage.
    """
    quads, number = passages.quads, passages.nodes.number
    compared = {
        number(term)
        for term in ontology.subjects(CLLM.comparedAs, None)
        if isinstance(term, rdflib.URIRef)
    }
    found: list[tuple[Column, ...]] = []
    for predicate in sorted(compared & quads.by_predicate.keys()):
        rows = quads.by_predicate[predicate]
        said = quads.subjects[rows], quads.predicates[rows], quads.objects[rows]
        found.append((*said, quads.graphs[rows], np.full(len(rows), NONE, np.int64)))
    rows = quads.by_predicate.get(number(CLLM.hasFigure), np.empty(0, np.int64))
    figures, graphs = quads.objects[rows], quads.graphs[rows]
    quantities = quads.values(graphs, figures, number(CLLM.quantity))
    own = quads.values(graphs, figures, number(CLLM.stance))
    chosen = np.isin(quantities, sorted(compared))
    columns = quads.subjects[rows], quantities, figures, graphs, own
    found.append(tuple(column[chosen] for column in columns))
    table = np.array([np.concatenate(column) for column in zip(*found, strict=True)], np.int64)
    subjects, predicates, objects, graphs, own = table
    spoken, back = np.unique(graphs, return_inverse=True)
    given = np.array([stances.get(graph, NONE) for graph in spoken.tolist()], np.int64)
    table[4] = np.where(own == NONE, given[back], own)
    order = np.lexsort((graphs, objects, predicates, subjects))
    table = table[:, order]
    factual = np.isin(table[4], [number(stance) for stance in FACTUAL])
    return Claims(passages, table, values, factual)


def find_conflicts(claims: Claims, ontology: rdflib.Graph) -> list[Conflict]:
    """The conflicts between factual claims, by the way in which each property is compared."""
    passages = claims.passages
    number = passages.nodes.number
    predicates = [passages.nodes.of(p) for p in distinct(claims.predicates).tolist()]
    modes = {p: set(ontology.objects(p, CLLM.comparedAs)) for p in predicates}
    single = [p for p in predicates if CLLM.OneValue in modes[p]]
    listed = [p for p in predicates if CLLM.WholeList in modes[p] and p not in single]
    conflicts: list[Conflict] = []
    for group in claims.groups(claims.factual & _among(claims.predicates, map(number, single))):
        conflicts += [Conflict(a, b) for a, b in combinations(group, 2) if not _same_value(a, b)]
    complete = [
        number(passage) << HALF | number(predicate)
        for _, passage, predicate in passages.pairs(CLLM.completeFor)
    ]
    whole = claims.factual & _among(claims.predicates, map(number, listed))
    whole &= np.isin(claims.graphs << HALF | claims.predicates, np.array(complete, np.int64))
    wholes = _wholes(passages)
    for group in claims.groups(whole):
        conflicts += _between_lists(group, wholes)
    return conflicts


def _among(column: Column, numbers: Iterable[int]) -> Mask:
    return np.isin(column, np.array(list(numbers), np.int64))


def _same_value(first: Claim, second: Claim) -> bool:
    if first.value is not None and second.value is not None:
        return first.value.overlaps(second.value)
    one, other = period(first.object), period(second.object)
    if one is not None and other is not None:
        return one.overlaps(other)
    return first.object == second.object or _is_one_value(first.object, second.object)


def _is_one_value(first: Node, second: Node) -> bool:
    if not isinstance(first, rdflib.Literal) or not isinstance(second, rdflib.Literal):
        return False
    value = value_of(as_term(first))
    return value is not None and value == value_of(as_term(second))


def _between_lists(claims: list[Claim], wholes: Mapping[Node, set[Node]]) -> list[Conflict]:
    """Conflicts between passages that each list all values, where some value has no match."""
    lists: dict[Node, list[Claim]] = defaultdict(list)
    for claim in claims:
        lists[claim.passage].append(claim)
    found: list[Conflict] = []
    for one, other in combinations(sorted(lists, key=str), 2):
        mine, theirs = lists[one], lists[other]
        lonely = {c for c in mine if not any(_held(c, t, wholes) for t in theirs)}
        lonely |= {t for t in theirs if not any(_held(c, t, wholes) for c in mine)}
        found += [Conflict(c, t) for c in mine for t in theirs if c in lonely or t in lonely]
    return found


def _held(first: Claim, second: Claim, wholes: Mapping[Node, set[Node]]) -> bool:
    """Whether two list members are the same, or one is part of the other."""
    a, b = first.object, second.object
    return a == b or b in wholes.get(a, ()) or a in wholes.get(b, ())


def _wholes(passages: Passages) -> dict[Node, set[Node]]:
    """What each thing is part of, at any depth."""
    direct: dict[Node, set[Node]] = defaultdict(set)
    for _, part, whole in passages.pairs(CLLM.partOf):
        direct[part].add(whole)
    closed: dict[Node, set[Node]] = {}
    for part in list(direct):
        reached: set[Node] = set()
        waiting = list(direct[part])
        while waiting:
            whole = waiting.pop()
            if whole not in reached:
                reached.add(whole)
                waiting += direct.get(whole, ())
        closed[part] = reached
    return closed

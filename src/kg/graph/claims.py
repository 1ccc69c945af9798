"""Claims, the conflicts between them, and the ranks that decisions give them.

A claim is a statement whose property has ``cllm:comparedAs``. A figure makes a claim about its
quantity: its subject is the thing that has the figure, its object is the figure. Everything here is
read from the ontology's annotations; no property and no entity is named.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import rdflib

from kg.graph.periods import period
from kg.namespaces import IDS, TERMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.graph.figures import Interval

Node = rdflib.term.Node

CLLM: Final = rdflib.Namespace(TERMS)
FACTUAL: Final = frozenset({CLLM.stated, CLLM.estimated})
"""The stances whose statements may reach the settled view."""


@dataclass(frozen=True)
class Claim:
    """One statement of one passage about a compared property.

    ``value`` is the interval of a figure, None for other terms or a figure that cannot be read.
    """

    subject: Node
    predicate: rdflib.URIRef
    object: Node
    passage: rdflib.URIRef
    stance: Node | None
    value: Interval | None = None

    @property
    def iri(self) -> rdflib.URIRef:
        """The claim's name, which follows from what it says and where."""
        parts = (self.subject.n3(), self.predicate.n3(), self.object.n3(), self.passage.n3())
        digest = hashlib.sha256(" ".join(parts).encode()).hexdigest()
        return rdflib.URIRef(f"{IDS}claim/{digest[:16]}")

    @property
    def factual(self) -> bool:
        """Whether its stance lets it into the settled view."""
        return self.stance in FACTUAL


@dataclass(frozen=True)
class Conflict:
    """Two claims about the same property of the same thing that cannot both hold."""

    first: Claim
    second: Claim

    @property
    def topic(self) -> tuple[Node, rdflib.URIRef]:
        """The subject and the property that the claims disagree about."""
        return self.first.subject, self.first.predicate


def find_claims(
    passages: Mapping[str, rdflib.Graph],
    ontology: rdflib.Graph,
    stances: Mapping[str, Node],
    values: Mapping[Node, Interval],
) -> list[Claim]:
    """Every claim in ``passages``, sorted by its IRI.

    ``stances`` gives the stance of each passage and ``values`` the interval of each figure; a
    figure's own stance overrides that of its passage.
    """
    compared = set(ontology.subjects(CLLM.comparedAs, None))
    claims: set[Claim] = set()
    for name, graph in passages.items():
        passage = rdflib.URIRef(name)
        for subject, predicate, value in graph:
            if predicate in compared and isinstance(predicate, rdflib.URIRef):
                claims.add(Claim(subject, predicate, value, passage, stances.get(name)))
        for subject, figure in graph.subject_objects(CLLM.hasFigure):
            quantity = graph.value(figure, CLLM.quantity)
            if quantity in compared and isinstance(quantity, rdflib.URIRef):
                stance = graph.value(figure, CLLM.stance) or stances.get(name)
                interval = values.get(figure)
                claims.add(Claim(subject, quantity, figure, passage, stance, interval))
    return sorted(claims, key=lambda claim: claim.iri)


def find_conflicts(
    claims: list[Claim],
    passages: Mapping[str, rdflib.Graph],
    ontology: rdflib.Graph,
) -> list[Conflict]:
    """The conflicts between factual claims, by the way in which each property is compared."""
    topics: dict[tuple[Node, rdflib.URIRef], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.factual:
            topics[claim.subject, claim.predicate].append(claim)
    complete = {
        (str(passage), listed)
        for graph in passages.values()
        for passage, listed in graph.subject_objects(CLLM.completeFor)
    }
    wholes = _wholes(passages)
    conflicts: list[Conflict] = []
    for (_, predicate), group in topics.items():
        modes = set(ontology.objects(predicate, CLLM.comparedAs))
        if CLLM.OneValue in modes:
            conflicts += [
                Conflict(a, b) for a, b in combinations(group, 2) if not _same_value(a, b)
            ]
        elif CLLM.WholeList in modes:
            listed = [c for c in group if (str(c.passage), predicate) in complete]
            conflicts += _between_lists(listed, wholes)
    return conflicts


def _same_value(first: Claim, second: Claim) -> bool:
    if first.value is not None and second.value is not None:
        return first.value.overlaps(second.value)
    one, other = period(first.object), period(second.object)
    if one is not None and other is not None:
        return one.overlaps(other)
    return first.object == second.object


def _between_lists(claims: list[Claim], wholes: Mapping[Node, set[Node]]) -> list[Conflict]:
    """Conflicts between passages that each list all values, where some value has no match."""
    lists: dict[rdflib.URIRef, list[Claim]] = defaultdict(list)
    for claim in claims:
        lists[claim.passage].append(claim)
    found: list[Conflict] = []
    for one, other in combinations(sorted(lists), 2):
        mine, theirs = lists[one], lists[other]
        lonely = {c for c in mine if not any(_held(c, t, wholes) for t in theirs)}
        lonely |= {t for t in theirs if not any(_held(c, t, wholes) for c in mine)}
        found += [Conflict(c, t) for c in mine for t in theirs if c in lonely or t in lonely]
    return found


def _held(first: Claim, second: Claim, wholes: Mapping[Node, set[Node]]) -> bool:
    """Whether two list members are the same, or one is part of the other."""
    a, b = first.object, second.object
    return a == b or b in wholes.get(a, ()) or a in wholes.get(b, ())


def _wholes(passages: Mapping[str, rdflib.Graph]) -> dict[Node, set[Node]]:
    """What each thing is part of, at any depth."""
    direct: dict[Node, set[Node]] = defaultdict(set)
    for graph in passages.values():
        for part, whole in graph.subject_objects(CLLM.partOf):
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

"""Figures that agree because they are one: taken from each other, or both from a third source.

A figure or its passage says with ``prov:wasDerivedFrom`` where it was taken from, and a passage
with ``prov:hadPrimarySource`` whom it follows. What two works say of one thing confirms it only if
neither is among the origins of the other, and they share none.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import rdflib
from rdflib import DCTERMS, PROV

from kg.audit.quantities import figure
from kg.graph.claims import CLLM, Claim
from kg.judged import Grade, Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdflib.term import Node

    from kg.audit.view import View


def agreements_of_one_origin(view: View) -> Iterator[Item]:
    """One item for each quantity of a thing of which two works give figures of one origin."""
    single = set(view.ontology.subjects(CLLM.comparedAs, CLLM.OneValue))
    origins = _Origins(view)
    for claims in view.compared.groups(view.compared.factual):
        if claims[0].predicate not in single:
            continue
        for one, other in combinations(claims, 2):
            if one.value is None or other.value is None or not one.value.overlaps(other.value):
                continue
            shared = origins.shared(one, other)
            if not shared:
                continue
            said = sorted((one, other), key=lambda c: (str(c.passage), str(c.object)))
            names = " and ".join(sorted(view.name(origin) for origin in shared))
            yield Item(
                "agreements-of-one-origin",
                Grade.ODDITY,
                str(one.predicate),
                str(one.subject),
                view.name(one.subject),
                tuple(view.claimed(claim) for claim in said),
                f"They agree, and confirm nothing: what they say comes from {names}.",
                compared=tuple(q for claim in said for q in figure(view, claim)),
            )


class _Origins:
    """Where claims come from."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._works: dict[str, frozenset[Node]] = {}

    def shared(self, one: Claim, other: Claim) -> frozenset[Node]:
        """The origins of two claims of different works that make them one."""
        mine, theirs = self._work(one), self._work(other)
        if not mine.isdisjoint(theirs):
            return frozenset()
        ours, others = self._derived(one), self._derived(other)
        return (ours & theirs) | (others & mine) | (ours & others)

    def _work(self, claim: Claim) -> frozenset[Node]:
        """The works that a claim's passage, or its file, is of."""
        known = self._works.get(str(claim.passage))
        if known is None:
            about = self._about(claim)
            known = self._works[str(claim.passage)] = frozenset(
                work
                for passage in about
                for predicate in (DCTERMS.isPartOf, DCTERMS.source)
                for work in self._view.graph.objects(passage, predicate)
                if work not in about
            )
        return known

    def _about(self, claim: Claim) -> list[Node]:
        """The passage of a claim, and the file that it stands in."""
        passages = self._view.passages
        number = passages.nodes.find(claim.passage)
        file = passages.sources[passages.file(number)].graph if number is not None else ""
        return [claim.passage, rdflib.URIRef(file)]

    def _derived(self, claim: Claim) -> frozenset[Node]:
        """What a claim's figure or passage says that it was taken from."""
        graph = self._view.passages[str(claim.passage)]
        found = set(graph.objects(claim.object, PROV.wasDerivedFrom))
        found |= set(self._view.graph.objects(claim.object, PROV.wasDerivedFrom))
        for predicate in (PROV.wasDerivedFrom, PROV.hadPrimarySource):
            found |= set(self._view.graph.objects(claim.passage, predicate))
        return frozenset(found)

"""Where a triple of the settled view is stated: the passages, and how they come to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rdflib
from rdflib import RDFS

from kg.graph.claims import CLLM

if TYPE_CHECKING:
    from rdflib.term import Node

    from kg.graph.claims import Claim
    from kg.graph.landscape import Landscape

    Triple = tuple[Node, Node, Node]


def passages_of(landscape: Landscape, ontology: rdflib.Graph, triple: Triple) -> list[str]:
    """The IRIs of the graphs that state a triple, sorted: passages, or modules of the ontology.

    A number that the build derives is stated where its figure is. Empty if nothing states it.
    """
    subject, predicate, value = triple
    if stating := landscape.passages.stating(triple):
        return stating
    if triple in ontology:
        return _modules(ontology, subject) or _modules(ontology, value)
    claims = landscape.compared
    derived = [
        *claims.with_figure(subject),
        *(claim for claim in claims.about(subject, predicate) if _is(claim, value)),
    ]
    found = {str(claim.passage) for claim in derived if claims.rank(claim) != CLLM.rejected}
    return sorted(found)


def _modules(ontology: rdflib.Graph, term: Node) -> list[str]:
    """The modules that define a term, or the term whose axiom a blank node is part of."""
    above = [term]
    seen: set[Node] = set()
    while above:
        node = above.pop()
        if modules := sorted(str(module) for module in ontology.objects(node, RDFS.isDefinedBy)):
            return modules
        if isinstance(node, rdflib.BNode) and node not in seen:
            seen.add(node)
            above += [*ontology.subjects(None, node), *ontology.objects(node, RDFS.subClassOf)]
    return []


def _is(claim: Claim, term: Node) -> bool:
    """Whether the number of a claim is the one that a literal has."""
    number = claim.value.value if claim.value else None
    return number is not None and float(number) == float(str(term))

"""The same closure by owlrl (https://pypi.org/project/owlrl/): a cross-check, and slow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import owlrl
import rdflib

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.tables import NodeTriple

_ERROR: Final = "http://www.daml.org/2002/03/agents/agent-ont#"


def closure(
    settled: Iterable[NodeTriple], ontology: Iterable[NodeTriple]
) -> tuple[rdflib.Graph, list[str]]:
    """The closure of both graphs, and what owlrl calls errors, in its words and sorted."""
    graph = rdflib.Graph()
    for triple in (*settled, *ontology):
        graph.add(triple)
    engine: Any = owlrl  # untyped
    engine.DeductiveClosure(
        engine.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False
    ).expand(graph)
    errors = [t for t in graph if any(str(term).startswith(_ERROR) for term in t)]
    for triple in errors:
        graph.remove(triple)
    said = {str(o) for _, p, o in errors if str(p) == f"{_ERROR}error"}
    return graph, sorted(said)

"""rdflib's terms as the text that the columns hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rdflib

from kg.columns import Term, Triple, literal

if TYPE_CHECKING:
    from collections.abc import Iterable


def as_term(node: rdflib.term.Node) -> Term:
    """An rdflib term as N-Triples writes it."""
    if isinstance(node, rdflib.Literal):
        return literal(str(node), str(node.datatype or ""), node.language or "")
    return str(node.n3())


def as_triple(triple: Iterable[rdflib.term.Node]) -> Triple:
    """An rdflib triple as the columns hold it."""
    subject, predicate, value = map(as_term, triple)
    return subject, predicate, value

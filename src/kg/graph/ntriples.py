"""rdflib's terms as the text that the columns hold, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rdflib

from kg.columns import Term, Triple, is_blank, is_literal, literal, parts

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


def as_node(term: Term) -> rdflib.term.Node:
    """The rdflib term of a text, a literal in the form in which it is written."""
    if is_literal(term):
        text, datatype, language = parts(term)
        if language:
            return rdflib.Literal(text, lang=language)
        plain = datatype == f"<{rdflib.XSD.string}>"
        kind = None if plain else rdflib.URIRef(datatype[1:-1])
        return rdflib.Literal(text, datatype=kind, normalize=False)
    return rdflib.BNode(term[2:]) if is_blank(term) else rdflib.URIRef(term[1:-1])


def as_graph(triples: Iterable[Triple]) -> rdflib.Graph:
    """An rdflib graph of triples as the columns hold them."""
    graph = rdflib.Graph()
    nodes: dict[Term, rdflib.term.Node] = {}
    for triple in triples:
        subject, predicate, value = (nodes.setdefault(t, as_node(t)) for t in triple)
        graph.add((subject, predicate, value))
    return graph

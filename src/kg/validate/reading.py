"""What a query reads of a graph, seen on its algebra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rdflib
from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from kg.tables import as_term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.columns import Term


def predicates_read(text: str) -> frozenset[Term] | None:
    """The predicates of a query's triple patterns; None if one may be any, or nobody can tell."""
    try:
        algebra = translateQuery(parseQuery(text)).algebra
    except Exception:  # rdflib's parser raises many kinds for what it cannot read
        return None
    read: set[Term] = set()
    for predicate in _predicates(algebra):
        named = _named(predicate)
        if named is None:
            return None
        read |= named
    return frozenset(read)


def _predicates(part: object) -> Iterator[object]:
    """The predicates and paths of all triple patterns in a part of a query."""
    if isinstance(part, CompValue):
        for key, value in part.items():
            if key == "triples":
                yield from (triple[1] for triple in value)
            else:
                yield from _predicates(value)
    elif isinstance(part, list | tuple | set):
        for inner in part:
            yield from _predicates(inner)


def _named(path: object) -> set[Term] | None:
    """The predicates of a path, None if it may be any."""
    if isinstance(path, rdflib.URIRef):
        return {as_term(path)}
    steps: list[object]
    if isinstance(path, SequencePath | AlternativePath):
        steps = list(path.args)
    elif isinstance(path, InvPath):
        steps = [path.arg]
    elif isinstance(path, MulPath):
        if path.zero:
            return None  # it leads from every term to itself
        steps = [path.path]
    else:
        return None
    named = [_named(step) for step in steps]
    return None if None in named else set().union(*filter(None, named))

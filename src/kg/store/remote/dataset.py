"""Which graphs a query is sent with, where an engine's own default graph is not ours.

The protocol names the graphs of a query's dataset in its request
(https://www.w3.org/TR/sparql11-protocol/#dataset), and a dataset that is given so has the named
graphs that it names, and no others.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from kg.tokens import tokens, without_codepoint_escapes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kg.tokens import Token

    Dataset = tuple[Sequence[str], Sequence[str]]
    """The graphs that a query sees as the default graph, and as named ones."""


_FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_AFTER: Final = ("WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")
_OPEN, _CLOSE = frozenset("({"), frozenset(")}")


def dataset_of(text: str, default: Sequence[str], known: Callable[[], Sequence[str]]) -> Dataset:
    """The dataset for a query whose default graph is the union of some graphs.

    ``known`` gives the graphs that GRAPH with a variable means; with IRIs only these are named. A
    query that says FROM itself has none but that.
    """
    found = [*tokens(without_codepoint_escapes(text))]
    words = {token.text.upper() for token in found if token.kind == "word"}
    if "FROM" in words:
        return (), ()
    if "GRAPH" not in words:
        return default, ()
    prefixes = _prefixes(found)
    named = set()
    for keyword, name in itertools.pairwise(found):
        if keyword.kind == "word" and keyword.text.upper() == "GRAPH":
            iri = _iri(name, prefixes)
            if not iri:
                return default, known()
            named.add(iri)
    return default, sorted(named)


def with_clauses(text: str, dataset: Dataset) -> str:
    """A query without FROM, with clauses that name the graphs of its dataset.

    For as many as no engine takes in the address, or says again in its headers.
    """
    default, named = dataset
    clauses = [f"FROM <{graph}> " for graph in default]
    clauses += [f"FROM NAMED <{graph}> " for graph in named]
    place = _place_of_clauses([*tokens(text)], len(text))
    return f"{text[:place]} {''.join(clauses)}{text[place:]}"


def _place_of_clauses(found: list[Token], end: int) -> int:
    """Where the clauses of a dataset stand: before the pattern, or what follows if it has none.

    See https://www.w3.org/TR/sparql11-query/#rDatasetClause.
    """
    depth, form = 0, ""
    for token, after in zip(found, [*found[1:], None], strict=True):
        word = token.text.upper() if token.kind == "word" else ""
        if not form:
            form = word if word in _FORMS else ""
            if form == "CONSTRUCT" and after and after.text != "{":
                return after.start
            continue
        is_outside = depth == 0
        depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if form == "CONSTRUCT":
            if depth == 0 and token.text == "}":  # the end of the template
                return after.start if after else end
        elif is_outside and (token.text == "{" or word in _AFTER):
            return token.start
    return end


def _prefixes(found: list[Token]) -> dict[str, str]:
    """The prefixes that a query declares once; one that it declares anew may be either."""
    prefixes: dict[str, str] = {}
    for keyword, name, iri in zip(found, found[1:], found[2:], strict=False):
        if keyword.text.upper() == "PREFIX" and name.kind == "name" and iri.kind == "iri":
            is_new = name.text not in prefixes
            prefixes[name.text] = iri.text[1:-1] if is_new else ""
    return prefixes


def _iri(token: Token, prefixes: dict[str, str]) -> str:
    r"""The absolute IRI that a token is; empty for what is none, is relative, or has a ``\``."""
    if "\\" in token.text:
        return ""
    if token.kind == "iri":
        return token.text[1:-1] if ":" in token.text else ""
    if token.kind != "name":
        return ""
    prefix, _, local = token.text.partition(":")
    start = prefixes.get(f"{prefix}:", "")
    return f"{start}{local}" if ":" in start and "\\" not in start else ""

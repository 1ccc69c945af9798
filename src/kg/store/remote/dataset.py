"""Which graphs a query is sent with, where an engine's own default graph is not ours.

The protocol names the graphs of a query's dataset in its request
(https://www.w3.org/TR/sparql11-protocol/#dataset), and a dataset that is given so has the named
graphs that it names, and no others.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from kg.tokens import tokens, without_codepoint_escapes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kg.tokens import Token

    Dataset = tuple[Sequence[str], Sequence[str]]
    """The graphs that a query sees as the default graph, and as named ones."""


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

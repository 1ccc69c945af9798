"""What a query may read of a graph, seen on its tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kg.terms import iri
from kg.tokens import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.terms import Term

_TERMS: Final = frozenset({"blank", "iri", "name", "number", "string", "variable"})
_TYPE: Final = iri("rdf:type")
_AFTER: Final = frozenset({"(", "[", "true", "false"})
_ABSOLUTE: Final = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[^()?|]*>")


def predicates_read(text: str) -> frozenset[Term] | None:
    """Names among which are the predicates that a query asks for; None if it may ask for any.

    It may where a variable stands between two terms, as a predicate does, where a path is negated,
    where one may be of no length, or where an IRI is relative. What only looks so is taken for it:
    a query never asks for more than this says.
    """
    words = list(tokens(text))
    prefixes = _prefixes(words)
    if "\\u" in text.lower() or any(map(_is_odd, words)):
        return None
    body = words[next((n for n, word in enumerate(words) if word.text == "{"), 0) :]
    ends = Token("", "", 0)
    named: set[Term] = {iri("rdf:first"), iri("rdf:rest")}  # which a list in brackets stands for
    for before, word, after, second in zip(
        [ends, *body], body, [*body[1:], ends], [*body[2:], ends, ends], strict=False
    ):
        leads = before.kind in _TERMS or before.text in (")", "]", "[", ";", "/", "|", "^")
        if word.kind == "variable":
            if leads and (after.kind in _TERMS or after.text.lower() in _AFTER):
                return None
        elif word.text == "!":
            if leads or _is_step(after) or (after.text == "(" and _is_step(second)):
                return None
        elif word.kind == "other" or (
            word.text == "*" and (before.kind in ("iri", "name") or before.text in (")", "a"))
        ):
            return None
        elif word.kind == "iri":
            named.add(word.text)
        elif word.kind == "name":
            prefix, _, local = word.text.partition(":")
            if prefix not in prefixes:
                return None
            named.add(f"<{prefixes[prefix]}{local.replace(chr(92), '')}>")
        elif word.text == "a":
            named.add(_TYPE)
    return frozenset(named)


def _is_step(word: Token) -> bool:
    """Whether a path may go on with a token."""
    return word.kind in ("iri", "name") or word.text in ("^", "a")


def _is_odd(word: Token) -> bool:
    """Whether a token may be something else than it seems: a relative IRI, an unended text."""
    if word.kind == "iri":
        return not _ABSOLUTE.fullmatch(word.text)
    return word.kind == "unended"


def _prefixes(words: Sequence[Token]) -> dict[str, str]:
    """The prefixes that a query declares."""
    return {
        name.text.removesuffix(":"): namespace.text[1:-1]
        for word, name, namespace in zip(words, words[1:], words[2:], strict=False)
        if word.text.upper() == "PREFIX" and namespace.kind == "iri"
    }

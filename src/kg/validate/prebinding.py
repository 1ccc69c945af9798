"""Variables that are bound before a query is evaluated.

https://www.w3.org/TR/shacl/#pre-binding : the term stands wherever the query has the variable; what
would not make sense then is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kg.terms import Term, is_blank
from kg.tokens import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

LABELS: Final = "urn:kg:labels"
"""The graph, and the property, by which a query knows a blank node."""


def prebound(text: str, bound: Mapping[str, Term]) -> str:
    """A SELECT query with terms in place of some variables.

    Where the grammar allows no term, in the list of what is selected or grouped, the variable goes.
    A blank node has no name in a query: its variable stays, and every group says which node it is.
    """
    named = {name: term for name, term in bound.items() if not is_blank(term)}
    which = "".join(
        f' GRAPH <{LABELS}> {{ ?{name} <{LABELS}> "{term}" }} '
        for name, term in sorted(bound.items())
        if is_blank(term) and re.search(rf"[?$]{name}\b", text)
    )
    text = _BOUND.sub(lambda match: "true" if match[1] in bound else match.group(), text)
    out: list[str] = []
    clause, depth, selected, done = "", 0, 0, 0

    def put(start: int, instead: str, end: int) -> None:
        nonlocal done
        out.extend((text[done:start], instead))
        done = end

    words = list(tokens(text))
    for place, token in enumerate(words):
        word = token.text.upper() if token.kind == "word" else ""
        if word in _CLAUSES or token.text in ("{", "}"):
            if clause == "SELECT" and not selected:
                put(token.start, "(1 AS ?found) ", token.start)
            clause, depth, selected = word, 0, 0
            inner = words[place + 1].text.upper() if place + 1 < len(words) else ""
            if token.text == "{" and which and inner != "SELECT":
                put(token.start + 1, which, token.start + 1)
        elif token.text in ("(", ")"):
            depth += 1 if token.text == "(" else -1
        listed = clause in ("SELECT", "GROUP") and depth == 0
        if token.kind == "variable" and (term := named.get(token.text[1:])):
            instead = term
            if listed:
                instead = f"({term} AS ?group{token.start})" if clause == "GROUP" else ""
            elif clause == "ORDER" and depth == 0:
                instead = f"({term})"
            put(token.start, instead, token.start + len(token.text))
        elif listed and word not in _MODIFIERS:
            selected += 1
    put(len(text), "", len(text))
    return "".join(out)


_BOUND: Final = re.compile(r"(?i)\bBOUND\s*\(\s*[$?](\w+)\s*\)")
_CLAUSES: Final = {"SELECT", "GROUP", "WHERE", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"}
_MODIFIERS: Final = {"SELECT", "DISTINCT", "REDUCED", "GROUP", "BY"}


def refused(words: list[Token], names: Set[str]) -> str:
    """Why a query whose variables ``names`` are bound beforehand is not allowed; or empty."""
    nested = False
    for place, token in enumerate(words):
        word = token.text.upper() if token.kind == "word" else ""
        if word in ("MINUS", "VALUES", "SERVICE"):
            return f"it uses {word}"
        after = words[place + 1] if place + 1 < len(words) else token
        if word == "AS" and after.kind == "variable" and after.text[1:] in names:
            return f"it assigns {after.text}"
        if word == "SELECT":
            missing = (names if nested else names & {"this"}) - _selected(words[place + 1 :], names)
            if missing:
                return f"{'a subquery' if nested else 'it'} does not select ${min(missing)}"
            nested = True
    return ""


def _selected(words: list[Token], names: Set[str]) -> Set[str]:
    """The variables that a SELECT names before its pattern begins."""
    shown: set[str] = set()
    depth = 0
    for token in words:
        if token.text == "{" or token.text.upper() in ("WHERE", "FROM"):
            break
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text == "*":
            return names
        if depth == 0 and token.kind == "variable":
            shown.add(token.text[1:])
    return shown

"""Constraints that one term meets or not by itself: datatypes, kinds of node, ranges, texts.

https://www.w3.org/TR/shacl/#core-components-value-type and the two sections after it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from elementpath.regex import translate_pattern

from kg.columns import DATATYPES, order, value_of
from kg.terms import Term, iri, is_blank, is_literal, parts
from kg.validate.shapes import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.validate.shapes import Constraint


def _datatype(constraint: Constraint) -> Callable[[Term], bool]:
    (datatype,) = constraint.terms

    def test(term: Term) -> bool:
        if not is_literal(term) or parts(term)[1] != datatype:
            return False
        known = datatype in DATATYPES and datatype != iri("rdf:langString")
        return not known or value_of(term) is not None

    return test


def _node_kind(constraint: Constraint) -> Callable[[Term], bool]:
    kind = constraint.terms[0].removeprefix(iri("sh:")[:-1]).removesuffix(">")

    def test(term: Term) -> bool:
        own = "Literal" if is_literal(term) else "BlankNode" if is_blank(term) else "IRI"
        return own in kind

    return test


def _range(constraint: Constraint) -> Callable[[Term], bool]:
    (limit,) = constraint.terms
    allowed = {
        "minExclusive": (1,),
        "minInclusive": (0, 1),
        "maxExclusive": (-1,),
        "maxInclusive": (-1, 0),
    }[constraint.component]
    return lambda term: is_literal(term) and order(term, limit) in allowed


def _text(term: Term) -> str | None:
    """What the string functions of SPARQL see of a term; None of a blank node."""
    if is_literal(term):
        return parts(term)[0]
    return None if is_blank(term) else term[1:-1]


def _length(constraint: Constraint) -> Callable[[Term], bool]:
    number = int(text_of(constraint.terms[0]))
    least = constraint.component == "minLength"

    def test(term: Term) -> bool:
        text = _text(term)
        return text is not None and (len(text) >= number if least else len(text) <= number)

    return test


_FLAGS: Final = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}


def _pattern(constraint: Constraint) -> Callable[[Term], bool]:
    flags = re.NOFLAG
    letters = text_of(constraint.parameter("flags") or '""')
    for letter in letters:
        flags |= _FLAGS.get(letter, re.NOFLAG)
    pattern = text_of(constraint.terms[0])
    translated = re.escape(pattern) if "q" in letters else translate_pattern(pattern, flags)
    compiled = re.compile(translated, flags)

    def test(term: Term) -> bool:
        text = _text(term)
        return text is not None and compiled.search(text) is not None

    return test


def _language_in(constraint: Constraint) -> Callable[[Term], bool]:
    ranges = [text_of(term).lower() for term in constraint.terms]

    def test(term: Term) -> bool:
        language = parts(term)[2].lower() if is_literal(term) else ""
        return bool(language) and any(
            wanted in ("*", language) or language.startswith(f"{wanted}-") for wanted in ranges
        )

    return test


def _in(constraint: Constraint) -> Callable[[Term], bool]:
    members = set(constraint.terms)
    return lambda term: term in members


TESTS: Final[dict[str, Callable[[Constraint], Callable[[Term], bool]]]] = {
    "datatype": _datatype,
    "nodeKind": _node_kind,
    "minExclusive": _range,
    "minInclusive": _range,
    "maxExclusive": _range,
    "maxInclusive": _range,
    "minLength": _length,
    "maxLength": _length,
    "pattern": _pattern,
    "languageIn": _language_in,
    "in": _in,
}
"""The test of a term that each component makes of its parameters."""

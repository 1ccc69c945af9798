"""Terms and numbers as pages show them: filters for the templates."""

from __future__ import annotations

import math
import re
from typing import Final

import flask

from kg.namespaces import GRAPHS
from kg.serve.context import reading
from kg.serve.entities.as_json import why_query
from kg.serve.entities.intervals import bars, number
from kg.serve.labels import labels
from kg.serve.wording import language
from kg.terms import Term, iri, is_literal, parts

SETTLED: Final = f"{GRAPHS}settled"
_WHOLE: Final = re.compile(r"-?\d{1,15}")
_LARGE: Final = 1e15
_MILLION: Final = 1e6
_SMALL: Final = 1e-4
_GROUPED: Final = 1e4
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def add_to(app: flask.Flask) -> None:
    """Let the templates of an app show terms."""
    app.jinja_env.filters.update(
        called=called,
        has_name=lambda term: bool(labels().of(term)),
        bare=bare,
        amount=amount,
        tag=tag,
    )
    app.jinja_env.tests["literal_term"] = is_literal
    app.jinja_env.globals.update(why_query=why_query, bars=bars, kind_of=kind_of, term=iri)


def called(term: Term) -> str:
    """What a term is called on this page."""
    known: dict[Term, str] = flask.g.setdefault("called", {})
    if term not in known:
        known[term] = labels().text(term, language())
    return known[term]


def kind_of(term: Term) -> Term:
    """The class that a thing is said to be of; itself if nothing says it."""
    kinds = {value for *_, value in reading().store.matching(term, iri("rdf:type"), None, SETTLED)}
    return min(kinds, default=term)


def bare(term: Term) -> str:
    """An IRI without brackets; of anything else nothing."""
    return term[1:-1] if term[0] == "<" else ""


def tag(term: Term) -> str:
    """The language of a literal, if it has one."""
    return parts(term)[2] if is_literal(term) else ""


def amount(term: Term) -> str:
    """A number as a person reads it; what is no number as it is.

    Grouped from five digits on, beyond 10¹⁵ as a power of ten, and in words from a million on if
    that loses no digit.
    """
    text = parts(term)[0]
    value = number(term)
    if value is None:
        return text
    size = abs(value)
    if _MILLION <= size < _LARGE and float(f"{value:.4g}") == value:
        from babel import Locale  # no start waits for this
        from babel.numbers import format_compact_decimal

        locale = Locale.parse(language(), sep="-")
        if "long" in locale.compact_decimal_formats:
            return format_compact_decimal(
                value, format_type="long", locale=locale, fraction_digits=3
            )
        return format_compact_decimal(value, locale=locale, fraction_digits=3)  # as 亿 is
    if _WHOLE.fullmatch(text):
        return f"{int(text):,}" if size >= _GROUPED else text
    if size >= _LARGE or 0 < size < _SMALL:
        exponent = math.floor(math.log10(size))
        factor = f"{value / 10**exponent:.4g}"
        if factor in ("10", "-10"):
            factor, exponent = factor[:-1], exponent + 1
        power = f"10{str(exponent).translate(_SUPERSCRIPTS)}"
        return power if factor == "1" else f"{factor} × {power}"
    if value == int(value):
        return f"{int(value):,}" if size >= _GROUPED else str(int(value))
    return f"{value:,.1f}" if size >= _GROUPED else f"{value:.4g}"

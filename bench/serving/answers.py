"""Whether two answers say the same: rows as a multiset or triples as a set, values made alike.

Made alike is what SPARQL leaves open or what is the same value, and nothing else:

- the order of rows, of columns and of triples, and the labels of blank nodes;
- numbers, by value, whatever their type and way of writing: whole ones exactly, others and
  ``xsd:double`` to ten digits; booleans as 1 or 0;
- times without a fraction that is zero, ``Z`` for ``+00:00``;
- a plain literal and one of ``xsd:string``; the case of a language tag;
- the answer of ASK, which Virtuoso 7.2 gives as a row of one column with 1, or as no row.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from kg.queries import form_of
from kg.results import FORMATS

if TYPE_CHECKING:
    from kg.store import EmbeddedStore

Alike = Counter[tuple[str, ...]]
"""What an answer says: its rows, or its triples, each as often as it is there."""

ROWS: Final = "application/sparql-results+json"
GRAPH: Final = "text/turtle"
_FORMATS: Final = {one.media_type: one for one in FORMATS}
UNREADABLE: Final = (ValueError, SyntaxError, KeyError, ArithmeticError)
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS: Final = ("byte", "short", "int", "long", "nonNegativeInteger", "positiveInteger")
_NUMBERS: Final = frozenset(
    _XSD + name for name in ("integer", "decimal", "double", "float", *_INTEGERS)
)
_INEXACT: Final = (f"{_XSD}double", f"{_XSD}float")
_DIGITS: Final = 10
_ASKED: Final = "__ASK_RETVAL"


def alike(media_type: str, body: bytes) -> Alike:
    """What an answer says. Raises one of ``UNREADABLE`` if it is none of its type."""
    if media_type == GRAPH:
        triples = {one.triple for one in ox.parse(body, ox.RdfFormat.TURTLE)}
        return Counter(
            tuple(map(_of_term, (one.subject, one.predicate, one.object))) for one in triples
        )
    found = json.loads(body)
    if "boolean" in found:
        return Counter([(str(bool(found["boolean"])),)])
    rows = found["results"]["bindings"]
    if found["head"].get("vars") == [_ASKED]:
        return Counter([(str(any(row[_ASKED]["value"] == "1" for row in rows)),)])
    return Counter(_row(row) for row in rows)


def _row(row: dict[str, dict[str, str]]) -> tuple[str, ...]:
    return tuple(f"{name}={_of_json(term)}" for name, term in sorted(row.items()))


def _of_json(term: dict[str, str]) -> str:
    if term["type"] == "uri":
        return f"<{term['value']}>"
    if term["type"] == "bnode":
        return "_:"
    return literal(term["value"], term.get("datatype", ""), term.get("xml:lang", ""))


def _of_term(term: Any) -> str:  # noqa: ANN401
    if isinstance(term, ox.Literal):
        return literal(term.value, term.datatype.value, term.language or "")
    return "_:" if isinstance(term, ox.BlankNode) else f"<{term.value}>"


def literal(value: str, datatype: str, language: str) -> str:
    """A literal, the same for all that mean it."""
    if language:
        return f"{value}@{language.lower()}"
    if datatype in _NUMBERS:
        number = Decimal(value)
        if number == number.to_integral_value() and datatype not in _INEXACT:
            return f"{number:.0f}"
        return f"{float(value):.{_DIGITS}g}"
    if datatype == f"{_XSD}boolean":
        return {"true": "1", "false": "0"}.get(value, value)
    if datatype in (f"{_XSD}dateTime", f"{_XSD}date"):
        return re.sub(r"\.0+(?=Z|[+-]|$)", "", value).replace("+00:00", "Z")
    return f'"{value}"'


def difference(wanted: Alike, found: Alike) -> str:
    """How an answer differs from what is wanted, in some words; empty if it does not."""
    missing, more = (wanted - found).total(), (found - wanted).total()
    parts = [f"{missing} missing"] * bool(missing) + [f"{more} not expected"] * bool(more)
    return " and ".join(parts) + f" of {wanted.total()}" * bool(parts)


def media_type_of(form: str) -> str:
    """The one media type in which a query of a form is asked for."""
    return GRAPH if form in ("CONSTRUCT", "DESCRIBE") else ROWS


def evaluated(store: EmbeddedStore, text: str) -> tuple[Alike, float, int]:
    """What Oxigraph in this process answers, in how many seconds, and the size of its body."""
    began = time.perf_counter()
    media_type = media_type_of(form_of(text))
    body = store.query(text).serialize(_FORMATS[media_type])
    seconds = time.perf_counter() - began
    return alike(media_type, body), seconds, len(body)

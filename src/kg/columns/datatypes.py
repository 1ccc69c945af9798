"""The values of literals: which of them are equal, and of which datatypes they are.

The datatypes are those of OWL 2 RL (https://www.w3.org/TR/owl2-profiles/#Entities_3), with those of
the calendar beside them, so that a functional date is seen to have two values. Two values are equal
if they are identical as XML Schema defines it (https://www.w3.org/TR/xmlschema11-2/#identity): the
same instant in two time zones is two values, and so are zero and negative zero.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import itertools
import re
import struct
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kg.namespaces import PREFIXES
from kg.terms import Term, iri, is_literal, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Value = tuple[str, object]
"""A value space and what identifies a value in it."""


def _integers(low: int | None, high: int | None) -> Callable[[Value], bool]:
    def within(value: Value) -> bool:
        space, number = value
        if space != "number" or not isinstance(number, Decimal) or number != int(number):
            return False
        return (low is None or number >= low) and (high is None or number <= high)

    return within


def _texts(pattern: str) -> Callable[[Value], bool]:
    compiled = re.compile(pattern, re.DOTALL)

    def matching(value: Value) -> bool:
        space, text = value
        if space != "text" or not isinstance(text, tuple):
            return False
        return text[1] == "" and compiled.fullmatch(text[0]) is not None

    return matching


def _of_space(name: str) -> Callable[[Value], bool]:
    return lambda value: value[0] == name


_NAME_START: Final = r"[A-Z_a-z\u00C0-\u02FF\u0370-\u1FFF\u200C-\u200D\u2070-\uFFFD]"
_NAME_REST: Final = r"[A-Z_a-z\-.0-9\u00B7\u00C0-\u203F\u2040\u2070-\uFFFD]"
_MEMBERS: Final[dict[str, Callable[[Value], bool]]] = {
    "rdfs:Literal": lambda _: True,
    "rdf:PlainLiteral": _of_space("text"),
    "rdf:langString": lambda value: value[0] == "text" and value[1][1] != "",  # type: ignore[index]
    "rdf:XMLLiteral": _of_space("xml"),
    "xsd:string": _texts(".*"),
    "xsd:normalizedString": _texts(r"[^\n\r\t]*"),
    "xsd:token": _texts(r"(?! )(?:(?!  )[^\n\r\t])*(?<! )"),
    "xsd:language": _texts(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"),
    "xsd:Name": _texts(f"(?:{_NAME_START}|:)(?:{_NAME_REST}|:)*"),
    "xsd:NCName": _texts(f"{_NAME_START}{_NAME_REST}*"),
    "xsd:NMTOKEN": _texts(f"(?:{_NAME_REST}|:)+"),
    "xsd:decimal": _of_space("number"),
    "xsd:integer": _integers(None, None),
    "xsd:nonNegativeInteger": _integers(0, None),
    "xsd:nonPositiveInteger": _integers(None, 0),
    "xsd:positiveInteger": _integers(1, None),
    "xsd:negativeInteger": _integers(None, -1),
    "xsd:long": _integers(-(2**63), 2**63 - 1),
    "xsd:int": _integers(-(2**31), 2**31 - 1),
    "xsd:short": _integers(-(2**15), 2**15 - 1),
    "xsd:byte": _integers(-(2**7), 2**7 - 1),
    "xsd:unsignedLong": _integers(0, 2**64 - 1),
    "xsd:unsignedInt": _integers(0, 2**32 - 1),
    "xsd:unsignedShort": _integers(0, 2**16 - 1),
    "xsd:unsignedByte": _integers(0, 2**8 - 1),
    "xsd:float": _of_space("float"),
    "xsd:double": _of_space("double"),
    "xsd:boolean": _of_space("boolean"),
    "xsd:hexBinary": _of_space("hexBinary"),
    "xsd:base64Binary": _of_space("base64Binary"),
    "xsd:anyURI": _of_space("anyURI"),
    "xsd:dateTime": _of_space("dateTime"),
    "xsd:dateTimeStamp": lambda value: value[0] == "dateTime" and value[1][-1] is not None,  # type: ignore[index]
    **{
        f"xsd:{kind}": _of_space(kind)
        for kind in ("date", "time", "gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay")
    },
}
DATATYPES: Final = {iri(name): test for name, test in _MEMBERS.items()}
"""The datatypes that are known, with the test of a value for each."""


@lru_cache(maxsize=65_536)
def value_of(literal: Term) -> Value | None:
    """The value of a literal; None if its datatype is not known or its text is not of it."""
    text, datatype, language = parts(literal)
    if language:
        return "text", (text, language.lower())
    name = datatype.removeprefix(f"<{PREFIXES['xsd']}").removesuffix(">")
    if datatype == iri("rdf:XMLLiteral"):
        return "xml", text
    if datatype not in DATATYPES or datatype in (iri("rdfs:Literal"), iri("rdf:langString")):
        return None
    if datatype == iri("rdf:PlainLiteral"):
        plain, at, tag = text.rpartition("@")
        return ("text", (plain, tag.lower())) if at else None
    value = _read(text, name)
    return value if value is not None and DATATYPES[datatype](value) else None


def is_member(literal: Term, datatype: Term) -> bool:
    """Whether the value of a literal is known to be one of a datatype."""
    value = value_of(literal)
    return value is not None and datatype in DATATYPES and DATATYPES[datatype](value)


def is_no_member(literal: Term, datatype: Term) -> bool:
    """Whether the value of a literal is known not to be one of a datatype, or to be no value."""
    if datatype not in DATATYPES or not is_literal(literal):
        return False
    own = parts(literal)[1]
    return (value_of(literal) is not None or own in DATATYPES) and not is_member(literal, datatype)


def are_unequal(one: Term, other: Term) -> bool:
    """Whether two literals are known to have different values."""
    if not (is_literal(one) and is_literal(other)):
        return False
    first, second = value_of(one), value_of(other)
    if first is None or second is None or first[0] == second[0] == "xml":
        return False  # two texts of XML may be one tree
    return first != second


def order(one: Term, other: Term) -> int | None:
    """-1, 0 or 1 as the value of a literal is less than, equal to or greater than another's.

    None where they cannot be compared, as for ``<`` in SPARQL: numbers with numbers, of which a
    decimal beside a float becomes one; texts with texts; moments with moments of the same kind,
    those without a zone not with those that have one.
    """
    first, second = value_of(one), value_of(other)
    if first is None or second is None:
        return None
    if {first[0], second[0]} <= set(_NUMBERS):
        wider = max(first[0], second[0], key=_NUMBERS.index)
        return _compared(_as_number(first, wider), _as_number(second, wider))
    if first[0] != second[0]:
        return None
    if first[0] in _CALENDAR:
        return _moments(first[1], second[1])
    left, right = _sortable(first), _sortable(second)
    return None if left is None or right is None else _compared(left, right)


_NUMBERS: Final = ("number", "float", "double")
"""The spaces of numbers, each promoted to the next (https://www.w3.org/TR/xpath-31/#promotion)."""


def _compared(mine: Any, theirs: Any) -> int | None:  # noqa: ANN401 - of one type, whichever
    if mine != mine or theirs != theirs:  # NaN is neither less nor greater
        return None
    return 0 if mine == theirs else 1 if mine > theirs else -1


def _as_number(value: Value, space: str) -> Decimal | float:
    """A number in a space that is as wide as its own or wider."""
    if space == "number" and isinstance(value[1], Decimal):
        return value[1]
    number = float(str(value[1]))
    return _single(number) if space == "float" else number


def _single(number: float) -> float:
    """The nearest number of single precision."""
    try:
        nearest: float = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        return float("-inf" if number < 0 else "inf")
    return nearest


def _sortable(value: Value) -> object:
    """What a text or a truth value is compared by; None of what has no order."""
    space, what = value
    if space == "text" and isinstance(what, tuple) and what[1] == "":
        return what[0]
    return what if space == "boolean" else None


def _moments(one: Any, other: Any) -> int | None:  # noqa: ANN401 - pieces of a date or time
    """How two moments of a kind compare; None if only one of them has a zone."""
    if one[-1] == other[-1]:
        return _compared(*([piece or 0 for piece in moment[:-1]] for moment in (one, other)))
    if one[-1] is None or other[-1] is None:
        return None
    return _compared(_seconds(one), _seconds(other))


def _seconds(moment: Any) -> Fraction:  # noqa: ANN401
    """Number of seconds since the beginning of the calendar, in UTC."""
    year, month, day, hour, minute, second, offset = moment
    days = _days_before(year or 0, month or 1) + (day or 1)
    minutes = days * 1440 + int(hour or 0) * 60 + int(minute or 0) - offset
    return Fraction(minutes * 60) + Fraction(second or 0)


def _days_before(year: int, month: int) -> int:
    """Number of days before a month, from the beginning of the calendar on."""
    past = year - 1
    leaps = past // 4 - past // 100 + past // 400
    return past * 365 + leaps + sum(_days(year, earlier) for earlier in range(1, month))


def equal_literals(literals: Iterable[Term]) -> list[tuple[Term, Term]]:
    """The pairs of different literals with one value, each in both orders, sorted."""
    by_tail: dict[str, list[Term]] = {}
    for literal in literals:
        by_tail.setdefault(literal[literal.rindex('"') + 1 :], []).append(literal)
    texts = [tail for tail in by_tail if not tail or tail[0] == "@" or tail[2:] in _OF_TEXT]
    if all(tail[:2] != "^^" for tail in texts) and len(set(map(str.lower, texts))) == len(texts):
        for tail in texts:  # each text is written in one way: two that are equal are one
            del by_tail[tail]
    by_value: dict[Value, list[Term]] = {}
    for tail, group in by_tail.items():
        for literal in group:
            if (value := _quick_value(literal, tail)) is not None:
                by_value.setdefault(value, []).append(literal)
    groups = [sorted(set(group)) for group in by_value.values() if len(group) > 1]
    return sorted(pair for group in groups for pair in itertools.permutations(group, 2))


_OF_TEXT: Final = {
    iri(name)
    for name in (
        *("rdf:PlainLiteral", "xsd:string", "xsd:normalizedString", "xsd:token", "xsd:language"),
        *("xsd:Name", "xsd:NCName", "xsd:NMTOKEN"),
    )
}
_INTEGER: Final = f"^^{iri('xsd:integer')}"


def _quick_value(literal: Term, tail: str) -> Value | None:
    """The value of a literal; of what most are without taking it apart."""
    text = literal[1 : -len(tail) - 1]
    if tail == _INTEGER and text.isascii() and text.isdigit():
        return "number", Decimal(text)
    if (not tail or tail[0] == "@") and "\\" not in text:
        return "text", (text, tail[1:].lower())
    return value_of(literal)


def _read(text: str, name: str) -> Value | None:
    """The value that a text has in a datatype of XML Schema."""
    if name in ("string", "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN"):
        return "text", (text, "")
    trimmed = re.sub("[ \t\r\n]+", " ", text).strip(" ")
    if name in ("float", "double"):
        return _floating(trimmed, name)
    if name == "boolean":
        known = {"true": True, "1": True, "false": False, "0": False}
        return ("boolean", known[trimmed]) if trimmed in known else None
    if name == "anyURI":
        return "anyURI", trimmed
    if name in ("hexBinary", "base64Binary"):
        return _binary(trimmed, name)
    if name in _CALENDAR:
        return _calendar(trimmed, name)
    number = re.fullmatch(
        r"[+-]?(\d+(\.\d*)?|\.\d+)" if name == "decimal" else r"[+-]?\d+", trimmed, re.ASCII
    )
    return ("number", Decimal(trimmed)) if number else None


def _floating(text: str, name: str) -> Value | None:
    special = {"INF": "inf", "+INF": "inf", "-INF": "-inf", "NaN": "nan"}
    if text not in special and not re.fullmatch(
        r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text, re.ASCII
    ):
        return None
    number = float(special.get(text, text))
    if name == "float":
        number = _single(number)
    return name, repr(number)


def _binary(text: str, name: str) -> Value | None:
    try:
        if name == "hexBinary":
            return name, binascii.unhexlify(text)
        return name, base64.b64decode(text.replace(" ", ""), validate=True)
    except (binascii.Error, ValueError):
        return None


_CALENDAR: Final = {
    "dateTime": "{date}T{time}",
    "dateTimeStamp": "{date}T{time}",
    "date": "{date}",
    "time": "{time}",
    "gYear": "{year}",
    "gYearMonth": "{year}-{month}",
    "gMonth": "--{month}",
    "gMonthDay": "--{month}-{day}",
    "gDay": "---{day}",
}
_PIECES: Final = {
    "year": r"(?P<year>-?(?:[1-9]\d{3,}|0\d{3}))",
    "month": r"(?P<month>0[1-9]|1[0-2])",
    "day": r"(?P<day>0[1-9]|[12]\d|3[01])",
    "time": r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d(?:\.\d+)?)",
}
_PIECES_WITH_DATE: Final = _PIECES | {
    "date": "-".join(_PIECES[p] for p in ("year", "month", "day"))
}
_ZONE: Final = r"(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
_FORMS: Final = {
    name: re.compile(form.format(**_PIECES_WITH_DATE) + _ZONE, re.ASCII)
    for name, form in _CALENDAR.items()
}
_MIDNIGHT: Final = re.compile(r"(?<!\d)24:00:00(\.0+)?")


def _calendar(text: str, name: str) -> Value | None:
    """A moment or a period: its pieces and the offset of its zone in minutes."""
    ends_day = name in ("time", "dateTime", "dateTimeStamp") and _MIDNIGHT.search(text) is not None
    match = _FORMS[name].fullmatch(_MIDNIGHT.sub("00:00:00", text) if ends_day else text)
    if match is None:
        return None
    found = match.groupdict()
    year, month, day = (int(found[piece]) if found.get(piece) else None for piece in _DATE)
    if month and day and day > _days(year, month):
        return None
    if ends_day and year is not None and month and day:
        year, month, day = _next_day(year, month, day)
    clock = tuple(Decimal(found[piece]) if found.get(piece) else None for piece in _CLOCK)
    zone = found["zone"]
    offset = None
    if zone:
        minutes = 0 if zone == "Z" else int(zone[1:3]) * 60 + int(zone[4:])
        offset = -minutes if zone.startswith("-") else minutes
    return name.removesuffix("Stamp"), (year, month, day, *clock, offset)


_DATE: Final = ("year", "month", "day")
_CLOCK: Final = ("hour", "minute", "second")


def _next_day(year: int, month: int, day: int) -> tuple[int, int, int]:
    if day < _days(year, month):
        return year, month, day + 1
    return (year, month + 1, 1) if month < 12 else (year + 1, 1, 1)


def _days(year: int | None, month: int) -> int:
    """Number of days of a month; of February 29 where the year is not known."""
    if year is None:
        year = 2000
    return calendar.monthrange(2000 if calendar.isleap(year) else 2001, month)[1]

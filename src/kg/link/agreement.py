"""Whether a value that somebody gives for a property is one that the graph has for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from kg.link.gazetteer import fold
from kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Collection

    from kg.link.gazetteer import Gazetteer

_XSD: Final = PREFIXES["xsd"]
NUMBERS: Final = {_XSD + kind for kind in ("integer", "decimal", "float", "double")}
DATES: Final = {_XSD + kind for kind in ("date", "dateTime", "gYearMonth", "gYear")}
TEXTS: Final = {_XSD + "string", PREFIXES["rdf"] + "langString"}
_NUMBER: Final = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_MIDNIGHT: Final = re.compile(r"T00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:00)?$", re.ASCII)
_PERIOD: Final = re.compile(r"\d{4}(?:-\d{2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Given:
    """A value as a client gives it: a text, or what it found before, by id and perhaps name."""

    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A value in the graph: an IRI if it has no datatype, with its folded names if it has some."""

    text: str
    datatype: str = ""
    names: Collection[str] = ()


def agrees(given: Given, value: Value, gazetteer: Gazetteer) -> bool:
    """Whether a given value is the one in the graph: by id, by folded name, or literally.

    An id that means something here decides; one of another service does not, and the name does.
    """
    if not value.datatype:
        if value.text in (given.id, given.text):
            return True
        if meant := set(gazetteer.identified(given.id or given.text)):
            return not meant.isdisjoint(gazetteer.identified(value.text))
        return fold(given.text) in value.names
    return is_literally(given.text, value)


def is_literally(text: str, value: Value) -> bool:
    """Whether a text stands for a literal: texts as names do, numbers by size, dates by the day.

    A year or a month stands for each day in it.
    """
    if text == value.text:
        return True
    if value.datatype in TEXTS:
        sought = fold(text)
        return bool(sought) and sought == fold(value.text)
    if value.datatype in NUMBERS:
        number, other = as_number(text), as_number(value.text)
        return number is not None and number == other
    if value.datatype in DATES:
        day = as_day(text)
        is_period = _PERIOD.fullmatch(day) is not None
        return day == as_day(value.text) or (is_period and value.text.startswith(f"{day}-"))
    return text.casefold() == value.text.casefold()


def as_number(text: str) -> Decimal | None:
    """The number that a text is; None if it is none, or one that nobody writes out."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def as_day(text: str) -> str:
    """A date without its time if that is midnight, as spreadsheets have their dates."""
    return _MIDNIGHT.sub("", text)

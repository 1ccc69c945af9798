"""Dates to periods: the days that a date, a month or a year admits."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import rdflib
from rdflib import XSD

if TYPE_CHECKING:
    from rdflib.term import Node


@dataclass(frozen=True)
class Period:
    """First and last day that something dated may have; None where the source leaves it open."""

    first: date | None
    last: date | None

    def overlaps(self, other: Period) -> bool:
        """Whether some day is admitted by both."""
        return not (self.precedes(other) or other.precedes(self))

    def precedes(self, other: Period) -> bool:
        """Whether every day of this one is before every day of the other."""
        return self.last is not None and other.first is not None and self.last < other.first


def period(value: Node | None) -> Period | None:
    """The days that an xsd:date, xsd:gYearMonth or xsd:gYear admits; None for any other term."""
    if not isinstance(value, rdflib.Literal) or value.ill_typed:
        return None
    try:
        return _period(str(value), value.datatype)
    except ValueError:  # a year or a month that no calendar has
        return None


def _period(text: str, datatype: rdflib.URIRef | None) -> Period | None:
    if datatype == XSD.date:
        day = date.fromisoformat(text[:10])
        return Period(day, day)
    if datatype == XSD.gYearMonth:
        year, month = int(text[:4]), int(text[5:7])
        return Period(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
    if datatype == XSD.gYear:
        return Period(date(int(text[:4]), 1, 1), date(int(text[:4]), 12, 31))
    return None

"""Dates, months and years as the days that they admit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, Literal, URIRef

from kg.graph.periods import Period, period


@pytest.mark.parametrize(
    ("text", "datatype", "days"),
    [
        ("2021-12-23", XSD.date, ("2021-12-23", "2021-12-23")),
        ("2020-02", XSD.gYearMonth, ("2020-02-01", "2020-02-29")),
        ("2021", XSD.gYear, ("2021-01-01", "2021-12-31")),
    ],
)
def test_days(text: str, datatype: URIRef, days: tuple[str, str]) -> None:
    """First and last day, leap years included."""
    found = period(Literal(text, datatype=datatype))

    assert found is not None
    assert (str(found.first), str(found.last)) == days


def test_other_terms_have_none() -> None:
    """Numbers, texts, names, and what is no date."""
    assert period(Literal("2021")) is None
    assert period(Literal(2021)) is None
    assert period(URIRef("urn:x")) is None
    assert period(None) is None


days = st.dates() | st.none()


@given(days, days, days, days)
def test_overlap_is_mutual(first: object, second: object, third: object, fourth: object) -> None:
    """Two periods overlap both ways or not at all; an open end admits every day."""
    one, other = Period(first, second), Period(third, fourth)  # type: ignore[arg-type]

    assert one.overlaps(other) == other.overlaps(one)
    assert Period(None, None).overlaps(one)
    assert not (one.precedes(other) and one.overlaps(other))

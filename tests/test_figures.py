"""Printed figures become the numbers that they print and the numbers that their digits admit."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph.figures import Interval, interval

PETAFLOP_DAY = Fraction(864 * 10**17)
READINGS = {
    "6.5E+20": (65 * 10**19, 65 * 10**19, 645 * 10**18, 655 * 10**18),
    "2.6B": (26 * 10**8, 26 * 10**8, 255 * 10**7, 265 * 10**7),
    "14.5T": (145 * 10**11, 145 * 10**11, 1445 * 10**10, 1455 * 10**10),
    "345M": (345 * 10**6, 345 * 10**6, 3445 * 10**5, 3455 * 10**5),
    "1.0E+15 to 5.0E+15": (10**15, 5 * 10**15, 95 * 10**13, 505 * 10**13),
    "375 billion": (375 * 10**9, 375 * 10**9, 3745 * 10**8, 3755 * 10**8),
    "2-3 million": (2 * 10**6, 3 * 10**6, 15 * 10**5, 35 * 10**5),
    "64": (64, 64, 64, 64),
    "1,750": (1750, 1750, 1750, 1750),
    "around 3634": (3634, 3634, 3633, 3635),
    "up to 174T": (None, 174 * 10**12, None, 1745 * 10**11),
    "nearly 100": (None, 100, None, 100),
    "at least 3": (3, None, 3, None),
    "more than 2.5": (Fraction(5, 2), None, Fraction(49, 20), None),
    "8%": (8, 8, Fraction(15, 2), Fraction(17, 2)),
}


@pytest.mark.parametrize("printed", READINGS)
def test_reading(printed: str) -> None:
    """A count is exact; else half a unit of the last digit to each side, a whole one if about."""
    assert len(READINGS) == 15

    read = interval(printed, None, Fraction(1), count=True)

    assert (read.minimum, read.maximum, read.low, read.high) == READINGS[printed]


def test_units_scale_exactly() -> None:
    """Around 3634 petaFLOP/s-days are 3633 to 3635 times 8.64E19 FLOP, without rounding."""
    read = interval("around 3634", None, PETAFLOP_DAY, count=False)

    assert (read.low, read.high) == (3633 * PETAFLOP_DAY, 3635 * PETAFLOP_DAY)
    assert read.value == 3634 * PETAFLOP_DAY
    assert interval("2 to 10", None, Fraction(1, 60), count=False).minimum == Fraction(1, 30)


def test_a_qualifier_by_hand_wins() -> None:
    """What a person notes about the words around a number counts like words in the text."""
    assert interval("3634", "about", Fraction(1), count=True).low == 3633
    assert interval("3634", "atMost", Fraction(1), count=True).minimum is None


@pytest.mark.parametrize("text", ["", "two", "64 GPUs", "3 to 2", "1 to 2 to 3", "1.2.3", "1e9999"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """Words, units in the text, and ranges that run backwards are refused, never guessed."""
    with pytest.raises(ValueError, match=r"number|backwards"):
        interval(text, None, Fraction(1), count=True)


@given(
    st.integers(1, 10**6),
    st.integers(0, 3),
    st.sampled_from(["", "K", "M", "B", "T"]),
    st.booleans(),
)
def test_the_printed_number_is_admitted(whole: int, decimals: int, scale: str, count: bool) -> None:
    """Low is not above minimum, high not below maximum, and a figure agrees with itself."""
    text = f"{whole / 10**decimals:.{decimals}f}{scale}"

    read = interval(text, None, Fraction(1), count=count)

    assert read.low is not None
    assert read.high is not None
    assert read.low <= read.minimum == read.maximum <= read.high
    assert read.overlaps(read)


def test_intervals_overlap_or_not() -> None:
    """Ends that touch overlap; an open end admits everything beyond."""

    def between(low: int | None, high: int | None) -> Interval:
        ends = [None if end is None else Fraction(end) for end in (low, high)]
        return Interval(*ends, *ends, None)

    assert between(1, 2).overlaps(between(2, 3))
    assert not between(1, 2).overlaps(between(3, 4))
    assert not between(3, 4).overlaps(between(1, 2))
    assert between(1, None).overlaps(between(7, 8))
    assert not between(None, 5).overlaps(between(7, 8))

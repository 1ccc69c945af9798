"""Printed numbers to intervals.

A source prints "6.5E+20", "around 3634", "two" weeks or "1.0E+15 to 5.0E+15". From that follow the
numbers it prints (minimum and maximum) and the numbers that its digits admit (low and high): half
a unit of the last digit to either side, a whole unit where the source says about. A bare whole
number of things, such as 64 processors, is a count and exact. All arithmetic is in fractions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

Qualifier = Literal["about", "atLeast", "atMost"]

_SCALES: Final = {
    "": 0,
    "k": 3,
    "thousand": 3,
    "m": 6,
    "million": 6,
    "b": 9,
    "billion": 9,
    "t": 12,
    "trillion": 12,
}
_WORDS: Final[dict[str, Qualifier | None]] = {
    "about": "about",
    "approximately": "about",
    "around": "about",
    "estimated": "about",
    "roughly": "about",
    "at least": "atLeast",
    "more than": "atLeast",
    "over": "atLeast",
    "at most": "atMost",
    "nearly": "atMost",
    "up to": "atMost",
}
_NUMBER: Final = re.compile(
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:[eE](?P<exponent>[+-]?\d{1,3}))?"
    r"\s?(?P<scale>thousand|million|billion|trillion|[KMBTkmbt](?![A-Za-z]))?\s?%?"
)


@dataclass(frozen=True)
class Interval:
    """What a printed figure says and what its digits admit, in its canonical unit.

    ``minimum`` and ``low`` are None below "at most", ``maximum`` and ``high`` above "at least".
    """

    minimum: Fraction | None
    maximum: Fraction | None
    low: Fraction | None
    high: Fraction | None
    qualifier: Qualifier | None

    @property
    def value(self) -> Fraction | None:
        """The one number that the figure prints, or None for a range or a bound."""
        return self.minimum if self.minimum == self.maximum else None

    def overlaps(self, other: Interval) -> bool:
        """Whether some number is admitted by both; an open end admits all."""
        return not (_below(self.high, other.low) or _below(other.high, self.low))


def interval(
    printed: str, qualifier: Qualifier | None, factor: Fraction, *, count: bool
) -> Interval:
    """The interval of a printed text in a unit that is ``factor`` canonical units.

    ``qualifier`` is the one given by hand; without it the text's own words decide. ``count`` says
    that the unit counts things. Raises ``ValueError`` if the text is not one number or a range.
    """
    text = printed.strip()
    lowered = text.lower()
    for word, meaning in _WORDS.items():
        if lowered.startswith(f"{word} "):
            qualifier, text = qualifier or meaning, text[len(word) :].strip()
            break
    numbers = re.fullmatch(rf"({_bare(1)})(?:\s?(?:to|-|–)\s?({_bare(2)}))?", text)
    if numbers is None:
        raise ValueError(f"{printed!r} is not a number or a range of numbers")
    parts = [_NUMBER.fullmatch(part) for part in (numbers[1], numbers["second"]) if part]
    matches = [match for match in parts if match]
    last_scale = matches[-1]["scale"] or ""
    ends = [_read(m, m["scale"] or last_scale) for m in matches]
    (first, step), (last, last_step) = ends[0], ends[-1]
    exact = count and all(re.fullmatch(r"[\d,]+", match.group()) for match in matches)
    width = Fraction(1) if qualifier == "about" else Fraction(0) if exact else Fraction(1, 2)
    minimum, maximum = first * factor, last * factor
    low, high = (first - step * width) * factor, (last + last_step * width) * factor
    if minimum > maximum:
        raise ValueError(f"{printed!r} is a range that runs backwards")
    return Interval(
        minimum=None if qualifier == "atMost" else minimum,
        maximum=None if qualifier == "atLeast" else maximum,
        low=None if qualifier == "atMost" else low,
        high=None if qualifier == "atLeast" else high,
        qualifier=qualifier,
    )


def _bare(group: int) -> str:
    """The pattern of a number without its inner names, the second one under a name of its own."""
    pattern = re.sub(r"\?P<\w+>", "?:", _NUMBER.pattern)
    return pattern if group == 1 else f"?P<second>{pattern}"


def _read(match: re.Match[str], scale: str) -> tuple[Fraction, Fraction]:
    """The number and the unit of its last digit."""
    digits = match["digits"].replace(",", "")
    decimals = len(digits.partition(".")[2])
    power = Fraction(10) ** (int(match["exponent"] or 0) + _SCALES[scale.lower()])
    return Fraction(digits) * power, power / 10**decimals


def _below(first: Fraction | None, second: Fraction | None) -> bool:
    return first is not None and second is not None and first < second

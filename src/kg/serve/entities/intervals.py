"""Claims in conflict as bars on one scale: what the digits of each figure admit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.terms import Term, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kg.serve.entities.figures import Figure
    from kg.serve.entities.page import Side

_LOGARITHMIC: Final = 20
"""Ratio of the largest number to the smallest from which the scale is logarithmic."""
_LEAST: Final = 0.8
_LEFT, _RIGHT = 32.0, 98.0
_LONGEST: Final = 16
"""Letters of a label beside a bar."""


@dataclass(frozen=True)
class Bar:
    """A bar from ``start``, so ``length`` long, both in percent of the drawing's width."""

    figure: Figure
    rank: Term
    label: str
    start: float
    length: float


def bars(sides: Iterable[Side]) -> Sequence[Bar]:
    """A bar for each figure of some sides that has two ends; none if there are less than two."""
    found: list[tuple[Figure, Term, float, float]] = []
    for side in sides:
        for figure in (fact.figure for fact in side.facts if fact.figure):
            low, high = number(figure.low), number(figure.high)
            if low is not None and high is not None:
                found.append((figure, side.rank, low, high))
    if len(found) < 2:
        return []
    smallest = min(low for _, _, low, _ in found)
    largest = max(high for *_, high in found)
    is_log = smallest > 0 and largest / smallest > _LOGARITHMIC

    def scaled(value: float) -> float:
        return math.log(value) if is_log else value

    across = scaled(largest) - scaled(smallest) or 1.0

    def place(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (scaled(value) - scaled(smallest)) / across

    return [
        Bar(
            figure,
            rank,
            figure.printed[:_LONGEST],
            round(place(low), 2),
            round(max(place(high) - place(low), _LEAST), 2),
        )
        for figure, rank, low, high in found
    ]


def number(term: Term | None) -> float | None:
    """The number that a literal is; None if it is none, or not one of any size."""
    if term is None:
        return None
    try:
        found = float(parts(term)[0])
    except ValueError:
        return None
    return found if math.isfinite(found) else None

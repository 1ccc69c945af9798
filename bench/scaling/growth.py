"""How a value grows with the number of models: by which power, and where it passes a bound."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def power(
    sizes: Sequence[float], values: Sequence[float | None], least: float = 0.0
) -> float | None:
    """By which power of the size a value grows between the last two sizes.

    It is the slope between the two, both on a logarithmic scale: 1 is in proportion, 0 not at all.
    None if there are not two, or one of the two values is unknown, 0, or below ``least``.
    """
    if len(sizes) < 2:
        return None
    before, last = values[-2:]
    if before is None or last is None or min(before, last) <= 0 or min(before, last) < least:
        return None
    return math.log(last / before) / math.log(sizes[-1] / sizes[-2])


def reached(
    sizes: Sequence[float], values: Sequence[float | None], bound: float, least: float = 0.0
) -> float | None:
    """The number of models at which a value is ``bound``, if it goes on by its last power.

    None if that power is not known, or is not above 0; infinite if no number could hold it.
    """
    by, last = power(sizes, values, least), values[-1]
    if by is None or last is None or by <= 0:
        return None
    try:
        return sizes[-1] * math.exp(math.log(bound / last) / by)
    except OverflowError:
        return math.inf


def is_faster(of_time: float | None, of_rows: float | None, margin: float) -> bool:
    """Whether a time has a higher power than what a question has to look at and to say.

    That is 1 for a scan, and the power of its rows; ``margin`` is for what measuring leaves open.
    """
    return of_time is not None and of_time > max(1.0, of_rows or 0.0) + margin

"""The numbers and days that items compare: from claims, from counting, and from reckoning.

What is reckoned keeps what it was made of, and does so four times over: with the smallest and the
largest numbers as printed, and with those that the printed digits admit.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from kg.audit.view import Span, hull
from kg.graph.claims import CLLM
from kg.judged import Days, Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kg.audit.view import View
    from kg.graph.claims import Claim
    from kg.graph.periods import Period
    from kg.judged import Statement

ONE: Final = str(CLLM.one)


def figure(view: View, claim: Claim, *, named: bool = False) -> list[Quantity]:
    """The figure of a claim, if it has a number; ``named`` after its subject, too."""
    label = view.printed(claim)
    found = readings(view, [claim], f"{view.name(claim.subject)}: {label}" if named else label)
    return [found] if found else []


def readings(view: View, claims: Sequence[Claim], label: str) -> Quantity | None:
    """All that the figures of one property admit together, None if there are none."""
    values = [claim.value for claim in claims]
    admitted, plain = hull(values), hull(values, printed=True)
    if admitted is None or plain is None:
        return None
    unit = view.ontology.value(claims[0].predicate, CLLM.canonicalUnit)
    ends = plain.low, plain.high, admitted.low, admitted.high
    said = tuple(dict.fromkeys(map(view.claimed, claims)))
    return Quantity(label, *ends, str(unit or ONE), said)


def exact(
    label: str, value: Fraction | float, statements: Iterable[Statement] = (), unit: str = ONE
) -> Quantity:
    """A number that is known: a count, a share, a factor."""
    known = Fraction(value)
    return Quantity(label, known, known, known, known, unit, tuple(dict.fromkeys(statements)))


def product(label: str, unit: str, factors: Sequence[Quantity]) -> Quantity:
    """The product of numbers of which none is negative."""
    return Quantity(label, *_reckoned(factors, math.prod), unit, factors=tuple(factors))


def total(label: str, summands: Sequence[Quantity]) -> Quantity:
    """The sum of some numbers of one unit."""
    return Quantity(label, *_reckoned(summands, sum), summands[0].unit, summands=tuple(summands))


def _reckoned(
    quantities: Sequence[Quantity], how: Callable[[Iterable[Fraction]], Fraction | int]
) -> tuple[Fraction | None, Fraction | None, Fraction | None, Fraction | None]:
    """The four ends of what is reckoned; one is open if it is in any of the quantities."""

    def of(numbers: Iterable[Fraction | None]) -> Fraction | None:
        found = list(numbers)
        known = [number for number in found if number is not None]
        return Fraction(how(known)) if len(known) == len(found) else None

    return (
        of(quantity.minimum for quantity in quantities),
        of(quantity.maximum for quantity in quantities),
        of(quantity.low for quantity in quantities),
        of(quantity.high for quantity in quantities),
    )


def printed(quantity: Quantity) -> Span:
    """The numbers of a quantity as they are printed."""
    return Span(quantity.minimum, quantity.maximum)


def days(label: str, period: Period, statements: Iterable[Statement] = ()) -> Days:
    """The days of a period."""
    return Days(label, period.first, period.last, tuple(dict.fromkeys(statements)))

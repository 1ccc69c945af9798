"""The numbers of the table, and the digits of them that somebody may have meant.

A program has written them: 2600000000.0 for 2.6 billion, 3.600000000001e+22 for 3.6e22,
650280960000000000000.00 for 6.5028096e20. Taken by their letters they would contradict any source
that prints fewer digits. So a figure keeps the text of the cell, and beside it the digits without
padding and without what binary fractions, or numbers added to tell rows apart, leave at the end.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

from kg.graph.figures import interval

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?P<power>[eE][+-]?\d{1,3})?")
_RESIDUE: Final = re.compile(r"(\d+?)(?:0{6,}\d{1,3}|9{6,}\d{0,3})")
"""Digits that are meant, a run of zeros or nines, and at most three digits after it."""
MEANT: Final = 2
"""Digits that a number written in full means at least, if it has so many before the point."""
LONGEST: Final = 60
"""Characters of a cell with a number or a range of numbers, at most."""
MOST: Final = 10**100
"""No figure is so large: well below what a double can be."""
COUNTED: Final = 2**63
"""No count is so large: what engines hold of an integer."""


def digits(cell: str, most: int = MOST) -> str:
    """The digits that are meant by a cell: itself, if it is a range or all of its digits are.

    >>> digits("2600000000.0"), digits("200000000000.0"), digits("3.600000000001e+22")
    ('2.6E+9', '2.0E+11', '3.6E+22')
    >>> digits("336.0"), digits("0.1"), digits("3e+23")
    ('336', '0.1', '3e+23')

    Raises ``ValueError`` if it is no number, or not between zero and ``most``.
    """
    if not cell.isascii() or len(cell) > LONGEST:  # digits may be of any script, and thousands
        raise ValueError(f"{cell[:LONGEST]!r} is not a number")
    match = _NUMBER.fullmatch(cell)
    text = cell
    if match is not None:
        meant = _meant(Decimal(cell), in_full=not match["power"])
        if meant.as_tuple() != Decimal(cell).as_tuple():
            plain = meant.as_tuple().exponent in range(-6, 1)
            text = f"{meant:f}" if plain else f"{meant:E}"
    found = interval(text, None, Fraction(1), count=False)
    if found.low is None or found.low <= 0:
        raise ValueError(f"{cell!r} is not above zero")
    if found.high is None or found.high >= most:
        raise ValueError(f"{cell!r} is too large")
    return text


def whole(cell: str) -> str:
    """The digits of a cell that counts things. Raises ``ValueError`` if it does not."""
    digits(cell, COUNTED)
    if not _NUMBER.fullmatch(cell) or Decimal(cell) % 1:
        raise ValueError(f"{cell!r} is not a whole number")
    return f"{Decimal(cell):.0f}"


def _meant(number: Decimal, *, in_full: bool) -> Decimal:
    """A number without padding and without the residue at its end."""
    plain = number.normalize()
    match = _RESIDUE.fullmatch("".join(map(str, plain.as_tuple().digits)))
    if match is not None:
        step = Decimal(1).scaleb(plain.adjusted() - len(match[1]) + 1)
        plain = plain.quantize(step).normalize()
    _, said, power = plain.as_tuple()
    if in_full and len(said) < MEANT and isinstance(power, int) and power > 0:
        return plain.quantize(Decimal(1).scaleb(power - MEANT + len(said)))
    return plain

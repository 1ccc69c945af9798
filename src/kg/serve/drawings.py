"""What an item of the audit compares, as a table to be read and a drawing of it.

The rows of the table are intervals: what is printed, and what its digits admit. A cell gives both
ends as ``first/last`` (https://www.iso.org/standard/70908.html has dates so), ``..`` for an open
one. The drawing (``web/src/compared.ts``) is made of the table; what it needs beside is said here:
the scale, the unit, and what lies between the lowest and the highest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from kg.judged import Days, Quantity
from kg.judged.findings import text
from kg.serve.wording import ngettext
from kg.store import Number
from kg.terms import iri, is_literal, parts

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from kg.judged import Item, Statement
    from kg.terms import Term as Text

LARGE: Final = 8
"""From this ratio of the highest to the lowest number on, the axis is one of powers."""
DOUBLE: Final = 2
"""From this ratio on an axis begins at zero, where it is not one of powers."""
_EXPONENT: Final = 1_000_000
_OPEN: Final = ".."
_NUMBERS: Final = {iri(f"xsd:{name}") for name in ("decimal", "double", "float", "integer")}


@dataclass(frozen=True)
class Row:
    """One of the intervals that are compared: in words, and as the drawing reads them."""

    label: str
    printed: str
    printed_value: str
    admitted: str
    admitted_value: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Drawing:
    """The rows, the lowest first, and how they are drawn: ``chart`` is what the figure is given."""

    rows: tuple[Row, ...]
    chart: Mapping[str, str]
    unit: str
    reckoned: tuple[Quantity, ...]
    """Those of the quantities that are made of others."""

    @property
    def is_dated(self) -> bool:
        """Whether the intervals are of days."""
        return not self.unit

    @property
    def has_widths(self) -> bool:
        """Whether digits admit more than they print."""
        return any(row.printed_value != row.admitted_value for row in self.rows)


def drawing(item: Item) -> Drawing | None:
    """How an item is drawn; None if it compares nothing."""
    quantities = [one for one in item.compared if isinstance(one, Quantity)]
    days = [one for one in item.compared if isinstance(one, Days)]
    if quantities:
        return _of_numbers(quantities, item.ratio)
    return _of_days(days) if days else None


def _of_numbers(quantities: Sequence[Quantity], ratio: float | None) -> Drawing:
    ordered = sorted(quantities, key=lambda q: (_middle(q), q.label))
    rows = tuple(
        Row(
            one.label,
            in_words(one.minimum, one.maximum),
            _interval(one.minimum, one.maximum),
            in_words(one.low, one.high),
            _interval(one.low, one.high),
            one.statements,
        )
        for one in ordered
    )
    chart = {
        "mark": "compared",
        "label": "what",
        "printed": "printed",
        "admitted": "admitted",
        "where": "where",
        "scale": _scale(quantities),
    }
    if ratio is not None and _middle(ordered[0]) < _middle(ordered[-1]):
        chart["gap"] = f"× {digits(Fraction(ratio))}"
    reckoned = tuple(one for one in ordered if one.parts)
    return Drawing(rows, chart, ordered[0].unit, reckoned)


def _of_days(days: Sequence[Days]) -> Drawing:
    ordered = sorted(days, key=lambda one: (str(one.first or one.last), one.label))
    rows = []
    for one in ordered:
        words, value = _dated(one.first, one.last)
        rows.append(Row(one.label, words, value, words, value, one.statements))
    chart = {
        "mark": "compared",
        "label": "what",
        "printed": "printed",
        "where": "where",
        "scale": "time",
    }
    first, last = ordered[0], ordered[-1]
    if first.last is not None and last.first is not None and first.last < last.first:
        apart = (last.first - first.last).days
        chart["gap"] = ngettext("%(days)s day", "%(days)s days", apart) % {"days": apart}
    return Drawing(tuple(rows), chart, "", ())


def _ends(quantity: Quantity) -> Iterator[Fraction]:
    """The numbers that a quantity is between."""
    ends = quantity.minimum, quantity.maximum, quantity.low, quantity.high
    yield from (end for end in ends if end is not None)


def _middle(quantity: Quantity) -> Fraction:
    ends = [*_ends(quantity)]
    return (min(ends) + max(ends)) / 2 if ends else 0  # type: ignore[return-value]


def _scale(quantities: Sequence[Quantity]) -> str:
    """The kind of axis: of powers for large ratios, from zero for counts, else close up."""
    ends = [end for quantity in quantities for end in _ends(quantity)]
    lowest, highest = min(ends, default=0), max(ends, default=0)
    if lowest > 0 and highest / lowest >= LARGE:
        return "log"
    is_counted = all(quantity.low == quantity.high for quantity in quantities)
    return "zero" if is_counted or lowest <= 0 or highest / lowest >= DOUBLE else "linear"


def in_words(low: Fraction | None, high: Fraction | None) -> str:
    """The numbers from one to another, in few digits."""
    if low == high and low is not None:
        return digits(low)
    if low is None or high is None:
        return f"≥ {digits(low)}" if low is not None else f"≤ {digits(high)}" if high else "?"
    return f"{digits(low)} – {digits(high)}"


def digits(value: Fraction) -> str:
    """A number in at most four digits, and a power of ten from a million on."""
    few = f"{float(value):.4g}"
    if abs(value) >= _EXPONENT:
        mantissa, _, power = f"{float(value):.3e}".partition("e+")
        return f"{mantissa.rstrip('0').rstrip('.')}E{int(power)}"
    return f"{int(few):,}" if few.isdigit() else few


def _interval(low: Fraction | None, high: Fraction | None) -> str:
    first, last = (_OPEN if end is None else repr(float(end)) for end in (low, high))
    return f"{first}/{last}"


def _dated(first: dt.date | None, last: dt.date | None) -> tuple[str, str]:
    """A span of days in words, and as ISO 8601 has it."""
    ends = [_OPEN if day is None else day.isoformat() for day in (first, last)]
    words = ends[0] if first == last else " – ".join("?" if end == _OPEN else end for end in ends)
    return words, "/".join(ends)


def shown(term: Text | None) -> str | None:
    """A term in plain text, which pages know for a number if it is one."""
    if term is None or not is_literal(term):
        return text(term)
    plain, datatype, _ = parts(term)
    return Number(plain) if datatype in _NUMBERS else plain

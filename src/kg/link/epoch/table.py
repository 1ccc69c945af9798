"""Epoch AI's table of models as it is printed: columns found by name, cells as text.

The versions of the file differ: columns come and go, stand in another order, and ``System`` became
``Model``. What is needed and not there is said at once, by name.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from kg.errors import BadInput, BadSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "name": ("Model", "System"),
    "organizations": ("Organization",),
    "date": ("Publication date",),
    "link": ("Link",),
    "parameters": ("Parameters",),
    "compute": ("Training compute (FLOP)",),
}
"""The columns without which a table is refused, each with its names, the newest first."""
_OTHERS: Final[dict[str, tuple[str, ...]]] = {
    "parameters notes": ("Parameters notes",),
    "compute notes": ("Training compute notes",),
    "hours": ("Training time (hours)",),
    "hours notes": ("Training time notes",),
    "hardware": ("Training hardware",),
    "count": ("Hardware quantity",),
    "confidence": ("Confidence",),
    "modified": ("Last modified",),
}
_SEPARATOR: Final = re.compile(r",(?! )")
"""Between the names of a list; a comma before a blank is part of a name."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table: its number from one, below the header, and its cells by column.

    A cell has no control characters and no blanks around it, ends its lines with a line feed, and
    is empty where the table has none.
    """

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def name(self) -> str:
        """The name of the model on one line."""
        return " ".join(self["name"].split())

    def names(self, column: str) -> list[str]:
        """The names in a cell that lists some, in their order, each once and on one line."""
        found = (" ".join(name.split()) for name in _SEPARATOR.split(self[column]))
        return list(dict.fromkeys(name for name in found if name))


@dataclass(frozen=True)
class Problem:
    """What of a row could not be taken: its number, the name of its model, and the reason."""

    row: int
    name: str
    reason: str

    def __str__(self) -> str:
        return f"row {self.row}{f' ({self.name})' if self.name else ''}: {self.reason}"


@dataclass(frozen=True)
class Table:
    """The rows that can be read, what is wrong with the others, and the last change of any.

    ``modified`` is an ISO date, empty if the table does not say.
    """

    entries: Sequence[Entry]
    problems: Sequence[Problem]
    modified: str

    @property
    def size(self) -> int:
        """The number of rows of the file."""
        return len(self.entries) + len(self.problems)


def read(data: bytes, shown: str) -> Table:
    """Read the bytes of a CSV file (RFC 4180) in UTF-8; ``shown`` is how messages name it.

    Raises ``BadSource`` if it is no such file, ``BadInput`` if it lacks a column that is needed.
    """
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadSource(shown, line, "this is not UTF-8 text.") from None
    except csv.Error as error:
        raise BadSource(shown, None, f"it cannot be read as CSV: {error}.") from None
    header = [" ".join(name.split()) for name in lines[0]] if lines else []
    places = _places(header, shown)
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, row in enumerate((row for row in lines[1:] if row), 1):
        cells = {column: _plain(row[p]) for column, p in places.items() if p < len(row)}
        entry = Entry(number, cells)
        if len(row) != len(header):
            reason = f"it has {len(row)} cells where the header has {len(header)}; not loaded."
            problems.append(Problem(number, entry.name, reason))
        elif not entry.name:
            problems.append(Problem(number, "", "it has no name; not loaded."))
        else:
            entries.append(entry)
    modified = (_DAY.match(entry["modified"]) for entry in entries)
    return Table(entries, problems, max((m[0] for m in modified if m and day(m[0])), default=""))


def _places(header: Sequence[str], shown: str) -> dict[str, int]:
    """The place of each column that the table has.

    Raises ``BadInput`` if it lacks one that is needed.
    """
    found = {
        column: header.index(name)
        for column, names in (_NEEDED | _OTHERS).items()
        for name in reversed(names)
        if name in header
    }
    missing = [" or ".join(names) for column, names in _NEEDED.items() if column not in found]
    if missing:
        raise BadInput(
            f"{shown} is no table of models of Epoch AI: it has no column {', '.join(missing)}."
        )
    return found


def _plain(text: str) -> str:
    """A text without control characters and blanks around it."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def day(text: str) -> bool:
    """Whether a text is a day as ISO 8601 and XML Schema write it, as in 2021-03-11."""
    try:
        return bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False

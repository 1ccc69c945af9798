"""The rows of an answer, seen in the bytes that the engine writes: where they end, how many."""

from __future__ import annotations

import re
from typing import Final

_OPENING: Final = b'"bindings":['
_BETWEEN: Final = b'}},{"'
_MARK: Final = re.compile(rb'\}\},\{"[^"\\{}:,]+":\{"type":"')
_MOST_OF_MARK: Final = 200
_END_OF_ROW: Final = 2
"""Bytes of the mark that are the row's before."""
_MOST_LEFT: Final = 1_000_000
_MARKS: Final = {
    "json": (_OPENING + b"{", _BETWEEN),
    "xml": (b"<result>",),
    "tsv": (b"\n",),
    "ntriples": (b"\n",),
    "nquads": (b"\n",),
}
"""What stands once for each row, in formats where hardly anything else looks like it."""
_HEADED: Final = ("csv", "tsv")
"""Formats in which a line stands before the rows."""


class Count:
    """Counts rows, or triples, while they are written, in the formats that show them.

    In JSON a text that ends in ``}},{`` counts as one more, and rows without values count as one.
    """

    def __init__(self, format_name: str) -> None:
        self._format = format_name
        self._marks = _MARKS.get(format_name, ())
        self._found = 0
        self._is_quoted = False
        self._ends = [b"" for _ in self._marks]

    def note(self, piece: bytes) -> None:
        """Count what is in a piece."""
        if self._format == "csv":
            for number, part in enumerate(piece.split(b'"')):
                self._is_quoted ^= number > 0
                self._found += 0 if self._is_quoted else part.count(b"\n")
        for number, mark in enumerate(self._marks):
            seen = self._ends[number] + piece
            self._found += seen.count(mark)
            self._ends[number] = seen[max(0, len(seen) - len(mark) + 1) :]

    def total(self) -> int | None:
        """The number so far; None in formats that do not show it."""
        if self._format == "csv" or self._marks:
            return max(0, self._found - (self._format in _HEADED))
        return None


class Rows:
    """Lets through whole rows of JSON: what is left of the last one waits for its end.

    A row ends before the mark of the next one: what would look like it in a text ends that text.
    Rows without values have no such mark; if too much waits, all goes on and nothing can be cut.
    """

    def __init__(self) -> None:
        self._left = bytearray()
        self.can_be_cut = False
        """Whether what has gone on ends where a row may."""
        self._is_given_up = False

    def whole(self, piece: bytes) -> bytes:
        """What can go on, now that there is one more piece."""
        if self._is_given_up:
            return piece
        seen = max(0, len(self._left) - _MOST_OF_MARK)
        self._left += piece
        end = 0
        if not self.can_be_cut:
            opened = self._left.find(_OPENING)
            end = opened + len(_OPENING) if opened >= 0 else 0
            self.can_be_cut = end > 0
        at = len(self._left)
        while (at := self._left.rfind(_BETWEEN, max(seen, end), at)) >= 0:
            if _MARK.match(self._left, at):
                end = at + _END_OF_ROW
                break
        if end == 0 and len(self._left) > _MOST_LEFT:
            self.can_be_cut, self._is_given_up = False, True
            end = len(self._left)
        whole = bytes(self._left[:end])
        del self._left[:end]
        return whole

    def rest(self) -> bytes:
        """What has not gone on."""
        return bytes(self._left)

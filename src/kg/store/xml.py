"""XML that the engine writes, looked at for what XML cannot hold."""

from __future__ import annotations

import re
from typing import IO, Final

from kg.errors import BadQuery

_WRONG: Final = re.compile(
    rb"(?P<name><oxprefix: )|[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]"
)
"""An element that the engine could give no name, and characters that no XML has."""
_MOST_OF_IT: Final = 11
_NO_NAME: Final = "a property whose IRI ends in no name"
_NO_CHARACTER: Final = "a control character"


class Wellformed:
    """A file that raises ``BadQuery`` for what would make the XML that is written none.

    See https://www.w3.org/TR/xml/#charsets for characters, and for the names of properties
    https://www.w3.org/TR/rdf-syntax-grammar/#section-Serialising.
    """

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._end = b""

    def write(self, piece: bytes) -> int:
        """Write a piece."""
        seen = self._end + piece
        if found := _WRONG.search(seen):
            what = _NO_NAME if found["name"] else _NO_CHARACTER
            raise BadQuery(f"the answer has {what}, which XML cannot hold: ask for another format.")
        self._end = seen[-_MOST_OF_IT:]
        return self._out.write(piece)

    def flush(self) -> None:
        """Pass on what is written."""
        self._out.flush()

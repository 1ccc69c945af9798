"""Where the table says that it has a figure from: only what a note says, in its own words.

A note that mentions a work beside others is no source. One that begins a line with "source:", or
says "taken from", names where the figure is from; then agreement with that work confirms nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kg.terms import Term, iri

if TYPE_CHECKING:
    from collections.abc import Collection

_LEAD: Final = (
    r"(?:^[\d.\s]*source:|\btaken from)\s*https?://(?:web\.archive\.org/web/\d+/https?://)?"
)
_WORKS: Final[tuple[tuple[str, Term], ...]] = (
    (
        r"(?:www\.)?governance\.ai/research-paper/recent-trends-chinas-llm-landscape",
        iri("reference:ding-xiao-2023"),
    ),
    (
        r"(?:lair\.lighton\.ai|github\.com/lightonai)/akronomicon",
        "<https://lair.lighton.ai/akronomicon/>",
    ),
)
"""Addresses of works, and what they are in the graph or on the web."""
_PATTERNS: Final = tuple(
    (re.compile(_LEAD + address + r"(?![\w-])", re.IGNORECASE | re.MULTILINE), work)
    for address, work in _WORKS
)
_OURS: Final = iri("reference:")[:-1]


def works_of(note: str, references: Collection[str]) -> list[Term]:
    """The works that a note says its figure is from; of ours only those among ``references``."""
    found = [work for pattern, work in _PATTERNS if pattern.search(note)]
    return [work for work in found if not work.startswith(_OURS) or work[1:-1] in references]

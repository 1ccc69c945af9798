"""The addresses in the link of a row, and the works that they lead to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_ARXIV: Final = re.compile(
    r"arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})", re.IGNORECASE
)
_DOI: Final = re.compile(r"(?:/doi|//(?:dx\.)?doi\.org)/(?:[a-z]+/)?(10\.\d{4,9}/[^\s/?#]+)")


@dataclass(frozen=True)
class Work:
    """An address, with the arXiv number and the DOI in lower case that are in it, if they are."""

    address: str
    arxiv: str = ""
    doi: str = ""


def works(link: str) -> Iterator[Work]:
    """What the addresses in a cell lead to, in their order."""
    for match in _ADDRESS.finditer(link):
        address = match[0].rstrip(".,;)")
        arxiv, doi = _ARXIV.search(address), _DOI.search(address)
        yield Work(address, arxiv[1] if arxiv else "", doi[1].lower() if doi else "")

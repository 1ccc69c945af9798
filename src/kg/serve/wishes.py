"""What a client wishes for, as its headers say it: pure functions, whose answers are remembered."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from werkzeug.datastructures import Accept, MIMEAccept
from werkzeug.http import parse_accept_header

from kg.encodings import ENCODINGS

HTML: Final = "text/html"
_NEVER_OFFERED: Final = "application/xhtml+xml"
"""What browsers wish for as much as for HTML."""
_MOST: Final = 256


@lru_cache(_MOST)
def encoding_of(header: bytes) -> str:
    """The content encoding that is liked best of ours, or an empty text for none.

    ``header`` is ``Accept-Encoding`` (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3).
    """
    wishes = parse_accept_header(header.decode("latin-1"), Accept)
    least = max((quality for name, quality in wishes if name == "identity"), default=0)
    offered = [name for name in ENCODINGS if wishes.quality(name) > 0]
    best = max(offered, key=wishes.quality, default="")
    return best if best and wishes.quality(best) >= least else ""


@lru_cache(_MOST)
def prefers_pages(header: bytes) -> bool:
    """Whether a client would rather have a page than anything else, wherever there is one.

    ``header`` is ``Accept`` (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1).
    """
    wishes = parse_accept_header(header.decode("latin-1"), MIMEAccept)
    others = [quality for name, quality in wishes if name not in (HTML, _NEVER_OFFERED)]
    return wishes.quality(HTML) > max(others, default=0)

"""Text as a page shows it: what nobody could see in it stands there as U+FFFD.

Data may hold characters that show nothing, and yet do something: control characters, which HTML
does not allow (https://html.spec.whatwg.org/multipage/syntax.html#text-2), and those that turn the
text around them round (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters), by
which a name can be made to read as another one. Letters that are written from right to left need
none of the latter. Answers as data keep all of them.
"""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup

_UNSEEN: Final = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]"
)
_SHOWN: Final = "\N{REPLACEMENT CHARACTER}"


def visible(value: object) -> object:
    """What a template puts into a page, with a mark for each character that would not be seen."""
    if not isinstance(value, str) or not _UNSEEN.search(value):
        return value
    shown = _UNSEEN.sub(_SHOWN, value)
    return Markup(shown) if isinstance(value, Markup) else shown  # noqa: S704 - it was one before

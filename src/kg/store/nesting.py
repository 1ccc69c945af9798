"""How deep a document nests, found without a parser: one that recurses too far ends the process.

Oxigraph's parser of JSON-LD does so at some thousand brackets, and takes time with their square, as
that of RDF/XML does; those of the other syntaxes do so at some ten thousand triples in triples.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

if TYPE_CHECKING:
    import mmap

MOST: Final = 500
"""Levels that no document needs."""
TOO_DEEP: Final = f"it nests more than {MOST} levels deep."
_JSON: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)
_XML: Final = re.compile(
    rb"""<!--(?:[^-]|-(?!->))*+ | <!\[CDATA\[(?:[^\]]|\](?!\]>))*+ | <\?(?:[^?]|\?(?!>))*+
    | (?P<close></)
    | (?P<open><) (?:"[^"]*+"? | '[^']*+'? | [^"'>/] | /(?!>))*+ (?P<empty>/>)?""",
    re.VERBOSE,
)
_TRIPLE: Final = re.compile(rb"<<\(")
_TURTLE: Final = re.compile(
    rb'''"""(?:[^"\\]|\\.|"(?!""))*+(?:""")? | \'\'\'(?:[^'\\]|\\.|'(?!\'\'))*+(?:\'\'\')?
    | "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'? | \#[^\n]*+ | <[^<>"{}|^`\\\x00-\x20]*+>
    | \\. | (?P<open><<\() | (?P<close>\)>>)''',
    re.VERBOSE | re.DOTALL,
)


def is_too_deep(document: bytes | mmap.mmap, syntax: ox.RdfFormat) -> bool:
    """Whether a document nests deeper than parsers bear, in time that grows with its length."""
    if syntax == ox.RdfFormat.JSON_LD:
        return _is_deeper(document, _JSON)
    if syntax == ox.RdfFormat.RDF_XML:
        return _is_deeper(document, _XML)
    few = sum(1 for _ in itertools.islice(_TRIPLE.finditer(document), MOST + 1)) <= MOST
    return not few and _is_deeper(document, _TURTLE)


def _is_deeper(document: bytes | mmap.mmap, pattern: re.Pattern[bytes]) -> bool:
    depth = 0
    for match in pattern.finditer(document):
        if match.lastgroup == "open":
            depth += 1
            if depth > MOST:
                return True
        elif match.lastgroup == "close":
            depth -= 1
    return False

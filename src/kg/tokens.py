"""One tokenizer for SPARQL and Turtle, whose terminals are the same.

The terminals are those of SPARQL 1.1 Query Language, section 19.8, and RDF 1.1 Turtle, section
6.5: https://www.w3.org/TR/sparql11-query/#sparqlGrammar, https://www.w3.org/TR/turtle/#sec-grammar.
It never fails: a character that begins no terminal becomes a token of kind ``other``, and a quote
that nothing closes, which no parser accepts, makes the rest of its line one of kind ``unended``. So
what is judged on tokens is judged on the whole text. It takes time in proportion to the text: no
alternative can try the same stretch twice (prefixes are at most 200 characters long).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPE: Final = r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[tbnrf\\\"'])"
_LETTER: Final = r"[^\W\d_]"
_OF_IRI: Final = r"[^<>\"{}|^`\\\x00-\x20]"
_OF_NAME: Final = r"%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?#@%\-]"

_TERMINALS: Final = re.compile(
    rf"""
    (?:\s++|\#[^\n\r]*+)*+
    (?:
      (?P<iri><{_OF_IRI}*+(?:(?:\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}}){_OF_IRI}*+)*+>)
    | (?P<string>
          \"\"\"(?:[^\"\\]++|\"{{1,2}}(?!\")|{_ESCAPE})*+\"\"\"
        | '''(?:[^'\\]++|'{{1,2}}(?!')|{_ESCAPE})*+'''
        | \"(?:[^\"\\\n\r]++|{_ESCAPE})*+\"
        | '(?:[^'\\\n\r]++|{_ESCAPE})*+'
      )
    | (?P<unended>[\"'][^\n\r]*+)
    | (?P<variable>[?$]\w+)
    | (?P<at>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    | (?P<blank>_:\w(?:[\w.\-]*[\w\-])?)
    | (?P<name>
          (?:{_LETTER}[\w.\-]{{0,200}}+)?:
          (?:(?:[\w:]|{_OF_NAME})(?:[\w:\-]++|{_OF_NAME}|\.++(?=[\w:\-]|{_OF_NAME}))*+)?
      )
    | (?P<number>[+\-]?(?:\d+\.\d*[eE][+\-]?\d+|(?:\d*\.\d+|\d+)(?:[eE][+\-]?\d+)?))
    | (?P<word>{_LETTER}\w*)
    | (?P<mark>\^\^|&&|\|\||!=|<=|>=|<<|>>|\{{\||\|\}}|[{{}}()\[\];,.|/^*+\-!=<>])
    | (?P<other>.)
    | \Z
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_CODEPOINT: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")


class Token(NamedTuple):
    """A terminal: its kind (the name of its group), its text, where it starts."""

    kind: str
    text: str
    start: int


def tokens(text: str) -> Iterator[Token]:
    """The tokens of ``text`` in order, without white space and comments."""
    for match in _TERMINALS.finditer(text):
        if kind := match.lastgroup:
            yield Token(kind, match[kind], match.start(kind))


def words(text: str) -> list[tuple[str, str]]:
    """The tokens as pairs of kind and text: for what looks at all of them more than once."""
    found = _TERMINALS.finditer(text)
    return [(kind, match[kind]) for match in found if (kind := match.lastgroup)]


def without_codepoint_escapes(text: str) -> str:
    r"""``text`` with each ``\u`` and ``\U`` replaced by its character.

    SPARQL does so before it looks for terminals (section 19.2), so a keyword may hide in them.
    An escape that names no character stays as it is.
    """
    return _CODEPOINT.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    number = int(match.group(1) or match.group(2), 16)
    return chr(number) if number <= 0x10FFFF else match.group()


class Lines:
    """The line numbers, from one, of the positions in a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def at(self, position: int) -> int:
        """The number of the line that holds ``position``."""
        return bisect_right(self._starts, position)

    def start(self, line: int) -> int:
        """The position at which line number ``line`` starts."""
        return self._starts[line - 1]

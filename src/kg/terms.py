"""Terms as N-Triples writes them (https://www.w3.org/TR/n-triples/): plain text, and so quick.

A literal of the datatype ``xsd:string`` has no datatype in its text, as in the canonical form.
"""

from __future__ import annotations

import re
from typing import Final

from kg.namespaces import PREFIXES

Term = str
"""An IRI in angle brackets, a blank node, or a literal; in a pattern also ``?name``."""
Triple = tuple[Term, Term, Term]
"""Subject, predicate, object; where rules say things of literals, a subject may be one."""

_LITERAL: Final = re.compile(r'"(.*)"(?:\^\^(<.*>)|@([\w-]+))?', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_LETTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPED: Final = re.compile('[\\\\"\\x00-\\x1f\\x7f\\ufffe\\uffff]')
_NAMED: Final = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}


def iri(name: str) -> Term:
    """The term of a prefixed name of the project's table."""
    prefix, _, local = name.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


def literal(text: str, datatype: str = "", language: str = "") -> Term:
    """The term of a literal; ``datatype`` is an IRI without brackets."""
    quoted = f'"{_ESCAPED.sub(_escaped, text)}"'
    if language:
        return f"{quoted}@{language}"
    return quoted if datatype in ("", f"{PREFIXES['xsd']}string") else f"{quoted}^^<{datatype}>"


def _escaped(match: re.Match[str]) -> str:
    return _NAMED.get(match.group(), f"\\u{ord(match.group()):04X}")


def is_variable(term: Term) -> bool:
    """Whether a term of a pattern stands for any."""
    return term[0] == "?"


def is_literal(term: Term) -> bool:
    """Whether a term is a literal."""
    return term[0] == '"'


def is_blank(term: Term) -> bool:
    """Whether a term is a blank node."""
    return term[0] == "_"


def parts(literal: Term) -> tuple[str, Term, str]:
    """The text of a literal, its datatype, and its language tag or an empty text.

    Raises ``ValueError`` for another term.
    """
    match = _LITERAL.fullmatch(literal)
    if match is None:
        raise ValueError(f"{literal} is not a literal of N-Triples")
    text = _ESCAPE.sub(_unescaped, match[1]) if "\\" in match[1] else match[1]
    language = match[3] or ""
    return text, match[2] or iri("rdf:langString" if language else "xsd:string"), language


def _unescaped(match: re.Match[str]) -> str:
    if match[3]:
        return _LETTERS.get(match[3], match[3])
    return chr(int(match[1] or match[2], 16))

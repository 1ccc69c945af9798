"""The places of statements in Turtle and TriG text.

The parser gives the triples of a file; this says on which line each subject, and each property of a
subject, was written, so that a finding can name its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.tokens import Lines, matches

if TYPE_CHECKING:
    import re

RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

_ENDS: Final = frozenset(".{}")
Places = dict[tuple[str, str], int]
"""Line of each (subject IRI, predicate IRI); the predicate is "" for the subject itself."""


def places(text: str) -> Places:
    """The first line of each subject and of each property of it in Turtle or TriG ``text``.

    Subjects inside ``[ ]`` have no name and are left out; what is malformed is passed over.
    """
    lines = Lines(text)
    found: Places = {}
    prefixes: dict[str, str] = {}
    declared: list[str] = []  # what a declaration of a prefix has so far
    subject, depth, expected, begins = "", 0, False, True
    for match in matches(text):
        word = match.group()
        if word in _ENDS and match.lastgroup == "mark":
            subject, depth, begins, declared = "", 0, True, []
        elif begins and (declared or word.lower().lstrip("@") == "prefix"):
            declared.append(word)
            if len(declared) == 3:  # a SPARQL-style PREFIX ends without a dot
                prefixes[declared[1][:-1]] = word[1:-1]
                declared = []
        elif begins:
            begins, expected = False, True
            subject = _iri(match, prefixes)
            if subject:
                found.setdefault((subject, ""), lines.at(match.start()))
        elif not subject:
            continue
        elif word in ("[", "("):
            depth += 1
        elif word in ("]", ")"):
            depth -= 1
        elif depth == 0 and word == ";":
            expected = True
        elif depth == 0 and expected:
            if predicate := RDF_TYPE if word == "a" else _iri(match, prefixes):
                found.setdefault((subject, predicate), lines.at(match.start()))
            expected = False
    return found


def _iri(match: re.Match[str], prefixes: dict[str, str]) -> str:
    """The IRI that a token stands for; "" if it stands for none."""
    word = match.group()
    if match.lastgroup == "iri":
        return word[1:-1]
    if match.lastgroup == "name":
        prefix, _, local = word.partition(":")
        return prefixes[prefix] + local.replace("\\", "") if prefix in prefixes else ""
    return ""

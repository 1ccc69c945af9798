"""The places of statements in Turtle and TriG text.

rdflib gives the triples of a file; this says on which line each subject, and each property of a
subject, was written, so that a finding can name its place.
"""

from __future__ import annotations

from typing import Final

from kg.tokens import Lines, Token, tokens

RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

Places = dict[tuple[str, str], int]
"""Line of each (subject IRI, predicate IRI); the predicate is "" for the subject itself."""


def places(text: str) -> Places:
    """The first line of each subject and of each property of it in Turtle or TriG ``text``.

    Subjects inside ``[ ]`` have no name and are left out; what is malformed is passed over.
    """
    lines = Lines(text)
    found: Places = {}
    prefixes: dict[str, str] = {}
    statement: list[Token] = []
    for token in tokens(text):
        if token.kind == "mark" and token.text in (".", "{", "}"):
            _note(statement, prefixes, lines, found)
            statement = []
        else:
            statement.append(token)
    _note(statement, prefixes, lines, found)
    return found


def _note(statement: list[Token], prefixes: dict[str, str], lines: Lines, found: Places) -> None:
    """Enter one statement, from its subject to before its dot, into ``found``."""
    words = [token.text.lower().lstrip("@") for token in statement[:1]]
    if words == ["prefix"] and len(statement) >= 3:
        prefixes[statement[1].text[:-1]] = statement[2].text[1:-1]
        _note(statement[3:], prefixes, lines, found)  # a SPARQL-style PREFIX ends without a dot
        return
    if not statement or not (subject := _iri(statement[0], prefixes)):
        return
    found.setdefault((subject, ""), lines.at(statement[0].start))
    depth = 0
    expected = True
    for token in statement[1:]:
        if token.text in ("[", "("):
            depth += 1
        elif token.text in ("]", ")"):
            depth -= 1
        elif depth == 0 and token.text == ";":
            expected = True
        elif depth == 0 and expected:
            if predicate := RDF_TYPE if token.text == "a" else _iri(token, prefixes):
                found.setdefault((subject, predicate), lines.at(token.start))
            expected = False


def _iri(token: Token, prefixes: dict[str, str]) -> str:
    """The IRI that a token stands for; "" if it stands for none."""
    if token.kind == "iri":
        return token.text[1:-1]
    if token.kind == "name":
        prefix, _, local = token.text.partition(":")
        return prefixes[prefix] + local.replace("\\", "") if prefix in prefixes else ""
    return ""

"""Turtle and TriG text: where its statements stand, and how generated ones are written.

The parser gives the triples of a file; ``places`` says on which line each subject, and each
property of a subject, was written, so that a finding can name its place. ``document`` writes what a
program made, in the form of the files that people write: the same triples give the same text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kg.tokens import Lines, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Triple = tuple[str, str, str]

RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

_ENDS: Final = frozenset(".{}")
_NAMED: Final = re.compile(r"<(.*[/#])([A-Za-z0-9](?:[\w-]*\w)?)>", re.ASCII)
_WHOLE: Final = re.compile(r'"(0|-?[1-9]\d*)"\^\^<http://www\.w3\.org/2001/XMLSchema#integer>')
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
    for token in tokens(text):
        word = token.text
        if word in _ENDS and token.kind == "mark":
            subject, depth, begins, declared = "", 0, True, []
        elif begins and (declared or word.lower().lstrip("@") == "prefix"):
            declared.append(word)
            if len(declared) == 3:  # a SPARQL-style PREFIX ends without a dot
                prefixes[declared[1][:-1]] = word[1:-1]
                declared = []
        elif begins:
            begins, expected = False, True
            subject = _iri(token, prefixes)
            if subject:
                found.setdefault((subject, ""), lines.at(token.start))
        elif not subject:
            continue
        elif word in ("[", "("):
            depth += 1
        elif word in ("]", ")"):
            depth -= 1
        elif depth == 0 and word == ";":
            expected = True
        elif depth == 0 and expected:
            if predicate := RDF_TYPE if word == "a" else _iri(token, prefixes):
                found.setdefault((subject, predicate), lines.at(token.start))
            expected = False
    return found


def _iri(token: Token, prefixes: dict[str, str]) -> str:
    """The IRI that a token stands for; "" if it stands for none."""
    word = token.text
    if token.kind == "iri":
        return word[1:-1]
    if token.kind == "name":
        prefix, _, local = word.partition(":")
        return prefixes[prefix] + local.replace("\\", "") if prefix in prefixes else ""
    return ""


def document(
    remarks: Iterable[str],
    graphs: Mapping[str, Iterable[Triple]],
    prefixes: Mapping[str, str],
) -> str:
    """TriG text of some named graphs, each term of a triple as N-Triples writes it.

    ``remarks`` are the comment at the top, a line each; ``graphs`` are by the IRIs of their names,
    the default graph under "". What the file says of a named graph stands before it. Subjects,
    properties and values keep the order in which they first come, and only those ``prefixes`` are
    declared that are used.
    """
    names = {namespace: prefix for prefix, namespace in prefixes.items()}
    used: set[str] = set()

    def short(term: str) -> str:
        if whole := _WHOLE.fullmatch(term):
            return whole[1]
        if term[0] == '"':
            text, mark, datatype = term.rpartition("^^<")
            return f"{text}^^{short(f'<{datatype}')}" if mark and datatype[-1] == ">" else term
        match = _NAMED.fullmatch(term)
        if match is None or match[1] not in names:
            return term
        used.add(names[match[1]])
        return f"{names[match[1]]}:{match[2]}"

    def block(subject: str, said: Mapping[str, Iterable[str]], indent: str = "") -> str:
        last = len(said)
        lines = [short(subject)]
        for place, (predicate, values) in enumerate(said.items(), 1):
            verb = "a" if predicate == f"<{RDF_TYPE}>" else short(predicate)
            end = "." if place == last else ";"
            lines.append(f"    {verb} {' , '.join(map(short, values))} {end}")
        return "\n".join(indent + line for line in lines)

    def named(name: str) -> str:
        stated = _by_subject(graphs[name]).items()
        inner = "\n\n".join(block(subject, said, "    ") for subject, said in stated)
        return f"{short(f'<{name}>')} {{\n{inner}\n}}"

    blocks = []
    waiting = dict.fromkeys(name for name in graphs if name)
    for subject, said in _by_subject(graphs.get("", ())).items():
        blocks.append(block(subject, said))
        if subject[1:-1] in waiting:
            blocks.append(named(subject[1:-1]))
            del waiting[subject[1:-1]]
    blocks += map(named, waiting)
    head = "".join(f"# {_on_one_line(remark)}\n" for remark in remarks)
    declared = "".join(f"@prefix {prefix}: <{prefixes[prefix]}> .\n" for prefix in sorted(used))
    return f"{head}\n{declared}\n" + "\n\n".join(blocks) + "\n"


def _on_one_line(remark: str) -> str:
    """A remark that no character of it, as in the name of a file, can end or hide."""
    return "".join(c if c.isprintable() else "?" for c in remark).rstrip()


def _by_subject(triples: Iterable[Triple]) -> dict[str, dict[str, list[str]]]:
    """The values of each property of each subject, all in the order in which they come."""
    found: dict[str, dict[str, list[str]]] = {}
    for subject, predicate, value in triples:
        values = found.setdefault(subject, {}).setdefault(predicate, [])
        if value not in values:
            values.append(value)
    return found

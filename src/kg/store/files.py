"""Triples of RDF files in any of the common syntaxes, without a graph to keep them in."""

from __future__ import annotations

import difflib
import hashlib
import mmap
import os
import re
from typing import IO, TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.errors import BadInput, BadSource
from kg.namespaces import PREFIXES
from kg.store.nesting import TOO_DEEP, is_too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kg.terms import Triple

    Quad = tuple[str, str, str, str]

_FORMATS: Final = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".trig": ox.RdfFormat.TRIG,
    ".nq": ox.RdfFormat.N_QUADS,
    ".n3": ox.RdfFormat.N3,
}
SUFFIXES: Final = tuple(_FORMATS)
"""The endings of the files that can be read."""
HAS_DOCTYPE: Final = (
    "it has a DOCTYPE, whose entities may name files or grow without end: remove it."
)
DOCTYPE: Final = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
"""What a DOCTYPE begins with, for a parser that knows it in small letters, too."""
NOWHERE: Final = "https://relative.invalid/"
"""A base that no IRI has (RFC 2606), to find the relative ones by."""
_UNDECLARED: Final = re.compile(r"The prefix ([^ ]*): has not been declared")
_PLACE: Final = re.compile(r"^Parser error .*?: | \(line \d+\)$")


def read_triples(path: Path) -> Iterator[Triple]:
    """The triples of a file, whatever graph they are in; each term as N-Triples writes it.

    Blank nodes are named as ``parse`` does, so that two files never share one and the same file
    always gives the same. Raises ``BadInput`` if the file is missing or its ending says nothing,
    ``BadSource`` if it cannot be parsed.
    """
    syntax = syntax_of(path)
    base = path.resolve().as_uri()
    try:
        refuse_doctype(path, syntax)
        refuse_deep(path, syntax)
        with path.open("rb") as file:
            for _, subject, predicate, value in _parsed(file, syntax, base, str(path)):
                yield subject, predicate, value
    except OSError as error:
        raise BadSource(str(path), None, f"cannot be read: {error.strerror}.") from None


def parse(data: bytes, suffix: str, shown: str, base: str | None = None) -> Iterator[Quad]:
    """The quads of a text in the syntax of a file's ending: graph, subject, predicate, object.

    The graph is an empty text for the default graph. Blank nodes are numbered in the order in which
    they come, with a mark of ``shown``, as which messages name the file. Raises ``BadSource`` if
    the text cannot be parsed, or has a relative IRI and there is no ``base``.
    """
    return _parsed(data, _FORMATS[suffix], base, shown)


def parse_whole(data: bytes, suffix: str, shown: str) -> Iterator[Quad]:
    """The quads of a text as ``parse`` gives them, if none of them depends on where the text is.

    Without a base, parsers of JSON-LD pass over what has a relative IRI and say nothing. Raises
    ``BadSource`` for such an IRI, for a DOCTYPE, for what nests deeper than parsers bear, and as
    ``parse`` does.
    """
    syntax = _FORMATS[suffix]
    if has_doctype(data, syntax):
        raise BadSource(shown, None, HAS_DOCTYPE)
    if is_too_deep(data, syntax):
        raise BadSource(shown, None, TOO_DEEP)
    for quad in _parsed(data, syntax, NOWHERE, shown):
        for term in quad:
            _, _, tail = term.rpartition("<")  # of a literal with a datatype, that
            if term[-1:] == ">" and tail.startswith(NOWHERE):
                relative = tail[len(NOWHERE) : -1]
                said = f"it has the relative IRI <{relative}>: write it out, or declare a base."
                raise BadSource(shown, None, said)
        yield quad


def _parsed(
    data: bytes | IO[bytes], syntax: ox.RdfFormat, base: str | None, shown: str
) -> Iterator[Quad]:
    mark = hashlib.sha256(os.fsencode(base or shown)).hexdigest()[:8]
    labels: dict[str, str] = {}

    def named(term: str) -> str:
        return labels.setdefault(term, f"_:{mark}b{len(labels)}") if term[0] == "_" else term

    try:
        for quad in ox.parse(data, format=syntax, base_iri=base):
            if isinstance(quad.object, ox.Triple):
                said = "it has a triple as a term (RDF 1.2), which nothing here reads."
                raise BadSource(shown, None, said)
            if getattr(quad.object, "direction", None) is not None:
                said = "it has a text with a direction (RDF 1.2), which nothing here reads."
                raise BadSource(shown, None, said)
            graph = quad.graph_name
            yield (
                "" if isinstance(graph, ox.DefaultGraph) else named(str(graph)),
                named(str(quad.subject)),
                str(quad.predicate),
                named(str(quad.object)),
            )
    except (SyntaxError, ValueError) as error:
        raise syntax_error(shown, error) from None


def refuse_doctype(path: Path, syntax: ox.RdfFormat) -> None:
    """Raise ``BadSource`` for RDF/XML with a DOCTYPE, whose entities may expand without end."""
    if syntax == ox.RdfFormat.RDF_XML and has_doctype(path.read_bytes(), syntax):
        raise BadSource(str(path), None, HAS_DOCTYPE)


def has_doctype(body: bytes, syntax: ox.RdfFormat) -> bool:
    """Whether a document is XML with a DOCTYPE."""
    return syntax == ox.RdfFormat.RDF_XML and DOCTYPE.search(body) is not None


def refuse_deep(path: Path, syntax: ox.RdfFormat) -> None:
    """Raise ``BadSource`` for a file that nests deeper than parsers bear."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return  # which cannot be mapped
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as document:
            if is_too_deep(document, syntax):
                raise BadSource(str(path), None, TOO_DEEP)


def syntax_error(shown: str, error: SyntaxError | ValueError) -> BadSource:
    """What the parser found wrong with the file that messages name ``shown``."""
    line, said = said_of(error)
    return BadSource(shown, line, f"syntax error: {said}.")


def said_of(error: SyntaxError | ValueError) -> tuple[int | None, str]:
    """The line, if it is known, and what the parser has to say."""
    if isinstance(error, SyntaxError):
        return error.lineno, _said(str(error.msg))
    return None, _said(str(error))


def _said(error: str) -> str:
    """What the parser has to say, in words for who wrote the file where it has too few."""
    if undeclared := _UNDECLARED.search(error):
        name = undeclared[1]
        close = difflib.get_close_matches(name, PREFIXES, n=1)
        hint = f"did you mean {close[0]}:? Else " if close and close[0] != name else ""
        return f"the prefix {name}: is not declared in this file; {hint}add an @prefix line"
    return _PLACE.sub("", error).rstrip(".")


def term_of(text: str) -> str:
    """A term that somebody wrote as N-Triples does, in its canonical form.

    Raises ``BadInput`` if it is none.
    """
    line = f"<urn:s> <urn:p> {text} .\n".encode()
    try:
        (quad,) = ox.parse(line, format=ox.RdfFormat.N_TRIPLES)
    except (SyntaxError, ValueError):
        raise BadInput(f"{text!r} is no term as N-Triples writes it.") from None
    return str(quad.object)


def syntax_of(path: Path) -> ox.RdfFormat:
    """The syntax of a file by its ending. Raises ``BadInput`` if it is missing or says nothing."""
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    syntax = _FORMATS.get(path.suffix.lower())
    if syntax is None:
        raise BadInput(f"{path}: the ending says of no RDF syntax ({', '.join(SUFFIXES)}).")
    return syntax

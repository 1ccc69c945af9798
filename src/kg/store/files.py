"""Triples of RDF files in any of the common syntaxes, without a graph to keep them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.errors import BadInput, BadSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def read_triples(path: Path) -> Iterator[tuple[str, str, str]]:
    """The triples of a file, whatever graph they are in; each term as N-Triples writes it.

    Blank nodes get labels of their own, so that two files never share one. Raises ``BadInput`` if
    the file is missing or its ending says nothing, ``BadSource`` if it cannot be parsed.
    """
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    syntax = _FORMATS.get(path.suffix.lower())
    if syntax is None:
        raise BadInput(f"{path}: the ending says of no RDF syntax ({', '.join(SUFFIXES)}).")
    base = path.resolve().as_uri()
    try:
        with path.open("rb") as file:
            for quad in ox.parse(file, format=syntax, base_iri=base, rename_blank_nodes=True):
                yield str(quad.subject), str(quad.predicate), str(quad.object)
    except (SyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        said = str(error.msg if isinstance(error, SyntaxError) else error).rstrip(".")
        said = said.removeprefix("Parser error ")
        raise BadSource(str(path), line, f"syntax error: {said}.") from None
    except OSError as error:
        raise BadSource(str(path), None, f"cannot be read: {error.strerror}.") from None

"""The formats of answers: one table for content negotiation, ``?format=``, the commands and tests.

Each row cites its specification. Rows answer SELECT and ASK, graphs answer CONSTRUCT and DESCRIBE.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final, Literal

from kg.errors import BadInput

Kind = Literal["rows", "graph"]


@dataclass(frozen=True)
class Format:
    """One serialization: its short name, media type, file extension and specification."""

    name: str
    kind: Kind
    media_type: str
    extension: str
    specification: str
    also: tuple[str, ...] = ()
    """Other media types by which clients ask for it."""
    aliases: tuple[str, ...] = ()
    """Other short names by which clients ask for it in ``?format=``."""

    @property
    def of_datasets(self) -> bool:
        """Whether it can hold more than one graph."""
        return self.name in ("trig", "nquads")

    @property
    def content_type(self) -> str:
        """The media type with its charset, where text needs one."""
        is_text = self.media_type.startswith("text/")
        return f"{self.media_type}; charset=utf-8" if is_text else self.media_type


FORMATS: Final = (
    Format(
        "json",
        "rows",
        "application/sparql-results+json",
        "srj",
        "https://www.w3.org/TR/sparql11-results-json/",
        ("application/json",),
    ),
    Format(
        "xml",
        "rows",
        "application/sparql-results+xml",
        "srx",
        "https://www.w3.org/TR/rdf-sparql-XMLres/",
        ("application/xml", "text/xml"),
    ),
    Format("csv", "rows", "text/csv", "csv", "https://www.w3.org/TR/sparql11-results-csv-tsv/"),
    Format(
        "tsv",
        "rows",
        "text/tab-separated-values",
        "tsv",
        "https://www.w3.org/TR/sparql11-results-csv-tsv/",
    ),
    Format(
        "turtle",
        "graph",
        "text/turtle",
        "ttl",
        "https://www.w3.org/TR/turtle/",
        ("application/x-turtle",),
        ("n3",),
    ),
    Format(
        "ntriples",
        "graph",
        "application/n-triples",
        "nt",
        "https://www.w3.org/TR/n-triples/",
        ("text/plain",),
    ),
    Format(
        "rdfxml",
        "graph",
        "application/rdf+xml",
        "rdf",
        "https://www.w3.org/TR/rdf-syntax-grammar/",
        ("application/xml", "text/xml"),
        ("xml", "rdf+xml"),
    ),
    Format(
        "jsonld",
        "graph",
        "application/ld+json",
        "jsonld",
        "https://www.w3.org/TR/json-ld11/",
        ("application/json",),
        ("json", "json-ld"),
    ),
    Format("trig", "graph", "application/trig", "trig", "https://www.w3.org/TR/trig/"),
    Format("nquads", "graph", "application/n-quads", "nq", "https://www.w3.org/TR/n-quads/"),
)

RESULT_SET: Final = Format(
    "turtle",
    "rows",
    "text/turtle",
    "ttl",
    "https://www.w3.org/2001/sw/DataAccess/tests/result-set",
)
"""Rows as RDF, for whoever asks for it by name: never negotiated.

Clients that accept Turtle mean graphs, and would get it in place of results that they can read.
"""


@functools.cache
def formats(kind: Kind) -> tuple[Format, ...]:
    """The formats of one kind of answer, the default first."""
    return tuple(format_ for format_ in FORMATS if format_.kind == kind)


@functools.lru_cache(maxsize=256)
def named(name: str, kind: Kind) -> Format:
    """The format of that short name, extension or media type.

    Raises ``BadInput``, listing the names, if this kind of answer has no such format.
    """
    return named_first([name], kind)


def named_first(names: list[str], kind: Kind) -> Format:
    """The format of the first of several names that is known, as ``named`` does for one."""
    offered = (*formats(kind), RESULT_SET) if kind == "rows" else formats(kind)
    for name in names:
        for format_ in offered:
            if name in (format_.name, format_.extension, format_.media_type, *format_.aliases):
                return format_
    known = ", ".join(format_.name for format_ in formats(kind))
    what = "SELECT and ASK" if kind == "rows" else "CONSTRUCT and DESCRIBE"
    asked = ",".join(names)
    raise BadInput(f"There is no format {asked!r} for the answer of {what}: choose one of {known}.")


def media_types(kind: Kind) -> dict[str, Format]:
    """Every media type by which an answer of this kind can be asked for, the default first."""
    table = {format_.media_type: format_ for format_ in formats(kind)}
    for format_ in formats(kind):
        for media_type in format_.also:
            table.setdefault(media_type, format_)
    return table

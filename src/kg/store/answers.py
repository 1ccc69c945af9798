"""What a query found: rows or a graph, in bytes of any format, as texts, or as Python has them."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Final, cast

import pyoxigraph as ox

from kg.errors import BadInput
from kg.namespaces import PREFIXES
from kg.results import RESULT_SET
from kg.store.result_set import write_result_set, write_truth
from kg.store.xml import Wellformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kg.documents import Cell, Triple
    from kg.results import Format, Kind
    from kg.terms import Term

    Value = str | bool | int | float | Decimal | dt.date | None
    """A term as Python has it; None where a variable has none."""

_ROWS: Final = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
GRAPH_FORMATS: Final = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
}
"""The engine's names for the formats of graphs."""
_XSD: Final = PREFIXES["xsd"]
_NUMBERS: Final = {_XSD + kind for kind in ("integer", "decimal", "float", "double")}
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}
_READERS: Final[Mapping[str, Callable[[str], Value]]] = {
    f"{_XSD}boolean": _TRUTHS.__getitem__,
    f"{_XSD}integer": int,
    f"{_XSD}decimal": Decimal,
    f"{_XSD}float": float,
    f"{_XSD}double": float,
    f"{_XSD}date": dt.date.fromisoformat,
    f"{_XSD}dateTime": dt.datetime.fromisoformat,
}
"""What reads the lexical form of a datatype, of those that Python has a type for."""


class Number(str):
    """The text of a number, to be told from the same text as a string or a name."""

    __slots__ = ()


@dataclass(frozen=True)
class Answer:
    """What a query found, not yet read: rows for SELECT and ASK, a graph for the others.

    It can be written once, by the thread that asked.
    """

    kind: Kind
    _results: ox.QuerySolutions | ox.QueryBoolean | Iterable[ox.Triple]
    _prefixes: Mapping[str, str]

    @classmethod
    def read(cls, body: bytes, format_name: str) -> Answer:
        """The answer that was written in a format, but CSV, which does not say what terms are.

        Raises ``SyntaxError`` if it cannot be parsed, of a graph when that is read.
        """
        if format_name in _ROWS:
            return cls("rows", ox.parse_query_results(body, format=_ROWS[format_name]), {})
        quads = ox.parse(body, format=GRAPH_FORMATS[format_name])
        return cls("graph", (quad.triple for quad in quads), PREFIXES)

    def write(self, format_: Format, out: IO[bytes]) -> None:
        """Write the whole answer to ``out`` in a format of its kind.

        Raises ``BadQuery`` if it is an XML that cannot hold it.
        """
        if format_.media_type.endswith("+xml"):
            out = cast("IO[bytes]", Wellformed(out))
        if format_ is RESULT_SET:
            if isinstance(self._results, ox.QueryBoolean):
                write_truth(bool(self._results), out)
            else:
                write_result_set(*self._rows(), out)
        elif isinstance(self._results, ox.QuerySolutions | ox.QueryBoolean):
            self._results.serialize(out, format=_ROWS[format_.name])
        else:
            syntax = GRAPH_FORMATS[format_.name]
            ox.serialize(self._results, out, format=syntax, prefixes=dict(self._prefixes))

    def serialize(self, format_: Format) -> bytes:
        """The whole answer in a format of its kind."""
        out = io.BytesIO()
        self.write(format_, out)
        return out.getvalue()

    def rows(self) -> tuple[list[str], Iterator[list[str | None]]]:
        """The variables and, row by row, the plain text of each value; None where unbound."""
        columns, rows = self._rows()
        return columns, ([_text(term) for term in row] for row in rows)

    def values(self) -> tuple[list[str], Iterator[list[Value]]]:
        """The variables and, row by row, each value as Python has it; None where unbound.

        Numbers, truths, dates and times have types of their own, anything else is its text.
        """
        columns, rows = self._rows()
        return columns, ([_value(term) for term in row] for row in rows)

    def terms(self) -> tuple[list[str], Iterator[list[Term | None]]]:
        """The variables and, row by row, each value as N-Triples writes it; None where unbound."""
        columns, rows = self._rows()
        return columns, ([None if term is None else str(term) for term in row] for row in rows)

    def solutions(self) -> Iterable[Sequence[object]]:
        """The rows as the engine has them."""
        return self._rows()[1]

    def triples(self) -> Iterator[Triple]:
        """The triples of a graph, as ``kg.documents`` has them."""
        for triple in cast("Iterable[ox.Triple]", self._results):
            subject = cell(triple.subject)["value"]
            yield subject, triple.predicate.value, cell(triple.object)

    def _rows(self) -> tuple[list[str], Iterable[Sequence[object]]]:
        if isinstance(self._results, ox.QueryBoolean):
            truth = "true" if self._results else "false"
            return ["answer"], [[ox.Literal(truth, datatype=ox.NamedNode(f"{_XSD}boolean"))]]
        if isinstance(self._results, ox.QuerySolutions):
            variables = [variable.value for variable in self._results.variables]
            return variables, ([*row] for row in self._results)
        triples = ([t.subject, t.predicate, t.object] for t in self._results)
        return ["subject", "predicate", "object"], triples


def cell(term: object) -> Cell:
    """A term as SPARQL's results in JSON have it; a blank node with ``_:`` before its label.

    Raises ``BadInput`` for a triple term, which JSON-LD does not have.
    """
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.BlankNode):
        return {"type": "bnode", "value": str(term)}
    if not isinstance(term, ox.Literal):
        raise BadInput("JSON-LD has no triples as terms: choose another format.")
    if term.language:
        return {"type": "literal", "value": term.value, "xml:lang": term.language}
    return {"type": "literal", "value": term.value, "datatype": term.datatype.value}


def _value(term: object) -> Value:
    if isinstance(term, ox.Literal) and (read := _READERS.get(term.datatype.value)):
        try:
            return read(term.value.strip())
        except (ArithmeticError, KeyError, ValueError):  # not a form of its datatype, or too far
            return term.value
    return _text(term)


def _text(term: object) -> str | None:
    if term is None:
        return None
    if isinstance(term, ox.Literal) and term.datatype.value in _NUMBERS:
        return Number(term.value)
    if isinstance(term, ox.NamedNode | ox.Literal):
        return term.value
    return str(term)

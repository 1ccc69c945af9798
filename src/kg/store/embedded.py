"""One Oxigraph store: asked in SPARQL, answering in bytes.

pyoxigraph binds parameters by substitution (SEP-0007) and never contacts another server for FROM.
Callers judge a query with ``queries.judge`` before it gets here, since SERVICE would be followed.
"""

from __future__ import annotations

import difflib
import io
import itertools
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, cast

import pyoxigraph as ox

from kg.errors import BadInput, BadQuery, StoreError
from kg.namespaces import PREFIXES, expand, shorten
from kg.queries import Term
from kg.store.canonical import InPieces, canonical_nquads, parse_graph
from kg.store.xml import Wellformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from kg.queries import Parameter, Query
    from kg.results import Format, Kind

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
_NUMBERS: Final = {PREFIXES["xsd"] + kind for kind in ("integer", "decimal", "float", "double")}
_MEMBERS: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?member (MIN(STR(?label)) AS ?name) ?class WHERE {
  ?member a ?class ; rdfs:label ?label . FILTER (LANG(?label) = "en")
} GROUP BY ?member ?class ORDER BY ?name ?member
"""
_PLACE: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)

_CHARACTERS: Final = re.compile(r"\['A' \.\.=[^\]]*\]")


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
        """The answer that was written as JSON or as N-Triples."""
        if format_name == "json":
            return cls("rows", ox.parse_query_results(body, format=_ROWS["json"]), {})
        quads = ox.parse(body, format=GRAPH_FORMATS[format_name])
        return cls("graph", (quad.triple for quad in quads), PREFIXES)

    def write(self, format_: Format, out: IO[bytes]) -> None:
        """Write the whole answer to ``out`` in a format of its kind.

        Raises ``BadQuery`` if it is an XML that cannot hold it.
        """
        if format_.media_type.endswith("+xml"):
            out = cast("IO[bytes]", Wellformed(out))
        if isinstance(self._results, ox.QuerySolutions | ox.QueryBoolean):
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
        if isinstance(self._results, ox.QueryBoolean):
            return ["answer"], iter([["true" if self._results else "false"]])
        if isinstance(self._results, ox.QuerySolutions):
            variables = [variable.value for variable in self._results.variables]
            return variables, ([_text(value) for value in row] for row in self._results)
        triples = ([_text(t.subject), _text(t.predicate), _text(t.object)] for t in self._results)
        return ["subject", "predicate", "object"], triples


class EmbeddedStore:
    """A store that is only read: in memory, or a published folder.

    Graphs are written with ``prefixes``, where the format has them.
    """

    def __init__(self, store: ox.Store, prefixes: Mapping[str, str] = PREFIXES) -> None:
        self._store = store
        self._prefixes = prefixes

    @classmethod
    def in_memory(cls, graphs: Mapping[str, bytes]) -> EmbeddedStore:
        """A store in memory of N-Triples by graph IRI; the name "" is the default graph."""
        store = ox.Store()
        _load(store, graphs)
        return cls(store)

    @classmethod
    def open(cls, path: Path, prefixes: Mapping[str, str] = PREFIXES) -> EmbeddedStore:
        """Open a published store read-only.

        Raises ``StoreError`` if it is missing, damaged, or of an Oxigraph with another format.
        """
        remedy = "build it again with `kg build`, or make another version current"
        if not path.is_dir():
            raise StoreError(f"There is no store in {path}: {remedy}.")
        try:
            return cls(ox.Store.read_only(str(path)), prefixes)
        except (OSError, RuntimeError, ValueError) as error:
            said = str(error).rstrip(".")
            raise StoreError(f"The store in {path} cannot be opened: {remedy} ({said}).") from None

    @staticmethod
    def create(path: Path, graphs: Mapping[str, bytes]) -> None:
        """Write a new store on disk of N-Triples by graph IRI, complete and compacted."""
        store = ox.Store(str(path))
        _load(store, graphs)
        store.flush()
        store.optimize()

    def changed(self, path: Path, removed: bytes, added: bytes) -> None:
        """Write a new store on disk: this one, which shares its files, without and with N-Quads."""
        self.copy(path)
        store = ox.Store(str(path))
        for quad in ox.parse(removed, format=ox.RdfFormat.N_QUADS):
            store.remove(quad)
        store.extend(ox.parse(added, format=ox.RdfFormat.N_QUADS))
        store.flush()

    def without(self, path: Path, is_hidden: Callable[[str], bool]) -> None:
        """Write a new store on disk: this one without the hidden IRIs, as graphs and as terms."""
        store = ox.Store(str(path))
        store.bulk_extend(quad for quad in self._store if not any(map(is_hidden, _iris(quad))))
        store.flush()
        store.optimize()

    def triples(self, graph: str) -> Iterator[tuple[str, str, str]]:
        """The triples of a named graph; each term as N-Triples writes it."""
        for quad in self._store.quads_for_pattern(None, None, None, ox.NamedNode(graph)):
            yield str(quad.subject), str(quad.predicate), str(quad.object)

    def __len__(self) -> int:
        """Number of quads, those of the default graph included."""
        return len(self._store)

    def query(
        self,
        text: str,
        bindings: Mapping[str, Term] | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base: str | None = None,
    ) -> Answer:
        """Evaluate a SPARQL 1.1 query.

        ``bindings`` gives terms to variables; the graphs restrict what the query sees, as the
        protocol's ``default-graph-uri`` and ``named-graph-uri`` do; relative IRIs are relative to
        ``base``. Raises ``BadQuery`` with line and column if the text does not parse.
        """
        restricted = bool(default_graphs or named_graphs)
        try:
            results = self._store.query(
                text,
                base_iri=base,
                default_graph=[ox.NamedNode(g) for g in default_graphs] if restricted else None,
                named_graphs=[ox.NamedNode(g) for g in named_graphs] if restricted else None,
                substitutions={ox.Variable(k): _term(v) for k, v in (bindings or {}).items()},
            )
        except SyntaxError as error:
            raise bad_query(str(error)) from None
        except (ValueError, RuntimeError) as error:
            raise BadQuery(str(error)) from None
        except OSError as error:
            raise StoreError(f"The store cannot be read: {error}.") from None
        kind: Kind = "graph" if isinstance(results, ox.QueryTriples) else "rows"
        return Answer(kind, results, self._prefixes)

    def ask(self, question: Query, given: Mapping[str, str]) -> Answer:
        """Ask a canned question with texts for its parameters. Raises as ``bound`` does."""
        return self.query(question.text, self.bound(question, given))

    def bound(self, question: Query, given: Mapping[str, str]) -> dict[str, Term]:
        """The terms for the parameters of a canned question.

        Raises ``BadInput`` if a text is not of its parameter's type, or names a thing that is not
        of its parameter's class.
        """
        bindings = question.bind(given)
        for parameter in question.parameters:
            if parameter.of_class and parameter.name in given:
                self._check_member(parameter, bindings[parameter.name])
        return bindings

    def members(self, parameter: Parameter) -> list[tuple[str, str]]:
        """The things that a parameter may be, as (IRI, English name), by name."""
        of_class = {"class": Term(expand(parameter.of_class))}
        return [(str(row[0]), str(row[1])) for row in self.query(_MEMBERS, of_class).rows()[1]]

    def _check_member(self, parameter: Parameter, term: Term) -> None:
        known = {shorten(iri): iri for iri, _ in self.members(parameter)}
        if term.value not in known.values():
            close = difflib.get_close_matches(shorten(term.value), known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise BadInput(
                f"{parameter.name} must be one of the graph's things of the class "
                f"{parameter.of_class}, which {shorten(term.value)} is not.{hint}"
            )

    def has_graph(self, name: str) -> bool:
        """Whether there is a named graph of that name, be it empty.

        Raises ``BadInput`` if the name is no IRI.
        """
        return self._store.contains_named_graph(named_node(name))

    def copy(self, path: Path) -> None:
        """Write this store to a new folder, which shares its files where the disk allows that."""
        self._store.backup(str(path))

    def write_lines(self, path: Path) -> None:
        """Write the triples of all graphs to a file, as N-Triples."""
        with path.open("wb") as file:
            for graph in (ox.DefaultGraph(), *self._store.named_graphs()):
                self._store.dump(file, format=ox.RdfFormat.N_TRIPLES, from_graph=graph)

    def graph_names(self) -> list[str]:
        """The IRIs of the named graphs, sorted."""
        return sorted(g.value for g in self._store.named_graphs() if isinstance(g, ox.NamedNode))

    def write(self, format_: Format, out: IO[bytes]) -> None:
        """Write all graphs to ``out`` as they come, in a format of datasets."""
        syntax = GRAPH_FORMATS[format_.name]
        self._store.dump(out, format=syntax, prefixes=dict(self._prefixes))

    def dump(self, format_: Format, graph: str = "") -> bytes:
        """Everything, in a format of datasets; else one graph, the default one if unnamed.

        Triples are sorted and blank nodes have their RDFC-1.0 labels, so equal content gives equal
        bytes.
        """
        serialization = GRAPH_FORMATS[format_.name]
        if serialization.supports_datasets and format_.name != "jsonld":
            canonical = canonical_nquads(self._store)
            if serialization == ox.RdfFormat.N_QUADS:
                return canonical
            quads = ox.parse(canonical, format=ox.RdfFormat.N_QUADS)
            return ox.serialize(quads, format=serialization, prefixes=PREFIXES) or b""
        name = ox.NamedNode(graph) if graph else ox.DefaultGraph()
        chosen = self._store.quads_for_pattern(None, None, None, name)
        canonical = canonical_nquads(ox.Quad(q.subject, q.predicate, q.object) for q in chosen)
        triples = (q.triple for q in ox.parse(canonical, format=ox.RdfFormat.N_TRIPLES))
        return ox.serialize(triples, format=serialization, prefixes=PREFIXES) or b""


def named_node(iri: str) -> ox.NamedNode:
    """The node of an IRI. Raises ``BadInput`` if the text is none."""
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise BadInput(f"{iri!r} is no IRI: {error}.") from None


def bad_query(message: str) -> BadQuery:
    """What the engine says of a text that it cannot parse, with line and column."""
    if place := _PLACE.search(message):
        line, column, rest = place.groups()
        said = _CHARACTERS.sub("a letter", rest.strip())
        said = said.replace(", [_]", "").replace("[_]", "something else")
        return BadQuery(f"syntax error: {said}.", int(line), int(column))
    return BadQuery(message)


def _iris(statement: Iterable[object]) -> Iterator[str]:
    """The IRIs that are terms of a statement, or of triples that are."""
    for term in statement:
        if isinstance(term, ox.NamedNode):
            yield term.value
        elif isinstance(term, ox.Triple):
            yield from _iris(term)


def _term(term: Term) -> ox.NamedNode | ox.Literal:
    if term.datatype is None:
        return ox.NamedNode(term.value)
    return ox.Literal(term.value, datatype=ox.NamedNode(term.datatype))


def _text(term: object) -> str | None:
    if term is None:
        return None
    if isinstance(term, ox.Literal) and term.datatype.value in _NUMBERS:
        return Number(term.value)
    if isinstance(term, ox.NamedNode | ox.Literal):
        return term.value
    return str(term)


def _load(store: ox.Store, graphs: Mapping[str, bytes]) -> None:
    """Load all graphs in one go: each bulk load costs some files of its own."""
    if not isinstance(graphs, InPieces):
        store.bulk_extend(_quads(graphs.items()))
        return
    apart: list[tuple[str, bytes]] = []

    def lines() -> Iterator[bytes]:
        for name in graphs:
            end = f" <{name}> .\n".encode() if name else b" .\n"
            for piece in graphs.pieces(name):
                if b"_:" in piece:  # loading text gives blank nodes other labels
                    apart.append((name, piece))
                else:
                    yield piece.replace(b" .\n", end)

    store.bulk_load(cast("IO[bytes]", _Stream(lines())), format=ox.RdfFormat.N_QUADS)
    store.bulk_extend(_quads(apart))


def _quads(graphs: Iterable[tuple[str, bytes]]) -> Iterator[ox.Quad]:
    return itertools.chain.from_iterable(parse_graph(text, name) for name, text in graphs)


class _Stream(io.BufferedIOBase):
    """A file of pieces that are made while it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = memoryview(piece)
        size = len(self._rest) if size is None or size < 0 else size
        taken, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return taken

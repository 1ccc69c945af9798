"""One Oxigraph store, in memory or on disk.

pyoxigraph binds parameters by substitution (SEP-0007) and never contacts another server for FROM.
Callers judge a query with ``queries.judge`` before it gets here, since SERVICE would be followed.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from typing import IO, TYPE_CHECKING, Final, cast

import pyoxigraph as ox

from kg.errors import BadInput, BadQuery, StoreError
from kg.namespaces import PREFIXES
from kg.queries import MOST_ROWS, bound, narrowed, narrowings
from kg.store.answers import GRAPH_FORMATS, Answer, cell
from kg.store.asking import Store
from kg.store.canonical import InPieces, parse_graph
from kg.store.xml import Wellformed
from kg.terms import is_blank, is_literal, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from kg.documents import Cell
    from kg.queries import Term
    from kg.results import Format, Kind

    _Dataset = tuple[Sequence[str], Sequence[str]]
    """The graphs that a query sees as the default graph, and as named ones."""

_SERVICE: Final = "SERVICE"
_UNKNOWN: Final = "UNDEF"
_PLACE: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_SENTENCE: Final = re.compile(r"(?:of |, |expected )([A-Z][\w*]*(?: [\w*.]+){2,}?)(?:, |$)")
"""What the engine's parser says beyond letters that it expects: at least three words."""
_CHARACTERS: Final = re.compile(r"\['A' \.\.=[^\]]*\]")


class EmbeddedStore(Store):
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

    @classmethod
    def copied(cls, file: IO[bytes], prefixes: Mapping[str, str] = PREFIXES) -> EmbeddedStore:
        """A store in memory of N-Quads from a file, whose blank nodes keep their labels."""
        store = ox.Store()
        store.bulk_extend(ox.parse(file, format=ox.RdfFormat.N_QUADS))
        return cls(store, prefixes)

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

    def size(self) -> int:
        """Number of quads."""
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
        terms, dataset = bindings or {}, (default_graphs, named_graphs)
        told = self._told(text, terms, dataset, base) if _SERVICE in text.upper() else text
        try:
            return self._evaluated(told, terms, dataset, base)
        except BadQuery as error:
            if told == text or error.line is None:
                raise
        return self._evaluated(text, terms, dataset, base)  # which has the error at its own place

    def _told(
        self, text: str, bindings: Mapping[str, Term], dataset: _Dataset, base: str | None
    ) -> str:
        """A query's text whose services are told for which values of what is here they are asked.

        They are not if these are too many, or are not known of each row.
        """
        values = []
        for one in narrowings(text):
            first = bound(one.query, bindings)
            with contextlib.suppress(BadQuery):  # which then is one of the whole, too
                solutions = self._evaluated(first, {}, dataset, base).solutions()
                rows = [[_as_value(term) for term in row] for row in solutions]
                if len(rows) <= MOST_ROWS and all(set(row) != {_UNKNOWN} for row in rows):
                    values.append((one, rows))
        return narrowed(text, values)

    def _evaluated(
        self, text: str, bindings: Mapping[str, Term], dataset: _Dataset, base: str | None
    ) -> Answer:
        default_graphs, named_graphs = dataset
        restricted = bool(default_graphs or named_graphs)
        try:
            results = self._store.query(
                text,
                base_iri=base,
                default_graph=[ox.NamedNode(g) for g in default_graphs] if restricted else None,
                named_graphs=[ox.NamedNode(g) for g in named_graphs] if restricted else None,
                substitutions={ox.Variable(k): _term(v) for k, v in bindings.items()},
            )
        except SyntaxError as error:
            raise bad_query(str(error)) from None
        except (ValueError, RuntimeError) as error:
            raise BadQuery(str(error)) from None
        except OSError as error:
            raise StoreError(f"The store cannot be read: {error}.") from None
        kind: Kind = "graph" if isinstance(results, ox.QueryTriples) else "rows"
        return Answer(kind, results, self._prefixes)

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
        """Write all graphs to ``out`` in a format of datasets, else the default graph.

        Statements come as they are. On disk that is in the order of the engine's keys, which are
        made of the terms alone: published stores that hold the same give the same bytes. Raises
        ``BadQuery`` if the format is an XML that cannot hold them.
        """
        if format_.media_type.endswith("+xml"):
            out = cast("IO[bytes]", Wellformed(out))
        self._store.dump(
            out,
            format=GRAPH_FORMATS[format_.name],
            from_graph=None if format_.of_datasets else ox.DefaultGraph(),
            prefixes=dict(self._prefixes),
        )

    def quads(self, graph: str | None = None) -> Iterable[ox.Quad]:
        """The quads of one graph, of the default graph if its name is empty; of all without."""
        if graph is None:
            return self._store
        name = ox.NamedNode(graph) if graph else ox.DefaultGraph()
        return self._store.quads_for_pattern(None, None, None, name)

    def matching(
        self,
        subject: str | None = None,
        predicate: str | None = None,
        value: str | None = None,
        graph: str | None = None,
    ) -> Iterator[tuple[str, str, str, str]]:
        """The statements that have some terms, each after the name of a graph that states it.

        Terms are as N-Triples writes them, None for any; ``graph`` is as for ``quads``. Raises
        ``StoreError`` if the store cannot be read.
        """
        about = None if subject is None else cast("ox.NamedNode | ox.BlankNode", _node(subject))
        asked = None if predicate is None else cast("ox.NamedNode", _node(predicate))
        wanted = None if value is None else _node(value)
        name = ox.NamedNode(graph) if graph else None if graph is None else ox.DefaultGraph()
        try:
            for quad in self._store.quads_for_pattern(about, asked, wanted, name):
                found = quad.graph_name
                known = found.value if isinstance(found, ox.NamedNode) else ""
                yield known, str(quad.subject), str(quad.predicate), str(quad.object)
        except OSError as error:
            raise StoreError(f"The store cannot be read: {error}.") from None

    def statements(
        self, subject: str, predicate: str | None = None, graph: str | None = ""
    ) -> Iterator[tuple[str, Cell]]:
        """Property and value of what a graph, or with None any, states of ``subject``.

        ``graph`` is as for ``quads``. Values are as ``kg.documents`` has them; those that are
        neither IRI nor literal are left out. Raises ``StoreError`` if the store cannot be read.
        """
        node = ox.NamedNode(subject)
        asked = ox.NamedNode(predicate) if predicate else None
        name = ox.NamedNode(graph) if graph else None if graph is None else ox.DefaultGraph()
        try:
            for quad in self._store.quads_for_pattern(node, asked, None, name):
                if isinstance(quad.object, ox.NamedNode | ox.Literal):
                    yield quad.predicate.value, cell(quad.object)
        except OSError as error:
            raise StoreError(f"The store cannot be read: {error}.") from None


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
        if sentence := _SENTENCE.search(rest):
            return BadQuery(f"{sentence.group(1).rstrip('.')}.", int(line), int(column))
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


def _as_value(term: object) -> str:
    """A term in VALUES; one that is nowhere else the same is not known there."""
    is_shared = isinstance(term, ox.NamedNode | ox.Literal)
    return str(term) if is_shared else _UNKNOWN


def _node(term: str) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    """The engine's term of one that is written as in N-Triples."""
    if is_literal(term):
        text, datatype, language = parts(term)
        if language:
            return ox.Literal(text, language=language)
        return ox.Literal(text, datatype=ox.NamedNode(datatype[1:-1]))
    return ox.BlankNode(term[2:]) if is_blank(term) else ox.NamedNode(term[1:-1])


def _term(term: Term) -> ox.NamedNode | ox.Literal:
    if term.datatype is None:
        return ox.NamedNode(term.value)
    return ox.Literal(term.value, datatype=ox.NamedNode(term.datatype))


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

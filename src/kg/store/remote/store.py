"""An engine that is asked: what ``kg.store.embedded`` gives of a store of ours, by SPARQL.

A query that fits into an address goes by GET, which others on the way may keep, and a longer one by
POST. Parameters are bound in the text by ``kg.queries``. An answer is taken as a whole or not at
all, and every method sends one request, but for graphs of an engine that gives them in parts.
"""

from __future__ import annotations

import contextlib
import io
import time
import urllib.parse
from typing import IO, TYPE_CHECKING, Final

import pyoxigraph as ox
import SPARQLWrapper

from kg.columns import is_blank, is_literal, parts
from kg.namespaces import GRAPHS, PREFIXES
from kg.queries import Term, bound, form_of
from kg.queries.binding import as_sparql
from kg.results import media_types
from kg.store.answers import GRAPH_FORMATS, Answer, cell
from kg.store.asking import Store
from kg.store.embedded import named_node
from kg.store.remote.connection import (
    AGENT,
    Addresses,
    Connection,
    Response,
    in_one_sentence,
    within,
)
from kg.store.remote.dataset import dataset_of
from kg.store.remote.received import ACCEPTED, answer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from urllib.request import Request

    from kg.documents import Cell
    from kg.results import Format, Kind
    from kg.store.remote.capabilities import Capabilities

SECONDS: Final = 60
"""How long an answer may take, if nobody says otherwise."""
_MOST_IN_ADDRESS: Final = 2_000
"""Bytes of a query that go by GET: servers take addresses of some thousand."""
_FRESH: Final = 10
"""Seconds for which the names of graphs are taken to be those that they were."""
_GRAPHS: Final = "SELECT DISTINCT ?graph { GRAPH ?graph { ?s ?p ?o } }"
_CATALOG: Final = f"{GRAPHS}catalog"
_PARTS: Final = f"""
PREFIX void: <{PREFIXES["void"]}>
SELECT ?part {{ GRAPH <{_CATALOG}> {{
  ?dataset void:subset ?part . ?part void:triples ?triples . FILTER (?triples > 0)
}} }}
"""
_STRING: Final = f"{PREFIXES['xsd']}string"


class RemoteStore(Store):
    """An engine at its addresses, which may take some ``seconds`` for a query.

    ``watch`` is entered around each, with what is done. With the ``capabilities`` that were found
    it is asked for what a store of ours holds; without them as it is. Raises ``BadInput`` for an
    address that is none of an endpoint.
    """

    def __init__(
        self,
        where: str | Addresses,
        seconds: float = SECONDS,
        watch: Callable[[str], AbstractContextManager[object]] = contextlib.nullcontext,
        capabilities: Capabilities | None = None,
        connection: Connection | None = None,
    ) -> None:
        self.addresses = Addresses(where) if isinstance(where, str) else where
        self.url = self.addresses.query
        self.capabilities = capabilities
        self.connection = connection or Connection(self.addresses.user, self.addresses.password)
        self._seconds = seconds
        self._watch = watch
        self._names: tuple[float, list[str]] = 0, []

    def query(
        self,
        text: str,
        bindings: Mapping[str, Term] | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base: str | None = None,
    ) -> Answer:
        """Ask a query, whose text is bound and otherwise sent as it is.

        Raises ``ServiceError`` if the engine cannot be asked, or answers with an error or with
        something else, and ``Exceeded`` if it takes too long or gives less than there is.
        """
        text = bound(text, bindings or {})
        if base is not None:
            text = f"BASE {named_node(base)} {text}"
        dataset: tuple[Sequence[str], Sequence[str]] = (default_graphs, named_graphs)
        if self.capabilities and self.capabilities.default_graphs and not any(dataset):
            dataset = dataset_of(text, self.capabilities.default_graphs, self.known_names)
        kind: Kind = "graph" if form_of(text) in ("CONSTRUCT", "DESCRIBE") else "rows"
        request = self._request(text, kind, *dataset)
        deadline = time.monotonic() + self._seconds
        with self._asking():
            response = within(self._seconds, lambda: self._fetch(request, deadline))
            return answer_of(response, kind, text)

    def graph_names(self) -> list[str]:
        """The IRIs of the named graphs that are not empty, sorted.

        Of an engine that holds a catalog of ours those that it tells, and itself: other graphs that
        the engine has are not ours.
        """
        if self.capabilities and self.capabilities.is_ours:
            told = self._named(_PARTS)
            if told:
                return sorted({*told, _CATALOG})
        return self._named(_GRAPHS)

    def known_names(self) -> list[str]:
        """The names of the graphs, not asked for again within some seconds."""
        asked, names = self._names
        if not names or time.monotonic() - asked > _FRESH:
            names = self.graph_names()
            self._names = time.monotonic(), names
        return names

    def has_graph(self, name: str) -> bool:
        """Whether there is a named graph of that name that is not empty.

        Raises ``BadInput`` if the name is no IRI.
        """
        answer = self.query(f"ASK {{ GRAPH {named_node(name)} {{ ?s ?p ?o }} }}")
        return [*answer.rows()[1]] == [["true"]]

    def matching(
        self,
        subject: str | None = None,
        predicate: str | None = None,
        value: str | None = None,
        graph: str | None = None,
    ) -> Iterator[tuple[str, str, str, str]]:
        """The statements that have some terms, each after the name of a graph that states it.

        None has a blank node that is given: its label means nothing to an engine that is asked
        again.
        """
        given = [subject, predicate, value]
        if any(term is not None and is_blank(term) for term in given):
            return
        variables = ["?s", "?p", "?o"]
        written = [v if t is None else _written(t) for v, t in zip(variables, given, strict=True)]
        pattern = " ".join(written)
        if graph:
            group = f"GRAPH {named_node(graph)} {{ {pattern} }}"
        else:
            group = (
                pattern if graph == "" else f"{{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }}"
            )
        if graph is not None and None not in given:
            if [*self.query(f"ASK {{ {group} }}").rows()[1]] == [["true"]]:
                yield graph, subject or "", predicate or "", value or ""
            return
        columns, rows = self.query(f"SELECT * {{ {group} }}").terms()
        for row in rows:
            found = dict(zip(columns, row, strict=True))
            name = (found.get("g") or "<>")[1:-1] if graph is None else graph
            subject_, predicate_, value_ = (
                term if term is not None else found[variable[1:]] or ""
                for variable, term in zip(variables, given, strict=True)
            )
            yield name, subject_, predicate_, value_

    def statements(
        self, subject: str, predicate: str | None = None, graph: str | None = ""
    ) -> Iterator[tuple[str, Cell]]:
        """Property and value of what a graph, or with None any, states of ``subject``."""
        asked = str(named_node(predicate)) if predicate else "?p"
        pattern = f"{named_node(subject)} {asked} ?o"
        if graph:
            group = f"GRAPH {named_node(graph)} {{ {pattern} }}"
        else:
            group = (
                pattern if graph == "" else f"{{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }}"
            )
        answer = self.query(f"SELECT * {{ {group} }}")
        columns, _ = answer.rows()
        for row in answer.solutions():
            found = dict(zip(columns, row, strict=True))
            if isinstance(found["o"], ox.NamedNode | ox.Literal):
                property_ = found.get("p")
                name = property_.value if isinstance(property_, ox.NamedNode) else predicate or ""
                yield name, cell(found["o"])

    def quads(self, graph: str | None = None) -> Iterator[ox.Quad]:
        """The quads of one graph, of the default graph if its name is empty; of all without.

        Each graph is asked for by itself, so that a blank node of two is one in each.
        """
        if graph is None:
            for each in ("", *self.graph_names()):
                yield from self.quads(each)
            return
        name = named_node(graph) if graph else ox.DefaultGraph()
        for triple in self._triples(graph):
            yield ox.Quad(triple.subject, triple.predicate, triple.object, name)

    def triples(self, graph: str) -> Iterator[tuple[str, str, str]]:
        """The triples of a named graph; each term as N-Triples writes it."""
        for triple in self._triples(graph):
            yield str(triple.subject), str(triple.predicate), str(triple.object)

    def write(self, format_: Format, out: IO[bytes]) -> None:
        """Write all graphs to ``out`` in a format of datasets, else the default graph."""
        syntax, prefixes = GRAPH_FORMATS[format_.name], dict(PREFIXES)
        if format_.of_datasets:
            ox.serialize(self.quads(), out, format=syntax, prefixes=prefixes)
        else:
            ox.serialize(self._triples(""), out, format=syntax, prefixes=prefixes)

    def _triples(self, graph: str) -> Iterator[ox.Triple]:
        pattern = f"GRAPH {named_node(graph)} {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
        answer = self.query(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}")
        lines = io.BytesIO(answer.serialize(media_types("graph")["application/n-triples"]))
        for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES, rename_blank_nodes=True):
            yield quad.triple

    def _named(self, text: str, named_graphs: Sequence[str] = ()) -> list[str]:
        rows = self.query(text, named_graphs=named_graphs).rows()[1]
        return sorted(str(row[0]) for row in rows)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        with in_one_sentence(self.url, self._seconds), self._watch(f"ask {self.url}"):
            yield

    def _fetch(self, request: Request, deadline: float) -> Response:
        return self.connection.fetch(
            request.get_method(),
            request.full_url,
            deadline,
            request.data if isinstance(request.data, bytes) else None,
            dict(request.header_items()),
        )

    def _request(
        self, text: str, kind: Kind, default_graphs: Iterable[str], named_graphs: Iterable[str]
    ) -> Request:
        more = [("default-graph-uri", graph) for graph in default_graphs]
        more += [("named-graph-uri", graph) for graph in named_graphs]
        return _Endpoint(self.url, text, kind, more).request()


class _Endpoint(SPARQLWrapper.SPARQLWrapper):
    """One query to an endpoint, as a request of the protocol."""

    def __init__(self, url: str, text: str, kind: Kind, more: Iterable[tuple[str, str]]) -> None:
        address, _, parameters = url.partition("?")
        super().__init__(address, agent=AGENT)
        own = urllib.parse.parse_qsl(parameters, keep_blank_values=True)
        size = len(urllib.parse.quote_plus(text))
        for name, value in (*own, *more):
            self.addParameter(name, value)
            size += len(value)
        self.setOnlyConneg(True)  # parameters that name a format are not of the protocol
        self.addCustomHttpHeader("Accept", ACCEPTED[kind])
        # setQuery looks for the form of a query in its comments, too
        self.queryString, self.queryType = text, SPARQLWrapper.SELECT
        is_short = size <= _MOST_IN_ADDRESS
        self.setMethod(SPARQLWrapper.GET if is_short else SPARQLWrapper.POST)

    def request(self) -> Request:
        """What is sent."""
        return self._createRequest()


def _group(pattern: str, graph: str | None) -> str:
    """A pattern in one graph, in the default graph if it has no name, or with None in any."""
    if graph is None:
        return f"{{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }}"
    return f"GRAPH {named_node(graph)} {{ {pattern} }}" if graph else pattern


def _written(term: str) -> str:
    """A term of N-Triples as SPARQL writes it."""
    if not is_literal(term):
        return term
    text, datatype, language = parts(term)
    if language:
        return f"{as_sparql(Term(text, _STRING))}@{language}"
    return as_sparql(Term(text, datatype[1:-1]))

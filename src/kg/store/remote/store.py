"""An engine that is asked: what ``kg.store.embedded`` gives of a store of ours, by SPARQL.

A query that fits into an address goes by GET, which others on the way may keep, and a longer one by
POST. Parameters are bound in the text by ``kg.queries``. An answer is taken as a whole or not at
all, and every method sends one request, but for graphs of an engine that gives them in parts.
"""

from __future__ import annotations

import array
import contextlib
import itertools
import time
import urllib.parse
from typing import IO, TYPE_CHECKING, Any, Final, cast

import numpy as np
import pyoxigraph as ox
import SPARQLWrapper

from kg.errors import ServiceError
from kg.namespaces import BASE, CATALOG, PREFIXES
from kg.queries import Term, bound, form_of
from kg.queries.binding import as_sparql
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
from kg.store.remote.dataset import dataset_of, with_clauses
from kg.store.remote.received import (
    ACCEPTED,
    MOST_ROWS,
    answer_of,
    check_whole,
    parsed,
)
from kg.terms import is_blank, is_literal, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from urllib.request import Request

    from kg.documents import Cell
    from kg.results import Format, Kind
    from kg.store.remote.capabilities import Capabilities
    from kg.store.remote.dataset import Dataset

SECONDS: Final = 60
"""How long an answer may take, if nobody says otherwise."""
_MOST_IN_ADDRESS: Final = 2_000
"""Bytes of a query that go by GET: servers take addresses of some thousand."""
_MOST_GRAPHS: Final = 50
"""Graphs that a request names to an engine which says each again in a header of its answer: no more
than a hundred are read."""
_PART: Final = 10_000
"""Rows of a part of a graph, where the engine does not cut at fewer."""
_FRESH: Final = 10
"""Seconds for which the names of graphs are taken to be those that they were."""
_GRAPHS: Final = "SELECT DISTINCT ?graph { GRAPH ?graph { ?s ?p ?o } }"
DATA_VERSION: Final = f"""
SELECT ?version {{ GRAPH <{CATALOG}> {{
  <{BASE}dataset> <{PREFIXES["dcat"]}version> ?version
}} }}
"""
"""What the catalog says of the version of the data."""
_PARTS: Final = f"""
PREFIX void: <{PREFIXES["void"]}>
SELECT ?part {{ GRAPH <{CATALOG}> {{
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
        kind: Kind = "graph" if form_of(text) in ("CONSTRUCT", "DESCRIBE") else "rows"
        response = self.response(text, kind, (default_graphs, named_graphs))
        most_rows = self.capabilities.most_rows if self.capabilities else 0
        with in_one_sentence(self.url, self._seconds):
            return answer_of(response, kind, text, most_rows)

    def response(
        self,
        text: str,
        kind: Kind,
        dataset: Dataset = ((), ()),
        accepted: str = "",
    ) -> Response:
        """What the engine answers to a query, as it comes, in media types that are ``accepted``.

        Whether it is an answer, and a whole one, ``answer_of`` finds out. Raises as ``query`` does.
        """
        if self.capabilities and self.capabilities.default_graphs and not any(dataset):
            dataset = dataset_of(text, self.capabilities.default_graphs, self.known_names)
        is_long = sum(map(len, dataset)) > _MOST_GRAPHS
        if self.capabilities and self.capabilities.is_virtuoso and is_long:
            text, dataset = with_clauses(text, dataset), ((), ())
        more = [("default-graph-uri", graph) for graph in dataset[0]]
        more += [("named-graph-uri", graph) for graph in dataset[1]]
        if self.capabilities:
            more += self.capabilities.timeout_for(self._seconds)
        request = _Endpoint(self.url, text, accepted or ACCEPTED[kind], more).request()
        deadline = time.monotonic() + self._seconds
        with in_one_sentence(self.url, self._seconds), self._watch(f"ask {self.url}"):
            return within(self._seconds, lambda: self._fetch(request, deadline))

    def having(self, capabilities: Capabilities | None) -> RemoteStore:
        """The same engine, over the same connections, with these capabilities."""
        return RemoteStore(
            self.addresses, self._seconds, self._watch, capabilities, self.connection
        )

    def graph_names(self) -> list[str]:
        """The IRIs of the named graphs that are not empty, sorted.

        Of an engine that holds a catalog of ours those that it tells, and itself: other graphs that
        the engine has are not ours.
        """
        if self.capabilities and self.capabilities.is_ours:
            told = self._named(_PARTS)
            if told:
                return sorted({*told, CATALOG})
        return self._named(_GRAPHS)

    def data_version(self) -> str:
        """The version of the data that the engine holds; empty if it holds no catalog of ours."""
        return next((str(row[0]) for row in self.query(DATA_VERSION).rows()[1]), "")

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

    def size(self) -> int:
        """Number of triples of the default graph."""
        return self.count("")

    def count(self, graph: str) -> int:
        """Number of triples of a named graph, or of the default graph if the name is empty."""
        answer = self.query(f"SELECT (COUNT(*) AS ?n) {{ {_group('?s ?p ?o', graph)} }}")
        return int(str(next(answer.rows()[1])[0]))

    def _triples(self, graph: str) -> Iterator[ox.Triple]:
        """The triples of a graph while they come, whose time is not over as long as some do."""
        parts_of = self.capabilities.default_graphs if self.capabilities else ()
        if not graph and parts_of:
            yield from itertools.chain.from_iterable(map(self._triples, parts_of))
        elif self.capabilities and self.capabilities.is_virtuoso:
            yield from self._in_parts(graph)
        else:
            with in_one_sentence(self.url, self._seconds):
                yield from self._streamed(graph)

    def _streamed(self, graph: str) -> Iterator[ox.Triple]:
        text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {_group('?s ?p ?o', graph)} }}"
        deadline = time.monotonic() + self._seconds
        request = _Endpoint(self.url, text, ACCEPTED["graph"], []).request()
        sent = self._sent(request)
        with self.connection.opened(*sent[:2], deadline, *sent[2:], patience=self._seconds) as body:
            check_whole(body.status, body.headers)
            for quad in parsed(body):
                yield quad.triple

    def _in_parts(self, graph: str) -> Iterator[ox.Triple]:
        """The triples of a graph by as many as the engine gives without cutting.

        Nobody promises an order, so where there are several parts there have to be as many triples
        in the end as the engine counts. Raises ``ServiceError`` if there are not.
        """
        most, start, seen = _PART, 0, array.array("q")
        group = _group("?s ?p ?o", graph)
        while True:
            text = f"SELECT ?s ?p ?o {{ {group} }} LIMIT {most} OFFSET {start}"
            response = self.response(text, "rows")
            cut_at = int(response.headers.get(MOST_ROWS, most))
            if cut_at < most:
                most = cut_at
                continue
            with in_one_sentence(self.url, self._seconds):
                rows = [*answer_of(response, "rows", text).solutions()]
            for row in rows:
                triple = ox.Triple(*cast("Any", row))
                seen.append(hash(triple))
                yield triple
            start += len(rows)
            if len(rows) < most:
                break
        if start > most and len(np.unique(np.array(seen))) != self.count(graph):
            raise ServiceError(
                f"The endpoint <{self.url}> gave another graph <{graph}> in parts than it counts: "
                "it may be changing, try again later."
            )

    def _named(self, text: str, named_graphs: Sequence[str] = ()) -> list[str]:
        rows = self.query(text, named_graphs=named_graphs).rows()[1]
        return sorted(str(row[0]) for row in rows)

    def _fetch(self, request: Request, deadline: float) -> Response:
        sent = self._sent(request)
        return self.connection.fetch(*sent[:2], deadline, *sent[2:])

    def _sent(self, request: Request) -> tuple[str, str, bytes | None, dict[str, str]]:
        """Method, address, body and headers of a request."""
        data = request.data if isinstance(request.data, bytes) else None
        return request.get_method(), request.full_url, data, dict(request.header_items())


class _Endpoint(SPARQLWrapper.SPARQLWrapper):
    """One query to an endpoint, as a request of the protocol."""

    def __init__(self, url: str, text: str, accepted: str, more: Iterable[tuple[str, str]]) -> None:
        address, _, parameters = url.partition("?")
        super().__init__(address, agent=AGENT)
        own = urllib.parse.parse_qsl(parameters, keep_blank_values=True)
        size = len(urllib.parse.quote_plus(text))
        for name, value in (*own, *more):
            self.addParameter(name, value)
            size += len(value)
        self.setOnlyConneg(True)  # parameters that name a format are not of the protocol
        self.addCustomHttpHeader("Accept", accepted)
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

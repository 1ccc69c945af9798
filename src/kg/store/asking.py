"""What can be asked in SPARQL: a store of ours, or any engine at an address."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from typing import IO, TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.errors import BadInput
from kg.namespaces import PREFIXES, expand, shorten
from kg.queries import Term
from kg.store.answers import GRAPH_FORMATS
from kg.store.canonical import canonical_nquads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kg.documents import Cell
    from kg.queries import Parameter, Query
    from kg.results import Format
    from kg.store.answers import Answer

_MEMBERS: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?member (MIN(STR(?label)) AS ?name) ?class WHERE {
  ?member a ?class ; rdfs:label ?label . FILTER (LANG(?label) = "en")
} GROUP BY ?member ?class ORDER BY ?name ?member
"""
_IS_MEMBER: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?member ?class WHERE {
  ?member a ?class ; rdfs:label ?label . FILTER (LANG(?label) = "en")
} LIMIT 1
"""


class Store(ABC):
    """A default graph and named graphs that answer queries and are not changed by them."""

    @abstractmethod
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
        ``base``. Raises ``KgError`` with one sentence for what cannot be answered.
        """

    @abstractmethod
    def size(self) -> int:
        """Number of statements; of an engine those of the default graph."""

    @abstractmethod
    def graph_names(self) -> list[str]:
        """The IRIs of the named graphs, sorted."""

    @abstractmethod
    def has_graph(self, name: str) -> bool:
        """Whether there is a named graph of that name. Raises ``BadInput`` if it is no IRI."""

    @abstractmethod
    def quads(self, graph: str | None = None) -> Iterable[ox.Quad]:
        """The quads of one graph, of the default graph if its name is empty; of all without."""

    @abstractmethod
    def triples(self, graph: str) -> Iterator[tuple[str, str, str]]:
        """The triples of a named graph; each term as N-Triples writes it."""

    @abstractmethod
    def matching(
        self,
        subject: str | None = None,
        predicate: str | None = None,
        value: str | None = None,
        graph: str | None = None,
    ) -> Iterator[tuple[str, str, str, str]]:
        """The statements that have some terms, each after the name of a graph that states it.

        Terms are as N-Triples writes them, None for any; ``graph`` is as for ``quads``. Raises
        ``KgError`` if the store cannot be read.
        """

    @abstractmethod
    def statements(
        self, subject: str, predicate: str | None = None, graph: str | None = ""
    ) -> Iterator[tuple[str, Cell]]:
        """Property and value of what a graph, or with None any, states of ``subject``.

        ``graph`` is as for ``quads``. Values are as ``kg.documents`` has them; those that are
        neither IRI nor literal are left out. Raises ``KgError`` if the store cannot be read.
        """

    @abstractmethod
    def write(self, format_: Format, out: IO[bytes]) -> None:
        """Write all graphs to ``out`` in a format of datasets, else the default graph.

        Statements come in the order that the store has them in. Raises ``BadQuery`` if the format
        is an XML that cannot hold them.
        """

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
        about = {"member": term, "class": Term(expand(parameter.of_class))}
        if not any(self.query(_IS_MEMBER, about).rows()[1]):  # not of all: there may be many
            known = [shorten(iri) for iri, _ in self.members(parameter)]
            close = difflib.get_close_matches(shorten(term.value), known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise BadInput(
                f"{parameter.name} must be one of the graph's things of the class "
                f"{parameter.of_class}, which {shorten(term.value)} is not.{hint}"
            )

    def dump(self, format_: Format, graph: str = "") -> bytes:
        """Everything, in a format of datasets; else one graph, the default one if unnamed.

        Triples are sorted and blank nodes have their RDFC-1.0 labels, so equal content gives equal
        bytes.
        """
        serialization = GRAPH_FORMATS[format_.name]
        if format_.of_datasets:
            canonical = canonical_nquads(self.quads())
            if serialization == ox.RdfFormat.N_QUADS:
                return canonical
            quads = ox.parse(canonical, format=ox.RdfFormat.N_QUADS)
            return ox.serialize(quads, format=serialization, prefixes=PREFIXES) or b""
        chosen = (ox.Quad(q.subject, q.predicate, q.object) for q in self.quads(graph))
        lines = ox.parse(canonical_nquads(chosen), format=ox.RdfFormat.N_TRIPLES)
        triples = (quad.triple for quad in lines)
        return ox.serialize(triples, format=serialization, prefixes=PREFIXES) or b""

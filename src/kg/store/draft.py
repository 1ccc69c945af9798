"""A version while it is written: a copy of the one before, to be changed and then published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.errors import BadInput, BadQuery, NotFound, Rejected
from kg.store.answers import GRAPH_FORMATS
from kg.store.embedded import EmbeddedStore, bad_query, named_node
from kg.store.files import HAS_DOCTYPE, has_doctype, said_of
from kg.store.nesting import TOO_DEEP, is_too_deep

if TYPE_CHECKING:
    from pathlib import Path

_REMOTE: Final = "remote context"


class Draft:
    """A store on disk that nobody else has yet; what fails in it is thrown away as a whole."""

    def __init__(self, path: Path) -> None:
        self._store = ox.Store(str(path))

    def update(self, text: str, base: str) -> None:
        """Carry out a SPARQL update, judged before by ``updates.judge_update``.

        ``base`` is what relative IRIs are relative to. Raises ``BadQuery``, with line and column
        where the text does not parse.
        """
        try:
            self._store.update(text, base_iri=base)
        except SyntaxError as error:
            raise bad_query(str(error)) from None
        except (ValueError, RuntimeError) as error:
            raise BadQuery(f"{error}.") from None

    def has_graph(self, graph: str) -> bool:
        """Whether there is a graph, be it empty; the default graph, which has no name, if not."""
        if graph:
            return self._store.contains_named_graph(named_node(graph))
        return any(True for _ in self._store.quads_for_pattern(None, None, None, ox.DefaultGraph()))

    def clear(self, graph: str) -> None:
        """Take all triples out of a graph, which is there afterwards."""
        name = _named(graph)
        self._store.clear_graph(name)
        if isinstance(name, ox.NamedNode):
            self._store.add_graph(name)

    def remove(self, graph: str) -> None:
        """Take a graph away, or empty the default graph. Raises ``NotFound`` if there is none."""
        if graph and not self.has_graph(graph):
            raise NotFound(f"There is no graph <{graph}>.")
        self._store.remove_graph(_named(graph))

    def add(self, graph: str, body: bytes, format_name: str, base: str) -> None:
        """Put what a document says into a graph, its blank nodes told from all others.

        ``base`` is what relative IRIs are relative to. Raises ``BadInput`` if it cannot be parsed,
        ``Rejected`` for a DOCTYPE or a JSON-LD context that is elsewhere.
        """
        syntax = GRAPH_FORMATS[format_name]
        name = _named(graph)
        if isinstance(name, ox.NamedNode):
            self._store.add_graph(name)
        if has_doctype(body, syntax):
            raise Rejected(f"The document cannot be taken: {HAS_DOCTYPE}")
        if is_too_deep(body, syntax):
            raise Rejected(f"The document cannot be taken: {TOO_DEEP}")
        try:
            quads = ox.parse(body, syntax, base_iri=base, rename_blank_nodes=True)
            self._store.extend(_moved(quad, name) for quad in quads)
        except (SyntaxError, ValueError) as error:
            line, said = said_of(error)
            if _REMOTE in said:
                raise Rejected(
                    "The document cannot be taken: its context is elsewhere, and nothing is "
                    "fetched; write the context into the document."
                ) from None
            where = "" if line is None else f"line {line}: "
            raise BadInput(f"The document cannot be parsed: {where}{said}.") from None

    def reading(self) -> EmbeddedStore:
        """The draft as it is, to be asked."""
        return EmbeddedStore(self._store)

    def finish(self) -> None:
        """Write everything to disk; the draft cannot be used any more."""
        self._store.flush()
        del self._store


def _moved(quad: ox.Quad, graph: ox.NamedNode | ox.DefaultGraph) -> ox.Quad:
    """A quad of a document that is one graph; raises ``ValueError`` if it is in another."""
    if quad.graph_name != ox.DefaultGraph():
        raise ValueError(f"it has a graph of its own, {quad.graph_name}, where one graph is sent")
    return ox.Quad(quad.subject, quad.predicate, quad.object, graph)


def _named(graph: str) -> ox.NamedNode | ox.DefaultGraph:
    return named_node(graph) if graph else ox.DefaultGraph()

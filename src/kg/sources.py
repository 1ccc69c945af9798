"""Files to graphs: reads Turtle and TriG, and says path and line where a file cannot be read."""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from kg.columns import Quads, Rows, Terms, distinct
from kg.errors import BadSource, StoreError
from kg.namespaces import BUILT_GRAPHS, GRAPHS, RECEIPTS
from kg.store.files import parse
from kg.tables import Nodes, Passage, as_graph
from kg.turtle import Places, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import rdflib

    from kg.project import Project, SourceFile
    from kg.store import Store
    from kg.terms import Term, Triple


_BUILT: Final = frozenset(GRAPHS + name for name in BUILT_GRAPHS) | {RECEIPTS}


@dataclass(frozen=True, eq=False)
class Source:
    """One file as read: the rows of its named graphs, and on demand the lines of its statements.

    A Turtle file is one graph, of the IRI that its path gives. A TriG file holds one graph for each
    passage, and its default graph, the statements about the passages, gets the file's IRI. ``path``
    is None and ``digest`` empty for what was never a file.
    """

    shown: str
    graph: str
    rows: Rows
    path: Path | None = None
    digest: str = ""

    @cached_property
    def graphs(self) -> Mapping[str, Passage]:
        """The graphs by their IRIs."""
        nodes = Nodes(Terms())
        quads = Quads(nodes.terms, [self.rows])
        return {str(nodes.of(graph)): Passage(nodes, quads, graph) for graph in quads.spans}

    def without(self, others: Iterable[Source]) -> Source | None:
        """The file without the graphs that others have; None if one takes its place."""
        taken = {graph for other in others for graph in (f"<{other.graph}>", *other.graph_terms())}
        if f"<{self.graph}>" in taken:
            return None
        numbers = [n for n in distinct(self.rows.table[:, 0]) if self.rows.terms[n] in taken]
        if not numbers:
            return self
        kept = ~np.isin(self.rows.table[:, 0], numbers)
        return replace(self, rows=Rows(self.rows.terms, self.rows.table[kept]))

    def graph_terms(self) -> set[Term]:
        """The graphs that the file has."""
        return {self.rows.terms[number] for number in distinct(self.rows.table[:, 0])}

    @property
    def places(self) -> Places:
        """The line of each subject and of each property of it, where the file has them first."""
        return _places(self.path, self.digest) if self.path else {}


@lru_cache(maxsize=64)
def _places(path: Path, digest: str) -> Places:
    """The places in a file, found once as long as it stays what was read."""
    data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    return places(data.decode()) if digest_of(data) == digest else {}


def digest_of(data: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def read(file: SourceFile, shown: str, known: Source | None = None) -> Source:
    """Read a source file; ``shown`` is how messages name it.

    ``known`` is the file as it was read before, and is taken if nothing has changed. Raises
    ``BadSource`` if the file cannot be opened, is not UTF-8, does not parse, or names a graph that
    does not belong to it.
    """
    data = text_of(read_bytes(file.path, shown), shown)
    digest = digest_of(data)
    if known is not None and (known.graph, known.digest) == (file.graph, digest):
        return replace(known, path=file.path)
    return of_text(data, file, shown)


def of_text(data: bytes, file: SourceFile, shown: str) -> Source:
    """The source that a file is, of its ``text_of``.

    Raises ``BadSource`` if it does not parse, or names a graph that does not belong to it.
    """
    source = Source(shown, file.graph, _rows(data, file, shown), file.path, digest_of(data))
    for name in source.graphs:
        if name != file.graph and not name.startswith(f"{file.graph}/"):
            said = f"the graph <{name}> must be named <{file.graph}/...>, after its file."
            raise BadSource(shown, source.places.get((name, "")), said)
    return source


def made(text: bytes, file: SourceFile, shown: str) -> Source:
    """The source that a text would be if it were in a file, which it is not yet.

    Raises ``BadSource`` if it cannot be parsed.
    """
    return Source(shown, file.graph, _rows(text, file, shown))


def _rows(data: bytes, file: SourceFile, shown: str) -> Rows:
    """The rows of a file's text, what is in no graph of its own in that of the file."""
    graph = f"<{file.graph}>"
    return Rows.of(
        (name or graph, subject, predicate, value)
        for name, subject, predicate, value in parse(data, file.path.suffix, shown)
    )


def read_all(project: Project, known: Mapping[str, Source] | None = None) -> list[Source]:
    """Read every source file of ``project``, in the order of their graphs.

    ``known`` are files as they were read before, by how messages name them.
    """
    known = known or {}
    files = [(file, project.shown(file.path)) for file in project.data_files()]
    return [read(file, shown, known.get(shown)) for file, shown in files]


def parts_of(graphs: Iterable[str]) -> dict[str, list[str]]:
    """The graphs of passages in a built store, by the graph of the part that each belongs to."""
    parts: dict[str, list[str]] = {}
    for name in sorted(graphs):
        if name.startswith(GRAPHS) and name not in _BUILT:
            source, _, rest = name.removeprefix(GRAPHS).partition("/")
            parts.setdefault(f"{GRAPHS}{source}/{rest.partition('/')[0]}", []).append(name)
    return parts


def of_store(store: Store) -> list[Source]:
    """The sources that a store was built of, one for each part, without lines.

    Terms are as the store has them, which may spell numbers its own way. Raises ``StoreError`` if
    there are none, and ``KgError`` if it cannot be read.
    """
    parts = parts_of(store.graph_names())
    if not parts:
        raise StoreError("The store holds no graph of a source: publish one with kg build.")
    return [
        Source(part, part, Rows.of((f"<{n}>", *t) for n in names for t in store.triples(n)))
        for part, names in parts.items()
    ]


def read_graph(paths: list[Path], project: Project) -> rdflib.Graph:
    """One graph of several Turtle files: of the ontology, or of the shapes.

    Raises ``BadSource`` as ``read`` does.
    """
    return as_graph(triple for path in paths for triple in _triples(path, project))


def _triples(path: Path, project: Project) -> Iterable[Triple]:
    shown = project.shown(path)
    data = text_of(read_bytes(path, shown), shown)
    for _, subject, predicate, value in parse(data, path.suffix, shown):
        yield subject, predicate, value


def read_bytes(path: Path, shown: str) -> bytes:
    """The bytes of a file. Raises ``BadSource`` if it cannot be opened."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadSource(shown, None, f"cannot be read: {error.strerror}.") from None


def text_of(data: bytes, shown: str) -> bytes:
    """The bytes of a file without a mark of byte order. Raises ``BadSource`` unless in UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadSource(shown, line, "this is not UTF-8 text.") from None
    return data.removeprefix(codecs.BOM_UTF8)

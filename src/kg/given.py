"""Files that a person gives, inside the project or from elsewhere: what each would be in ``data/``.

Turtle and TriG stay as they are, byte for byte. Any other syntax of RDF becomes one of the two: a
graph Turtle, several below one part of a source TriG. The text depends on the statements, and names
the file that they are from. A CSV file becomes what a mapping makes of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from kg.errors import BadInput, BadSource
from kg.mapper import mapped
from kg.namespaces import GRAPHS, PREFIXES, shorten
from kg.project import SUFFIXES, SourceFile
from kg.sources import Source, digest_of, made, of_text, read_bytes, text_of
from kg.store.files import parse, parse_whole, syntax_of
from kg.terms import iri
from kg.turtle import document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from kg.project import Project

    Quad = tuple[str, str, str, str]
    """Graph, subject, predicate, object, as N-Triples writes them; "" for the default graph."""

TURTLE, TRIG = SUFFIXES
CSV: Final = ".csv"
_LINES: Final = (".nt", ".nq")
"""Syntaxes in which the places of statements are found as in Turtle."""
_KIND: Final = iri("rdf:type")
_PASSAGE: Final = iri("cllm:Passage")
_PART: Final = re.compile(rf"<({re.escape(GRAPHS)}[^/]+/[^/]+)(?:/.+)?>")
_PREFIX: Final = re.compile(r"[a-z].*")
_MOST: Final = 60
"""Characters of a value that a message has."""


@dataclass(frozen=True)
class Given:
    """A file as a source, and the text and the ending with which the project would have it."""

    source: Source
    text: bytes
    suffix: str


@dataclass(frozen=True)
class Origin:
    """A file that statements are from: its name, and the SHA-256 of its bytes."""

    name: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name}, SHA-256 {self.digest}"


def read_given(path: Path, project: Project, name: str | None = None) -> Given:
    """Read a file in any syntax of RDF that a person names.

    It is the graph of ``name`` (<source>/<part>) if there is one, else of the one passage that it
    describes, of the part that its named graphs belong to, or of its own folder and name. A file of
    the project is read in its place.

    Raises ``BadInput`` if it is missing, its ending says of no syntax, or its graph can be none of
    a file; ``BadSource`` if it does not parse, has a blank node or a relative IRI, or names graphs
    of something else than one part of a source.
    """
    if path.suffix.lower() == CSV:
        raise BadInput(f"{path}: what the columns of a CSV file mean is for a --mapping to say.")
    syntax_of(path)
    shown = project.shown(path)
    raw = read_bytes(path, shown)
    data = text_of(raw, shown)
    if path.suffix not in SUFFIXES:
        suffix = path.suffix.lower()
        quads = list(parse_whole(data, suffix, shown))
        given = converted(quads, path, [Origin(path.name, digest_of(raw))], project, name)
        if suffix not in _LINES:
            return given
        return replace(given, source=replace(given.source, path=path, digest=digest_of(data)))
    if name is None:
        for file in project.data_files():
            if file.path.resolve() == path.resolve():
                return Given(of_text(data, file, shown), raw, path.suffix)
    graph = GRAPHS + name if name else None
    if graph is None and path.suffix == TURTLE:
        graph = _described(parse(data, path.suffix, shown))
    file = SourceFile(path, graph or _by_path(path))
    return Given(of_text(data, file, shown), raw, path.suffix)


def read_mapped(
    path: Path, mapping: Path, project: Project, python: str, name: str | None = None
) -> Given:
    """Read a CSV file as a mapping has it, by the morph-kgc of a Python.

    What it is the graph of is as for ``read_given``. Raises as that and ``mapper.mapped`` do.
    """
    texts = []
    origins = []
    for file in (path, mapping):
        if not file.is_file():
            raise BadInput(f"There is no file {file}.")
        data = read_bytes(file, str(file))
        texts.append(text_of(data, str(file)))
        origins.append(Origin(file.name, digest_of(data)))
    quads = mapped(texts[0], path, texts[1], mapping, python)
    return converted(quads, path, origins, project, name)


def converted(
    quads: Sequence[Quad],
    path: Path,
    origins: Sequence[Origin],
    project: Project,
    name: str | None = None,
) -> Given:
    """What a file that has some quads is as Turtle or TriG; raises as ``read_given`` does.

    ``origins`` are named at the top of the text.
    """
    shown = project.shown(path)
    if not quads:
        raise BadInput(f"{shown} says nothing: it has no statement.")
    _refuse_blank(quads, shown)
    graph = _graph(quads, path, shown, name)
    graphs: dict[str, list[tuple[str, str, str]]] = {}
    for named, subject, predicate, value in sorted(set(quads), key=_order):
        key = "" if named in ("", f"<{graph}>") else named[1:-1]
        graphs.setdefault(key, []).append((subject, predicate, value))
    place = project.place_of(graph, TURTLE)
    if set(graphs) != {""} or place.with_suffix(TRIG).exists():
        place = place.with_suffix(TRIG)
    remarks = ["Written by kg import, to be changed by importing again, from", *map(str, origins)]
    text = document(remarks, graphs, _prefixes(graph, place.suffix)).encode()
    return Given(made(text, SourceFile(place, graph), shown), text, place.suffix)


def _order(quad: Quad) -> tuple[str, str, bool, str, str]:
    """The place of a quad in the text: what a subject is comes before what else is said of it."""
    graph, subject, predicate, value = quad
    return graph, subject, predicate != _KIND, predicate, value


def _refuse_blank(quads: Iterable[Quad], shown: str) -> None:
    """Raise ``BadSource`` for a blank node, and say where it is from what has a name.

    A name could be made here only of what is said of it: another one after each correction, by
    which nothing could speak of it for long.
    """
    blank = [quad for quad in quads if any(_is_blank(term) for term in quad)]
    if blank:
        graph, *triple = min(blank, key=lambda quad: _is_blank(quad[1]))
        words = " ".join("[ ]" if _is_blank(term) else _short(term) for term in triple)
        where = f"{words}, in a graph [ ]" if _is_blank(graph) else words
        said = f"it has a blank node ({where}), and what data speak of has a name: give it an IRI."
        raise BadSource(shown, None, said)


def _is_blank(term: str) -> bool:
    return term.startswith("_:")


def _short(term: str) -> str:
    return shorten(term[1:-1]) if term[0] == "<" else term[:_MOST]


def _graph(quads: Sequence[Quad], path: Path, shown: str, name: str | None) -> str:
    """The graph of the file that some quads belong to."""
    parts: dict[str, str] = {}
    for named in dict.fromkeys(quad[0] for quad in quads if quad[0]):
        found = _PART.fullmatch(named)
        if found is None:
            said = f"{named} is no graph of a source: name it <{GRAPHS}SOURCE/PART/PASSAGE>."
            raise BadSource(shown, None, said)
        parts[found[1]] = named
    wanted = GRAPHS + name if name else next(iter(parts), None)
    for part in parts:
        if part != wanted:
            said = f"the graph {parts[part]} is not of <{wanted}>, and a file is one part: split it"
            raise BadSource(shown, None, f"{said}, or leave out --as." if name else f"{said}.")
    return wanted or _described(quads) or _by_path(path)


def _described(quads: Iterable[Quad]) -> str | None:
    """The one passage that a file of one graph describes; None if there are none or several."""
    described = {
        subject[1:-1]
        for _, subject, predicate, value in quads
        if (predicate, value) == (_KIND, _PASSAGE) and subject.startswith(f"<{GRAPHS}")
    }
    return described.pop() if len(described) == 1 else None


def _by_path(path: Path) -> str:
    """The graph that a file of this folder and name would be in ``data/``."""
    return f"{GRAPHS}{path.resolve().parent.name}/{path.stem}"


def _prefixes(graph: str, suffix: str) -> dict[str, str]:
    """The table, with the prefix of the source, and in TriG that of the file's own passages."""
    source = graph.removeprefix(GRAPHS).partition("/")[0]
    own = {"p": f"{graph}/"} if suffix == TRIG else {}
    of_source = {source: f"{GRAPHS}{source}/"} if _PREFIX.fullmatch(source) else {}
    return of_source | own | PREFIXES

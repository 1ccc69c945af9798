"""Files to graphs: reads Turtle and TriG, and says path and line where a file cannot be read."""

from __future__ import annotations

import difflib
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import RDF
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.plugins.parsers.notation3 import BadSyntax

from kg.errors import BadInput, BadSource
from kg.namespaces import GRAPHS, PREFIXES, TERMS
from kg.project import SUFFIXES, Project, SourceFile
from kg.turtle import Places, places

if TYPE_CHECKING:
    from pathlib import Path


_PASSAGE: Final = rdflib.URIRef(f"{TERMS}Passage")


@dataclass(frozen=True)
class Source:
    """One file as read: its named graphs by IRI, and the lines of its statements.

    A Turtle file is one graph, of the IRI that its path gives. A TriG file holds one graph for each
    passage, and its default graph, the statements about the passages, gets the file's IRI.
    """

    shown: str
    graph: str
    graphs: dict[str, rdflib.Graph]
    places: Places

    @property
    def triples(self) -> int:
        """Number of triples in all graphs of the file."""
        return sum(len(graph) for graph in self.graphs.values())


def read(file: SourceFile, shown: str) -> Source:
    """Read a source file; ``shown`` is how messages name it.

    Raises ``BadSource`` if the file cannot be opened, is not UTF-8, does not parse, or names a
    graph that does not belong to it.
    """
    text = _text(file.path, shown)
    lines = places(text)
    if file.path.suffix == ".ttl":
        graph = rdflib.Graph()
        _parse(graph, text, "turtle", shown)
        return Source(shown, file.graph, {file.graph: graph}, lines)
    dataset = rdflib.Dataset()
    _parse(dataset, text, "trig", shown)
    graphs: dict[str, rdflib.Graph] = {}
    for part in dataset.graphs():
        is_default = part.identifier == DATASET_DEFAULT_GRAPH_ID
        name = file.graph if is_default else str(part.identifier)
        if not is_default and not name.startswith(f"{file.graph}/"):
            said = f"the graph <{name}> must be named <{file.graph}/...>, after its file."
            raise BadSource(shown, lines.get((name, "")), said)
        if len(part):
            graphs[name] = _plain(part)
    return Source(shown, file.graph, graphs, lines)


def read_all(project: Project) -> list[Source]:
    """Read every source file of ``project``, in the order of their graphs."""
    return [read(file, project.shown(file.path)) for file in project.data_files()]


def read_graph(paths: list[Path], project: Project) -> rdflib.Graph:
    """One graph of several Turtle files: of the ontology, or of the shapes.

    Raises ``BadSource`` as ``read`` does.
    """
    graph = rdflib.Graph()
    for path in paths:
        shown = project.shown(path)
        _parse(graph, _text(path, shown), "turtle", shown)
    return graph


def read_given(path: Path, project: Project) -> Source:
    """Read a file that a person names, inside the project or anywhere else.

    A file from elsewhere is the graph of the one passage that it describes, else the graph that its
    folder and name would give it in ``data/``. Raises ``BadInput`` if it is missing or of another
    format, ``BadSource`` as ``read`` does.
    """
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    if path.suffix not in SUFFIXES:
        raise BadInput(f"{path} is neither Turtle (.ttl) nor TriG (.trig).")
    shown = project.shown(path)
    for file in project.data_files():
        if file.path.resolve() == path.resolve():
            return read(file, shown)
    graph = f"{GRAPHS}{path.resolve().parent.name}/{path.stem}"
    if path.suffix == ".ttl":
        described = {
            str(passage)
            for passage in read_graph([path], project).subjects(RDF.type, _PASSAGE)
            if str(passage).startswith(GRAPHS)
        }
        graph = described.pop() if len(described) == 1 else graph
    return read(SourceFile(path, graph), shown)


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise BadSource(shown, line, "this is not UTF-8 text.") from None
    except OSError as error:
        raise BadSource(shown, None, f"cannot be read: {error.strerror}.") from None


def _parse(graph: rdflib.Graph, text: str, syntax: str, shown: str) -> None:
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)  # validate says it, with the line
    try:
        graph.parse(data=text, format=syntax, publicID="urn:relative:")
    except BadSyntax as error:
        raise BadSource(shown, error.lines + 1, f"syntax error: {_said(error)}.") from None
    except Exception as error:  # rdflib's parser raises many kinds for malformed text
        said = " ".join(str(error).split())
        raise BadSource(shown, None, f"syntax error: {said}.") from None


def _said(error: BadSyntax) -> str:
    """What the parser has to say, in words for who wrote the file where it has too few."""
    said = str(error._why).rstrip(".")
    if undeclared := re.fullmatch(r'Prefix "(.*):" not bound', said):
        name = undeclared[1]
        close = difflib.get_close_matches(name, PREFIXES, n=1)
        hint = f"did you mean {close[0]}:? Else " if close and close[0] != name else ""
        return f"the prefix {name}: is not declared in this file; {hint}add an @prefix line"
    return said


def _plain(graph: rdflib.Graph) -> rdflib.Graph:
    plain = rdflib.Graph()
    for triple in graph:
        plain.add(triple)
    return plain

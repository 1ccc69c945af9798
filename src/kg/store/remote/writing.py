"""Graphs written to an engine, by the Graph Store Protocol or by SPARQL Update, in pieces.

https://www.w3.org/TR/sparql11-http-rdf-update/ and https://www.w3.org/TR/sparql11-update/. A graph
is emptied and then filled; whoever asks meanwhile sees a part of it. The default graph has no name.
"""

from __future__ import annotations

import re
import time
import urllib.parse
from abc import ABC, abstractmethod
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from kg.namespaces import RECEIPTS
from kg.store.embedded import named_node
from kg.store.remote.connection import Unusable, in_one_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kg.store.remote.connection import Addresses, Connection

SECONDS: Final = 600
"""How long an engine may take for a piece."""
_NTRIPLES: Final = "application/n-triples"
_UPDATE: Final = "application/sparql-update"
_HAS_NONE: Final = (
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
)
"""What an address says that is none of a graph store."""
_PROBED: Final = f"{RECEIPTS}/probe"
"""A graph that nothing is ever written into."""
_ESCAPE: Final = re.compile(rb"\\\\([uU])|\\.")
_LETTERS: Final = {b"u": rb"\\\U00000075", b"U": rb"\\\U00000055"}


class Writing(ABC):
    """A way to write graphs. Every method raises ``ServiceError`` or ``Exceeded``."""

    lines: int
    lines_with_blanks: int
    """Numbers of statements in a piece without and with blank nodes."""

    def __init__(self, url: str, connection: Connection) -> None:
        self.url = url
        self._connection = connection

    def put(self, graph: str, pieces: Iterable[bytes]) -> Iterator[int]:
        """Make a graph what some N-Triples say, and give the size of each piece that is written.

        A blank node is the same in one piece only.
        """
        is_new = True
        for piece in pieces:
            self._write(graph, piece, is_new)
            is_new = False
            yield piece.count(b"\n")

    def add(self, graph: str, piece: bytes) -> None:
        """Add N-Triples to a graph."""
        self._write(graph, piece, is_new=False)

    @abstractmethod
    def remove(self, graph: str) -> None:
        """Remove a graph, if it is there."""

    @abstractmethod
    def _write(self, graph: str, piece: bytes, is_new: bool) -> None:
        """Write a piece into a graph, which is emptied before if it is to be new."""

    def _send(self, method: str, url: str, body: bytes | None, media_type: str = "") -> None:
        headers = {"Accept": "*/*"} | ({"Content-Type": media_type} if media_type else {})
        deadline = time.monotonic() + SECONDS
        self._connection.fetch(method, url, deadline, body, headers, is_repeatable=False)


class GraphStore(Writing):
    """By HTTP: PUT for the first piece, POST for the others."""

    lines = lines_with_blanks = 20_000

    def remove(self, graph: str) -> None:
        """Remove a graph, if it is there."""
        with in_one_sentence(self.url, SECONDS):
            try:
                self._send("DELETE", self._address(graph), None)
            except Unusable as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise

    def _write(self, graph: str, piece: bytes, is_new: bool) -> None:
        method = "PUT" if is_new else "POST"
        with in_one_sentence(self.url, SECONDS):
            self._send(method, self._address(graph), piece, _NTRIPLES)

    def is_one(self) -> bool:
        """Whether there is a graph store at the address, found by writing an empty graph."""
        with in_one_sentence(self.url, SECONDS):
            try:
                self._send("PUT", self._address(_PROBED), b"", _NTRIPLES)
                self._send("DELETE", self._address(_PROBED), None)
            except Unusable as error:
                if error.status in _HAS_NONE:
                    return False
                raise
        return True

    def _address(self, graph: str) -> str:
        named = urllib.parse.urlencode({"graph": graph}) if graph else "default"
        return f"{self.url}{'&' if '?' in self.url else '?'}{named}"


class Updates(Writing):
    """By SPARQL: DROP, and INSERT DATA for each piece.

    Pieces with blank nodes, which Virtuoso does not take so, go by INSERT with a pattern that is
    empty, and so met once; of those it takes some thousand lines of its own making.
    """

    lines = 2_000
    lines_with_blanks = 200

    def remove(self, graph: str) -> None:
        """Remove a graph, if it is there."""
        what = f"GRAPH {named_node(graph)}" if graph else "DEFAULT"
        self._update(f"DROP SILENT {what}".encode())

    def _write(self, graph: str, piece: bytes, is_new: bool) -> None:
        if is_new:
            self.remove(graph)
        data = as_sparql_data(piece)
        if graph:
            data = f"GRAPH {named_node(graph)} {{\n".encode() + data + b"}"
        if any(map(_labels, piece.splitlines())):
            self._update(b"INSERT {\n" + data + b"} WHERE {}")
        else:
            self._update(b"INSERT DATA {\n" + data + b"}")

    def _update(self, text: bytes) -> None:
        with in_one_sentence(self.url, SECONDS):
            self._send("POST", self.url, text, _UPDATE)


def writing(addresses: Addresses, connection: Connection, prefers_update: bool) -> Writing:
    """The way to write to an engine: its graph store, if it has one, else its updates.

    The other way round for an engine that keeps terms better so.
    """
    if not addresses.graph_store or (prefers_update and addresses.update):
        return Updates(addresses.update, connection)
    graph_store = GraphStore(addresses.graph_store, connection)
    if addresses.update and not graph_store.is_one():
        return Updates(addresses.update, connection)
    return graph_store


def as_sparql_data(lines: bytes) -> bytes:
    r"""N-Triples as SPARQL reads them (https://www.w3.org/TR/sparql11-query/#codepointEscape).

    Some engines replace ``\u`` and four digits before they look for strings, also where the
    backslash is itself escaped: so no ``u`` is left after one.
    """
    if b"\\\\u" not in lines and b"\\\\U" not in lines:
        return lines
    return _ESCAPE.sub(lambda m: _LETTERS[m[1]] if m[1] else m[0], lines)


def in_pieces(chunks: Iterable[bytes], most: int, most_with_blanks: int) -> Iterator[bytes]:
    """Lines of N-Triples in pieces, those with blank nodes last.

    Statements that blank nodes hold together are in one piece, however many they are.
    """
    piece: list[bytes] = []
    with_blanks: list[bytes] = []
    for line in (line for chunk in chunks for line in chunk.splitlines(keepends=True)):
        if _labels(line):
            with_blanks.append(line)
            continue
        piece.append(line)
        if len(piece) == most:
            yield b"".join(piece)
            piece = []
    if piece:
        yield b"".join(piece)
        piece = []
    for together in _held_together(with_blanks):
        if piece and len(piece) + len(together) > most_with_blanks:
            yield b"".join(piece)
            piece = []
        piece += together
    if piece:
        yield b"".join(piece)


def _labels(line: bytes) -> list[bytes]:
    """The blank nodes of a statement."""
    subject, _, rest = line.split(b" ", 2)
    return [term for term in (subject, rest.split(b" ", 1)[0]) if term.startswith(b"_:")]


def _held_together(lines: list[bytes]) -> Iterable[list[bytes]]:
    """Statements with blank nodes, those that share some together."""
    above: dict[bytes, bytes] = {}

    def top(label: bytes) -> bytes:
        while above.setdefault(label, label) != label:
            above[label] = above[above[label]]
            label = above[label]
        return label

    for line in lines:
        first, *others = _labels(line)
        for other in others:
            above[top(other)] = top(first)
    groups: dict[bytes, list[bytes]] = {}
    for line in lines:
        groups.setdefault(top(_labels(line)[0]), []).append(line)
    return groups.values()

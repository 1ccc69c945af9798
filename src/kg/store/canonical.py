"""The bytes of a graph that depend on its content alone.

Blank nodes get the labels of RDF Dataset Canonicalization (https://www.w3.org/TR/rdf-canon/,
RDFC-1.0), and the lines of N-Quads (https://www.w3.org/TR/n-quads/) are sorted by code point.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import pyoxigraph as ox

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def canonical_nquads(quads: Iterable[ox.Quad]) -> bytes:
    """The canonical N-Quads of ``quads``: one sorted line each, UTF-8."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = ox.serialize(dataset, format=ox.RdfFormat.N_QUADS) or b""
    return b"".join(sorted(lines.splitlines(keepends=True)))


def data_version(graphs: Mapping[str, bytes]) -> str:
    """The data version of ``graphs``, N-Triples by graph IRI: 16 hexadecimal digits.

    The SHA-256 of the sorted names and hashes of the graphs.
    """
    return version_of(
        {
            name: hashlib.sha256(canonical_nquads(parse_graph(text))).hexdigest()
            for name, text in graphs.items()
        }
    )


def version_of(hashes: Mapping[str, str]) -> str:
    """The data version of graphs with these hashes by their IRIs."""
    lines = sorted(f"{name} {digest}\n" for name, digest in hashes.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


@runtime_checkable
class InPieces(Protocol):
    """Graphs whose canonical N-Triples can be had without holding all of a graph."""

    def pieces(self, name: str) -> Iterable[bytes]:
        """The text of a graph in pieces of whole lines."""


def parse_graph(ntriples: bytes, graph: str = "") -> Iterable[ox.Quad]:
    """The quads of N-Triples text in the named graph, in the default graph if it has no name."""
    to_graph = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    for quad in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES):
        yield ox.Quad(quad.subject, quad.predicate, quad.object, to_graph)

"""The bytes of a graph that depend on its content alone.

Blank nodes get the labels of RDF Dataset Canonicalization (https://www.w3.org/TR/rdf-canon/,
RDFC-1.0), and the lines of N-Quads (https://www.w3.org/TR/n-quads/) are sorted by code point.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

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
    hashes = sorted(
        f"{name} {hashlib.sha256(canonical_nquads(parse_graph(text))).hexdigest()}\n"
        for name, text in graphs.items()
    )
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def parse_graph(ntriples: bytes, graph: str = "") -> Iterable[ox.Quad]:
    """The quads of N-Triples text in the named graph, in the default graph if it has no name."""
    to_graph = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    for quad in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES):
        yield ox.Quad(quad.subject, quad.predicate, quad.object, to_graph)

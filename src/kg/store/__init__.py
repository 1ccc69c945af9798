"""Where built graphs are kept and asked.

asking      what can be asked in SPARQL, wherever it is
answers     what a query found, as bytes, texts, or values of Python
embedded    one Oxigraph store, in memory or on disk, read-only once published
remote      any SPARQL 1.1 engine at an address
canonical   the bytes of a graph that depend on nothing but its content
written     graphs in columns as canonical N-Triples, in pieces
files       RDF files in any of the common syntaxes, read as triples
grouped     the same by predicate, in columns
nesting     how deep a document nests, before a parser sees it
plain       any RDF files as a version, without a build
draft       a version while it is written
versions    folders of published stores, and which one is current
places      where a version is, told from one process to another
current     the one that is served, opened anew when another one has become current
"""

from kg.store.answers import Answer, Number
from kg.store.asking import Store
from kg.store.canonical import canonical_nquads, data_version
from kg.store.current import Current
from kg.store.embedded import EmbeddedStore
from kg.store.places import opened, told
from kg.store.versions import Change, Reading, Version, Versions

__all__ = [
    "Answer",
    "Change",
    "Current",
    "EmbeddedStore",
    "Number",
    "Reading",
    "Store",
    "Version",
    "Versions",
    "canonical_nquads",
    "data_version",
    "opened",
    "told",
]

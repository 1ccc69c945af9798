"""Generated Turtle: what is written is read back, in the form of the files that people write."""

from __future__ import annotations

import pyoxigraph as ox

from kg.namespaces import GRAPHS, PREFIXES
from kg.terms import Triple, iri, literal
from kg.turtle import document, places

PASSAGE = f"{GRAPHS}a/b/1-1"
ABOUT = f"<{PASSAGE}>"
GRAPHS_TO_WRITE: dict[str, list[Triple]] = {
    "": [
        (f"<{GRAPHS}a/b>", iri("rdf:type"), iri("cllm:Passage")),
        (ABOUT, iri("cllm:sentence"), literal("1", f"{PREFIXES['xsd']}integer")),
        (ABOUT, iri("cllm:sentence"), literal("1", f"{PREFIXES['xsd']}integer")),
        (f"<{GRAPHS}a/b>", iri("dcterms:source"), "<https://example.org/a?b=c#d>"),
    ],
    PASSAGE: [
        (iri("model:x-1"), iri("rdfs:label"), literal('A "b"\n\\^^<c>', language="en")),
        (iri("model:x-1"), iri("cllm:released"), literal("2021-01-02", f"{PREFIXES['xsd']}date")),
        (iri("model:x-1"), iri("rdfs:label"), literal("^^<x>")),
        (iri("model:y.z"), iri("cllm:row"), literal("01", f"{PREFIXES['xsd']}integer")),
    ],
    f"{GRAPHS}a/b/of-which-nothing-is-said": [
        (iri("model:x-"), iri("rdf:type"), iri("cllm:Model"))
    ],
}
TEXT = """\
# Two graphs.

@prefix cllm: <https://w3id.org/china-llm/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix model: <https://w3id.org/china-llm/id/model/> .
@prefix p: <https://w3id.org/china-llm/graph/a/b/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://w3id.org/china-llm/graph/a/b>
    a cllm:Passage ;
    dcterms:source <https://example.org/a?b=c#d> .

p:1-1
    cllm:sentence 1 .

p:1-1 {
    model:x-1
        rdfs:label "A \\"b\\"\\n\\\\^^<c>"@en , "^^<x>" ;
        cllm:released "2021-01-02"^^xsd:date .

    <https://w3id.org/china-llm/id/model/y.z>
        cllm:row "01"^^xsd:integer .
}

p:of-which-nothing-is-said {
    <https://w3id.org/china-llm/id/model/x->
        a cllm:Model .
}
"""


def test_document() -> None:
    """Subjects once, properties and values in order, the description of a graph before it."""
    prefixes = PREFIXES | {"p": f"{GRAPHS}a/b/"}
    text = document(["Two graphs."], GRAPHS_TO_WRITE, prefixes)

    assert text == TEXT
    read = {
        ("" if isinstance(q.graph_name, ox.DefaultGraph) else q.graph_name.value, str(q.triple))
        for q in ox.parse(text.encode(), format=ox.RdfFormat.TRIG)
    }
    assert read == {
        (name, " ".join(triple)) for name, triples in GRAPHS_TO_WRITE.items() for triple in triples
    }
    assert places(text)[iri("model:x-1")[1:-1], iri("cllm:released")[1:-1]] == 20

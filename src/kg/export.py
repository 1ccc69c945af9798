"""The graph as files for others; JSON-LD with a context in which every term has a plain name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import rdflib
from rdflib import OWL, RDF, RDFS
from rdflib.compare import to_canonical_graph

from kg.namespaces import PREFIXES, TERMS

if TYPE_CHECKING:
    from rdflib.term import Node


def context(ontology: rdflib.Graph) -> dict[str, Any]:
    """The JSON-LD 1.1 context of the ontology: prefixes, and each property by its local name.

    Values of object properties are IRIs, those of datatype properties have the declared range.
    """
    terms: dict[str, Any] = {"id": "@id", "type": "@type"}
    for term in sorted(ontology.subjects(RDF.type, OWL.Class), key=str):
        if str(term).startswith(TERMS):
            terms[_local(term)] = str(term)
    for kind in (OWL.AnnotationProperty, OWL.DatatypeProperty, OWL.ObjectProperty):
        for term in sorted(ontology.subjects(RDF.type, kind), key=str):
            if str(term).startswith(TERMS):
                terms[_local(term)] = _definition(term, kind, ontology)
    return {"@version": 1.1, **PREFIXES, **terms}


def jsonld(graph: rdflib.Graph, ontology: rdflib.Graph) -> bytes:
    """``graph`` as JSON-LD with its context inside; equal graphs give equal bytes."""
    bundled = context(ontology)
    # rdflib compacts by the context but keeps no order, nor the names of blank nodes
    text = to_canonical_graph(graph).serialize(
        format="json-ld", context=bundled, auto_compact=True, use_native_types=False
    )
    document = json.loads(text)
    document.pop("@context")
    nodes = document.get("@graph") or [document]  # a single node stands alone
    for node in nodes:
        for key, value in node.items():
            if isinstance(value, list):
                node[key] = sorted(value, key=_sort_key)
    ordered = {"@context": bundled, "@graph": sorted(filter(None, nodes), key=_sort_key)}
    return (json.dumps(ordered, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _sort_key(value: Any) -> tuple[str, str]:  # noqa: ANN401
    name = value.get("id", "") if isinstance(value, dict) else ""
    return str(name), json.dumps(value, sort_keys=True)


def _definition(term: Node, kind: Node, ontology: rdflib.Graph) -> str | dict[str, str]:
    if kind == OWL.ObjectProperty:
        return {"@id": str(term), "@type": "@id"}
    if datatype := ontology.value(term, RDFS.range):
        return {"@id": str(term), "@type": str(datatype)}
    return str(term)


def _local(term: Node) -> str:
    return str(term).removeprefix(TERMS)

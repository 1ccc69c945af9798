"""The graph as files for others: each claim as a nanopublication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import rdflib
from rdflib import DCTERMS, PROV, RDF

from kg.namespaces import BASE, GRAPHS, PREFIXES, TERMS

if TYPE_CHECKING:
    from collections.abc import Mapping


_CLLM: Final = rdflib.Namespace(TERMS)
_NP: Final = rdflib.Namespace(PREFIXES["np"])


def nanopublications(graphs: Mapping[str, rdflib.Graph], licence: str, version: str) -> bytes:
    """Each claim as a nanopublication (https://nanopub.net/guidelines/working_draft/), in TriG.

    ``graphs`` are the named graphs of a store, the claims and the settled view among them. The
    assertion is the statement, with the whole figure where it is one; the provenance its passage,
    speakers, stance and primary sources; the publication info its licence, rank and data version.
    """
    claims, settled = graphs[f"{GRAPHS}claims"], graphs[f"{GRAPHS}settled"]
    blocks = []
    for claim in sorted(claims.subjects(RDF.type, _CLLM.Claim), key=str):
        subject, predicate, value, passage = (
            claims.value(claim, p) for p in (RDF.subject, RDF.predicate, RDF.object, _CLLM.statedIn)
        )
        said = graphs[str(passage)]
        is_figure = (value, _CLLM.quantity, predicate) in said
        asserted = [(subject, _CLLM.hasFigure if is_figure else predicate, value)]
        asserted += said.triples((value, None, None)) if is_figure else []
        name = rdflib.URIRef(f"{BASE}np/{str(claim).rpartition('/')[2]}")
        part = {
            p: rdflib.URIRef(f"{name}#{p}") for p in ("Head", "assertion", "provenance", "pubinfo")
        }
        sources = [passage, *sorted(settled.objects(passage, PROV.hadPrimarySource), key=str)]
        contents: dict[str, list[tuple[Any, ...]]] = {
            "Head": [
                (name, RDF.type, _NP.Nanopublication),
                (name, _NP.hasAssertion, part["assertion"]),
                (name, _NP.hasProvenance, part["provenance"]),
                (name, _NP.hasPublicationInfo, part["pubinfo"]),
            ],
            "assertion": asserted,
            "provenance": [
                *((part["assertion"], PROV.hadPrimarySource, source) for source in sources),
                *(
                    (part["assertion"], PROV.wasAttributedTo, speaker)
                    for speaker in settled.objects(passage, _CLLM.speaker)
                ),
                *(
                    (part["assertion"], _CLLM.stance, o)
                    for o in claims.objects(claim, _CLLM.stance)
                ),
            ],
            "pubinfo": [
                (name, PROV.wasDerivedFrom, claim),
                (name, DCTERMS.license, rdflib.URIRef(licence)),
                (name, DCTERMS.hasVersion, rdflib.Literal(version)),
                *((name, _CLLM.rank, rank) for rank in claims.objects(claim, _CLLM.rank)),
            ],
        }
        for key, triples in contents.items():
            lines = sorted(f"    {s.n3()} {p.n3()} {o.n3()} ." for s, p, o in triples)
            blocks.append(f"\n{part[key].n3()} {{\n{chr(10).join(lines)}\n}}\n".encode())
    return b"".join(blocks)

"""Each claim as a nanopublication: four graphs that hang together."""

from __future__ import annotations

import rdflib
from click.testing import CliRunner
from rdflib import PROV, RDF

from kg import build
from kg.cli import main
from kg.graph.claims import CLLM
from kg.namespaces import GRAPHS, PREFIXES
from kg.project import Project
from kg.store import Versions

NP = rdflib.Namespace(PREFIXES["np"])


def test_every_claim_is_a_nanopublication(
    project: Project, versions: Versions, built: build.Built
) -> None:
    """As many as claims; each with its statement, its passage, its rank, and the same bytes."""
    command = ["--project", str(project.root), "export", "--store", str(versions.root)]
    written = CliRunner().invoke(main, [*command, "--format", "nanopub"])
    assert written.exit_code == 0
    assert written.stdout_bytes == (
        CliRunner().invoke(main, [*command, "--format", "nanopub"]).stdout_bytes
    )

    dataset = rdflib.Dataset().parse(data=written.stdout_bytes, format="trig")
    found = sorted({s for s, _, _, _ in dataset.quads((None, RDF.type, NP.Nanopublication, None))})
    claims = rdflib.Graph().parse(data=built.graphs[f"{GRAPHS}claims"], format="nt")
    assert len(found) == built.counts["claims"] > 1000
    passages = set(built.graphs)
    for name in found:
        head = dataset.graph(rdflib.URIRef(f"{name}#Head"))
        parts = {p: head.value(name, NP[p]) for p in ("hasAssertion", "hasProvenance")}
        info = dataset.graph(head.value(name, NP.hasPublicationInfo))
        claim = info.value(name, PROV.wasDerivedFrom)
        assertion = dataset.graph(parts["hasAssertion"])
        subject, value = (claims.value(claim, p) for p in (RDF.subject, RDF.object))
        assert (subject, None, value) in assertion
        assert info.value(name, CLLM.rank) == claims.value(claim, CLLM.rank)
        provenance = dataset.graph(parts["hasProvenance"])
        sources = set(provenance.objects(parts["hasAssertion"], PROV.hadPrimarySource))
        assert claims.value(claim, CLLM.statedIn) in sources
        assert {str(source) for source in sources} & passages


def test_they_are_of_all_claims(project: Project, versions: Versions) -> None:
    """One graph alone is refused in a sentence."""
    command = ["--project", str(project.root), "export", "--store", str(versions.root)]
    refused = CliRunner().invoke(main, [*command, "--format", "nanopub", "--graph", "claims"])

    assert refused.exit_code == 2
    assert refused.stderr == "kg: Nanopublications are of all claims: leave --graph out.\n"

"""What follows from the settled view, what is left out of it, and what contradicts the ontology."""

from __future__ import annotations

import pytest
import rdflib
from rdflib import OWL, RDF, RDFS

from kg import build, graph, reason, sources
from kg.graph.claims import CLLM
from kg.namespaces import IDS
from kg.project import Project

ID = rdflib.Namespace(IDS)


def infer(project: Project) -> reason.Inferences:
    """The inferences of a project, whatever its shapes say."""
    ontology = sources.read_graph(project.ontology_files(), project)
    read = sources.read_all(project)
    return reason.reason(graph.merge(read, ontology).settled, ontology, read)


def test_axioms_do_their_work(tiny: Project) -> None:
    """Inverses, chains, transitivity and sufficient conditions each add their triples."""
    found = infer(tiny)

    expected = [
        (ID["organization/company"], CLLM.developed, ID["model/first"]),
        (ID["run/first"], CLLM.trainingRunOf, ID["model/first"]),
        (ID["run/first"], CLLM.usesAccelerator, ID["hardware/chip"]),
        (ID["run/first"], CLLM.acceleratorMaker, ID["organization/company"]),
        (ID["model/first"], CLLM.trainedOnHardware, ID["hardware/chip"]),
        (ID["hardware/chip"], CLLM.countryOfOrigin, ID["place/china"]),
        (ID["hardware/chip"], RDF.type, CLLM.DomesticHardware),
        (ID["model/first"], RDF.type, CLLM.DomesticHardwareModel),
        (ID["model/first"], RDF.type, CLLM.IndustryModel),
        (ID["model/first"], RDF.type, CLLM.IndustryAcademiaModel),
        (ID["model/second"], RDF.type, CLLM.AcademicModel),
        (ID["organization/company-lab"], RDF.type, CLLM.Organization),
        (ID["model/first"], CLLM.hasDeveloperOrParent, ID["organization/company"]),
    ]
    for triple in expected:
        assert triple in found.triples, triple
    assert (ID["model/second"], RDF.type, CLLM.IndustryModel) not in found.triples
    assert (ID["model/second"], RDF.type, CLLM.DomesticHardwareModel) not in found.triples
    assert found.report.findings == ()


def test_only_what_is_new_and_says_something(built: build.Built, ontology: rdflib.Graph) -> None:
    """No blank nodes or literal subjects, nothing reflexive, nothing that holds of all."""
    inferred = built.inferred
    assert len(inferred) > 500

    for subject, predicate, value in inferred:
        assert isinstance(subject, rdflib.URIRef)
        assert not isinstance(value, rdflib.BNode)
        assert subject != value
        assert (subject, predicate, value) not in ontology
        assert value not in (OWL.Thing, RDFS.Resource, OWL.NamedIndividual)
        assert predicate != OWL.sameAs


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("organization:university a cllm:Company .", "'company' and of the kind 'university'"),
        ("organization:university a cllm:Model .", "'model' and of the kind 'organization'"),
    ],
)
def test_contradictions_have_a_place(tiny: Project, line: str, named: str) -> None:
    """A thing of two disjoint kinds is found by name, in the file and at the line that says it."""
    path = tiny.root / "data" / "registry" / "things.ttl"
    text = path.read_text("utf-8")
    path.write_text(f"{text}\n{line}\n", "utf-8")

    violations = infer(tiny).report.violations

    assert violations
    assert any(named in violation.message for violation in violations)
    for violation in violations:
        assert violation.file == "data/registry/things.ttl"
        assert violation.line > 0
        assert violation.rule.startswith("inconsistent")


def test_what_owlrl_alone_sees_has_a_place_too(tiny: Project) -> None:
    """An inconsistency of another kind is reported in owlrl's words, at the thing it names."""
    path = tiny.root / "data" / "registry" / "things.ttl"
    text = path.read_text("utf-8")
    same = "<http://www.w3.org/2002/07/owl#sameAs>"
    other = "<http://www.w3.org/2002/07/owl#differentFrom>"
    path.write_text(f"{text}\nmodel:third {same} model:second ; {other} model:second .\n", "utf-8")

    violations = infer(tiny).report.violations

    assert {violation.file for violation in violations} == {"data/registry/things.ttl"}
    assert {violation.subject for violation in violations} <= {"model:second", "model:third"}

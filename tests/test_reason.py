"""What follows from the settled view, what is left out of it, and what contradicts the ontology."""

from __future__ import annotations

import pytest
import rdflib
from rdflib import OWL, RDF, RDFS

from kg import build, graph, sources
from kg.errors import BadInput
from kg.graph import CLLM, Passages
from kg.namespaces import IDS
from kg.project import Project
from kg.reason import settled as reasoning
from kg.tables import Table

ID = rdflib.Namespace(IDS)
NOWHERE = Passages([])
PREFIXES = (
    f"@prefix cllm: <{CLLM}> . @prefix owl: <{OWL}> . @prefix rdfs: <{RDFS}> . "
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix : <http://example.org/> . "
)


def infer(project: Project) -> reasoning.Inferences:
    """The inferences of a project, whatever its shapes say."""
    ontology = sources.read_graph(project.ontology_files(), project)
    merged = graph.merge(sources.read_all(project), ontology)
    return reasoning.reason(merged.settled, ontology, merged.passages)


def turtle(text: str) -> rdflib.Graph:
    """A graph in Turtle, without the usual prefixes."""
    return rdflib.Graph().parse(data=PREFIXES + text, format="turtle")


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


def test_a_literal_in_another_form_is_not_new() -> None:
    """That 1 and 1.0 are one number is used, and not written down again and again."""
    ontology = turtle(
        ":Small a owl:Class . [] a owl:Restriction ; owl:onProperty :size ; "
        'owl:hasValue "1.0"^^xsd:decimal ; rdfs:subClassOf :Small .'
    )
    data = Table.of(turtle(":first :size 1 ."))

    inferred = reasoning.reason(data, ontology, NOWHERE).triples

    assert set(inferred) == {
        (
            rdflib.URIRef("http://example.org/first"),
            RDF.type,
            rdflib.URIRef("http://example.org/Small"),
        )
    }


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


def test_an_inconsistency_of_another_kind_has_a_place_too(tiny: Project) -> None:
    """Two things that are the same and not are reported once, with the rule and the statements."""
    path = tiny.root / "data" / "registry" / "things.ttl"
    text = path.read_text("utf-8")
    same = "<http://www.w3.org/2002/07/owl#sameAs>"
    other = "<http://www.w3.org/2002/07/owl#differentFrom>"
    path.write_text(f"{text}\nmodel:third {same} model:second ; {other} model:second .\n", "utf-8")

    violations = infer(tiny).report.violations

    assert {violation.file for violation in violations} == {"data/registry/things.ttl"}
    assert {violation.rule for violation in violations} == {"inconsistent: eq-diff1"}
    assert any(
        "model:third owl:sameAs model:second and model:third owl:differentFrom model:second"
        in violation.message
        for violation in violations
    )


@pytest.mark.parametrize(
    ("axiom", "data", "rule", "words"),
    [
        (
            ":released a owl:FunctionalProperty .",
            ':first :released "2021-04-01"^^xsd:date , "2022-04-01"^^xsd:date .',
            "dt-diff",
            "Two values are said to be one",
        ),
        (
            ":size rdfs:range xsd:byte .",
            ":first :size 300 .",
            "dt-not-type",
            "is not of the datatype xsd:byte",
        ),
        (
            ":partOf a owl:AsymmetricProperty .",
            ":first :partOf :second . :second :partOf :first .",
            "prp-asyp",
            "This cannot hold: http://example.org/first http://example.org/partOf",
        ),
    ],
)
def test_contradictions_are_said_in_words(axiom: str, data: str, rule: str, words: str) -> None:
    """A message says what cannot hold, and the rule which the specification has for it."""
    report = reasoning.reason(Table.of(turtle(data)), turtle(axiom), NOWHERE).report

    assert {v.rule for v in report.violations} == {f"inconsistent: {rule}"}
    assert any(words in violation.message for violation in report.violations)


def test_what_is_outside_the_profile_is_refused_by_name() -> None:
    """An axiom that no rule reads is not passed over."""
    axiom = turtle("cllm:Odd rdfs:subClassOf [ owl:onProperty :p ; owl:someValuesFrom :C ] .")

    with pytest.raises(BadInput, match=r"cllm:Odd rdfs:subClassOf .* owl:someValuesFrom"):
        reasoning.reason(Table.of(()), axiom, NOWHERE)


def test_owlrl_says_the_same_of_the_miniature(tiny: Project) -> None:
    """The same new triples, and of a contradiction that there is one."""
    ontology = sources.read_graph(tiny.ontology_files(), tiny)
    settled = graph.merge(sources.read_all(tiny), ontology).settled
    ours = reasoning.reason(settled, ontology, NOWHERE)
    theirs = reasoning.reason(settled, ontology, NOWHERE, "owlrl")
    assert len(ours.triples) > 50

    assert set(ours.triples) == set(theirs.triples)
    assert theirs.report.conforms

    settled += [(ID["organization/university"], RDF.type, CLLM.Company)]
    assert not reasoning.reason(settled, ontology, NOWHERE).report.conforms
    assert not reasoning.reason(settled, ontology, NOWHERE, "owlrl").report.conforms

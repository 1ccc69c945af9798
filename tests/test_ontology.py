"""The ontology explains every term and stays in OWL 2 RL."""

from __future__ import annotations

import re

import rdflib
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS

from kg import sources
from kg.namespaces import ONTOLOGY, TERMS
from kg.project import Project

RL_SAFE = {
    "AllDisjointClasses",
    "AnnotationProperty",
    "Class",
    "DatatypeProperty",
    "NamedIndividual",
    "ObjectProperty",
    "Ontology",
    "Restriction",
    "TransitiveProperty",
    "deprecated",
    "equivalentClass",
    "hasValue",
    "imports",
    "intersectionOf",
    "inverseOf",
    "members",
    "onProperty",
    "propertyChainAxiom",
    "someValuesFrom",
    "versionIRI",
    "versionInfo",
}
"""The OWL terms that the ontology may use, each in the one way checked below."""


def terms(ontology: rdflib.Graph) -> list[rdflib.URIRef]:
    """Every term of the ontology's own namespace that is declared."""
    found = {s for s in ontology.subjects(RDF.type, None) if str(s).startswith(TERMS)}
    return sorted(rdflib.URIRef(str(term)) for term in found)


def test_every_term_is_explained(ontology: rdflib.Graph) -> None:
    """One label in each language, one definition that is a sentence, and the module it is from."""
    found = terms(ontology)
    assert len(found) > 100
    for term in found:
        labels = [label.language for label in ontology.objects(term, RDFS.label)]
        assert sorted(map(str, labels)) in (["en", "zh-Hans"], ["en", "zh-hans"]), term
        (definition,) = ontology.objects(term, SKOS.definition)
        assert definition.language == "en"
        assert str(definition)[0].isupper()
        assert str(definition).endswith(".")
        (module,) = ontology.objects(term, RDFS.isDefinedBy)
        assert (module, RDF.type, OWL.Ontology) in ontology


def test_labels_are_not_shared(ontology: rdflib.Graph) -> None:
    """No two classes, and no two properties, have the same English label."""
    for kinds in ((OWL.Class,), (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)):
        members = {s for kind in kinds for s in ontology.subjects(RDF.type, kind)}
        labels = [
            str(o) for m in members for o in ontology.objects(m, RDFS.label) if o.language == "en"
        ]
        assert len(labels) == len(set(labels)) > 10


def test_headers(project: Project, ontology: rdflib.Graph) -> None:
    """Each module has a header with title, description, licence and version, and is imported."""
    modules = set(ontology.subjects(RDF.type, OWL.Ontology))
    assert len(modules) == len(project.ontology_files())
    assert (
        set(ontology.objects(rdflib.URIRef(ONTOLOGY), OWL.imports)) | {rdflib.URIRef(ONTOLOGY)}
        == modules
    )
    for module in modules:
        for predicate in (DCTERMS.title, DCTERMS.description, DCTERMS.license, OWL.versionIRI):
            assert (module, predicate, None) in ontology, (module, predicate)


def test_owl_2_rl(ontology: rdflib.Graph) -> None:
    """Only what the profile allows, where it allows it; anything else would silently do nothing."""
    used = {
        str(term).removeprefix(str(OWL))
        for triple in ontology
        for term in triple
        if str(term).startswith(str(OWL))
    }
    assert used <= RL_SAFE | {"Thing"}
    for restriction in ontology.subjects(OWL.someValuesFrom, None):
        assert (restriction, RDFS.subClassOf, None) in ontology, "someValuesFrom only on the left"
        assert (None, RDFS.subClassOf, restriction) not in ontology
        assert (None, OWL.equivalentClass, restriction) not in ontology
    definitions = list(ontology.objects(None, OWL.equivalentClass))
    assert len(definitions) >= 2
    for definition in definitions:
        members = rdflib.collection.Collection(
            ontology, ontology.value(definition, OWL.intersectionOf)
        )
        for member in members:
            assert isinstance(member, rdflib.URIRef) or (member, OWL.hasValue, None) in ontology


def test_chains_carry_no_forbidden_axiom(ontology: rdflib.Graph) -> None:
    """A property with a chain is not functional, asymmetric, irreflexive or disjoint."""
    chained = list(ontology.subjects(OWL.propertyChainAxiom, None))
    assert len(chained) >= 5
    for chain in chained:
        kinds = set(ontology.objects(chain, RDF.type))
        assert kinds <= {OWL.ObjectProperty}


def test_alignments_do_not_touch_our_terms(project: Project, ontology: rdflib.Graph) -> None:
    """Each alignment speaks of declared terms, from ours to theirs."""
    known = set(terms(ontology))
    paths = project.alignment_files()
    assert len(paths) >= 4
    for path in paths:
        graph = sources.read_graph([path], project)
        assert (None, RDF.type, OWL.Ontology) in graph
        for subject, _, value in graph:
            if str(subject).startswith(TERMS):
                assert subject in known
                assert value not in known


def test_the_catalog_finds_every_module(project: Project, ontology: rdflib.Graph) -> None:
    """Editors read the imports from disk: each module's IRI leads to the file that declares it."""
    folder = project.root / "ontology"
    entries = re.findall(
        r'<uri name="(.*)" uri="(.*)"/>', (folder / "catalog-v001.xml").read_text()
    )
    assert {rdflib.URIRef(iri) for iri, _ in entries} == set(
        ontology.subjects(RDF.type, OWL.Ontology)
    )
    for iri, file in entries:
        module = sources.read_graph([folder / file], project)
        assert (rdflib.URIRef(iri), RDF.type, OWL.Ontology) in module

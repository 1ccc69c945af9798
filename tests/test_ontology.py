"""The ontology explains every term and stays in OWL 2 RL."""

from __future__ import annotations

import re

import pytest
import rdflib
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS

from kg import sources
from kg.columns import grouped
from kg.namespaces import ONTOLOGY, TERMS
from kg.project import Project
from kg.reason import profile
from kg.tables import as_triple


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


_PREFIXES = (
    "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix cllm: <" + TERMS + "> . "
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "
    "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . "
)
OUTSIDE = {
    "cllm:Odd rdfs:subClassOf [ owl:onProperty cllm:p ; owl:someValuesFrom cllm:C ] .": (
        "owl:someValuesFrom (it may stand in subclass expressions, not in superclass ones)"
    ),
    "cllm:Odd owl:equivalentClass [ owl:onProperty cllm:p ; owl:minCardinality 2 ] .": (
        "owl:minCardinality (it is not in OWL 2 RL)"
    ),
    "[ owl:onProperty cllm:p ; owl:allValuesFrom cllm:C ] rdfs:subClassOf cllm:Odd .": (
        "owl:allValuesFrom (it may stand in superclass expressions, not in subclass ones)"
    ),
    "cllm:Odd owl:equivalentClass [ owl:unionOf ( cllm:A cllm:B ) ] .": (
        "owl:unionOf (it may stand in subclass expressions, not in equivalent ones)"
    ),
    "cllm:Odd rdfs:subClassOf [ owl:intersectionOf ( cllm:A [ owl:oneOf ( cllm:a ) ] ) ] .": (
        "owl:oneOf (it may stand in subclass expressions, not in superclass ones)"
    ),
    "cllm:Odd rdfs:subClassOf [ owl:onProperty cllm:p ; owl:maxCardinality 1 ] .": (
        "owl:maxCardinality (its number is an xsd:nonNegativeInteger)"
    ),
    'cllm:Odd rdfs:subClassOf [ owl:onProperty cllm:p ; owl:maxCardinality "2"'
    "^^xsd:nonNegativeInteger ] .": "owl:maxCardinality (its number is 0 or 1, and written so)",
    "cllm:Odd rdfs:subClassOf [ owl:onProperty cllm:p ; owl:hasSelf true ] .": (
        "owl:hasSelf (it is not in OWL 2 RL)"
    ),
    "cllm:Odd owl:disjointUnionOf ( cllm:A cllm:B ) .": (
        "owl:disjointUnionOf (no rule of OWL 2 RL reads it)"
    ),
    "cllm:Odd owl:propertyChainAxiom _:l . _:l rdf:first cllm:p ; rdf:rest _:l .": (
        "owl:propertyChainAxiom (its list is circular or has no end)"
    ),
    "[ owl:someValuesFrom cllm:C ] rdfs:subClassOf cllm:Odd .": (
        "owl:someValuesFrom (it lacks owl:onProperty)"
    ),
    "cllm:Odd rdfs:subClassOf [ owl:onProperty cllm:p ; owl:maxQualifiedCardinality "
    '"1"^^xsd:nonNegativeInteger ] .': "owl:maxQualifiedCardinality (it lacks owl:onClass)",
    "cllm:Odd owl:equivalentClass owl:Thing .": "owl:Thing (it says something of everything)",
    "cllm:Odd owl:intersectionOf () .": "owl:intersectionOf (its list is empty)",
    "cllm:Odd owl:hasKey ( owl:sameAs ) .": "owl:sameAs (the ontology language is not spoken of)",
    "_:x owl:intersectionOf ( _:x cllm:B ) ; rdfs:subClassOf cllm:Odd .": "(it is part of itself)",
    "[ owl:onProperty cllm:p ; owl:someValuesFrom owl:real ] rdfs:subClassOf cllm:Odd .": (
        "owl:real (it is no datatype of OWL 2 RL)"
    ),
    "cllm:Odd a owl:ReflexiveProperty .": "owl:ReflexiveProperty (no rule of OWL 2 RL reads it)",
    "owl:Thing rdfs:subClassOf cllm:Odd .": "owl:Thing (it says something of everything)",
    "owl:sameAs rdfs:subPropertyOf cllm:Odd .": "owl:sameAs (the ontology language is not spoken",
    "cllm:Odd owl:propertyDisjointWith owl:topObjectProperty .": (
        "owl:topObjectProperty (the ontology language is not spoken of)"
    ),
}
"""Axioms about cllm:Odd that leave OWL 2 RL, with what is said of each."""


def test_no_axiom_leaves_the_profile(ontology: rdflib.Graph) -> None:
    """The ontology stays in OWL 2 RL, as the reasoner sees to."""
    assert profile.outside(grouped(map(as_triple, ontology))) == []


@pytest.mark.parametrize("axiom", OUTSIDE)
def test_an_axiom_that_leaves_the_profile_is_named(axiom: str) -> None:
    """With the construct that leaves it and the reason."""
    found = profile.outside(
        grouped(map(as_triple, rdflib.Graph().parse(data=_PREFIXES + axiom, format="turtle")))
    )

    assert any("cllm:Odd" in line and OUTSIDE[axiom] in line for line in found), found


INSIDE = (
    "cllm:A rdfs:subClassOf [ owl:complementOf cllm:B ] .",
    "cllm:A rdfs:subClassOf [ owl:onProperty cllm:p ; owl:allValuesFrom cllm:B ] .",
    "[ owl:unionOf ( cllm:A [ owl:oneOf ( cllm:a ) ] ) ] rdfs:subClassOf cllm:B .",
    "[ owl:onProperty cllm:p ; owl:someValuesFrom owl:Thing ] rdfs:subClassOf cllm:B .",
    "cllm:A owl:equivalentClass [ owl:intersectionOf ( cllm:B [ owl:onProperty cllm:p ; "  # noqa: ISC004
    "owl:hasValue cllm:a ] ) ] .",
    "cllm:A owl:hasKey ( cllm:p cllm:q ) . cllm:p owl:inverseOf cllm:q .",
    "cllm:p rdfs:range xsd:date . cllm:label rdfs:subPropertyOf rdfs:label .",
    "cllm:p rdfs:domain [ owl:onProperty [ owl:inverseOf cllm:q ] ; owl:hasValue cllm:a ] .",
)


@pytest.mark.parametrize("axiom", INSIDE)
def test_an_axiom_within_the_profile_is_let_pass(axiom: str) -> None:
    """A construct is refused for where it stands, not for what it is."""
    graph = rdflib.Graph().parse(data=_PREFIXES + axiom, format="turtle")

    assert profile.outside(grouped(map(as_triple, graph))) == []


KEPT_WITHOUT_USE = {
    "the inverse of a property that data state, so that a page reads from either side": (
        "datasetPartOf developed discussionOf evaluationOf figureOf hardwareUseOf hasPart "
        "hasSeriesMember makes offeredOn sampleMember significanceOf sponsors"
    ),
    "inferred, for queries of others: by kind of developer, by framework, by anybody drawn": (
        "AcademicModel IndustryModel drawsPeopleFrom trainedWithFramework comparedWith"
    ),
    "the class of values that the ontology itself lists": (
        "Comparability Grade Qualifier Rank Scope Stance Unit Verdict"
    ),
    "how the build compares and converts, stated of terms in the ontology": (
        "OneValue OpenList WholeList comparedAs canonicalUnit convertsTo conversionFactor byte"
    ),
    "what the build writes about claims, findings and the audit": (
        "Claim accepted open auditedProperty computed grade ratio settledBy statement verdict "
        "impossible contradiction tension oddity cannotBeJudged AuditRule ComparedQuantity Result "
        "basedOn compares hasResult productOf recomputedBy sumOf"
    ),
    "read from printed words by the build, which writes it": "about",
    "stated of a dataset that is imported, of which the project has none": (
        "fromRow mentions yieldsTo"
    ),
    "how a proof names its rules, written by kg explain": "byRule",
}
"""Terms that no question, shape or fact uses, by the reason why they stay."""


def test_a_term_that_nothing_uses_is_a_decision(project: Project, ontology: rdflib.Graph) -> None:
    """Every other term is in some question, some rule of the shapes or some fact."""
    rules = [path for path in project.shape_files() if path.name != "pages.ttl"]
    files = [*rules, *project.query_files(), *project.finding_files()]
    used = {name for file in files for name in re.findall(r"cllm:(\w+)", file.read_text("utf-8"))}
    for source in sources.read_all(project):
        for graph in source.graphs.values():
            used |= {
                str(term).removeprefix(TERMS)
                for triple in graph
                for term in triple
                if str(term).startswith(TERMS)
            }
    unused = {str(term).removeprefix(TERMS) for term in terms(ontology)} - used

    assert unused == {name for names in KEPT_WITHOUT_USE.values() for name in names.split()}


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

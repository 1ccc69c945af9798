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


PROFILE_FORBIDS = {
    "allValuesFrom": "a superclass expression only",
    "cardinality": "at most 0 or 1",
    "complementOf": "a superclass expression only",
    "disjointUnionOf": "not in OWL 2 RL",
    "hasSelf": "not in OWL 2 RL",
    "minCardinality": "not in OWL 2 RL",
    "minQualifiedCardinality": "not in OWL 2 RL",
    "oneOf": "a subclass expression only",
    "onDatatype": "no facets",
    "ReflexiveProperty": "not in OWL 2 RL",
    "unionOf": "a subclass expression only",
}


def outside_owl_2_rl(ontology: rdflib.Graph) -> list[str]:
    """The axioms that leave the profile, each in words with the reason."""
    found = []
    for subject, predicate, value in ontology:
        for term in (predicate, value):
            name = str(term).removeprefix(str(OWL))
            if str(term).startswith(str(OWL)) and name not in RL_SAFE | {"Thing"}:
                reason = PROFILE_FORBIDS.get(name, "not among the constructs that we checked")
                found.append(f"{_axiom(ontology, subject)}: owl:{name} ({reason})")
    for restriction, _ in ontology.subject_objects(OWL.someValuesFrom):
        if (restriction, RDFS.subClassOf, None) not in ontology:
            found.append(f"{_axiom(ontology, restriction)}: owl:someValuesFrom (a subclass only)")
    for subject, definition in ontology.subject_objects(OWL.equivalentClass):
        parts = ontology.value(definition, OWL.intersectionOf)
        members = list(rdflib.collection.Collection(ontology, parts)) if parts else [definition]
        for member in members:
            named = isinstance(member, rdflib.URIRef)
            if not named and (member, OWL.hasValue, None) not in ontology:
                found.append(f"{subject}: owl:equivalentClass (names and hasValue only)")
    return sorted(set(found))


def _axiom(ontology: rdflib.Graph, node: rdflib.term.Node) -> str:
    """The named term whose axiom a node is part of."""
    while isinstance(node, rdflib.BNode):
        above = next(ontology.subjects(None, node), None)
        below = next(ontology.objects(node, RDFS.subClassOf), None)
        if above is None and below is None:
            return "an axiom without a name"
        node = above or below
    return str(node)


def test_no_axiom_leaves_the_profile(ontology: rdflib.Graph) -> None:
    """And one that did would be named."""
    assert outside_owl_2_rl(ontology) == []

    header = (
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix cllm: <" + TERMS + "> . "
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
    )
    wrong = {
        "cllm:Odd rdfs:subClassOf [ owl:complementOf cllm:Model ] .": "complementOf",
        "cllm:Odd rdfs:subClassOf [ owl:onProperty cllm:hasDeveloper ; "
        "owl:someValuesFrom cllm:Company ] .": "someValuesFrom",
        "cllm:Odd owl:equivalentClass [ owl:onProperty cllm:hasDeveloper ; "
        "owl:minCardinality 2 ] .": "minCardinality",
        "cllm:Odd a owl:ReflexiveProperty .": "ReflexiveProperty",
    }
    for axiom, construct in wrong.items():
        with_axiom = ontology + rdflib.Graph().parse(data=header + axiom, format="turtle")
        found = outside_owl_2_rl(with_axiom)
        assert found, axiom
        assert any(f"{TERMS}Odd" in line and construct in line for line in found), found


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
        "impossible contradiction tension oddity cannotBeJudged"
    ),
    "read from printed words by the build, which writes it": "atMost",
}
"""Terms that no question, shape or fact uses, by the reason why they stay."""


def test_a_term_that_nothing_uses_is_a_decision(project: Project, ontology: rdflib.Graph) -> None:
    """Every other term is in some question, some shape or some fact."""
    files = [*project.shape_files(), *project.query_files(), *project.finding_files()]
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

"""Each rule of the shapes lets its good case pass and names the subject at fault in the bad."""

from __future__ import annotations

from pathlib import Path

import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, SH

from kg import sources, validate
from kg.graph import CLLM, Passages
from kg.namespaces import GRAPHS, PREFIXES, TERMS, shorten
from kg.project import Project, SourceFile
from kg.report import Severity, Violation
from kg.tables import Table

CASES = Path(__file__).parent / "cases" / "shapes"
RULES = sorted(folder.name for folder in CASES.iterdir())


def rules_of(shapes: rdflib.Graph) -> dict[str, rdflib.term.Node]:
    """The scope of every rule: each property shape and constraint, by the node shape it is in.

    A node shape that has a message is a rule itself.
    """
    scopes = {}
    for shape, scope in shapes.subject_objects(CLLM.scope):
        if (shape, SH.message, None) in shapes:
            scopes[str(shape).removeprefix(PREFIXES["shape"])] = scope
        for part in (SH.property, SH.sparql):
            for rule in shapes.objects(shape, part):
                scopes[str(rule).removeprefix(PREFIXES["shape"])] = scope
    return scopes


def of_rule(rule: str, shapes: rdflib.Graph) -> rdflib.Graph:
    """The node shapes that a rule belongs to, with all that they refer to, and no others."""
    node = rdflib.URIRef(PREFIXES["shape"] + rule)
    waiting = [s for part in (SH.property, SH.sparql) for s in shapes.subjects(part, node)]
    waiting += [node] if (node, CLLM.scope, None) in shapes else []
    kept, seen = rdflib.Graph(), set(waiting)
    while waiting:
        for triple in shapes.triples((waiting.pop(), None, None)):
            kept.add(triple)
            if triple[2] not in seen:
                seen.add(triple[2])
                waiting.append(triple[2])
    return kept


def findings(
    rule: str, case: str, scope: rdflib.term.Node, shapes: rdflib.Graph, ontology: rdflib.Graph
) -> list[Violation]:
    """What the rule finds in one of its cases."""
    path = CASES / rule / f"{case}.ttl"
    graph = f"{GRAPHS}case/{case}"
    source = sources.read(SourceFile(path, graph), path.name)
    shapes = of_rule(rule, shapes)
    if scope == CLLM.sourceGraph:
        report = validate.validate_sources([source], shapes, ontology)
    else:
        data = Table.of(source.graphs[graph])
        report = validate.validate_settled(data, (), ontology, shapes, Passages([source]))
    return [finding for finding in report.findings if finding.rule == rule]


def test_every_rule_has_a_case(shapes: rdflib.Graph) -> None:
    """No rule goes untested, and no case is for one that is gone; those of links have a test."""
    scopes = rules_of(shapes)
    assert sorted(rule for rule in scopes if scopes[rule] != CLLM.linkGraph) == RULES
    assert len(RULES) > 60


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str, shapes: rdflib.Graph, ontology: rdflib.Graph) -> None:
    """The good case passes; the bad one is found at the subject whose name says so, with a line."""
    scope = rules_of(shapes)[rule]

    assert findings(rule, "good", scope, shapes, ontology) == []

    found = findings(rule, "bad", scope, shapes, ontology)
    assert found
    for finding in found:
        assert finding.subject.partition(":")[2].startswith("bad") or finding.subject == shorten(
            f"{GRAPHS}case/bad"
        )
        assert finding.file == "bad.ttl"
        assert finding.line > 0
        assert finding.remedy


def test_every_rule_says_what_is_wrong_and_how_to_mend_it(shapes: rdflib.Graph) -> None:
    """A message and a remedy, each a sentence, for every rule; a scope for every node shape."""
    rules = rules_of(shapes)
    assert len(rules) > 60
    for rule in rules:
        node = rdflib.URIRef(PREFIXES["shape"] + rule)
        for predicate in (SH.message, SH.description):
            (text,) = shapes.objects(node, predicate)
            assert str(text).endswith("."), rule
    reused = {o for p in (SH.node, SH.qualifiedValueShape) for o in shapes.objects(None, p)}
    for shape in set(shapes.subjects(RDF.type, SH.NodeShape)) - reused:
        assert (shape, CLLM.scope, None) in shapes, shape


WITHOUT_SHAPE = {
    "its members are listed by the ontology, and a shape holds where they may stand": (
        "AccessMode Architecture Comparability Grade Modality Qualifier Rank Scope Stance Unit "
        "Verdict"
    ),
    "its members are listed by the ontology, and only the build refers to them": "AuditRule",
    "written by the build alone": "Claim ComparedQuantity Result",
    "inferred of members of a class that has a shape": (
        "DomesticFramework DomesticHardware IndustryAcademiaModel"
    ),
}
"""Classes that are no shape's target, nor are their superclasses, by the reason why not."""


def test_every_class_of_the_data_has_a_shape(
    project: Project, shapes: rdflib.Graph, ontology: rdflib.Graph
) -> None:
    """A class without one is a decision, and no data state it."""
    targets = set(shapes.objects(None, SH.targetClass))
    classes = {c for c in ontology.subjects(RDF.type, OWL.Class) if isinstance(c, rdflib.URIRef)}
    bare = {
        c for c in classes if not set(ontology.transitive_objects(c, RDFS.subClassOf)) & targets
    }
    stated = {
        kind
        for source in sources.read_all(project)
        for graph in source.graphs.values()
        for kind in graph.objects(None, RDF.type)
    }
    assert len(stated) > 40

    assert stated & bare == set()
    assert {str(c).removeprefix(TERMS) for c in bare} == {
        name for names in WITHOUT_SHAPE.values() for name in names.split()
    }


def test_an_open_conflict_is_a_warning(shapes: rdflib.Graph, ontology: rdflib.Graph) -> None:
    """Two release dates in the settled view are a warning, not a violation."""
    rule = "Model-released-once"

    found = findings(rule, "bad", CLLM.settledView, shapes, ontology)

    assert {finding.severity for finding in found} == {Severity.WARNING}


def test_the_project_conforms(
    project: Project, shapes: rdflib.Graph, ontology: rdflib.Graph
) -> None:
    """Every file of the project meets the shapes for source graphs."""
    files = sources.read_all(project)
    assert len(files) >= 9

    assert validate.validate_sources(files, shapes, ontology).findings == ()

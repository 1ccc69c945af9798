"""Shapes to a report: each source graph by itself, then the settled view.

The engine is pySHACL (https://www.w3.org/TR/shacl/). A node shape says with ``cllm:scope`` what it
is meant for. So that shapes can check what no file holds, the data of a source graph gets two kinds
of triples beside its own: ``<ontology> cllm:declares <term>`` for every term that data may use, and
``<graph> a cllm:Passage`` for the graph itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyshacl
import rdflib
from rdflib import RDF, SH

from kg.graph.claims import CLLM
from kg.graph.landscape import declared_terms, place_of
from kg.namespaces import GRAPHS, IDS, ONTOLOGY, PREFIXES, shorten
from kg.report import Report, Severity, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdflib.term import Node

    from kg.sources import Source

_MARK: Final = re.compile(r"-in-graph-\d+")
_IRI: Final = re.compile(r"https?://[^\s,;()]*[^\s,;().]")
_GRADES: Final[dict[Node | None, Severity]] = {SH.Violation: Severity.VIOLATION}


def validate_sources(sources: list[Source], shapes: rdflib.Graph, ontology: rdflib.Graph) -> Report:
    """Check each named graph of each source against the shapes for source graphs.

    All graphs are checked in one run: each thing gets a name of its own in each graph, so that no
    graph sees what another says, and the report has the names that the files have.
    """
    data = rdflib.Graph()
    for term in declared_terms(ontology):
        data.add((rdflib.URIRef(ONTOLOGY), CLLM.declares, term))
    report = Report()
    copies: dict[str, tuple[rdflib.term.Node, Source]] = {}
    graphs = [(source, name, graph) for source in sources for name, graph in source.graphs.items()]
    for number, (source, name, graph) in enumerate(graphs):
        mark = f"-in-graph-{number}"
        about_passages = source.graphs.get(source.graph, rdflib.Graph())
        for triple in (*graph, *_about(name, about_passages)):
            data.add(tuple(_copy(term, mark, copies, source) for term in triple))  # type: ignore[arg-type]
        if not _only_about_passages(graph, source):
            passage = rdflib.URIRef(name)
            copies[name] = passage, source
            data.add((passage, RDF.type, CLLM.Passage))
        report += Report.of(_ill_typed(graph, source))
    return report + _run(data, _scoped(shapes, CLLM.sourceGraph), sources, copies)


def _copy(term: Node, mark: str, copies: dict[str, tuple[Node, Source]], source: Source) -> Node:
    """The name of a thing in one graph: its own with a mark, which ``copies`` leads back."""
    if isinstance(term, rdflib.URIRef) and str(term).startswith(IDS):
        copy = rdflib.URIRef(f"{term}{mark}")
    elif isinstance(term, rdflib.URIRef) and str(term).startswith((GRAPHS, "urn:")):
        copy = term
    else:
        return term
    copies[str(copy)] = term, source
    return copy


def validate_settled(
    settled: rdflib.Graph,
    inferred: rdflib.Graph,
    ontology: rdflib.Graph,
    shapes: rdflib.Graph,
    sources: list[Source],
) -> Report:
    """Check the settled view, with what follows from it, against the shapes for it.

    ``sources`` only serve to give the file and line of a finding.
    """
    data = rdflib.Graph()
    for graph in (settled, inferred, ontology):
        for triple in graph:
            data.add(triple)
    return _run(data, _scoped(shapes, CLLM.settledView), sources, {})


def _only_about_passages(graph: rdflib.Graph, source: Source) -> bool:
    """Whether a graph only describes passages of its file, as what stands outside them does."""
    return len(graph) > 0 and all(
        str(subject).startswith(f"{source.graph}/") for subject in graph.subjects()
    )


def _ill_typed(graph: rdflib.Graph, source: Source) -> list[Violation]:
    """A violation for each literal that is not of its datatype, such as a date in words."""
    found = []
    for subject, predicate, value in graph:
        if isinstance(value, rdflib.Literal) and value.ill_typed:
            file, line = place_of([source], subject, predicate)
            said = f'"{value}" is not of the datatype {shorten(str(value.datatype))}.'
            remedy = "Write a date as 2021-03-11, a whole number in digits."
            name = shorten(str(subject))
            found.append(Violation(file, line, name, said, "Statement-datatype", remedy=remedy))
    return found


def _about(name: str, graph: rdflib.Graph) -> list[rdflib.graph._TripleType]:
    """What the file says about one of its passages outside of the passage's own graph."""
    return list(graph.triples((rdflib.URIRef(name), None, None)))


def _scoped(shapes: rdflib.Graph, scope: Node) -> rdflib.Graph:
    """The shapes with those of every other scope switched off."""
    chosen = rdflib.Graph()
    for triple in shapes:
        chosen.add(triple)
    for shape, other in shapes.subject_objects(CLLM.scope):
        if other != scope:
            chosen.add((shape, SH.deactivated, rdflib.Literal(True)))
    return chosen


def _run(
    data: rdflib.Graph,
    shapes: rdflib.Graph,
    sources: list[Source],
    copies: Mapping[str, tuple[Node, Source]],
) -> Report:
    """Run the engine; ``copies`` leads from names in ``data`` to those in the files."""
    _, results, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=True, meta_shacl=False)
    if not isinstance(results, rdflib.Graph):
        raise TypeError(f"pySHACL gave {results} where a graph was expected")
    found = results.subjects(RDF.type, SH.ValidationResult)
    return Report.of([_violation(results, result, shapes, sources, copies) for result in found])


def _violation(
    results: rdflib.Graph,
    result: Node,
    shapes: rdflib.Graph,
    sources: list[Source],
    copies: Mapping[str, tuple[Node, Source]],
) -> Violation:
    focus = results.value(result, SH.focusNode)
    value = results.value(result, SH.value)
    path = results.value(result, SH.resultPath)
    shape = results.value(result, SH.sourceConstraint) or results.value(result, SH.sourceShape)
    if (shape, CLLM.findsSubjects, rdflib.Literal(True)) in shapes:
        focus = value
    messages = [str(message) for message in results.objects(result, SH.resultMessage)]
    message = min(messages, default="The shape is not met.")
    said = "" if value is None or value == focus else f" Found: {_shown(value)}."
    focus, source = copies.get(str(focus), (focus, None))
    file, line = place_of([source] if source else sources, focus, path)
    if source and not file:  # what is missing from a file has no line of its own
        file, line = source.shown, 1
    return Violation(
        file=file,
        line=line,
        subject=shorten(str(focus)),
        message=_IRI.sub(_short, _MARK.sub("", message + said)),
        rule=str(shape).removeprefix(PREFIXES["shape"]),
        severity=_GRADES.get(results.value(result, SH.resultSeverity), Severity.WARNING),
        remedy=str(shapes.value(shape, SH.description) or ""),
    )


def _short(match: re.Match[str]) -> str:
    return shorten(match.group())


def _shown(value: Node | None) -> str:
    return shorten(str(value)) if isinstance(value, rdflib.URIRef) else f'"{value}"'

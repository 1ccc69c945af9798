"""Shapes to a report: each source graph by itself, then the settled view.

    shapes       targets, paths and constraints, read from a graph
      │
      ├─ columns      judges them over sorted columns, for all nodes at once
      ├─ constraints  those in SPARQL, on a store
      └─ with_pyshacl what is not compiled, and the cross-check
      ▼
    results      https://www.w3.org/TR/shacl/#validation-report

A node shape says with ``cllm:scope`` what it is meant for. So that shapes can check what no file
holds, the data of a source graph gets two kinds of triples beside its own:
``<ontology> cllm:declares <term>`` for every term that data may use, and ``<graph> a cllm:Passage``
for the graph itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import rdflib
from rdflib import RDF, SH

from kg.columns import Index, Term, Triple, iri, is_blank, is_literal, parts
from kg.graph import CLLM, as_term, as_triple, declared_terms, place_of, places_of
from kg.namespaces import GRAPHS, IDS, ONTOLOGY, PREFIXES, shorten
from kg.report import Report, Severity, Violation
from kg.validate.columns import Data, judge
from kg.validate.constraints import NotHere, SparqlConstraints
from kg.validate.results import Result
from kg.validate.shapes import Shape, Shapes, read_shapes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from kg.sources import Source

__all__ = [
    "ENGINES",
    "Engine",
    "Result",
    "Validated",
    "report_of",
    "spoken",
    "validate",
    "validate_settled",
    "validate_sources",
]

Engine = Literal["columns", "pyshacl"]
ENGINES: Final[tuple[Engine, ...]] = ("columns", "pyshacl")
_MARK: Final = re.compile(r"-in-graph-\d+")
_IRI: Final = re.compile(r"https?://[^\s,;()]*[^\s,;().]")
_COPIED: Final = (f"<{GRAPHS}", "<urn:")
_PASSAGE: Final = as_triple((RDF.type, RDF.type, CLLM.Passage))[1:]


@dataclass(frozen=True)
class Validated:
    """The results of validation, and which engine judged each shape with a target, with why."""

    results: list[Result]
    engines: Mapping[Term, str]

    @property
    def conforms(self) -> bool:
        """Whether there is no result, of whatever severity."""
        return not self.results


def validate(
    data: Collection[Triple], shapes: Collection[Triple], engine: Engine = "columns"
) -> Validated:
    """Judge a graph by a shapes graph.

    What the columns do not judge goes to pySHACL. Raises ``BadInput`` if the shapes cannot be used.
    """
    found = read_shapes(shapes)
    if engine == "pyshacl":
        from kg.validate import with_pyshacl  # which takes half a second to import

        engines = dict.fromkeys([*(s.node for s in found.compiled), *found.left], "pyshacl")
        return Validated(with_pyshacl.judge(data, shapes), engines)
    columns = Data(data)
    asked = SparqlConstraints(found.graph, columns)
    results: list[Result] = []
    for shape in found.compiled:
        try:
            _check(shape, asked)
            found_here = list(judge(columns, [shape], asked))
        except NotHere as why:
            found.left[shape.node] = str(why)
        else:
            results += found_here
    if found.left:
        from kg.validate import with_pyshacl

        results += with_pyshacl.judge(data, shapes, found.left)
    return Validated(results, _engines(found))


def _check(shape: Shape, asked: SparqlConstraints) -> None:
    """Raise ``NotHere`` if some constraint within a shape is for pySHACL."""
    for constraint in shape.constraints:
        if constraint.component in ("sparql", "component") and not shape.deactivated:
            asked.check(shape, constraint)
        for inner in constraint.shapes:
            _check(inner, asked)


def _engines(shapes: Shapes) -> dict[Term, str]:
    judged = {shape.node: "columns" for shape in shapes.compiled}
    return judged | {node: f"pyshacl, since {why}" for node, why in shapes.left.items()}


def spoken(result: Result) -> tuple[str, str, str, str, str]:
    """A result in words: severity, focus node, path (empty without one), message, shape."""
    shape = result.constraint or result.shape
    messages = sorted(parts(text)[0] for text in result.messages)
    name = result.component.removeprefix(iri("sh:")[:-1]).removesuffix("ConstraintComponent>")
    if name[0] == "<" or result.constraint:
        name = _short_name(result.constraint or result.component)
    else:
        name = f"sh:{name[0].lower()}{name[1:]}"
    said = " ".join(messages) or f"{name} is not met."
    severity = _short_name(result.severity)
    if result.value is not None and result.value != result.focus:
        said += f" Found: {_shown(result.value)}."
    return (
        severity.removeprefix("sh:").lower() if severity.startswith("sh:") else severity,
        _shown(result.focus),
        _short_name(result.path) if result.path and result.path[0] == "<" else "",
        said,
        _rule(shape) if shape.startswith(f"<{PREFIXES['shape']}") else _short_name(shape),
    )


def report_of(validated: Validated, shapes: Collection[Triple]) -> Iterator[Triple]:
    """The validation report as triples (https://www.w3.org/TR/shacl/#validation-report)."""
    top, kind = "_:report", iri("rdf:type")
    index = Index(shapes)
    truth = f'"{str(validated.conforms).lower()}"^^{iri("xsd:boolean")}'
    yield top, kind, iri("sh:ValidationReport")
    yield top, iri("sh:conforms"), truth
    copied: set[Term] = set()
    for number, result in enumerate(validated.results):
        node = f"_:result{number}"
        yield top, iri("sh:result"), node
        yield node, kind, iri("sh:ValidationResult")
        said = {
            "focusNode": result.focus,
            "resultPath": result.path,
            "value": result.value,
            "sourceConstraintComponent": result.component,
            "sourceShape": result.shape,
            "sourceConstraint": result.constraint,
            "resultSeverity": result.severity,
        }
        for name, term in said.items():
            if term is not None:
                yield node, iri(f"sh:{name}"), term
        for message in result.messages:
            yield node, iri("sh:resultMessage"), message
        if result.path is not None and is_blank(result.path):
            yield from _path_triples(result.path, index, copied)


def _path_triples(node: Term, shapes: Index, copied: set[Term]) -> Iterator[Triple]:
    """What the shapes graph says of a path that is no predicate, once in a report."""
    if is_blank(node) and node not in copied:
        copied.add(node)
        for triple in shapes.candidates((node, "?", "?")):
            yield triple
            yield from _path_triples(triple[2], shapes, copied)


def validate_sources(
    sources: list[Source],
    shapes: rdflib.Graph,
    ontology: rdflib.Graph,
    engine: Engine = "columns",
) -> Report:
    """Check each named graph of each source against the shapes for source graphs.

    All graphs are checked in one run: each thing gets a name of its own in each graph, so that no
    graph sees what another says, and the report has the names that the files have.
    """
    declares = as_term(CLLM.declares)
    data = {(f"<{ONTOLOGY}>", declares, as_term(term)) for term in declared_terms(ontology)}
    report = Report()
    copies: dict[Term, tuple[Term, Source]] = {}
    names: dict[rdflib.term.Node, Term] = {}
    graphs = [(source, name, graph) for source in sources for name, graph in source.graphs.items()]
    for number, (source, name, graph) in enumerate(graphs):
        mark = f"-in-graph-{number}>"
        about_passages = source.graphs.get(source.graph, rdflib.Graph())
        for triple in (*graph, *_about(name, about_passages)):
            subject, predicate, value = (
                _copy(
                    names.get(term) or names.setdefault(term, as_term(term)), mark, copies, source
                )
                for term in triple
            )
            data.add((subject, predicate, value))
        if not _only_about_passages(graph, source):
            passage = f"<{name}>"
            copies[passage] = passage, source
            data.add((passage, *_PASSAGE))
        report += Report.of(_ill_typed(graph, source))
    return report + _run(data, _scoped(shapes, CLLM.sourceGraph), sources, copies, engine)


def _copy(term: Term, mark: str, copies: dict[Term, tuple[Term, Source]], source: Source) -> Term:
    """The name of a thing in one graph: its own with a mark, which ``copies`` leads back."""
    if term.startswith(f"<{IDS}"):
        copy = term[:-1] + mark
    elif term.startswith(_COPIED):
        copy = term
    else:
        return term
    copies[copy] = term, source
    return copy


def validate_settled(
    settled: rdflib.Graph,
    inferred: rdflib.Graph,
    ontology: rdflib.Graph,
    shapes: rdflib.Graph,
    sources: list[Source],
    engine: Engine = "columns",
) -> Report:
    """Check the settled view, with what follows from it, against the shapes for it.

    ``sources`` only serve to give the files and lines of a finding.
    """
    data = {as_triple(triple) for graph in (settled, inferred, ontology) for triple in graph}
    return _run(data, _scoped(shapes, CLLM.settledView), sources, {}, engine)


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


def _scoped(shapes: rdflib.Graph, scope: rdflib.term.Node) -> rdflib.Graph:
    """The shapes with those of every other scope switched off."""
    chosen = rdflib.Graph()
    for triple in shapes:
        chosen.add(triple)
    for shape, other in shapes.subject_objects(CLLM.scope):
        if other != scope:
            chosen.remove((shape, SH.deactivated, None))
            chosen.add((shape, SH.deactivated, rdflib.Literal(True)))
    return chosen


def _run(
    data: Collection[Triple],
    shapes: rdflib.Graph,
    sources: list[Source],
    copies: Mapping[Term, tuple[Term, Source]],
    engine: Engine,
) -> Report:
    """Run the engine; ``copies`` leads from names in ``data`` to those in the files."""
    validated = validate(data, set(map(as_triple, shapes)), engine)
    findings = [
        violation
        for result in validated.results
        for violation in _violations(result, shapes, sources, copies)
    ]
    engines = {_rule(shape): judged for shape, judged in validated.engines.items()}
    return Report.of(findings, engines)


def _violations(
    result: Result,
    shapes: rdflib.Graph,
    sources: list[Source],
    copies: Mapping[Term, tuple[Term, Source]],
) -> Iterator[Violation]:
    """A finding in each file that holds the triple at fault."""
    focus = result.focus
    shape = result.constraint or result.shape
    node = rdflib.URIRef(shape[1:-1])
    if result.value and (node, CLLM.findsSubjects, rdflib.Literal(True)) in shapes:
        focus = result.value
    message = min((parts(text)[0] for text in result.messages), default="The shape is not met.")
    said = ""
    if result.value is not None and result.value != focus:
        said = f" Found: {_shown(result.value)}."
    focus, source = copies.get(focus, (focus, None))
    severity = Severity.VIOLATION if result.severity == iri("sh:Violation") else Severity.WARNING
    for file, line in _places(focus, result, source, sources):
        yield Violation(
            file=file,
            line=line,
            subject=_short_name(focus),
            message=_IRI.sub(_short, _MARK.sub("", message + said)),
            rule=_rule(shape),
            severity=severity,
            remedy=str(shapes.value(node, SH.description) or ""),
        )


def _places(
    focus: Term, result: Result, source: Source | None, sources: list[Source]
) -> list[tuple[str, int]]:
    """Files and lines of what is at fault; what is missing from a file stands on its first line."""
    subject = rdflib.URIRef(focus[1:-1])
    path = result.path
    predicate = rdflib.URIRef(path[1:-1]) if path and path[0] == "<" else None
    if source is not None:
        file, line = place_of([source], subject, predicate)
        return [(file, line) if file else (source.shown, 1)]
    return places_of(sources, subject, predicate, result.value)


def _rule(shape: Term) -> str:
    return shape.removeprefix(f"<{PREFIXES['shape']}").removesuffix(">")


def _short_name(term: Term) -> str:
    return shorten(term[1:-1]) if term[0] == "<" else term


def _short(match: re.Match[str]) -> str:
    return shorten(match.group())


def _shown(value: Term) -> str:
    if is_literal(value):
        return f'"{parts(value)[0]}"'
    return _short_name(value)

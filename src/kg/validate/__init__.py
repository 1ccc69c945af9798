"""Shapes to a report: each source graph by itself, then the settled view.

    shapes       targets, paths and constraints, read from a graph
      │
      ├─ columns      judges them over sorted columns, for all nodes at once
      ├─ changes      which nodes have to be judged again after a change
      ├─ constraints  those in SPARQL, on a store
      └─ with_pyshacl what is not compiled, and the cross-check
      ▼
    results      https://www.w3.org/TR/shacl/#validation-report

A node shape says with ``cllm:scope`` what it is meant for. So that shapes can check what no file
holds, the data of a source graph gets two kinds of triples beside its own:
``<ontology> cllm:declares <term>`` for every term that data may use, and ``<graph> a cllm:Passage``
for the graph itself. Those of the settled view get ``<ontology> cllm:describes <thing>`` for what
is the subject of a statement, and ``<ontology> cllm:pointsTo <thing>`` for the value of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np
import rdflib
from rdflib import RDF, SH

from kg.columns import HALF, Groups, Index, Relation, Relations, distinct, joint
from kg.graph import CLLM, Passages, declared_terms, place_of
from kg.namespaces import GRAPHS, IDS, ONTOLOGY, PREFIXES, shorten
from kg.report import Report, Severity, Violation
from kg.tables import as_node, as_term, as_triple
from kg.terms import Term, Triple, iri, is_blank, is_literal, parts
from kg.validate.changes import Changes
from kg.validate.columns import Data, judge
from kg.validate.constraints import NotHere, SparqlConstraints
from kg.validate.results import Result
from kg.validate.shapes import Shape, Shapes, read_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from kg.sources import Source
    from kg.tables import NodeTriple, Table

__all__ = [
    "ENGINES",
    "Data",
    "Engine",
    "Judged",
    "Result",
    "Validated",
    "judge_settled",
    "report_of",
    "settled_data",
    "spoken",
    "validate",
    "validate_links",
    "validate_settled",
    "validate_sources",
]

Engine = Literal["columns", "pyshacl"]
ENGINES: Final[tuple[Engine, ...]] = ("columns", "pyshacl")
_MARK: Final = re.compile(r"-in-graph-\d+")
_IRI: Final = re.compile(r"https?://[^\s,;()]*[^\s,;().]")
_COPIED: Final = (f"<{GRAPHS}", "<urn:")
_BATCH: Final = 200_000
"""Number of triples of source graphs that are checked in one run."""
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


Owned = dict[Term, list[tuple[Term, Result]]]
"""The results of each shape with a target, each with the target that it is of."""


@dataclass(frozen=True)
class Judged:
    """What shapes found of a settled view, to go on from when that has changed."""

    data: Data
    owned: Owned


def validate(
    data: Iterable[Triple] | Groups, shapes: Collection[Triple], engine: Engine = "columns"
) -> Validated:
    """Judge a graph, of triples grouped or not, by a shapes graph.

    What the columns do not judge goes to pySHACL. Raises ``BadInput`` if the shapes cannot be used.
    """
    return judge_all(Data(data), shapes, engine)[0]


def judge_all(
    data: Data, shapes: Collection[Triple], engine: Engine, before: Judged | None = None
) -> tuple[Validated, Owned]:
    """The results, and for each shape that the columns judged those of each target.

    ``before`` is what the same shapes found of another graph: only what its difference touches is
    judged again.
    """
    found = read_shapes(shapes)
    if engine == "pyshacl":
        from kg.validate import with_pyshacl  # which takes half a second to import

        engines = dict.fromkeys([*(s.node for s in found.compiled), *found.left], "pyshacl")
        return Validated(with_pyshacl.judge(data.triples(), shapes), engines), {}
    asked = SparqlConstraints(found.graph, data)
    changes = None if before is None else Changes(before.data, data, asked)
    results: list[Result] = []
    owned: Owned = {}
    for shape in found.compiled:
        known = None if before is None else before.owned.get(shape.node)
        try:
            _check(shape, asked)
            touched = changes.touched(shape) if changes and known is not None else None
            found_here = list(judge(data, shape, asked, touched))
        except NotHere as why:
            found.left[shape.node] = str(why)
            continue
        if touched is not None and known is not None:
            again = {data.terms.names[number] for number in touched.tolist()}
            found_here += [(owner, result) for owner, result in known if owner not in again]
        owned[shape.node] = found_here
        results += (result for _, result in found_here)
    if found.left:
        from kg.validate import with_pyshacl

        results += with_pyshacl.judge(data.triples(), shapes, found.left)
    return Validated(results, _engines(found)), owned


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
    sources: Sequence[Source],
    shapes: rdflib.Graph,
    ontology: rdflib.Graph,
    engine: Engine = "columns",
) -> Report:
    """Check each named graph of each source against the shapes for source graphs.

    Many graphs are checked in one run: each thing gets a name of its own in each graph, so that no
    graph sees what another says, and the report has the names that the files have.
    """
    declares = as_term(CLLM.declares)
    declared = [(f"<{ONTOLOGY}>", declares, as_term(term)) for term in declared_terms(ontology)]
    scoped = _scoped(shapes, CLLM.sourceGraph)
    findings: list[Violation] = []
    engines: dict[str, str] = {}
    for batch in _batches(sources):
        copies: dict[Term, tuple[Term, Source]] = {}
        data = [*declared]
        for source in batch:
            data += _copied(source, copies)
            findings += _ill_typed(source)
        validated, _ = judge_all(Data(data), scoped, engine)
        report = _report(validated, shapes, partial(Passages, batch), copies)
        findings += report.findings
        engines |= report.engines
    return Report.of(findings, engines)


def _batches(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """The sources, as many together as have no more triples than are looked at in one run."""
    batch: list[Source] = []
    for source in sources:
        if batch and sum(map(len, (s.rows for s in (*batch, source)))) > _BATCH:
            yield batch
            batch = []
        batch.append(source)
    if batch:
        yield batch


def _copied(source: Source, copies: dict[Term, tuple[Term, Source]]) -> Iterator[Triple]:
    """The triples of a source, each thing with the name that it has in each graph.

    A passage has beside its own triples those that its file states about it.
    """
    terms, table = source.rows.terms, source.rows.table
    graphs = table[:, 0]
    numbers = distinct(graphs).tolist()
    of_file = f"-in-graph-{len(copies)}>"
    own = table[np.isin(graphs, [n for n in numbers if terms[n] == f"<{source.graph}>"])]
    for graph in numbers:
        name = terms[graph]
        rows = table[graphs == graph]
        subjects = {terms[subject] for subject in distinct(rows[:, 1]).tolist()}
        about = own[own[:, 1] == graph] if name != f"<{source.graph}>" else own[:0]
        rows = np.concatenate((rows, about))[:, 1:]
        marks = f"-in-graph-{len(copies)}>", of_file
        named = {
            number: _copy(terms[number], marks, copies, source)
            for number in distinct(rows.ravel()).tolist()
        }
        for subject, predicate, value in rows.tolist():
            yield named[subject], named[predicate], named[value]
        # what stands outside of passages only describes them, and is no passage
        if not all(subject.startswith(f"<{source.graph}/") for subject in subjects):
            yield _copy(name, marks, copies, source), *_PASSAGE


def _copy(
    term: Term,
    marks: tuple[str, str],
    copies: dict[Term, tuple[Term, Source]],
    source: Source,
) -> Term:
    """The name of a thing in one graph: its own with a mark, which ``copies`` leads back.

    A passage has one name in all graphs of a file, since the file describes it outside of it.
    """
    of_graph, of_file = marks
    if term.startswith(f"<{IDS}"):
        copy = term[:-1] + of_graph
    elif term.startswith(_COPIED):
        copy = term[:-1] + of_file
    else:
        return term
    copies[copy] = term, source
    return copy


class Placed(Protocol):
    """What knows the files and lines in which something is stated."""

    def places_of(
        self, subject: rdflib.term.Node, predicate: rdflib.term.Node | None, value: Term | None
    ) -> list[tuple[str, int]]:
        """File and line of each place where a triple stands, or where its subject does."""


def validate_links(
    links: Table,
    settled: Table,
    shapes: rdflib.Graph,
    places: Callable[[], Placed],
    engine: Engine = "columns",
) -> Report:
    """Check the links to outside datasets against the shapes for them.

    ``settled`` is the settled view, which has to describe what is linked.
    """
    scoped = _scoped(shapes, CLLM.linkGraph)
    nodes = links.nodes
    describes = nodes.number(CLLM.describes)
    about = {describes: _met(settled)[describes]}
    data = Data.of(joint(links.relations, about), nodes.terms)
    validated, _ = judge_all(data, scoped, engine)
    return _report(validated, shapes, places, {})


def validate_settled(
    settled: Table,
    inferred: Iterable[NodeTriple],
    ontology: rdflib.Graph,
    shapes: rdflib.Graph,
    passages: Passages,
    engine: Engine = "columns",
) -> Report:
    """Check the settled view, with what follows from it, against the shapes for it.

    ``passages`` only serve to give the files and lines of a finding.
    """
    data = settled_data(settled, inferred, ontology)
    return judge_settled(data, shapes, passages, engine)[0]


def judge_settled(
    data: Data,
    shapes: rdflib.Graph,
    passages: Passages,
    engine: Engine = "columns",
    before: Judged | None = None,
) -> tuple[Report, Judged]:
    """The same of ``settled_data``, and what to go on from.

    ``before`` is what the same shapes found of another settled view, numbered by the same terms:
    only the focus nodes that the difference can affect are judged again.
    """
    scoped = _scoped(shapes, CLLM.settledView)
    validated, owned = judge_all(data, scoped, engine, before)
    return _report(validated, shapes, lambda: passages, {}), Judged(data, owned)


def settled_data(settled: Table, inferred: Iterable[NodeTriple], ontology: rdflib.Graph) -> Data:
    """What the shapes for the settled view look at."""
    whole = settled + inferred + ontology
    return Data.of(joint(whole.relations, _met(settled)), whole.nodes.terms)


def _met(settled: Table) -> Relations:
    """What the settled view describes and what it points to, for shapes to look at."""
    terms = settled.nodes.terms
    above = terms.number(f"<{ONTOLOGY}>") << HALF
    is_thing = terms.beginning(f"<{IDS}")
    subjects, _, values = settled.columns()
    met: Relations = {}
    for predicate, column in ((CLLM.describes, subjects), (CLLM.pointsTo, values)):
        things = np.zeros(len(is_thing), np.bool_)
        things[column] = True
        met[settled.nodes.number(predicate)] = Relation(above | np.flatnonzero(things & is_thing))
    return met


def _ill_typed(source: Source) -> list[Violation]:
    """A violation for each literal that is not of its datatype, such as a date in words."""
    terms, table = source.rows.terms, source.rows.table
    wrong = [
        number
        for number in distinct(table[:, 3]).tolist()
        if is_literal(terms[number]) and getattr(as_node(terms[number]), "ill_typed", False)
    ]
    found = []
    for row in np.flatnonzero(np.isin(table[:, 3], wrong)).tolist():
        subject, predicate, value = (as_node(terms[number]) for number in table[row, 1:].tolist())
        file, line = place_of([source], subject, predicate)
        datatype = getattr(value, "datatype", "")
        said = f'"{value}" is not of the datatype {shorten(str(datatype))}.'
        remedy = "Write a date as 2021-03-11, a whole number in digits."
        name = shorten(str(subject))
        found.append(Violation(file, line, name, said, "Statement-datatype", remedy=remedy))
    return found


def _scoped(shapes: rdflib.Graph, scope: rdflib.term.Node) -> set[Triple]:
    """The shapes with those of every other scope switched off."""
    chosen = set(map(as_triple, shapes))
    for shape, other in shapes.subject_objects(CLLM.scope):
        if other != scope:
            chosen.difference_update(map(as_triple, shapes.triples((shape, SH.deactivated, None))))
            chosen.add(as_triple((shape, SH.deactivated, rdflib.Literal(True))))
    return chosen


def _report(
    validated: Validated,
    shapes: rdflib.Graph,
    passages: Callable[[], Placed],
    copies: Mapping[Term, tuple[Term, Source]],
) -> Report:
    """The report of some results; ``copies`` leads from names in the data to those in the files."""
    passages = cache(passages)
    findings = [
        violation
        for result in validated.results
        for violation in _violations(result, shapes, passages, copies)
    ]
    engines = {_rule(shape): judged for shape, judged in validated.engines.items()}
    return Report.of(findings, engines)


def _violations(
    result: Result,
    shapes: rdflib.Graph,
    passages: Callable[[], Placed],
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
    for file, line in _places(focus, result, source, passages):
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
    focus: Term, result: Result, source: Source | None, passages: Callable[[], Placed]
) -> list[tuple[str, int]]:
    """Files and lines of what is at fault; what is missing from a file stands on its first line."""
    subject = rdflib.URIRef(focus[1:-1])
    path = result.path
    predicate = rdflib.URIRef(path[1:-1]) if path and path[0] == "<" else None
    if source is not None:
        file, line = place_of([source], subject, predicate)
        return [(file, line) if file else (source.shown, 1)]
    return passages().places_of(subject, predicate, result.value)


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

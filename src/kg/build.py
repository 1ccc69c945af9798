"""The recipe: read, validate, settle, reason, validate again, publish.

Every step works on what the one before it made; nothing is published unless the report conforms.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import rdflib

from kg import audit, findings, graph, reason, validate
from kg.catalog import catalog, named_version, partitions
from kg.errors import BadQuery, BadSource, StoreError
from kg.kept import Kept, key_of
from kg.link import mappings
from kg.link.describe import count, describe
from kg.namespaces import CATALOG, DEFAULT_GRAPHS, GRAPHS
from kg.queries import Catalogue
from kg.reason import settled as reasoning
from kg.report import Report, Severity, Violation
from kg.services import uncalled
from kg.sources import Source, read_all, read_graph
from kg.store import EmbeddedStore
from kg.store.written import Written
from kg.tables import Table, as_node

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from kg.project import Project
    from kg.store import Version, Versions
    from kg.tables import Columnar, Nodes

    Watch = Callable[[str], AbstractContextManager[object]]

INFERRED: Final = f"{GRAPHS}inferred"
LINKS: Final = f"{GRAPHS}links"
AUDIT: Final = f"{GRAPHS}audit"
FINDINGS: Final = f"{GRAPHS}findings"
ONTOLOGY: Final = f"{GRAPHS}ontology"
SHAPES: Final = f"{GRAPHS}shapes"
SETTLED: Final = f"{GRAPHS}settled"
APART: Final = (AUDIT, f"{GRAPHS}claims", FINDINGS, LINKS)
"""The graphs that a build makes and that are no part of what others are made of."""


@dataclass
class Built:
    """What a build made: the report, and, if it conforms, the graphs and their version.

    ``graphs`` is N-Triples by graph IRI, the default graph under "", each written when asked for.
    ``seconds`` is by step, ``counts`` is what the summary prints, ``results`` are the findings
    recomputed and ``items`` what the audit found. ``kept`` is for the next build to go on from,
    ``before`` what this one went on from.
    """

    report: Report = field(default_factory=Report)
    graphs: Mapping[str, bytes] = field(default_factory=dict)
    version: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    inferred: Table = field(default_factory=lambda: Table.of(()))
    results: list[findings.Result] = field(default_factory=list)
    items: list[audit.Item] = field(default_factory=list)
    kept: Kept | None = None
    before: Kept | None = None

    def summary(self) -> dict[str, Any]:
        """What is written beside the store; it depends on the content alone."""
        return {"version": self.version, **self.counts}


def make(
    project: Project,
    watch: Watch,
    given: list[Source],
    engine: validate.Engine = "columns",
    kept: Callable[[str], Kept | None] | None = None,
    without: Collection[str] | None = None,
) -> Built:
    """Make the graphs of ``project``, publishing nothing.

    ``watch`` is entered around each step with its name. A source in ``given`` takes the place of
    the project's own source of the same graph, or stands beside the others. ``engine`` judges the
    shapes. ``kept`` gives what an earlier build has kept under a key, if it has: files that are as
    they were are neither parsed nor checked again, and only what depends on the others is derived
    and judged anew. The build ends with the first step whose report has violations. With
    ``without`` it is of what is left of a version: ``given`` is all that is said, is not held
    against the shapes, ends nothing if it is at odds with itself, and of the graphs that the build
    makes these are left out. Raises ``BadSource`` if a file cannot be read.
    """
    built = Built()
    timed = _timer(built, watch)
    is_rest = without is not None
    with timed("read"):
        own_key = key(project)
        before = built.before = kept(own_key) if kept else None
        known = {source.shown: source for source in before.sources} if before else {}
        own = {} if is_rest else {s.graph: s for s in read_all(project, known)}
        others = [source.without(given) for source in own.values()]
        sources = [*(source for source in others if source), *given]
        ontology = read_graph(project.ontology_files(), project)
        alignments = read_graph(project.alignment_files(), project)
        all_shapes = read_graph(project.shape_files(), project)
        shapes = rdflib.Graph() if is_rest else all_shapes
        queries = _questions(project)
        finding_queries = Catalogue.read(project.finding_files(), project.shown)
    with timed("validate sources"):
        unchanged = {s.shown for s in sources if s.shown in known and s.rows is known[s.shown].rows}
        changed = [source for source in sources if source.shown not in unchanged]
        built.report = validate.validate_sources(changed, shapes, ontology, engine)
        checked = _by_file(built.report)
        if before:
            checked |= {file: before.findings[file] for file in unchanged & before.findings.keys()}
            built.report += Report.of([v for found in checked.values() for v in found])
    if not (built.report.conforms or is_rest):
        return built
    with timed("settle"):
        merged = graph.merge(sources, ontology, before.nodes if before else None)
        built.report += merged.report
    if not (built.report.conforms or is_rest):
        return built
    passages, nodes = merged.passages, merged.passages.nodes
    with timed("reason"):
        inferences = reasoning.reason(
            merged.settled, ontology, passages, before=before.reasoned if before else None
        )
        built.report += inferences.report
        built.inferred = inferences.triples
    if not (built.report.conforms or is_rest):
        return built
    with timed("validate settled view"):
        data = validate.settled_data(merged.settled, inferences.triples, ontology)
        report, judged = validate.judge_settled(
            data, shapes, passages, engine, before.judged if before else None
        )
        built.report += report
    if not (built.report.conforms or is_rest):
        return built
    with timed("link"):
        links, links_digest = _links(project, nodes, before)
        if not is_rest:
            places = partial(mappings.Places, project.link_files(), project.shown)
            built.report += validate.validate_links(links, merged.settled, shapes, places, engine)
    if not (built.report.conforms or is_rest):
        return built
    named: dict[str, Table] = {
        f"{GRAPHS}claims": merged.claims,
        INFERRED: inferences.triples,
        LINKS: links,
        ONTOLOGY: Table.of(ontology + alignments, nodes),
        SETTLED: merged.settled,
        SHAPES: Table.of(all_shapes, nodes),
    }
    with timed("findings"):
        wanted = findings.read(merged.settled)
        if is_rest:
            named_so = {finding.name for finding in wanted}
            finding_queries = Catalogue([q for q in finding_queries if q.name in named_so])
        asked = _for_findings(merged, named, ontology) if wanted else {}
        bare = findings.without_summaries(asked)
        built.results = findings.recompute(wanted, finding_queries, EmbeddedStore.in_memory(bare))
    with timed("audit"):
        built.items = audit.audit(
            merged,
            ontology,
            inferences.triples,
            findings.members_by_criterion(built.results),
        )
    named[FINDINGS] = Table.of(findings.describe(built.results), nodes)
    named[AUDIT] = Table.of(audit.triples(built.items), nodes)
    named = {name: table for name, table in named.items() if name not in (without or ())}
    built.report += _unaccepted(built.results, passages)
    sizes = {name: len(triples) for name, triples in sorted({**passages, **named}.items())}
    described = catalog(ontology, sizes, queries)
    described += partitions(merged.settled + inferences.triples + named[ONTOLOGY])
    with timed("name"):
        named[CATALOG] = Table.of(described, nodes)
        built.version = _written(passages, named).version()
        named[CATALOG] = Table.of(described + named_version(built.version), nodes)
    built.graphs = _written(passages, named)
    if inferences.reasoned and not is_rest:
        built.kept = Kept(
            own_key,
            links_digest,
            built.version,
            nodes,
            passages.numbered_sources(),
            checked,
            inferences.reasoned,
            judged,
            {name: table.relations for name, table in named.items()},
        )
    built.counts = {
        "files": len(sources),
        "asserted": sum(len(source.rows) for source in sources),
        "inferred": len(inferences.triples),
        "claims": len(merged.compared),
        "conflicts": len(merged.conflicts),
        "findings": len(built.results),
        "audit": len(built.items),
        "links": count(links),
        "queries": len(queries),
        "warnings": len(built.report.warnings),
    }
    return built


def _for_findings(
    merged: graph.Landscape, named: Mapping[str, Table], ontology: rdflib.Graph
) -> Mapping[str, bytes]:
    """The graphs that findings are recomputed from: as if there were no source that yields."""
    if not merged.passages.yielding:
        return _written(merged.passages, named)
    alone = graph.merge(merged.passages.unyielding(), ontology)
    inferred = reasoning.reason(alone.settled, ontology, alone.passages).triples
    made = {f"{GRAPHS}claims": alone.claims, INFERRED: inferred, SETTLED: alone.settled}
    of_ontology = Table.of(named[ONTOLOGY], alone.passages.nodes)
    return _written(alone.passages, {**made, ONTOLOGY: of_ontology})


def _links(project: Project, nodes: Nodes, before: Kept | None) -> tuple[Table, str]:
    """The links to outside datasets, and what tells their files from any others.

    Those of the build before are taken if their files are as they were.
    """
    files = project.link_files()
    digest = mappings.digest(files)
    if before and before.links == digest:
        return Table(nodes, before.named[LINKS]), digest
    sets = (mappings.read(path, project.shown(path)) for path in files)
    return Table.of(describe(sets), nodes), digest


def key(project: Project) -> str:
    """What a build's ``Kept`` has to share with the next one to be of use."""
    files = project.ontology_files(), project.alignment_files(), project.shape_files()
    return key_of(path for group in files for path in group)


def _by_file(report: Report) -> dict[str, Sequence[Violation]]:
    found: dict[str, list[Violation]] = {}
    for violation in report.findings:
        found.setdefault(violation.file, []).append(violation)
    return dict(found)


def landscape(
    project: Project, watch: Watch, stored: Sequence[Source] | None = None
) -> tuple[graph.Landscape, rdflib.Graph]:
    """The merged sources and the ontology of ``project``, neither validated nor reasoned about.

    ``stored`` take the place of the sources in its files. Raises ``BadSource`` if a file cannot be
    read.
    """
    with watch("read"):
        ontology = read_graph(project.ontology_files(), project)
        sources = read_all(project) if stored is None else stored
        return graph.merge(sources, ontology), ontology


def inferences(
    project: Project,
    watch: Watch,
    engine: reasoning.Engine,
    stored: Sequence[Source] | None = None,
) -> reasoning.Inferences:
    """What follows from the settled view of ``project``, which is not validated.

    ``stored`` are as for ``landscape``. Raises ``BadSource`` if a file cannot be read, ``BadInput``
    if an axiom leaves OWL 2 RL.
    """
    merged, ontology = landscape(project, watch, stored)
    with watch("reason"):
        return reasoning.reason(merged.settled, ontology, merged.passages, engine)


@dataclass(frozen=True)
class Explained:
    """What explains the triples of a project, and the graphs that state a triple."""

    explainer: reason.Explainer
    passages: Callable[[reason.Triple], list[str]]


def explainer(project: Project, watch: Watch, stored: Sequence[Source] | None = None) -> Explained:
    """What explains the triples of ``project``; all else is as for ``inferences``."""
    merged, ontology = landscape(project, watch, stored)
    with watch("reason"):
        closed = reasoning.close(merged.settled, ontology)

    def passages(triple: reason.Triple) -> list[str]:
        subject, predicate, value = map(as_node, triple)
        return graph.passages_of(merged, ontology, (subject, predicate, value))

    return Explained(reason.Explainer(closed), passages)


def publish(
    built: Built,
    versions: Versions,
    keep: int,
    watch: Watch,
) -> Version:
    """Publish what ``make`` made, make it current, and keep what the next build can go on from.

    Of a build that went on from an earlier one only the difference is written. Raises
    ``StoreError`` if the disk refuses.
    """
    timed = _timer(built, watch)
    with timed("publish"):
        before = built.before
        change = built.kept.change_since(before) if built.kept and before else None
        version = versions.publish(built.version, built.graphs, built.summary(), keep, change)
    if built.kept:
        # without it the next build starts anew
        with timed("keep"), contextlib.suppress(StoreError):
            versions.keep(built.kept.save)
    return version


def _unaccepted(results: list[findings.Result], passages: graph.Passages) -> Report:
    """A warning for each finding whose verdict nobody has accepted."""
    warnings = []
    for result in findings.changed(results):
        node = rdflib.URIRef(result.finding.iri)
        file, line = passages.place_of(node, rdflib.RDF.type)
        warnings.append(
            Violation(
                file,
                line,
                f"finding:{result.finding.name}",
                f"Recomputed it is: {result.verdict.words} ({result.computed or 'no value'}).",
                "Finding-verdict",
                Severity.WARNING,
                "Look at it with kg findings, then change its cllm:acceptedVerdict.",
            )
        )
    return Report.of(warnings)


def _questions(project: Project) -> Catalogue:
    """The canned questions, each one an engine can parse and bind with its defaults."""
    files, federated = project.query_files(), project.federated_files()
    shown = {path.stem: project.shown(path) for path in (*files, *federated)}
    catalogue = Catalogue.read(files, project.shown, federated)
    empty = EmbeddedStore.in_memory({})
    for query in catalogue:
        try:
            columns, _ = empty.query(uncalled(query.text), query.bind({})).rows()
        except BadQuery as error:
            raise BadSource(shown[query.name], error.line, error.message) from None
        if unknown := sorted(query.drawn.difference(columns)):
            message = f"the chart names a column {unknown[0]!r} that the answer does not have."
            raise BadSource(shown[query.name], None, message)
    return catalogue


def in_memory(built: Built) -> EmbeddedStore:
    """A store in memory of what ``make`` made."""
    return EmbeddedStore.in_memory(built.graphs)


def _timer(built: Built, watch: Watch) -> Callable[[str], AbstractContextManager[None]]:
    @contextlib.contextmanager
    def timed(step: str) -> Iterator[None]:
        started = time.perf_counter()
        with watch(step):
            yield
        built.seconds[step] = time.perf_counter() - started

    return timed


def _written(passages: graph.Passages, named: Mapping[str, Columnar]) -> Written:
    """The graphs of passages and others, and the default graph, as they are published."""
    tables = {**{name: passages[name] for name in passages}, **named}
    columns = {name: table.columns for name, table in sorted(tables.items())}
    return Written(passages.nodes.terms, columns, DEFAULT_GRAPHS)

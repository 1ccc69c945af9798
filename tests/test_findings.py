"""The findings of the paper, recomputed from what the rest of the graph says."""

from __future__ import annotations

import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
import rdflib
from click.testing import CliRunner
from rdflib import RDF

from kg import build, findings
from kg.cli import main
from kg.errors import BadSource
from kg.findings import Finding, Result, Verdict
from kg.graph.claims import CLLM
from kg.namespaces import GRAPHS, IDS
from kg.project import Project
from kg.queries import Catalogue, Query
from kg.store import EmbeddedStore
from kg.store.canonical import parse_graph
from kg.terms import literal

COUNT = Finding("count", "", "", "So many.", "count", 3)
VALUE = Finding("value", "", "", "So much.", "value", 10.0, 0.5)
TRUTH = Finding("truth", "", "", "So it is.", "truth", 1.0)


@pytest.fixture(scope="module")
def bare(built: build.Built) -> ox.Store:
    """The real graphs without findings, aggregates and observations."""
    store = ox.Store()
    for name, text in findings.without_summaries(built.graphs).items():
        store.bulk_extend(parse_graph(text, name))
    return store


def parsed(store: ox.Store, name: str) -> rdflib.Graph:
    """A graph of a store."""
    text = store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(GRAPHS + name))
    return rdflib.Graph().parse(data=text, format="nt")


@pytest.fixture(scope="module")
def queries(project: Project) -> Catalogue:
    """The queries that recompute the findings."""
    return Catalogue.read(project.finding_files())


def recomputed(results: list[Result], queries: Catalogue, store: ox.Store) -> dict[str, str]:
    """What each finding with a query gives on other data, by name."""
    asked = [result.finding for result in results if result.columns]
    names = {finding.name for finding in asked}
    wanted = Catalogue([query for query in queries if query.name in names])
    again = findings.recompute(asked, wanted, EmbeddedStore(store))
    return {result.finding.name: f"{result.verdict}: {result.computed}" for result in again}


@contextlib.contextmanager
def without(store: ox.Store, doomed: set[str]) -> Iterator[None]:
    """Have nothing in a store of or about some things, or in them as graphs, while this lasts."""
    gone = {
        quad
        for thing in map(ox.NamedNode, doomed)
        for place in ((thing, None, None, None), (None, None, thing, None), (*[None] * 3, thing))
        for quad in store.quads_for_pattern(*place)
    }
    assert gone
    for quad in gone:
        store.remove(quad)
    try:
        yield
    finally:
        store.extend(gone)


@pytest.mark.parametrize(
    ("finding", "cells", "verdict", "computed"),
    [
        (COUNT, ["true", "true", "true", "false"], Verdict.HOLDS, "3"),
        (COUNT, ["true", "true"], Verdict.DIFFERS, "2"),
        (COUNT, ["true", "true", None, None], Verdict.PARTLY, "2, 2 unknown"),
        (COUNT, ["true"] * 4 + [None], Verdict.DIFFERS, "4, 1 unknown"),
        (COUNT, ["true", None], Verdict.DIFFERS, "1, 1 unknown"),
        (VALUE, ["10.5"], Verdict.HOLDS, "10.5"),
        (VALUE, ["10.6"], Verdict.DIFFERS, "10.6"),
        (VALUE, ["10.0", "12.0"], Verdict.DIFFERS, "10 and 12"),
        (VALUE, ["10.0", None], Verdict.PARTLY, "10"),
        (VALUE, [None], Verdict.NOT, ""),
        (TRUTH, ["true", "true"], Verdict.HOLDS, "true of 2"),
        (TRUTH, ["true", "false"], Verdict.DIFFERS, "false of 1 of 2"),
        (TRUTH, ["true", None], Verdict.PARTLY, "true of 1, 1 unknown"),
        (TRUTH, [], Verdict.NOT, ""),
    ],
)
def test_verdicts(
    finding: Finding, cells: list[str | None], verdict: Verdict, computed: str
) -> None:
    """By what the rows say, and by what they leave open."""
    column = {"count": "counts", "value": "value", "truth": "holds"}[finding.kind]
    rows = [
        [f"<{IDS}model/{number}>", literal("A model"), None if cell is None else literal(cell)]
        for number, cell in enumerate(cells)
    ]

    result = findings.judged(finding, ["item", "name", column], rows)

    assert (result.verdict, result.computed) == (verdict, computed)


def test_every_finding_is_told(built: build.Built) -> None:
    """Passage, words, expectation, and an accepted verdict; a reason where something lacks."""
    results = built.results
    assert len(results) > 100
    assert len({result.finding.passage for result in results}) > 60
    for result in results:
        finding = result.finding
        assert finding.passage in built.graphs
        assert finding.section
        assert finding.statement.endswith(".")
        assert result.verdict == finding.accepted, finding.name
        if result.verdict in (Verdict.PARTLY, Verdict.NOT):
            assert finding.lacks, finding.name
        assert bool(result.columns) == (result.verdict != Verdict.NOT), finding.name


def test_the_known_findings(built: build.Built) -> None:
    """Some of each verdict, as two readers worked them out from the paper."""
    verdicts = {result.finding.name: str(result.verdict) for result in built.results}

    assert Counter(verdicts.values()).keys() == {str(verdict) for verdict in Verdict}
    assert verdicts["wudao2-ten-times-gpt3"] == "holds"
    assert verdicts["yuan-within-year-of-gpt3"] == "differs"
    assert verdicts["models-larger-than-gpt3-within-year"] == "partlyRecomputable"
    (without_nvidia,) = (
        result
        for result in built.results
        if result.finding.criterion.endswith("/trained-without-nvidia")
    )
    assert without_nvidia.computed == "3"
    assert {iri.rpartition("/")[2] for iri in without_nvidia.members} == {
        "bagualu",
        "pangu-alpha",
        "zidong-taichu",
    }


def test_no_query_can_read_its_answer(
    built: build.Built, queries: Catalogue, bare: ox.Store
) -> None:
    """Without summaries, and without the finding's own sentence, each gives the same."""
    for kind in (CLLM.Finding, CLLM.Aggregate, CLLM.Observation):
        typed = ox.NamedNode(RDF.type), ox.NamedNode(kind)
        assert not list(bare.quads_for_pattern(None, *typed, None))

    by_passage: dict[str, list[Result]] = defaultdict(list)
    for result in built.results:
        if result.columns:
            by_passage[result.finding.passage].append(result)
    assert len(by_passage) > 40
    claims = parsed(bare, "claims")
    for passage, results in by_passage.items():
        own = {str(claim) for claim in claims.subjects(CLLM.statedIn, rdflib.URIRef(passage))}
        with without(bare, {passage} | own):
            given = recomputed(results, queries, bare)
        for result in results:
            expected = f"{result.verdict}: {result.computed}"
            assert given[result.finding.name] == expected, result.finding.name


def test_which_models_move_which_findings(
    built: build.Built, queries: Catalogue, bare: ox.Store
) -> None:
    """Deleting each model in turn moves every finding that no reason exempts, and no other."""
    settled = parsed(bare, "settled")
    models = sorted(set(settled.subjects(CLLM.inSample, None)), key=str)
    assert len(models) == 26
    before = recomputed(built.results, queries, bare)
    moved: dict[str, set[str]] = {name: set() for name in before}
    for model in models:
        doomed = {model}
        for _ in range(3):  # a run, its uses, their figures
            doomed |= {
                thing
                for predicate in (
                    CLLM.hasTrainingRun,
                    CLLM.hasHardwareUse,
                    CLLM.hasFigure,
                    CLLM.significance,
                    CLLM.hasEvaluation,
                    CLLM.hasDiscussion,
                )
                for owner in list(doomed)
                for thing in settled.objects(owner, predicate)
            }
        with without(bare, {str(thing) for thing in doomed}):
            after = recomputed(built.results, queries, bare)
        for name, value in after.items():
            if value != before[name]:
                moved[name].add(str(model))

    unmoved = {name for name, by in moved.items() if not by}
    exempt = {r.finding.name for r in built.results if r.finding.unmoved and r.columns}
    assert unmoved == exempt


def test_a_changed_verdict_is_a_warning(tiny: Project) -> None:
    """Until somebody accepts it, the build says so, and the command ends with exit code 1."""
    folder = tiny.root / "queries" / "findings"
    folder.mkdir()
    (folder / "two-models.rq").write_text(
        "#+ summary: How many?\n#+ description: All.\n#+ tags: [findings]\n"
        f"SELECT ?item ?name (true AS ?counts) {{ ?item a <{CLLM.Model}> . "
        "BIND(STR(?item) AS ?name) } ORDER BY ?item",
        "utf-8",
    )
    path = tiny.root / "data" / "registry" / "conclusions.ttl"
    passage = f"{GRAPHS}registry/things"
    text = (
        f"<{IDS}finding/two-models> a <{CLLM.Finding}> ; <{CLLM.findingIn}> <{passage}> ; "
        '<http://purl.org/dc/terms/description> "There are two."@en ; '
        f"<{CLLM.expectedCount}> 2 ; <{CLLM.acceptedVerdict}> <{CLLM.holds}> .\n"
        f"<{GRAPHS}registry/conclusions> a <{CLLM.Passage}> ; "
        f"<http://purl.org/dc/terms/source> <{IDS}reference/paper> ; "
        f"<{CLLM.stance}> <{CLLM.stated}> .\n"
    )
    path.write_text(text, "utf-8")

    shown = CliRunner().invoke(main, ["--project", str(tiny.root), "findings"])
    as_json = CliRunner().invoke(
        main, ["--project", str(tiny.root), "findings", "--format", "json"]
    )

    assert shown.exit_code == 1, shown.output
    assert "Recomputed it is: differs" in shown.stderr
    (row,) = json.loads(as_json.stdout)
    assert {"id", "section", "statement", "expected", "computed", "verdict", "query"} <= row.keys()
    assert (row["expected"], row["verdict"], row["accepted"]) == ("2", "differs", "holds")


def test_a_query_without_a_finding_is_refused() -> None:
    """And one without the column that its finding needs, each naming the file."""
    store = EmbeddedStore.in_memory({})
    query = Query("count", "", "", (), (), "SELECT ?item ?name { ?item ?p ?name }")

    with pytest.raises(BadSource, match=r"queries/findings/count\.rq: .*gives \?counts"):
        findings.recompute([COUNT], Catalogue([query]), store)
    with pytest.raises(BadSource, match="no finding has this name"):
        findings.recompute([], Catalogue([query]), store)


def test_the_verdicts_are_in_the_graph(store: EmbeddedStore, built: build.Built) -> None:
    """In a graph of their own, by name."""
    query = (
        f"SELECT ?verdict (COUNT(*) AS ?n) {{ GRAPH <{GRAPHS}findings> "
        f"{{ ?finding <{CLLM.verdict}> ?verdict }} }} GROUP BY ?verdict"
    )
    _, rows = store.query(query).rows()

    found = {str(verdict).rpartition("#")[2]: int(count or 0) for verdict, count in rows}
    assert found == Counter(str(result.verdict) for result in built.results)
    assert (None, RDF.type, CLLM.Finding) not in findings.describe(built.results)

"""Sources become claims, conflicts and a settled view, as the miniature spells out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import rdflib
from rdflib import RDF, XSD, Graph, Literal, URIRef

from kg import build, graph, sources
from kg.graph.claims import CLLM
from kg.namespaces import GRAPHS, IDS, PREFIXES
from kg.project import Project
from tests.conftest import unwatched

ID = rdflib.Namespace(IDS)
TEXT = GRAPHS + "paper/text"


@pytest.fixture
def landscape(tiny: Project) -> graph.Landscape:
    """The miniature, merged."""
    ontology = sources.read_graph(tiny.ontology_files(), tiny)
    return graph.merge(sources.read_all(tiny), ontology)


def claims(landscape: graph.Landscape, subject: str, predicate: str) -> dict[str, tuple[str, str]]:
    """For each claim about a property of a thing: passage and object to rank and stance."""
    found = {}
    for claim in landscape.claims.subjects(RDF.subject, ID[subject]):
        if landscape.claims.value(claim, RDF.predicate) == CLLM[predicate]:
            passage = str(landscape.claims.value(claim, CLLM.statedIn)).removeprefix(GRAPHS)
            thing = str(landscape.claims.value(claim, RDF.object)).removeprefix(IDS)
            rank, stance = (
                str(landscape.claims.value(claim, p)).rpartition("#")[2]
                for p in (CLLM.rank, CLLM.stance)
            )
            found[f"{passage} {thing}"] = (rank, stance)
    return found


def test_every_passage_is_a_graph_as_written(landscape: graph.Landscape) -> None:
    """One graph for each Turtle file, one for each passage of a TriG file and one about them."""
    assert sorted(name.removeprefix(GRAPHS) for name in landscape.passages) == [
        "curation/decisions",
        "paper/table",
        "paper/text",
        "paper/text/1-1",
        "paper/text/1-2",
        "paper/text/2-1",
        "paper/text/2-2",
        "registry/things",
    ]
    assert len(landscape.passages[f"{TEXT}/2-2"]) == 1


def test_a_decision_settles_a_conflict_between_units(landscape: graph.Landscape) -> None:
    """4.2E+22 FLOP conflicts with around 3634 petaFLOP/s-days; the preferred one is settled."""
    assert claims(landscape, "run/first", "trainingCompute") == {
        "paper/table figure/table-first-compute": ("rejected", "stated"),
        "paper/text/1-1 figure/text-first-compute": ("accepted", "estimated"),
    }
    (value,) = landscape.settled.objects(ID["run/first"], CLLM.trainingCompute)
    assert isinstance(value, Literal)
    assert value.datatype == XSD.double
    assert value.toPython() == pytest.approx(3634 * 8.64e19)
    rejected = ID["figure/table-first-compute"]
    assert (rejected, None, None) not in landscape.settled
    assert (None, None, rejected) not in landscape.settled
    assert landscape.claims.value(rejected, CLLM.minimum).toPython() == pytest.approx(4.2e22)


def test_figures_that_overlap_agree(landscape: graph.Landscape) -> None:
    """8.6E+21 FLOP and 100 petaFLOP/s-days are the same to the printed digits."""
    found = claims(landscape, "run/second", "trainingCompute")

    assert len(found) == 2
    assert {rank for rank, _ in found.values()} == {"accepted"}


def test_a_plan_never_reaches_the_settled_view(landscape: graph.Landscape) -> None:
    """What was planned is a claim with its stance, and neither a plain triple nor a conflict."""
    assert claims(landscape, "run/first", "trainingHours") == {
        "paper/text/1-2 figure/text-first-hours": ("rejected", "planned")
    }
    assert (ID["run/first"], CLLM.trainingHours, None) not in landscape.settled
    assert (ID["figure/text-first-hours"], None, None) not in landscape.settled
    (released,) = landscape.settled.objects(ID["model/first"], CLLM.released)
    assert str(released) == "2021-01-02"


def test_whole_lists_agree_when_one_names_a_part(landscape: graph.Landscape) -> None:
    """The company and its laboratory are no contradiction, and nothing is made of it."""
    found = claims(landscape, "model/first", "hasDeveloper")

    assert len(found) == 4
    assert {rank for rank, _ in found.values()} == {"accepted"}


def test_whole_lists_that_differ_stay_open(landscape: graph.Landscape) -> None:
    """Nobody decided: both lists are open, both are in the settled view, and a warning says so."""
    assert claims(landscape, "model/second", "hasDeveloper") == {
        "paper/table organization/university": ("open", "stated"),
        "paper/text/2-1 organization/institute": ("open", "stated"),
    }
    assert len(set(landscape.settled.objects(ID["model/second"], CLLM.hasDeveloper))) == 2
    (warning,) = landscape.report.findings
    assert str(warning).startswith("data/paper/table.ttl:")
    assert "model:second: Passages disagree about cllm:hasDeveloper" in str(warning)
    assert landscape.report.conforms


def test_a_list_that_is_not_whole_is_no_conflict(landscape: graph.Landscape) -> None:
    """A passage that names one more developer, not saying that it names all, adds to the list."""
    found = claims(landscape, "model/third", "hasDeveloper")

    assert len(found) == 2
    assert {rank for rank, _ in found.values()} == {"accepted"}


def test_conflicts_point_both_ways(landscape: graph.Landscape) -> None:
    """``conflictsWith`` joins each pair of claims in both directions, and only those."""
    pairs = set(landscape.claims.subject_objects(CLLM.conflictsWith))

    assert len(pairs) == 2 * (1 + 1)
    assert {(b, a) for a, b in pairs} == pairs


def test_claims_are_of_compared_properties_only(landscape: graph.Landscape, tiny: Project) -> None:
    """One claim for each statement whose property is compared, with all that the contract asks."""
    ontology = sources.read_graph(tiny.ontology_files(), tiny)
    compared = set(ontology.subjects(CLLM.comparedAs, None))
    expected = sum(
        1
        for passage in landscape.passages.values()
        for _, predicate, value in passage
        if predicate in compared
        or (predicate == CLLM.hasFigure and passage.value(value, CLLM.quantity) in compared)
    )

    found = list(landscape.claims.subjects(RDF.type, CLLM.Claim))

    assert len(found) == expected > 20
    for claim in found:
        for predicate in (RDF.subject, RDF.predicate, RDF.object, CLLM.statedIn, CLLM.rank):
            assert len(list(landscape.claims.objects(claim, predicate))) == 1


YIELDING = """\
# Rows of a dataset that yields to the paper.

@prefix cllm: <https://w3id.org/china-llm/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix figure: <https://w3id.org/china-llm/id/figure/> .
@prefix model: <https://w3id.org/china-llm/id/model/> .
@prefix organization: <https://w3id.org/china-llm/id/organization/> .
@prefix outside: <https://w3id.org/china-llm/graph/outside/> .
@prefix reference: <https://w3id.org/china-llm/id/reference/> .
@prefix run: <https://w3id.org/china-llm/id/run/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

outside:rows
    a cllm:Passage ;
    dcterms:source <http://example.org/rows> ;
    cllm:stance cllm:stated ;
    cllm:yieldsTo reference:paper .

model:second
    cllm:released "2022-03-05"^^xsd:date ;
    cllm:hasDeveloper organization:institute .

run:second
    cllm:hasFigure figure:row-second-compute , figure:row-second-hours .

figure:row-second-compute
    a cllm:Figure ;
    cllm:quantity cllm:trainingCompute ;
    cllm:asPrinted "8.64E+21" ;
    cllm:unit cllm:flop .

figure:row-second-hours
    a cllm:Figure ;
    cllm:quantity cllm:trainingHours ;
    cllm:asPrinted "5" ;
    cllm:unit cllm:day .
"""


def test_a_source_that_yields_speaks_only_where_others_are_silent(tiny: Project) -> None:
    """Conflicts are found, but what was settled stays so, until a decision prefers the other."""
    ontology = sources.read_graph(tiny.ontology_files(), tiny)
    before = graph.merge(sources.read_all(tiny), ontology)
    path = tiny.root / "data" / "outside" / "rows.ttl"
    path.parent.mkdir()
    path.write_text(YIELDING, "utf-8")

    landscape = graph.merge(sources.read_all(tiny), ontology)

    assert landscape.report.violations == ()
    assert len(landscape.report.warnings) == len(before.report.warnings)
    new = [c for c in landscape.conflicts if c.topic not in {b.topic for b in before.conflicts}]
    released = URIRef(PREFIXES["model"] + "second"), CLLM.released
    assert [conflict.topic for conflict in new] == [released]
    ranks = {str(c.passage): landscape.compared.rank(c) for c in (new[0].first, new[0].second)}
    assert ranks == {f"{GRAPHS}paper/table": CLLM.accepted, f"{GRAPHS}outside/rows": CLLM.rejected}
    outside = URIRef(f"{GRAPHS}outside/rows")
    more = {triple for triple in landscape.settled if triple not in set(before.settled)}
    run = URIRef(PREFIXES["run"] + "second")
    hours = URIRef(PREFIXES["figure"] + "row-second-hours")
    assert {(s, p) for s, p, _ in more if s not in (outside, hours)} == {
        (run, CLLM.hasFigure),
        (run, CLLM.trainingHours),
    }
    assert [float(str(v)) for v in landscape.settled.objects(run, CLLM.trainingHours)] == [120]

    decisions = tiny.root / "data" / "curation" / "decisions.ttl"
    text = decisions.read_text("utf-8")
    text += """
decision:second-released
    a cllm:Decision ;
    cllm:onSubject <https://w3id.org/china-llm/id/model/second> ;
    cllm:onProperty cllm:released ;
    cllm:prefers <https://w3id.org/china-llm/graph/outside/rows> ;
    cllm:because "It has the day of the announcement."@en ;
    dcterms:date "2026-11-23"^^xsd:date .
"""
    decisions.write_text(text, "utf-8")
    decided = graph.merge(sources.read_all(tiny), ontology)
    assert decided.report.violations == ()
    (day,) = decided.settled.objects(*released)
    assert str(day) == "2022-03-05"


def test_findings_do_not_see_sources_that_yield(
    project: Project, built: build.Built, tmp_path: Path
) -> None:
    """What the paper concludes is recomputed from what it says."""
    root = tmp_path / "real"
    for folder in ("ontology", "shapes", "queries", "data"):
        shutil.copytree(project.root / folder, root / folder)
    path = root / "data" / "outside" / "rows.ttl"
    path.parent.mkdir()
    text = YIELDING.replace("reference:paper", "reference:ding-xiao-2023")
    text = text.replace("model:second", "model:m6").replace("run:second", "run:m6")
    text = text.replace("organization:institute", "organization:google")
    path.write_text(text, "utf-8")
    made = [built, build.make(Project(root), unwatched, [])]
    assert [one.report.violations for one in made] == [(), ()]
    assert made[0].results == made[1].results
    table = URIRef(f"{GRAPHS}ding-xiao-2023/table-1")
    assert made[0].graphs[str(table)] == made[1].graphs[str(table)]
    key = f"{GRAPHS}settled"
    compute = URIRef(PREFIXES["run"] + "m6"), CLLM.trainingCompute, None
    settled = [Graph().parse(data=one.graphs[key], format="nt") for one in made]
    assert [len(list(one.triples(compute))) for one in settled] == [0, 1]


def test_an_idle_decision_fails(tiny: Project) -> None:
    """A decision about what nobody contests is a violation at its own line."""
    path = tiny.root / "data" / "curation" / "decisions.ttl"
    path.write_text(path.read_text("utf-8").replace("run:first", "run:third"), "utf-8")
    ontology = sources.read_graph(tiny.ontology_files(), tiny)

    (violation,) = graph.merge(sources.read_all(tiny), ontology).report.violations

    assert violation.rule == "Decision-conflict"
    line = path.read_text("utf-8").splitlines()[violation.line - 1]
    assert line == "decision:first-compute"


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ('"4.2E+22" ;\n    cllm:unit cllm:day', "cllm:day does not convert to cllm:flop"),
        ('"some" ;\n    cllm:unit cllm:flop', "'some' is not a number"),
    ],
)
def test_an_unreadable_figure_fails(tiny: Project, printed: str, said: str) -> None:
    """A figure whose text is no number, or whose unit measures something else, is a violation."""
    path = tiny.root / "data" / "paper" / "table.ttl"
    good = '"4.2E+22" ;\n    cllm:unit cllm:flop'
    text = path.read_text("utf-8")
    assert good in text
    path.write_text(text.replace(good, printed), "utf-8")
    ontology = sources.read_graph(tiny.ontology_files(), tiny)

    report = graph.merge(sources.read_all(tiny), ontology).report

    assert any(said in violation.message for violation in report.violations)


def test_two_values_in_one_passage_fail(tiny: Project) -> None:
    """No decision could choose between them: it is a slip."""
    path = tiny.root / "data" / "paper" / "table.ttl"
    old = '"2021-01-02"^^xsd:date'
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, f'{old} , "2021-01-03"^^xsd:date'), "utf-8")
    ontology = sources.read_graph(tiny.ontology_files(), tiny)

    report = graph.merge(sources.read_all(tiny), ontology).report

    (violation,) = report.violations
    assert violation.subject == "model:first"
    assert violation.message == (
        "One passage gives two values of cllm:released: 2021-01-02 and 2021-01-03."
    )
    assert all(warning.subject != "model:first" for warning in report.warnings)


def test_two_decisions_on_one_thing_fail(tiny: Project) -> None:
    """The second would silently win over the first."""
    path = tiny.root / "data" / "curation" / "decisions.ttl"
    text = path.read_text("utf-8")
    one = text[text.index("decision:first-compute") :]
    other = one.replace("first-compute", "first-compute-again").replace("text/1-1", "table")
    path.write_text(f"{text}\n{other}", "utf-8")
    ontology = sources.read_graph(tiny.ontology_files(), tiny)

    (violation,) = graph.merge(sources.read_all(tiny), ontology).report.violations

    assert violation.subject == "decision:first-compute-again"
    assert violation.message == "The decision is the second on this."


def test_a_decision_frees_what_agrees_with_it(tiny: Project) -> None:
    """A third claim that only the rejected one contests is accepted too, and no warning stays."""
    path = tiny.root / "data" / "paper" / "more.ttl"
    path.write_text(
        (tiny.root / "data" / "paper" / "table.ttl").read_text("utf-8").split("paper:table\n")[0]
        + """
paper:more dcterms:isPartOf reference:paper ; cllm:stance cllm:stated .
run:first cllm:hasFigure figure:more-first-compute .
figure:more-first-compute a cllm:Figure ; cllm:quantity cllm:trainingCompute ;
    cllm:asPrinted "3.14E+23" ; cllm:unit cllm:flop .
""",
        "utf-8",
    )
    ontology = sources.read_graph(tiny.ontology_files(), tiny)

    landscape = graph.merge(sources.read_all(tiny), ontology)

    ranks = {rank for rank, _ in claims(landscape, "run/first", "trainingCompute").values()}
    assert ranks == {"accepted", "rejected"}
    assert len(landscape.report.warnings) == 1


def test_what_only_a_plan_names_must_be_known_too(tiny: Project) -> None:
    """A thing misspelt in a passage that never reaches the settled view is found at its line."""
    path = tiny.root / "data" / "paper" / "text.trig"
    text = path.read_text("utf-8")
    ontology = sources.read_graph(tiny.ontology_files(), tiny)
    assert graph.merge(sources.read_all(tiny), ontology).report.violations == ()
    passage = (
        "\np:9-1\n    a cllm:Passage ;\n    cllm:stance cllm:planned .\n\n"
        "p:9-1 {\n    run:first\n        cllm:usesDataset <" + IDS + "dataset/misspelt> .\n}\n"
    )
    path.write_text(text + passage, "utf-8")

    (found,) = graph.merge(sources.read_all(tiny), ontology).report.violations

    assert found.rule == "Claim-known"
    assert "dataset:misspelt" in found.message
    assert found.file == "data/paper/text.trig"
    assert found.line > text.count("\n")

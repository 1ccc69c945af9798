"""The audit finds what its cases plant, nothing in their neighbours, and what is known."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from collections import Counter
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest
import rdflib
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import OWL, PROV, RDF, RDFS

from kg import audit, build, findings, graph, sources
from kg.audit import RULES, Grade, Item
from kg.audit.view import View
from kg.cli import main
from kg.graph.claims import CLLM
from kg.judged import Days, Quantity, Statement
from kg.namespaces import GRAPHS, IDS, PREFIXES, TERMS
from kg.project import Project, SourceFile
from kg.sources import Source
from kg.tables import rows_of

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "tests" / "cases" / "audit"
PATHS = sorted(CASES.rglob("*.trig"))
ID = rdflib.Namespace(IDS)
DQV = rdflib.Namespace(PREFIXES["dqv"])
RECOMPUTED = {
    str(ID["criterion/checked"]): frozenset({str(ID["model/first"]), str(ID["model/second"])})
}
"""What the cases take recomputing to give."""


def shown(path: Path) -> str:
    """A case as test ids have it."""
    return f"{path.parent.name}/{path.stem}"


def viewed(given_sources: list[Source], ontology: rdflib.Graph) -> View:
    """What the rules read of some sources, without inferences."""
    return View(graph.merge(given_sources, ontology), ontology, rdflib.Graph(), RECOMPUTED)


def expected(path: Path) -> list[str]:
    """The grades that the first line of a case names."""
    first, _, says = path.read_text("utf-8").partition("\n")
    assert says.startswith("# ")
    named = first.removeprefix("# ").split(", ")
    return [] if named == ["nothing"] else sorted(named)


def case(rule: str, stem: str, ontology: rdflib.Graph) -> list[Item]:
    """What a rule finds in one of its cases."""
    path = CASES / rule / f"{stem}.trig"
    source = sources.read(SourceFile(path, f"{GRAPHS}case/{stem}"), path.name)
    return list(RULES[rule](viewed([source], ontology)))


def checked(item: Item) -> None:
    """Whatever is found says by which rule, of what, how, and with which arithmetic."""
    assert item.rule in RULES
    assert item.name
    assert item.kind.startswith("http")
    assert item.subject.startswith(IDS)
    assert item.iri.startswith(f"{IDS}audit/")
    assert item.arithmetic.endswith(".")
    assert item.arithmetic[0].isupper() or item.arithmetic[0].isdigit()
    assert item.ratio is None or item.ratio >= 1
    assert item.compared or item.ratio is None
    assert item.compared or item.rule not in ALWAYS or item.grade is Grade.CANNOT_BE_JUDGED
    units = {one.unit if isinstance(one, Quantity) else "days" for one in item.compared}
    assert len(units) == bool(item.compared), "not on one axis"
    for one in item.compared:
        assert one.label
        assert set(one.statements) <= set(item.statements)
        if isinstance(one, Quantity):
            reckoned(one, set(item.statements))


ALWAYS = {
    "agreements-of-one-origin",
    "baseline-after-model",
    "cited-work-of-another-year",
    "compute-against-hardware",
    "compute-against-tokens",
    "counts-against-counts",
    "figures-of-one-stance",
    "identical-figures",
    "member-after-series",
    "release-against-events",
    "sample-outlier",
    "sample-size",
    "series-against-members",
}
"""Rules that find nothing but what numbers or days give away."""


def reckoned(quantity: Quantity, statements: set[Statement]) -> None:
    """A number lies in what its digits admit; one that is made of others is what they make."""
    assert set(quantity.statements) <= statements
    assert not (quantity.factors and quantity.summands)
    low, *inner, high = (getattr(quantity, end) for end in ("low", "minimum", "maximum", "high"))
    known = [end for end in (low, *inner, high) if end is not None]
    assert known
    assert known == sorted(known)
    for end in ("low", "minimum", "maximum", "high"):
        ends = [getattr(part, end) for part in quantity.parts]
        if ends and None not in ends:
            made = math.prod(ends) if quantity.factors else sum(ends)
            assert getattr(quantity, end) == made or quantity.statements
    for part in quantity.parts:
        reckoned(part, statements)


def test_every_rule_has_its_cases() -> None:
    """Each rule has what it finds and what it does not, and no case is for a rule that is gone."""
    assert len(RULES) >= 18
    assert sorted({path.parent.name for path in PATHS}) == sorted(RULES)
    assert len(PATHS) >= 2 * len(RULES)
    for rule in RULES:
        assert expected(CASES / rule / "found.trig")
        assert not expected(CASES / rule / "clean.trig")
    for path in CASES.rglob("unjudged.trig"):
        assert expected(path) == [Grade.CANNOT_BE_JUDGED]


@pytest.mark.parametrize("path", PATHS, ids=shown)
def test_case(path: Path, ontology: rdflib.Graph) -> None:
    """A rule finds in a case what its first line says, from statements that stand in it."""
    rule = path.parent.name
    source = sources.read(SourceFile(path, f"{GRAPHS}case/{path.stem}"), path.name)
    view = viewed([source], ontology)

    found = list(RULES[rule](view))

    assert sorted(item.grade for item in found) == expected(path), found
    assert len({item.iri for item in found}) == len(found), "two items have one name"
    for item in found:
        checked(item)
        assert item.rule == rule
        assert item.statements
        for statement in item.statements:
            assert statement.passage in source.graphs
            assert statement.text
            outside = statement.passage == source.graph
            assert statement.speakers == (() if outside else ("Author",))


def test_a_developer_list_that_is_not_whole_contradicts_none(ontology: rdflib.Graph) -> None:
    """One passage lists all developers, another some of them and one more: no rule minds."""
    path = CASES / "conflicting-claims" / "partly.trig"
    source = sources.read(SourceFile(path, f"{GRAPHS}case/partly"), path.name)
    merged = graph.merge([source], ontology)
    assert len(set(merged.settled.objects(ID["model/first"], CLLM.hasDeveloper))) == 3

    assert audit.audit(merged, ontology, rdflib.Graph(), {}) == []


def test_a_whole_list_that_differs_contradicts(ontology: rdflib.Graph) -> None:
    """The item says which developer only one list has, and by which decision it is settled."""
    (item,) = case("conflicting-claims", "decided", ontology)

    assert item.kind == str(CLLM.hasDeveloper)
    assert item.decision == str(ID["decision/first-developers"])
    assert "Institute" in item.arithmetic
    assert "University" in item.arithmetic
    assert "Company" not in item.arithmetic


@pytest.mark.parametrize(
    ("rule", "stem", "ratio", "words"),
    [
        ("conflicting-claims", "found", 7.476, "4.2E22 (at most 4.25E22) and 3.14E23"),
        ("conflicting-claims", "at-least", 1.03, "100 (at most 100.5) and 103 (at least 102.5)"),
        ("compute-against-hardware", "found", 2.778, "10 Chip of 1E14 FLOP/s each for 100 hours"),
        ("compute-against-tokens", "found", 60, "make 6E21 FLOP; 1E20 are stated, 60 times"),
        ("compute-against-tokens", "many", 166.7, "make 6E21 FLOP; 1E24 are stated, 166.7 times"),
        ("compute-against-tokens", "bound", 60, "make 6E21 FLOP; 1E20 are stated, 60 times"),
        ("sample-size", "found", 1.5, "3 are stated, 2 are listed."),
        ("counts-against-counts", "found", 1.667, "12 and 20 of 26."),
        ("counts-against-members", "found", 1.5, "2 are counted, 3 are named."),
        ("series-against-members", "found", 3.741, "at most 4.01E11 together."),
    ],
)
def test_arithmetic(rule: str, stem: str, ratio: float, words: str, ontology: rdflib.Graph) -> None:
    """The numbers as stated, how they compare, and how often the one goes into the other."""
    (item,) = case(rule, stem, ontology)

    assert words in item.arithmetic
    assert item.ratio == pytest.approx(ratio, rel=1e-3)


def test_what_recomputing_gives_otherwise_is_named(ontology: rdflib.Graph) -> None:
    """Who is named and does not meet the criterion, and who meets it and is not named."""
    (item,) = case("counts-against-members", "recomputed", ontology)

    assert "Named, and do not: Third." in item.arithmetic
    assert "Meet it, and are not named: Second." in item.arithmetic


def by_topic(items: list[Item]) -> dict[tuple[str, str, str], Item]:
    """Items by rule, subject and what they are about."""
    return {
        (item.rule, item.subject.removeprefix(IDS), item.kind.removeprefix(TERMS)): item
        for item in items
        if item.grade is not Grade.CANNOT_BE_JUDGED
    }


HARD = {
    ("conflicting-claims", "run/ernie-3-0-titan", "trainingCompute"): Grade.CONTRADICTION,
    ("conflicting-claims", "run/yuan-1-0", "trainingCompute"): Grade.CONTRADICTION,
    ("conflicting-claims", "run/pangu-alpha", "trainingCompute"): Grade.CONTRADICTION,
    ("conflicting-claims", "run/plug", "trainingCompute"): Grade.TENSION,
    ("conflicting-claims", "model/pangu-alpha", "parameterCount"): Grade.TENSION,
    ("conflicting-claims", "model/bagualu", "parameterCount"): Grade.CONTRADICTION,
    ("conflicting-claims", "model/bagualu", "hasDeveloper"): Grade.CONTRADICTION,
    ("compute-against-hardware", "run/taiyi-stable-diffusion", "trainingCompute"): Grade.IMPOSSIBLE,
    ("compute-against-tokens", "run/ernie-3-0", "trainingCompute"): Grade.IMPOSSIBLE,
    ("described-as-another-kind", "series/wudao-2-0", "describedAs"): Grade.TENSION,
    ("release-against-events", "model/yuan-1-0", "released"): Grade.CONTRADICTION,
    ("counts-against-counts", "criterion/discusses-governance", "memberCount"): Grade.TENSION,
}
"""What is known to be at odds in the real sources, and how much it weighs."""


def test_the_known_hard_cases_are_found(built: build.Built) -> None:
    """Every one by its own rule, with its ratio or its decision, and at least twenty more items."""
    found = by_topic(built.items)

    assert {topic: found[topic].grade for topic in HARD if topic in found} == HARD
    for (rule, subject, kind), ratio in {
        ("compute-against-hardware", "run/taiyi-stable-diffusion", "trainingCompute"): 7.095,
        ("compute-against-tokens", "run/ernie-3-0", "trainingCompute"): 9375,
    }.items():
        assert found[rule, subject, kind].ratio == pytest.approx(ratio, rel=1e-3)
    for subject, kind, decision in (
        ("model/bagualu", "parameterCount", "bagualu-parameters"),
        ("model/bagualu", "hasDeveloper", "bagualu-developers"),
        ("model/pangu-alpha", "parameterCount", "pangu-alpha-parameters"),
    ):
        item = found["conflicting-claims", subject, kind]
        assert item.decision == str(ID[f"decision/{decision}"])
    half = found["counts-against-counts", "criterion/discusses-governance", "memberCount"]
    assert {s.text.rpartition(": ")[2] for s in half.statements} >= {"half", "12"}
    judged = [item for item in built.items if item.grade is not Grade.CANNOT_BE_JUDGED]
    assert len(judged) >= len(HARD) + 20
    for item in built.items:
        checked(item)
        assert {s.passage for s in item.statements} <= set(built.graphs)
    assert all(item.statements for item in judged)


def test_the_ratio_is_that_of_what_is_compared(built: build.Built) -> None:
    """The lowest goes into the highest as often as the arithmetic says, as printed or admitted."""
    found = [item for item in built.items if item.ratio is not None]
    assert len(found) >= 15
    for item in found:
        quantities = [one for one in item.compared if isinstance(one, Quantity)]
        ratios = [
            float(upper / lower)
            for one, other in permutations(quantities, 2)
            for upper in (one.minimum, one.low)
            for lower in (other.maximum, other.high)
            if upper and lower and upper >= lower
        ]
        assert any(ratio == pytest.approx(item.ratio) for ratio in ratios), item


def test_days_are_compared_as_days(ontology: rdflib.Graph) -> None:
    """A month admits all of its days; dates that conflict are on one axis."""
    (item,) = case("conflicting-claims", "dates", ontology)
    assert all(isinstance(one, Days) for one in item.compared)
    assert len(item.compared) == len(item.statements) == 2

    (item,) = case("cited-work-of-another-year", "preprint", ontology)
    out, work = item.compared
    assert isinstance(out, Days)
    assert isinstance(work, Days)
    assert out.first == out.last
    assert work.first
    assert work.last
    assert (work.first.day, (work.last - work.first).days) in {(1, n) for n in (27, 28, 29, 30)}


def test_several_machines_are_added_up(ontology: rdflib.Graph, tmp_path: Path) -> None:
    """The product has a sum in it, each summand of so many of a kind."""
    clean = (CASES / "compute-against-hardware" / "two-kinds.trig").read_text("utf-8")
    path = tmp_path / "two-kinds.trig"
    path.write_text(clean.replace('"1.0E+21"', '"1.0E+23"'), "utf-8")
    source = sources.read(SourceFile(path, f"{GRAPHS}case/two-kinds"), path.name)
    (item,) = RULES["compute-against-hardware"](viewed([source], ontology))
    assert item.grade is Grade.IMPOSSIBLE
    (most,) = (one for one in item.compared if isinstance(one, Quantity) and one.factors)
    peak, hours, seconds = most.factors
    assert len(peak.summands) == 2
    assert {part.unit for part in peak.summands} == {str(CLLM.flopPerSecond)}
    assert hours.unit == str(CLLM.hour)
    assert seconds.minimum == 3600


def test_items_come_heaviest_first(built: build.Built) -> None:
    """The order is that of the grades."""
    weights = [item.grade.weight for item in built.items]

    assert len(set(weights)) == len(Grade)
    assert weights == sorted(weights)


@pytest.fixture(scope="module")
def files(project: Project) -> list[Source]:
    """The real sources, read once more."""
    return sources.read_all(project)


def makers(things: set[rdflib.term.Node], graph_: rdflib.Graph) -> set[rdflib.term.Node]:
    """Who made some things."""
    return {maker for thing in things for maker in graph_.objects(thing, CLLM.madeBy)}


def without(maker: rdflib.URIRef, graph_: rdflib.Graph) -> frozenset[str]:
    """The members of a sample whose hardware is all of known origin and made by others."""
    found = set()
    for model in graph_.subjects(CLLM.inSample):
        uses = [
            set(graph_.objects(use, CLLM.hardware))
            for run in graph_.objects(model, CLLM.hasTrainingRun)
            for use in graph_.objects(run, CLLM.hasHardwareUse)
        ]
        used = set().union(*uses)
        known = all(any(graph_.objects(thing, CLLM.countryOfOrigin)) for thing in used)
        if used and all(uses) and known and maker not in makers(used, graph_):
            found.add(str(model))
    return frozenset(found)


def test_three_without_one_maker(
    built: build.Built, files: list[Source], ontology: rdflib.Graph
) -> None:
    """Of the three that are named one was trained with its hardware too, and another is missing."""
    criterion = str(ID["criterion/trained-without-nvidia"])
    merged = graph.merge(files, ontology)
    items = built.items
    if criterion not in findings.members_by_criterion(built.results):
        met = without(ID["organization/nvidia"], merged.settled + built.inferred)
        items = audit.audit(merged, ontology, built.inferred, {criterion: met})

    (item,) = [i for i in items if i.rule == "counts-against-members" and i.subject == criterion]

    assert item.grade is Grade.CONTRADICTION
    assert "Named, and do not: ERNIE 3.0 Titan." in item.arithmetic
    assert "Meet it, and are not named: Zidong Taichu." in item.arithmetic


POWERS = {
    CLLM.trainingCompute: 6,
    CLLM.peakThroughput: 6,
    CLLM.parameterCount: 3,
    CLLM.trainingTokens: 3,
}
"""Powers of ten that keep compute to machines and to parameters times tokens as it was."""


def renamed(term: rdflib.term.Node) -> rdflib.term.Node:
    """An entity under another name of its kind; a place, and any other term, as it is."""
    kind, _, slug = str(term).removeprefix(IDS).partition("/")
    if not isinstance(term, rdflib.URIRef) or not term.startswith(IDS) or kind == "place":
        return term
    return ID[f"{kind}/{hashlib.sha256(slug.encode()).hexdigest()[:12]}"]


def raised(text: str, power: int) -> str:
    """Each number of a printed text times a power of ten, with as many digits."""
    if re.fullmatch(r"[\d,]+", text):  # a bare count stays one
        return text + "0" * power
    return re.sub(
        r"(\d[\d,]*(?:\.\d+)?)(?:[eE]([+-]?\d+))?",
        lambda number: f"{number[1]}E{int(number[2] or 0) + power}",
        text,
    )


def elsewhere(triples: rdflib.Graph) -> rdflib.Graph:
    """A graph in which everything has another name and label, and large numbers are larger."""
    changed = rdflib.Graph()
    for subject, predicate, value in triples:
        power = POWERS.get(triples.value(subject, CLLM.quantity), 0)
        read = CLLM.inDigits if (subject, CLLM.inDigits, None) in triples else CLLM.asPrinted
        if power and predicate == read:
            value = rdflib.Literal(raised(str(value), power))
        new = renamed(subject)
        if predicate == RDFS.label and new != subject:
            value = rdflib.Literal(str(new).rpartition("/")[2], lang=value.language)
        changed.add((new, predicate, renamed(value)))
    return changed


def test_names_and_scales_make_no_difference(
    built: build.Built, files: list[Source], ontology: rdflib.Graph
) -> None:
    """With every name another, and compute, machines and sizes scaled, the same is found."""
    moved = [
        Source(s.shown, s.graph, rows_of({name: elsewhere(g) for name, g in s.graphs.items()}))
        for s in files
    ]
    recomputed = {
        str(renamed(rdflib.URIRef(criterion))): frozenset(
            str(renamed(rdflib.URIRef(member))) for member in members
        )
        for criterion, members in findings.members_by_criterion(built.results).items()
    }

    merged = graph.merge(moved, ontology)
    items = audit.audit(merged, ontology, elsewhere(built.inferred), recomputed)

    assert merged.report.conforms
    (compute,) = merged.settled.objects(
        renamed(ID["run/taiyi-stable-diffusion"]), CLLM.trainingCompute
    )
    assert compute.toPython() == pytest.approx(2.55e28)
    assert {item.subject for item in items}.isdisjoint(item.subject for item in built.items)
    assert signature(items) == signature(built.items)


def signature(items: list[Item]) -> Counter[tuple[str, Grade, str, str]]:
    """How often each rule finds what, with which weight and ratio."""
    return Counter(
        (i.rule, i.grade, i.kind, "" if i.ratio is None else f"{i.ratio:.4g}") for i in items
    )


Range = tuple[int, int]


def printed(ends: Range, form: str = "{} to {}") -> str:
    """A range as a source prints it, one number where both ends are the same."""
    first, last = ends
    return str(first) if first == last and form == "{} to {}" else form.format(first, last)


def claimed(
    facts: list[tuple[str, str, rdflib.term.Node]],
    figures: list[tuple[str, str, str, str]],
    ontology: rdflib.Graph,
) -> View:
    """What the rules read of one passage with these statements and figures."""
    name = rdflib.URIRef(f"{GRAPHS}case/made")
    passage = rdflib.Graph()
    passage.add((name, CLLM.stance, CLLM.stated))
    for subject, predicate, value in facts:
        passage.add((ID[subject], RDF.type if predicate == "a" else CLLM[predicate], value))
    for subject, quantity, text, unit in figures:
        figure = ID[f"figure/{quantity}"]
        passage.add((ID[subject], CLLM.hasFigure, figure))
        passage.add((figure, RDF.type, CLLM.Figure))
        passage.add((figure, CLLM.quantity, CLLM[quantity]))
        passage.add((figure, CLLM.asPrinted, rdflib.Literal(text)))
        passage.add((figure, CLLM.unit, CLLM[unit]))
    return viewed([Source("made.ttl", str(name), rows_of({str(name): passage}))], ontology)


FACTS = [
    ("model/first", "a", CLLM.Model),
    ("model/first", "architecture", CLLM.dense),
    ("model/first", "hasTrainingRun", ID["run/first"]),
    ("run/first", "a", CLLM.TrainingRun),
    ("run/first", "hasHardwareUse", ID["use/first"]),
    ("use/first", "accelerator", ID["hardware/chip"]),
]
PLACES = {
    "acceleratorCount": ("use/first", "one"),
    "trainingHours": ("run/first", "hour"),
    "peakThroughput": ("hardware/chip", "flopPerSecond"),
    "parameterCount": ("model/first", "one"),
    "trainingTokens": ("run/first", "one"),
    "trainingCompute": ("run/first", "flop"),
}
PHYSICS = {
    "compute-against-hardware": ("acceleratorCount", "trainingHours", "peakThroughput"),
    "compute-against-tokens": ("parameterCount", "trainingTokens"),
}
"""The rules that may call a run impossible, and what they multiply to compare with compute."""
BASIS = {"compute-against-hardware": 3600, "compute-against-tokens": 6}


def impossible(rule: str, texts: dict[str, str], ontology: rdflib.Graph) -> bool:
    """Whether a rule calls a run with these figures impossible."""
    figures = [(PLACES[q][0], q, text, PLACES[q][1]) for q, text in texts.items()]
    items = list(RULES[rule](claimed(FACTS, figures, ontology)))
    return any(item.grade is Grade.IMPOSSIBLE for item in items)


@st.composite
def widenings(draw: st.DrawFn, rule: str) -> tuple[dict[str, str], dict[str, str]]:
    """Figures near the edge of the possible as printed, and the same with some less exact."""
    narrow: dict[str, Range] = {}
    product = BASIS[rule]
    for quantity in PHYSICS[rule]:
        first = draw(st.integers(10, 10**4))
        narrow[quantity] = (first, first + draw(st.integers(0, 3)))
        product *= first
    excess = Fraction(draw(st.sampled_from((5, 8, 9, 10, 11, 12, 15, 18, 22, 30, 99))), 10)
    compute = int(product * excess if rule == "compute-against-hardware" else product / excess)
    narrow["trainingCompute"] = (compute, compute + draw(st.integers(0, compute)))
    wide = {quantity: printed(ends) for quantity, ends in narrow.items()}
    for quantity in draw(st.sets(st.sampled_from(sorted(narrow)), min_size=1), label="wider"):
        first, last = narrow[quantity]
        low = first * draw(st.integers(5, 10)) // 10
        high = last * draw(st.integers(10, 20)) // 10
        form = draw(st.sampled_from(("{} to {}", "{} to {}", "at least {}", "up to {1}")))
        wide[quantity] = printed((low, high), form)
    return {quantity: printed(ends) for quantity, ends in narrow.items()}, wide


@pytest.mark.parametrize("rule", PHYSICS)
@settings(max_examples=150)
@given(data=st.data())
def test_less_exact_figures_make_nothing_impossible(
    rule: str, data: st.DataObject, ontology: rdflib.Graph
) -> None:
    """A run that was not impossible does not become so when a figure admits more numbers."""
    narrow, wide = data.draw(widenings(rule))

    if impossible(rule, wide, ontology):
        assert impossible(rule, narrow, ontology)


@pytest.mark.parametrize("rule", PHYSICS)
def test_a_missing_figure_makes_nothing_impossible(rule: str, ontology: rdflib.Graph) -> None:
    """What is impossible with all figures cannot be judged, or is not asked, without one."""
    texts = dict.fromkeys(PHYSICS[rule], "1000") | {"trainingCompute": "1.0E+20"}
    if rule == "compute-against-tokens":
        texts["trainingCompute"] = "1.0E+2"
    assert impossible(rule, texts, ontology)

    for quantity in texts:
        fewer = {q: text for q, text in texts.items() if q != quantity}
        assert not impossible(rule, fewer, ontology)


def test_items_are_described_in_dqv(built: build.Built, files: list[Source]) -> None:
    """One measurement for each item: by a metric, of a thing, with its grade and its passages."""
    assert built.items
    described = audit.describe(built.items)
    known = {s for source in files for g in source.graphs.values() for s in g.subjects()}

    measurements = set(described.subjects(RDF.type, DQV.QualityMeasurement))
    assert len(measurements) == len(built.items)
    assert len({item.iri for item in built.items}) == len(built.items)
    for item in built.items:
        node = rdflib.URIRef(item.iri)
        (metric,) = described.objects(node, DQV.isMeasurementOf)
        assert str(metric) == f"{IDS}audit/{item.rule}"
        assert (metric, RDF.type, DQV.Metric) in described
        assert (metric, RDFS.label, None) in described
        assert list(described.objects(node, DQV.computedOn)) == [rdflib.URIRef(item.subject)]
        assert rdflib.URIRef(item.subject) in known
        assert list(described.objects(node, DQV.value)) == [rdflib.Literal(item.grade.words)]
        assert {str(p) for p in described.objects(node, PROV.wasDerivedFrom)} == {
            s.passage for s in item.statements
        }
    metrics = set(described.subjects(RDF.type, DQV.Metric))
    assert {str(metric).removeprefix(f"{IDS}audit/") for metric in metrics} <= set(RULES)


def test_what_describes_items_is_declared(built: build.Built, ontology: rdflib.Graph) -> None:
    """Every term of the ontology in the description is declared there, each grade as a grade."""
    described = audit.describe(built.items)

    own = {p for p in described.predicates() if str(p).startswith(TERMS)}
    assert own >= {CLLM.grade, CLLM.auditedProperty, CLLM.ratio, CLLM.settledBy, CLLM.statement}
    for term in own:
        assert (term, RDFS.label, None) in ontology
        assert (term, RDF.type, None) in ontology
    grades = set(described.objects(None, CLLM.grade))
    assert grades == {CLLM[grade] for grade in Grade}
    for grade in grades:
        assert (grade, RDF.type, CLLM.Grade) in ontology
        assert (grade, RDF.type, OWL.NamedIndividual) in ontology
    for kind in set(described.objects(None, CLLM.auditedProperty)):
        assert (kind, RDF.type, None) in ontology
    for ratio in described.objects(None, CLLM.ratio):
        assert isinstance(ratio.toPython(), float)
    lines = described.serialize(format="nt")  # rdflib's Turtle rounds numbers
    assert described.isomorphic(rdflib.Graph().parse(data=lines, format="nt"))


def test_no_rule_names_an_entity(files: list[Source]) -> None:
    """No IRI, and no name, of what the audit is about stands in its code."""
    code = {path: path.read_text("utf-8") for path in (ROOT / "src" / "kg" / "audit").glob("*.py")}
    assert len(code) >= 8
    registry = [g for s in files for n, g in s.graphs.items() if n.startswith(f"{GRAPHS}registry/")]
    entities = {str(s) for g in registry for s in g.subjects() if str(s).startswith(IDS)}
    assert len(entities) > 100
    kinds = ("model", "organization", "hardware")
    labels = {
        str(label)
        for g in registry
        for thing, label in g.subject_objects(RDFS.label)
        if str(thing).removeprefix(IDS).partition("/")[0] in kinds and len(str(label)) > 3
    }
    assert len(labels) > 60

    for path, text in code.items():
        for entity in entities:
            name = entity.removeprefix(IDS)
            assert not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text), path
            assert not re.search(
                rf"(?<![\w-]){re.escape(name.replace('/', ':', 1))}(?![\w-])", text
            ), path
        for label in labels:
            assert not re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text, re.IGNORECASE), path


@pytest.fixture
def small(tiny: Project) -> Project:
    """The miniature without the questions that recompute the real findings."""
    shutil.rmtree(tiny.root / "queries" / "findings", ignore_errors=True)
    return tiny


def kg(*arguments: str, project: Project) -> Result:
    """Run ``kg audit`` in this process."""
    return CliRunner().invoke(
        main, ["--project", str(project.root), "audit", *arguments], catch_exceptions=False
    )


def test_the_command_prints_a_table(small: Project) -> None:
    """A line for each item that can be judged; standard error says how many cannot."""
    result = kg(project=small)

    assert result.exit_code == 0, result.stderr
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["grade", "subject", "rule", "ratio", "what"]
    assert any(
        re.match(r"contradiction +Training of First +conflicting-claims +7", r) for r in rows
    )
    assert any(re.match(r"contradiction +Second +conflicting-claims +One", r) for r in rows)
    assert not any(row.startswith("cannot be judged") for row in rows)
    assert re.search(
        rf"^{len(rows)} of \d+ items; \d+ cannot be judged\.$", result.stderr, re.MULTILINE
    )


def test_the_command_prints_json(small: Project) -> None:
    """Everything that was found, as a program reads it, what cannot be judged too."""
    found = json.loads(kg("--format", "json", project=small).stdout)

    assert {item["rule"] for item in found} <= set(RULES)
    (first,) = [i for i in found if i["name"] == "Training of First" and i["ratio"]]
    assert first["grade"] == "contradiction"
    assert first["kind"] == "cllm:trainingCompute"
    assert first["decision"] == str(ID["decision/first-compute"])
    assert first["statements"][0].keys() == {"passage", "speakers", "text"}
    assert "cannot be judged" in {item["grade"] for item in found}


def test_the_command_prints_what_a_rule_finds_as_turtle(small: Project) -> None:
    """With a rule only what it finds, as RDF that parses."""
    turtle = kg("conflicting-claims", "--format", "turtle", project=small)

    described = rdflib.Graph().parse(data=turtle.stdout, format="turtle")
    assert len(set(described.subjects(RDF.type, DQV.QualityMeasurement))) == 2
    (metric,) = set(described.subjects(RDF.type, DQV.Metric))
    assert metric == ID["audit/conflicting-claims"]


def test_the_command_prints_what_weighs_enough_in_words(small: Project) -> None:
    """With a grade only items of that weight or heavier; each statement with its place."""
    result = kg("--grade", "contradiction", "--format", "text", project=small)

    assert "contradiction: Training of First [conflicting-claims] (ratio 7.476)\n" in result.stdout
    assert "around 3634 petaFLOP/s-day [paper/text/1-1; Company]" in result.stdout
    assert "settled by decision:first-compute" in result.stdout
    heads = re.findall(r"^([a-z ]+): ", result.stdout, re.MULTILINE)
    assert len(heads) >= 2
    assert set(heads) <= {"impossible", "contradiction"}


def test_the_command_knows_its_rules(small: Project) -> None:
    """An unknown rule, or grade, is exit code 2 and one sentence."""
    result = kg("sample-weight", project=small)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("kg: There is no rule 'sample-weight'")
    assert "sample-size" in result.stderr

    assert kg("--grade", "wrong", project=small).exit_code == 2

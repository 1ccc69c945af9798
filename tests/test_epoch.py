"""Epoch AI's table of models: read as it is printed, named, bound, written, and in the graph."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import build, sources
from kg.errors import BadInput, BadSource
from kg.graph import Passages
from kg.link import epoch
from kg.link.epoch.names import named, row_iri
from kg.link.epoch.numbers import digits, whole
from kg.link.epoch.provenance import works_of
from kg.link.epoch.table import Entry
from kg.link.mappings import Mapping
from kg.link.registered import Registered
from kg.namespaces import GRAPHS, IDS, PREFIXES, expand
from kg.project import Project, SourceFile
from kg.queries import Catalogue
from kg.results import named as format_named
from tests import test_style
from tests.conftest import unwatched
from tests.test_cli import kg

CSV = Path(__file__).parent / "cases" / "epoch.csv"
DATA = CSV.read_bytes()
SNAPSHOT = epoch.Snapshot.of(DATA, CSV.name, "2024-05-07")
PAPER = "https://w3id.org/china-llm/id/reference/ding-xiao-2023"
NAMES = [
    "quillfin",
    "quillfin-compute-2022-02-02",
    "marmotide",
    "oxlip-2022-03-04",
    "oxlip-2023-03-04",
    "twinling-2024-01-02-unsized-1",
    "twinling-2024-01-02-unsized-2",
    "siblet-2024-02-03-400000000",
    "siblet-2024-02-03-6300000000",
    "bramble-omega-2",
    "mistaken",
    "abyssal-1-0",
]
SSSOM = """\
# curie_map:
#   model: https://w3id.org/china-llm/id/model/
#   row: https://w3id.org/china-llm/id/row/
#   semapv: https://w3id.org/semapv/vocab/
#   skos: http://www.w3.org/2004/02/skos/core#
# license: https://creativecommons.org/licenses/by/4.0/
# mapping_date: '2024-06-07'
# mapping_set_id: https://w3id.org/china-llm/id/linkset/epoch
# mapping_set_title: For a test
# object_source: https://epoch.ai/data/ai-models
subject_id\tpredicate_id\tpredicate_modifier\tobject_id\tobject_category\tmapping_justification\tconfidence\tcomment
"""


def binding(
    ours: str, row: str, predicate: str = "skos:exactMatch", *, no: bool = False
) -> Mapping:
    """A mapping of one of ours, by its prefixed name, to a row."""
    justification = f"{PREFIXES['semapv']}ManualMappingCuration"
    return Mapping(expand(ours), expand(predicate), row_iri(row), justification, negated=no)


def converted(
    known: Registered,
    mappings: Iterable[Mapping] = (),
    only: epoch.Only = "all",
    data: bytes = DATA,
) -> epoch.Imported:
    """What the sample, or other bytes, becomes."""
    table = epoch.read(data, "epoch.csv")
    return epoch.convert(table, SNAPSHOT, known, epoch.Bindings.of(mappings), only)


def statements(text: str) -> dict[str, set[tuple[str, str, str]]]:
    """The triples of a TriG text by graph, in prefixed names and plain texts."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for quad in ox.parse(text.encode(), format=ox.RdfFormat.TRIG):
        triple = tuple(map(short, (quad.subject, quad.predicate, quad.object)))
        graph = "" if isinstance(quad.graph_name, ox.DefaultGraph) else quad.graph_name.value
        found.setdefault(graph.removeprefix(f"{epoch.GRAPH}/"), set()).add(triple)
    return found


def short(term: object) -> str:
    """A term in few letters."""
    if isinstance(term, ox.NamedNode):
        for prefix, namespace in PREFIXES.items():
            if term.value.startswith(namespace) and "/" not in term.value.removeprefix(namespace):
                return f"{prefix}:{term.value.removeprefix(namespace)}"
        return term.value
    assert isinstance(term, ox.Literal)
    return term.value


def rewritten(change: dict[str, str], columns: Sequence[str] | None = None) -> bytes:
    """The sample with columns renamed, or only some of them and in that order."""
    rows = list(csv.DictReader(io.StringIO(DATA.decode(), newline="")))
    header = columns or list(rows[0])
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([change.get(column, column) for column in header])
    writer.writerows([row[column] for column in header] for row in rows)
    return out.getvalue().encode()


@pytest.fixture
def known(tiny: Project) -> Registered:
    """What the miniature has."""
    return Registered.of(Passages(sources.read_all(tiny)))


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("2600000000.0", "2.6E+9"),
        ("200000000000.0", "2.0E+11"),
        ("7000000000.00", "7.0E+9"),
        ("3.600000000001e+22", "3.6E+22"),
        ("650280960000000000000.00", "6.5028096E+20"),
        ("2.4999999999999997e+24", "2.5E+24"),
        ("8300000.000000001", "8.3E+6"),
        ("1.1000000000000008e+22", "1.1E+22"),
        ("3.5490054945e+23", "3.5490054945e+23"),
        ("3e+23", "3e+23"),
        ("336.0", "336"),
        ("100.0", "1.0E+2"),
        ("0.1", "0.1"),
        ("17.0", "17"),
        ("13600000000000", "1.36E+13"),
        ("1.0e21 to 5.0e21", "1.0e21 to 5.0e21"),
    ],
)
def test_digits(cell: str, meant: str) -> None:
    """Neither padding nor what a program leaves behind the digits is taken to be meant."""
    assert digits(cell) == meant


@pytest.mark.parametrize(
    "cell", ["0.0", "-1", "many", "1e400", "nan", "inf", "5e21 to 1e21", "0x10", "١٢", "9" * 9999]
)
def test_what_is_no_number(cell: str) -> None:
    """A number that cannot be is refused, and so is what no machine can hold."""
    with pytest.raises(ValueError, match=r"not |too large|backwards"):
        digits(cell)


def test_counts() -> None:
    """A count is whole and exact, whatever the point behind it."""
    assert [whole(cell) for cell in ("64.0", "1000", "1e3")] == ["64", "1000", "1000"]
    for cell in ("2.5", "0.0", "1e30", "a few", "64 to 128"):
        with pytest.raises(ValueError, match=r"not |too large|backwards"):
            whole(cell)


AKRONOMICON = "<https://lair.lighton.ai/akronomicon/>"
GOVERNANCE = "https://www.governance.ai/research-paper/recent-trends-chinas-llm-landscape"


@pytest.mark.parametrize(
    ("note", "works"),
    [
        (f"Estimate taken from {GOVERNANCE}", [f"<{PAPER}>"]),
        (f"It is larger than in {GOVERNANCE}", []),
        ("source: https://lair.lighton.ai/akronomicon/", [AKRONOMICON]),
        ("7e22 from:\nsource: https://github.com/lightonai/akronomicon/tree/main", [AKRONOMICON]),
        (
            "source: https://web.archive.org/web/2022/https://lair.lighton.ai/akronomicon",
            [AKRONOMICON],
        ),
        ("2.1Source: https://lair.lighton.ai/akronomicon/", [AKRONOMICON]),
        ("A third-party source: https://lair.lighton.ai/akronomicon/ claims more", []),
        ("Elsewhere, https://lair.lighton.ai/akronomicon/ has 538", []),
        ("source: https://lair.lighton.ai/akronomicon-of-others", []),
        ("Section 4", []),
    ],
)
def test_where_a_figure_is_from(note: str, works: list[str]) -> None:
    """Only what a note names as its source, not what it mentions beside."""
    assert works_of(note, {PAPER}) == works


def test_a_work_that_the_graph_does_not_describe() -> None:
    """It is not pointed to."""
    assert works_of(f"taken from {GOVERNANCE}", ()) == []


def test_columns_by_name() -> None:
    """In any order, with the names of other versions, and without those that are not needed."""
    table = epoch.read(DATA, "epoch.csv")
    older = ["Organization", "Link", "Publication date", "Parameters", "Training compute (FLOP)"]
    other = epoch.read(rewritten({"Model": "System"}, [*older, "Model"]), "older.csv")

    assert table.size == other.size == 14
    assert table.modified == "2024-05-06"
    assert other.modified == ""
    assert [entry.name for entry in other.entries] == [entry.name for entry in table.entries]
    assert table.entries[2].name == "Marmotide"
    (nameless,) = table.problems
    assert str(nameless) == "row 3: it has no name; not loaded."


def test_another_table() -> None:
    """It is refused with the names of the columns that it lacks."""
    with pytest.raises(BadInput, match="no column Model or System, Parameters") as refused:
        epoch.read(rewritten({"Model": "Name", "Parameters": "Size"}), "other.csv")
    assert str(refused.value).count("\n") == 0
    with pytest.raises(BadInput, match="no column Model or System, Organization"):
        epoch.read(b"", "empty.csv")
    with pytest.raises(BadSource, match=r"latin\.csv:2: this is not UTF-8"):
        epoch.read(b"Model\n\xe9", "latin.csv")
    with pytest.raises(BadSource, match="cannot be read as CSV"):
        epoch.read(b'Model\n"x" y', "quotes.csv")


def test_a_row_of_another_length() -> None:
    """It may have lost a cell in the middle: it is left out and said."""
    table = epoch.read(DATA + b"Shorty,Language\n", "epoch.csv")

    assert [entry.name for entry in table.entries].count("Shorty") == 0
    assert str(table.problems[-1]) == (
        "row 15 (Shorty): it has 2 cells where the header has 43; not loaded."
    )


def test_names() -> None:
    """Each row has one of its own, whatever the order, but where only that tells rows apart."""
    entries = epoch.read(DATA, "epoch.csv").entries
    names = named(entries)

    assert list(names) == NAMES
    backwards = named(list(reversed(entries)))
    assert set(backwards) == set(names)
    assert names["quillfin"].name == "Quillfin"
    alike = {name for name in names if names[name] != backwards[name]}
    assert alike == {name for name in NAMES if name.startswith("twinling")}


def test_names_that_look_like_told_apart() -> None:
    """A model called like another with its date does not take that one's name."""
    cells = [("Oxlip", "2022-03-04"), ("OXLIP", "2023-03-04"), ("Oxlip 2022-03-04", "")]
    entries = [Entry(n, {"name": name, "date": day}) for n, (name, day) in enumerate(cells, 1)]

    assert list(named(entries)) == ["oxlip-2022-03-04-2", "oxlip-2023-03-04", "oxlip-2022-03-04"]


QUILLFIN = """\
p:quillfin
    a cllm:Passage ;
    dcterms:source <https://epoch.ai/data/ai-models> ;
    cllm:fromRow row:epoch-quillfin ;
    cllm:speaker organization:epoch-ai ;
    cllm:asOf "2024-05-07"^^xsd:date ;
    cllm:stance cllm:stated .

p:quillfin {
    row:epoch-quillfin
        a cllm:Row ;
        rdfs:label "Quillfin"@en ;
        dcterms:issued "2021-01-03"^^xsd:date ;
        cllm:developerAsPrinted "Company" , "University of Nowhere (UoN)" ;
        cllm:hardwareAsPrinted "Chip" ;
        cllm:mentions organization:company , hardware:chip ;
        cllm:confidenceAsPrinted "Confident" ;
        fabio:hasURL "https://arxiv.org/abs/2101.99999v2" ;
        fabio:hasArXivId "2101.99999" ;
        cllm:hasFigure figure:epoch-quillfin-parameters , \
figure:epoch-quillfin-hours , figure:epoch-quillfin-count .

    figure:epoch-quillfin-parameters
        a cllm:Figure ;
        cllm:quantity cllm:parameterCount ;
        cllm:asPrinted "2600000000.0" ;
        cllm:inDigits "2.6E+9" ;
        cllm:unit cllm:one ;
        dcterms:description "2.6B"@en .

    figure:epoch-quillfin-hours
        a cllm:Figure ;
        cllm:quantity cllm:trainingHours ;
        cllm:asPrinted "336.0" ;
        cllm:inDigits "336" ;
        cllm:unit cllm:hour ;
        dcterms:description "Two weeks"@en .

    figure:epoch-quillfin-count
        a cllm:Figure ;
        cllm:quantity cllm:acceleratorCount ;
        cllm:asPrinted "64.0" ;
        cllm:inDigits "64" ;
        cllm:unit cllm:one .
}

p:quillfin-compute
    a cllm:Passage ;
    dcterms:source <https://epoch.ai/data/ai-models> ;
    cllm:fromRow row:epoch-quillfin ;
    cllm:speaker organization:epoch-ai ;
    cllm:asOf "2024-05-07"^^xsd:date ;
    cllm:stance cllm:estimated .

p:quillfin-compute {
    row:epoch-quillfin
        cllm:hasFigure figure:epoch-quillfin-compute .

    figure:epoch-quillfin-compute
        a cllm:Figure ;
        cllm:quantity cllm:trainingCompute ;
        cllm:asPrinted "3.600000000001e+22" ;
        cllm:inDigits "3.6E+22" ;
        cllm:unit cllm:flop ;
        dcterms:description "source: https://lair.lighton.ai/akronomicon/\\n\\n\
Other estimates differ."@en ;
        prov:wasDerivedFrom <https://lair.lighton.ai/akronomicon/> .
}
"""


def test_a_row_that_is_not_bound(known: Registered) -> None:
    """It speaks of itself, in text that is the same whatever the columns' order and line ends."""
    found = converted(known)

    assert QUILLFIN in found.text
    columns = list(csv.DictReader(io.StringIO(DATA.decode())).fieldnames or ())
    assert converted(known, data=rewritten({}, columns[::-1])).text == found.text
    assert converted(known, data=b"\xef\xbb\xbf" + DATA.replace(b"\n", b"\r\n")).text == found.text


def test_what_cannot_be_read(known: Registered) -> None:
    """Rows and cells are named with a reason, and the rest of the row is taken."""
    found = converted(known)

    assert (found.rows, found.loaded, found.bound) == (14, 12, {})
    negative = "'-1' is not a number or a range of numbers"
    assert [str(problem) for problem in found.problems] == [
        "row 3: it has no name; not loaded.",
        "row 12 (Mistaken): Publication date: '2021-02-30' is not a day; left out.",
        "row 12 (Mistaken): Parameters: 'many' is not a number or a range of numbers; left out.",
        "row 12 (Mistaken): Training time (hours): '0.0' is not above zero; left out.",
        "row 12 (Mistaken): Hardware quantity: '2.5' is not a whole number; left out.",
        f"row 12 (Mistaken): Training compute (FLOP): {negative}; left out.",
        "row 14 (无名): no letter of its name can stand in an IRI; not loaded.",
    ]
    said = statements(found.text)
    row = "row:epoch-mistaken"
    assert {triple[1] for triple in said["mistaken"]} == {
        "rdf:type",
        "rdfs:label",
        "cllm:developerAsPrinted",
        "cllm:hardwareAsPrinted",
        "cllm:mentions",
    }
    assert (row, "cllm:mentions", "organization:company") in said["mistaken"]
    assert "mistaken-compute" not in said


def test_texts_and_addresses(known: Registered) -> None:
    """Names of lists and in brackets, identifiers in links, control characters, ranges."""
    said = statements(converted(dataclasses.replace(known, references=frozenset({PAPER}))).text)

    row = "row:epoch-bramble-omega-2"
    assert {
        (row, "rdfs:label", "Bramble Ω-2"),
        (row, "dcterms:issued", "1958-06-01"),
        (row, "cllm:developerAsPrinted", "Thorn Works, Inc"),
        (row, "cllm:mentions", "organization:university"),
        (row, "fabio:hasURL", "https://arxiv.org/pdf/cs/0299999"),
        (row, "fabio:hasArXivId", "cs/0299999"),
    } <= said["bramble-omega-2"]
    figure = "figure:epoch-bramble-omega-2-compute"
    note = 'Between "two" guesses,\none\ttab and a control character'
    assert {
        (figure, "cllm:asPrinted", "1.0e21 to 5.0e21"),
        (figure, "dcterms:description", note),
    } <= said["bramble-omega-2-compute"]
    assert (figure, "cllm:inDigits", "1.0e21 to 5.0e21") not in said["bramble-omega-2-compute"]
    row = "row:epoch-marmotide"
    assert {
        (row, "cllm:mentions", "organization:company"),
        (row, "dcterms:identifier", "doi:10.99999/marmotide.1"),
        (row, "fabio:hasURL", "https://marmotide.example/"),
        (row, "cllm:hardwareAsPrinted", "Abacus 9000"),
    } <= said["marmotide"]
    assert (
        "figure:epoch-marmotide-compute",
        "prov:wasDerivedFrom",
        "reference:ding-xiao-2023",
    ) in said["marmotide-compute"]


def test_a_row_that_is_bound(known: Registered) -> None:
    """It speaks of the model and its run, and of the use that the run has of that hardware."""
    found = converted(known, [binding("model:first", "quillfin")], "linked")
    said = statements(found.text)
    row, name = "row:epoch-quillfin", "quillfin"

    assert (found.loaded, found.bound) == (1, {row_iri(name): expand("model:first")})
    assert set(said) == {"", name, f"{name}-compute"}
    assert {
        (row, "cllm:boundTo", "model:first"),
        (row, "cllm:developerAsPrinted", "University of Nowhere (UoN)"),
        ("model:first", "cllm:released", "2021-01-03"),
        ("model:first", "cllm:hasDeveloper", "organization:company"),
        ("model:first", "cllm:hasFigure", f"figure:epoch-{name}-parameters"),
        ("model:first", "cllm:hasTrainingRun", "run:first"),
        ("run:first", "cllm:hasFigure", f"figure:epoch-{name}-hours"),
        ("run:first", "cllm:hasHardwareUse", "use:first-chip"),
        ("use:first-chip", "cllm:accelerator", "hardware:chip"),
        ("use:first-chip", "cllm:hasFigure", f"figure:epoch-{name}-count"),
    } <= said[name]
    assert not {triple for triple in said[name] if triple[:2] == (row, "cllm:hasFigure")}
    assert said[f"{name}-compute"] >= {
        ("run:first", "cllm:hasFigure", f"figure:epoch-{name}-compute"),
    }
    file = epoch.GRAPH.replace(GRAPHS, "graph:")
    about = {triple[1:] for triple in said[""] if triple[0] in (file, epoch.GRAPH)}
    assert {
        ("cllm:yieldsTo", "reference:paper"),
        ("dcterms:license", "https://creativecommons.org/licenses/by/4.0/"),
        ("cllm:asOf", "2024-05-07"),
    } <= about
    assert SNAPSHOT.digest in found.text


def test_hardware_of_which_the_row_does_not_say_how_much(known: Registered) -> None:
    """Of two kinds and one number the number stays with the row; an unknown kind is a word."""
    said = statements(converted(known, [binding("model:second", "marmotide")], "linked").text)
    use = "use:epoch-marmotide-abacus-9000"

    assert {
        ("run:second", "cllm:hasHardwareUse", "use:epoch-marmotide-chip"),
        ("use:epoch-marmotide-chip", "cllm:accelerator", "hardware:chip"),
        ("run:second", "cllm:hasHardwareUse", use),
        (use, "cllm:describedAs", "Abacus 9000"),
        ("row:epoch-marmotide", "cllm:hasFigure", "figure:epoch-marmotide-count"),
    } <= said["marmotide"]


def test_a_version_of_hardware_is_the_use_that_there_is(known: Registered) -> None:
    """Its processors are not counted twice, and the use is not said to be of the version."""
    better = f"{IDS}hardware/chip-pro"
    known = dataclasses.replace(
        known,
        hardware={"Chip": frozenset({better})},
        wholes={better: frozenset({f"{IDS}hardware/chip"})},
    )
    name = "quillfin"
    said = statements(converted(known, [binding("model:first", name)], "linked").text)[name]

    assert ("use:first-chip", "cllm:hasFigure", f"figure:epoch-{name}-count") in said
    assert not [triple for triple in said if triple[1] == "cllm:accelerator"]
    assert (f"row:epoch-{name}", "cllm:mentions", "hardware:chip-pro") in said


def test_training_runs(known: Registered) -> None:
    """A model without one gets one; of one with several, what is said of training has no place."""
    name = "quillfin"
    bound = [binding("model:first", name)]
    said = statements(converted(dataclasses.replace(known, runs={}), bound, "linked").text)[name]
    assert ("run:first", "rdfs:label", "Training of Quillfin") in said

    runs = {expand("model:first"): frozenset({expand("run:one"), expand("run:two")})}
    found = converted(dataclasses.replace(known, runs=runs), bound, "linked")
    said = statements(found.text)[name]
    assert (f"row:epoch-{name}", "cllm:hasFigure", f"figure:epoch-{name}-hours") in said
    assert not [triple for triple in said if triple[1] == "cllm:hasTrainingRun"]
    assert "several training runs" in str(found.problems[0])


def test_a_row_that_is_bound_to_a_series(known: Registered) -> None:
    """A series has a size; what else the row says stays with the row."""
    said = statements(converted(known, [binding("series:some", "marmotide")], "linked").text)

    row = "row:epoch-marmotide"
    assert ("series:some", "cllm:hasFigure", "figure:epoch-marmotide-parameters") in said[
        "marmotide"
    ]
    assert {triple[0] for triple in said["marmotide"] if not triple[0].startswith("figure:")} == {
        "series:some",
        row,
    }
    assert (row, "cllm:hasFigure", "figure:epoch-marmotide-compute") in said["marmotide-compute"]


def test_only_an_exact_match_binds(known: Registered) -> None:
    """Nothing else does, and what is ambiguous is said and not guessed."""
    row = "oxlip-2022-03-04"
    for predicate in ("closeMatch", "relatedMatch", "broadMatch", "narrowMatch"):
        found = converted(known, [binding("model:first", row, f"skos:{predicate}")], "linked")
        assert (found.loaded, found.bound) == (0, {})
    assert converted(known, [binding("model:first", row, no=True)], "linked").loaded == 0

    twice = [binding("model:first", row), binding("model:second", row)]
    found = converted(known, twice, "linked")
    assert (found.loaded, found.bound) == (0, {})
    assert "row 5 (OxLip): several things are mapped to it; not bound." in map(str, found.problems)
    found = converted(known, [binding("organization:company", row)], "linked")
    assert "neither a model nor a series" in str(found.problems[1])
    found = converted(known, [binding("model:first", "gone")], "linked")
    assert found.strays == [row_iri("gone")]


def test_the_sample(known: Registered) -> None:
    """A model that is not bound may be some row, or is none, as mappings or else names say."""
    models = {"oxlip": frozenset({expand("model:second")})}
    known = dataclasses.replace(known, models=models)
    assert len(known.sample) == 3

    def left(*mappings: Mapping) -> tuple[list[str], list[str]]:
        found = converted(known, mappings, "linked")
        return found.undecided, found.absent

    first, second, third = sorted(known.sample)
    assert left() == ([second], [first, third])
    bound = binding("model:first", "marmotide")
    close = binding("model:third", "siblet-2024-02-03-400000000", "skos:closeMatch")
    assert left(bound, close) == ([second, third], [])
    assert left(bound, binding("model:second", "oxlip-2022-03-04", no=True)) == (
        [],
        [second, third],
    )


def test_all_rows_in_the_graph(tiny: Project, known: Registered) -> None:
    """They conform, and no canned question, finding or item of the audit is answered otherwise."""
    text = converted(known).text.encode()
    place = SourceFile(tiny.place_of(epoch.GRAPH, ".trig"), epoch.GRAPH)
    before = build.make(tiny, unwatched, [])
    after = build.make(tiny, unwatched, [sources.made(text, place, "models.trig")])

    assert after.report.violations == ()
    assert after.report.findings == before.report.findings
    assert after.items == before.items
    stores = build.in_memory(before), build.in_memory(after)
    asked = 0
    for query in Catalogue.read(tiny.query_files(), tiny.shown):
        answers = [
            store.query(query.text, query.bind({})).serialize(format_named("csv", "rows"))
            for store in stores
        ]
        assert answers[0] == answers[1], query.name
        asked += 1
    assert asked > 40


def test_the_paper_is_as_it_was_after_an_import(
    project: Project, built: build.Built, tmp_path: Path
) -> None:
    """Rows of its own models say otherwise; its findings, its table and what was settled stay."""
    root = tmp_path / "project"
    for folder in ("ontology", "shapes", "queries", "data"):
        shutil.copytree(project.root / folder, root / folder)
    columns = CSV.read_text("utf-8").splitlines()[0].split(",")
    names = ("M6-100B", "ERNIE 3.0", "GLM-130B", "PanGu-α", "CogView", "PLUG", "Yuan 1.0")
    said = {
        "Publication date": "2020-01-02",
        "Organization": "Google",
        "Parameters": "123000000.0",
        "Training compute (FLOP)": "1.23e+25",
        "Training time (hours)": "4567.0",
        "Training hardware": "NVIDIA A100",
        "Hardware quantity": "9.0",
    }
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows({"Model": name, **said} for name in (*names, "Quillfin"))
    words = ["--project", str(root), "import", "epoch", str(path), "--only", "all"]
    done = kg(*words, "--snapshot", "2024-05-06", "--format", "json")
    assert done.exit_code == 0, done.stderr
    assert len(json.loads(done.stdout)["bound"]) == len(names)

    before, after = built, build.make(Project(root), unwatched, [])

    assert after.report.violations == ()
    assert after.results == before.results
    assert len(after.results) > 100
    table_1 = f"{GRAPHS}ding-xiao-2023/table-1"
    assert after.graphs[table_1] == before.graphs[table_1]
    settled = [set(one.graphs[f"{GRAPHS}settled"].splitlines()) for one in (before, after)]
    lost = settled[0] - settled[1]
    assert lost == set()
    own = {line.split(b" ", 2)[0] + line.split(b" ", 2)[1] for line in settled[0]}
    compared = ("released", "hasDeveloper", "parameterCount", "trainingCompute", "trainingHours")
    for line in settled[1] - settled[0]:
        subject, predicate, _ = line.split(b" ", 2)
        if predicate.decode()[1:-1] in {expand(f"cllm:{name}") for name in compared}:
            assert subject + predicate not in own, line
    ours = [item for item in after.items if item.rule == "conflicting-claims"]
    assert len(ours) > len([item for item in before.items if item.rule == "conflicting-claims"]) + 7


def mapped(project: Project, *rows: str) -> None:
    """Put mappings to rows into a project: ours, predicate, row."""
    folder = project.root / "data" / "links"
    folder.mkdir()
    lines = (
        f"{ours}\t{predicate}\t\trow:epoch-{name}\trow\tsemapv:ManualMappingCuration\t1\tread\n"
        for ours, predicate, name in (row.split() for row in rows)
    )
    (folder / "epoch.sssom.tsv").write_text(SSSOM + "".join(lines), "utf-8")


def test_the_command(tiny: Project) -> None:
    """It takes what is bound, once, replaces it when told, and leaves a file like the others."""
    mapped(tiny, "model:first skos:exactMatch quillfin")
    place = tiny.root / "data" / "epoch" / "models.trig"
    start = ["--project", str(tiny.root), "import", "epoch", str(CSV)]

    done = kg(*start)
    assert (done.exit_code, "loaded         1" in done.stdout) == (0, True), done.stderr
    assert "1 file imported: data/epoch/models.trig." in done.stdout
    assert "row 3: it has no name; not loaded." in done.stderr
    for check in (test_style.test_text, test_style.test_subjects, test_style.test_data):
        check(place)
    text = place.read_bytes()
    done = kg(*start)
    assert (done.exit_code, "nothing, it is there already" in done.stdout) == (0, True)

    done = kg(*start, "--snapshot", "2024-06-07")
    assert (done.exit_code, "--replace" in done.stderr) == (2, True)
    assert place.read_bytes() == text
    done = kg(*start, "--snapshot", "2024-06-07", "--replace", "--format", "json")
    assert done.exit_code == 0
    summary = json.loads(done.stdout)
    assert summary["bound"] == {"row:epoch-quillfin": "model:first"}
    assert (summary["snapshot"], summary["imported"], summary["rows"]) == ("2024-06-07", True, 14)
    assert place.read_bytes() == text.replace(b"2024-05-06", b"2024-06-07")

    built = build.make(tiny, unwatched, [])
    assert built.report.violations == ()
    assert not [warning for warning in built.report.warnings if "epoch" in warning.message]
    found = {(item.rule, item.kind, item.subject) for item in built.items}
    assert ("conflicting-claims", expand("cllm:released"), expand("model:first")) in found


def test_the_command_takes_nothing(tiny: Project, tmp_path: Path) -> None:
    """Of a table without a day, or one that does not conform; and without mappings it says so."""
    start = ["--project", str(tiny.root), "import", "epoch"]
    done = kg(*start, str(CSV))
    assert (done.exit_code, "--only all takes all" in done.stderr) == (0, True)
    undated = tmp_path / "undated.csv"
    undated.write_bytes(rewritten({"Last modified": "Changed"}))
    done = kg(*start, str(undated))
    assert (done.exit_code, "does not say of which day it is" in done.stderr) == (2, True)
    done = kg(*start, str(CSV), "--snapshot", "yesterday")
    assert (done.exit_code, "'yesterday' is no day" in done.stderr) == (2, True)
    done = kg(*start, str(tmp_path / "gone.csv"))
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    mapped(tiny, "model:unheard-of skos:exactMatch marmotide")
    done = kg(*start, str(CSV))
    assert (done.exit_code, "Nothing is imported" in done.stderr) == (1, True)
    assert not (tiny.root / "data" / "epoch").exists()


def test_the_help_shows_both_ways() -> None:
    """`kg import FILES` stays what it is beside the tables."""
    shown = kg("import", "--help").stdout
    assert " import [OPTIONS] FILES..." in shown
    assert " import epoch [OPTIONS] FILE" in shown
    done = kg("import")
    assert (done.exit_code, "Missing argument 'FILES...'" in done.stderr) == (2, True)

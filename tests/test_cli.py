"""The commands: what they print, their exit codes, and one clear sentence for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import click
import pytest
import rdflib
import rdflib.compare
from click.testing import CliRunner, Result

from kg.audit import Grade
from kg.cli import main
from kg.cli.checking import GRADES, GROUPINGS, VERDICTS
from kg.coverage import By
from kg.documents import context, documents
from kg.findings import Verdict
from kg.project import Project
from kg.store import Versions

COMMANDS = (
    "build",
    "serve",
    "query",
    "queries",
    "validate",
    "reason",
    "explain",
    "audit",
    "findings",
    "coverage",
    "export",
    "stats",
    "probe",
    "versions",
    "rollback",
)


_SUMMARY = ("files", "seconds", "violations", "warnings", "Nothing was published.")


def kg(*arguments: str, project: Project | None = None, stdin: str = "") -> Result:
    """Run a command in this process, standard output and standard error apart."""
    chosen = ["--project", str(project.root)] if project else []
    return CliRunner().invoke(main, [*chosen, *arguments], input=stdin, catch_exceptions=False)


@pytest.fixture
def published(versions: Versions) -> list[str]:
    """The options that name the store of the real graph."""
    return ["--store", str(versions.root)]


def test_every_command_explains_itself() -> None:
    """``--help`` of each has a sentence and an example; the group lists all of them."""
    listed = kg("--help")
    assert isinstance(main, click.Group)
    assert set(main.list_commands(click.Context(main))) >= set(COMMANDS)
    for command in COMMANDS:
        assert command in listed.stdout
        result = kg(command, "--help")
        assert result.exit_code == 0
        assert f"Example:\n    kg {command}" in result.stdout


def test_build_query_export_and_back(tiny: Project, tmp_path: Path) -> None:
    """A build prints its summary and is asked at once; a change is a version; one can go back."""
    store = ["--store", str(tmp_path / "store")]

    built = kg("build", *store, project=tiny)
    assert built.exit_code == 0, built.output
    assert "violations             0" in built.stdout
    assert "warnings               1" in built.stdout
    assert "data/paper/table.ttl:" in built.stdout
    first = built.stdout.split("Version ")[1].split()[0]

    asked = kg("query", "models-by-year", "--format", "csv", *store, project=tiny)
    assert asked.stdout.splitlines()[0] == "year,models,names,source"
    assert asked.stdout.splitlines()[1].startswith("2021,1,First,")

    path = tiny.root / "data" / "paper" / "table.ttl"
    path.write_text(path.read_text("utf-8").replace("2021-01-02", "2020-01-02"), "utf-8")
    again = kg("build", "--format", "json", *store, project=tiny)
    second = json.loads(again.stdout)
    assert second["conforms"]
    assert second["version"] != first

    listed = json.loads(kg("versions", "--format", "json", *store, project=tiny).stdout)
    assert [(v["version"], v["current"]) for v in listed] == [
        (second["version"], True),
        (first, False),
    ]
    assert kg("rollback", *store, project=tiny).stdout == f"Current version: {first}.\n"
    asked = kg("query", "models-by-year", "--format", "csv", *store, project=tiny)
    assert asked.stdout.splitlines()[1].startswith("2021,1,First,")


@pytest.mark.parametrize(
    ("name", "text", "exit_code", "said"),
    [
        ("wrong.ttl", "model:first a cllm:Model\n", 2, "data/paper/wrong.ttl:1: syntax error"),
        (
            "wrong.ttl",
            (
                "@prefix cllm: <https://w3id.org/china-llm/ontology#> .\n"
                "@prefix model: <https://w3id.org/china-llm/id/model/> .\n"
                "@prefix paper: <https://w3id.org/china-llm/graph/paper/> .\n"
                "@prefix reference: <https://w3id.org/china-llm/id/reference/> .\n"
                "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
                "paper:wrong dcterms:isPartOf reference:paper ; cllm:stance cllm:stated .\n"
                "model:first cllm:relaesed 2021 .\n"
            ),
            1,
            "data/paper/wrong.ttl:7: model:first: The ontology declares no property",
        ),
        (
            "wrong.ttl",
            (
                "@prefix cllm: <https://w3id.org/china-llm/ontology#> .\n"
                "@prefix organization: <https://w3id.org/china-llm/id/organization/> .\n"
                "@prefix paper: <https://w3id.org/china-llm/graph/paper/> .\n"
                "@prefix reference: <https://w3id.org/china-llm/id/reference/> .\n"
                "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
                "paper:wrong dcterms:isPartOf reference:paper ; cllm:stance cllm:stated .\n"
                "organization:university a cllm:Company .\n"
            ),
            1,
            "data/paper/wrong.ttl:7: organization:university: It is of the kind",
        ),
    ],
    ids=["syntax", "shape", "inconsistent"],
)
def test_a_wrong_file_stops_the_build(
    tiny: Project, tmp_path: Path, name: str, text: str, exit_code: int, said: str
) -> None:
    """One line with file and line, the right exit code, and what is served stays as it was."""
    store = ["--store", str(tmp_path / "store")]
    assert kg("build", *store, project=tiny).exit_code == 0
    before = Versions(tmp_path / "store").current().name
    (tiny.root / "data" / "paper" / name).write_text(text, "utf-8")

    result = kg("build", *store, project=tiny)

    assert result.exit_code == exit_code, result.output
    # the miniature's own warning aside, a build that fails prints one finding and its summary
    lines = [
        line
        for line in result.output.splitlines()
        if not line.startswith(tuple(_SUMMARY)) and "warning: " not in line
    ]
    assert len(lines) == 1, result.output
    assert said in lines[0]
    assert "Traceback" not in result.output
    assert Versions(tmp_path / "store").current().name == before
    assert len(Versions(tmp_path / "store").all()) == 1


def test_validate_a_file_from_elsewhere(project: Project, tmp_path: Path) -> None:
    """A corrected copy of a file takes the file's place; only its findings are printed."""
    text = (project.root / "data" / "ding-xiao-2023" / "table-1.ttl").read_text("utf-8")
    copy = tmp_path / "copy.ttl"
    assert '"2021-03-01"^^xsd:date' in text
    copy.write_text(text.replace('"2021-03-01"^^xsd:date', '"2011-03-01"^^xsd:date'), "utf-8")

    result = kg("validate", str(copy), "--format", "json", project=project)

    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert not report["conforms"]
    (finding,) = report["findings"]
    assert finding["file"] == str(copy)
    assert finding["rule"] == "SampleModel-released"
    assert text.splitlines()[finding["line"] - 1].strip().startswith("cllm:released")


def test_a_graph_that_says_nothing_of_itself(tiny: Project) -> None:
    """A file without a source and a stance for its graph is told so, at its first line."""
    path = tiny.root / "data" / "paper" / "bare.ttl"
    path.write_text(
        "@prefix cllm: <https://w3id.org/china-llm/ontology#> .\n"
        "<https://w3id.org/china-llm/id/model/first> cllm:row 1 .\n",
        "utf-8",
    )

    result = kg("validate", str(path), project=tiny)

    assert result.exit_code == 1
    first, second, _ = result.stdout.splitlines()
    assert first.startswith("data/paper/bare.ttl:1: paper:bare: A graph has one stance")
    assert second.startswith("data/paper/bare.ttl:1: paper:bare: A graph says which source")


@pytest.mark.parametrize("name", ["bare.ttl", "paper/deep/part.ttl", "paper/Part One.trig"])
def test_a_file_in_the_wrong_place(tiny: Project, name: str) -> None:
    """It is not passed over in silence."""
    path = tiny.root / "data" / name
    path.parent.mkdir(exist_ok=True)
    path.touch()

    result = kg("validate", project=tiny)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"kg: data/{name}: a source file is data/<source>/<part>")


def test_a_file_that_breaks_another(tiny: Project) -> None:
    """What is wrong elsewhere because of a file is counted, and the exit code says so."""
    path = tiny.root / "data" / "registry" / "things.ttl"
    text = path.read_text("utf-8")
    path.write_text(text.replace('    rdfs:label "Company"@en ;\n', ""), "utf-8")

    result = kg("validate", str(path), project=tiny)
    assert result.exit_code == 1
    assert "things.ttl:" in result.stdout
    assert "An organization has a label in English" in result.stdout

    table = str(tiny.root / "data" / "paper" / "table.ttl")
    result = kg("validate", table, project=tiny)
    assert result.exit_code == 1
    assert "1 file: conforms, 0 violations" in result.stdout
    assert "elsewhere 1 violation, " in result.stdout


@pytest.mark.parametrize("date", ["1 December 2020", "2020-13-01", "12/1/2020"])
def test_a_date_of_another_form(tiny: Project, date: str, caplog: pytest.LogCaptureFixture) -> None:
    """One line with file and line, and nothing from the libraries."""
    path = tiny.root / "data" / "paper" / "table.ttl"
    path.write_text(path.read_text("utf-8").replace("2021-01-02", date), "utf-8")

    result = kg("validate", project=tiny)

    assert result.exit_code == 1
    assert f'model:first: "{date}" is not of the datatype xsd:date.' in result.stdout
    assert result.stdout.startswith("data/paper/table.ttl:25: ")
    assert "Traceback" not in result.output
    assert caplog.records == []


def test_validate_the_miniature(tiny: Project) -> None:
    """It conforms, with its one warning, and says so."""
    result = kg("validate", project=tiny)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "The project: conforms, 0 violations, 1 warning."


def test_reason_prints_only_what_is_new(tiny: Project) -> None:
    """The inferred triples on standard output, their number on standard error."""
    result = kg("reason", "--format", "ntriples", project=tiny)

    triples = rdflib.Graph().parse(data=result.stdout, format="nt")
    assert result.stderr == f"{len(triples)} triples inferred.\n"
    assert len(triples) > 20


def test_export_formats(published: list[str], project: Project, tmp_path: Path) -> None:
    """Every format for graphs reads back; JSON-LD with its own context gives the same triples."""
    counts = {}
    for format_, reader in (
        ("turtle", "turtle"),
        ("ntriples", "nt"),
        ("rdfxml", "xml"),
        ("jsonld", "json-ld"),
    ):
        out = tmp_path / format_
        result = kg("export", "--format", format_, "-o", str(out), *published, project=project)
        assert result.exit_code == 0, result.output
        counts[format_] = len(rdflib.Graph().parse(out, format=reader))
    assert len(set(counts.values())) == 1
    assert counts["turtle"] > 3000

    document = json.loads((tmp_path / "jsonld").read_text("utf-8"))
    (model,) = (node for node in document["@graph"] if node["id"] == "model:glm-130b")
    assert model["parameterCount"] == 130_000_000_000
    assert "organization:baai" in model["hasDeveloper"]

    for format_ in ("trig", "nquads"):
        result = kg("export", "--format", format_, *published, project=project)
        assert "ding-xiao-2023" in result.stdout

    result = kg(
        "export", "--graph", "inferred", "--format", "ntriples", *published, project=project
    )
    assert 500 < len(result.stdout.splitlines()) < 1000

    result = kg("export", "--query", "table-1", "--format", "csv", *published, project=project)
    assert len(result.stdout.splitlines()) == 27


def test_json_ld_is_the_same_each_time(
    published: list[str], project: Project, tmp_path: Path
) -> None:
    """Blank nodes included; and a graph about one thing is not lost."""
    first, second = (
        kg("export", "--format", "jsonld", *published, project=project).stdout for _ in range(2)
    )
    assert first == second
    triples = rdflib.Graph().parse(data=first, format="json-ld")
    out = tmp_path / "all.nt"
    kg("export", "--format", "ntriples", "-o", str(out), *published, project=project)
    assert rdflib.compare.isomorphic(triples, rdflib.Graph().parse(out, format="nt"))

    one = [("http://a/s", "http://a/p", {"type": "literal", "value": text}) for text in "12"]
    for told in (one, []):
        text = documents(told, context([]))
        assert len(rdflib.Graph().parse(data=text, format="json-ld")) == len(told)


def test_a_failed_export_leaves_the_file(
    published: list[str], project: Project, tmp_path: Path
) -> None:
    """What was there stays, to the byte, and nothing is left beside it."""
    out = tmp_path / "out.ttl"
    out.write_text("kept")

    for wrong in (["--format", "csv"], ["--graph", "ghost"], ["--query", "ghost"]):
        result = kg("export", *wrong, "-o", str(out), *published, project=project)
        assert result.exit_code == 2
    assert out.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [out]

    result = kg("export", "--graph", "inferred", "-o", str(out), *published, project=project)
    assert result.exit_code == 0
    assert "trainingRunOf" in out.read_text()
    assert list(tmp_path.iterdir()) == [out]


def test_query_in_every_way(published: list[str], project: Project, tmp_path: Path) -> None:
    """By name with a parameter, from a file, from standard input; as a table or in a format."""
    table = kg("query", "domestic-hardware", *published, project=project)
    assert table.stdout.splitlines()[0].split() == ["name", "hardware", "maker"]
    assert len(table.stdout.splitlines()) == 6
    assert table.stderr == "5 rows\n"

    asked = ("--param", "organization=organization:inspur", "--format", "json")
    answer = kg("query", "models-by-developer", *asked, *published, project=project)
    assert len(json.loads(answer.stdout)["results"]["bindings"]) == 1

    file = tmp_path / "mine.rq"
    file.write_text("ASK { ?s ?p ?o }", "utf-8")
    assert kg("query", str(file), *published, project=project).stdout == "answer\ntrue\n"
    canned = str(project.root / "queries" / "models-by-developer.rq")
    answer = kg("query", canned, *asked, *published, project=project)
    assert len(json.loads(answer.stdout)["results"]["bindings"]) == 1
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    answer = kg("query", "-", "--format", "tsv", *published, project=project, stdin=count)
    assert answer.stdout.startswith("?n\n")


def test_query_a_store_in_memory(tiny: Project) -> None:
    """Without a build before, the project is built in memory and asked."""
    result = kg("query", "models-by-year", "--format", "csv", "--store", "memory", project=tiny)

    assert result.exit_code == 0
    assert [line[:4] for line in result.stdout.splitlines()] == ["year", "2021", "2022"]


def test_choices_are_those_of_the_rooms() -> None:
    """What is spelt out for the options is what audit, findings and coverage have."""
    assert [grade.words.replace(" ", "-") for grade in Grade] == list(GRADES)
    assert [verdict.words.replace(" ", "-") for verdict in Verdict] == list(VERDICTS)
    assert get_args(By) == GROUPINGS


def test_stats(published: list[str], project: Project) -> None:
    """Triples by graph and things by kind."""
    counts = json.loads(kg("stats", "--format", "json", *published, project=project).stdout)

    assert counts["graphs"]["https://w3id.org/china-llm/graph/inferred"] > 500
    assert counts["kinds"]["training run"] == 27  # of the sample, and that of GPT-3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["query", "ghost"], "There is no query 'ghost'"),
        (["query", "ghost.rq"], "There is no query file ghost.rq"),
        (["query", "table-1", "--param", "x=1"], "has no parameter 'x'"),
        (["query", "table-1", "--param", "x"], "--param wants NAME=VALUE"),
        (
            ["query", "models-by-developer", "--param", "organization=organization:badu"],
            "which organization:badu is not. Did you mean organization:baidu?",
        ),
        (["query", "table-1", "--format", "trig"], "There is no format 'trig'"),
        (["export", "--format", "csv"], "add --query NAME"),
        (["export", "--graph", "ghost"], "There is no one graph 'ghost'"),
        (["rollback", "ghost"], "There is no version ghost"),
        (["validate", "ghost.ttl"], "There is no file ghost.ttl"),
        (["validate", "README.md"], "the ending says of no RDF syntax (.ttl, "),
        (["serve", "--port", "many"], "KG_PORT (--port) must be a whole number"),
        (["serve", "--store", "memory"], "cannot be served"),
        (["build", "--store", "memory"], "cannot be kept"),
        (["build", "--keep-versions", "0"], "from 1 to 1000"),
        (
            ["build", "--store", "http://127.0.0.1/x"],
            "name the address of its Graph Store Protocol",
        ),
        (["versions", "--store", "http://127.0.0.1/x"], "must be a folder, not an address"),
        (["export", "-o", "/no/such/folder/x.ttl"], "cannot be written: No such file or directory"),
        (["query", "table-1", "--store", "/nowhere/at/all"], "run `kg build` first"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], said: str, published: list[str], project: Project
) -> None:
    """One sentence on standard error, exit code 2, no traceback."""
    store = [] if "--store" in arguments or arguments[0] in ("validate", "serve") else published
    result = kg(*arguments, *store, project=project)

    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert result.stderr.startswith("kg: ")
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_query_that_does_not_parse(published: list[str], project: Project) -> None:
    """Line and column, exit code 2; SERVICE is refused here too."""
    result = kg("query", "-", *published, project=project, stdin="SELECT ?s\nWHERE {")
    assert result.exit_code == 2
    assert result.stderr.startswith("kg: line 2, column 8: syntax error")

    service = "ASK { SERVICE <http://127.0.0.1:9/> {} }"
    result = kg("query", "-", *published, project=project, stdin=service)
    assert result.exit_code == 2
    assert "SERVICE is not allowed" in result.stderr


def test_a_folder_that_is_no_project(tmp_path: Path) -> None:
    """The sentence names the first folder that is missing."""
    result = kg("queries", project=Project(tmp_path))

    assert result.exit_code == 2
    assert "it has no folder ontology/" in result.stderr


def test_import(tiny: Project, tmp_path: Path) -> None:
    """A file that conforms is put where its graph belongs; again, nothing is to be done."""
    (source,) = [file for file in tiny.data_files() if file.path.suffix == ".ttl"][:1]
    text = source.path.read_bytes()
    elsewhere = tmp_path / source.path.parent.name / source.path.name
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(text)
    source.path.unlink()
    start = ["--project", str(tiny.root), "import", str(elsewhere)]

    done = kg(*start)
    assert (done.exit_code, "1 file imported" in done.stdout) == (0, True)
    assert source.path.read_bytes() == text
    done = kg(*start)
    assert (done.exit_code, "nothing, it is there already" in done.stdout) == (0, True)

    elsewhere.write_bytes(text + b"# another remark\n")
    done = kg(*start)
    assert (done.exit_code, "--replace" in done.stderr) == (2, True)
    assert source.path.read_bytes() == text
    done = kg(*start, "--replace")
    assert done.exit_code == 0
    assert source.path.read_bytes() == text + b"# another remark\n"


def test_import_of_what_does_not_conform(tiny: Project, tmp_path: Path) -> None:
    """It is refused with the report, and nothing is put anywhere, not even what conforms."""
    before = {file.path: file.path.read_bytes() for file in tiny.data_files()}
    folder = tmp_path / "a-source"
    folder.mkdir()
    (folder / "good.ttl").write_text("")
    (folder / "bad.ttl").write_text(
        "<https://w3id.org/china-llm/id/model/x> "
        "<https://w3id.org/china-llm/ontology#noSuchTerm> 1 .\n"
    )
    start = ["--project", str(tiny.root), "import"]
    done = kg(*start, str(folder / "good.ttl"), str(folder / "bad.ttl"))
    assert (done.exit_code, "Nothing is imported" in done.stderr) == (1, True)
    assert "noSuchTerm" in done.stdout
    assert {file.path: file.path.read_bytes() for file in tiny.data_files()} == before
    (tmp_path / "Bad Name").mkdir()
    (tmp_path / "Bad Name" / "x.ttl").write_text("")
    done = kg(*start, str(tmp_path / "Bad Name" / "x.ttl"))
    assert (done.exit_code, "lower-case letters" in done.stderr) == (2, True)

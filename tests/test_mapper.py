"""CSV files are taken by a mapping, in a process that is given nothing but the two files.

morph-kgc has an environment of its own, which takes a minute and 280 MB to make: what it does is
tested where KG_MAPPER names one. Elsewhere a stand-in that speaks the same command line shows what
the process is given and how its ends are told; mappings are judged without either.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

import pytest

from kg import build
from kg.errors import BadInput, BadSource
from kg.given import read_mapped
from kg.mapper import mapped
from kg.mapper.mapping import judged
from kg.namespaces import GRAPHS, IDS, TERMS
from kg.project import Project
from tests import test_style
from tests.conftest import run_kg, unwatched

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
(YARRRML,) = re.findall(r"^```yaml\n(.*?)^```$", REFERENCE, re.MULTILINE | re.DOTALL)
YARRRML = YARRRML.replace("reference:ding-xiao-2023", "reference:paper")
RML = f"""
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix cllm: <{TERMS}> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<#passage> rml:logicalSource [ rml:source "releases.csv" ; rml:referenceFormulation ql:CSV ] ;
    rr:subjectMap [ rr:constant <{GRAPHS}survey-2024/releases> ; rr:class cllm:Passage ] ;
    rr:predicateObjectMap
        [ rr:predicate <http://purl.org/dc/terms/isPartOf> ; rr:object <{IDS}reference/paper> ] ,
        [ rr:predicate cllm:stance ; rr:object cllm:stated ] .
<#model> rml:logicalSource [ rml:source "releases.csv" ; rml:referenceFormulation ql:CSV ] ;
    rr:subjectMap [ rr:template "{IDS}model/{{model}}" ] ;
    rr:predicateObjectMap
        [ rr:predicate cllm:nameAsPrinted ; rr:objectMap [ rml:reference "name" ] ] ,
        [ rr:predicate cllm:released ;
          rr:objectMap [ rml:reference "released" ; rr:datatype xsd:date ] ] ,
        [ rr:predicate cllm:hasDeveloper ;
          rr:objectMap [ rr:template "{IDS}organization/{{developer}}" ] ] .
"""
CSV = """\
model,name,released,developer
first,"The ""First"", \\ of
two lines",2021-01-02,company
second,nan,2022-03-04,university
third,第三,,university
"""
STATED = f"""\
@prefix cllm: <{TERMS}> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix model: <{IDS}model/> .
@prefix organization: <{IDS}organization/> .
@prefix reference: <{IDS}reference/> .
@prefix survey-2024: <{GRAPHS}survey-2024/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

survey-2024:releases
    a cllm:Passage ;
    dcterms:isPartOf reference:paper ;
    cllm:stance cllm:stated .

model:first
    cllm:hasDeveloper organization:company ;
    cllm:nameAsPrinted "The \\"First\\", \\\\ of\\ntwo lines" ;
    cllm:released "2021-01-02"^^xsd:date .

model:second
    cllm:hasDeveloper organization:university ;
    cllm:nameAsPrinted "nan" ;
    cllm:released "2022-03-04"^^xsd:date .

model:third
    cllm:hasDeveloper organization:university ;
    cllm:nameAsPrinted "第三" .
"""
STAND_IN = f"""\
#!{sys.executable}
import configparser, csv, json, os, pathlib, signal, sys
assert sys.argv[1:] == ["-I", "-X", "utf8", "-m", "morph_kgc", "settings.ini"]
assert not [name for name in os.environ if name.startswith("KG_")], "it has a setting"
given = configparser.ConfigParser()
given.read("settings.ini")
assert sorted(path.name for path in pathlib.Path().iterdir()) == [
    "errors.txt", given["table"]["mappings"], "settings.ini", given["table"]["file_path"]
]
rules = json.loads(pathlib.Path(given["table"]["mappings"]).read_text())
"""
WRITES = """\
with open(given["CONFIGURATION"]["output_file"], "w") as out:
    subject = rules["mappings"]["passage"]["s"]
    for row in csv.DictReader(open(given["table"]["file_path"])):
        print(f'<{subject}> <http://purl.org/dc/terms/title> "{row["model"]}" .', file=out)
"""


@pytest.fixture
def real() -> str:
    """The Python that has morph-kgc."""
    python = os.environ.get("KG_MAPPER", "")
    if not python:
        pytest.skip("KG_MAPPER names no Python that has morph-kgc")
    return python


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with the table and both mappings."""
    folder = tmp_path / "survey"
    folder.mkdir()
    (folder / "releases.csv").write_text(CSV, "utf-8")
    (folder / "releases.yml").write_text(YARRRML, "utf-8")
    (folder / "releases.ttl").write_text(RML, "utf-8")
    return folder


def stand_in(folder: Path, program: str) -> str:
    """A program that looks at what it is given, and then does what is said."""
    path = folder / "stand-in"
    path.write_text(STAND_IN + program, "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize("mapping", ["releases.yml", "releases.ttl"])
def test_what_a_mapping_makes(mapping: str, real: str, files: Path, tiny: Project) -> None:
    """The mapping of the docs, and the same in RML: each cell as it is, and nothing of empty ones.

    The text says from which two files it is, has the form of the others, and builds.
    """
    names = [str(files / "releases.csv"), "--mapping", str(files / mapping), "--mapper", real]
    done = run_kg("--project", str(tiny.root), "validate", *names)
    assert (done.returncode, "1 file: conforms" in done.stdout) == (0, True), done.stderr
    done = run_kg("--project", str(tiny.root), "import", *names)
    said = "1 file imported: data/survey-2024/releases.ttl.\n"
    assert (done.returncode, done.stdout) == (0, said), done.stderr

    place = tiny.root / "data" / "survey-2024" / "releases.ttl"
    remarks, _, text = place.read_text("utf-8").partition("\n\n")
    assert text == STATED
    assert re.findall(r"^# (\S+), SHA-256 [0-9a-f]{64}$", remarks, re.MULTILINE) == [
        "releases.csv",
        mapping,
    ]
    test_style.test_subjects(place)
    test_style.test_data(place)
    assert build.make(tiny, unwatched, []).report.violations == ()


def test_a_passage_for_each_row(real: str, files: Path, tiny: Project) -> None:
    """Graphs that a mapping names become those of a TriG file."""
    graph = f"{GRAPHS}survey-2024/releases"
    rules = YARRRML.replace(graph, f"{graph}/$(model)")
    subject = "    s: model:$(model)\n"
    rules = rules.replace(subject, f"{subject}    graphs: {graph}/$(model)\n")
    (files / "passages.yml").write_text(rules, "utf-8")
    given = read_mapped(files / "releases.csv", files / "passages.yml", tiny, real)

    assert (given.suffix, given.source.graph) == (".trig", graph)
    assert set(given.source.graphs) == {
        graph,
        *(f"{graph}/{n}" for n in ("first", "second", "third")),
    }


def test_what_the_engine_cannot_do(real: str, files: Path, tiny: Project) -> None:
    """A column that is not there, and a name that is no IRI, are told in one sentence."""
    for found, wanted, said in (
        ("$(name)", "$(nom)", "could not apply"),
        ("model:$(model)", "x-$(model)", "cannot be read: syntax error"),
    ):
        (files / "wrong.yml").write_text(YARRRML.replace(found, wanted), "utf-8")
        with pytest.raises(BadInput) as raised:
            read_mapped(files / "releases.csv", files / "wrong.yml", tiny, real)
        assert said in str(raised.value)
        assert "\n" not in str(raised.value)


def test_what_the_process_is_given(
    files: Path, tiny: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files and a configuration, and none of our settings."""
    monkeypatch.setenv("KG_TOKEN", "secret")
    python = stand_in(files, WRITES)
    given = read_mapped(files / "releases.csv", files / "releases.yml", tiny, python)

    assert given.source.graph == f"{GRAPHS}survey/releases"
    assert given.text.decode().endswith('dcterms:title "first" , "second" , "third" .\n')
    assert given.suffix == ".ttl"


def test_how_the_process_ends(files: Path) -> None:
    """Each end but a good one is a sentence, and what takes too long is ended."""
    ends = {
        "print('one', 'two: three.', sep='\\n', file=sys.stderr); sys.exit(1)": ": two: three.",
        "sys.exit(3)": "it ended with exit code 3 and wrote nothing.",
        "": "it ended with exit code 0 and wrote nothing.",
        "sys.exit('/x/python: No module named morph_kgc')": "has no morph-kgc: make one with",
        "pathlib.Path('statements.nq').write_text('<a> <b> <c> .')": "cannot be read: syntax error",
    }
    table, mapping = files / "releases.csv", files / "releases.yml"
    texts = [path.read_bytes() for path in (table, mapping)]
    for program, said in ends.items():
        with pytest.raises(BadInput) as raised:
            mapped(texts[0], table, texts[1], mapping, stand_in(files, program))
        assert said in str(raised.value)
        assert "\n" not in str(raised.value)
    pid = files / "pid"
    program = f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); signal.pause()"
    with pytest.raises(BadInput, match="took morph-kgc more than 5 seconds"):
        mapped(texts[0], table, texts[1], mapping, stand_in(files, program), 5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_where_there_is_no_engine(
    files: Path, tiny: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says how to make one; and options that have no meaning are told."""
    monkeypatch.delenv("KG_MAPPER", raising=False)
    table, mapping = str(files / "releases.csv"), str(files / "releases.yml")
    how = "make one with `python -m venv mapper && mapper/bin/pip install morph-kgc`"
    for words, said in (
        ([table, "--mapping", mapping], how),
        ([table, "--mapping", mapping, "--mapper", "no-such-python"], how),
        ([table, "--mapping", mapping, "--mapper", sys.executable], how),
        ([table, "--mapping", mapping, "--mapper", mapping], how),
        ([table, "--mapping", str(files / "gone.yml")], "There is no file"),
        ([str(files / "gone.csv"), "--mapping", mapping], "There is no file"),
        ([table], "--mapping"),
        ([str(files / "releases.ttl"), "--mapping", mapping], "give one, too"),
    ):
        done = run_kg("--project", str(tiny.root), "import", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
        assert said in done.stderr
    done = run_kg("validate", table, "--mapping", mapping, "--shapes", "shapes.ttl")
    assert (done.returncode, "not for --shapes" in done.stderr) == (2, True)


WRONG_YARRRML = {
    "a: [": ":1: this is not YAML: ",
    "? [a]\n: b": ":1: this is not YAML: found unhashable key",
    "a: \x01": "this is not YAML: it cannot be read",
    "a: b": "it has no mappings",
    "mappings: {}": "it has no mappings",
    "m: {a: {s: x}}\nm: {}": "the key 'm' stands twice",
    "mappings: {a: &a {sources: [[releases.csv~csv]]}, b: *a}": "it has an alias",
    "[" * 1000 + "]" * 1000: "it nests too deep",
    "mappings: {m: {s: 'x:y'}}": "its mapping 'm' has no sources",
    "mappings: {m: {sources: other}}": 'its source "other" is no file of CSV',
    "mappings: {m: {sources: [[/etc/passwd~csv]]}}": "it reads '/etc/passwd', and may read rel",
    "mappings: {m: {sources: [[../releases.csv~csv]]}}": "it reads '../releases.csv', and may",
    "mappings: {m: {sources: [['http://127.0.0.1:9/x.csv~csv']]}}": "it reads 'http://127",
    "mappings: {m: {sources: [[releases.csv~jsonpath, $]]}}": "is no file of CSV",
    "mappings: {m: {sources: [[releases.csv~xpath]]}}": "must be read as csv, not as 'xpath'",
    "mappings: {m: {sources: [[releases.csv]]}}": "must be read as csv, not as ''",
    "mappings: {m: {sources: [{query: SELECT 1}]}}": "is no file of CSV",
    "mappings: {m: {sources: {access: 'mysql://h/d', table: t}}}": "is no file of CSV",
    "sources: {t: {access: x.csv, referenceFormulation: csv}}\nmappings: {m: {sources: t}}": (
        "it reads 'x.csv'"
    ),
    "external: {t: /etc/passwd}\nmappings: {m: {sources: [['$(_t)~csv']]}}": "it reads '$(_t)'",
    "mappings: {m: {sources: [[releases.csv~csv]], po: [{p: a, o: {fn: 'g:run'}}]}}": (
        "it calls a function (fn: g:run)"
    ),
    "external: {x: [{function: 'g:run'}]}\nm: {m: {sources: [[releases.csv~csv]]}}": (
        "it calls a function (function: g:run)"
    ),
}
RR = "@prefix rr: <http://www.w3.org/ns/r2rml#> . "
OLD = "@prefix rml: <http://semweb.mmlab.be/ns/rml#> . "
NEW = "@prefix rml: <http://w3id.org/rml/> . "
FNML = "@prefix fnml: <http://semweb.mmlab.be/ns/fnml#> . "
WRONG_RML = {
    "<a> <b>": ":1: syntax error",
    "<a> <b> <c> .": "it names no source",
    f'{OLD}[] rml:source "/etc/passwd" .': "it reads '/etc/passwd'",
    f'{NEW}[] rml:source "http://127.0.0.1:9/releases.csv" .': "it reads 'http://127",
    f"{OLD}[] rml:source [ <http://www.w3.org/ns/csvw#url> <x> ] .": "it reads '_:",
    f"{NEW}[] rml:source <releases.csv> .": "it reads '<",
    f'{RR}[] rr:logicalTable [ rr:tableName "t" ] .': "no mapping of one CSV file needs",
    f'{RR}[] rr:sqlQuery "SELECT 1" .': "no mapping of one CSV file needs",
    f'{OLD}[] rml:source "releases.csv" ; rml:query "SELECT 1" .': "no mapping of one CSV file",
    f'{NEW}[] rml:source "releases.csv" ; rml:iterator "$" .': "no mapping of one CSV file needs",
    f'{NEW}[] rml:source "releases.csv" ; rml:referenceFormulation rml:JSONPath .': (
        "must be read as csv, not as"
    ),
    f"{NEW}[] rml:functionExecution [] .": "it calls a function (functionExecution)",
    f"{FNML}[] fnml:functionValue [] .": "it calls a function (functionValue)",
}


@pytest.mark.parametrize(("suffix", "cases"), [(".yml", WRONG_YARRRML), (".ttl", WRONG_RML)])
def test_mappings_that_do_not_run(suffix: str, cases: dict[str, str], tmp_path: Path) -> None:
    """What would read something else, or run something, is refused in one sentence."""
    assert len(cases) >= 13
    for text, said in cases.items():
        with pytest.raises(BadSource) as raised:
            judged(text.encode(), tmp_path / f"m{suffix}", tmp_path / "releases.csv")
        assert said in str(raised.value), text[:80]
        assert "\n" not in str(raised.value)
    with pytest.raises(BadInput, match="is neither YARRRML"):
        judged(b"", tmp_path / "m.json", tmp_path / "releases.csv")


def test_mappings_that_run(tmp_path: Path) -> None:
    """A source by its path from the mapping, rows joined, values that YAML would make others."""
    text = f"""
    sources: {{table: {{access: ../releases.csv, referenceFormulation: CSV}}}}
    m:
      one: {{sources: table, s: 'x:$(a)', po: [{{p: x:p, o: {{value: no, language: no}}}}]}}
      two:
        sources: [table, [{tmp_path}/releases.csv~csv]]
        po: [{{p: x:p, o: {{m: one, condition: {{function: equal, parameters: [[str1, 01]]}}}}}}]
    """
    found = judged(text.encode(), tmp_path / "rules" / "m.yaml", tmp_path / "releases.csv")
    assert found.suffix == ".yml"
    assert b'{"value": "no", "language": "no"}' in found.text
    assert b'["str1", "01"]' in found.text
    assert judged(RML.encode(), tmp_path / "m.ttl", tmp_path / "releases.csv").suffix == ".nt"


BAD_TABLES = {
    "": "no line with the names",
    "a,a\n": ":1: two columns have the name 'a'",
    "a,b\n1,2\n\n3\n": ":4: this row has 1 cells, and the header 2",
    "a,b\n1,2,3\n": ":2: this row has 3 cells, and the header 2",
    'a,b\n1,"2" x\n': ":2: this is not CSV",
}


def test_tables_that_are_none(files: Path, tiny: Project) -> None:
    """What morph-kgc would cut or fill without a word is refused, with its line."""
    table = files / "releases.csv"
    for text, said in BAD_TABLES.items():
        table.write_text(text)
        with pytest.raises(BadSource) as raised:
            read_mapped(table, files / "releases.yml", tiny, sys.executable)
        assert said in str(raised.value)

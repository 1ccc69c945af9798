"""A build is reproducible, complete and all or nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from kg import build
from kg.errors import BadInput, BadSource
from kg.namespaces import BUILT_GRAPHS, GRAPHS
from kg.project import FOLDERS, Project
from kg.results import named
from kg.store import EmbeddedStore
from tests.conftest import unwatched

KG = [sys.executable, "-c", "from kg.cli import main; main()"]


def test_the_same_bytes_everywhere(project: Project, store: EmbeddedStore, tmp_path: Path) -> None:
    """Another folder, hash seed, time zone, locale and order of files: the same export."""
    copy = tmp_path / "elsewhere" / "projekt"
    for folder in FOLDERS:
        files = [path for path in (project.root / folder).rglob("*") if path.is_file()]
        assert files
        for path in sorted(files, reverse=True):
            to = copy / path.relative_to(project.root)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "12345",
        "TZ": "Asia/Shanghai",
        "LC_ALL": "C",
        "LANG": "tr_TR.UTF-8",
    }

    for command in (["build"], ["export", "--format", "nquads", "-o", str(tmp_path / "out.nq")]):
        subprocess.run(
            [*KG, "--project", str(copy), *command], env=environment, check=True, cwd=tmp_path
        )

    assert (tmp_path / "out.nq").read_bytes() == store.dump(named("nquads", "graph"))


def test_what_the_store_holds(store: EmbeddedStore) -> None:
    """The default graph is settled view, inferences and ontology; every passage has its graph."""
    names = store.graph_names()
    for name in BUILT_GRAPHS:
        assert name == "links" or GRAPHS + name in names
    assert f"{GRAPHS}ding-xiao-2023/table-1" in names

    def count(pattern: str) -> int:
        _, rows = store.query(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}").rows()
        return int(next(rows)[0] or 0)

    default = count("?s ?p ?o")
    graphs = " ".join(f"<{GRAPHS}{name}>" for name in ("settled", "inferred", "ontology"))
    parts = count(
        f"{{ SELECT DISTINCT ?s ?p ?o {{ VALUES ?g {{ {graphs} }} GRAPH ?g {{ ?s ?p ?o }} "
        "FILTER (!isBlank(?s) && !isBlank(?o)) } }"
    )
    blank = count("?s ?p ?o FILTER (isBlank(?s) || isBlank(?o))")
    assert default == parts + blank
    assert blank > 0


def test_the_catalog_names_the_version_and_the_questions(
    built: build.Built, store: EmbeddedStore
) -> None:
    """Which questions the graph answers is itself a query, and so is its version."""
    query = (
        "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX dcat: <http://www.w3.org/ns/dcat#> "
        f"SELECT ?version (COUNT(?select) AS ?n) {{ GRAPH <{GRAPHS}catalog> "
        "{ ?dataset dcat:version ?version . ?query sh:select ?select } } GROUP BY ?version"
    )
    assert list(store.query(query).rows()[1]) == [[built.version, str(built.counts["queries"])]]


def test_the_version_follows_the_content(tiny: Project) -> None:
    """A comment changes nothing; one more character in one value changes the version."""
    before = build.make(tiny, unwatched, []).version
    path = tiny.root / "data" / "paper" / "table.ttl"
    text = path.read_text("utf-8")

    path.write_text(f"{text}\n# A remark.\n", "utf-8")
    assert build.make(tiny, unwatched, []).version == before

    path.write_text(text.replace('nameAsPrinted "Third"', 'nameAsPrinted "Third!"'), "utf-8")
    changed = build.make(tiny, unwatched, [])
    assert changed.report.conforms
    assert changed.version != before


def test_open_conflicts_do_not_stop_a_build(tiny: Project) -> None:
    """They are warnings, and both values are answered."""
    built = build.make(tiny, unwatched, [])

    assert len(built.report.warnings) == 1
    assert built.counts["conflicts"] == 2
    _, rows = (
        build.in_memory(built)
        .query(
            "PREFIX cllm: <https://w3id.org/china-llm/ontology#> "
            "PREFIX model: <https://w3id.org/china-llm/id/model/> "
            "SELECT ?o { model:second cllm:hasDeveloper ?o }"
        )
        .rows()
    )
    assert len(list(rows)) == 2


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("broken.ttl", "@prefix a: <http://a/> .\n\na:b a:c\na:d a:e .\n", 4, "syntax error"),
        ("broken.ttl", "# c\nx:y a x:z .\n", 2, "the prefix x: is not declared in this file; add"),
        ("broken.ttl", "# c\norganisation:y a <x:z> .\n", 2, "did you mean organization:?"),
        ("broken.trig", "@prefix a: <http://a/> .\na:g { a:b a:c a:d .\n", 3, "syntax error"),
        ("foreign.trig", "@prefix a: <http://a/> .\n\na:g { a:b a:c a:d }\n", 3, "must be named"),
    ],
)
def test_a_broken_file_has_its_place(
    tiny: Project, name: str, text: str, line: int, said: str
) -> None:
    """Path and line, counted from one, and what the parser expected."""
    (tiny.root / "data" / "paper" / name).write_text(text, "utf-8")

    with pytest.raises(BadSource) as caught:
        build.make(tiny, unwatched, [])

    assert caught.value.path == f"data/paper/{name}"
    assert said in str(caught.value)
    assert caught.value.line == line
    assert len(str(caught.value).splitlines()) == 1


def test_text_that_is_not_utf_8(tiny: Project) -> None:
    """The line of the first wrong byte."""
    (tiny.root / "data" / "paper" / "latin.ttl").write_bytes(b"# one\n# two \xe9\n")

    with pytest.raises(BadSource, match=r"^data/paper/latin\.ttl:2: this is not UTF-8"):
        build.make(tiny, unwatched, [])


def test_dumps_keep_what_the_files_say(project: Project, store: EmbeddedStore) -> None:
    """Every triple of the table's file is in its named graph: numbers by value, text by letter."""
    source = project.root / "data" / "ding-xiao-2023" / "table-1.ttl"
    written = rdflib.Graph().parse(source)
    dump = store.dump(named("ntriples", "graph"), f"{GRAPHS}ding-xiao-2023/table-1")
    stored = rdflib.Graph().parse(data=dump, format="nt")

    assert len(list(ox.parse(dump, format=ox.RdfFormat.N_TRIPLES))) == len(written) > 800
    assert {(s, p) for s, p, _ in stored} == {(s, p) for s, p, _ in written}
    assert {str(o) for o in stored.objects()} == {str(o) for o in written.objects()}


def test_the_wheel_carries_everything(project: Project, tmp_path: Path) -> None:
    """Ontology, data, shapes, questions, templates and the typing marker are in the wheel."""
    hatchling = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(hatchling, cwd=project.root, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in FOLDERS:
        for path in (project.root / folder).rglob("*.*"):
            assert f"kg/content/{path.relative_to(project.root)}" in names
    assert {"kg/py.typed", "kg/serve/templates/base.html", "kg/serve/static/style.css"} <= names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT * {", "queries/mine.rq: the header lacks"),
        (
            "#+ summary: A?\n#+ description: b\n#+ tags: [c]\nSELECT * {",
            "queries/mine.rq:4: syntax",
        ),
        ("#+ summary: A?\n#+ description: b\n#+ tags: 5\nASK {}", "tags are not a list"),
        (
            "#+ summary: A?\n#+ description: b\n#+ tags: [c]\nASK { SERVICE <http://a/> {} }",
            "queries/mine.rq: SERVICE is not allowed",
        ),
    ],
)
def test_a_broken_question_stops_the_build(tiny: Project, text: str, said: str) -> None:
    """A question that no engine can parse, or that may not be asked, is not published."""
    (tiny.root / "queries" / "mine.rq").write_text(text, "utf-8")

    with pytest.raises(BadSource) as caught:
        build.make(tiny, unwatched, [])

    assert said in str(caught.value)


def test_two_files_of_one_graph(tiny: Project) -> None:
    """A Turtle and a TriG file of the same name would hide each other."""
    (tiny.root / "data" / "paper" / "table.trig").touch()

    with pytest.raises(BadInput, match="two files have this name"):
        build.make(tiny, unwatched, [])


def test_the_version_follows_the_questions_too(tiny: Project) -> None:
    """They are in the catalog, so a change of one is another version."""
    before = build.make(tiny, unwatched, []).version
    path = tiny.root / "queries" / "developers.rq"
    path.write_text(path.read_text("utf-8").replace("Who developed", "Who has developed"), "utf-8")

    assert build.make(tiny, unwatched, []).version != before

"""Files in any syntax of RDF are taken into the data: the same statements, in the house's form."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import build
from kg.errors import BadInput, BadSource
from kg.given import read_given
from kg.namespaces import GRAPHS, IDS, TERMS
from kg.project import Project
from tests import test_style
from tests.conftest import TINY, run_kg, unwatched

TEXT = TINY / "data" / "paper" / "text.trig"
TABLE = TINY / "data" / "paper" / "table.ttl"
TRIPLES = {
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".n3": ox.RdfFormat.N3,
    ".TTL": ox.RdfFormat.TURTLE,
}
QUADS = {".nq": ox.RdfFormat.N_QUADS, ".jsonld": ox.RdfFormat.JSON_LD}
MODEL = f"<{IDS}model/x> <{TERMS}nameAsPrinted> "


def quads(path: Path) -> set[ox.Quad]:
    """The quads of a Turtle or TriG file."""
    return set(ox.parse(path=str(path)))


def written(path: Path, source: Path, syntax: ox.RdfFormat) -> Path:
    """A file with the statements of another, those that are in no graph in any order."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(ox.serialize(quads(source), format=syntax) or b"")
    return path


@pytest.mark.parametrize("suffix", [*TRIPLES, *QUADS])
def test_a_graph_in_any_syntax(suffix: str, tiny: Project, tmp_path: Path) -> None:
    """It becomes Turtle with the same triples, that says where it is from, and always the same."""
    syntax = (TRIPLES | QUADS)[suffix]
    path = written(tmp_path / "anything" / f"x{suffix}", TABLE, syntax)
    given = read_given(path, tiny)

    assert (given.suffix, given.source.graph) == (".ttl", f"{GRAPHS}paper/table")
    assert set(ox.parse(given.text, format=ox.RdfFormat.TURTLE)) == quads(TABLE)
    first, second, *lines = given.text.decode().splitlines()
    assert first == "# Written by kg import, to be changed by importing again, from"
    assert second.startswith(f"# x{suffix}, SHA-256 ")
    other = read_given(written(tmp_path / "else" / "y.nq", TABLE, ox.RdfFormat.N_QUADS), tiny)
    assert other.text.decode().splitlines()[2:] == lines


@pytest.mark.parametrize("suffix", QUADS)
def test_graphs_of_a_part(suffix: str, tiny: Project, tmp_path: Path) -> None:
    """They become TriG, under the part that their names begin with, wherever the file is."""
    given = read_given(written(tmp_path / f"x{suffix}", TEXT, QUADS[suffix]), tiny)

    assert (given.suffix, given.source.graph) == (".trig", f"{GRAPHS}paper/text")
    assert set(ox.parse(given.text, format=ox.RdfFormat.TRIG)) == quads(TEXT)


@pytest.mark.parametrize(("source", "suffix"), [(TABLE, ".jsonld"), (TEXT, ".nq")])
def test_import(source: Path, suffix: str, tiny: Project, tmp_path: Path) -> None:
    """A version is the same whichever syntax a file came in, and the file is like the others."""
    place = tiny.root / "data" / "paper" / source.name
    before = build.make(tiny, unwatched, []).graphs.version()
    place.unlink()
    path = written(tmp_path / f"x{suffix}", source, QUADS[suffix])
    start = ["--project", str(tiny.root), "import", str(path)]

    done = run_kg(*start)
    assert (done.returncode, done.stdout) == (0, f"1 file imported: data/paper/{source.name}.\n")
    assert build.make(tiny, unwatched, []).graphs.version() == before
    for check in (test_style.test_text, test_style.test_subjects, test_style.test_data):
        check(place)
    text = place.read_bytes()
    done = run_kg(*start)
    assert (done.returncode, "nothing, it is there already" in done.stdout) == (0, True)
    path.write_bytes(path.read_bytes() + b"\n")
    done = run_kg(*start)
    assert (done.returncode, "--replace" in done.stderr) == (2, True)
    assert place.read_bytes() == text
    assert run_kg(*start, "--replace").returncode == 0
    assert place.read_bytes().splitlines()[2:] == text.splitlines()[2:]


def test_a_graph_of_a_part_that_is_trig(tiny: Project, tmp_path: Path) -> None:
    """It takes the place of the TriG file, as TriG."""
    path = tmp_path / "x.nt"
    path.write_text(f'{MODEL}"X" .\n')

    given = read_given(path, tiny, "paper/text")
    assert (given.suffix, given.source.graph) == (".trig", f"{GRAPHS}paper/text")
    given = read_given(path, tiny, "paper/other")
    assert (given.suffix, given.source.graph) == (".ttl", f"{GRAPHS}paper/other")


def test_none_unless_all(tiny: Project, tmp_path: Path) -> None:
    """What does not conform is told with file and line, and nothing is taken; validate agrees."""
    good = written(tmp_path / "a-source" / "good.jsonld", TABLE, ox.RdfFormat.JSON_LD)
    bad = tmp_path / "a-source" / "bad.nt"
    bad.write_text(f"# a remark\n<{IDS}model/x> <{TERMS}noSuchTerm> <{IDS}model/x> .\n")
    before = {file.path: file.path.read_bytes() for file in tiny.data_files()}

    done = run_kg("--project", str(tiny.root), "import", "--replace", str(good), str(bad))
    assert (done.returncode, "Nothing is imported" in done.stderr) == (1, True)
    assert f"{bad}:2: " in done.stdout
    assert {file.path: file.path.read_bytes() for file in tiny.data_files()} == before
    done = run_kg("--project", str(tiny.root), "validate", str(bad))
    assert (done.returncode, f"{bad}:2: " in done.stdout) == (1, True)
    done = run_kg("--project", str(tiny.root), "validate", str(good))
    assert (done.returncode, "1 file: conforms" in done.stdout) == (0, True)


def test_a_name(tiny: Project, tmp_path: Path) -> None:
    """`--as` says which graph a file is, in whatever syntax, and only of one."""
    shutil.copy(TABLE, tmp_path / "Download (1).ttl")
    other = tmp_path / "Download (2).nt"
    other.write_text(f'{MODEL}"X" .\n')
    place = tiny.root / "data" / "survey" / "table-2.ttl"
    start = ["--project", str(tiny.root), "import", "--as", "survey/table-2"]

    done = run_kg(*start, str(tmp_path / "Download (1).ttl"), str(other))
    assert (done.returncode, "--as names one file" in done.stderr) == (2, True)
    done = run_kg("--project", str(tiny.root), "import", str(other))
    assert (done.returncode, "--as <source>/<part>" in done.stderr) == (2, True)
    done = run_kg("--project", str(tiny.root), "import", "--as", "survey/../x", str(other))
    assert (done.returncode, "lower-case letters" in done.stderr) == (2, True)
    assert read_given(tmp_path / "Download (1).ttl", tiny, "survey/table-2").text == (
        TABLE.read_bytes()
    )
    place.parent.mkdir()
    place.write_text("")
    done = run_kg(*start, "--replace", str(other))
    assert done.returncode == 1  # a model that nothing registers
    assert place.read_text() == ""


def test_a_byte_order_mark_stays(tiny: Project, tmp_path: Path) -> None:
    """Turtle is taken as it is, to the byte."""
    path = tmp_path / "x.ttl"
    path.write_bytes(b"\xef\xbb\xbf" + TABLE.read_bytes())
    assert read_given(path, tiny).text == path.read_bytes()


BAD = {
    ("x.nt", ""): "says nothing",
    ("x.nt", f'{MODEL}"X\n'): "x.nt:1: syntax error",
    ("x.nt", f"{MODEL}_:b .\n_:b {MODEL.split()[1]} 'X' .\n".replace("'", '"')): (
        "a blank node (model:x cllm:nameAsPrinted [ ])"
    ),
    ("x.nt", f'_:b {MODEL.split()[1]} "X" .\n'): 'a blank node ([ ] cllm:nameAsPrinted "X")',
    ("x.nq", f'{MODEL}"X" _:g .\n'): "in a graph [ ]",
    ("x.jsonld", '[{"@type": "http://example.org/T"}]'): "a blank node ([ ] rdf:type",
    ("x.jsonld", '{"@id": "x", "http://example.org/p": 1}'): "the relative IRI <x>",
    ("x.jsonld", '{"@id": "a:x", "a:p": {"@value": "1", "@type": "t"}}'): "the relative IRI <t>",
    ("x.jsonld", '{"@context": "http://127.0.0.1:9/", "@id": "a:x", "a:p": 1}'): "remote context",
    ("x.jsonld", "[" * 501): "nests more than 500 levels",
    ("x.rdf", "<!DOCTYPE x><x/>"): "DOCTYPE",
    ("x.nq", f'{MODEL}"X" <http://example.org/g> .\n'): "is no graph of a source",
    ("x.nq", f'{MODEL}"X" <{GRAPHS}settled> .\n'): "is no graph of a source",
    ("x.nq", f'{MODEL}"X" <{GRAPHS}a/b/1> .\n{MODEL}"Y" <{GRAPHS}a/c/1> .\n'): "split it.",
    ("x.nq", f'{MODEL}"X" <{GRAPHS}A/b> .\n'): "lower-case letters",
    ("x.csv", "a,b\n"): "--mapping",
    ("x.json", "{}"): "the ending says of no RDF syntax",
    ("x.nt", f'{MODEL}"\xff" .\n'): "this is not UTF-8 text",
}


def test_what_is_not_taken(tiny: Project, tmp_path: Path) -> None:
    """One sentence for each, of which nothing gets near the data."""
    assert len(BAD) == 18
    folder = tmp_path / "survey"
    folder.mkdir()
    for (name, text), said in BAD.items():
        path = folder / name
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises((BadInput, BadSource)) as raised:
            read_given(path, tiny)
        assert said in str(raised.value), (name, text)
        assert "\n" not in str(raised.value)
    path = folder / "x.nq"
    path.write_text(f'{MODEL}"X" <{GRAPHS}a/b/1> .\n')
    with pytest.raises(BadSource, match="or leave out --as"):
        read_given(path, tiny, "a/c")


def test_a_name_that_would_end_the_comment(tiny: Project, tmp_path: Path) -> None:
    """The name of a file is a line of the comment, whatever characters it has."""
    path = tmp_path / "x\n<a:b> <a:c> <a:d> .\udcff\t.nt"
    path.write_text(f'{MODEL}"X" .\n')
    given = read_given(path, tiny, "survey/table")
    assert len(given.source.rows) == 1
    assert "# x?<a:b> <a:c> <a:d> .??.nt, SHA-256 " in given.text.decode()

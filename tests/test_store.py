"""Stores answer and dump, versions change in one step, equal content gives equal bytes."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import build
from kg.errors import BadQuery, Gone, NotFound, StoreError
from kg.queries import Term
from kg.results import named
from kg.store import (
    Current,
    EmbeddedStore,
    Reading,
    Versions,
    canonical_nquads,
    data_version,
)
from kg.store.nesting import MOST, is_too_deep

ONE = {"": b'<http://a/s> <http://a/p> "1" .\n'}
TWO = {"": b'<http://a/s> <http://a/p> "2" .\n'}
THREE = {"": b'<http://a/s> <http://a/p> "3" .\n'}
COUNTS = {"asserted": 1, "inferred": 0}


def value(store: EmbeddedStore) -> str | None:
    """The one value in a store of these tests."""
    _, rows = store.query("SELECT ?o { ?s ?p ?o }").rows()
    return next(rows)[0]


def test_what_is_published_is_current(tmp_path: Path) -> None:
    """Each publication becomes current; the list has the newest first."""
    versions = Versions(tmp_path / "new" / "folder")

    versions.publish("one", ONE, COUNTS, keep=3)
    versions.publish("two", TWO, COUNTS, keep=3)

    assert versions.current().name == "two"
    assert [(v.name, v.is_current) for v in versions.all()] == [("two", True), ("one", False)]
    assert value(versions.open().store) == "2"
    assert versions.all()[1].summary() == COUNTS


def test_publishing_the_same_content_again_changes_nothing(tmp_path: Path) -> None:
    """A version is named by its content, so the second time it is only made current."""
    versions = Versions(tmp_path)
    versions.publish("one", ONE, COUNTS, keep=3)
    versions.publish("two", TWO, COUNTS, keep=3)
    before = (tmp_path / "versions" / "one" / "store").stat().st_mtime_ns

    versions.publish("one", ONE, COUNTS, keep=3)

    assert versions.current().name == "one"
    assert (tmp_path / "versions" / "one" / "store").stat().st_mtime_ns == before


def test_old_versions_go_unless_somebody_reads_them(tmp_path: Path) -> None:
    """The newest few are kept; one that is open stays as long as it is open."""
    versions = Versions(tmp_path)
    versions.publish("one", ONE, COUNTS, keep=1)
    reading = versions.open()
    versions.publish("two", TWO, COUNTS, keep=1)

    assert {version.name for version in versions.all()} == {"one", "two"}
    assert value(reading.store) == "1"

    del reading
    versions.publish("three", THREE, COUNTS, keep=1)

    assert [version.name for version in versions.all()] == ["three"]


def test_rolling_back(tmp_path: Path) -> None:
    """Without a name to the newest of the others; an unknown name changes nothing."""
    versions = Versions(tmp_path)
    versions.publish("one", ONE, COUNTS, keep=3)
    with pytest.raises(NotFound, match="no other version"):
        versions.rollback()
    versions.publish("two", TWO, COUNTS, keep=3)

    versions.rollback()
    assert versions.current().name == "one"

    with pytest.raises(NotFound, match=r"no version ghost \(there are: two, one\)"):
        versions.rollback("ghost")
    assert versions.current().name == "one"


def test_a_reader_moves_on_with_the_link(tmp_path: Path) -> None:
    """The next look at the current version sees a new one; what was taken before stays usable."""
    versions = Versions(tmp_path)
    versions.publish("one", ONE, COUNTS, keep=3)
    current = Current(versions)
    before = current.get()

    versions.publish("two", TWO, COUNTS, keep=3)

    assert current.get().name == "two"
    assert value(current.get().store) == "2"
    assert value(before.store) == "1"


def test_a_new_version_is_opened_once(tmp_path: Path) -> None:
    """However many ask at the same time."""
    versions = Versions(tmp_path)
    graphs = {"": b'<http://a/s> <http://a/p> "1" .'}
    versions.publish("0", graphs, {}, keep=1)
    current = Current(versions)
    for number in range(1, 6):
        versions.publish(str(number), graphs, {}, keep=1)
        barrier = threading.Barrier(8)

        def ask(barrier: threading.Barrier = barrier) -> Reading:
            barrier.wait()
            return current.get()

        with ThreadPoolExecutor(8) as threads:
            found = [asked.result() for asked in [threads.submit(ask) for _ in range(8)]]
        assert {reading.name for reading in found} == {str(number)}
        assert len(set(map(id, found))) == 1


def test_versions_that_are_cleared_away_while_they_are_opened(tmp_path: Path) -> None:
    """Each is opened as a whole, or is gone."""
    versions = Versions(tmp_path)
    versions.publish("1", ONE, COUNTS, keep=1)
    current = Current(versions)
    publishing = """
import sys
from pathlib import Path
from kg.store import Versions
for number in range(2, 52):
    graph = f'<http://a/s> <http://a/p> "{number}" .\\n'.encode()
    Versions(Path(sys.argv[1])).publish(str(number), {"": graph}, {}, keep=1)
"""
    opened: set[str] = set()
    with subprocess.Popen([sys.executable, "-c", publishing, str(tmp_path)]) as process:
        while process.poll() is None:
            for version in versions.all():
                with contextlib.suppress(Gone):
                    assert value(current.at(version.name).store) == version.name
                    opened.add(version.name)
    assert process.returncode == 0
    assert len(opened) > 10


def test_a_damaged_version_is_not_switched_to(tmp_path: Path) -> None:
    """If the new version cannot be opened, the one before goes on being served."""
    versions = Versions(tmp_path)
    versions.publish("one", ONE, COUNTS, keep=3)
    current = Current(versions)
    versions.publish("two", TWO, COUNTS, keep=3)
    (tmp_path / "versions" / "two" / "store" / "CURRENT").write_text("nonsense")

    assert value(current.get().store) == "1"


@pytest.mark.parametrize("moment", ["first", "second"])
def test_a_killed_build_leaves_what_was_current(tmp_path: Path, moment: str) -> None:
    """Killed while it writes, a build leaves no version, and the next one clears what it left."""
    versions = Versions(tmp_path)
    versions.publish("one", ONE, COUNTS, keep=3)
    script = f"""
import sys, time
from pathlib import Path
from kg.store import Versions

class Slow(dict):
    def items(self):
        yield from list(super().items())[: {0 if moment == "first" else 1}]
        print("writing", flush=True)
        sys.stdin.read()

graphs = Slow({{"": b'<http://a/s> <http://a/p> "2" .', "http://a/g": b""}})
Versions(Path({str(tmp_path)!r})).publish("two", graphs, {{}}, keep=3)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        with pytest.raises(StoreError, match="Another build is publishing"):
            versions.publish("three", THREE, COUNTS, keep=3)
        process.kill()

    assert versions.current().name == "one"
    assert value(versions.open().store) == "1"
    assert [version.name for version in versions.all()] == ["one"]

    versions.publish("two", TWO, COUNTS, keep=3)
    assert not list((tmp_path / "versions").glob(".building-*"))
    assert value(versions.open().store) == "2"


def test_half_a_version_is_never_taken_for_whole(tmp_path: Path) -> None:
    """What an interrupted removal left is written anew when its content is published again."""
    versions = Versions(tmp_path)
    versions.publish("one", ONE, COUNTS, keep=3)
    versions.publish("two", TWO, COUNTS, keep=3)
    shutil.rmtree(tmp_path / "versions" / "one" / "store")

    versions.publish("one", ONE, COUNTS, keep=3)

    assert value(versions.open().store) == "1"
    assert sorted(path.name for path in (tmp_path / "versions").iterdir()) == ["one", "two"]


def test_a_damaged_summary_is_one_sentence(tmp_path: Path) -> None:
    """The name of the version that is damaged."""
    versions = Versions(tmp_path)
    version = versions.publish("one", ONE, COUNTS, keep=3)
    (version.path / "summary.json").unlink()

    with pytest.raises(StoreError, match="version one is missing or damaged"):
        version.summary()


def test_nothing_built(tmp_path: Path) -> None:
    """Without a version, the sentence says what to run."""
    with pytest.raises(StoreError, match="run `kg build` first"):
        Versions(tmp_path / "empty").open()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file in the place of the folder is one clear sentence."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        Versions(tmp_path / "file").publish("one", ONE, COUNTS, keep=3)


def test_a_bad_query_has_line_and_column() -> None:
    """Both count from one."""
    store = EmbeddedStore.in_memory(ONE)

    with pytest.raises(BadQuery) as caught:
        store.query("SELECT ?s\nWHERE { ?s ?p }")

    assert (caught.value.line, caught.value.column) == (2, 16)
    assert str(caught.value).startswith("line 2, column 16: syntax error: ")


def test_terms_are_bound_not_pasted() -> None:
    """What looks like SPARQL in a value stays a value."""
    store = EmbeddedStore.in_memory(
        {"": b'<http://a/s> <http://a/p> "x\\" } #" .\n<http://a/t> <http://a/p> "y" .\n'}
    )
    string = "http://www.w3.org/2001/XMLSchema#string"

    _, rows = store.query("SELECT ?s ?o { ?s ?p ?o }", {"o": Term('x" } #', string)}).rows()

    assert list(rows) == [["http://a/s", 'x" } #']]


def test_the_graphs_that_a_query_sees() -> None:
    """Protocol graphs replace the default graph and restrict the named ones."""
    store = EmbeddedStore.in_memory(
        {
            "": b"<http://a/d> <http://a/p> <http://a/o> .",
            "http://a/g": b"<http://a/g1> <http://a/p> <http://a/o> .",
            "http://a/h": b"<http://a/h1> <http://a/p> <http://a/o> .",
        }
    )

    def subjects(text: str, **graphs: list[str]) -> list[str | None]:
        return [row[0] for row in store.query(text, **graphs).rows()[1]]

    plain = "SELECT ?s { ?s ?p ?o } ORDER BY ?s"
    inside = "SELECT ?s { GRAPH ?g { ?s ?p ?o } } ORDER BY ?s"
    assert subjects(plain) == ["http://a/d"]
    assert subjects(plain, default_graphs=["http://a/g", "http://a/h"]) == [
        "http://a/g1",
        "http://a/h1",
    ]
    assert subjects(inside, named_graphs=["http://a/h"]) == ["http://a/h1"]
    assert subjects(inside, default_graphs=["http://a/g"]) == []
    assert subjects(plain, default_graphs=["file:///etc/passwd"]) == []


def test_dumps_are_complete(built: build.Built, store: EmbeddedStore) -> None:
    """A dump of everything, read again, is the same dataset; of one graph, the same graph."""
    everything = store.dump(named("nquads", "graph"))
    quads = list(ox.parse(everything, format=ox.RdfFormat.N_QUADS))
    assert len(quads) == len(store) > 5000

    assert store.dump(named("trig", "graph"))
    assert canonical_nquads(quads) == everything
    for name in ("turtle", "ntriples", "rdfxml"):
        dump = store.dump(named(name, "graph"), build.INFERRED)
        format_ = ox.RdfFormat.from_media_type(named(name, "graph").media_type)
        assert len(list(ox.parse(dump, format=format_))) == built.counts["inferred"]


@given(st.permutations(range(6)), st.integers(0, 1000))
def test_canonical_bytes_depend_on_content_alone(order: list[int], salt: int) -> None:
    """Whatever the order of the triples and the names of the blank nodes."""
    lines = [
        f"_:b{salt} <http://a/p> _:c{salt} .",
        f"_:c{salt} <http://a/p> _:d{salt} .",
        f'_:d{salt} <http://a/q> "x"@en .',
        f"<http://a/s> <http://a/r> _:b{salt} .",
        "<http://a/s> <http://a/p> <http://a/o> .",
        '<http://a/s> <http://a/p> "1.70"^^<http://www.w3.org/2001/XMLSchema#decimal> .',
    ]
    text = "\n".join(lines[i] for i in order).encode()

    version = data_version({"http://a/g": text, "http://a/h": b""})

    assert version == data_version({"http://a/h": b"", "http://a/g": "\n".join(lines).encode()})
    assert version != data_version({"http://a/g": text})
    assert len(version) == 16


JSON, XML, TURTLE = ox.RdfFormat.JSON_LD, ox.RdfFormat.RDF_XML, ox.RdfFormat.TURTLE
MUCH = MOST + 1


@pytest.mark.parametrize(
    ("text", "syntax", "is_deep"),
    [
        ("[" * MOST + "]" * MOST, JSON, False),
        ("[" * MUCH, JSON, True),
        ('{"a":' * MUCH, JSON, True),
        ("[{}]" * MUCH, JSON, False),
        ('"' + "[" * MUCH + '"', JSON, False),
        ('"\\"' + "[" * MUCH, JSON, False),
        ('"\\\\"' + "[" * MUCH, JSON, True),
        ("<a>" * MUCH, XML, True),
        ("<a></a>" * MUCH, XML, False),
        ("<a b='/>'>" * MUCH, XML, True),
        ("<a b='>' c=\"http://x/\" />" * MUCH, XML, False),
        ("<!-- " + "<a>" * MUCH + " -->", XML, False),
        ("<!-- - -->" + "<a>" * MUCH, XML, True),
        ("<![CDATA[" + "<a>" * MUCH + "]]>", XML, False),
        ("<![CDATA[ ] ]]>" + "<a>" * MUCH, XML, True),
        ("<?a > <!-- ?>" + "<a>" * MUCH, XML, True),
        ("<<( " * MUCH, TURTLE, True),
        ("<<( )>>" * MUCH, TURTLE, False),
        ("<http://a/#x> '#' '\\'' a:b\\' <<( " * MUCH, TURTLE, True),
        ('"' + "<<(" * MUCH + '"', TURTLE, False),
        ("# " + "<<(" * MUCH, TURTLE, False),
        ('"""' + '\n"<<("' * MUCH + '"""', TURTLE, False),
        ("'''it's'''" + "<<(" * MUCH, TURTLE, True),
        ("(" * MUCH + "[" * MUCH, TURTLE, False),
    ],
)
def test_how_deep_a_document_nests(text: str, syntax: ox.RdfFormat, is_deep: bool) -> None:
    """Counted where the parser would count: not in texts, comments and attributes."""
    assert is_too_deep(text.encode(), syntax) is is_deep


@pytest.mark.parametrize("syntax", [JSON, XML, TURTLE])
@pytest.mark.parametrize(
    "piece",
    ['"', '"\\', "<a ", "<a b='\"", "<?", "<!-", "<!--", "<![CDATA[", "<<(", "<<('", '<<("""', "<"],
)
def test_depth_takes_time_with_the_length_only(piece: str, syntax: ox.RdfFormat) -> None:
    """A million characters of anything are gone through at once."""
    began = time.monotonic()
    is_too_deep((piece * (1_000_000 // len(piece))).encode(), syntax)
    assert time.monotonic() - began < 5

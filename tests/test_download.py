"""The page of the data, its files, and their checksums, which are the same however they are got."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import urllib.request
from collections import Counter
from pathlib import Path

import flask
import pyoxigraph as ox
import pytest
import rdflib
from flask.testing import FlaskClient

from kg import build, coverage, graph, sources
from kg.namespaces import GRAPHS
from kg.project import Project
from kg.queries import Catalogue
from kg.results import formats
from kg.serve import checksums, create_app, downloads, holdings
from kg.settings import Settings
from kg.store import Current, EmbeddedStore, Versions
from tests.conftest import BROWSER, unwatched
from tests.looking import Look
from tests.test_front import PATIENCE, get, program, serving, serving_with, until

HTML = {"Accept": BROWSER}
FILES = {f"china-llm-landscape.{one.extension}": one for one in formats("graph")}


@pytest.fixture(scope="module")
def page(app: flask.Flask) -> Look:
    """The page, in English."""
    return Look(app.test_client().get("/download", headers=HTML).text)


def sums_of(text: str) -> dict[str, str]:
    """The checksums of a file of them, by name."""
    return {line[66:]: line[:64] for line in text.splitlines()}


def numbers(rows: list[list[str]], column: int = 1) -> dict[str, int]:
    """A column of a table by the first one."""
    return {row[0]: int(row[column].replace(",", "")) for row in rows[1:]}


def test_the_table_of_files(page: Look, client: FlaskClient, store: EmbeddedStore) -> None:
    """Each file with what is in it, as a parser and a hash find it."""
    head, *rows = page.tables["Files"]
    assert head == ["File", "What is in it", "Format", "Statements", "Bytes", "SHA-256"]
    assert [row[0] for row in rows] == [*FILES]
    sums = sums_of(client.get("/download/SHA256SUMS").text)
    for name, what, media_type, statements, size, digest in rows:
        response = client.get(f"/download/{name}", headers={"Accept-Encoding": "identity"})
        body = response.data
        assert response.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert media_type == FILES[name].media_type
        assert int(size.replace(",", "")) == len(body)
        assert digest == hashlib.sha256(body).hexdigest() == sums[name]
        parsed = ox.parse(body, format=ox.RdfFormat.from_media_type(media_type))
        assert int(statements.replace(",", "")) == sum(1 for _ in parsed)
        assert what == ("all graphs" if FILES[name].of_datasets else "the default graph")
    assert int(rows[-1][3].replace(",", "")) == len(store)


def test_the_file_of_checksums(versions: Versions, tmp_path: Path) -> None:
    """sha256sum accepts it, of what a server sends, as it is or compressed."""
    sha256sum = program("sha256sum", "coreutils")
    with serving(versions.root) as address:
        for place, name in enumerate(FILES):
            asks = urllib.request.Request(f"{address}/download/{name}")
            if place % 2:
                asks.add_header("Accept-Encoding", "gzip")
            with urllib.request.urlopen(asks, timeout=PATIENCE) as response:
                body = response.read()
            if place % 2:
                assert response.headers["content-encoding"] == "gzip"
                body = gzip.decompress(body)
            (tmp_path / name).write_bytes(body)
        until(lambda: get(f"{address}/download/SHA256SUMS")[0] != 503)  # it is busy meanwhile
        status, text, headers = get(f"{address}/download/SHA256SUMS")
        assert status == 200
        assert headers["content-type"].startswith("text/plain")
        named = get(f"{address}/download/SHA256SUMS?version={versions.current_name()}")
        assert named[1] == text
        page = get(f"{address}/download")[1].decode()
    (tmp_path / "SHA256SUMS").write_bytes(text)
    done = subprocess.run(
        [sha256sum, "--check", "--strict", "SHA256SUMS"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == len(FILES) == 6
    for digest in sums_of(text.decode()).values():
        assert digest in page


def test_stores_that_hold_the_same_give_the_same_bytes(tiny: Project, tmp_path: Path) -> None:
    """However they came to hold it: built anew, or changed from another version."""
    things = tiny.root / "data" / "registry" / "things.ttl"
    text = things.read_text("utf-8")
    one, other = Versions(tmp_path / "one"), Versions(tmp_path / "other")
    things.write_text(text.replace('"@en', ' or so"@en', 1), "utf-8")
    first = build.make(tiny, unwatched, [])
    build.publish(first, one, 3, unwatched)
    things.write_text(text, "utf-8")
    kept = first.kept
    assert kept
    changed = build.make(tiny, unwatched, [], kept=lambda _: kept)
    build.publish(changed, one, 3, unwatched)
    anew = build.make(tiny, unwatched, [])
    build.publish(anew, other, 3, unwatched)
    assert changed.version == anew.version != first.version
    stores = [one.open().store, other.open().store]
    for format_ in formats("graph"):
        written = set()
        for store in stores:
            path = tmp_path / "file"
            with path.open("wb") as file:
                store.write(format_, file)
            written.add(path.read_bytes())
        assert len(written) == 1, format_.name


def test_checksums_that_are_not_there_yet(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says so and does not wait; who asks for them is told to come again."""
    monkeypatch.setattr(downloads, "_PATIENCE", 0)
    monkeypatch.setattr(checksums.Checksums, "_compute_here", lambda *_: None)
    client = create_app(Current(versions), Catalogue([]), Settings.load({})).test_client()
    look = Look(client.get("/download", headers=HTML).text)
    assert [row[5] for row in look.tables["Files"][1:]] == ["is being computed"] * 6
    early = client.get("/download/SHA256SUMS")
    assert early.status_code == 503
    assert early.headers["Retry-After"] == "1"


def test_a_large_graph_has_no_checksums(
    versions: Versions, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are there, and the page says what is left out."""
    monkeypatch.setattr(holdings, "MOST", 1000)
    catalogue = Catalogue.read(project.query_files())
    client = create_app(Current(versions), catalogue, Settings.load({})).test_client()
    look = Look(client.get("/download", headers=HTML).text)
    rows = look.tables["Files"][1:]
    assert {row[5] for row in rows} == {"not computed for a graph of this size"}
    assert all(int(row[3].replace(",", "")) > 1000 for row in rows)
    assert "too large to count" in look.text("main")
    assert client.get("/download/SHA256SUMS").status_code == 404
    assert client.get("/download/china-llm-landscape.ttl").status_code == 200


def test_a_format_that_cannot_hold_the_data(tmp_path: Path) -> None:
    """It has no checksum, and the others have theirs."""
    versions = Versions(tmp_path)
    versions.publish("odd", {"": b'<a:s> <a:p> "\\u0001" .\n'}, {}, keep=3)
    for client in (create_app(Current(versions), Catalogue([]), Settings.load({})).test_client(),):
        sums = sums_of(client.get("/download/SHA256SUMS").text)
        assert sums.keys() == FILES.keys() - {"china-llm-landscape.rdf"}
        assert client.get("/download/china-llm-landscape.rdf").status_code == 400
    rows = Look(client.get("/download", headers=HTML).text).tables["Files"]
    assert [row[5] for row in rows if row[0].endswith(".rdf")] == [
        "the format cannot hold the data"
    ]
    with serving(tmp_path) as address:
        assert sums_of(get(f"{address}/download/SHA256SUMS")[1].decode()) == sums
        assert get(f"{address}/download/china-llm-landscape.rdf")[0] == 400


def test_what_is_in_it(page: Look, store: EmbeddedStore) -> None:
    """Graphs and statements by what they are, and all of them together."""
    rows = page.tables["Graphs"]
    counted = numbers(rows, 2)
    assert sum(counted.values()) == len(store)
    assert sum(numbers(rows).values()) == len(store.graph_names()) + 1
    (claims,) = [name for name in counted if name.startswith("graph:claims")]
    assert counted[claims] == sum(1 for _ in store.quads(f"{GRAPHS}claims"))
    assert f"{len(store):,} statements" in page.text("main")


def test_coverage_is_that_of_the_command(
    page: Look, project: Project, ontology: rdflib.Graph
) -> None:
    """Sentences, passages and statements by part, in the order of the source."""
    rows = page.tables["Parts of the source"]
    landscape = graph.merge(sources.read_all(project), ontology)
    units: Counter[str] = Counter()
    passages: dict[str, set[str]] = {}
    for place in coverage.places(landscape):
        units[place.part] += 1
        passages.setdefault(place.part, set()).update(place.passages)
    assert len(units) == 26
    assert [row[0] for row in rows[1:]] == [*units]
    assert numbers(rows) == dict(units)
    assert numbers(rows, 2) == {part: len(found) for part, found in passages.items()}
    assert set(numbers(rows, 3).values()) == {0}
    assert numbers(rows, 4) == {
        part: sum(len(landscape.passages[name]) for name in found)
        for part, found in passages.items()
    }


def test_quality_is_that_of_the_build(page: Look, built: build.Built) -> None:
    """What the audit found by grade, findings by verdict, links, warnings."""
    grades = numbers(page.tables["What the audit found, by grade"])
    assert grades == Counter(item.grade.words for item in built.items)
    verdicts = numbers(page.tables["Findings of the source, by verdict"])
    assert verdicts == Counter(result.verdict.words for result in built.results)
    links = numbers(page.tables["Links to other datasets"], 2)
    assert len(links) > 10
    assert f"ended with {built.counts['warnings']} warnings" in page.text("quality") + page.text(
        "main"
    )
    assert {"/audit", "/findings"} <= {address for address, _ in page.links}


def test_what_sources_leave_out(page: Look) -> None:
    """The silence map is there, a row for each model of the table, and leads to its question."""
    (silence,) = [rows for name, rows in page.tables.items() if name.startswith("Answer: 26 rows")]
    assert len(silence) == 27
    assert {cell for row in silence[1:] for cell in row[1:]} >= {"stated", "empty", "vague"}
    assert "/queries/silence-map" in {address for address, _ in page.links}


def test_how_to_cite(page: Look, versions: Versions) -> None:
    """With the data version and an address that names it, and the paper beside it."""
    name = versions.current_name()
    text = page.text("main")
    assert f"China LLM Landscape (2026). Version 0.1.0. Data version {name}." in text
    assert f"url = {{http://127.0.0.1:8000/download?version={name}}}" in text
    assert "Recent Trends in China's Large Language Model Landscape (2023)." in text


def test_versions_that_are_held(tiny: Project, tmp_path: Path) -> None:
    """Each has a permalink, under which the page is about that version."""
    versions = Versions(tmp_path)
    things = tiny.root / "data" / "registry" / "things.ttl"
    before = build.publish(build.make(tiny, unwatched, []), versions, 3, unwatched).name
    things.write_text(things.read_text("utf-8").replace('"@en', ' x"@en', 1), "utf-8")
    after = build.publish(build.make(tiny, unwatched, []), versions, 3, unwatched).name
    catalogue = Catalogue.read(tiny.query_files())
    client = create_app(Current(versions), catalogue, Settings.load({})).test_client()
    look = Look(client.get("/download", headers=HTML).text)
    rows = look.tables["Versions that this server holds"][1:]
    assert [row[0] for row in rows] == [f"{after} current this one", before]
    assert f"/download?version={before}" in {address for address, _ in look.links}
    earlier = client.get(f"/download?version={before}", headers=HTML)
    assert earlier.headers["X-KG-Data-Version"] == before
    rows = Look(earlier.text).tables["Versions that this server holds"][1:]
    assert [row[0] for row in rows] == [f"{after} current", f"{before} this one"]
    sums = [
        client.get(f"/download/SHA256SUMS?version={version}").text for version in (before, after)
    ]
    assert sums[0] != sums[1]
    assert client.get("/download?version=ghost", headers=HTML).status_code == 410


def test_addresses_for_programs(page: Look, client: FlaskClient) -> None:
    """All of them answer."""
    rows = page.tables["Addresses for programs"][1:]
    assert len(rows) >= 8
    for path, *_ in rows:
        query = "?default" if path == "/rdf-graph-store" else ""
        assert client.get(path + query).status_code == 200, path


def test_every_link_of_the_page_leads_somewhere(page: Look, client: FlaskClient) -> None:
    """Fragments are on it, addresses of ours are known."""
    assert len(page.ids) == len(set(page.ids))
    for address in sorted({address for address, _ in page.links}):
        path, _, fragment = address.partition("#")
        if fragment and not path:
            assert fragment in page.ids
        elif path.startswith("/") and path != "/rdf-graph-store":
            assert client.get(path, headers=HTML).status_code == 200, address


def test_with_nothing_in_it(tmp_path: Path) -> None:
    """The page stays a page."""
    versions = Versions(tmp_path)
    versions.publish("empty", {"": b""}, {}, keep=3)
    client = create_app(Current(versions), Catalogue([]), Settings.load({})).test_client()
    response = client.get("/download", headers=HTML)
    assert response.status_code == 200
    text = Look(response.text).text("main") + Look(response.text).text("coverage")
    assert "No source is divided into parts." in text


def test_other_data_have_files_and_no_page(tmp_path: Path) -> None:
    """As they always had."""
    data = tmp_path / "data.ttl"
    data.write_text("<a:s> <a:p> <a:o> .\n", "utf-8")
    with serving_with(["--data", str(data)]) as address:
        assert get(f"{address}/download/data.nt")[1] == b"<a:s> <a:p> <a:o> .\n"
        assert get(f"{address}/download/SHA256SUMS")[0] == 404
        assert get(f"{address}/download")[0] == 404

"""Full disks and stores of another format: a sentence that says what to do, and serving goes on."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from kg import build
from kg.encodings import decompressed
from kg.errors import StoreError
from kg.store import Current, Version, Versions
from tests.test_backup import kg, saved
from tests.test_front import asked, get, serving, until
from tests.test_store import COUNTS, ONE, TWO, value

OLDER = Path(__file__).parent / "cases" / "store-of-oxigraph-0.4.11.tar.zst"
"""A store of one triple that pyoxigraph 0.4.11 wrote, without its logs and options."""


def made_older(version: Version) -> None:
    """Put a store of another format in the place of a version's."""
    shutil.rmtree(version.store)
    version.store.mkdir()
    with (
        OLDER.open("rb") as raw,
        decompressed(raw) as plain,
        tarfile.open(fileobj=io.BytesIO(plain.read())) as archive,
    ):
        names = archive.getnames()
        assert len(names) >= 9
        for name in names:
            content = archive.extractfile(name)
            assert content is not None
            (version.store / name).write_bytes(content.read())


@pytest.mark.parametrize(
    "words",
    [
        ["query", "table-1"],
        ["stats"],
        ["export"],
        ["serve", "--port", "0"],
        ["serve", "--port", "0", "--hide", "http://a/g"],
        ["backup", "{folder}/file"],
    ],
)
def test_a_store_of_another_format(tmp_path: Path, words: list[str]) -> None:
    """Each command that reads it says in one sentence to build again."""
    versions = Versions(tmp_path / "store")
    made_older(versions.publish("one", ONE, COUNTS, keep=3))

    done = kg(*(w.format(folder=tmp_path) for w in words), "--store", str(versions.root))

    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be opened: build it again with `kg build`" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "file").exists()


def test_a_backup_of_another_format(tmp_path: Path) -> None:
    """A file that is whole, with a store that cannot be opened, changes nothing either."""
    versions, others = Versions(tmp_path / "store"), Versions(tmp_path / "others")
    versions.publish("one", ONE, COUNTS, keep=3)
    made_older(others.publish("two", TWO, COUNTS, keep=3))
    saved(others, tmp_path / "file")

    done = kg("restore", str(tmp_path / "file"), "--store", str(versions.root))

    assert (done.returncode, done.stdout) == (2, "")
    assert "holds a store that this kg cannot open" in done.stderr
    assert "Build it again from its files with `kg build`." in done.stderr
    assert [(v.name, v.is_current) for v in versions.all()] == [("one", True)]
    assert not list((tmp_path / "store" / "versions").glob(".*"))


def test_building_again_mends_it(built: build.Built, tmp_path: Path) -> None:
    """The same version, written anew; meanwhile and after it a server goes on."""
    versions = Versions(tmp_path)
    versions.publish("one", ONE, built.summary(), keep=3)
    with serving(tmp_path) as address:
        query = asked(address, "SELECT ?o { ?s ?p ?o }", format="csv")
        made_older(versions.publish("two", TWO, built.summary(), keep=3))
        until(lambda: json.loads(get(f"{address}/ready")[1])["rejected"] == "two")
        status, body, headers = get(query)
        assert (status, body.split()[1:], headers["x-kg-data-version"]) == (200, [b"1"], "one")

        versions.publish("two", TWO, built.summary(), keep=3)
        until(lambda: get(query)[2]["x-kg-data-version"] == "two")
        assert get(query)[1].split()[1:] == [b"2"]
        assert json.loads(get(f"{address}/ready")[1])["rejected"] is None


def test_a_server_that_starts_again_goes_on_too(tmp_path: Path) -> None:
    """Of the versions that are there it takes the newest that can be opened."""
    versions = Versions(tmp_path)
    first = versions.publish("one", ONE, COUNTS, keep=3)
    made_older(versions.publish("two", TWO, COUNTS, keep=3))

    current = Current(versions)
    assert (value(current.get().store), current.rejected) == ("1", "two")
    del current
    made_older(first)
    with pytest.raises(StoreError, match="versions/two/store cannot be opened"):
        Current(versions)


PUBLISH = """
import sys
from pathlib import Path
from kg.errors import KgError
from kg.store import Versions

numbers = range(int(sys.argv[3]))
lines = [f'<http://a/s{n}> <http://a/p> "{n} {hash(n * 7919)}" .\\n' for n in numbers]
try:
    graphs = {"": "".join(lines).encode()}
    Versions(Path(sys.argv[1])).publish(sys.argv[2], graphs, {}, keep=3)
except KgError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("most", [0, 100, 10_000, 300_000])
def test_a_file_that_cannot_grow(built: build.Built, tmp_path: Path, most: int) -> None:
    """Wherever in the writing the system refuses, the server goes on with what was current."""
    versions = Versions(tmp_path)
    versions.publish("one", ONE, built.summary(), keep=3)
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))"
    )
    with serving(tmp_path) as address:
        done = subprocess.run(
            [sys.executable, "-c", limited + PUBLISH, str(tmp_path), "two", "50000"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith(f"The version cannot be written to {tmp_path}: ")
        assert done.stderr.endswith("; what was current is unchanged.\n")
        _, body, headers = get(asked(address, "SELECT ?o { ?s ?p ?o }", format="csv"))
        assert (body.split()[1:], headers["x-kg-data-version"]) == ([b"1"], "one")
        assert json.loads(get(f"{address}/ready")[1])["rejected"] is None
    assert [version.name for version in versions.all()] == ["one"]
    assert not list((tmp_path / "versions").glob(".*"))


def test_a_full_disk(tmp_path: Path) -> None:
    """The sentence says so, the room is given back, and what fits is published."""
    mount = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec"]
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = f"mount -t tmpfs -o size=6m none {disk}"
    if (
        shutil.which("unshare") is None
        or subprocess.run([*mount, mounting], capture_output=True, check=False).returncode
    ):
        pytest.skip("a file system in memory cannot be mounted here")
    (tmp_path / "publish.py").write_text(PUBLISH)
    other = Versions(tmp_path / "other")
    other.publish("large", {"": b'<http://a/s> <http://a/p> "1" .'}, COUNTS, keep=3)
    with (other.current().store / "large").open("wb") as file:
        file.truncate(10_000_000)
    assert kg("backup", str(tmp_path / "file"), "--store", str(other.root)).returncode == 0
    command = f"{sys.executable} -c 'from kg.cli import main; main()'"
    publish = f"{sys.executable} {tmp_path}/publish.py {disk}"
    script = f"""
{mounting}
{publish} one 1
{publish} two 200000 && exit 1
{command} restore {tmp_path}/file --store {disk} && exit 1
{command} versions --store {disk} --format json
ls -A {disk}/versions
{publish} three 1
readlink {disk}/current
"""
    done = subprocess.run([*mount, script], capture_output=True, text=True, check=True)

    publishing, restoring = done.stderr.splitlines()
    full = "the disk is full; what was current is unchanged."
    assert publishing == f"The version cannot be written to {disk}: {full}"
    assert restoring.endswith(full)
    assert json.loads(done.stdout[: done.stdout.index("]") + 1]) == [{"current": True}]
    assert done.stdout.split("]")[1].split() == ["one", "versions/three"]

"""A version goes into one file and comes back the same, or nothing changes and it says why."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kg import build
from kg.encodings import compressed, decompressed
from kg.errors import BadInput, NotFound, StoreError
from kg.results import named
from kg.store import Versions, backup
from tests.test_front import asked, get, serving, until
from tests.test_store import COUNTS, ONE, TWO, value


def saved(versions: Versions, path: Path, name: str = "") -> backup.Manifest:
    """The current version of some, or another one, written to a file."""
    version = versions.get(name) if name else versions.current()
    with path.open("wb") as out:
        return backup.save(version, out)


def kg(*words: str) -> subprocess.CompletedProcess[str]:
    """A run of the command."""
    command = [sys.executable, "-c", "from kg.cli import main; main()", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_there_and_back(versions: Versions, tmp_path: Path) -> None:
    """The real graph comes back with the same name, summary, and every quad."""
    file, folder = tmp_path / "landscape.tar.zst", tmp_path / "restored"

    done = kg("backup", str(file), "--store", str(versions.root))
    assert (done.returncode, done.stderr) == (0, "")
    assert versions.current().name in done.stdout
    done = kg("restore", str(file), "--store", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Version {versions.current().name} is current in {folder}.\n"

    restored = Versions(folder)
    assert restored.current().summary() == versions.current().summary()
    nquads = named("nquads", "graph")
    dumps = [v.open().store.dump(nquads) for v in (versions, restored)]
    assert dumps[0] == dumps[1]
    assert len(dumps[0].splitlines()) > 30_000
    again = tmp_path / "again.tar.zst"
    saved(restored, again)
    assert again.read_bytes() == file.read_bytes()


def test_any_version_by_name(tmp_path: Path) -> None:
    """An earlier one too; one that is not there is named with those that are."""
    versions = Versions(tmp_path / "store")
    versions.publish("one", ONE, COUNTS, keep=3)
    versions.publish("two", TWO, COUNTS, keep=3)
    options = ["--store", str(versions.root)]
    file = tmp_path / "one.tar.zst"

    assert kg("backup", str(file), "--version", "one", *options).returncode == 0
    done = kg("backup", str(file), "--version", "ghost", *options)
    assert (done.returncode, done.stderr) == (
        2,
        "kg: There is no version ghost (there are: two, one).\n",
    )
    with pytest.raises(NotFound):
        versions.get("ghost")

    restored = backup.restore(file, versions, keep=3)
    assert (restored.name, versions.current().name) == ("one", "one")
    assert value(versions.open().store) == "1"
    assert [version.name for version in versions.all()] == ["one", "two"]
    assert kg("backup", str(tmp_path / "no" / "folder"), *options).stderr.endswith(
        "cannot be written: No such file or directory.\n"
    )


def test_a_server_goes_over_to_what_is_restored(built: build.Built, tmp_path: Path) -> None:
    """As to any new version."""
    before, after = Versions(tmp_path / "before"), Versions(tmp_path / "after")
    before.publish("before", ONE, built.summary(), keep=3)
    after.publish("after", TWO, built.summary(), keep=3)
    saved(after, tmp_path / "file")
    with serving(before.root) as address:
        query = asked(address, "SELECT ?o { ?s ?p ?o }", format="csv")
        assert get(query)[1].split()[1:] == [b"1"]
        assert kg("restore", str(tmp_path / "file"), "--store", str(before.root)).returncode == 0
        until(lambda: get(query)[1].split()[1:] == [b"2"])
        assert get(query)[2]["x-kg-data-version"] == "after"


def repacked(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    """Write an archive as a forger would."""
    with (
        path.open("wb") as out,
        compressed(out) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for header, content in members:
            archive.addfile(header, io.BytesIO(content))


def members_of(path: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    """The headers and contents of a backup."""
    with (
        path.open("rb") as raw,
        decompressed(raw) as plain,
        tarfile.open(fileobj=io.BytesIO(plain.read())) as archive,
    ):
        found = [(member, archive.extractfile(member)) for member in archive]
        return [(member, content.read()) for member, content in found if content]


def manifested(members: list[tuple[tarfile.TarInfo, bytes]], **changes: object) -> None:
    """Change the manifest of some members, and its header's size."""
    header, text = members[0]
    content = json.dumps(json.loads(text) | changes).encode()
    header.size = len(content)
    members[0] = header, content


Members = list[tuple[tarfile.TarInfo, bytes]]


def added(name: str, type_: bytes = tarfile.REGTYPE, content: bytes = b"x") -> Callable[..., None]:
    """A forgery with one file more, which the manifest names."""

    def forge(members: Members) -> None:
        header = tarfile.TarInfo(name)
        header.type, header.linkname = type_, "/etc/passwd"
        header.size = len(content) if type_ == tarfile.REGTYPE else 0
        members.append((header, content if header.size else b""))
        files = json.loads(members[0][1])["files"]
        files[name] = [header.size, hashlib.sha256(members[-1][1]).hexdigest()]
        manifested(members, files=files)

    return forge


def unnamed(members: Members) -> None:
    """A file that the manifest does not name."""
    members.append((tarfile.TarInfo("store/more"), b""))


def doubled(members: Members) -> None:
    """A file that is there twice."""
    members.append(members[-1])


def without_last(members: Members) -> None:
    """A file that is not there."""
    del members[-1]


def with_another_byte(members: Members) -> None:
    """A file that is not as it was."""
    header, content = max(members[1:], key=lambda member: len(member[1]))
    members[members.index((header, content))] = header, bytes([content[0] ^ 1]) + content[1:]


def without_manifest(members: Members) -> None:
    """An archive of something else."""
    del members[0]


def with_changes(**changes: object) -> Callable[[Members], None]:
    """A manifest that says something else."""
    return lambda members: manifested(members, **changes)


FORGERIES: dict[str, tuple[Callable[[Members], None], str]] = {
    "climbing": (added("store/../../../climbed"), "it has no business with a file"),
    "elsewhere": (added("climbed"), "it has no business with a file"),
    "absolute": (added("/tmp/climbed"), "it has no business with a file"),  # noqa: S108
    "folder": (added("store/a/b"), "it has no business with a file"),
    "hidden": (added("store/.hidden"), "it has no business with a file"),
    "link": (added("store/link", tarfile.SYMTYPE), "'store/link' is no plain file"),
    "hard link": (added("store/link", tarfile.LNKTYPE), "'store/link' is no plain file"),
    "device": (added("store/device", tarfile.CHRTYPE), "'store/device' is no plain file"),
    "long name": (added("store/" + "x" * 200), "it has no business with a file"),
    "unnamed": (unnamed, "'store/more' is not as its manifest has it"),
    "doubled": (doubled, "is not as its manifest has it"),
    "missing": (without_last, "it ends before 'store/"),
    "damaged": (with_another_byte, "is not as its manifest has it"),
    "no manifest": (without_manifest, "it does not begin with a manifest"),
    "newer": (with_changes(format=2), "it is of format 2, which this kg does not know"),
    "climbing version": (with_changes(version="../x"), "'../x' is no name of a version"),
    "hidden version": (with_changes(version=".x"), "'.x' is no name of a version"),
    "no files": (with_changes(files=None), "its manifest lacks something"),
    "no summary": (with_changes(summary=3), "its manifest lacks something"),
    "negative": (with_changes(files={"store/a": [-1, ""]}), "a file 'store/a' of -1 bytes"),
    "infinite": (with_changes(files={"store/a": [float("inf"), ""]}), "lacks something"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_s17_archives_that_are_forged(tmp_path: Path, name: str) -> None:
    """Nothing is written anywhere, what was current stays, and the sentence says why."""
    assert len(FORGERIES) > 20
    forge, said = FORGERIES[name]
    versions, others = Versions(tmp_path / "store"), Versions(tmp_path / "others")
    versions.publish("one", ONE, COUNTS, keep=3)
    others.publish("two", TWO, COUNTS, keep=3)
    file = tmp_path / "file"
    saved(others, file)
    members = members_of(file)
    forge(members)
    repacked(file, members)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(BadInput) as caught:
        backup.restore(file, versions, keep=3)

    assert said in str(caught.value)
    assert "Nothing has changed." in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before
    assert versions.current().name == "one"
    assert not Path("/tmp/climbed").exists()  # noqa: S108


def test_files_that_are_cut_or_no_backups(tmp_path: Path) -> None:
    """Wherever they end, one sentence; the command says it."""
    versions = Versions(tmp_path / "store")
    versions.publish("one", ONE, COUNTS, keep=3)
    file = tmp_path / "file"
    saved(versions, file)
    whole = file.read_bytes()
    empty = io.BytesIO()
    compressed(empty).close()
    cuts = [whole[:end] for end in range(0, len(whole) - 1, max(1, len(whole) // 20))]
    assert len(cuts) >= 20
    for content in [*cuts, whole[:-1], whole + b"x", b"x" * 10_000, empty.getvalue()]:
        file.write_bytes(content)
        with pytest.raises(BadInput, match=r"is no backup, or damaged: .*\. Nothing has changed\."):
            backup.restore(file, versions, keep=3)
    done = kg("restore", str(file), "--store", str(versions.root))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"kg: {file} is no backup, or damaged: ")
    missing = kg("restore", str(tmp_path / "none"), "--store", str(versions.root))
    assert missing.stderr == f"kg: {tmp_path / 'none'} cannot be read: No such file or directory.\n"


def test_more_than_there_is_room_for(tmp_path: Path) -> None:
    """What claims to be larger than the disk is not read on."""
    versions = Versions(tmp_path / "store")
    versions.publish("one", ONE, COUNTS, keep=3)
    file = tmp_path / "file"
    saved(versions, file)
    members = members_of(file)
    manifested(members, files={"store/a": [10**18, ""]})
    repacked(file, members[:1])

    with pytest.raises(StoreError, match=r"1,000,000,000,000,000,000 bytes .* the disk is full"):
        backup.restore(file, versions, keep=3)

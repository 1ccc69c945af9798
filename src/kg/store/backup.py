"""A version in one file, and back: a tar archive, compressed with Zstandard.

    manifest.json   format, name of the version, summary; of each file its size and SHA-256
    store/<file>    the files of the Oxigraph store

What is read back is checked against the manifest to the last byte before anything changes. Nothing
but plain files that the manifest names is read: no folders, links or extensions of the format, and
no more than the disk has room for.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tarfile
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

from kg.encodings import BROKEN, compressed, decompressed
from kg.errors import BadInput, StoreError
from kg.store.embedded import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kg.store.versions import Version, Versions

_FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_MOST: Final = 10_000_000
"""Bytes that a manifest may have."""
_PIECE: Final = 1_000_000
_OWN: Final = re.compile(r"LOCK|LOG.*")
"""Files that whoever opens a store writes anew."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FILE: Final = re.compile(rf"store/{_NAME.pattern}")


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: sizes in bytes and hashes of the files, by their names."""

    version: str
    summary: Mapping[str, Any]
    files: Mapping[str, tuple[int, str]]
    format: int = _FORMAT

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(size for size, _ in self.files.values())

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        """The manifest of a text. Raises ``ValueError`` if it is none."""
        try:
            found = json.loads(text)
            if found["format"] != _FORMAT:
                raise ValueError(f"it is of format {found['format']}, which this kg does not know")
            files = {str(name): (int(f[0]), str(f[1])) for name, f in found["files"].items()}
            manifest = cls(str(found["version"]), dict(found["summary"]), files)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError):
            raise ValueError("its manifest lacks something") from None
        if not _NAME.fullmatch(manifest.version):
            raise ValueError(f"{manifest.version!r} is no name of a version")
        for name, (size, _) in files.items():
            if not _FILE.fullmatch(name) or size < 0:
                raise ValueError(f"it has no business with a file {name!r} of {size} bytes")
        return manifest


def save(version: Version, out: IO[bytes]) -> Manifest:
    """Write a version, which somebody keeps from being cleared away.

    Equal folders give equal bytes. Raises ``StoreError`` if the version cannot be read.
    """
    try:
        paths = sorted(p for p in version.store.iterdir() if not _OWN.fullmatch(p.name))
        files = {f"store/{path.name}": (path.stat().st_size, _hash(path)) for path in paths}
    except OSError as error:
        said = f"The version {version.name} cannot be read: {error.strerror}."
        raise StoreError(said) from None
    manifest = Manifest(version.name, version.summary(), files)
    text = json.dumps(asdict(manifest), sort_keys=True).encode()
    with (
        compressed(out) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        archive.addfile(_header(_MANIFEST, len(text)), io.BytesIO(text))
        for path, (name, (size, _)) in zip(paths, files.items(), strict=True):
            with path.open("rb") as file:
                archive.addfile(_header(name, size), file)
    return manifest


def restore(path: Path, versions: Versions, keep: int) -> Version:
    """Publish the version that a file holds and make it current; the newest ``keep`` stay.

    Raises ``BadInput`` if the file is missing, damaged or none of ours, ``StoreError`` if there is
    no room for it, the disk refuses, or another build is publishing.
    """
    manifest = _unpacked(path, versions.root, None)

    def write(folder: Path) -> None:
        folder.mkdir()
        _unpacked(path, versions.root, folder)
        try:
            EmbeddedStore.open(folder)
        except StoreError:
            raise BadInput(
                f"{path} holds a store that this kg cannot open: it is of another version of "
                "Oxigraph. Build it again from its files with `kg build`."
            ) from None

    return versions.publish_written(manifest.version, write, manifest.summary, keep)


def _unpacked(path: Path, root: Path, folder: Path | None) -> Manifest:
    """Check all that a file holds, and put its files into a folder, if there is one."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    with raw:
        try:
            with decompressed(raw) as archive:
                return _read(archive, root, folder)
        except (tarfile.TarError, ValueError, *BROKEN) as error:
            _refuse(path, error)


def _read(archive: IO[bytes], root: Path, folder: Path | None) -> Manifest:
    """Raises ``ValueError`` if something is not as the manifest has it."""
    first = _next(archive)
    if first is None or first.name != _MANIFEST or first.size > _MOST:
        raise ValueError("it does not begin with a manifest")
    manifest = Manifest.read(b"".join(_content(archive, first)))
    _check_room(manifest.size, root)
    left = dict(manifest.files)
    while (member := _next(archive)) is not None:
        size, wanted = left.pop(member.name, (-1, ""))
        if member.size != size:
            raise ValueError(f"{member.name!r} is not as its manifest has it")
        hashed = hashlib.sha256()
        place = folder / member.name.removeprefix("store/") if folder else None
        with place.open("xb") if place else io.BytesIO() as out:
            for piece in _content(archive, member):
                hashed.update(piece)
                if place:
                    out.write(piece)
        if hashed.hexdigest() != wanted:
            raise ValueError(f"{member.name!r} is not as its manifest has it")
    if left:
        raise ValueError(f"it ends before {min(left)!r}")
    if len(archive.read(tarfile.RECORDSIZE)) == tarfile.RECORDSIZE:  # to the checksum at the end
        raise ValueError("it goes on after its end")
    return manifest


def _next(archive: IO[bytes]) -> tarfile.TarInfo | None:
    """The next header, None at the end. tarfile's own reading would take links and extensions."""
    block = archive.read(tarfile.BLOCKSIZE)
    if not block.strip(b"\0"):
        return None
    header = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    if header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or header.size < 0:
        raise ValueError(f"{header.name!r} is no plain file")
    return header


def _content(archive: IO[bytes], header: tarfile.TarInfo) -> Iterator[bytes]:
    """The bytes of a file in pieces, and what fills up its last block passed over."""
    left = header.size
    while left:
        piece = archive.read(min(left, _PIECE))
        if not piece:
            raise EOFError
        left -= len(piece)
        yield piece
    archive.read(-header.size % tarfile.BLOCKSIZE)


def _refuse(path: Path, error: Exception) -> NoReturn:
    said = str(error).rstrip(".") or "it ends too soon"
    raise BadInput(f"{path} is no backup, or damaged: {said}. Nothing has changed.") from None


def _check_room(size: int, root: Path) -> None:
    there = next(folder for folder in (root, *root.resolve().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    if size > free:
        raise StoreError(
            f"The version takes {size:,} bytes and {root} has room for {free:,}: the disk is full; "
            "what was current is unchanged."
        )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size = size
    return header

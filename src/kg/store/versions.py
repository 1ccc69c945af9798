"""Published versions: folders that never change, and the link that says which one is current.

    <root>/versions/<data version>/store         the Oxigraph store
    <root>/versions/<data version>/summary.json  counts, for people
    <root>/current -> versions/<data version>
    <root>/kept                                  what the next build can go on from

A version is written into a hidden folder, synced, renamed; then one rename of the link makes it
current. Whatever is interrupted leaves the current version as it was. A reader holds a shared lock
on its version, so that it is not cleared away; one lock keeps two builds from publishing at once.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.errors import NotFound, StoreError
from kg.namespaces import PREFIXES
from kg.store.embedded import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kg.store.asking import Store
    from kg.store.remote import Engine

_STORE: Final = "store"
_SUMMARY: Final = "summary.json"
_LEASE: Final = "lease"


@dataclass(frozen=True)
class Version:
    """One published version: its data version, its folder, what its build counted."""

    name: str
    path: Path
    is_current: bool

    @property
    def store(self) -> Path:
        """The folder of the Oxigraph store."""
        return self.path / _STORE

    @property
    def is_plain(self) -> bool:
        """Whether it holds data as they were given, and not a built graph."""
        return bool(self.summary().get("plain"))

    def summary(self) -> dict[str, Any]:
        """The counts that the build wrote down. Raises ``StoreError`` if they are damaged."""
        try:
            summary: dict[str, Any] = json.loads((self.path / _SUMMARY).read_text("utf-8"))
        except (OSError, ValueError):
            raise StoreError(f"The version {self.name} is missing or damaged.") from None
        return summary


@dataclass(frozen=True)
class Change:
    """What makes a new version out of another one: N-Quads to take away and to add."""

    base: str
    removed: bytes
    added: bytes


@dataclass(frozen=True)
class Reading:
    """An open version; it is not cleared away while this object lives."""

    name: str
    store: Store
    place: Path | Engine
    """The folder of the store, or the engine that it asks."""
    is_known: bool = True
    """Whether the name is that of the data, so that equal names mean equal data."""

    @property
    def is_local(self) -> bool:
        """Whether the data are in files of this machine."""
        return isinstance(self.place, Path)


@dataclass(frozen=True)
class Opened(Reading):
    """A version in a folder."""

    store: EmbeddedStore
    place: Path


class Versions:
    """The versions in one folder, which need not exist yet."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root / "versions"
        self._link = root / "current"

    def current(self) -> Version:
        """The version that is served. Raises ``StoreError`` if nothing was built."""
        try:
            target = self._link.readlink()
        except OSError:
            raise StoreError(f"Nothing is built in {self.root}: run `kg build` first.") from None
        return Version(target.name, self._folder / target.name, is_current=True)

    def current_name(self) -> str | None:
        """The name of the current version, or None; cheap enough to ask on every request."""
        try:
            return os.path.basename(os.readlink(self._link))  # noqa: PTH115, PTH119
        except OSError:
            return None

    def all(self) -> list[Version]:
        """Every version, the newest first."""
        if not self._folder.is_dir():
            return []
        found: list[tuple[int, str]] = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # cleared away meanwhile
                if path.is_dir() and not path.name.startswith("."):
                    found.append((-path.stat().st_mtime_ns, path.name))
        current = self.current_name()
        return [Version(name, self._folder / name, name == current) for _, name in sorted(found)]

    def get(self, name: str) -> Version:
        """The version of that name. Raises ``NotFound`` if there is none."""
        found = [version for version in self.all() if version.name == name]
        if not found:
            known = ", ".join(version.name for version in self.all()) or "none"
            raise NotFound(f"There is no version {name} (there are: {known}).")
        return found[0]

    @property
    def kept(self) -> Path:
        """The folder in which a build keeps what the next one can go on from."""
        return self.root / "kept"

    def keep(self, save: Callable[[Path], None]) -> None:
        """Put what ``save`` writes into a new folder in the place of what was kept.

        Raises ``StoreError`` as ``publish`` does.
        """
        try:
            with (
                self._publishing(),
                tempfile.TemporaryDirectory(prefix=".building-", dir=self._folder) as folder,
            ):
                aside = Path(folder) / "kept"
                save(aside)
                for path in (*aside.iterdir(), aside):
                    _sync(path)
                self._remove(self.kept)
                aside.rename(self.kept)
        except OSError as error:
            raise self._refused(error) from None

    def publish(
        self,
        name: str,
        graphs: Mapping[str, bytes],
        summary: Mapping[str, Any],
        keep: int,
        change: Change | None = None,
    ) -> Version:
        """Write ``graphs`` as version ``name`` and make it current; keep the newest ``keep``.

        With ``change``, and the version that it is based on, only that is written, which has to
        come to the same. Raises as ``publish_written`` does.
        """

        def write(folder: Path) -> None:
            if change and _opens(self._folder / change.base):
                base = EmbeddedStore.open(self._folder / change.base / _STORE)
                base.changed(folder, change.removed, change.added)
            else:
                EmbeddedStore.create(folder, graphs)

        return self.publish_written(name, write, summary, keep)

    def publish_written(
        self, name: str, write: Callable[[Path], None], summary: Mapping[str, Any], keep: int
    ) -> Version:
        """Make the store that ``write`` puts into a folder version ``name``, and current.

        A version of that name is complete already and only made current. The newest ``keep`` stay.
        Raises ``StoreError`` if another build is publishing here or the disk refuses.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._publishing():
                self._clear_leftovers()
                final = self._folder / name
                if not _opens(final):
                    self._remove(final)
                    self._write(final, write, summary)
                os.utime(final)
                self._point_to(name)
                with contextlib.suppress(OSError):  # what stays now goes with the next version
                    self._prune(keep)
        except OSError as error:
            raise self._refused(error) from None
        return Version(name, final, is_current=True)

    def discard(self, name: str) -> None:
        """Remove a version that is complete but never became current, if there is such a one."""
        with contextlib.suppress(OSError, StoreError), self._publishing():
            if name != self.current_name():
                self._remove(self._folder / name)

    def _refused(self, error: OSError) -> StoreError:
        full = {errno.ENOSPC, errno.EDQUOT}  # which Oxigraph says in words only
        is_full = error.errno in full or any(os.strerror(number) in str(error) for number in full)
        what = "the disk is full" if is_full else error.strerror or error
        said = f"The version cannot be written to {self.root}: {what}; "
        return StoreError(f"{said}what was current is unchanged.")

    def rollback(self, name: str | None = None) -> Version:
        """Make version ``name`` current, or the newest one that is not.

        Raises ``NotFound`` if there is no such version.
        """
        others = [version for version in self.all() if not version.is_current]
        if not (name or others):
            raise NotFound("There is no other version to go back to.")
        chosen = self.get(name) if name else others[0]
        try:
            with self._publishing():
                self._point_to(chosen.name)
        except OSError as error:
            raise StoreError(
                f"{self.root} cannot be written: {error.strerror}; the version is unchanged."
            ) from None
        return Version(chosen.name, chosen.path, is_current=True)

    def open(self, version: Version | None = None) -> Opened:
        """Open a version, the current one by default, and keep it from being cleared away.

        Raises ``StoreError`` if nothing is built or the version is damaged.
        """
        chosen = version or self.current()
        try:
            return self._opened(chosen)
        except StoreError:
            if version or self.current_name() in (None, chosen.name):
                raise
        return self.open()  # another one became current, and this one was cleared away

    def _opened(self, chosen: Version) -> Opened:
        try:
            lease = os.open(chosen.path / _LEASE, os.O_RDONLY)
        except OSError:
            raise StoreError(f"The version {chosen.name} is missing or damaged.") from None
        try:
            fcntl.flock(lease, fcntl.LOCK_SH)
            if not os.fstat(lease).st_nlink:  # cleared away meanwhile
                raise StoreError(f"The version {chosen.name} is missing or damaged.")
            prefixes = {} if chosen.is_plain else PREFIXES  # ours mean nothing to other data
            store = EmbeddedStore.open(chosen.store, prefixes)
            reading = Opened(chosen.name, store, chosen.store)
        except BaseException:
            os.close(lease)
            raise
        weakref.finalize(reading, os.close, lease)
        return reading

    def open_any(self) -> Opened:
        """Open the newest version that can be. Raises ``StoreError`` as ``open`` does if none can.

        For whoever has to go on; what the current one lacks is not said.
        """
        for version in self.all():
            with contextlib.suppress(StoreError):
                return self.open(version)
        return self.open()

    def _write(
        self,
        final: Path,
        write: Callable[[Path], None],
        summary: Mapping[str, Any],
    ) -> None:
        aside = Path(tempfile.mkdtemp(prefix=".building-", dir=self._folder))
        aside.chmod(0o755)
        try:
            write(aside / _STORE)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        text = json.dumps(dict(summary), indent=2, sort_keys=True, ensure_ascii=False)
        (aside / _SUMMARY).write_text(f"{text}\n", "utf-8")
        (aside / _LEASE).touch()
        for path in (*sorted(aside.rglob("*")), aside):
            _sync(path)
        aside.rename(final)
        _sync(self._folder)

    def _point_to(self, name: str) -> None:
        aside = self.root / f".current-{os.getpid()}"
        aside.unlink(missing_ok=True)
        aside.symlink_to(Path("versions") / name)
        aside.replace(self._link)
        _sync(self.root)

    def _clear_leftovers(self) -> None:
        """Remove what an interrupted build left; nobody else publishes while this is called."""
        for pattern in (".building-*", ".gone-*"):
            for path in self._folder.glob(pattern):
                shutil.rmtree(path)
        for path in self.root.glob(".current-*"):
            path.unlink()

    def _prune(self, keep: int) -> None:
        kept = 1
        for version in self.all():
            if version.is_current:
                continue
            kept += 1
            if kept > keep:
                with _leased_by_nobody(version) as is_idle:
                    if is_idle:
                        self._remove(version.path)

    def _remove(self, path: Path) -> None:
        """Remove a version, out of sight first, so that no half of one is ever taken for whole."""
        if path.exists():
            gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=self._folder))
            path.rename(gone / path.name)
            shutil.rmtree(gone)

    @contextlib.contextmanager
    def _publishing(self) -> Iterator[None]:
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(
                    f"Another build is publishing to {self.root}: try again when it is done."
                ) from None
            yield


def _opens(path: Path) -> bool:
    """Whether a version is there and whole."""
    try:
        EmbeddedStore.open(path / _STORE)
        json.loads((path / _SUMMARY).read_text("utf-8"))
        return (path / _LEASE).exists()
    except (OSError, ValueError, StoreError):
        return False


@contextlib.contextmanager
def _leased_by_nobody(version: Version) -> Iterator[bool]:
    """Whether nobody has a version open; if so nobody opens it until the block ends."""
    if not (version.path / _LEASE).exists():
        yield True
        return
    with (version.path / _LEASE).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The version that is served, and earlier ones for as long as somebody asks them."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from kg.errors import Gone, StoreError

if TYPE_CHECKING:
    from kg.store.versions import Reading, Version, Versions


class Current:
    """The current version, opened anew whenever another one has become current.

    If the new version cannot be opened, the one before goes on being served, or at the start the
    newest that can be. Raises ``StoreError`` if there is none.
    """

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self.rejected: str | None = None
        """The version that is current but could not be opened, if there is one."""
        try:
            self._reading = versions.open()
        except StoreError:
            self._reading = versions.open_any()
            self.rejected = versions.current_name()
        self._opening = threading.Lock()
        self._others: weakref.WeakValueDictionary[str, Reading] = weakref.WeakValueDictionary()

    def names(self) -> tuple[str, str]:
        """The version that is current and the one that is open, which follows when it is asked."""
        return self._versions.current_name() or "", self._reading.name

    def get(self) -> Reading:
        """The open version; what it returned earlier stays usable."""
        reading = self._reading
        if self._versions.current_name() in (None, reading.name):
            return reading
        with self._opening:  # one thread does, and none comes back with an older one after that
            name = self._versions.current_name()
            if name not in (None, self._reading.name):
                try:
                    self._reading, self.rejected = self._versions.open(), None
                except StoreError:
                    self.rejected = name
            return self._reading

    def held(self) -> list[Version]:
        """The versions that can be asked for by name, the newest first."""
        return self._versions.all()

    def at(self, name: str) -> Reading:
        """A version by its name, open for as long as somebody uses it.

        Raises ``Gone`` if it is not held.
        """
        current = self.get()
        if name == current.name:
            return current
        reading = self._others.get(name)
        if reading is None:
            held = [version for version in self._versions.all() if version.name == name]
            try:
                reading = self._versions.open(held[0]) if held else None
            except StoreError:
                if held[0].path.exists():
                    raise
            if reading is None:
                raise Gone(f"The version {name} is not held here, or not any more.")
            self._others[name] = reading
        return reading

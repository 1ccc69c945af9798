"""An engine that is served: how processes open it, and which version it holds now."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from kg.errors import Gone, KgError
from kg.store.remote.capabilities import Capabilities, probe
from kg.store.remote.connection import Addresses
from kg.store.remote.store import RemoteStore
from kg.store.versions import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.store.versions import Version

_FRESH: Final = 2.0
"""Seconds for which an engine is taken to hold the version that it held."""


@dataclass(frozen=True)
class Engine:
    """An engine at its addresses, and what it was found to do."""

    addresses: Addresses
    seconds: float
    capabilities: Capabilities

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Engine:
        """What another process was told of it, as ``as_dict`` says it."""
        told = facts["capabilities"]
        listed = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
        capabilities = Capabilities(**(told | listed))
        return cls(Addresses(**facts["addresses"]), facts["seconds"], capabilities)

    def as_dict(self) -> dict[str, Any]:
        """Everything, the password included: for processes of ours alone."""
        return asdict(self)

    def open(self) -> RemoteStore:
        """A store that asks it."""
        return RemoteStore(self.addresses, self.seconds, capabilities=self.capabilities)


class CurrentOf:
    """What ``kg.store.Current`` is of a folder, of an engine, which is asked every few seconds.

    While it holds no catalog of ours, or has another put into it, its version is not known: then
    nothing that it answers can be kept, and each few seconds count as a version of their own. If it
    cannot be asked, the version is the one before and ``rejected`` says why. Raises
    ``ServiceError`` or ``Exceeded`` if it cannot be asked at the start.
    """

    def __init__(
        self, addresses: Addresses, seconds: float, found: Capabilities | None = None
    ) -> None:
        """``found`` is what the engine does, if that was found out just now."""
        self.rejected: str | None = None
        self._addresses = addresses
        self._seconds = seconds
        self._numbers = itertools.count(1)
        self._reading = self._opened(found)
        self._asked = time.monotonic()
        self._asking = threading.Lock()

    def again(self) -> CurrentOf:
        """The same over connections of its own, for a process that has come out of this one."""
        engine = self._reading.place
        found = engine.capabilities if isinstance(engine, Engine) else None
        return CurrentOf(self._addresses, self._seconds, found)

    @property
    def is_ours(self) -> bool:
        """Whether it holds a graph that was built here."""
        engine = self._reading.place
        return isinstance(engine, Engine) and engine.capabilities.is_ours

    def names(self) -> tuple[str, str]:
        """The version that it holds, twice, as of some seconds ago; empty if it is not known.

        Never waits: what is found out meanwhile is said the next time.
        """
        if self._is_old() and not self._asking.locked():
            threading.Thread(target=self.get, daemon=True).start()
        name = self._reading.name if self._reading.is_known else ""
        return name, name

    def get(self) -> Reading:
        """The version that it holds now, which is asked for if that was some seconds ago."""
        if not self._is_old():
            return self._reading
        with self._asking:
            if self._is_old():
                try:
                    self._look()
                    self.rejected = None
                except KgError as error:
                    self.rejected = str(error)
                self._asked = time.monotonic()
        return self._reading

    def held(self) -> list[Version]:
        """None: an engine holds one, and no record of when it came."""
        return []

    def at(self, name: str) -> Reading:
        """The version of that name. Raises ``Gone`` for another than the engine holds."""
        current = self.get()
        if name != current.name:
            raise Gone(f"The version {name} is not held here, or not any more.")
        return current

    def _is_old(self) -> bool:
        return time.monotonic() - self._asked > _FRESH

    def _look(self) -> None:
        """Have another reading if the engine holds another version, or if that is not known."""
        store = self._reading.store
        version = store.data_version() if isinstance(store, RemoteStore) else ""
        if version != self._reading.name:
            self._reading = self._opened()

    def _opened(self, found: Capabilities | None = None) -> Reading:
        found = found or probe(RemoteStore(self._addresses, self._seconds))
        engine = Engine(self._addresses, self._seconds, found)
        is_known = bool(found.data_version)
        name = found.data_version or f"unknown-{next(self._numbers)}"
        return Reading(name, engine.open(), engine, is_known)

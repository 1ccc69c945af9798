"""What is made of a version once, and kept for the versions that were asked for last."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from cachetools import LRUCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.store import Reading

T = TypeVar("T")

_MOST: Final = 3
"""Number of versions of which something is kept."""


class Versioned(Generic[T]):
    """What ``make`` makes of a version, by the version; one thread makes it, others wait."""

    def __init__(self, make: Callable[[Reading], T]) -> None:
        self._make = make
        self._known: LRUCache[str, T] = LRUCache(_MOST)
        self._making = threading.Lock()

    def of(self, version: Reading) -> T:
        """What is made of a version. Raises what ``make`` raises."""
        with self._making:
            if version.name not in self._known:
                self._known[version.name] = self._make(version)
            return self._known[version.name]

"""Where a version is, as one process tells another, and the store that is opened there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.store.embedded import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.store.asking import Store
    from kg.store.remote import Engine


def told(place: Path | Engine) -> dict[str, Any]:
    """A folder or an engine, as JSON has it; with a password, if the engine has one."""
    if isinstance(place, Path):
        return {"folder": str(place.resolve())}
    return {"engine": place.as_dict()}


def opened(facts: Mapping[str, Any]) -> Store:
    """The store at the place that ``facts`` tell. Raises ``StoreError`` if there is none."""
    if "engine" in facts:
        from kg.store.remote import Engine  # with its libraries, which no folder needs

        return Engine.of(facts["engine"]).open()
    return EmbeddedStore.open(Path(facts["folder"]))

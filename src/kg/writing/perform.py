"""How a change becomes a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.errors import Outdated
from kg.store.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kg.store import EmbeddedStore, Versions
    from kg.writing.order import Order


def perform(
    versions: Versions,
    order: Order,
    keep: int,
    check: Callable[[EmbeddedStore], None] | None = None,
) -> bool:
    """Make a version out of the current one by an order; whether a graph was made.

    The newest ``keep`` versions stay. ``check`` raises ``Rejected`` for data that are not to be
    published. Raises ``Outdated`` if another version is current than the order is for, else as
    ``Order.carry_out`` and ``Versions.publish_written`` do; then nothing has
    changed.
    """
    made = False
    summary: dict[str, object] = {"plain": True}

    def write(folder: Path) -> None:
        nonlocal made
        base = versions.open()  # while nobody else publishes
        if order.only_after not in ("", base.name):
            raise Outdated("The data have changed meanwhile: nothing is changed.")
        summary["after"] = base.name
        base.store.copy(folder)
        draft = Draft(folder)
        made = order.carry_out(draft)
        if check is not None:
            check(draft.reading())
        draft.finish()

    versions.publish_written(order.version, write, summary, keep)
    return made

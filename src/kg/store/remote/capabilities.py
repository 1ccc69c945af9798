"""What an engine does in its own way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Capabilities:
    """What an engine was found to be and to do.

    ``default_graphs`` are those that a plain query is sent with, if its own default graph is not
    ours; ``most_rows`` is what it cuts answers at, 0 if nothing is known of that.
    """

    name: str = ""
    is_ours: bool = False
    default_graphs: tuple[str, ...] = ()
    most_rows: int = 0

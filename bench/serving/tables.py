"""Cells of several rounds as medians with their spread, and ratios between servers."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from serving.peers import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from serving.loading import Cell

COLUMNS: Final = (
    *("connections", "server", "requests/s", "spread", "p50 ms", "p99 ms", "CPU", "MB"),
    *("start s", "hits", "failures", "requests/s x", "p99 x"),
)
EQUAL: Final = "equal"


@dataclass(frozen=True)
class Measured:
    """One cell of one round, and where it belongs."""

    models: int
    cores: str
    queries: str
    connections: int
    server: str
    round: int
    cell: Cell


Starts = dict[tuple[str, str], list[float]]
"""Seconds from the start to the first right answer, by cores and server."""


def ratio(ours: Sequence[float], other: Sequence[float]) -> str:
    """Ours by another's, of medians; a difference within what either varies is none."""
    if min(*ours, *other) <= 0:
        return "-"
    if max(ours) >= min(other) and max(other) >= min(ours):
        return EQUAL
    found = statistics.median(ours) / statistics.median(other)
    return f"{found:.1f}" if found >= 10 else f"{found:.2f}"


def spread(values: Sequence[float]) -> str:
    """How far the least and the most are apart, in parts of the median."""
    middle = statistics.median(values)
    return f"{(max(values) - min(values)) / middle:.0%}" if middle else "-"


def rows(measured: Sequence[Measured], starts: Starts) -> Iterable[list[str]]:
    """The rows of a table: those of one size, one sharing out of cores and one kind of queries."""
    servers = list(dict.fromkeys(one.server for one in measured))
    for connections in sorted({one.connections for one in measured}):
        of = {
            server: [
                one.cell
                for one in measured
                if (one.server, one.connections) == (server, connections)
            ]
            for server in servers
        }
        ours = of.get(OURS, [])
        for server, cells in of.items():
            if not cells:
                continue
            began = starts.get((measured[0].cores, server), [])
            per_second = [cell.per_second for cell in cells]
            failures = sum(sum(cell.problems.values()) for cell in cells)
            hits = [cell.hits for cell in cells if cell.hits is not None]
            ratios = ["", ""]
            if server != OURS and ours:
                ratios = [
                    ratio([cell.per_second for cell in ours], per_second),
                    ratio([cell.p99 for cell in ours], [cell.p99 for cell in cells]),
                ]
            yield [
                str(connections),
                server,
                f"{statistics.median(per_second):,.0f}",
                spread(per_second),
                *(
                    f"{statistics.median(getattr(cell, name) for cell in cells):.2f}"
                    for name in ("p50", "p99", "cpu")
                ),
                f"{statistics.median(cell.megabytes for cell in cells):,.0f}",
                f"{statistics.median(began):.2f}" if began else "-",
                f"{statistics.median(hits):.1%}" if hits else "-",
                f"**{failures:,}**" if failures else "0",
                *ratios,
            ]


def problems(measured: Iterable[Measured]) -> Iterable[str]:
    """A line for each cell with a failure."""
    for one in measured:
        if one.cell.problems:
            said = ", ".join(f"{number:,} {what}" for what, number in one.cell.problems.items())
            yield (
                f"{one.server}, {one.queries}, {one.cores}, {one.connections} connections, "
                f"round {one.round}: {said} (of {one.cell.requests:,} requests, "
                f"{one.cell.compared} compared)"
            )


def markdown(table: Iterable[Sequence[str]]) -> str:
    """A table with the columns of all."""
    lines = [f"| {' | '.join(line)} |" for line in (COLUMNS, *table)]
    return "\n".join([lines[0], "|---" * len(COLUMNS) + "|", *lines[1:]])


def plot(measured: Sequence[Measured], path: Path) -> None:
    """Requests a second by connections, a panel for each size, cores and kind of queries."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    panels = list(dict.fromkeys((one.models, one.cores, one.queries) for one in measured))
    kinds = len({one.queries for one in measured})
    lines = -(-len(panels) // kinds)
    figure, axes = plt.subplots(
        lines,
        kinds,
        figsize=(4.5 * kinds, 3.2 * lines),
        squeeze=False,
        sharey="row",
        layout="constrained",
    )
    shown = {}
    servers = list(dict.fromkeys(one.server for one in measured))
    for axis, panel in zip(axes.flat, panels, strict=False):
        for number, server in enumerate(servers):
            points: dict[int, list[float]] = {}
            for one in measured:
                if (one.models, one.cores, one.queries, one.server) == (*panel, server):
                    points.setdefault(one.connections, []).append(one.cell.per_second)
            middle = {at: statistics.median(values) for at, values in sorted(points.items())}
            if middle:
                (shown[server],) = axis.plot(
                    [str(at) for at in middle],
                    list(middle.values()),
                    marker="o",
                    color=f"C{number}",
                )
        axis.set_yscale("log")
        axis.set_title(f"{panel[0]:,} models, {panel[2]}, {panel[1]}", fontsize=9)
        axis.set_xlabel("connections")
    for line in axes:
        line[0].set_ylabel("requests/s")
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(path)
    plt.close(figure)

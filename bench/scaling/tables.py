"""What was measured at several sizes as tables, and what it says of sizes that were not."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.settings import Settings
from scaling.growth import is_faster, power, reached
from scaling.measuring import copies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from build import Run
    from scaling.asking import Answered
    from scaling.measuring import Served, Sizes

    Values = Sequence[float | None]

MARGIN: Final = 0.3
"""What the power of a time may be above that of its rows: measuring has some spread, and large data
are no longer in the caches of the processor."""
STEP: Final = 3_600
"""Seconds that a step of a build is not to pass."""
START: Final = 10
"""Seconds that the first answer is not to pass."""
SHORT: Final = 0.05
"""Seconds below which a time says nothing of how it grows."""
FAR: Final = 1_000
"""How many times the largest size is too far away to say more of it."""
_SOONEST: Final = 5
"""Number of questions that are told of each limit."""


@dataclass(frozen=True)
class Measured:
    """One size."""

    models: int
    run: Run
    sizes: Sizes
    served: Served


@dataclass(frozen=True)
class Machine:
    """What there is of memory and disk, in megabytes."""

    memory: float
    disk: float


@dataclass(frozen=True)
class Bound:
    """Something that grows, and what it is not to pass; both in ``unit``."""

    what: str
    values: Values
    bound: float
    unit: str
    least: float = 0.0
    """Below this a value says nothing of how it grows."""


def building(measured: Sequence[Measured]) -> list[str]:
    """A row for each step of a build, and its memory: values at each size, powers between them."""
    steps = _steps(measured)
    steps["all"] = [one.run.total for one in measured]
    steps["CPU"] = [one.run.cpu for one in measured]
    rows = [_row(step, measured, seconds, _seconds, SHORT) for step, seconds in steps.items()]
    memory = [float(one.run.memory) for one in measured]
    return [
        *_head("a build, seconds", measured),
        *rows,
        _row("peak memory, MB", measured, memory, _whole),
    ]


def _steps(measured: Sequence[Measured]) -> dict[str, list[float]]:
    """Seconds of each step at each size."""
    names = measured[-1].run.steps
    return {name: [one.run.steps.get(name, 0.0) for one in measured] for name in names}


def serving(measured: Sequence[Measured]) -> list[str]:
    """Rows for what is stored and what the server takes: values at each size, powers between."""

    def sizes(what: str, value: Callable[[Measured], float]) -> str:
        return _row(what, measured, list(map(value, measured)), _short)

    def server(
        what: str, value: Callable[[Served], float | None], shown: Callable[..., str]
    ) -> str:
        return _row(what, measured, [value(one.served) for one in measured], shown, of_server=True)

    places = " | ".join(one.served.place for one in measured)
    return [
        *_head("", measured),
        sizes("statements asserted", lambda one: one.run.asserted),
        sizes("statements served", lambda one: one.sizes.statements),
        sizes("sources, MB", lambda one: one.sizes.sources),
        sizes("built version, MB", lambda one: one.sizes.store),
        sizes("kept for the next build, MB", lambda one: one.sizes.kept),
        f"| questions are answered from | {places} |{'  |' * (len(measured) - 1)}",
        server("first answer, s", lambda one: one.first, _seconds),
        server("data in memory, s", lambda one: one.loaded, _seconds),
        server("memory after the start, MB", lambda one: one.idle, _whole),
        server("memory after all questions, MB", lambda one: one.after, _whole),
    ]


def _head(first: str, measured: Sequence[Measured]) -> list[str]:
    sizes = [f"{one.models:,}" for one in measured]
    between = [f"slope {a.models:,}-{b.models:,}" for a, b in itertools.pairwise(measured)]
    cells = [first, *sizes, *between]
    return [f"| {' | '.join(cells)} |", "|---" * len(cells) + "|"]


def _row(
    what: str,
    measured: Sequence[Measured],
    values: Values,
    shown: Callable[[float], str],
    least: float = 0.0,
    *,
    of_server: bool = False,
) -> str:
    """What, its values, and its powers; none of a server between memory and disk."""
    cells = ["-" if value is None else shown(value) for value in values]
    for (a, b), pair in zip(itertools.pairwise(measured), itertools.pairwise(values), strict=True):
        is_alike = not of_server or a.served.place == b.served.place
        cells.append(_power(power((a.models, b.models), pair, least) if is_alike else None))
    return f"| {what} | {' | '.join(cells)} |"


def asking(
    models: Sequence[int],
    found: Sequence[Mapping[str, Answered]],
    places: Sequence[str],
) -> list[str]:
    """A row for each question, the longest first, and sentences on those that are not there.

    ``places`` say where the data were; there are no powers between memory and disk.
    """
    sizes = [f"{n:,}, {place}: ms | rows" for n, place in zip(models, places, strict=True)]
    has_memory = any(one.megabytes for one in found[-1].values())
    more = [f"MB at {models[-1]:,}"] * has_memory
    head = " | ".join(["question", *sizes, "power of ms", "of rows", *more])
    lines = [f"| {head} |", "|---" * (head.count("|") + 1) + "|"]
    nothing, faster, ended = [], [], []
    is_alike = len(set(places[-2:])) == 1
    for name in sorted(found[-1], key=lambda name: -(found[-1][name].ms or float("inf"))):
        of_size = [one[name] for one in found]
        last = of_size[-1]
        times, rows = [one.ms for one in of_size], [one.rows for one in of_size]
        by = (power(models, times) if is_alike else None), power(models, rows)
        if is_faster(*by, MARGIN):
            faster.append(f"`{name}`")
        if last.limit:
            ended.append(f"`{name}` ({last.limit})")
        if not any(rows) and not any(one.limit for one in of_size):
            nothing.append(f"`{name}` {last.ms:,.1f}")
            continue
        cells = [_cell(one) for one in of_size] + list(map(_power, by))
        cells += ["-" if last.megabytes is None else _whole(last.megabytes)] * has_memory
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    lines += ["", f"No rows at any size, and ms at {models[-1]:,}: {', '.join(nothing) or 'none'}."]
    if len(models) > 1 and is_alike:
        said = ", ".join(faster) or "none"
        lines += ["", f"Above the power of their rows, and above 1, by more than {MARGIN}: {said}."]
    if ended:
        lines += ["", f"Ended by a limit at {models[-1]:,}: {', '.join(ended)}."]
    return lines


def _cell(one: Answered) -> str:
    if one.ms is None:
        return f"ended ({one.limit}) | -"
    return f"{one.ms:,.1f} | {one.rows:,}"


def breaking(measured: Sequence[Measured], machine: Machine) -> list[str]:
    """What passes its bound at how many models, if all goes on as between the last two sizes."""
    models = [one.models for one in measured]
    last = models[-1]
    questions = itertools.chain(*(_soonest(models, bounds) for bounds in _of_questions(measured)))
    found = [(_at(models, one), one) for one in (*_of_machine(measured, machine), *questions)]
    lines = [
        f"| what | its bound | at {last:,} | power | models at the bound |",
        "|---" * 5 + "|",
    ]
    for at, one in sorted(((at, one) for at, one in found if at), key=lambda pair: pair[0]):
        if at > FAR * last:
            continue
        value = one.values[-1] or 0.0
        cells = [one.what, f"{_short(one.bound)} {one.unit}", f"{_short(value)} {one.unit}"]
        cells += [_power(power(models, one.values, one.least)), _round(at)]
        lines.append(f"| {' | '.join(cells)}{' (measured)' if at <= last else ''} |")
    far = [one.what for at, one in found if at and at > FAR * last]
    unknown = [one.what for at, one in found if at is None]
    return [
        *lines,
        "",
        f"Not before {FAR * last:,} models: {', '.join(far) or 'none'}.",
        f"Too short to tell, or not growing: {', '.join(unknown) or 'none'}.",
    ]


def _of_machine(measured: Sequence[Measured], machine: Machine) -> list[Bound]:
    """The bounds of a build, of the disk and of a server."""
    defaults = Settings.load({})
    steps = _steps(measured)

    def of(value: Callable[[Measured], float]) -> list[float]:
        return list(map(value, measured))

    def of_server(value: Callable[[Served], float]) -> Values:
        last = measured[-1].served.place
        return [value(one.served) if one.served.place == last else None for one in measured]

    return [
        *(Bound(f"build: {step}", seconds, STEP, "s", SHORT) for step, seconds in steps.items()),
        Bound("build: memory", of(lambda one: one.run.memory), machine.memory, "MB"),
        Bound(
            "sources, version and what is kept on disk",
            of(lambda one: one.sizes.sources + one.sizes.store + one.sizes.kept),
            machine.disk,
            "MB",
        ),
        Bound(
            "copies of the data in memory",
            of(lambda one: copies(one.sizes.statements)),
            machine.memory * defaults.copies_share / 100,
            "MB",
        ),
        Bound("server: first answer", of_server(lambda one: one.first), START, "s", SHORT),
        Bound("server: memory", of_server(lambda one: one.after), machine.memory, "MB"),
    ]


def _of_questions(measured: Sequence[Measured]) -> tuple[list[Bound], list[Bound]]:
    """The bounds of each question: the default deadline, and the default memory of a query."""
    defaults = Settings.load({})
    place = measured[-1].served.place
    of_time, of_memory = [], []
    for name in measured[-1].served.answers:
        seconds, memory = [], []
        for one in measured:
            answer = one.served.answers[name]
            is_alike = one.served.place == place
            seconds.append(answer.ms / 1000 if is_alike and answer.ms else None)
            memory.append(answer.megabytes if is_alike else None)
        of_time.append(Bound(f"`{name}`", seconds, defaults.deadline, "s"))
        of_memory.append(Bound(f"memory of `{name}`", memory, defaults.query_memory, "MB"))
    return of_time, of_memory


def _soonest(models: Sequence[int], bounds: Sequence[Bound]) -> list[Bound]:
    """Those that come to their bounds with the fewest models."""
    known = [one for one in bounds if _at(models, one) is not None]
    return sorted(known, key=lambda one: _at(models, one) or 0.0)[:_SOONEST]


def _at(models: Sequence[int], one: Bound) -> float | None:
    """The number of models at which something comes to its bound."""
    return reached(models, one.values, one.bound, one.least)


def _power(value: float | None) -> str:
    return "" if value is None else f"{round(value, 2) + 0.0:.2f}"  # and no -0.00


def _seconds(value: float) -> str:
    return f"{value:.2f}"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _round(value: float) -> str:
    """A number of models with two digits that count."""
    return f"{float(f'{value:.1e}'):,.0f}"

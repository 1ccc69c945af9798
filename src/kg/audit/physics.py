"""Figures that no machine could have reached, or that ask for a second look.

Two checks of a training run, both in intervals. Its compute is at most what its accelerators can
do at peak in the stated time. And a dense model takes about six floating-point operations for each
parameter and token (Kaplan et al. 2020, arXiv:2001.08361, section 2.1). An input that is missing,
or not stated, makes a run "cannot be judged"; it never makes a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from kg.audit.items import Grade, Item, Statement
from kg.audit.view import Span, View, hull, number
from kg.graph.claims import CLLM, Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rdflib.term import Node

    from kg.graph.figures import Interval

SECONDS_PER_HOUR: Final = 3600
LOW_USE: Final = Fraction(1, 100)
"""Below this share of the peak a run asks for a second look."""
SHORT: Final = Fraction(24)
"""Hours: a run that would be over sooner, even at LOW_USE, asks for a second look."""
OPERATIONS: Final = 6
"""Floating-point operations for each parameter and token of a dense model, at least."""
ROUGHLY: Final = 2
"""By this factor the rule of six may be off without a verdict."""


@dataclass(frozen=True)
class _Machine:
    """What the accelerators of a run can do together, in FLOP/s at peak, or what is missing."""

    peak: Span | None
    printed: Span | None
    statements: tuple[Statement, ...]
    words: str
    missing: tuple[str, ...]


def compute_against_hardware(view: View) -> Iterator[Item]:
    """Stated compute against number of accelerators, peak throughput and time."""
    for run in view.members(CLLM.TrainingRun):
        readings = view.readings(run, CLLM.trainingCompute)
        machine = _machine(view, run)
        times = view.readings(run, CLLM.trainingHours)
        hours = hull(t.value for t in times)
        printed = hull((t.value for t in times), printed=True)
        stated = (*machine.statements, *(view.claimed(t) for t in times))
        missing = list(machine.missing)
        missing += [] if readings else [view.name(CLLM.trainingCompute)]
        if readings and machine.peak is not None:
            for reading in readings:
                yield from _judged(view, run, reading, machine, hours, printed, stated)
        missing += [] if times else [view.name(CLLM.trainingHours)]
        if missing:
            yield Item(
                "compute-against-hardware",
                Grade.CANNOT_BE_JUDGED,
                str(CLLM.trainingCompute),
                str(run),
                view.name(run),
                tuple(dict.fromkeys((*(view.claimed(r) for r in readings), *stated))),
                f"Not stated: {', '.join(missing)}.",
            )


def _judged(
    view: View,
    run: Node,
    reading: Claim,
    machine: _Machine,
    hours: Span | None,
    printed: Span | None,
    stated: tuple[Statement, ...],
) -> Iterator[Item]:
    value, peak = reading.value, machine.peak
    if value is None or peak is None:
        return
    statements = tuple(dict.fromkeys((view.claimed(reading), *stated)))
    item = _item(view, run, "compute-against-hardware", statements)
    if hours is None or printed is None or machine.printed is None:
        fewest = _over(value.high, _times(peak.low, LOW_USE * SECONDS_PER_HOUR))
        if fewest is not None and fewest < SHORT:
            yield item(
                Grade.ODDITY,
                f"At {number(LOW_USE * 100)} percent of peak ({machine.words}) "
                f"{number(value.high or 0)} FLOP take {number(fewest)} hours, "
                "and the source states no time.",
                None,
            )
        return
    most = peak * hours * SECONDS_PER_HOUR
    plain = machine.printed * printed * SECONDS_PER_HOUR
    words = f"{machine.words} for {printed} hours can do {plain} FLOP at peak"
    if value.low is not None and most.high is not None and value.low > most.high:
        ratio = Fraction(value.minimum or value.low) / (plain.high or most.high)
        yield item(
            Grade.IMPOSSIBLE,
            f"{words}; {number(value.minimum or value.low)} are stated, {number(ratio)} times "
            "the most that is possible.",
            float(ratio),
        )
    elif value.high is not None and most.low and value.high < most.low * LOW_USE:
        ratio = most.low / value.high
        yield item(
            Grade.ODDITY,
            f"{words}; {number(value.high)} are stated, less than "
            f"{number(LOW_USE * 100)} percent of it.",
            float(ratio),
        )


def _item(
    view: View, run: Node, rule: str, statements: tuple[Statement, ...]
) -> Callable[[Grade, str, float | None], Item]:
    def make(grade: Grade, arithmetic: str, ratio: float | None) -> Item:
        kind, name = str(CLLM.trainingCompute), view.name(run)
        decision = view.decision(run, CLLM.trainingCompute)
        return Item(rule, grade, kind, str(run), name, statements, arithmetic, ratio, decision)

    return make


def _machine(view: View, run: Node) -> _Machine:
    """The peak of all accelerators of a run; every use must say which and how many."""
    uses = sorted(view.graph.objects(run, CLLM.hasHardwareUse), key=str)
    nothing = Span(Fraction(0), Fraction(0))
    total, plain = (nothing, nothing) if uses else (None, None)
    statements: list[Statement] = []
    words: list[str] = []
    missing: set[str] = set() if uses else {view.name(CLLM.accelerator)}
    for use in uses:
        counts = view.readings(use, CLLM.acceleratorCount)
        accelerators = sorted(view.graph.objects(use, CLLM.accelerator), key=str)
        count = hull(c.value for c in counts)
        peaks = _peaks(view, accelerators)
        peak, printed = hull(peaks or ()), hull(peaks or (), printed=True)
        statements += [view.claimed(c) for c in counts]
        statements += [s for a in accelerators for s in view.said(use, CLLM.accelerator, a)]
        missing |= set() if count else {view.name(CLLM.acceleratorCount)}
        missing |= set() if accelerators else {view.name(CLLM.accelerator)}
        missing |= set() if peak or not accelerators else {view.name(CLLM.peakThroughput)}
        if count is None or peak is None or printed is None:
            total = plain = None
            continue
        total = None if total is None else total + count * peak
        plain = None if plain is None else plain + count * printed
        named = " or ".join(view.name(a) for a in accelerators)
        words.append(f"{count} {named} of {printed} FLOP/s each")
    return _Machine(total, plain, tuple(statements), " and ".join(words), tuple(sorted(missing)))


def _peaks(view: View, accelerators: list[Node]) -> list[Interval] | None:
    """The peaks of accelerators and of their versions; None if that of one is not stated."""
    values: list[Interval] = []
    for accelerator in accelerators:
        versions = sorted(set(view.graph.subjects(CLLM.versionOf, accelerator)), key=str)
        for chip in (accelerator, *versions):
            found = [r.value for r in view.readings(chip, CLLM.peakThroughput) if r.value]
            if not found and not (chip == accelerator and versions):
                return None
            values += found
    return values


def compute_against_tokens(view: View) -> Iterator[Item]:
    """Stated compute of a dense model against six operations for each parameter and token."""
    for model in view.members(CLLM.Model):
        for run in sorted(view.graph.objects(model, CLLM.hasTrainingRun), key=str):
            tokens = view.readings(run, CLLM.trainingTokens)
            sizes = view.readings(model, CLLM.parameterCount)
            computes = view.readings(run, CLLM.trainingCompute)
            if not tokens or not sizes or not computes:
                continue
            shape = _shape(view, model, sizes)
            inputs = (*tokens, *sizes)
            need, printed = (
                size * token * OPERATIONS
                for plain in (False, True)
                if (size := hull((s.value for s in sizes), printed=plain))
                and (token := hull((t.value for t in tokens), printed=plain))
            )
            for reading in computes:
                statements = tuple(view.claimed(c) for c in (reading, *inputs))
                yield from _dense(view, run, reading, need, printed, shape, statements)


def _dense(
    view: View,
    run: Node,
    reading: Claim,
    need: Span,
    printed: Span,
    shape: str,
    statements: tuple[Statement, ...],
) -> Iterator[Item]:
    if reading.value is None:
        return
    low = _over(need.low, reading.value.high)
    high = _over(reading.value.low, need.high)
    words = (
        f"{OPERATIONS} operations for each parameter and token make {printed} FLOP; "
        f"{number(reading.value.minimum or reading.value.maximum or 0)} are stated"
    )
    few = _over(printed.low, reading.value.maximum) or low
    many = _over(reading.value.minimum, printed.high) or high
    item = _item(view, run, "compute-against-tokens", statements)
    if shape != "dense":
        said = "The source does not say whether the model is dense. " if not shape else ""
        if low is not None and low > ROUGHLY and not shape:
            yield item(Grade.CANNOT_BE_JUDGED, f"{said}If it is: {words}.", float(few or low))
    elif low is not None and low > ROUGHLY:
        yield item(
            Grade.IMPOSSIBLE, f"{words}, {number(few or low)} times too few.", float(few or low)
        )
    elif high is not None and high > ROUGHLY:
        yield item(
            Grade.TENSION, f"{words}, {number(many or high)} times as many.", float(many or high)
        )


def _shape(view: View, model: Node, sizes: list[Claim]) -> str:
    """Whether a model is dense: stated, or sized in a passage that marks all that are not.

    "dense", "sparse", or "" if no source says.
    """
    stated = set(view.graph.objects(model, CLLM.architecture))
    if stated:
        return "dense" if stated == {CLLM.dense} else "sparse"
    marked = {
        size.passage
        for size in sizes
        if (size.passage, CLLM.completeFor, CLLM.architecture) in view.graph
    }
    return "dense" if marked else ""


def _times(value: Fraction | None, factor: Fraction | int) -> Fraction | None:
    return None if value is None else value * factor


def _over(value: Fraction | None, divisor: Fraction | None) -> Fraction | None:
    return None if value is None or not divisor else value / divisor

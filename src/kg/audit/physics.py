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

from kg.audit.quantities import exact, figure, printed, product, readings, total
from kg.audit.view import Span, View, number
from kg.graph.claims import CLLM, Claim
from kg.judged import Grade, Item, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rdflib.term import Node

    from kg.judged import Quantity

SECONDS_PER_HOUR: Final = 3600
LOW_USE: Final = Fraction(1, 100)
"""Below this share of the peak a run asks for a second look."""
SHORT: Final = Fraction(24)
"""Hours: a run that would be over sooner, even at LOW_USE, asks for a second look."""
OPERATIONS: Final = 6
"""Floating-point operations for each parameter and token of a dense model, at least."""
ROUGHLY: Final = 2
"""By this factor the rule of six may be off without a verdict."""

FLOP: Final = str(CLLM.flop)
FLOP_PER_SECOND: Final = str(CLLM.flopPerSecond)
HOUR: Final = str(CLLM.hour)
_SECONDS: Final = exact("seconds in an hour", SECONDS_PER_HOUR)


@dataclass(frozen=True)
class _Machine:
    """What the accelerators of a run can do together, in FLOP/s at peak, or what is missing."""

    peak: Quantity | None
    statements: tuple[Statement, ...]
    words: str
    missing: tuple[str, ...]


def compute_against_hardware(view: View) -> Iterator[Item]:
    """Stated compute against number of accelerators, peak throughput and time."""
    for run in view.members(CLLM.TrainingRun):
        computes = view.readings(run, CLLM.trainingCompute)
        machine = _machine(view, run)
        times = view.readings(run, CLLM.trainingHours)
        stated = (*machine.statements, *map(view.claimed, times))
        missing = list(machine.missing)
        missing += [] if computes else [view.name(CLLM.trainingCompute)]
        if computes and machine.peak is not None:
            hours = readings(view, times, "hours")
            for reading in computes:
                yield from _judged(view, run, reading, machine, hours, stated)
        missing += [] if times else [view.name(CLLM.trainingHours)]
        if missing:
            yield Item(
                "compute-against-hardware",
                Grade.CANNOT_BE_JUDGED,
                str(CLLM.trainingCompute),
                str(run),
                view.name(run),
                tuple(dict.fromkeys((*map(view.claimed, computes), *stated))),
                f"Not stated: {', '.join(missing)}.",
            )


def _judged(
    view: View,
    run: Node,
    reading: Claim,
    machine: _Machine,
    hours: Quantity | None,
    stated: tuple[Statement, ...],
) -> Iterator[Item]:
    value, peak = reading.value, machine.peak
    if value is None or peak is None:
        return
    statements = tuple(dict.fromkeys((view.claimed(reading), *stated)))
    item = _item(view, run, "compute-against-hardware", statements)
    compute = figure(view, reading)
    use = f"{number(LOW_USE * 100)} percent"
    share = exact(f"{use} of it", LOW_USE)
    if hours is None:
        fewest = _over(value.high, _times(peak.low, LOW_USE * SECONDS_PER_HOUR))
        if fewest is not None and fewest < SHORT:
            short = exact("hours", SHORT, unit=HOUR)
            label = f"{peak.label} for {number(SHORT)} hours at {use} of peak"
            yield item(
                Grade.ODDITY,
                f"At {use} of peak ({machine.words}) "
                f"{number(value.high or 0)} FLOP take {number(fewest)} hours, "
                "and the source states no time.",
                None,
                (*compute, product(label, FLOP, (peak, short, _SECONDS, share))),
            )
        return
    label = f"{peak.label} for {printed(hours)} hours at peak"
    most = product(label, FLOP, (peak, hours, _SECONDS))
    words = f"{machine.words} for {printed(hours)} hours can do {printed(most)} FLOP at peak"
    if value.low is not None and most.high is not None and value.low > most.high:
        ratio = Fraction(value.minimum or value.low) / (most.maximum or most.high)
        yield item(
            Grade.IMPOSSIBLE,
            f"{words}; {number(value.minimum or value.low)} are stated, {number(ratio)} times "
            "the most that is possible.",
            float(ratio),
            (*compute, most),
        )
    elif value.high is not None and most.low and value.high < most.low * LOW_USE:
        ratio = most.low / value.high
        yield item(
            Grade.ODDITY,
            f"{words}; {number(value.high)} are stated, less than {use} of it.",
            float(ratio),
            (*compute, most, product(share.label, FLOP, (most, share))),
        )


def _item(
    view: View, run: Node, rule: str, statements: tuple[Statement, ...]
) -> Callable[[Grade, str, float | None, tuple[Quantity, ...]], Item]:
    def make(
        grade: Grade, arithmetic: str, ratio: float | None, compared: tuple[Quantity, ...]
    ) -> Item:
        return Item(
            rule,
            grade,
            str(CLLM.trainingCompute),
            str(run),
            view.name(run),
            statements,
            arithmetic,
            ratio,
            view.decision(run, CLLM.trainingCompute),
            compared,
        )

    return make


def _machine(view: View, run: Node) -> _Machine:
    """The peak of all accelerators of a run; every use must say which and how many."""
    uses = sorted(view.graph.objects(run, CLLM.hasHardwareUse), key=str)
    statements: list[Statement] = []
    words: list[str] = []
    known: list[Quantity] = []
    missing: set[str] = set() if uses else {view.name(CLLM.accelerator)}
    for use in uses:
        counts = view.readings(use, CLLM.acceleratorCount)
        accelerators = sorted(view.graph.objects(use, CLLM.accelerator), key=str)
        named = " or ".join(view.name(a) for a in accelerators)
        peaks = _peaks(view, accelerators)
        count = readings(view, counts, named)
        peak = readings(view, peaks, "FLOP/s each at peak")
        statements += map(view.claimed, counts)
        statements += [s for a in accelerators for s in view.said(use, CLLM.accelerator, a)]
        statements += map(view.claimed, peaks)
        missing |= set() if count else {view.name(CLLM.acceleratorCount)}
        missing |= set() if accelerators else {view.name(CLLM.accelerator)}
        missing |= set() if peak or not accelerators else {view.name(CLLM.peakThroughput)}
        if count is not None and peak is not None:
            several = f"{Span(count.low, count.high)} {named}"
            known.append(product(several, FLOP_PER_SECOND, (count, peak)))
            words.append(f"{several} of {printed(peak)} FLOP/s each")
    together = None
    if uses and len(known) == len(uses):
        several = " and ".join(one.label for one in known)
        together = total(several, known) if len(known) > 1 else known[0]
    return _Machine(together, tuple(statements), " and ".join(words), tuple(sorted(missing)))


def _peaks(view: View, accelerators: list[Node]) -> list[Claim]:
    """The peaks of accelerators and of their versions; none if that of one is not stated."""
    found: list[Claim] = []
    for accelerator in accelerators:
        versions = sorted(set(view.graph.subjects(CLLM.versionOf, accelerator)), key=str)
        for chip in (accelerator, *versions):
            stated = view.readings(chip, CLLM.peakThroughput)
            if not stated and not (chip == accelerator and versions):
                return []
            found += stated
    return found


def compute_against_tokens(view: View) -> Iterator[Item]:
    """Stated compute of a dense model against six operations for each parameter and token."""
    for model in view.members(CLLM.Model):
        for run in sorted(view.graph.objects(model, CLLM.hasTrainingRun), key=str):
            tokens = view.readings(run, CLLM.trainingTokens)
            sizes = view.readings(model, CLLM.parameterCount)
            computes = view.readings(run, CLLM.trainingCompute)
            token, size = readings(view, tokens, "tokens"), readings(view, sizes, "parameters")
            if token is None or size is None:
                continue
            six = exact("operations for each parameter and token", OPERATIONS)
            need = product(f"{OPERATIONS} {six.label}", FLOP, (six, size, token))
            shape = _shape(view, model, sizes)
            for reading in computes:
                statements = tuple(map(view.claimed, (reading, *tokens, *sizes)))
                yield from _dense(view, run, reading, need, shape, statements)


def _dense(
    view: View,
    run: Node,
    reading: Claim,
    need: Quantity,
    shape: str,
    statements: tuple[Statement, ...],
) -> Iterator[Item]:
    if reading.value is None:
        return
    low = _over(need.low, reading.value.high)
    high = _over(reading.value.low, need.high)
    words = (
        f"{need.label} make {printed(need)} FLOP; "
        f"{number(reading.value.minimum or reading.value.maximum or 0)} are stated"
    )
    few = _over(need.minimum, reading.value.maximum) or low
    many = _over(reading.value.minimum, need.maximum) or high
    make = _item(view, run, "compute-against-tokens", statements)
    compared = (*figure(view, reading), need)
    if shape != "dense":
        said = "The source does not say whether the model is dense. " if not shape else ""
        if low is not None and low > ROUGHLY and not shape:
            what = f"{said}If it is: {words}."
            yield make(Grade.CANNOT_BE_JUDGED, what, float(few or low), compared)
    elif low is not None and low > ROUGHLY:
        what = f"{words}, {number(few or low)} times too few."
        yield make(Grade.IMPOSSIBLE, what, float(few or low), compared)
    elif high is not None and high > ROUGHLY:
        what = f"{words}, {number(many or high)} times as many."
        yield make(Grade.TENSION, what, float(many or high), compared)


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

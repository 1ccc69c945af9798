"""What may be right and should be looked at: equal figures, lone names, works without a place."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Final

from kg.audit.quantities import figure, readings, total
from kg.audit.view import View, number, pairs
from kg.graph.claims import CLLM, Claim
from kg.judged import Grade, Item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from rdflib.term import Node

_DIGITS: Final = re.compile(r"[1-9]\d*(?:\.\d+)?")


def identical_figures(view: View) -> Iterator[Item]:
    """The same measured figure, in at least two digits, for different things in one passage."""
    groups: dict[tuple[Node, Node, Fraction], list[Claim]] = defaultdict(list)
    for claim in view.compared:
        value = claim.value
        if not claim.factual or value is None or value.value is None or value.low == value.high:
            continue
        if _significant(view, claim) >= 2:
            groups[claim.passage, claim.predicate, value.value].append(claim)
    for (_, quantity, same), claims in groups.items():
        subjects = sorted({claim.subject for claim in claims}, key=str)
        ordered = sorted(claims, key=lambda c: (str(c.subject), str(c.object)))
        if len(subjects) < 2 or _versions(view, subjects):
            continue
        names = " and ".join(view.name(subject) for subject in subjects)
        yield Item(
            "identical-figures",
            Grade.ODDITY,
            str(quantity),
            str(subjects[0]),
            view.name(subjects[0]),
            tuple(view.claimed(claim) for claim in ordered),
            f"{number(same)} is given as the {view.name(quantity)} of {names}.",
            compared=tuple(q for claim in ordered for q in figure(view, claim, named=True)),
        )


def _versions(view: View, things: list[Node]) -> bool:
    """Whether things are all versions of one, so that equal figures are to be expected."""
    wholes = [{thing, *view.graph.objects(thing, CLLM.versionOf)} for thing in things]
    return bool(set.intersection(*wholes))


def _significant(view: View, claim: Claim) -> int:
    """Number of significant digits that a figure prints."""
    graph = view.passages[str(claim.passage)]
    printed = graph.value(claim.object, CLLM.inDigits) or graph.value(claim.object, CLLM.asPrinted)
    found = _DIGITS.search(str(printed).replace(",", "").lstrip("0."))
    if found is None:
        return 0
    digits = found.group()
    return len(digits.replace(".", "").rstrip("0"))


def member_without_the_series_maker(view: View) -> Iterator[Item]:
    """Members of a series whose complete list of developers lacks who released the series."""
    for model, series in pairs(view, CLLM.inSeries):
        makers = sorted(set(view.graph.objects(series, CLLM.releasedBy)), key=str)
        developers = set(view.graph.objects(model, CLLM.hasDeveloper))
        held = {whole for d in developers for whole in view.graph.objects(d, CLLM.partOf)}
        complete = {
            claim.passage
            for claim in view.claims(model, CLLM.hasDeveloper)
            if (claim.passage, CLLM.completeFor, CLLM.hasDeveloper) in view.graph
        }
        for maker in makers:
            if not complete or not developers or maker in developers | held:
                continue
            listed = [view.claimed(c) for c in view.claims(model, CLLM.hasDeveloper)]
            yield Item(
                "member-without-the-series-maker",
                Grade.ODDITY,
                str(CLLM.releasedBy),
                str(model),
                view.name(model),
                (
                    *view.said(series, CLLM.releasedBy, maker),
                    *view.said(model, CLLM.inSeries, series),
                    *dict.fromkeys(listed),
                ),
                f"{view.name(maker)} released {view.name(series)}, and is not among the "
                f"{len(developers)} developers of this member.",
            )


def series_against_members(view: View) -> Iterator[Item]:
    """Figures of a series that the members which sources name do not add up to."""
    for series in view.members(CLLM.Series):
        members = sorted(set(view.graph.subjects(CLLM.inSeries, series)), key=str)
        stated = view.span(series, CLLM.parameterCount)
        spans = [view.span(member, CLLM.parameterCount) for member in members]
        highs = [span.high for span in spans if span is not None and span.high is not None]
        if stated is None or stated.low is None or not members or len(highs) < len(members):
            continue
        if sum(highs) < stated.low:
            claims = {thing: view.readings(thing, CLLM.parameterCount) for thing in members}
            own = view.readings(series, CLLM.parameterCount)
            said = map(view.claimed, chain(own, *claims.values()))
            sizes = (readings(view, claims[thing], view.name(thing)) for thing in members)
            yield Item(
                "series-against-members",
                Grade.ODDITY,
                str(CLLM.parameterCount),
                str(series),
                view.name(series),
                tuple(dict.fromkeys(said)),
                f"Its {len(members)} members that sources name have at most "
                f"{number(sum(highs))} together.",
                float(stated.low / sum(highs)),
                compared=(
                    *(q for reading in own for q in figure(view, reading)),
                    total(f"its {len(members)} members together", [q for q in sizes if q]),
                ),
            )


def open_and_screened(view: View) -> Iterator[Item]:
    """Things that one source calls open and another says are given to screened users only."""
    for thing, screened in pairs(view, CLLM.screensUsers):
        modes = set(view.graph.objects(thing, CLLM.accessMode)) & {CLLM.openSource, CLLM.download}
        if not modes or not screened.toPython():  # type: ignore[attr-defined]
            continue
        yield Item(
            "open-and-screened",
            Grade.TENSION,
            str(CLLM.accessMode),
            str(thing),
            view.name(thing),
            (
                *(s for m in sorted(modes, key=str) for s in view.said(thing, CLLM.accessMode, m)),
                *view.said(thing, CLLM.screensUsers, screened),
            ),
            "What anybody can download needs no application.",
        )


def outside_the_sample(view: View) -> Iterator[Item]:
    """Models that are evaluated beside members of a sample, and of which nothing else is known."""
    if not view.members(CLLM.Sample):
        return
    for model, evaluation in pairs(view, CLLM.hasEvaluation):
        beside = {
            other
            for benchmark in view.graph.objects(evaluation, CLLM.benchmark)
            for other in view.graph.subjects(CLLM.evaluatedOn, benchmark)
            if (other, CLLM.inSample, None) in view.graph
        }
        known = (model, CLLM.hasDeveloper, None) in view.graph
        if known or not beside or (model, CLLM.inSample, None) in view.graph:
            continue
        yield Item(
            "outside-the-sample",
            Grade.ODDITY,
            str(CLLM.inSample),
            str(model),
            view.name(model),
            tuple(view.said(model, CLLM.hasEvaluation, evaluation)),
            f"It is named beside {len(beside)} members of the sample, is none itself, "
            "and no source says who developed it.",
        )


def works_without_a_place(view: View) -> Iterator[Item]:
    """Listed works that nothing cites, and members of a sample for which nothing is cited."""
    for work, _ in pairs(view, CLLM.referenceNumber):
        if not view.passages.points_to(work):
            yield Item(
                "works-without-a-place",
                Grade.ODDITY,
                str(CLLM.referenceNumber),
                str(work),
                view.name(work),
                tuple(
                    statement
                    for value in view.graph.objects(work, CLLM.referenceNumber)
                    for statement in view.said(work, CLLM.referenceNumber, value)
                ),
                "The source lists it, and no passage cites it.",
            )
    for sample in view.members(CLLM.Sample):
        members = sorted(view.graph.subjects(CLLM.inSample, sample), key=str)
        without = [m for m in members if (m, CLLM.reference, None) not in view.graph]
        for member in without if len(without) < len(members) else []:
            yield Item(
                "works-without-a-place",
                Grade.ODDITY,
                str(CLLM.reference),
                str(member),
                view.name(member),
                tuple(view.said(member, CLLM.inSample, sample)),
                f"No work is cited for it; {len(members) - len(without)} of {len(members)} "
                "members have one.",
            )

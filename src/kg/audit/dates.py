"""Dates that contradict what is said about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rdflib.namespace import Namespace

from kg.audit.items import Grade, Item
from kg.audit.view import View, pairs
from kg.graph.claims import CLLM
from kg.graph.periods import Period, period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdflib.term import Node

FABIO: Final = Namespace("http://purl.org/spar/fabio/")
_ARXIV: Final = re.compile(r"(\d{2})(\d{2})\.\d{4,5}")


def release_against_events(view: View) -> Iterator[Item]:
    """The release date of a model against the days that a source admits for its release."""
    for event in view.members(CLLM.Release):
        days = _days(view, event)
        for model in sorted(view.graph.objects(event, CLLM.concerns), key=str):
            for released in sorted(view.graph.objects(model, CLLM.released), key=str):
                day = period(released)
                if days is None or day is None or day.overlaps(days):
                    continue
                yield _item(
                    view,
                    "release-against-events",
                    Grade.CONTRADICTION,
                    model,
                    [(model, CLLM.released, released), *_dating(view, event)],
                    f"{released} is {_gap(day, days)} the period from {days.first or '?'} "
                    f"to {days.last or '?'}.",
                )


def member_after_series(view: View) -> Iterator[Item]:
    """Members of a series that came out after the series was announced with them."""
    for model, series in pairs(view, CLLM.inSeries):
        for event in sorted(view.graph.subjects(CLLM.concerns, series), key=str):
            if event not in view.members(CLLM.Announcement):
                continue
            days = _days(view, event)
            for released in sorted(view.graph.objects(model, CLLM.released), key=str):
                day = period(released)
                if days is None or day is None or not days.precedes(day):
                    continue
                yield _item(
                    view,
                    "member-after-series",
                    Grade.TENSION,
                    model,
                    [
                        (model, CLLM.released, released),
                        (model, CLLM.inSeries, series),
                        *_dating(view, event),
                    ],
                    f"{view.name(series)} was announced by {days.last}; this member came out "
                    f"{_gap(day, days)} that.",
                )


def cited_work_of_another_year(view: View) -> Iterator[Item]:
    """Works cited for a model whose year, or month of preprint, is not that of its release."""
    for model, work in pairs(view, CLLM.reference):
        for released in sorted(view.graph.objects(model, CLLM.released), key=str):
            day = period(released)
            if day is None or day.first is None:
                continue
            triples = [(model, CLLM.released, released), (model, CLLM.reference, work)]
            for year in view.graph.objects(work, CLLM.year):
                if int(str(year)) != day.first.year:
                    yield _item(
                        view,
                        "cited-work-of-another-year",
                        Grade.ODDITY,
                        model,
                        [*triples, (work, CLLM.year, year)],
                        f"Released in {day.first.year}, the work cited for it is of {year}.",
                    )
            for preprint in view.graph.objects(work, FABIO.hasArXivId):
                number = _ARXIV.fullmatch(str(preprint))
                if number is None:
                    continue
                month = (2000 + int(number[1]), int(number[2]))
                if month != (day.first.year, day.first.month):
                    yield _item(
                        view,
                        "cited-work-of-another-year",
                        Grade.ODDITY,
                        model,
                        [*triples, (work, FABIO.hasArXivId, preprint)],
                        f"Released on {released}; the number of the preprint is of "
                        f"{month[0]}-{month[1]:02}.",
                    )


def baseline_after_model(view: View) -> Iterator[Item]:
    """Models that are compared with one released after them."""
    for model, baseline in pairs(view, CLLM.comparedWith):
        for released in sorted(view.graph.objects(model, CLLM.released), key=str):
            for later in sorted(view.graph.objects(baseline, CLLM.released), key=str):
                first, second = period(released), period(later)
                if first is None or second is None or not first.precedes(second):
                    continue
                yield _item(
                    view,
                    "baseline-after-model",
                    Grade.ODDITY,
                    model,
                    [(model, CLLM.released, released), (baseline, CLLM.released, later)],
                    f"{view.name(baseline)}, with which it is compared, came out "
                    f"{_gap(second, first)} it.",
                )


def _days(view: View, thing: Node) -> Period | None:
    """The days that a source admits for something, None if it gives neither first nor last."""
    first = period(view.graph.value(thing, CLLM.notBefore))
    last = period(view.graph.value(thing, CLLM.notAfter))
    if first is None and last is None:
        return None
    return Period(first.first if first else None, last.last if last else None)


def _dating(view: View, event: Node) -> list[tuple[Node, Node, Node]]:
    return [
        (event, CLLM.dateAsPrinted, text)
        for text in sorted(view.graph.objects(event, CLLM.dateAsPrinted), key=str)
    ]


def _gap(day: Period, days: Period) -> str:
    if days.precedes(day) and day.first and days.last:
        return f"{(day.first - days.last).days} days after"
    if day.last and days.first:
        return f"{(days.first - day.last).days} days before"
    return "outside"


def _item(
    view: View,
    rule: str,
    grade: Grade,
    subject: Node,
    triples: list[tuple[Node, Node, Node]],
    words: str,
) -> Item:
    statements = tuple(dict.fromkeys(s for triple in triples for s in view.said(*triple)))
    return Item(
        rule, grade, str(CLLM.released), str(subject), view.name(subject), statements, words
    )

"""Dates that contradict what is said about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import XSD
from rdflib.namespace import Namespace

from kg.audit.quantities import days
from kg.audit.view import View, pairs
from kg.graph.claims import CLLM
from kg.graph.periods import Period, period
from kg.judged import Grade, Item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from rdflib.term import Node

    from kg.judged import Days

    Triple = tuple[Node, Node, Node]

FABIO: Final = Namespace("http://purl.org/spar/fabio/")
_ARXIV: Final = re.compile(r"(\d{2})(\d{2})\.\d{4,5}")


def release_against_events(view: View) -> Iterator[Item]:
    """The release date of a model against the days that a source admits for its release."""
    for event in view.members(CLLM.Release):
        admitted = _days(view, event)
        for model in sorted(view.graph.objects(event, CLLM.concerns), key=str):
            for released in sorted(view.graph.objects(model, CLLM.released), key=str):
                day = period(released)
                if admitted is None or day is None or day.overlaps(admitted):
                    continue
                yield _item(
                    view,
                    "release-against-events",
                    Grade.CONTRADICTION,
                    model,
                    [(model, CLLM.released, released), *_dating(view, event)],
                    f"{released} is {_gap(day, admitted)} the period from "
                    f"{admitted.first or '?'} to {admitted.last or '?'}.",
                    (_released(view, model, released, day), _dated(view, event, admitted)),
                )


def member_after_series(view: View) -> Iterator[Item]:
    """Members of a series that came out after the series was announced with them."""
    for model, series in pairs(view, CLLM.inSeries):
        for event in sorted(view.graph.subjects(CLLM.concerns, series), key=str):
            if event not in view.members(CLLM.Announcement):
                continue
            admitted = _days(view, event)
            for released in sorted(view.graph.objects(model, CLLM.released), key=str):
                day = period(released)
                if admitted is None or day is None or not admitted.precedes(day):
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
                    f"{view.name(series)} was announced by {admitted.last}; this member came out "
                    f"{_gap(day, admitted)} that.",
                    (_dated(view, event, admitted), _released(view, model, released, day)),
                )


def cited_work_of_another_year(view: View) -> Iterator[Item]:
    """Works cited for a model whose year, or month of preprint, is not that of its release."""
    for model, work in pairs(view, CLLM.reference):
        for released in sorted(view.graph.objects(model, CLLM.released), key=str):
            day = period(released)
            if day is None or day.first is None:
                continue
            out = _released(view, model, released, day)
            for dated, said, words in _other_dates(view, work, day.first, released):
                admitted = period(dated)
                cited = [days(f"the work: {dated}", admitted, view.said(*said))] if admitted else []
                yield _item(
                    view,
                    "cited-work-of-another-year",
                    Grade.ODDITY,
                    model,
                    [(model, CLLM.released, released), (model, CLLM.reference, work), said],
                    words,
                    (out, *cited) if cited else (),
                )


def _other_dates(
    view: View, work: Node, first: date, released: Node
) -> Iterator[tuple[Node, Triple, str]]:
    """The year of a work and the month of its preprint where they are not those of a release.

    Each as a date, with what is said of it, and in words.
    """
    for year in view.graph.objects(work, CLLM.year):
        if int(str(year)) != first.year:
            dated = rdflib.Literal(f"{year:0>4}", datatype=XSD.gYear)
            words = f"Released in {first.year}, the work cited for it is of {year}."
            yield dated, (work, CLLM.year, year), words
    for preprint in view.graph.objects(work, FABIO.hasArXivId):
        match = _ARXIV.fullmatch(str(preprint))
        if match is None:
            continue
        month = f"20{match[1]}-{match[2]}"
        if month != f"{first:%Y-%m}":
            dated = rdflib.Literal(month, datatype=XSD.gYearMonth)
            words = f"Released on {released}; the number of the preprint is of {month}."
            yield dated, (work, FABIO.hasArXivId, preprint), words


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
                    (
                        _released(view, model, released, first),
                        _released(view, baseline, later, second),
                    ),
                )


def _released(view: View, model: Node, released: Node, day: Period) -> Days:
    """The days on which a model came out."""
    said = view.said(model, CLLM.released, released)
    return days(f"{view.name(model)}: {released}", day, said)


def _dated(view: View, event: Node, admitted: Period) -> Days:
    """The days that a source admits for an event."""
    dating = _dating(view, event)
    words = " or ".join(str(value) for _, how, value in dating if how == CLLM.dateAsPrinted)
    label = f"{view.name(event)}: {words}" if words else view.name(event)
    return days(label, admitted, (s for triple in dating for s in view.said(*triple)))


def _days(view: View, thing: Node) -> Period | None:
    """The days that a source admits for something, None if it gives neither first nor last."""
    first = period(view.graph.value(thing, CLLM.notBefore))
    last = period(view.graph.value(thing, CLLM.notAfter))
    if first is None and last is None:
        return None
    return Period(first.first if first else None, last.last if last else None)


def _dating(view: View, event: Node) -> list[Triple]:
    """How an event is dated: in the words of a source, or else by the days that it admits."""

    def said(*predicates: Node) -> list[Triple]:
        return [
            (event, predicate, value)
            for predicate in predicates
            for value in sorted(view.graph.objects(event, predicate), key=str)
        ]

    return said(CLLM.dateAsPrinted) or said(CLLM.notBefore, CLLM.notAfter)


def _gap(day: Period, other: Period) -> str:
    if other.precedes(day) and day.first and other.last:
        return f"{(day.first - other.last).days} days after"
    if day.last and other.first:
        return f"{(other.first - day.last).days} days before"
    return "outside"


def _item(
    view: View,
    rule: str,
    grade: Grade,
    subject: Node,
    triples: list[Triple],
    words: str,
    compared: tuple[Days, ...],
) -> Item:
    statements = tuple(dict.fromkeys(s for triple in triples for s in view.said(*triple)))
    return Item(
        rule,
        grade,
        str(CLLM.released),
        str(subject),
        view.name(subject),
        statements,
        words,
        compared=compared,
    )

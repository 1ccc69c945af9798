"""Members of a sample that do not fit what the source says of the sample."""

from __future__ import annotations

import math
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, Final

from kg.audit.quantities import days, exact, figure
from kg.audit.view import View, exactly, number
from kg.graph.claims import CLLM
from kg.graph.periods import Period, period
from kg.judged import Grade, Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdflib.term import Node

FAR: Final = 5
"""Orders of magnitude below the median at which a member stands apart."""


def sample_size(view: View) -> Iterator[Item]:
    """The stated size of a sample against the number of its members in the graph."""
    for sample in view.members(CLLM.Sample):
        members = len(set(view.graph.subjects(CLLM.inSample, sample)))
        for reading in view.readings(sample, CLLM.memberCount):
            value = reading.value
            if value is None or value.overlaps(exactly(members)):
                continue
            stated = value.minimum or value.maximum or Fraction(0)
            yield Item(
                "sample-size",
                Grade.CONTRADICTION,
                str(CLLM.memberCount),
                str(sample),
                view.name(sample),
                (view.claimed(reading),),
                f"{number(stated)} are stated, {members} are listed.",
                float(max(stated / members, members / stated)) if members and stated else None,
                compared=(*figure(view, reading), exact("listed", members)),
            )


def sample_definition(view: View) -> Iterator[Item]:
    """Members without what they were chosen by, outside its dates, or by developers elsewhere."""
    for sample in view.members(CLLM.Sample):
        members = sorted(view.graph.subjects(CLLM.inSample, sample), key=str)
        for member in members:
            yield from _chosen_by(view, sample, member)
            yield from _dated(view, sample, member)
            yield from _developed(view, sample, member)


def sample_outlier(view: View) -> Iterator[Item]:
    """Members that are many orders of magnitude smaller than the middle one."""
    for sample in view.members(CLLM.Sample):
        members = sorted(view.graph.subjects(CLLM.inSample, sample), key=str)
        for quantity in sorted(view.graph.objects(sample, CLLM.selectsBy), key=str):
            yield from _apart(view, members, quantity)


def _chosen_by(view: View, sample: Node, member: Node) -> Iterator[Item]:
    quantities = sorted(view.graph.objects(sample, CLLM.selectsBy), key=str)
    missing = [q for q in quantities if not _values(view, member, q)]
    if not missing:
        return
    names = " and ".join(view.name(q) for q in missing)
    grade = Grade.TENSION if missing == quantities else Grade.CANNOT_BE_JUDGED
    yield Item(
        "sample-definition",
        grade,
        str(CLLM.selectsBy),
        str(member),
        view.name(member),
        tuple(
            s
            for triple in (
                *((sample, CLLM.selectsBy, q) for q in missing),
                (member, CLLM.inSample, sample),
            )
            for s in view.said(*triple)
        ),
        f"The sample is chosen by {names}, and no source states "
        f"{'it' if len(missing) == 1 else 'either'} for this member.",
    )


def _values(view: View, member: Node, quantity: Node) -> list[float]:
    """The numbers of a quantity of a model, or of its training run."""
    things = [member, *sorted(view.graph.objects(member, CLLM.hasTrainingRun), key=str)]
    return [
        float(size)
        for thing in things
        for reading in view.readings(thing, quantity)
        if reading.value is not None and (size := reading.value.maximum or reading.value.minimum)
    ]


def _dated(view: View, sample: Node, member: Node) -> Iterator[Item]:
    first = period(view.graph.value(sample, CLLM.notBefore))
    last = period(view.graph.value(sample, CLLM.notAfter))
    if first is None and last is None:
        return
    wanted = Period(first.first if first else None, last.last if last else None)
    for released in sorted(view.graph.objects(member, CLLM.released), key=str):
        day = period(released)
        if day is not None and not day.overlaps(wanted):
            said = view.said(member, CLLM.released, released)
            ends = [
                statement
                for predicate in (CLLM.notBefore, CLLM.notAfter)
                for value in view.graph.objects(sample, predicate)
                for statement in view.said(sample, predicate, value)
            ]
            yield Item(
                "sample-definition",
                Grade.CONTRADICTION,
                str(CLLM.released),
                str(member),
                view.name(member),
                tuple(dict.fromkeys((*said, *ends))),
                f"The sample is of {wanted.first or 'any time'} to {wanted.last or 'any time'}.",
                compared=(days(str(released), day, said), days("the sample", wanted, ends)),
            )


def _developed(view: View, sample: Node, member: Node) -> Iterator[Item]:
    home = view.graph.value(sample, CLLM.developersFrom)
    if home is None:
        return
    developers = sorted(view.graph.objects(member, CLLM.hasDeveloper), key=str)
    elsewhere = {
        developer: countries
        for developer in developers
        if (countries := set(view.graph.objects(developer, CLLM.country))) and home not in countries
    }
    at_home = [d for d in developers if home in set(view.graph.objects(d, CLLM.country))]
    if not elsewhere:
        return
    unknown = [d for d in developers if (d, CLLM.country, None) not in view.graph]
    grade = Grade.ODDITY if at_home else Grade.CANNOT_BE_JUDGED if unknown else Grade.CONTRADICTION
    listed = ", ".join(
        f"{view.name(d)} ({', '.join(sorted(view.name(c) for c in countries))})"
        for d, countries in sorted(elsewhere.items(), key=lambda pair: str(pair[0]))
    )
    yield Item(
        "sample-definition",
        grade,
        str(CLLM.developersFrom),
        str(member),
        view.name(member),
        tuple(
            statement
            for developer in elsewhere
            for statement in view.said(member, CLLM.hasDeveloper, developer)
        ),
        f"The sample is of developers from {view.name(home)}; "
        f"{len(elsewhere)} of {len(developers)} are from elsewhere: {listed}."
        + (f" No source gives a country for {len(unknown)}." if unknown else ""),
        len(developers) / max(len(at_home), 1),
        compared=(
            exact("developers", len(developers)),
            exact(f"of these from {view.name(home)}", len(at_home)),
        ),
    )


def _apart(view: View, members: list[Node], quantity: Node) -> Iterator[Item]:
    sizes = {member: max(found) for member in members if (found := _values(view, member, quantity))}
    if not sizes:
        return
    middle = median(sizes.values())
    for member, size in sizes.items():
        if math.log10(middle / size) >= FAR:
            things = [member, *view.graph.objects(member, CLLM.hasTrainingRun)]
            readings = [r for thing in things for r in view.readings(thing, quantity)]
            unit = str(view.ontology.value(quantity, CLLM.canonicalUnit))
            yield Item(
                "sample-outlier",
                Grade.ODDITY,
                str(quantity),
                str(member),
                view.name(member),
                tuple(view.claimed(reading) for reading in readings),
                f"The sample is chosen by {view.name(quantity)}; the middle member has "
                f"{number(middle)}, this one {number(size)}.",
                middle / size,
                compared=(
                    *(q for reading in readings for q in figure(view, reading)),
                    exact(f"the middle of {len(sizes)} members", middle, unit=unit),
                ),
            )

"""Statements about how many: against each other, against whom they name, against recomputing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import RDF

from kg.audit.contradictions import TWENTIETH
from kg.audit.quantities import exact, figure
from kg.audit.view import View, exactly, number, pairs
from kg.graph.claims import CLLM
from kg.judged import Grade, Item, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdflib.term import Node

    from kg.graph.figures import Interval
    from kg.judged import Quantity

SHARES: Final = {"half": Fraction(1, 2), "a third": Fraction(1, 3), "all": Fraction(1)}
"""The words for how many that name a share."""


def counts_against_counts(view: View) -> Iterator[Item]:
    """Two counts by the same criterion, of the same group, that differ."""
    groups: dict[tuple[Node, Node | None], list[Node]] = defaultdict(list)
    for aggregate, criterion in pairs(view, CLLM.criterion):
        if aggregate in view.members(CLLM.Aggregate):
            population = view.graph.value(aggregate, CLLM.ofPopulation)
            groups[criterion, population].append(aggregate)
    for (criterion, population), aggregates in groups.items():
        for first, second in combinations(aggregates, 2):
            one, other = (_count(view, a, population) for a in (first, second))
            if one is None or other is None or one.overlaps(other):
                continue
            small, large = sorted((_middle(one), _middle(other)))
            whole = _population_size(view, first, second, population)
            near = whole is not None and (large - small) / whole < TWENTIETH - 1
            yield Item(
                "counts-against-counts",
                Grade.TENSION if near else Grade.CONTRADICTION,
                str(CLLM.memberCount),
                str(criterion),
                view.name(criterion),
                (*_stated(view, first), *_stated(view, second)),
                f"{number(small)} and {number(large)}"
                + (f" of {number(whole)}." if whole is not None else "."),
                float(large / small) if small else None,
                compared=tuple(q for a in (first, second) for q in _counted(view, a, population)),
            )


def _middle(count: Interval) -> Fraction:
    """The number that a count prints, or the bound where it prints only one."""
    return count.minimum or count.maximum or Fraction(0)


def _count(view: View, aggregate: Node, population: Node | None) -> Interval | None:
    for reading in view.readings(aggregate, CLLM.memberCount):
        if reading.value is not None:
            return reading.value
    whole = _population_size(view, aggregate, aggregate, population)
    for word in view.graph.objects(aggregate, CLLM.quantifier):
        if whole is not None and (share := SHARES.get(str(word).lower())) is not None:
            return exactly(share * whole)
    return None


def _counted(view: View, aggregate: Node, population: Node | None) -> list[Quantity]:
    """The count of an aggregate, or of the share of the whole that a word of it names."""
    for reading in view.readings(aggregate, CLLM.memberCount):
        return figure(view, reading)
    count = _count(view, aggregate, population)
    whole = _population_size(view, aggregate, aggregate, population)
    for word in view.graph.objects(aggregate, CLLM.quantifier):
        share = SHARES.get(str(word).lower())
        if count is not None and count.value is not None and whole is not None and share:
            label = f"{word} of {number(whole)}"
            said = view.said(aggregate, CLLM.quantifier, word)
            factors = exact(str(word), share), exact("in the group", whole)
            return [replace(exact(label, count.value, said), factors=factors)]
    return []


def _population_size(
    view: View, first: Node, second: Node, population: Node | None
) -> Fraction | None:
    candidates = [(a, CLLM.populationSize) for a in (first, second)]
    if population is not None:
        candidates.append((population, CLLM.memberCount))
    for thing, quantity in candidates:
        for reading in view.readings(thing, quantity):
            if reading.value is not None and reading.value.value is not None:
                return reading.value.value
    return None


def _stated(view: View, aggregate: Node) -> list[Statement]:
    figures = [
        view.claimed(reading)
        for quantity in (CLLM.memberCount, CLLM.populationSize)
        for reading in view.readings(aggregate, quantity)
    ]
    words = [
        statement
        for word in view.graph.objects(aggregate, CLLM.quantifier)
        for statement in view.said(aggregate, CLLM.quantifier, word)
    ]
    return [*figures, *words]


def counts_against_members(view: View) -> Iterator[Item]:
    """Counts that name more, or things of several kinds, or others than recomputing gives."""
    for aggregate in view.members(CLLM.Aggregate):
        named = sorted(set(view.graph.objects(aggregate, CLLM.namedMember)), key=str)
        if not named:
            continue
        population = view.graph.value(aggregate, CLLM.ofPopulation)
        count = _count(view, aggregate, population)
        counted = _counted(view, aggregate, population)
        members = [s for m in named for s in view.said(aggregate, CLLM.namedMember, m)]
        statements = tuple(dict.fromkeys((*_stated(view, aggregate), *members)))
        if count is not None and count.high is not None and len(named) > count.high:
            yield _item(
                view,
                aggregate,
                Grade.CONTRADICTION,
                statements,
                f"{number(count.high)} are counted, {len(named)} are named.",
                float(len(named) / count.high) if count.high else None,
                (*counted, exact("named", len(named), members)),
            )
        yield from _kinds(view, aggregate, named, statements)
        criterion = view.graph.value(aggregate, CLLM.criterion)
        met = view.recomputed.get(str(criterion))
        if met is not None:
            yield from _others(view, aggregate, named, met, count, counted, statements)


def _kinds(
    view: View, aggregate: Node, named: list[Node], statements: tuple[Statement, ...]
) -> Iterator[Item]:
    kinds: dict[str, list[str]] = defaultdict(list)
    for member in named:
        direct = sorted(
            view.name(k) for k in view.kinds(member) if k in _stated_kinds(view, member)
        )
        kinds[" and ".join(direct)].append(view.name(member))
    if len(kinds) > 1:
        listed = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in sorted(kinds.items()))
        words = f"What is counted as one is of {len(kinds)} kinds: {listed}."
        yield _item(view, aggregate, Grade.ODDITY, statements, words)


def _stated_kinds(view: View, member: Node) -> set[Node]:
    return {kind for graph in view.passages.values() for kind in graph.objects(member, RDF.type)}


def _others(
    view: View,
    aggregate: Node,
    named: list[Node],
    met: frozenset[str],
    count: Interval | None,
    counted: list[Quantity],
    statements: tuple[Statement, ...],
) -> Iterator[Item]:
    wrong = [view.name(m) for m in named if str(m) not in met]
    complete = count is not None and count.overlaps(exactly(len(named)))
    missing = [view.name(rdflib.URIRef(m)) for m in sorted(met - {str(m) for m in named})]
    if not wrong and not (complete and missing):
        return
    words = f"Recomputed from the graph {len(met)} meet the criterion."
    if wrong:
        words += f" Named, and do not: {', '.join(wrong)}."
    if missing:
        words += f" Meet it, and are not named: {', '.join(missing)}."
    ratio = None
    apart: tuple[Quantity, ...] = ()
    if count is not None and met and not count.overlaps(exactly(len(met))) and _middle(count):
        ratio = float(max(_middle(count) / len(met), len(met) / _middle(count)))
        apart = *counted, exact("recomputed", len(met))
    yield _item(view, aggregate, Grade.CONTRADICTION, statements, words, ratio, apart)


def _item(
    view: View,
    aggregate: Node,
    grade: Grade,
    statements: tuple[Statement, ...],
    words: str,
    ratio: float | None = None,
    compared: tuple[Quantity, ...] = (),
) -> Item:
    criterion = view.graph.value(aggregate, CLLM.criterion) or aggregate
    return Item(
        "counts-against-members",
        grade,
        str(CLLM.namedMember),
        str(criterion),
        view.name(criterion),
        statements,
        words,
        ratio,
        compared=compared,
    )

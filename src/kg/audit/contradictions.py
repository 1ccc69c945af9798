"""Claims that cannot both hold: figures, terms, lists, and kinds.

Which claims conflict is known from the graph (``cllm:comparedAs``); here each topic becomes one
item with its arithmetic. Figures that lie apart by less than a twentieth are a tension.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import OWL, RDF

from kg.audit.quantities import days, figure
from kg.audit.view import View, number, pairs
from kg.graph.claims import CLLM, Claim
from kg.graph.periods import period
from kg.judged import Grade, Item
from kg.namespaces import TERMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rdflib.term import Node

    from kg.graph.figures import Interval
    from kg.judged import Days, Quantity

TWENTIETH: Final = Fraction(105, 100)
"""Intervals that are closer than this ratio are in tension, not in contradiction."""


def conflicting_claims(view: View) -> Iterator[Item]:
    """One item for each property of a thing about which stated or estimated claims conflict."""
    topics: dict[tuple[Node, Node], set[Claim]] = defaultdict(set)
    furthest: dict[tuple[Node, Node], tuple[Fraction, Fraction, str]] = {}
    for conflict in view.conflicts:
        first, second = conflict.first, conflict.second
        if first.passage == second.passage:
            continue
        topics[conflict.topic] |= {first, second}
        if first.value is not None and second.value is not None:
            found = _apart(first.value, second.value)
            furthest[conflict.topic] = max(furthest.get(conflict.topic, found), found)
    for (subject, predicate), claims in topics.items():
        ordered = sorted(claims, key=lambda c: (str(c.passage), str(c.object)))
        grade, ratio, arithmetic = Grade.CONTRADICTION, None, _lists(view, ordered)
        if (subject, predicate) in furthest:
            gap, mid, arithmetic = furthest[subject, predicate]
            grade = Grade.TENSION if gap < TWENTIETH else Grade.CONTRADICTION
            ratio = float(mid)
        yield Item(
            "conflicting-claims",
            grade,
            str(predicate),
            str(subject),
            view.name(subject),
            tuple(dict.fromkeys(view.claimed(claim) for claim in ordered)),
            arithmetic,
            ratio,
            view.decision(subject, predicate),
            tuple(dict.fromkeys(q for claim in ordered for q in _compared(view, claim))),
        )


def figures_of_one_stance(view: View) -> Iterator[Item]:
    """One item for each quantity that two passages plan, claim or deny with figures apart.

    No settled view has these; a plan is only held against a plan, a claim against a claim.
    """
    single = set(view.ontology.subjects(CLLM.comparedAs, CLLM.OneValue))
    groups: dict[tuple[Node, Node, Node | None], list[Claim]] = defaultdict(list)
    for several in view.compared.groups(~view.compared.factual):
        for claim in several:
            if claim.predicate in single:
                groups[claim.subject, claim.predicate, claim.stance].append(claim)
    for (subject, predicate, _), claims in groups.items():
        apart = [
            (_apart(one.value, other.value), one, other)
            for one, other in combinations(claims, 2)
            if one.value is not None
            and other.value is not None
            and one.passage != other.passage
            and not one.value.overlaps(other.value)
        ]
        if not apart:
            continue
        gap, mid, arithmetic = max(found for found, _, _ in apart)
        said = sorted(
            {claim for _, *pair in apart for claim in pair},
            key=lambda c: (str(c.passage), str(c.object)),
        )
        yield Item(
            "figures-of-one-stance",
            Grade.TENSION if gap < TWENTIETH else Grade.CONTRADICTION,
            str(predicate),
            str(subject),
            view.name(subject),
            tuple(dict.fromkeys(view.claimed(claim) for claim in said)),
            arithmetic,
            float(mid),
            compared=tuple(dict.fromkeys(q for claim in said for q in figure(view, claim))),
        )


def _compared(view: View, claim: Claim) -> Sequence[Quantity | Days]:
    """The number or the days of a claim; none if it is about anything else."""
    dated = period(claim.object)
    if dated is not None:
        return [days(view.printed(claim), dated, [view.claimed(claim)])]
    return figure(view, claim)


def _apart(first: Interval, second: Interval) -> tuple[Fraction, Fraction, str]:
    """The ratio of the gap between two intervals, that of their middles, and both in words."""
    below = first.high is not None and second.low is not None and first.high < second.low
    lower, upper = (first, second) if below else (second, first)
    top, bottom = lower.high or Fraction(0), upper.low or Fraction(0)
    gap = bottom / top if top else Fraction(10**9)
    small = lower.maximum or lower.minimum or Fraction(1)
    large = upper.minimum or upper.maximum or Fraction(1)
    ratio = large / small if small else Fraction(10**9)
    words = (
        f"{number(small)} (at most {number(top)}) and {number(large)} (at least {number(bottom)}): "
        f"{number(ratio)} times, and the printed digits leave a gap of "
        f"{number((gap - 1) * 100)} percent."
    )
    return gap, ratio, words


def _lists(view: View, claims: list[Claim]) -> str:
    """Which values each passage has that the others have not."""
    lists: dict[str, set[Node]] = defaultdict(set)
    for claim in claims:
        lists[str(claim.passage)].add(claim.object)
    shared = set.intersection(*lists.values())
    said = dict.fromkeys(
        " and ".join(sorted(view.name(v) for v in values - shared)) or "nothing else"
        for _, values in sorted(lists.items())
    )
    return f"One passage has {' where another has '.join(said)}."


def described_as_another_kind(view: View) -> Iterator[Item]:
    """Things that a source calls by the name of a class that they do not belong to."""
    classes = {view.name(kind).lower(): kind for kind in _classes(view)}
    for subject, words in pairs(view, CLLM.describedAs):
        kind = classes.get(str(words).lower())
        own = view.kinds(subject)
        if kind is None or not own or kind in own:
            continue
        registered = sorted(view.name(k) for k in own)
        denied = [
            view.statement(
                name,
                f"denied: {view.name(subject)}, described as: {other}",
                (thing, CLLM.describedAs, other),
            )
            for name, thing, other in sorted(view.passages.pairs(CLLM.describedAs))
            if thing == subject and CLLM.denied in _stances(view, name)
        ]
        yield Item(
            "described-as-another-kind",
            Grade.TENSION,
            str(CLLM.describedAs),
            str(subject),
            view.name(subject),
            (*view.said(subject, CLLM.describedAs, words), *denied),
            f"A source calls it a {words}; the registry has it as {', '.join(registered)}.",
        )


def _classes(view: View) -> list[Node]:
    found = view.ontology.subjects(RDF.type, OWL.Class)
    return sorted((kind for kind in found if str(kind).startswith(TERMS)), key=str)


def _stances(view: View, passage: str) -> set[Node]:
    return {
        stance
        for _, about, stance in view.passages.pairs(CLLM.stance)
        if about == rdflib.URIRef(passage)
    }

"""A thing's facts, from the statements about it, its claims and its figures."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kg.namespaces import GRAPHS
from kg.serve.entities.figures import figure
from kg.serve.entities.layout import OMITS
from kg.serve.entities.model import Decision, Fact, Measurement, Omission, Said, Thing
from kg.serve.entities.told import BUILT, INFERRED, claims, stated
from kg.terms import Term, iri, is_literal, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kg.serve.entities.layout import Layout
    from kg.serve.entities.told import Claim, Stated
    from kg.store import Store

HAS_FIGURE: Final = iri("cllm:hasFigure")
_AUDIT: Final = f"{GRAPHS}audit"
_MOST_DETAILS: Final = 24
"""Number of things that are told in place, beyond which there are only links to them."""


def thing(store: Store, layout: Layout, node: Term, most: int) -> Thing:
    """What is known of a thing, of each property at most so many values."""
    found = Thing(node)
    waiting = [node]
    while waiting:
        subject = waiting.pop(0)
        told = stated(store, subject, most)
        found.subjects.append(subject)
        within = {value for p in layout.details & told.keys() for value in told[p].values}
        waiting += sorted(within.difference(found.subjects, waiting))
        del waiting[_MOST_DETAILS:]
        facts = [*_facts(store, found, subject, told, layout, most)]
        found.facts += _joined(facts)
        _judge(store, found, subject)
    place = {subject: number for number, subject in enumerate(found.subjects)}
    marked = _marked(found, layout)
    marked.sort(
        key=lambda f: (
            place[f.subject],
            layout.order(f.predicate),
            f.is_inferred,
            not f.is_settled,
        )
    )
    found.facts = marked
    return found


def _facts(
    store: Store,
    found: Thing,
    subject: Term,
    told: Mapping[Term, Stated],
    layout: Layout,
    most: int,
) -> Iterator[Fact]:
    """The facts of one subject; what it omits, and of what there is more, is put into ``found``."""
    known = claims(store, subject)
    numbers: dict[Term, set[float]] = defaultdict(set)
    plain: list[Fact] = []
    for predicate, about in told.items():
        chosen = sorted(about.values)[:most]
        if about.count > len(chosen):
            found.counts[subject, predicate] = about.count
        for value in chosen:
            graphs = about.values[value]
            if predicate in layout.omissions:
                passages = tuple(sorted(graphs - BUILT - {""}))
                if predicate != OMITS or passages:
                    found.omissions.append(Omission(subject, value, predicate, passages))
            elif predicate == HAS_FIGURE and (read := figure(store, value)):
                claimed = known.get((read.quantity, value), ())
                fact = _fact(subject, read.quantity, value, graphs, claimed)
                said = tuple(replace(one, figure=value) for one in fact.said)
                yield replace(fact, figure=read, said=said)
                if fact.is_settled:
                    numbers[read.quantity].update(_amounts(read.value))
            else:
                claimed = known.get((predicate, value), ())
                plain.append(_fact(subject, predicate, value, graphs, claimed))
    for fact in plain:  # the number of a figure is not told a second time
        if not numbers[fact.predicate].intersection(_amounts(fact.value)):
            yield fact


def _fact(
    subject: Term, predicate: Term, value: Term, graphs: set[str], claimed: Iterable[Claim]
) -> Fact:
    by_passage = {claim.passage: claim for claim in claimed}
    said = []
    for passage in sorted(graphs - BUILT - {""}):
        claim = by_passage.get(passage)
        if claim is None:
            said.append(Said(passage))
        else:
            said.append(Said(passage, claim.stance, claim.rank, claim.claim, None, claim.against))
    return Fact(
        subject,
        predicate,
        value,
        tuple(said),
        () if said else tuple(sorted(graphs & BUILT)),
        is_settled="" in graphs,
        is_inferred=INFERRED in graphs,
    )


def _amounts(term: Term | None) -> Iterator[float]:
    """The number that a literal is, if it is one."""
    if term is not None and is_literal(term):
        try:
            yield float(parts(term)[0])
        except ValueError:
            return


def _joined(facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts, those whose figures print the same in the same stance as one."""
    joined: dict[object, Fact] = {}
    for fact in facts:
        if fact.figure is None:
            yield fact
            continue
        key = fact.figure.said, frozenset((one.stance, one.rank) for one in fact.said)
        before = joined.get(key)
        if before is None:
            joined[key] = fact
        else:
            settled = fact.is_settled or before.is_settled
            joined[key] = replace(before, said=before.said + fact.said, is_settled=settled)
    yield from joined.values()


def _marked(found: Thing, layout: Layout) -> list[Fact]:
    """The facts, with a mark on those that follow and say no more than others do."""
    have: dict[tuple[Term, Term], set[Term]] = defaultdict(set)
    for fact in found.facts:
        have[fact.subject, fact.value].add(fact.predicate)
    others = set(found.subjects)

    def restates(fact: Fact) -> bool:
        beside = have[fact.subject, fact.value] - {fact.predicate}
        is_wider = any(fact.predicate in layout.above.get(other, ()) for other in beside)
        is_back = fact.subject != found.node and fact.value in others
        return fact.is_inferred and (is_wider or is_back)

    return [replace(fact, restates=True) if restates(fact) else fact for fact in found.facts]


def _judge(store: Store, found: Thing, subject: Term) -> None:
    """Put into ``found`` what was decided about a subject, and what the audit found."""
    for _, node, _, _ in store.matching(None, iri("cllm:onSubject"), subject, ""):
        said = _first(store, node, "")
        if property_ := said.get(iri("cllm:onProperty")):
            found.decisions[subject, property_] = Decision(
                node,
                said.get(iri("cllm:prefers")),
                said.get(iri("cllm:because")),
                said.get(iri("dcterms:date")),
            )
    for _, node, _, _ in store.matching(None, iri("dqv:computedOn"), subject, _AUDIT):
        said = _first(store, node, _AUDIT)
        if property_ := said.get(iri("cllm:auditedProperty")):
            found.measurements.setdefault((subject, property_), []).append(
                Measurement(
                    node,
                    said.get(iri("dqv:isMeasurementOf")),
                    said.get(iri("cllm:grade")),
                    said.get(iri("dcterms:description")),
                    said.get(iri("cllm:ratio")),
                )
            )


def _first(store: Store, node: Term, graph: str) -> dict[Term, Term]:
    """A value of each property of a node."""
    rows = sorted(store.matching(node, graph=graph), reverse=True)
    return {predicate: value for _, _, predicate, value in rows}

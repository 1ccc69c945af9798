"""The rules, interpreted as they stand: slow, and plain enough to be believed.

Every rule is matched against everything, again and again, until nothing new follows. The compiled
evaluators are checked against this one; what they leave out is said in ``relevant``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kg.columns import (
    DATATYPES,
    Bound,
    Index,
    are_unequal,
    equal_literals,
    is_member,
    is_no_member,
    substitute,
)
from kg.reason.rules import (
    COMPUTED,
    SAME_AS,
    Condition,
    Rule,
    conditions_on_members,
    rules,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kg.terms import Triple


@dataclass
class Closure:
    """Everything that follows, what was given included, and the contradictions.

    A contradiction is the name of a rule with the triples that it needed.
    """

    triples: set[Triple]
    contradictions: set[tuple[str, frozenset[Triple]]] = field(default_factory=set)


def interpret(triples: Iterable[Triple], using: Sequence[Rule] | None = None) -> Closure:
    """Apply the rules, all of them or those given, until nothing new follows."""
    index = Index(triples)
    closure = Closure(index.triples)
    chosen = rules() if using is None else using
    grown = True
    while grown:
        grown = False
        for rule in chosen:
            for conclusions, premises in list(apply(rule, index)):
                if not rule.conclusions:
                    closure.contradictions.add((rule.name, frozenset(premises)))
                for triple in conclusions:
                    grown |= index.add(triple)
    return closure


def apply(
    rule: Rule, index: Index, new: Index | None = None
) -> Iterator[tuple[tuple[Triple, ...], tuple[Triple, ...]]]:
    """What a rule concludes from the triples of an index, each time with the triples it needed.

    With ``new`` only what needs one of its triples, which are in the index too.
    """
    if not rule.conditions:
        for bound in _bindings(rule.patterns, index, new):
            yield (
                tuple([substitute(triple, bound) for triple in rule.conclusions]),
                tuple([substitute(pattern, bound) for pattern in rule.patterns]),
            )
        return
    on_lists = [c for c in rule.conditions if c.kind not in COMPUTED]
    computed = [c for c in rule.conditions if c.kind in COMPUTED]
    first = rule.axioms if on_lists else rule.patterns
    then = rule.facts if on_lists else ()
    for bound in _bindings(first, index, new):
        for extended, needed in _of_lists(on_lists, bound, index):
            for full in index.matches((*then, *needed), extended):
                for complete in _computed(computed, full, index):
                    premises = (*rule.patterns, *needed)
                    yield (
                        tuple(substitute(triple, complete) for triple in rule.conclusions),
                        tuple(substitute(pattern, complete) for pattern in premises),
                    )


def _bindings(patterns: Sequence[Triple], index: Index, new: Index | None) -> Iterator[Bound]:
    """The ways to match some patterns, with a new triple for one of them if there are new ones."""
    if new is None:
        yield from index.matches(patterns, {})
        return
    for place, pattern in enumerate(patterns):
        rest = [*patterns[:place], *patterns[place + 1 :]]
        for bound in new.matches([pattern], {}):
            yield from index.matches(rest, bound)


def _of_lists(
    conditions: Sequence[Condition], bound: Bound, index: Index
) -> Iterator[tuple[Bound, tuple[Triple, ...]]]:
    if not conditions:
        yield bound, ()
        return
    for condition in conditions:  # no rule has two
        for members in index.lists(bound[condition.list_]):
            for more, needed in conditions_on_members(condition, members):
                yield bound | more, needed


def _computed(conditions: Sequence[Condition], bound: Bound, index: Index) -> Iterator[Bound]:
    if not conditions:
        yield bound
    for condition in conditions:  # no rule has two
        kind, terms = condition.kind, condition.terms
        if kind == "datatype":
            yield from ({terms[0]: datatype} for datatype in DATATYPES)
        elif kind == "literal":
            for literal in tuple(index.literals):
                for datatype in DATATYPES:
                    if is_member(literal, datatype):
                        yield dict(zip(terms, (literal, datatype), strict=True))
        elif kind == "equal":
            for pair in equal_literals(index.literals):
                yield dict(zip(terms, pair, strict=True))
        else:
            test = are_unequal if kind == "unequal" else is_no_member
            one, other = (bound[term] for term in terms)
            if test(one, other):
                yield bound


def relevant(closure: Closure) -> set[Triple]:
    """The triples that the compiled evaluators derive too.

    They do not write down that a thing is the same as itself (eq-ref); what follows is derived all
    the same. Of the datatypes of literals they derive those that some rule asks for.
    """
    return {
        triple
        for triple in closure.triples
        if not (triple[1] == SAME_AS and triple[0] == triple[2])
    }

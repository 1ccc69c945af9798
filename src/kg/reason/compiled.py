"""The rules, specialised to the axioms of an ontology.

Of each rule the premises that are axioms are matched once, here; what is left is a clause: facts
that are needed, and what follows from them. ``?x ?p ?y . ?p rdfs:domain ?c => ?x a ?c`` becomes one
``?x cllm:hasDeveloper ?y => ?x a cllm:Model`` for each axiom. Clauses that no data can meet, and
those whose conclusions nobody reads, are left out on demand.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from kg.columns import DATATYPES, Groups, Index, equal_literals, is_member, substitute
from kg.reason.oracle import apply
from kg.reason.rules import (
    AXIOM_CLASSES,
    AXIOM_PREDICATES,
    COMPUTED,
    SAME_AS,
    TYPE,
    Condition,
    Rule,
    conditions_on_members,
    is_axiom,
    rules,
)
from kg.terms import Term, Triple, is_literal, is_variable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    Pattern = tuple[Term, Term]

ANY: Final = "?"
_REFLEXIVE: Final = "eq-ref"
"""The rule that is never written out: its conclusions hold of everything."""


@dataclass(frozen=True)
class Clause:
    """A rule with its axioms filled in.

    ``body`` is needed beside ``axioms``, and a test of literals where there is one; ``head``
    follows, or None where it is a contradiction. A clause without a body states its head.
    """

    rule: str
    axioms: tuple[Triple, ...]
    body: tuple[Triple, ...]
    head: Triple | None
    test: Condition | None = None


def compile_rules(
    axioms: Iterable[Triple], literals: Collection[Term], found: Iterable[Triple] = ()
) -> tuple[Index, list[Clause]]:
    """Some axioms with those that follow from them, and the clauses, in the order of the rules.

    ``found`` are axioms that only facts make, and that no clause states.

    ``literals`` are those of the data; their values are compared here, once.
    """
    index, clauses = _schema((*axioms, *found))
    schematic = schematic_rules()
    for rule in rules():
        if rule in schematic or rule.name == _REFLEXIVE:
            continue
        if rule.name == "dt-eq":
            pairs = equal_literals(literals)
            clauses += [Clause(rule.name, (), (), (a, SAME_AS, b)) for a, b in pairs]
        elif rule.name != "dt-type2":
            clauses += _clauses(rule, index)
    read = {o for c in clauses for _, p, o in c.body if p == TYPE and o in DATATYPES}
    clauses += [
        Clause("dt-type2", (), (), (literal, TYPE, datatype))
        for datatype in sorted(read)
        for literal in sorted(literals)
        if is_member(literal, datatype)
    ]
    return index, list(dict.fromkeys(clauses))


@cache
def schematic_rules() -> list[Rule]:
    """The rules that need nothing but axioms, and say what follows from them."""
    of_facts = COMPUTED - {"datatype"} | {"all", "chain", "alike"}
    return [
        rule
        for rule in rules()
        if rule.conclusions
        and not rule.facts
        and not any(condition.kind in of_facts for condition in rule.conditions)
    ]


def _schema(axioms: Iterable[Triple]) -> tuple[Index, list[Clause]]:
    """The axioms with those that follow from them, and a clause for each that does."""
    index = Index(axioms)
    clauses: dict[Triple, Clause] = {}
    given = set(index.triples)
    new: Index | None = None
    while new is None or new.triples:
        found = [
            (rule.name, conclusions, premises)
            for rule in schematic_rules()
            for conclusions, premises in apply(rule, index, new)
        ]
        new = Index()
        for name, conclusions, premises in found:
            for triple in conclusions:
                if triple not in given and triple not in clauses:
                    clauses[triple] = Clause(name, premises, (), triple)
                if is_axiom(triple) and index.add(triple):
                    new.add(triple)
    return index, list(clauses.values())


def _clauses(rule: Rule, index: Index) -> Iterator[Clause]:
    on_lists = [c for c in rule.conditions if c.kind not in COMPUTED]
    test = next((c for c in rule.conditions if c.kind in COMPUTED), None)
    for bound in index.matches(rule.axioms, {}):
        for extended, needed in _expanded(on_lists, bound, index):
            axioms = tuple(substitute(pattern, extended) for pattern in rule.axioms)
            body = tuple(substitute(pattern, extended) for pattern in (*rule.facts, *needed))
            for conclusion in rule.conclusions:
                head = substitute(conclusion, extended)
                if head not in body and not (head[1] == SAME_AS and head[0] == head[2]):
                    yield Clause(rule.name, axioms, body, head, test)
            if not rule.conclusions:
                yield Clause(rule.name, axioms, body, None, test)
                if test is None:
                    yield from _of_itself(rule.name, axioms, body)


def _expanded(
    conditions: list[Condition], bound: Mapping[Term, Term], index: Index
) -> Iterator[tuple[Mapping[Term, Term], tuple[Triple, ...]]]:
    if not conditions:
        yield bound, ()
    for condition in conditions:
        for members in index.lists(bound[condition.list_]):
            for more, needed in conditions_on_members(condition, members):
                yield {**bound, **more}, needed


def _of_itself(rule: str, axioms: tuple[Triple, ...], body: tuple[Triple, ...]) -> Iterator[Clause]:
    """The contradictions that a thing's being the same as itself makes, which is never stated."""
    for place, (one, predicate, other) in enumerate(body):
        if predicate != SAME_AS or (one != other and not is_variable(other)):
            continue
        rest = (*body[:place], *body[place + 1 :])
        yield Clause(rule, axioms, tuple(substitute(p, {other: one}) for p in rest), None)


def kind_of(triple: Triple) -> Pattern:
    """What a triple or a pattern is grouped by: its predicate, and its class if it is a kind."""
    _, predicate, value = triple
    if is_variable(predicate):
        return ANY, ANY
    if predicate != TYPE:
        return predicate, ANY
    return predicate, ANY if is_variable(value) else value


def fireable(clauses: Sequence[Clause], present: Iterable[Pattern]) -> list[Clause]:
    """The clauses that facts of the kinds in ``present``, and what follows, can ever meet."""
    left = list(clauses)
    holding = {kind for given in present for kind in _wider(given)}
    kept: list[Clause] = []
    grown = True
    while grown:
        grown = False
        waiting: list[Clause] = []
        for clause in left:
            if all(kind_of(atom) in holding for atom in clause.body):
                kept.append(clause)
                if clause.head is not None:
                    before = len(holding)
                    holding.update(_wider(kind_of(clause.head)))
                    grown |= len(holding) > before
            else:
                waiting.append(clause)
        left = waiting
        if any(clause.rule == "eq-rep-p" for clause in kept):
            return kept + left  # a property may be the same as any other
    chosen = set(kept)
    return [clause for clause in clauses if clause in chosen]


def useful(clauses: Sequence[Clause], wanted: Callable[[Triple], bool]) -> list[Clause]:
    """The clauses whose conclusions are wanted, contradict, or are read by such a clause."""
    by_head: dict[Pattern, list[Clause]] = defaultdict(list)
    waiting: list[Clause] = []
    for clause in clauses:
        if clause.head is None or wanted(clause.head):
            waiting.append(clause)
        if clause.head is not None:
            for kind in _wider(kind_of(clause.head)):
                by_head[kind].append(clause)
            if kind_of(clause.head)[0] == ANY or kind_of(clause.head) == (TYPE, ANY):
                waiting.append(clause)
    kept: set[Clause] = set()
    while waiting:
        clause = waiting.pop()
        if clause not in kept:
            kept.add(clause)
            waiting += [giver for atom in clause.body for giver in by_head.get(kind_of(atom), ())]
    return [clause for clause in clauses if clause in kept]


def _wider(kind: Pattern) -> tuple[Pattern, ...]:
    """A kind of fact and the wider kinds that a pattern for it may name."""
    return tuple(dict.fromkeys((kind, (kind[0], ANY), (ANY, ANY))))


def kinds_of(groups: Groups) -> set[Pattern]:
    """What grouped triples are grouped by: each predicate, and each class of which one is."""
    kinds = {(predicate, ANY) for predicate in groups if predicate != TYPE}
    return kinds | {(TYPE, kind) for kind in set(groups.get(TYPE, ((), ()))[1])}


def axioms_of(groups: Groups) -> set[Triple]:
    """The triples among grouped ones that are part of an axiom."""
    found = {
        (subject, predicate, value)
        for predicate in AXIOM_PREDICATES & groups.keys()
        for subject, value in zip(*groups[predicate], strict=True)
    }
    subjects, kinds = groups.get(TYPE, ([], []))
    return found | {
        (subject, TYPE, kind)
        for subject, kind in zip(subjects, kinds, strict=True)
        if kind in AXIOM_CLASSES
    }


def literals_of(groups: Groups) -> set[Term]:
    """The literals of grouped triples."""
    return {term for _, values in groups.values() for term in set(values) if is_literal(term)}

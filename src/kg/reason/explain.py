"""Why a triple follows, and what is missing where it does not.

A proof is a tree: a triple, the rule that concludes it, and below it the premises, down to what is
stated. Of all proofs the smallest is found: instances of clauses are collected backwards from the
triple, then costs go forward, the cheapest first (Knuth's generalization of Dijkstra's algorithm,
https://doi.org/10.1016/0020-0190(77)90002-3), so that a proof never rests on itself.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

from kg.columns import Index, is_member, substitute
from kg.reason.compiled import schematic_rules
from kg.reason.oracle import apply
from kg.reason.rules import SAME_AS, TYPE, is_axiom
from kg.reason.words import sentence
from kg.terms import Term, Triple, is_literal, is_variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kg.reason.compiled import Clause
    from kg.reason.materialize import Closed

    Bound = dict[Term, Term]

STATED: Final = ""
"""The rule of a triple that is stated."""
_DEEPEST: Final = 6
"""Number of steps that the search for what is missing goes back."""


@dataclass(frozen=True)
class Proof:
    """A triple with the rule that concludes it from the premises; stated ones have neither.

    ``ways`` is the number of ways in which rules conclude it, this one included.
    """

    triple: Triple
    rule: str = STATED
    premises: tuple[Proof, ...] = ()
    ways: int = 0

    @property
    def size(self) -> int:
        """Number of steps."""
        return bool(self.rule) + sum(premise.size for premise in self.premises)

    def leaves(self) -> Iterator[Proof]:
        """The triples that the proof rests on."""
        if not self.premises:
            yield self
        for premise in self.premises:
            yield from premise.leaves()

    def steps(self) -> Iterator[Proof]:
        """The steps of the proof, each before those that it rests on."""
        if self.rule:
            yield self
            for premise in self.premises:
                yield from premise.steps()


@dataclass(frozen=True)
class Missing:
    """One way in which a triple would follow: the rule, what holds of it, and what does not.

    ``axioms`` are the premises of the ontology. Where a missing premise could itself follow,
    ``ways`` says how.
    """

    triple: Triple
    rule: str
    axioms: tuple[Triple, ...]
    held: tuple[Triple, ...]
    missing: tuple[Triple, ...]
    ways: tuple[Missing, ...] = ()

    @property
    def holds_something(self) -> bool:
        """Whether any premise holds, of this step or of one below."""
        return bool(self.held) or any(way.holds_something for way in self.ways)


@dataclass(frozen=True)
class _Instance:
    """A clause with all its variables filled in."""

    rule: str
    head: Triple
    premises: tuple[Triple, ...]


class Explainer:
    """Explains the triples of one closure."""

    def __init__(self, closed: Closed) -> None:
        self._closed = closed
        self._given = closed.given
        self._facts = Index(closed.columns.triples())
        for triple in (*closed.given, *closed.axioms.triples):
            self._facts.add(triple)
        self._by_predicate: dict[Term, list[Clause]] = defaultdict(list)
        for clause in closed.clauses:
            if clause.head is not None:
                self._by_predicate[clause.head[1]].append(clause)
        self._schema: dict[Triple, list[_Instance]] | None = None

    def proof(self, triple: Triple) -> Proof | None:
        """The smallest proof of a triple, None if it does not follow."""
        if triple[1] == SAME_AS and triple[0] == triple[2]:
            return Proof(triple, "eq-ref", ways=1)
        if triple[1] == TYPE and is_literal(triple[0]) and is_member(triple[0], triple[2]):
            return Proof(triple, "dt-type2", ways=1)
        if triple not in self._given and triple not in self._facts.triples:
            return None
        instances = self._collected(triple)
        best = self._cheapest(triple, instances)
        return self._built(triple, best, instances)

    def missing(self, triple: Triple) -> list[Missing]:
        """The ways in which a triple that does not follow would, the nearest first.

        Of axioms only those that are stated are gone back to. Ways of which nothing holds are left
        out where of others something does.
        """
        return self._missing(triple, {triple}, 0)

    def sentence(self, triple: Triple) -> str:
        """A triple as people read it."""
        return sentence(triple, self._closed.axioms)

    def _collected(self, triple: Triple) -> dict[Triple, list[_Instance]]:
        """All instances of clauses by which a triple, and what they need, can follow."""
        found: dict[Triple, list[_Instance]] = {}
        waiting = [triple]
        while waiting:
            wanted = waiting.pop()
            if wanted in found or wanted in self._given:
                continue
            found[wanted] = list(dict.fromkeys(self._instances(wanted)))
            waiting += [needed for instance in found[wanted] for needed in instance.premises]
        return found

    def _instances(self, triple: Triple) -> Iterator[_Instance]:
        if is_axiom(triple):
            yield from self._schematic().get(triple, ())
        for clause, bound in self._concluding(triple):
            for full in self._facts.matches(clause.body, bound):
                body = tuple(substitute(atom, full) for atom in clause.body)
                if triple not in body:
                    yield _Instance(clause.rule, triple, (*clause.axioms, *body))

    def _concluding(self, triple: Triple) -> Iterator[tuple[Clause, Bound]]:
        """The clauses whose head a triple can be, with what that binds."""
        named = self._by_predicate.get(triple[1], [])
        anything = [
            clause
            for predicate, clauses in self._by_predicate.items()
            if is_variable(predicate)
            for clause in clauses
        ]
        for clause in (*named, *anything):
            bound: Bound = {}
            for pattern, term in zip(clause.head or (), triple, strict=True):
                if (bound.setdefault(pattern, term) if is_variable(pattern) else pattern) != term:
                    break
            else:
                yield clause, bound

    def _schematic(self) -> dict[Triple, list[_Instance]]:
        """Every way in which an axiom follows from axioms."""
        if self._schema is None:
            self._schema = defaultdict(list)
            for rule in schematic_rules():
                for conclusions, premises in apply(rule, self._closed.axioms):
                    for triple in conclusions:
                        if triple not in premises:
                            self._schema[triple].append(_Instance(rule.name, triple, premises))
        return self._schema

    def _cheapest(
        self, triple: Triple, instances: dict[Triple, list[_Instance]]
    ) -> dict[Triple, _Instance]:
        """For each triple the instance that begins its smallest proof."""
        reading: dict[Triple, list[tuple[Triple, int]]] = defaultdict(list)
        costs: dict[Triple, int] = {}
        best: dict[Triple, _Instance] = {}
        unmet: dict[tuple[Triple, int], int] = {}
        waiting: list[tuple[int, Triple, int]] = []
        for head, ways in sorted(instances.items()):
            for number, way in enumerate(sorted(ways, key=lambda w: (w.rule, w.premises))):
                derived = {premise for premise in way.premises if premise in instances}
                unmet[head, number] = len(derived)
                for premise in derived:
                    reading[premise].append((head, number))
                if not derived:
                    heapq.heappush(waiting, (1, head, number))
        ordered = {
            head: sorted(ways, key=lambda w: (w.rule, w.premises))
            for head, ways in instances.items()
        }
        while waiting and triple not in costs:
            cost, head, number = heapq.heappop(waiting)
            if head in costs:
                continue
            costs[head], best[head] = cost, ordered[head][number]
            for other, place in reading[head]:
                unmet[other, place] -= 1
                if not unmet[other, place]:
                    way = ordered[other][place]
                    total = 1 + sum(costs.get(premise, 0) for premise in way.premises)
                    heapq.heappush(waiting, (total, other, place))
        return best

    def _built(
        self,
        triple: Triple,
        best: dict[Triple, _Instance],
        instances: dict[Triple, list[_Instance]],
    ) -> Proof:
        """The proof of a triple; ``best`` has every premise before what rests on it."""
        proofs: dict[Triple, Proof] = {}
        for head, way in best.items():
            premises = tuple(proofs.get(premise) or Proof(premise) for premise in way.premises)
            proofs[head] = Proof(head, way.rule, premises, len(instances[head]))
        return proofs.get(triple) or Proof(triple)

    def _missing(self, triple: Triple, seen: set[Triple], depth: int) -> list[Missing]:
        ways: list[Missing] = []
        for clause, bound in self._concluding(triple):
            if clause.body and depth < _DEEPEST and self._given.issuperset(clause.axioms):
                ways.append(self._nearest(triple, clause, bound))
        ways = [
            way
            for way in ways
            if not any(premise in seen or is_literal(premise[0]) for premise in way.missing)
        ]
        seen.update(premise for way in ways for premise in way.missing)
        ways = [
            replace(
                way,
                ways=tuple(
                    other
                    for premise in way.missing
                    if premise[1] == TYPE and not is_variable(premise[0])
                    for other in self._missing(premise, seen, depth + 1)
                ),
            )
            for way in ways
        ]
        near = [way for way in ways if way.holds_something]
        return sorted(near or ways, key=lambda w: (len(w.missing), -len(w.held), w.rule, w.axioms))

    def _nearest(self, triple: Triple, clause: Clause, bound: Bound) -> Missing:
        """As much of a clause as holds, and what is left of it."""
        places = range(len(clause.body))
        for count in range(len(clause.body) - 1, -1, -1):
            for chosen in combinations(places, count):
                atoms: Sequence[Triple] = [clause.body[place] for place in chosen]
                for full in self._facts.matches(atoms, bound):
                    rest = [clause.body[place] for place in places if place not in chosen]
                    return Missing(
                        triple,
                        clause.rule,
                        clause.axioms,
                        tuple(substitute(atom, full) for atom in atoms),
                        tuple(substitute(atom, full) for atom in rest),
                    )
        raise AssertionError("no premise at all always holds")

"""Clauses evaluated over sorted columns of integers, each round only with what is new.

Evaluation is semi-naive: a clause is joined once for each premise, that one taken from what the
last round found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kg.columns import (
    HALF,
    MASK,
    Groups,
    Relation,
    Relations,
    Terms,
    among,
    are_unequal,
    common,
    decoded,
    distinct,
    encoded,
    grouped,
    is_no_member,
    joint,
    looked_up,
    without,
)
from kg.reason.rules import AXIOM_CLASSES, AXIOM_PREDICATES, SAME_AS, TYPE
from kg.terms import Term, Triple, is_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from kg.reason.compiled import Clause

    Column = NDArray[np.int64]
    Rows = dict[int, Column]
    Atom = tuple[int, int, int]


@dataclass(frozen=True)
class _Compiled:
    """A clause in numbers; variables are negative."""

    clause: Clause
    body: tuple[Atom, ...]
    head: Atom | None


@dataclass(frozen=True)
class Followed:
    """What was given, what clauses stated, and all facts with those that followed."""

    given: Relations
    stated: Relations
    relations: Relations


class Columns:
    """Facts in columns, and what follows from them by clauses."""

    def __init__(self, given: Relations, terms: Terms) -> None:
        self.terms = terms
        self.given = self.relations = given
        self.stated: Relations = {}
        self._rules: list[_Compiled] = []
        self._readers: Mapping[tuple[int, int], list[tuple[int, int]]] = {}

    @classmethod
    def of(cls, groups: Groups) -> Columns:
        """The columns of grouped facts, with a dictionary of their own."""
        terms = Terms()
        return cls(encoded(groups, terms), terms)

    def close(self, clauses: Sequence[Clause]) -> None:
        """Add everything that follows by some clauses."""
        self._follow(clauses)
        self.relations = joint(self.relations, self.stated)
        self._propagate(dict(self.relations), {})

    def go_on(self, before: Followed, clauses: Sequence[Clause]) -> None:
        """The same, from what followed from other facts by the same clauses with a body."""
        self._follow(clauses)
        self.relations = before.relations
        fresh = joint(without(self.given, before.given), without(self.stated, before.stated))
        gone = joint(without(before.given, self.given), without(before.stated, self.stated))
        self._changed(fresh, gone)

    def change(self, added: Iterable[Triple], removed: Iterable[Triple]) -> None:
        """Give other facts, and keep closed by the clauses that ``close`` was given."""
        gone = common(self._encoded(removed), self.given)
        fresh = self._encoded(added)
        self.given = joint(without(self.given, gone), fresh)
        self._changed(fresh, gone)

    def followed(self) -> Followed:
        """What is needed to go on from here."""
        return Followed(self.given, self.stated, self.relations)

    def _encoded(self, triples: Iterable[Triple]) -> Relations:
        return encoded(grouped(triples), self.terms)

    def _follow(self, clauses: Sequence[Clause]) -> None:
        self._rules = [self._numbered(c) for c in clauses if c.head is not None and c.body]
        self._readers = self._read_by()
        stated = [c.head for c in clauses if c.head is not None and not c.body]
        self.stated = self._encoded(triple for triple in stated if not _same(triple))

    def _changed(self, fresh: Relations, gone: Relations) -> None:
        """Keep closed when ``fresh`` facts were given, and ``gone`` ones are no longer.

        First everything goes that may rest on what is gone; then comes back what follows without
        it; then what follows from what is fresh
        (https://doi.org/10.1145/170035.170066, delete and rederive).
        """
        kept = joint(self.given, self.stated)
        lost = without(gone, kept)
        delta = lost
        while delta:
            resting = self._found(delta, self.relations, self.relations)
            delta = without(without(common(resting, self.relations), kept), lost)
            lost = joint(lost, delta)
        self.relations = without(self.relations, lost)
        back = joint(self._rederived(lost), without(fresh, self.relations))
        before = dict(self.relations)
        self.relations = joint(self.relations, back)
        self._propagate(back, before)

    def _propagate(self, delta: Relations, old: Relations) -> None:
        """Add what follows from ``delta``, which is among the facts, beside ``old``."""
        while delta:
            found = self._found(delta, old, self.relations)
            old = dict(self.relations)
            delta = without(found, self.relations)
            self.relations = joint(self.relations, delta)

    def _found(self, delta: Relations, before: Relations, after: Relations) -> Relations:
        """What the rules conclude with a premise in ``delta``.

        The premises on its left are taken from ``before``, those on its right from ``after``.
        """
        found: dict[int, list[Column]] = {}
        for rule, place in self._woken(delta):
            views = [
                delta if n == place else before if n < place else after
                for n in range(len(rule.body))
            ]
            rows, count = _solved(rule.body, place, views, _variables(rule.head))
            if count and rule.head is not None:
                self._conclude(rule.head, rows, count, found)
        return {p: Relation(distinct(np.concatenate(columns))) for p, columns in found.items()}

    def _rederived(self, lost: Relations) -> Relations:
        """Which of the facts that were taken away follow in one step from those that are left."""
        found: dict[int, list[Column]] = {}
        for rule in self._rules if lost else ():
            if rule.head is None or (rule.head[1] >= 0 and rule.head[1] not in lost):
                continue
            views = [lost, *(self.relations for _ in rule.body)]
            rows, count = _solved((rule.head, *rule.body), 0, views, _variables(rule.head))
            if count:
                self._conclude(rule.head, rows, count, found)
        return {p: Relation(distinct(np.concatenate(columns))) for p, columns in found.items()}

    def contradictions(
        self, clauses: Sequence[Clause], fresh: Relations | None = None
    ) -> Iterator[tuple[Clause, list[Triple]]]:
        """The clauses that are met and may not be, each with the facts that meet it.

        With ``fresh`` only those that one of these facts meets with the others.
        """
        for clause in clauses:
            if clause.head is not None:
                continue
            rule = self._numbered(clause)
            everywhere = [self.relations] * len(rule.body)
            if fresh is None or not rule.body:
                yield from self._meeting(rule, 0, everywhere)
                continue
            for place in range(len(rule.body)):
                views = [*everywhere[:place], fresh, *everywhere[place + 1 :]]
                yield from self._meeting(rule, place, views)

    def _meeting(
        self, rule: _Compiled, first: int, views: Sequence[Relations]
    ) -> Iterator[tuple[Clause, list[Triple]]]:
        clause = rule.clause
        rows, count = _solved(rule.body, first, views, {t for a in rule.body for t in a if t < 0})
        names = {name: -1 - place for place, name in enumerate(_order(clause))}
        for row in range(count):
            bound = {
                name: self.terms.names[int(rows[variable][row])] for name, variable in names.items()
            }
            if self._passes(clause, bound):
                yield clause, [_filled(atom, bound) for atom in clause.body]

    def triples(self) -> Iterator[Triple]:
        """All facts, those that follow included."""
        yield from decoded(self.relations, self.terms)

    def axioms(self) -> set[Triple]:
        """The facts that are part of an axiom and were not given."""
        number = self.terms.number
        axiomatic = {number(predicate) for predicate in AXIOM_PREDICATES}
        new = {p: r for p, r in self.relations.items() if p in axiomatic}
        found = set(decoded(without(new, self.given), self.terms))
        kinds = self.relations.get(number(TYPE))
        if kinds is not None:
            classes = np.array(sorted(map(number, AXIOM_CLASSES)), np.int64)
            places, members = looked_up(classes, kinds.inverse)
            typed = {number(TYPE): Relation(distinct(members << HALF | classes[places]))}
            found |= set(decoded(without(typed, self.given), self.terms))
        return found

    def derived(self) -> Relations:
        """The facts that were not given."""
        return without(self.relations, self.given)

    def was_given(self, triple: Triple) -> bool:
        """Whether a fact is one of those that were given."""
        subject, predicate, value = map(self.terms.find, triple)
        relation = None if predicate is None else self.given.get(predicate)
        if subject is None or value is None or relation is None:
            return False
        return bool(among(np.array([subject << HALF | value], np.int64), relation.pairs)[0])

    def _numbered(self, clause: Clause) -> _Compiled:
        variables = {name: -1 - place for place, name in enumerate(_order(clause))}

        def atom(pattern: Triple) -> Atom:
            subject, predicate, value = (
                variables[t] if is_variable(t) else self.terms.number(t) for t in pattern
            )
            return subject, predicate, value

        head = None if clause.head is None else atom(clause.head)
        return _Compiled(clause, tuple(map(atom, clause.body)), head)

    def _read_by(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """Which premise of which rule reads facts of a predicate, or members of a class."""
        kind = self.terms.number(TYPE)
        readers: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for number, rule in enumerate(self._rules):
            for place, (_, predicate, value) in enumerate(rule.body):
                of_class = predicate == kind and value >= 0
                key = (max(predicate, -1), value if of_class else -1)
                readers.setdefault(key, []).append((number, place))
        return readers

    def _woken(self, delta: Relations) -> Iterator[tuple[_Compiled, int]]:
        """The premises for which there is something new."""
        kind = self.terms.number(TYPE)
        keys = [(-1, -1), *((predicate, -1) for predicate in delta)]
        if kind in delta:
            keys += [(kind, value) for value in distinct(delta[kind].pairs & MASK).tolist()]
        woken = {reader for key in keys for reader in self._readers.get(key, ())}
        for number, place in sorted(woken):
            yield self._rules[number], place

    def _conclude(self, head: Atom, rows: Rows, count: int, found: dict[int, list[Column]]) -> None:
        subject, predicate, value = (
            rows[term] if term < 0 else np.full(count, term, np.int64) for term in head
        )
        keys = subject << HALF | value
        same = self.terms.number(SAME_AS)
        names = [head[1]] if head[1] >= 0 else distinct(predicate).tolist()
        for name in names:
            chosen = keys if head[1] >= 0 else keys[predicate == name]
            if name == same:
                chosen = chosen[chosen >> HALF != chosen & MASK]
            found.setdefault(name, []).append(chosen)

    def _passes(self, clause: Clause, bound: Mapping[Term, Term]) -> bool:
        if clause.test is None:
            return True
        one, other = (bound.get(term, term) for term in clause.test.terms)
        return (are_unequal if clause.test.kind == "unequal" else is_no_member)(one, other)


def _same(triple: Triple) -> bool:
    return triple[1] == SAME_AS and triple[0] == triple[2]


def _filled(pattern: Triple, bound: Mapping[Term, Term]) -> Triple:
    subject, predicate, value = (bound.get(term, term) for term in pattern)
    return subject, predicate, value


def _order(clause: Clause) -> list[Term]:
    """The variables of a clause, in the order of their first use."""
    patterns = (*clause.body, *(() if clause.head is None else (clause.head,)))
    return list(dict.fromkeys(t for pattern in patterns for t in pattern if is_variable(t)))


def _variables(atom: Atom | None) -> set[int]:
    return {term for term in atom or () if term < 0}


def _solved(
    body: Sequence[Atom], first: int, views: Sequence[Relations], wanted: set[int]
) -> tuple[Rows, int]:
    """The rows that meet a body, with the columns of the wanted variables, and their number."""
    if any(atom[1] >= 0 and atom[1] not in view for atom, view in zip(body, views, strict=True)):
        return {}, 0
    rows: Rows = {}
    count = 1
    left = list(range(len(body)))
    place = first if body else -1
    while left:
        left.remove(place)
        rows, count = _extended(rows, count, body[place], views[place])
        if not count:
            return {}, 0
        needed = wanted.union(*(_variables(body[n]) for n in left))
        rows = {variable: column for variable, column in rows.items() if variable in needed}
        if left:
            place = max(left, key=lambda n: _boundness(body[n], rows))
    return rows, count


def _boundness(atom: Atom, rows: Rows) -> tuple[bool, int]:
    """How much of an atom is known: a variable that is, then the number of known terms."""
    known = [term >= 0 or term in rows for term in atom]
    return any(term in rows for term in atom), sum(known)


def _extended(rows: Rows, count: int, atom: Atom, view: Relations) -> tuple[Rows, int]:
    """The rows joined with the facts that match an atom."""
    subject, predicate, value = atom
    if predicate >= 0:
        relation = view.get(predicate)
        return ({}, 0) if relation is None else _joined(rows, count, subject, value, relation)
    parts: list[tuple[Rows, int]] = []
    if predicate in rows:
        column = rows[predicate]
        for name in distinct(column).tolist():
            if name in view:
                chosen = column == name
                some = {variable: of[chosen] for variable, of in rows.items()}
                parts.append(_joined(some, int(chosen.sum()), subject, value, view[name]))
    else:
        for name, relation in view.items():
            # the predicate may stand in the atom twice
            known = {**rows, predicate: np.full(count, name, np.int64)}
            parts.append(_joined(known, count, subject, value, relation))
    parts = [part for part in parts if part[1]]
    if not parts:
        return {}, 0
    names = parts[0][0]
    return (
        {variable: np.concatenate([part[0][variable] for part in parts]) for variable in names},
        sum(part[1] for part in parts),
    )


def _joined(
    rows: Rows, count: int, subject: int, value: int, relation: Relation
) -> tuple[Rows, int]:
    known_subject = subject >= 0 or subject in rows
    known_value = value >= 0 or value in rows
    if known_subject and known_value:
        keys = _column(rows, count, subject) << HALF | _column(rows, count, value)
        met = among(keys, relation.pairs)
        return {variable: column[met] for variable, column in rows.items()}, int(met.sum())
    if known_subject:
        return _expanded(rows, count, subject, value, relation.pairs)
    if known_value:
        return _expanded(rows, count, value, subject, relation.inverse)
    pairs = relation.pairs
    if subject == value:
        pairs = pairs[pairs >> HALF == pairs & MASK]
    new = {subject: pairs >> HALF, value: pairs & MASK}
    if not rows:
        return new, len(pairs)
    return (
        {variable: np.repeat(column, len(pairs)) for variable, column in rows.items()}
        | {variable: np.tile(column, count) for variable, column in new.items()},
        count * len(pairs),
    )


def _column(rows: Rows, count: int, term: int) -> Column:
    return rows[term] if term < 0 else np.full(count, term, np.int64)


def _expanded(rows: Rows, count: int, known: int, new: int, pairs: Column) -> tuple[Rows, int]:
    """The rows joined with sorted pairs by their upper half, the lower half as a new column."""
    if known >= 0:
        low, high = np.searchsorted(pairs, [known << HALF, (known + 1) << HALF]).tolist()
        found = pairs[low:high] & MASK
        if not rows:
            return {new: found}, len(found)
        repeated = {variable: np.repeat(c, len(found)) for variable, c in rows.items()}
        return {**repeated, new: np.tile(found, count)}, count * len(found)
    places, found = looked_up(rows[known], pairs)
    return {variable: c[places] for variable, c in rows.items()} | {new: found}, len(places)

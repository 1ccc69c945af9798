"""From triples to everything that follows: compile, close, and again if new axioms came up."""

from __future__ import annotations

import contextlib
import gc
import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from kg.columns import (
    FIRST,
    MASK,
    Groups,
    Relation,
    Relations,
    Terms,
    decoded,
    decoded_groups,
    distinct,
    encoded,
    grouped,
    ungrouped,
    without,
)
from kg.errors import BadInput
from kg.reason import profile
from kg.reason.compiled import (
    ANY,
    Clause,
    axioms_of,
    compile_rules,
    fireable,
    kind_of,
    kinds_of,
    literals_of,
    useful,
)
from kg.reason.rules import TYPE
from kg.reason.seminaive import Columns, Followed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kg.columns import Index
    from kg.reason.compiled import Pattern
    from kg.terms import Term, Triple

    Kinds = set[Pattern]


@dataclass
class Closed:
    """What was given, the clauses, and the facts with all that follows by them.

    ``axioms`` has the axioms with those that follow from them. ``columns`` only has facts that
    some clause reads or concludes, unless everything was wanted.
    """

    facts: Facts
    axioms: Index
    clauses: list[Clause]
    columns: Columns
    fresh: Relations | None = None
    """The facts that are new since what it went on from, which had no contradictions."""

    @cached_property
    def signature(self) -> str:
        """Of the clauses with a body; what follows by clauses of another is not to go on from."""
        return _signature(self.clauses)

    @cached_property
    def given(self) -> frozenset[Triple]:
        """The triples that were given."""
        return frozenset(self.facts.triples())

    def derived(self) -> Iterator[Triple]:
        """The triples that were not given, without those that follow from nothing."""
        yield from self.chosen(self.columns.derived())

    def chosen(self, derived: Relations) -> Iterator[Triple]:
        """Some of the facts that were not given, without those that follow from nothing."""
        always = _always()
        for triple in decoded(derived, self.columns.terms):
            if triple not in always and not (self._equals and self._restated(triple)):
                yield triple

    def contradictions(self) -> Iterator[tuple[Clause, list[Triple]]]:
        """The clauses that are met and may not be, each with the facts that meet it."""
        return self.columns.contradictions(self.clauses, self.fresh)

    @property
    def has_equals(self) -> bool:
        """Whether two different literals have one value."""
        return bool(self._equals)

    def _restated(self, triple: Triple) -> bool:
        """Whether a triple only writes the literal of a given one in another form."""
        subject, predicate, value = triple
        equal = self._equals.get(value, ())
        return any(self.columns.was_given((subject, predicate, other)) for other in equal)

    @cached_property
    def _equals(self) -> dict[str, list[str]]:
        """The literals of one value, by each of them."""
        equals: dict[str, list[str]] = {}
        for clause in self.clauses:
            if clause.rule == "dt-eq" and clause.head is not None:
                one, _, other = clause.head
                equals.setdefault(one, []).append(other)
        return equals


def materialize(
    triples: Iterable[Triple] | Groups, wanted: Callable[[Triple], bool] | None = None
) -> Closed:
    """Everything that follows from some triples, grouped or not, by the rules of OWL 2 RL.

    With ``wanted`` only what is wanted, and what is needed to find it: clauses are left out whose
    conclusions nobody asks for and nothing reads. Raises ``BadInput``, naming the axiom, if the
    ontology among them leaves the profile.
    """
    groups = triples if isinstance(triples, dict) else grouped(triples)
    with _no_collection():
        return _materialized(_Grouped(groups, Terms()), wanted, None)


def materialize_relations(
    relations: Relations,
    terms: Terms,
    wanted: Callable[[Triple], bool] | None = None,
    before: tuple[str, Followed] | None = None,
) -> Closed:
    """The same of relations, numbered by ``terms``.

    ``before`` is the ``Closed.signature`` and what had followed from other facts, numbered by the
    same terms, to go on from; if the clauses have become others, it starts anew.
    """
    with _no_collection():
        return _materialized(_Related(relations, terms), wanted, before)


def _materialized(
    facts: Facts, wanted: Callable[[Triple], bool] | None, before: tuple[str, Followed] | None
) -> Closed:
    schema, literals, kinds = facts.schema(), facts.literals(), facts.kinds()
    refuse_what_is_outside(schema)
    axioms = axioms_of(schema)
    found: set[Triple] = set()
    while True:
        index, compiled = compile_rules(axioms, literals, found)
        clauses = fireable(compiled, kinds)
        if wanted is not None:
            clauses = useful(clauses, wanted)
        columns = Columns(facts.of_kinds(_needed(clauses) if wanted else {(ANY, ANY)}), facts.terms)
        fresh = None
        if before is not None and before[0] == _signature(clauses):
            columns.go_on(before[1], clauses)
            fresh = without(columns.relations, before[1].relations)
        else:
            columns.close(clauses)
        # what an alias in a list would give, equality gives of the member itself
        new = {
            triple
            for triple in columns.axioms() - index.triples
            if triple[1] != FIRST or not index.candidates((triple[0], FIRST, "?"))
        }
        if not new:
            return Closed(facts, index, clauses, columns, fresh)
        found |= new


def _signature(clauses: Iterable[Clause]) -> str:
    """What two lists of clauses share that differ at most in their order and in what they state."""
    said = "\n".join(sorted(repr(clause) for clause in clauses if clause.body))
    return hashlib.sha256(said.encode()).hexdigest()


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing made here refers to itself, and looking for what does takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@cache
def _always() -> frozenset[Triple]:
    """What the rules say of the vocabulary, whatever is given."""
    _, clauses = compile_rules((), ())
    return frozenset(clause.head for clause in clauses if clause.head and not clause.body)


def refuse_what_is_outside(groups: Groups) -> None:
    """Raise ``BadInput``, naming the first axiom, if some leave OWL 2 RL."""
    if outside := profile.outside(groups):
        more = f" ({len(outside)} in all)" if len(outside) > 1 else ""
        raise BadInput(f"The ontology leaves OWL 2 RL{more}: {outside[0]}.")


def _needed(clauses: Iterable[Clause]) -> Kinds:
    """The kinds of facts that some clause reads or concludes."""
    kinds: Kinds = set()
    for clause in clauses:
        kinds.update(map(kind_of, clause.body))
        if clause.head is not None:
            kinds.add(kind_of(clause.head))
    return kinds


class Facts(Protocol):
    """Triples as they were given, and what compiling looks at of them."""

    @property
    def terms(self) -> Terms:
        """The dictionary by which they are numbered."""

    def schema(self) -> Groups:
        """The triples that may be part of an axiom, grouped."""

    def literals(self) -> set[Term]:
        """The literals."""

    def kinds(self) -> Kinds:
        """What the triples are grouped by: each predicate, and each class of which one is."""

    def triples(self) -> Iterator[Triple]:
        """All of them."""

    def of_kinds(self, kinds: Kinds) -> Relations:
        """Those of some kinds."""


@dataclass(frozen=True)
class _Grouped:
    """Grouped triples of which none is numbered yet."""

    groups: Groups
    terms: Terms

    def schema(self) -> Groups:
        return self.groups

    def literals(self) -> set[Term]:
        return literals_of(self.groups)

    def kinds(self) -> Kinds:
        return kinds_of(self.groups)

    def triples(self) -> Iterator[Triple]:
        return ungrouped(self.groups)

    def of_kinds(self, kinds: Kinds) -> Relations:
        groups = self.groups
        if (ANY, ANY) not in kinds:
            groups = {p: group for p, group in self.groups.items() if (p, ANY) in kinds}
            if TYPE in self.groups and TYPE not in groups:
                typed = zip(*self.groups[TYPE], strict=True)
                pairs = [pair for pair in typed if (TYPE, pair[1]) in kinds]
                groups[TYPE] = [s for s, _ in pairs], [kind for _, kind in pairs]
        return encoded(groups, self.terms)


@dataclass(frozen=True)
class _Related:
    """Relations: only what may be an axiom becomes text."""

    relations: Relations
    terms: Terms

    def schema(self) -> Groups:
        names = self.terms.names
        chosen = {p: r for p, r in self.relations.items() if profile.is_of_schema(names[p])}
        kinds = [n for n in self._classes() if profile.is_class_of_schema(names[n])]
        return decoded_groups(chosen | self._typed(kinds), self.terms)

    def literals(self) -> set[Term]:
        names, is_literal = self.terms.names, self.terms.beginning('"')
        met = np.zeros(len(is_literal), np.bool_)
        for relation in self.relations.values():
            met[relation.pairs & MASK] = True
        return {names[number] for number in np.flatnonzero(met & is_literal).tolist()}

    def kinds(self) -> Kinds:
        names = self.terms.names
        kinds = {(names[p], ANY) for p in self.relations if names[p] != TYPE}
        return kinds | {(TYPE, names[number]) for number in self._classes()}

    def triples(self) -> Iterator[Triple]:
        return decoded(self.relations, self.terms)

    def of_kinds(self, kinds: Kinds) -> Relations:
        if (ANY, ANY) in kinds:
            return self.relations
        names = self.terms.names
        chosen = {p: r for p, r in self.relations.items() if (names[p], ANY) in kinds}
        if (TYPE, ANY) in kinds:
            return chosen
        return chosen | self._typed([self.terms.number(c) for p, c in kinds if p == TYPE])

    def _classes(self) -> list[int]:
        relation = self.relations.get(self.terms.number(TYPE))
        return [] if relation is None else distinct(relation.pairs & MASK).tolist()

    def _typed(self, classes: list[int]) -> Relations:
        """The members of some classes, if there are any."""
        kind = self.terms.number(TYPE)
        if kind not in self.relations:
            return {}
        pairs = self.relations[kind].pairs
        chosen = pairs[np.isin(pairs & MASK, np.array(classes, np.int64))]
        return {kind: Relation(chosen)} if len(chosen) else {}

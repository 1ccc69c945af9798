"""Triples that can be asked for by any of their terms: for what is small, such as an ontology."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from kg.terms import Term, Triple, iri, is_literal, is_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FIRST: Final = iri("rdf:first")
REST: Final = iri("rdf:rest")
NIL: Final = iri("rdf:nil")
Bound = dict[Term, Term]


class Index:
    """Triples that can be asked for by any of their terms."""

    def __init__(self, triples: Iterable[Triple] = ()) -> None:
        self.triples: set[Triple] = set()
        self.literals: set[Term] = set()
        self._by: tuple[dict[object, list[Triple]], ...] = tuple(
            defaultdict(list) for _ in range(5)
        )
        for triple in triples:
            self.add(triple)

    def add(self, triple: Triple) -> bool:
        """Add a triple; whether it is new."""
        if triple in self.triples:
            return False
        self.triples.add(triple)
        subject, predicate, value = triple
        by_p, by_ps, by_po, by_s, by_o = self._by
        by_p[predicate].append(triple)
        by_ps[predicate, subject].append(triple)
        by_po[predicate, value].append(triple)
        by_s[subject].append(triple)
        by_o[value].append(triple)
        self.literals.update(filter(is_literal, triple))
        return True

    def candidates(self, pattern: Triple) -> Sequence[Triple]:
        """The triples among which those that match a pattern are."""
        subject, predicate, value = pattern
        by_p, by_ps, by_po, by_s, by_o = self._by
        if not is_variable(predicate):
            if not is_variable(subject):
                return by_ps.get((predicate, subject), ())
            if not is_variable(value):
                return by_po.get((predicate, value), ())
            return by_p.get(predicate, ())
        if not is_variable(subject):
            return by_s.get(subject, ())
        if not is_variable(value):
            return by_o.get(value, ())
        return tuple(self.triples)

    def matches(self, patterns: Sequence[Triple], bound: Bound) -> Iterator[Bound]:
        """The ways to match all of some patterns at once, the most bound pattern first."""
        if not patterns:
            yield bound
            return
        if len(patterns) == 1:
            pattern = substitute(patterns[0], bound)
            for triple in tuple(self.candidates(pattern)):
                if (extended := _unify(pattern, triple, bound)) is not None:
                    yield extended
            return
        known = [substitute(pattern, bound) for pattern in patterns]
        sizes = [len(self.candidates(pattern)) for pattern in known]
        place = sizes.index(min(sizes))
        rest = [*patterns[:place], *patterns[place + 1 :]]
        for triple in tuple(self.candidates(known[place])):
            if (extended := _unify(known[place], triple, bound)) is not None:
                yield from self.matches(rest, extended)

    def lists(self, head: Term) -> Iterator[tuple[Term, ...]]:
        """The lists that begin at a node: one, unless somebody says two things of a cell.

        What is circular or does not end in rdf:nil is no list.
        """
        waiting: list[tuple[Term, tuple[Term, ...], frozenset[Term]]] = [(head, (), frozenset())]
        while waiting:
            cell, members, seen = waiting.pop()
            plain: list[Term] = []  # as long as a cell has one member and one rest
            own: set[Term] = set(seen)
            while cell != NIL and cell not in own:
                own.add(cell)
                firsts = self.candidates((cell, FIRST, "?"))
                rests = self.candidates((cell, REST, "?"))
                if len(firsts) != 1 or len(rests) != 1:
                    waiting += [
                        (rest, (*members, *plain, first), frozenset(own))
                        for _, _, first in firsts
                        for _, _, rest in rests
                    ]
                    break
                plain.append(firsts[0][2])
                cell = rests[0][2]
            else:
                if cell == NIL:
                    yield (*members, *plain)


def _unify(pattern: Triple, triple: Triple, bound: Bound) -> Bound | None:
    extended = bound.copy()
    for wanted, found in zip(pattern, triple):  # noqa: B905
        if wanted[0] == "?":
            if extended.setdefault(wanted, found) != found:
                return None
        elif wanted != found:
            return None
    return extended


def substitute(pattern: Triple, bound: Mapping[Term, Term]) -> Triple:
    """A pattern with what its variables are bound to."""
    subject, predicate, value = pattern
    return (
        bound.get(subject, subject),
        bound.get(predicate, predicate),
        bound.get(value, value),
    )

"""Clauses as SPARQL updates, run to a fixpoint on a store: the second evaluator.

It checks the first, and it reasons where only an engine holds the data. A store holds no literal as
a subject, so what is said of literals takes another way: members of a datatype are listed in the
query, and literals of one value are written into each other's places, each pair by an update.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final, Protocol

from kg.columns import DATATYPES, are_unequal, is_no_member
from kg.reason.rules import SAME_AS, TYPE
from kg.terms import Term, Triple, is_literal, is_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kg.reason.compiled import Clause

_BLANK: Final = "urn:kg:blank:"
_SKOLEM: Final = re.compile(f"<{_BLANK}(.*)>")


class Store(Protocol):
    """What the evaluator needs of a store."""

    def __len__(self) -> int:
        """Number of triples."""

    def update(self, text: str) -> None:
        """Run a SPARQL update."""

    def select(self, text: str) -> Sequence[Mapping[str, Term]]:
        """The rows of a SELECT query, terms as N-Triples writes them."""


def updates(clauses: Sequence[Clause]) -> list[str]:
    """The updates that add, run again and again, everything that follows by some clauses."""
    members = _members(clauses)
    texts = []
    for clause in clauses:
        if clause.rule == "dt-eq" and clause.head is not None:
            one, _, other = clause.head
            texts.append(f"INSERT {{ ?s ?p {other} }} WHERE {{ ?s ?p {one} }}")
        elif clause.head is not None and not is_literal(clause.head[0]):
            subject, predicate, value = clause.head
            different = f" FILTER (!sameTerm({subject}, {value}))" if predicate == SAME_AS else ""
            where = f"{_where(clause.body, members)}{different}"
            texts.append(f"INSERT {{ {_text(clause.head)} }} WHERE {{ {where} }}")
    return texts


def close(store: Store, clauses: Sequence[Clause]) -> None:
    """Add to a store everything that follows by some clauses."""
    texts = updates(clauses)
    before = -1
    while before != len(store):
        before = len(store)
        for text in texts:
            store.update(text)


def contradictions(
    store: Store, clauses: Sequence[Clause]
) -> Iterator[tuple[Clause, list[Triple]]]:
    """The clauses that are met and may not be, each with the facts that meet it.

    Of literals, a clause that says they are the same, or of a datatype, is reported itself.
    """
    members = _members(clauses)
    for clause in clauses:
        if clause.head is None and clause.test is None:
            for row in _rows(store, clause.body, members):
                yield clause, [_filled(atom, row) for atom in clause.body]
        elif clause.head is not None and clause.body:
            subject, predicate, value = clause.head
            if predicate == SAME_AS or (predicate == TYPE and value in DATATYPES):
                for row in _rows(store, clause.body, members, f"FILTER (isLiteral({subject}))"):
                    one, _, other = _filled(clause.head, row)
                    if are_unequal(one, other) or is_no_member(one, other):
                        yield clause, [_filled(atom, row) for atom in clause.body]


def named(triple: Triple) -> Triple:
    """A triple with IRIs for its blank nodes, which SPARQL cannot name."""
    subject, predicate, value = map(_named, triple)
    return subject, predicate, value


def unnamed(triple: Triple) -> Triple:
    """A triple with its blank nodes again."""
    subject, predicate, value = (_SKOLEM.sub(r"_:\1", term) for term in triple)
    return subject, predicate, value


def _named(term: Term) -> Term:
    return f"<{_BLANK}{term[2:]}>" if term.startswith("_:") else term


def _members(clauses: Iterable[Clause]) -> Mapping[Term, list[Term]]:
    """The literals of each datatype that some clause asks for."""
    members: dict[Term, list[Term]] = defaultdict(list)
    for clause in clauses:
        if clause.rule == "dt-type2" and clause.head is not None:
            members[clause.head[2]].append(clause.head[0])
    return members


def _where(body: Sequence[Triple], members: Mapping[Term, list[Term]]) -> str:
    parts = []
    for atom in body:
        subject, predicate, value = atom
        if predicate == TYPE and value in members and is_variable(subject):
            listed = " ".join(members[value])
            parts.append(f"{{ {_text(atom)} }} UNION {{ VALUES {subject} {{ {listed} }} }}")
        else:
            parts.append(f"{_text(atom)} .")
    return " ".join(sorted(parts, key=lambda part: part.startswith("{")))


def _rows(
    store: Store, body: Sequence[Triple], members: Mapping[Term, list[Term]], test: str = ""
) -> Sequence[Mapping[str, Term]]:
    return store.select(f"SELECT * WHERE {{ {_where(body, members)} {test} }}")


def _text(pattern: Triple) -> str:
    return " ".join(map(_named, pattern))


def _filled(pattern: Triple, row: Mapping[str, Term]) -> Triple:
    subject, predicate, value = (row.get(term[1:], term) for term in pattern)
    return unnamed((subject, predicate, value))

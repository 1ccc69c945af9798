"""From triples to everything that follows: compile, close, and again if new axioms came up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from kg.columns import Triple, is_literal
from kg.errors import BadInput
from kg.reason import profile
from kg.reason.compiled import ANY, Clause, compile_rules, fireable, kind_of, literals_of, useful
from kg.reason.oracle import interpret
from kg.reason.rules import is_axiom
from kg.reason.seminaive import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from kg.columns import Index


@dataclass
class Closed:
    """What was given, the clauses, and the facts with all that follows by them.

    ``axioms`` has the axioms with those that follow from them. ``columns`` only has facts that
    some clause reads, unless everything was wanted.
    """

    given: frozenset[Triple]
    axioms: Index
    clauses: list[Clause]
    columns: Columns

    def derived(self) -> Iterator[Triple]:
        """The triples that were not given, without those that follow from nothing."""
        always = _always()
        for triple in self.columns.derived():
            if triple not in self.given and triple not in always and not self._restated(triple):
                yield triple

    def contradictions(self) -> Iterator[tuple[Clause, list[Triple]]]:
        """The clauses that are met and may not be, each with the facts that meet it."""
        return self.columns.contradictions(self.clauses)

    def _restated(self, triple: Triple) -> bool:
        """Whether a triple only writes the literal of a given one in another form."""
        subject, predicate, value = triple
        if not is_literal(value) or not self._equals:
            return False
        return any(
            (subject, predicate, other) in self.given for other in self._equals.get(value, ())
        )

    def __post_init__(self) -> None:
        self._equals: dict[str, list[str]] = {}
        for clause in self.clauses:
            if clause.rule == "dt-eq" and clause.head is not None:
                one, _, other = clause.head
                self._equals.setdefault(one, []).append(other)


def materialize(
    triples: Collection[Triple], wanted: Callable[[Triple], bool] | None = None
) -> Closed:
    """Everything that follows from some triples by the rules of OWL 2 RL.

    With ``wanted`` only what is wanted, and what is needed to find it: clauses are left out whose
    conclusions nobody asks for and nothing reads. Raises ``BadInput``, naming the axiom, if the
    ontology among them leaves the profile.
    """
    given = frozenset(triples)
    axioms = {triple for triple in given if is_axiom(triple)}
    refuse_what_is_outside(given)
    literals = literals_of(given)
    kinds = {kind_of(triple) for triple in given}
    found: set[Triple] = set()
    while True:
        index, compiled = compile_rules(axioms, literals, found)
        clauses = fireable(compiled, kinds)
        if wanted is not None:
            clauses = useful(clauses, wanted)
        columns = Columns(_read(given, clauses) if wanted else given)
        columns.close(clauses)
        new = {triple for triple in columns.derived() if is_axiom(triple)} - index.triples
        if not new:
            return Closed(given, index, clauses, columns)
        found |= new


@cache
def _always() -> frozenset[Triple]:
    """What the rules say of the vocabulary, whatever is given."""
    return frozenset(interpret(()).triples)


def refuse_what_is_outside(triples: Collection[Triple]) -> None:
    """Raise ``BadInput``, naming the first axiom, if some leave OWL 2 RL."""
    if outside := profile.outside(triples):
        more = f" ({len(outside)} in all)" if len(outside) > 1 else ""
        raise BadInput(f"The ontology leaves OWL 2 RL{more}: {outside[0]}.")


def _read(triples: Collection[Triple], clauses: Collection[Clause]) -> Iterator[Triple]:
    """The triples of the kinds that some clause reads."""
    kinds = {kind_of(atom) for clause in clauses for atom in clause.body}
    for triple in triples:
        kind = kind_of(triple)
        if kind in kinds or (kind[0], ANY) in kinds or (ANY, ANY) in kinds:
            yield triple

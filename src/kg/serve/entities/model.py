"""What is known of a thing: facts, what is left out, and how claims were judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.terms import Term, iri

if TYPE_CHECKING:
    from kg.serve.entities.figures import Figure

ACCEPTED: Final = iri("cllm:accepted")
REJECTED: Final = iri("cllm:rejected")
OPEN: Final = iri("cllm:open")
_RANKS: Final = (OPEN, ACCEPTED, REJECTED)


@dataclass(frozen=True)
class Said:
    """That one passage says something.

    ``rank`` and ``claim`` are there if it is compared with what others say, ``against`` are the
    claims that cannot hold beside it, ``figure`` is the node by which it gives a number. Without a
    ``stance`` it has that of the passage.
    """

    passage: str
    stance: Term | None = None
    rank: Term | None = None
    claim: Term | None = None
    figure: Term | None = None
    against: frozenset[Term] = frozenset()


@dataclass(frozen=True)
class Fact:
    """One value of one property of a thing; where no passage says it, the graphs that have it."""

    subject: Term
    predicate: Term
    value: Term
    said: tuple[Said, ...] = ()
    graphs: tuple[str, ...] = ()
    figure: Figure | None = None
    is_settled: bool = True
    """Whether the default graph has it."""
    is_inferred: bool = False
    restates: bool = False
    """Whether it only says in wider words, or the other way round, what stands beside it."""

    @property
    def rank(self) -> Term | None:
        """What it is worth: open if one of its claims is, accepted if one is; None of no claim."""
        ranks = {one.rank for one in self.said}
        return next((rank for rank in _RANKS if rank in ranks), None)

    @property
    def is_contested(self) -> bool:
        """Whether another claim cannot hold beside it."""
        return any(one.against for one in self.said)


@dataclass(frozen=True)
class Omission:
    """That passages do not give a property of a thing; ``kind`` is the property that says so."""

    subject: Term
    predicate: Term
    kind: Term
    passages: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """Which passage the settled view follows, and why."""

    node: Term
    prefers: Term | None
    because: Term | None
    date: Term | None


@dataclass(frozen=True)
class Measurement:
    """What the audit found about a property of a thing, with a ratio if there is one."""

    node: Term
    rule: Term | None
    grade: Term | None
    words: Term | None
    ratio: Term | None


@dataclass
class Thing:
    """Everything that is known of a thing, with what is told in place of others that belong to it.

    ``subjects`` are the thing and those others. ``counts`` has how many values there are of a
    property of one of them, where some were left out.
    """

    node: Term
    subjects: list[Term] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    decisions: dict[tuple[Term, Term], Decision] = field(default_factory=dict)
    measurements: dict[tuple[Term, Term], list[Measurement]] = field(default_factory=dict)
    counts: dict[tuple[Term, Term], int] = field(default_factory=dict)

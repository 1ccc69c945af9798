"""What the audit found: one item each, with its grade, its statements and its arithmetic."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from kg.namespaces import IDS, shorten

if TYPE_CHECKING:
    import datetime as dt
    from fractions import Fraction

    from kg.terms import Term

ENDS: Final = ("minimum", "maximum", "low", "high")
"""What a quantity is from and to: as printed, and as the printed digits admit."""
_MOST_WHOLE: Final = 10**15
"""Below this a whole number is written without a decimal point."""


class Grade(StrEnum):
    """How much an item weighs, the heaviest first; the values are terms of the ontology."""

    IMPOSSIBLE = "impossible"
    CONTRADICTION = "contradiction"
    TENSION = "tension"
    ODDITY = "oddity"
    CANNOT_BE_JUDGED = "cannotBeJudged"

    @property
    def words(self) -> str:
        """The grade as a person reads it."""
        return "cannot be judged" if self is Grade.CANNOT_BE_JUDGED else str(self)

    @property
    def judged(self) -> bool:
        """Whether it is a verdict at all."""
        return self is not Grade.CANNOT_BE_JUDGED

    @property
    def weight(self) -> int:
        """Its place in the order of grades, from 0 for the heaviest."""
        return list(Grade).index(self)


@dataclass(frozen=True)
class Statement:
    """One thing that a source says: where, who says it, and what, in words and as a triple.

    ``passage``, ``subject`` and ``property`` are IRIs, ``value`` is a term: a figure, any other
    thing, or a literal. ``speakers`` are names.
    """

    passage: str
    speakers: tuple[str, ...]
    text: str
    subject: str
    property: str
    value: Term


@dataclass(frozen=True)
class Quantity:
    """A number that an item compares, or from which such a one is reckoned.

    ``minimum`` and ``maximum`` are what is printed, ``low`` and ``high`` what its digits admit, all
    in ``unit``, the IRI of a unit; None is an open end. It rests on ``statements`` of its item, or
    is the product of ``factors`` or the sum of ``summands``, or was counted in the graph.
    """

    label: str
    minimum: Fraction | None
    maximum: Fraction | None
    low: Fraction | None
    high: Fraction | None
    unit: str
    statements: tuple[Statement, ...] = ()
    factors: tuple[Quantity, ...] = ()
    summands: tuple[Quantity, ...] = ()

    @property
    def parts(self) -> tuple[Quantity, ...]:
        """The quantities from which it is reckoned."""
        return self.factors or self.summands

    def as_dict(self, statements: tuple[Statement, ...]) -> dict[str, Any]:
        """The quantity for a program to read, its statements by their places in ``statements``."""
        return {
            "label": self.label,
            "unit": shorten(self.unit),
            **{end: plain(getattr(self, end)) for end in ENDS},
            "statements": _places(self.statements, statements),
            "factors": [part.as_dict(statements) for part in self.factors],
            "summands": [part.as_dict(statements) for part in self.summands],
        }


@dataclass(frozen=True)
class Days:
    """The days, from ``first`` to ``last``, that an item compares; None is an open end."""

    label: str
    first: dt.date | None
    last: dt.date | None
    statements: tuple[Statement, ...] = ()

    def as_dict(self, statements: tuple[Statement, ...]) -> dict[str, Any]:
        """The days for a program to read, their statements by their places in ``statements``."""
        return {
            "label": self.label,
            "notBefore": self.first and self.first.isoformat(),
            "notAfter": self.last and self.last.isoformat(),
            "statements": _places(self.statements, statements),
        }


def _places(some: tuple[Statement, ...], all_: tuple[Statement, ...]) -> list[int]:
    """The places of some statements among all, from one."""
    return [all_.index(statement) + 1 for statement in some]


def plain(number: Fraction | None) -> int | float | None:
    """A number as JSON has it."""
    if number is None:
        return None
    value = float(number)
    return int(value) if value.is_integer() and abs(value) < _MOST_WHOLE else value


@dataclass(frozen=True)
class Item:
    """One place where sources contradict each other, the possible, or themselves.

    ``rule`` names the check and ``kind`` what it is about, the IRI of a property or a class;
    ``subject`` is an IRI with its label in ``name``; ``ratio`` is the larger of two numbers over
    the smaller, None where there are none; ``decision`` the IRI of the decision that settles it.
    ``compared`` are the numbers, or the days, that ``arithmetic`` sets against each other, if any.
    """

    rule: str
    grade: Grade
    kind: str
    subject: str
    name: str
    statements: tuple[Statement, ...]
    arithmetic: str
    ratio: float | None = None
    decision: str = ""
    compared: tuple[Quantity | Days, ...] = ()

    @property
    def iri(self) -> str:
        """The item's name, which follows from what it says and of what."""
        said = (s.passage + s.text for s in self.statements)
        parts = (self.rule, self.grade, self.kind, self.subject, self.arithmetic, *said)
        return f"{IDS}audit/{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:16]}"

    @property
    def order(self) -> tuple[int, str, str, str]:
        """Heaviest first, then by rule and name."""
        return self.grade.weight, self.rule, self.name, self.iri

    def as_dict(self) -> dict[str, Any]:
        """The item for a program to read."""
        return {
            "id": self.iri,
            "rule": self.rule,
            "grade": self.grade.words,
            "kind": shorten(self.kind),
            "subject": self.subject,
            "name": self.name,
            "statements": [
                {"passage": s.passage, "speakers": list(s.speakers), "text": s.text}
                for s in self.statements
            ],
            "arithmetic": self.arithmetic,
            "compared": [one.as_dict(self.statements) for one in self.compared],
            "ratio": self.ratio,
            "decision": self.decision or None,
        }

"""What the audit found: one item each, with its grade, its statements and its arithmetic."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kg.namespaces import IDS, shorten


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
    """One thing that a source says: where, who says it, and what, in words and numbers."""

    passage: str
    speakers: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Item:
    """One place where sources contradict each other, the possible, or themselves.

    ``rule`` names the check and ``kind`` what it is about, the IRI of a property or a class;
    ``subject`` is an IRI with its label in ``name``; ``ratio`` is the larger of two numbers over
    the smaller, None where there are none; ``decision`` the IRI of the decision that settles it.
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
            "ratio": self.ratio,
            "decision": self.decision or None,
        }

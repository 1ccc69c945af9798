"""What a source concludes in numbers, and what recomputing it gave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kg.namespaces import BASE, IDS
from kg.terms import is_literal, parts

if TYPE_CHECKING:
    from kg.queries import Query
    from kg.terms import Term


class Verdict(StrEnum):
    """How a finding compares with what recomputing it gives; values are terms of the ontology."""

    HOLDS = "holds"
    DIFFERS = "differs"
    PARTLY = "partlyRecomputable"
    NOT = "notRecomputable"

    @property
    def words(self) -> str:
        """The verdict as a person reads it."""
        return {
            Verdict.PARTLY: "partly recomputable",
            Verdict.NOT: "not recomputable",
        }.get(self, str(self))


@dataclass(frozen=True)
class Finding:
    """One countable statement of a source.

    ``kind`` is count, value or truth, and ``expected`` the number, 1.0 for what is said to be so.
    ``accepted`` is the verdict that somebody has looked at; ``lacks`` says what is missing where
    it cannot be recomputed, ``unmoved`` why no single model can change it.
    """

    name: str
    passage: str
    section: str
    statement: str
    kind: str
    expected: float
    tolerance: float = 0.0
    criterion: str = ""
    lacks: str = ""
    unmoved: str = ""
    accepted: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The finding for a program to read, with nothing of recomputing it."""
        return {
            "id": self.name,
            "section": self.section,
            "passage": self.passage,
            "statement": self.statement,
            "expected": self.expectation,
            "tolerance": self.tolerance or None,
            "computed": None,
            "verdict": None,
            "accepted": Verdict(self.accepted).words if self.accepted else None,
            "lacks": self.lacks or None,
            "unmoved": self.unmoved or None,
            "query": None,
            "rows": [],
        }

    @property
    def iri(self) -> str:
        """The finding's own IRI."""
        return f"{IDS}finding/{self.name}"

    @property
    def query_iri(self) -> str:
        """The IRI of the query that recomputes it, which is the address of the page about it."""
        return f"{BASE}findings/{self.name}"

    @property
    def expectation(self) -> str:
        """What is expected, in words or digits."""
        return "true" if self.kind == "truth" else digits(self.expected)


@dataclass(frozen=True)
class Result:
    """What recomputing a finding gave: the verdict, the value in words or digits, and the rows.

    ``query`` is the one that was asked; ``columns`` are its variables, ``terms`` the rows that it
    gave, with None for what is not known. Without a query there are none.
    """

    finding: Finding
    verdict: Verdict
    computed: str
    query: Query | None = None
    columns: tuple[str, ...] = ()
    terms: tuple[tuple[Term | None, ...], ...] = ()

    @property
    def rows(self) -> list[tuple[str | None, ...]]:
        """The rows in plain text."""
        return [tuple(map(text, row)) for row in self.terms]

    @property
    def members(self) -> frozenset[str]:
        """The IRIs of the things that count."""
        if "counts" not in self.columns:
            return frozenset()
        item, counts = self.columns.index("item"), self.columns.index("counts")
        return frozenset(row[item] or "" for row in self.rows if row[counts] == "true")

    def as_dict(self) -> dict[str, Any]:
        """The result for a program to read."""
        return {
            **self.finding.as_dict(),
            "computed": self.computed or None,
            "verdict": self.verdict.words,
            "query": f"queries/findings/{self.finding.name}.rq" if self.columns else None,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
        }


def text(term: Term | None) -> str | None:
    """A term in plain text; None for none."""
    if term is None or not is_literal(term):
        return term and term[1:-1]
    return parts(term)[0]


def digits(value: float) -> str:
    """A number in few digits."""
    if value.is_integer() and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.4g}" if 1e-3 < abs(value) < 1e6 else f"{value:.4G}".replace("E+", "E")

"""What a check found: violations, each with its place, and the report that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Severity(StrEnum):
    """How bad a finding is; only violations make a graph non-conforming."""

    VIOLATION = "violation"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Violation:
    """One finding about one subject.

    ``file`` is the path as a person knows it (empty if no file says it), ``line`` counts from one
    (0 if unknown), ``subject`` is shortened, ``message`` says what is wrong and ``remedy`` how to
    put it right, ``rule`` names the shape or axiom.
    """

    file: str
    line: int
    subject: str
    message: str
    rule: str
    severity: Severity = Severity.VIOLATION
    remedy: str = field(default="", compare=False)

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        grade = "warning: " if self.severity is Severity.WARNING else ""
        said = f"{self.message} {self.remedy}".strip()
        return f"{where}{grade}{self.subject}: {said} [{self.rule}]"

    def as_dict(self) -> dict[str, Any]:
        """The violation for a program to read."""
        return {
            "file": self.file,
            "line": self.line,
            "subject": self.subject,
            "message": self.message,
            "remedy": self.remedy,
            "rule": self.rule,
            "severity": str(self.severity),
        }


@dataclass(frozen=True)
class Report:
    """What one check found, sorted by place.

    ``engines`` says of each shape, where shapes were judged, by which engine and why.
    """

    findings: tuple[Violation, ...] = ()
    engines: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, findings: list[Violation], engines: Mapping[str, str] | None = None) -> Report:
        """A report of ``findings``, each once, sorted."""
        return cls(tuple(sorted(set(findings))), engines or {})

    @property
    def conforms(self) -> bool:
        """Whether nothing worse than a warning was found."""
        return not self.violations

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The findings that make the graph non-conforming."""
        return tuple(f for f in self.findings if f.severity is Severity.VIOLATION)

    @property
    def warnings(self) -> tuple[Violation, ...]:
        """The findings that do not."""
        return tuple(f for f in self.findings if f.severity is Severity.WARNING)

    def __add__(self, other: Report) -> Report:
        return Report.of([*self.findings, *other.findings], {**self.engines, **other.engines})

"""Validation results, whichever engine finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.terms import Term


@dataclass(frozen=True)
class Result:
    """One validation result (https://www.w3.org/TR/shacl/#results-validation-result).

    ``path`` is the node of the path in the shapes graph, or the predicate at fault.
    """

    focus: Term
    path: Term | None
    value: Term | None
    component: Term
    shape: Term
    severity: Term
    messages: tuple[Term, ...]
    constraint: Term | None = None

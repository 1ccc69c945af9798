"""Figures: numbers as sources print them, with their unit and what their digits admit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.terms import Term, iri, is_literal, parts

if TYPE_CHECKING:
    from kg.store import Store

_TEXTS: Final = {iri("cllm:asPrinted"): "printed", iri("cllm:inDigits"): "digits"}
_TERMS: Final = {
    iri("cllm:quantity"): "quantity",
    iri("cllm:unit"): "unit",
    iri("cllm:qualifier"): "qualifier",
}
_ENDS: Final = {iri(f"cllm:{end}"): end for end in ("minimum", "maximum", "low", "high")}
ONE: Final = iri("cllm:one")
"""The unit of a count, which is not written beside its number."""


@dataclass(frozen=True)
class Figure:
    """A figure; of its numbers, in the canonical unit of its quantity, some may be open ends."""

    node: Term
    quantity: Term
    printed: str = ""
    digits: str = ""
    unit: Term | None = None
    qualifier: Term | None = None
    minimum: Term | None = None
    maximum: Term | None = None
    low: Term | None = None
    high: Term | None = None
    note: str = ""

    @property
    def value(self) -> Term | None:
        """The one number that it prints; None for a range or a bound."""
        return self.minimum if self.minimum == self.maximum else None

    @property
    def is_exact(self) -> bool:
        """Whether its digits admit one number only."""
        return self.low is not None and self.low == self.high

    @property
    def said(self) -> tuple[object, ...]:
        """What two figures share that say the same."""
        return self.quantity, self.printed, self.digits, self.unit, self.qualifier


def figure(store: Store, node: Term) -> Figure | None:
    """The figure of a node, as any graph has it; None of what gives no quantity."""
    told: dict[Term, set[Term]] = defaultdict(set)
    for _, _, predicate, value in store.matching(node):
        told[predicate].add(value)
    first = {predicate: min(values) for predicate, values in told.items()}
    found: dict[str, Term] = {
        name: first[predicate]
        for names in (_TERMS, _ENDS)
        for predicate, name in names.items()
        if predicate in first
    }
    if "quantity" not in found:
        return None
    texts = {
        name: parts(first[predicate])[0]
        for predicate, name in {**_TEXTS, iri("dcterms:description"): "note"}.items()
        if predicate in first and is_literal(first[predicate])
    }
    return Figure(node, **found, **texts)

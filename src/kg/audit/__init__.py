"""The audit: where the sources contradict each other, the possible, or themselves.

landscape, ontology, inferences, recomputed members ──► View ──► rules ──► items, heaviest first

A rule is a function of the view; none names an entity. All arithmetic is in intervals, so that
what is not stated ends as "cannot be judged" and never as a verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.audit import agreements, contradictions, counts, dates, oddities, physics, sample
from kg.audit.describe import describe, triples
from kg.audit.view import View
from kg.judged import Grade, Item, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import rdflib

    from kg.graph import Landscape
    from kg.tables import NodeTriple

__all__ = ["RULES", "Grade", "Item", "Statement", "audit", "describe", "triples"]

RULES: Final[Mapping[str, Callable[[View], Iterable[Item]]]] = {
    "conflicting-claims": contradictions.conflicting_claims,
    "figures-of-one-stance": contradictions.figures_of_one_stance,
    "agreements-of-one-origin": agreements.agreements_of_one_origin,
    "described-as-another-kind": contradictions.described_as_another_kind,
    "compute-against-hardware": physics.compute_against_hardware,
    "compute-against-tokens": physics.compute_against_tokens,
    "sample-size": sample.sample_size,
    "sample-definition": sample.sample_definition,
    "sample-outlier": sample.sample_outlier,
    "release-against-events": dates.release_against_events,
    "member-after-series": dates.member_after_series,
    "cited-work-of-another-year": dates.cited_work_of_another_year,
    "baseline-after-model": dates.baseline_after_model,
    "counts-against-counts": counts.counts_against_counts,
    "counts-against-members": counts.counts_against_members,
    "identical-figures": oddities.identical_figures,
    "member-without-the-series-maker": oddities.member_without_the_series_maker,
    "series-against-members": oddities.series_against_members,
    "open-and-screened": oddities.open_and_screened,
    "outside-the-sample": oddities.outside_the_sample,
    "works-without-a-place": oddities.works_without_a_place,
}
"""The rules by name, in the order of their documentation."""


def audit(
    landscape: Landscape,
    ontology: rdflib.Graph,
    inferred: Iterable[NodeTriple],
    recomputed: Mapping[str, frozenset[str]],
) -> list[Item]:
    """Everything that the rules find, the heaviest first.

    ``recomputed`` gives, by the IRI of a criterion, the IRIs of the things that meet it.
    """
    view = View(landscape, ontology, inferred, recomputed)
    found = {item for rule in RULES.values() for item in rule(view)}
    return sorted(found, key=lambda item: item.order)

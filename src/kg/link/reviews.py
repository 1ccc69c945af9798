"""Proposals in a file until somebody has decided, and decisions in the files of links.

Both are SSSOM/TSV. A proposal that was decided about, one way or the other, is not made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.errors import BadInput
from kg.link.mappings import EXACT, read, rewritten, written
from kg.namespaces import IDS, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from kg.link.mappings import Mapping as Known
    from kg.link.mappings import Row

NAMESPACES: Final[Mapping[str, str]] = {
    "epoch": f"{IDS}row/",
    "ror": "https://ror.org/",
    "wikidata": "http://www.wikidata.org/entity/",
}
"""The datasets in which matches are looked for, and the namespace of what they have."""
_MATCHES: Final = ("exactMatch", "closeMatch")
_TOOL: Final = "kg link"
_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"


@dataclass(frozen=True)
class Suggestion:
    """A match to be decided about; ``relation`` is the local name of a SKOS mapping property."""

    ours: str
    ours_label: str
    relation: str
    theirs: str
    theirs_label: str
    what: str
    confidence: float
    evidence: str
    justification: str = "CompositeMatching"

    def row(self, dataset: str) -> Row:
        """The suggestion as slots of SSSOM."""
        prefix = _prefix(dataset)
        return {
            "subject_id": _curie(self.ours),
            "subject_label": self.ours_label,
            "predicate_id": f"skos:{self.relation}",
            "object_id": f"{prefix}:{self.theirs.removeprefix(NAMESPACES[dataset])}",
            "object_label": self.theirs_label,
            "object_category": self.what,
            "mapping_justification": f"semapv:{self.justification}",
            "mapping_tool": _TOOL,
            "confidence": f"{self.confidence:g}",
            "comment": self.evidence,
        }


def undecided(
    dataset: str, suggestions: Iterable[Suggestion], known: Sequence[Known]
) -> list[Suggestion]:
    """The suggestions about which no mapping says anything yet.

    A close match that is known leaves open whether it is exact. What has an exact match in the
    dataset needs no other one.
    """
    decided = {
        (mapping.subject, mapping.object)
        for mapping in known
        if mapping.negated or not mapping.predicate.endswith("closeMatch")
    }
    exact = [m for m in known if m.predicate == EXACT and not m.negated]
    matched = {m.subject for m in exact if m.object.startswith(NAMESPACES[dataset])}
    matched |= {m.object for m in exact}
    kept = {
        (one.ours, one.theirs): one
        for one in suggestions
        if (one.ours, one.theirs) not in decided
        and (one.relation not in _MATCHES or matched.isdisjoint((one.ours, one.theirs)))
    }
    return list(kept.values())


def text(dataset: str, suggestions: Sequence[Suggestion], day: date) -> str:
    """A file of proposals."""
    meta = {
        "mapping_set_id": f"{IDS}linkset/proposed-{dataset}",
        "mapping_set_title": f"Proposals for {dataset}, which nobody has decided about",
        "license": _LICENCE,
        "mapping_date": day.isoformat(),
    }
    return written([suggestion.row(dataset) for suggestion in suggestions], meta, _prefixes())


def proposed(path: Path, shown: str) -> list[Suggestion]:
    """The proposals of a file. Raises ``BadInput`` if there is none, ``BadSource`` as ``read``."""
    if not path.is_file():
        raise BadInput(f"Nothing is proposed in {shown}: run `kg link epoch`, `ror` or `wikidata`.")
    return [
        Suggestion(
            mapping.subject,
            mapping.subject_label,
            mapping.predicate.rpartition("#")[2],
            mapping.object,
            mapping.object_label,
            mapping.object_category,
            float(mapping.confidence or 0),
            mapping.comment,
            mapping.justification.rpartition("/")[2],
        )
        for mapping in read(path, shown).mappings
    ]


def decided(
    path: Path, dataset: str, suggestion: Suggestion, *, relation: str, reviewer: str, day: date
) -> str:
    """The text of a file of links with a decision: the relation that holds, or "" for none."""
    row = suggestion.row(dataset) | {
        "predicate_id": f"skos:{relation or _denied(suggestion)}",
        "predicate_modifier": "" if relation else "Not",
        "mapping_justification": "semapv:MappingReview",
        "mapping_tool": "",
        "mapping_date": day.isoformat(),
        "reviewer_label": reviewer,
    }
    if not relation:
        row["confidence"] = "1"
        row["comment"] = f"Looked at, and another: {suggestion.evidence}"
    return rewritten(path, [row], _prefixes())


def _denied(suggestion: Suggestion) -> str:
    """What a rejected suggestion is not: a close match is not an exact one."""
    return "exactMatch" if suggestion.relation == "closeMatch" else suggestion.relation


def _prefix(dataset: str) -> str:
    return "row" if dataset == "epoch" else dataset


def _prefixes() -> dict[str, str]:
    return {**PREFIXES, **{_prefix(name): space for name, space in NAMESPACES.items()}}


def _curie(iri: str) -> str:
    kind, _, name = iri.removeprefix(IDS).partition("/")
    return f"{kind}:{name}"

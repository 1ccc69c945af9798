"""How good the proposals are: precision and recall on pairs of which it is known what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kg.link.proposals import EXACT, propose
from kg.link.things import by_iri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kg.link.proposals import Proposal
    from kg.link.things import Pair, Thing

KINDS: Final[Mapping[str, str]] = {"epoch": "model", "ror": "organization"}
"""What is linked to each dataset, as the folder of their IRIs."""
HALVES: Final = ("tuning", "held-out")


@dataclass(frozen=True)
class Error:
    """A pair that was judged wrongly, and what was said of it."""

    pair: Pair
    said: str

    @property
    def is_missed(self) -> bool:
        """Whether the two are the same and were not matched."""
        return self.pair.is_same


@dataclass(frozen=True)
class Measured:
    """What was found of some pairs: how many are the same, and how many were matched, rightly."""

    pairs: int
    same: int
    matched: int
    right: int
    errors: tuple[Error, ...]

    @property
    def precision(self) -> float:
        """The share of what was matched that is the same; 1 if nothing was."""
        return self.right / self.matched if self.matched else 1.0

    @property
    def recall(self) -> float:
        """The share of what is the same that was matched; 1 if there is nothing."""
        return self.right / self.same if self.same else 1.0

    def as_dict(self) -> dict[str, Any]:
        """The figures for a program to read."""
        return {
            "pairs": self.pairs,
            "same": self.same,
            "matched": self.matched,
            "right": self.right,
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "errors": [
                {"ours": e.pair.ours, "theirs": e.pair.theirs.iri, "said": e.said}
                for e in self.errors
            ],
        }


def measure(pairs: Sequence[Pair], ours: Mapping[str, Sequence[Thing]], half: str) -> Measured:
    """Judge the pairs of a half; ``ours`` are the things of ours by kind.

    Each of ours is held against all that the pairs of its dataset have, so that look-alikes are
    there to be taken for it.
    """
    proposals: dict[tuple[str, str], Proposal] = {}
    for dataset, kind in KINDS.items():
        theirs = by_iri(pair.theirs for pair in pairs if pair.dataset == dataset)
        for proposal in propose(ours[kind], theirs):
            proposals[proposal.ours.iri, proposal.theirs.iri] = proposal
    judged = [pair for pair in pairs if pair.half == half]
    matched = right = 0
    errors = []
    for pair in judged:
        found = proposals.get((pair.ours, pair.theirs.iri))
        is_matched = found is not None and found.predicate == EXACT
        matched += is_matched
        right += is_matched and pair.is_same
        if is_matched != pair.is_same:
            said = "; ".join(found.evidence) if found else "nothing alike"
            errors.append(Error(pair, said))
    same = sum(pair.is_same for pair in judged)
    return Measured(len(judged), same, matched, right, tuple(errors))

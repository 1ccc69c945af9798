"""Sources to one graph: each passage as written, the claims in them, and the settled view.

sources ──► passages, as written, in columns
              │ figures   printed text to minimum, maximum, low, high
              │ claims    one for each statement that is compared; conflicts; ranks
              ▼
            settled view: what is stated or estimated and not rejected, with plain numbers
              │ evidence  which passage states a triple of it
"""

from kg.graph.claims import CLLM, Claim, Claims, Conflict, find_claims, find_conflicts
from kg.graph.evidence import passages_of
from kg.graph.landscape import Landscape, declared_terms, merge
from kg.graph.passages import Passages, place_of

__all__ = [
    "CLLM",
    "Claim",
    "Claims",
    "Conflict",
    "Landscape",
    "Passages",
    "declared_terms",
    "find_claims",
    "find_conflicts",
    "merge",
    "passages_of",
    "place_of",
]

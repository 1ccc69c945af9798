"""Sources to one graph: each passage as written, the claims in them, and the settled view.

sources ──► passages, as written
              │ figures   printed text to minimum, maximum, low, high
              │ claims    one for each statement that is compared; conflicts; ranks
              ▼
            settled view: what is stated or estimated and not rejected, with plain numbers
              │ evidence  which passage states a triple of it
              ▼ ntriples  its terms as text, for the columns
"""

from kg.graph.claims import CLLM, Claim, Conflict, find_claims, find_conflicts
from kg.graph.evidence import passages_of
from kg.graph.landscape import Landscape, declared_terms, merge
from kg.graph.ntriples import as_graph, as_node, as_term, as_triple
from kg.graph.places import place_of, places_of

__all__ = [
    "CLLM",
    "Claim",
    "Conflict",
    "Landscape",
    "as_graph",
    "as_node",
    "as_term",
    "as_triple",
    "declared_terms",
    "find_claims",
    "find_conflicts",
    "merge",
    "passages_of",
    "place_of",
    "places_of",
]

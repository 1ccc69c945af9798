"""Which row is about which thing of the graph, as reviewed mappings have it, and as nothing else.

Only an exact match binds. A close one says that some row may be about a thing, and that nobody has
decided; what is only related, or said not to match, says nothing of the kind.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.link.mappings import EXACT
from kg.namespaces import IDS, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kg.link import mappings

_CLOSE: Final = f"{PREFIXES['skos']}closeMatch"
_BINDABLE: Final = (f"{IDS}model/", f"{IDS}series/")


@dataclass(frozen=True)
class Bindings:
    """What mappings say.

    ``things`` has the one thing of each row that is bound; ``refused`` the reason why a row with an
    exact match is not; ``close`` the things that may be those of some row, and ``reviewed`` all
    that a mapping of whatever kind is about.
    """

    things: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    close: frozenset[str] = frozenset()
    reviewed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, found: Iterable[mappings.Mapping]) -> Bindings:
        """What some mappings bind, whose subjects are of the graph and whose objects are rows."""
        exact: dict[str, set[str]] = defaultdict(set)
        close: set[str] = set()
        reviewed: set[str] = set()
        for mapping in found:
            reviewed.add(mapping.subject)
            if mapping.predicate == EXACT and not mapping.negated:
                exact[mapping.object].add(mapping.subject)
            elif mapping.predicate == _CLOSE and not mapping.negated:
                close.add(mapping.subject)
        refused = {
            row: "several things are mapped to it; not bound."
            if len(things) > 1
            else "what is mapped to it is neither a model nor a series; not bound."
            for row, things in exact.items()
            if len(things) > 1 or not min(things).startswith(_BINDABLE)
        }
        things = {row: min(of_row) for row, of_row in exact.items() if row not in refused}
        return cls(things, refused, frozenset(close), frozenset(reviewed))

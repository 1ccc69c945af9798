"""What there is of a thing in other datasets, as the mappings in ``graph:links`` say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.namespaces import GRAPHS
from kg.queries import Term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.store import Store

_LINKS: Final = f"""
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sssom: <https://w3id.org/sssom/>
SELECT ?relation ?other ?label ?what ?confidence ?evidence ?not ?mapping ?thing WHERE {{
  GRAPH <{GRAPHS}links> {{
    {{ ?mapping owl:annotatedSource ?thing ; owl:annotatedTarget ?other }}
    UNION
    {{ ?mapping owl:annotatedTarget ?thing ; owl:annotatedSource ?other }}
    ?mapping owl:annotatedProperty ?relation ; sssom:object_category ?what .
    OPTIONAL {{ ?mapping sssom:object_label ?label }}
    OPTIONAL {{ ?mapping sssom:confidence ?confidence }}
    OPTIONAL {{ ?mapping rdfs:comment ?evidence }}
    OPTIONAL {{ ?mapping sssom:predicate_modifier ?not }}
  }}
}} ORDER BY BOUND(?not) ?relation ?what ?other LIMIT 500
"""


@dataclass(frozen=True)
class Link:
    """One mapping: how a thing stands to one elsewhere, what that is, how sure it is, and why."""

    mapping: str
    relation: str
    other: str
    label: str
    what: str
    confidence: str
    evidence: str
    is_denied: bool
    """Whether the mapping says that the relation does not hold."""


def by_relation(links: Iterable[Link]) -> list[tuple[tuple[bool, str], list[Link]]]:
    """Mappings in their order, those of one relation together, apart from the denied ones."""
    found: dict[tuple[bool, str], list[Link]] = defaultdict(list)
    for link in links:
        found[link.is_denied, link.relation].append(link)
    return list(found.items())


def links(store: Store, thing: str) -> list[Link]:
    """The mappings of the thing of an IRI, the denied ones last."""
    found = []
    for row in store.query(_LINKS, {"thing": Term(thing)}).rows()[1]:
        relation, other, label, what, confidence, evidence, denied, mapping, _ = row
        found.append(
            Link(
                str(mapping),
                str(relation),
                str(other),
                label or "",
                what or "",
                confidence or "",
                evidence or "",
                denied is not None,
            )
        )
    return found

"""The statements of a version from which one of its inferences may follow.

Those within a few steps of its subject and its object prove nearly all, whatever else there is;
what they do not is looked for in everything. A proof from some statements is one from all of them.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from kg.namespaces import BASE, GRAPHS, ONTOLOGY, PREFIXES
from kg.terms import Term, Triple, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.store import Store

_SETTLED: Final = f"{GRAPHS}settled"
_ONTOLOGY: Final = f"{GRAPHS}ontology"
_SYSTEM: Final = tuple(f"<{PREFIXES[name]}" for name in ("owl", "rdf", "rdfs", "xsd"))
_OURS: Final = (*_SYSTEM, f"<{BASE}")
_STEPS: Final = 6
"""Number of steps forward from the subject: as many as links that a conclusion may rest on."""
_MOST: Final = 300
"""Number of statements of a thing, or about it, beyond which those about it are not walked back."""


def axioms(store: Store) -> list[Triple]:
    """The axioms of the ontology, without what aligns it to others, which is not reasoned with."""
    return [
        triple
        for triple in store.triples(_ONTOLOGY)
        if triple[2][0] != "<" or triple[2].startswith(_OURS)
    ]


def around(store: Store, triple: Triple) -> set[Triple]:
    """What the settled view states some steps forward from the ends of a triple, and one back."""
    found: set[Triple] = set()
    waiting = {term for term in (triple[0], triple[2]) if _is_thing(term)}
    seen: set[Term] = set()
    for step in range(_STEPS):
        reached: set[Term] = set()
        for node in waiting:
            forward = set(_some(store.matching(node, graph=_SETTLED)))
            back: set[Triple] = set()
            if not step:
                back = set(_some(store.matching(None, None, node, _SETTLED)))
            found |= forward | back
            reached |= {value for _, _, value in forward if _is_thing(value)}
            reached |= {subject for subject, _, _ in back if _is_thing(subject)}
        seen |= waiting
        waiting = reached - seen
    return found


def everything(store: Store) -> Iterator[Triple]:
    """All that the settled view states."""
    return store.triples(_SETTLED)


def _some(rows: Iterator[tuple[str, Term, Term, Term]]) -> Iterator[Triple]:
    for _, subject, predicate, value in itertools.islice(rows, _MOST):
        yield subject, predicate, value


def _is_thing(term: Term) -> bool:
    is_named = term[0] == "<" and not term.startswith((*_SYSTEM, f"<{ONTOLOGY}"))
    return is_named or is_blank(term)

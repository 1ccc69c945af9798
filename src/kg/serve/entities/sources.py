"""Passages as the sources of facts: where they stand, who speaks, and in which stance."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.serve.labels import part_of
from kg.terms import Term, iri, parts

if TYPE_CHECKING:
    from kg.store import Store

_PART_OF: Final = iri("dcterms:isPartOf")
_SOURCE: Final = iri("dcterms:source")
_MOST: Final = 20
"""Number of speakers, or of primary sources, of a passage that are told."""


@dataclass(frozen=True)
class Passage:
    """A passage: the part of a source that it is in, down to the sentence, and who says it.

    ``source`` is the work that the part belongs to; for what a part of no work is, as entries of
    the registry, the work that they are taken from.
    """

    iri: str
    part: Term | None = None
    source: Term | None = None
    paragraph: str = ""
    sentence: str = ""
    row: Term | None = None
    """The row of a dataset that it holds."""
    speakers: tuple[Term, ...] = ()
    stance: Term | None = None
    as_of: Term | None = None
    primary_sources: tuple[Term, ...] = ()


class Passages:
    """The passages of one version, each looked up when it is first asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Passage] = {}

    def of(self, name: str) -> Passage:
        """The passage of an IRI; of what is no passage no more than that."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._read(name)
        return known

    def _read(self, name: str) -> Passage:
        told: dict[Term, set[Term]] = defaultdict(set)
        for _, _, predicate, value in self._store.matching(f"<{name}>", graph=""):
            told[predicate].add(value)

        def first(term: Term) -> Term | None:
            return min(told[term]) if told.get(term) else None

        def text(term: Term) -> str:
            found = first(term)
            return parts(found)[0] if found and found[0] == '"' else ""

        whole = first(_PART_OF)
        part = part_of(self._store, f"<{name}>", whole)
        works = sorted(self._store.matching(part, _PART_OF, graph="")) if part else []
        source = works[0][3] if works else whole or first(_SOURCE)
        return Passage(
            name,
            part,
            source,
            text(iri("cllm:paragraph")),
            text(iri("cllm:sentence")),
            first(iri("cllm:fromRow")),
            tuple(sorted(told[iri("cllm:speaker")])[:_MOST]),
            first(iri("cllm:stance")),
            first(iri("cllm:asOf")),
            tuple(sorted(told[iri("prov:hadPrimarySource")])[:_MOST]),
        )

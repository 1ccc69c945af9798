"""What things, terms and groups are called, in each language that the graph has for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from kg.columns import Term, iri, is_literal, parts
from kg.namespaces import GRAPHS, passage_name, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.store import EmbeddedStore

_NAMES: Final = tuple(map(iri, ("rdfs:label", "dcterms:title")))
_DESCRIPTION: Final = iri("dcterms:description")
_LONGEST: Final = 200
"""Characters of a description after which it is cut where it stands for a name."""


class Labels:
    """The labels of one version, each looked up when it is first asked for."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self._known: dict[Term, Mapping[str, str]] = {}

    def of(self, term: Term) -> Mapping[str, str]:
        """The label of a thing by language tag, in lower case, "" for none; else its title.

        Where it has neither, what describes it. Of several in one language the first one counts.
        """
        known = self._known.get(term)
        if known is None:
            known = self._known[term] = self._read(term)
        return known

    def has(self, term: Term) -> bool:
        """Whether a thing is called anything."""
        return bool(self.of(term))

    def text(self, term: Term, language: str) -> str:
        """A term in a language, else in English, else in any; without a label its short name."""
        if is_literal(term):
            return parts(term)[0]
        found = self.of(term)
        for wanted in (language.lower(), "en", ""):
            if wanted in found:
                return found[wanted]
        return next(iter(found.values()), self._short(term))

    @staticmethod
    def _short(term: Term) -> str:
        if term.startswith(f"<{GRAPHS}"):
            return passage_name(term[1:-1])
        return shorten(term[1:-1]) if term[0] == "<" else term

    def _read(self, term: Term) -> Mapping[str, str]:
        if is_literal(term):
            return {}
        for predicate in (*_NAMES, _DESCRIPTION):
            found = {value for *_, value in self._store.matching(term, predicate)}
            texts = sorted(parts(value) for value in found if is_literal(value))
            if texts:
                return {language: _cut(text) for text, _, language in reversed(texts)}
        return {}


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"

"""What things, terms and passages are called on a page, in its language.

A label in the language of the page, else the English one, else any; else a title, a name or a
figure as printed, what describes it; else the short name. Looked up when first asked for, once for
each request.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import flask

from kg.namespaces import BASE, GRAPHS, IDS, TERMS, shorten
from kg.queries import is_iri
from kg.serve.context import context, reading
from kg.serve.wording import language, pgettext
from kg.terms import Term, iri, is_literal, parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kg.documents import Cell
    from kg.store import Store

_NAMING: Final = tuple(
    map(
        iri,
        (
            "rdfs:label",
            "dcterms:title",
            "cllm:nameAsPrinted",
            "cllm:asPrinted",
            "dcterms:description",
        ),
    )
)
_DEFINITION: Final = iri("skos:definition")
_PART: Final = iri("dcterms:isPartOf")
_PLACES: Final = (iri("cllm:paragraph"), iri("cllm:sentence"))
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATOR: Final = " | "
_LONGEST: Final = 300
"""Characters of a label beyond which it is cut."""


class Labels:
    """What things are called in a store, each looked up when first asked for."""

    def __init__(self, store: Store, names: Mapping[Term, Mapping[str, str]] | None = None) -> None:
        """``names`` are what some terms are called that the store gives no label."""
        self._store = store
        self._known: dict[Term, Mapping[str, str]] = dict(names or {})

    def of(self, term: Term) -> Mapping[str, str]:
        """The label of a thing by language tag in lower case, "" for none; else its title, ...

        As the default graph has it, else any. Empty if nothing says what it is called.
        """
        known = self._known.get(term)
        if known is None:
            known = self._known[term] = self._read(term)
        return known

    def text(self, term: Term, tag: str) -> str:
        """What a term is called in a language, not more than some hundred characters of it.

        A literal is its text, all of it.
        """
        if is_literal(term):
            return parts(term)[0]
        found = _cut(_best(self.of(term), tag))
        return found or self._place(term, tag) or self._slug(term, tag)

    def _read(self, term: Term) -> Mapping[str, str]:
        for graph in ("", None) if term[0] == "<" else ():
            for predicate in _NAMING[:2] if term.startswith(f"<{GRAPHS}") else _NAMING:
                found = {value for *_, value in self._store.matching(term, predicate, None, graph)}
                texts = sorted(map(parts, filter(is_literal, found)), reverse=True)
                if texts:
                    return {tag: text for text, _, tag in texts}
        return {}

    def _slug(self, term: Term, tag: str) -> str:
        """The kind of a thing of ours with the last part of its IRI; else the short name."""
        if not term.startswith(f"<{IDS}"):
            return _short(term)
        kinds = [value for *_, value in self._store.matching(term, iri("rdf:type"))]
        known = sorted(kind for kind in kinds if kind.startswith(f"<{TERMS}") and self.of(kind))
        slug = term[1:-1].rpartition("/")[2]
        return f"{self.text(known[0], tag)} {slug}" if known and slug else _short(term)

    def _place(self, term: Term, tag: str) -> str:
        """The place of a passage: the part of the source, paragraph and sentence."""
        if not term.startswith(f"<{GRAPHS}"):
            return ""
        said = {predicate: value for _, _, predicate, value in self._store.matching(term)}
        numbers = [parts(said[place])[0] for place in _PLACES if is_literal(said.get(place, "_"))]
        part = part_of(self._store, term, said.get(_PART)) or (said.get(_PART) if numbers else None)
        if part is None:  # the title of a whole work would not tell one of its tables from another
            return _short(term)
        return f"{self.text(part, tag)} ¶{'.'.join(numbers)}" if numbers else self.text(part, tag)


def part_of(store: Store, graph: Term, whole: Term | None) -> Term | None:
    """The part of a work that a passage is in, or that its graph is named like; None of neither.

    ``whole`` is what the graph is said to be part of.
    """
    if whole is None or any(store.matching(whole, _PART, graph="")):
        return whole
    named_so = f"<{IDS}part/{graph[1:-1].rpartition('/')[2]}>"
    return named_so if any(store.matching(named_so, _PART, whole, "")) else None


def labels() -> Labels:
    """What things are called in the version that answers this request."""
    if "labels" not in flask.g:
        names = context().layouts.of(reading()).names
        flask.g.labels = Labels(reading().store, names)
    found: Labels = flask.g.labels
    return found


def named(iri: str) -> str:
    """What an IRI is called on this page; at most some hundred characters of it."""
    return labels().text(f"<{iri}>", language()) if is_iri(iri) else _cut(iri)


def defined(term: str) -> str:
    """The definition of a term in the language of the page, else in English."""
    found = [parts(t) for *_, t in reading().store.matching(f"<{term}>", _DEFINITION, None, "")]
    return _best({tag: text for text, _, tag in sorted(found, reverse=True)}, language())


def heading(column: str) -> str:
    """The name of a column as a person reads it: ``computeMin`` is ``Compute min``."""
    words = _WORDS.sub(" ", column).lower()
    return pgettext("column", words[:1].upper() + words[1:])


def several(text: str) -> list[str]:
    """The IRIs of a cell that joins some, or the text itself."""
    parts = text.split(_SEPARATOR)
    return parts if len(parts) > 1 and all(part.startswith(BASE) for part in parts) else [text]


def spoken(cells: Sequence[Cell]) -> Cell:
    """The text for this page: in its language, else in English or none, else the first."""
    for wanted in (language().lower(), "en", ""):
        found = [cell for cell in cells if _language(cell) == wanted]
        if found:
            return min(found, key=_text)
    return min(cells, key=_text)


def unspoken(cells: Sequence[Cell]) -> list[Cell]:
    """The same in the other languages."""
    chosen = _language(spoken(cells))
    return [cell for cell in cells if _language(cell) != chosen]


def _language(cell: Cell) -> str:
    """The tag of a text's language, in small letters, as tags are compared (BCP 47)."""
    return cell.get("xml:lang", "").lower()


def _text(cell: Cell) -> str:
    return cell["value"]


def _short(term: Term) -> str:
    return shorten(term[1:-1]) if term[0] == "<" else term


def _best(texts: Mapping[str, str], tag: str) -> str:
    """The text in a language, else in English, else the one in none, else the first of any."""
    found = (texts.get(wanted, "") for wanted in (tag.lower(), "en", ""))
    return next(filter(None, found), min(texts.values(), default=""))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

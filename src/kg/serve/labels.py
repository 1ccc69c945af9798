"""What things, terms and passages are called on a page, in its language.

A label in the language of the page, else the English one, else any; else a title, else the short
name. Looked up when first asked for, once for each request.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import flask

from kg.namespaces import BASE, GRAPHS, PREFIXES, TERMS, shorten
from kg.queries import is_iri
from kg.serve.context import reading
from kg.serve.wording import gettext, language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.documents import Cell

_NAMING: Final = (
    f"{PREFIXES['rdfs']}label",
    f"{PREFIXES['dcterms']}title",
    f"{TERMS}nameAsPrinted",
)
_PART: Final = f"{PREFIXES['dcterms']}isPartOf"
_PLACES: Final = (f"{TERMS}paragraph", f"{TERMS}sentence")
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATOR: Final = " | "
_LONGEST: Final = 300
"""Characters of a label beyond which it is cut."""


def named(iri: str) -> str:
    """What an IRI is called on this page; at most some hundred characters of it."""
    known: dict[str, str] = flask.g.setdefault("names", {})
    if iri not in known:
        found = _label(iri)
        known[iri] = found if len(found) <= _LONGEST else f"{found[:_LONGEST]}…"
    return known[iri]


def heading(column: str) -> str:
    """The name of a column as a person reads it: ``computeMin`` is ``Compute min``."""
    words = _WORDS.sub(" ", column).lower()
    return gettext(words[:1].upper() + words[1:])


def several(text: str) -> list[str]:
    """The IRIs of a cell that joins some, or the text itself."""
    parts = text.split(_SEPARATOR)
    return parts if len(parts) > 1 and all(part.startswith(BASE) for part in parts) else [text]


def _label(iri: str) -> str:
    store = reading().store
    if not is_iri(iri):
        return iri
    for property_ in _NAMING:
        labels = [cell for _, cell in store.statements(iri, property_)]
        if labels:
            return _best(labels)
    if iri.startswith(GRAPHS):
        return _passage(iri) or shorten(iri)
    return shorten(iri)


def _passage(iri: str) -> str:
    """The place of a passage: the part of the source, paragraph and sentence."""
    said = {
        property_: cell["value"] for property_, cell in reading().store.statements(iri, graph=None)
    }
    if _PART not in said:
        return ""
    numbers = [said[property_] for property_ in _PLACES if property_ in said]
    part = named(said[_PART])
    return f"{part} ¶{'.'.join(numbers)}" if numbers else part


def _best(labels: Sequence[Cell]) -> str:
    """The label for this page: in its language, else in English or none, else the first."""
    for wanted in (language(), "en", ""):
        found = [cell["value"] for cell in labels if cell.get("xml:lang", "") == wanted]
        if found:
            return min(found)
    return min(cell["value"] for cell in labels)

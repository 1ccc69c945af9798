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
from kg.serve.wording import language, pgettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.documents import Cell

_NAMING: Final = (
    f"{PREFIXES['rdfs']}label",
    f"{PREFIXES['dcterms']}title",
    f"{TERMS}nameAsPrinted",
)
_DEFINITION: Final = f"{PREFIXES['skos']}definition"
_PART: Final = f"{PREFIXES['dcterms']}isPartOf"
_TYPE: Final = f"{PREFIXES['rdf']}type"
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


def defined(term: str) -> str:
    """The definition of a term in the language of the page, else in English."""
    cells = [cell for _, cell in reading().store.statements(term, _DEFINITION)]
    return spoken(cells)["value"] if cells else ""


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


def _label(iri: str) -> str:
    store = reading().store
    if not is_iri(iri):
        return iri
    for property_ in _NAMING:
        labels = [cell for _, cell in store.statements(iri, property_)]
        if labels:
            return spoken(labels)["value"]
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
    if numbers:
        return f"{named(said[_PART])} ¶{'.'.join(numbers)}"
    kinds = [cell["value"] for _, cell in reading().store.statements(said[_PART], _TYPE)]
    # the title of a whole work would not tell one of its tables from another
    return named(said[_PART]) if f"{TERMS}Part" in kinds else ""

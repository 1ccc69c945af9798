"""How somebody wants to have a thing: as a page, as our JSON, or as RDF in some format.

By what the address ends with, by ``?format=``, or by ``Accept``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from kg.errors import BadInput, NotFound
from kg.results import formats, media_types
from kg.serve.context import accepted, asked_formats, choose
from kg.serve.wishes import HTML

if TYPE_CHECKING:
    from kg.results import Format

JSON: Final = "application/json"
_OURS: Final = ("html", "json")
_ENDINGS: Final = {format_.extension: format_.name for format_ in formats("graph")}

Wish = Literal["html", "json", "rdf"]


def split(slug: str) -> tuple[str, str]:
    """The name that an address has and what it ends with, which no name has a dot in.

    Raises ``NotFound`` for an ending that says of no format.
    """
    name, dot, ending = slug.partition(".")
    if dot and ending not in (*_OURS, *_ENDINGS):
        known = ", ".join(f".{ending}" for ending in (*_ENDINGS, *_OURS))
        raise NotFound(f"Nothing has the ending .{ending} here (there are: {known}).")
    return name, ending


def wish(ending: str = "", *, has_json: bool) -> tuple[Wish, Format | None]:
    """A page, JSON or RDF, that with its format.

    ``has_json`` says that there is JSON of our own, which else is JSON-LD. Raises ``BadInput`` and
    ``NotAcceptable`` as ``choose`` does, and if the parameter says something else than the ending.
    """
    asked = {name.lower() for name in asked_formats()}
    if ending:
        own = _ENDINGS.get(ending, ending)
        if asked - {own, ending}:
            other = min(asked - {own, ending})
            raise BadInput(f"The address ends with .{ending}, and asks for the format {other}.")
        asked = {own}
    ours = asked & set(_OURS) if has_json else asked & {"html"}
    if len(asked) == 1 and ours:
        return ("html" if "html" in ours else "json"), None
    if ending:
        return "rdf", next(f for f in formats("graph") if f.extension == ending)
    if asked:
        return "rdf", choose("graph")
    best = accepted().best_match([*media_types("graph"), HTML])
    if best == HTML:
        return "html", None
    return ("json", None) if best == JSON and has_json else ("rdf", choose("graph"))

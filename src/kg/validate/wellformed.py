"""What makes a shape ill-formed, so that it is refused and does not pass in silence.

https://www.w3.org/TR/shacl/#syntax-rules ; pySHACL is lenient about most of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from elementpath.regex import RegexError, translate_pattern

from kg.errors import BadInput
from kg.namespaces import shorten
from kg.terms import iri, is_blank, is_literal, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kg.columns import Index
    from kg.terms import Term

_COUNTS: Final = frozenset(
    {
        *("minCount", "maxCount", "minLength", "maxLength"),
        *("qualifiedMinCount", "qualifiedMaxCount"),
    }
)
_RANGES: Final = frozenset({"minExclusive", "minInclusive", "maxExclusive", "maxInclusive"})
_BOOLEANS: Final = frozenset(
    {"uniqueLang", "closed", "deactivated", "qualifiedValueShapesDisjoint"}
)
_IRIS: Final = frozenset(
    {
        *("class", "datatype", "equals", "disjoint", "lessThan", "lessThanOrEquals", "severity"),
        *("targetClass", "targetSubjectsOf", "targetObjectsOf"),
    }
)
_SHAPES: Final = frozenset({"node", "property", "not", "qualifiedValueShape", "sparql"})
_LISTS: Final = frozenset({"and", "or", "xone", "in", "languageIn", "ignoredProperties"})
_ONCE: Final = frozenset(
    {
        *_COUNTS,
        *_RANGES,
        *_BOOLEANS,
        *("datatype", "nodeKind", "languageIn", "in", "ignoredProperties", "flags", "severity"),
    }
)
_WITH_PATH: Final = frozenset(
    {
        *("minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals"),
        *("qualifiedValueShape", "qualifiedMinCount", "qualifiedMaxCount"),
    }
)
_KINDS: Final = {
    iri(f"sh:{name}")
    for name in (
        *("IRI", "BlankNode", "Literal"),
        *("BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral"),
    )
}
_TRUTHS: Final = {f'"{text}"^^{iri("xsd:boolean")}' for text in ("true", "false", "1", "0")}
_INTEGER: Final = iri("xsd:integer")
_TEXTS: Final = frozenset({iri("xsd:string"), iri("rdf:langString")})


def check(node: Term, index: Index) -> None:
    """Raise ``BadInput``, saying what is wrong, if a shape is ill-formed."""
    for name, why in _wrong(node, index):
        shown = shorten(node[1:-1]) if node[0] == "<" else "without a name"
        raise BadInput(f"The shape {shown} is ill-formed: sh:{name} {why}.")


def _wrong(node: Term, index: Index) -> Iterator[tuple[str, str]]:
    """The parameters of a shape that are ill-formed, with what is wrong."""
    prefix = iri("sh:")[:-1]
    given: dict[str, list[Term]] = {}
    for _, predicate, value in index.candidates((node, "?", "?")):
        if predicate.startswith(prefix):
            given.setdefault(predicate.removeprefix(prefix)[:-1], []).append(value)
    for name, values in sorted(given.items()):
        if name in _ONCE and len(values) > 1:
            yield name, "is given more than once"
        if name in _WITH_PATH and "path" not in given:
            yield name, "is only for a property shape, which has sh:path"
        for value in values:
            for names, is_right, what in _TESTS:
                if name in names and not is_right(value):
                    yield name, f"is not {what}"
    for shape in given.get("property", ()):
        if not index.candidates((shape, iri("sh:path"), "?")):
            yield "property", "names a shape without sh:path"
    flags = parts(given["flags"][0])[0] if "flags" in given else ""
    for pattern in given.get("pattern", ()):
        if not is_pattern(parts(pattern)[0], flags):
            yield "pattern", f'"{parts(pattern)[0]}" is not a regular expression of XML Schema'


def is_pattern(pattern: str, flags: str = "") -> bool:
    """Whether a text is a regular expression with flags that XPath knows."""
    if not set(flags) <= set("smixq"):
        return False
    try:
        re.compile(re.escape(pattern) if "q" in flags else translate_pattern(pattern))
    except (RegexError, re.error):
        return False
    return True


def _is_text(term: Term) -> bool:
    return is_literal(term) and parts(term)[1] in _TEXTS


def _is_count(term: Term) -> bool:
    if not is_literal(term):
        return False
    text, datatype, _ = parts(term)
    return datatype == _INTEGER and re.fullmatch(r"\+?\d+", text, re.ASCII) is not None


_TESTS: Final[tuple[tuple[frozenset[str], Callable[[Term], bool], str], ...]] = (
    (_COUNTS, _is_count, "a whole number of the datatype xsd:integer, from zero"),
    (_RANGES, is_literal, "a literal"),
    (_BOOLEANS, _TRUTHS.__contains__, "true or false"),
    (_IRIS, lambda term: term[0] == "<", "an IRI"),
    (_SHAPES | _LISTS, lambda term: not is_literal(term), "a node"),
    (frozenset({"nodeKind"}), _KINDS.__contains__, "one of the six kinds of nodes"),
    (frozenset({"message", "pattern", "flags"}), _is_text, "a text"),
    (frozenset({"targetNode"}), lambda term: not is_blank(term), "an IRI or a literal"),
)
"""What the values of parameters must be."""

"""Terms and axioms as people read them: prefixed names, and class expressions in Manchester syntax.

https://www.w3.org/TR/owl2-manchester-syntax/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.namespaces import shorten
from kg.reason.rules import TYPE
from kg.terms import Term, Triple, iri, is_literal, is_variable, parts

if TYPE_CHECKING:
    from kg.columns import Index

_DEEPEST: Final = 8
"""Number of expressions within each other after which one is not spelt out."""
_LONGEST: Final = 12
"""Number of members of a list after which the others are not named."""
_JOINED: Final = {"owl:intersectionOf": " and ", "owl:unionOf": " or "}
_RESTRICTIONS: Final = {
    "owl:someValuesFrom": "some",
    "owl:allValuesFrom": "only",
    "owl:hasValue": "value",
    "owl:maxCardinality": "max",
    "owl:maxQualifiedCardinality": "max",
    "owl:minCardinality": "min",
    "owl:minQualifiedCardinality": "min",
    "owl:cardinality": "exactly",
    "owl:qualifiedCardinality": "exactly",
}

_PARTS: Final = frozenset(
    map(iri, (*_JOINED, *_RESTRICTIONS, "owl:onProperty", "owl:onClass", "owl:oneOf"))
) | {iri("owl:complementOf")}


def shown(term: Term, index: Index, depth: int = 0) -> str:
    """A term as people read it; ``index`` has what is said of blank nodes and lists.

    A blank node of which nothing says what it is comes out as ``[ ]``.
    """
    if is_variable(term):
        return "something"
    if is_literal(term):
        text, datatype, language = parts(term)
        tag = f"@{language}" if language else ""
        plain = datatype == iri("xsd:string") or bool(language)
        return f'"{text}"{tag}' if plain else f"{text}"
    if term[0] == "<":
        return shorten(term[1:-1])
    if depth > _DEEPEST:
        return "..."
    members = next(iter(index.lists(term)), None)
    if members:
        more = " ..." if len(members) > _LONGEST else ""
        named = [shown(member, index, depth + 1) for member in members[:_LONGEST]]
        return f"( {' '.join(named)}{more} )"
    return _expression(term, index, depth + 1) or "[ ]"


def sentence(triple: Triple, index: Index) -> str:
    """A triple as people read it."""
    subject, predicate, value = triple
    verb = "a" if predicate == TYPE else shown(predicate, index)
    return f"{shown(subject, index)} {verb} {shown(value, index)}"


def spells_out(triple: Triple) -> bool:
    """Whether a triple is only part of an expression that ``shown`` writes as one."""
    subject, predicate, _ = triple
    return subject[:2] == "_:" and predicate in _PARTS


def _expression(node: Term, index: Index, depth: int) -> str:
    said = {predicate: value for _, predicate, value in index.candidates((node, "?", "?"))}
    for name, word in _JOINED.items():
        for members in index.lists(said.get(iri(name), node)):
            return f"({word.join(shown(member, index, depth) for member in members)})"
    for members in index.lists(said.get(iri("owl:oneOf"), node)):
        return f"{{{', '.join(shown(member, index, depth) for member in members)}}}"
    if (other := said.get(iri("owl:complementOf"))) is not None:
        return f"not {shown(other, index, depth)}"
    if (inverse := said.get(iri("owl:inverseOf"))) is not None:
        return f"inverse {shown(inverse, index, depth)}"
    prop = said.get(iri("owl:onProperty"))
    for name, word in _RESTRICTIONS.items():
        if prop is not None and (value := said.get(iri(name))) is not None:
            of = said.get(iri("owl:onClass"))
            filler = f" {shown(of, index, depth)}" if of else ""
            return f"({shown(prop, index, depth)} {word} {shown(value, index, depth)}{filler})"
    return ""

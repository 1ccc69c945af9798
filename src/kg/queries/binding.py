r"""A query's text with terms for its parameters, for engines that take text and nothing else.

A parameter is a variable, and what gives it its value is data: ``VALUES ?name { term }`` as the
first pattern of the query's group, and of each group inside of it that speaks of the variable.
So the text stays what it is, its columns too, and a FILTER, GRAPH, OPTIONAL, MINUS or EXISTS sees
the value where an engine looks at groups one by one, from the inside out
(https://www.w3.org/TR/sparql11-query/#sparqlAlgebra). A sub-SELECT that does not give the variable
out has another one of the same name, which is left alone: as engines do that bind themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.namespaces import PREFIXES
from kg.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kg.queries.canned import Term
    from kg.tokens import Token

_STRING: Final = f"{PREFIXES['xsd']}string"
_ESCAPED: Final = {
    "\t": r"\t",
    "\b": r"\b",
    "\n": r"\n",
    "\r": r"\r",
    "\f": r"\f",
    '"': r"\"",
    "\\": r"\\",
}
_SPECIAL: Final = re.compile(r'\\[uU]|[\\"\x00-\x1f\x7f]')


def bound(text: str, terms: Mapping[str, Term]) -> str:
    """A query's ``text`` in which each variable of ``terms`` has its term."""
    if not terms:
        return text
    written = {name: f"VALUES ?{name} {{ {as_sparql(term)} }} " for name, term in terms.items()}
    inserted: list[tuple[int, str]] = []
    last = ""
    for place, names in _places(text, frozenset(terms)):
        values = "".join(written[name] for name in written if name in names)
        if place is None:  # no group takes a pattern: the data come last, as VALUES may
            last = f"\n{values.rstrip()}"
        else:
            inserted.append((place, f" {values}"))
    pieces, end = [], 0
    for place, values in sorted(inserted):
        pieces += [text[end:place], values]
        end = place
    return "".join([*pieces, text[end:], last])


def as_sparql(term: Term) -> str:
    r"""A term as SPARQL 1.1 writes it (https://www.w3.org/TR/sparql11-query/#rTerm).

    Some engines replace ``\u0022`` before they look for strings, and others inside of these
    (section 19.2). So no backslash that is meant comes before a ``u``, which both would read
    in their own way. Rdflib takes eight digits after ``\u``, too, if they are there.
    """
    if term.datatype is None:
        return f"<{term.value}>"
    value = f'"{_SPECIAL.sub(_escape, term.value)}"'
    return value if term.datatype == _STRING else f"{value}^^<{term.datatype}>"


def _escape(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) == 2:
        return rf"\\\U{ord(found[1]):08X}"
    return _ESCAPED.get(found) or rf"\U{ord(found):08X}"


@dataclass
class _Group:
    """A pair of braces, and the names that are spoken of in it, but not in braces further in."""

    takes: bool
    """Whether a pattern may stand in it: it is neither data nor triples to be made."""
    start: int
    names: frozenset[str]
    """The names that mean the parameters here."""
    said: set[str] = field(default_factory=set)
    head: _Group | None = None
    """For the WHERE of a sub-SELECT the braces around it, in whose clauses it is spoken of too."""


def _places(
    text: str, names: frozenset[str]
) -> Iterable[tuple[int | None, frozenset[str] | set[str]]]:
    """Where VALUES may be put, with the names that are to be given there; None for the end."""
    found = [*tokens(text)]
    outermost = _Group(takes=False, start=0, names=names)
    groups: list[_Group] = []
    stack = [outermost]
    where: _Group | None = None
    for number, token in enumerate(found):
        inside = stack[-1]
        if token.kind == "variable":
            inside.said |= {token.text[1:]} & inside.names
        elif token.text == "{":
            group = _opened(found, number, inside)
            groups.append(group)
            stack.append(group)
            if inside is outermost and group.takes:
                where = where or group
        elif token.text == "}" and len(stack) > 1:
            stack.pop()
    if where is None:
        yield None, names
    for group in groups:
        said = group.said | (group.head.said if group.head else set())
        said = {*names} if group is where else said & group.names
        if group.takes and said:
            yield group.start, said


def _opened(found: list[Token], number: int, inside: _Group) -> _Group:
    """The group that the brace ``number`` opens."""
    start = found[number].start + 1
    after = found[number + 1 : number + 2]
    if after and _is(after[0], "SELECT"):
        given = _given(found[number + 2 :], inside.names)
        return _Group(takes=False, start=start, names=given)
    before = _words_before(found, number)
    is_pattern = not before & {"VALUES", "CONSTRUCT"}
    is_select = not inside.takes and is_pattern and inside.start > 0
    head = inside if is_select else None
    return _Group(takes=is_pattern, start=start, names=inside.names, head=head)


def _given(clause: list[Token], names: frozenset[str]) -> frozenset[str]:
    """Those of ``names`` that a sub-SELECT gives out, from what follows its keyword."""
    given: set[str] = set()
    depth = 0
    for token in clause:
        if token.text == "*" and depth == 0:
            return names
        if token.text == "{" or (_is(token, "WHERE") and depth == 0):
            break
        depth += (token.text == "(") - (token.text == ")")
        if token.kind == "variable" and depth == 0:
            given.add(token.text[1:])
    return names & given


def _words_before(found: list[Token], number: int) -> set[str]:
    """The keyword of the clause that a brace belongs to, if it is one that decides.

    ``CONSTRUCT {`` makes triples and ``CONSTRUCT WHERE {`` takes triples alone; ``VALUES`` has a
    variable or some in brackets before its braces.
    """
    for token in reversed(found[:number]):
        if token.kind == "word":
            word = token.text.upper()
            if word in ("WHERE", "FROM", "NAMED"):
                continue
            return {word}
        if token.kind not in ("variable", "iri", "name") and token.text not in ("(", ")"):
            return set()
    return set()


def _is(token: Token, word: str) -> bool:
    return token.kind == "word" and token.text.upper() == word

"""What a query asks here before it calls a service, so that the service need not give everything.

An engine sends a service the pattern that it is to match, and joins the answer with what is here;
Oxigraph does not say for which values. So the first part of a query's WHERE is asked by itself, and
its values go into the pattern, as VALUES. That changes no answer: whatever follows the first part
of a group only takes rows away or adds to them, and a row of the service that fits to none of them
is in no answer. A variable has to have a value in every row of the first part and of the service,
so it counts only where it stands in a triple pattern that is not optional. Where that is not seen
at once, on the tokens, nothing is narrowed (https://www.w3.org/TR/sparql11-query/#sparqlAlgebra).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kg.tokens import Token

MOST_ROWS: Final = 1_000
"""Rows of values that a service is told at most."""
_FORMS: Final = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_ENDS: Final = frozenset({"OPTIONAL", "MINUS", "BIND", "SERVICE"})
"""Words with which the part of a group ends in which everything has to match."""


@dataclass(frozen=True)
class Narrowing:
    """Where the pattern of a service begins, and the query that gives values for its variables."""

    place: int
    variables: tuple[str, ...]
    query: str


def narrowings(text: str) -> list[Narrowing]:
    """The places of a query that calls services at which these can be told values."""
    found = [*tokens(text)]
    where = _where(found)
    if where is None:
        return []
    start, end = where
    first = _First(text, found, start + 1, end)
    head = _head(text, found[:start])
    narrowings = []
    for opening in _services(found, start + 1, end):
        inside = _First(text, found, opening + 1, _closing(found, opening))
        variables = tuple(sorted(first.variables & inside.variables))
        if variables and head is not None:
            prologue, dataset = head
            names = " ".join(f"?{name}" for name in variables)
            query = f"{prologue}SELECT DISTINCT {names} {dataset}WHERE {{ {first.pattern} }}"
            place = found[opening].start + 1
            limited = f"{query} LIMIT {MOST_ROWS + 1}"
            narrowings.append(Narrowing(place, variables, limited))
    return narrowings


def narrowed(text: str, values: Sequence[tuple[Narrowing, Sequence[Sequence[str]]]]) -> str:
    """``text`` whose services are told values: for each of some places rows of terms."""
    pieces, end = [], 0
    for narrowing, rows in values:
        names = " ".join(f"?{name}" for name in narrowing.variables)
        written = " ".join(f"({' '.join(row)})" for row in rows)
        pieces += [text[end : narrowing.place], f" VALUES ({names}) {{ {written} }} "]
        end = narrowing.place
    return "".join([*pieces, text[end:]])


class _First:
    """The part of a group, between two tokens, in which everything has to match."""

    def __init__(self, text: str, found: list[Token], start: int, end: int) -> None:
        self.variables: set[str] = set()
        """Those that have a value in each of its rows."""
        self._pieces: list[tuple[int, int]] = []
        self._text, self._found = text, found
        filters: list[tuple[int, int]] = []
        is_select = start < end and found[start].text.upper() == "SELECT"
        place = end if is_select else start
        while place < end:
            token = found[place]
            word = token.text.upper() if token.kind == "word" else ""
            after = self._element(place, word)
            if word in _ENDS or after > end or (after > place + 1 and self._calls(place, after)):
                break
            if word == "FILTER":
                filters.append((place, after))
            else:
                self._pieces.append((place, after))
                self._add(place, after, word)
            place = after
        self._pieces += [one for one in filters if self._names(*one) <= self.variables]

    @property
    def pattern(self) -> str:
        """Its text, with the filters of which nothing else has to be known."""
        return " ".join(
            self._text[self._found[start].start : self._found[last - 1].start]
            + self._found[last - 1].text
            for start, last in self._pieces
        )

    def _element(self, place: int, word: str) -> int:
        """Where the element ends that begins at a token: groups and filters are one."""
        found = self._found
        if word == "FILTER":
            while place < len(found) and found[place].text not in ("(", "{"):
                place += 1
            return _closing(found, place) + 1
        if word in ("GRAPH", "VALUES"):
            while place < len(found) and found[place].text != "{":
                place += 1
        if place < len(found) and found[place].text == "{":
            after = _closing(found, place) + 1
            while found[after : after + 1] and found[after].text.upper() == "UNION":
                after = _closing(found, after + 1) + 1
            return after
        return place + 1

    def _add(self, place: int, after: int, word: str) -> None:
        """Take note of the variables of an element, but not of groups and data."""
        if word == "GRAPH":
            opening = next(n for n in range(place, after) if self._found[n].text == "{")
            self.variables |= self._names(place, opening)
            self.variables |= _First(self._text, self._found, opening + 1, after - 1).variables
        elif after == place + 1:
            self.variables |= self._names(place, after)

    def _names(self, start: int, end: int) -> set[str]:
        return {one.text[1:] for one in self._found[start:end] if one.kind == "variable"}

    def _calls(self, start: int, end: int) -> bool:
        """Whether something in there is another server's, or has groups of its own in a filter."""
        words = {one.text.upper() for one in self._found[start:end] if one.kind == "word"}
        return bool(words & {"SERVICE", "EXISTS"})


def _where(found: list[Token]) -> tuple[int, int] | None:
    """The braces of the outermost group, by their numbers; None if there is none."""
    place = 0
    while place < len(found):
        if found[place].text == "{":
            end = _closing(found, place)
            if found[place - 1].text.upper() != "CONSTRUCT":
                return (place, end) if end < len(found) else None
            place = end
        place += 1
    return None


def _head(text: str, found: list[Token]) -> tuple[str, str] | None:
    """The prologue of a query, and its dataset clauses."""
    forms = [n for n, one in enumerate(found) if one.kind == "word" and one.text.upper() in _FORMS]
    if not forms:
        return None
    dataset, is_clause = [], False
    for token in found[forms[0] :]:
        word = token.text.upper()
        is_clause = word == "FROM" or (is_clause and (word == "NAMED" or token.kind != "word"))
        if is_clause:
            dataset.append(f"{token.text} ")
    return text[: found[forms[0]].start], "".join(dataset)


def _services(found: list[Token], start: int, end: int) -> Iterator[int]:
    """The braces of services whose rows are joined with all that is before them in the group.

    They stand in the group itself, or in one of its groups, optional or not. Not those of a
    sub-SELECT, which is evaluated by itself, of EXISTS, and of GRAPH.
    """
    place = start
    while place < end:
        token = found[place]
        word = token.text.upper() if token.kind == "word" else ""
        if word in ("SERVICE", "GRAPH", "EXISTS", "VALUES"):
            opening = next((n for n in range(place, end) if found[n].text == "{"), end)
            if word == "SERVICE" and opening <= place + 3:
                yield opening
            place = _closing(found, opening) + 1
        elif token.text == "{" and found[place + 1].text.upper() == "SELECT":
            place = _closing(found, place) + 1
        else:
            place += 1


def _closing(found: list[Token], opening: int) -> int:
    """The number of the token that closes a bracket; that after the last if none does."""
    depth = 0
    for place in range(opening, len(found)):
        text = found[place].text
        depth += text in ("{", "(", "[")
        depth -= text in ("}", ")", "]")
        if depth == 0:
            return place
    return len(found)

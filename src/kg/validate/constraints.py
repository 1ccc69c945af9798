"""Constraints that are written in SPARQL, asked of a store.

https://www.w3.org/TR/shacl/#sparql-constraints . ``$this`` is bound before a query is evaluated, as
appendix A asks: the term stands in its place wherever the query has the variable.

A store rewrites some literals (``01`` becomes ``1``). A constraint that looks at how literals are
written is asked a second time, of a store in which those literals keep their text and lose their
value; if the answers differ, it is left to pySHACL. One that looks at language tags as they are
written is left to it whenever there are tags that the store rewrites.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from kg.columns import Index, Term, Triple, decoded, iri, is_blank, is_literal, literal, parts
from kg.errors import BadInput, BadQuery
from kg.store.memory import MemoryStore, rewritten
from kg.tokens import Token, tokens
from kg.validate.shapes import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kg.validate.columns import Data
    from kg.validate.shapes import Path, Shape

    Answer = tuple[Term | None, Term | None, tuple[Term, ...]]

_OF_FORM: Final = frozenset(
    [
        "STR",
        "STRLEN",
        "SUBSTR",
        "STRSTARTS",
        "STRENDS",
        "CONTAINS",
        "STRBEFORE",
        "STRAFTER",
        "REGEX",
        "REPLACE",
        "CONCAT",
        "ENCODE_FOR_URI",
        "DATATYPE",
        "SAMETERM",
        "MD5",
        "SHA1",
        "SHA256",
        "SHA384",
        "SHA512",
    ]
)
_IGNORING_CASE: Final = ("LCASE", "LANGMATCHES")
_AS_WRITTEN: Final = "urn:kg:as-written"
_PLACE: Final = re.compile(r"\{[?$](\w+)\}")


class NotHere(Exception):
    """A constraint is for pySHACL; the message says why."""


@dataclass
class _Stores:
    """The stores of one graph, each made when first asked."""

    data: Data

    @cached_property
    def triples(self) -> list[Triple]:
        return list(decoded(self.data.relations, self.data.terms))

    @cached_property
    def rewritten(self) -> dict[Term, Term]:
        return rewritten(term for term in self.data.terms.names if is_literal(term))

    @cached_property
    def original(self) -> dict[Term, Term]:
        """The literals of the data by the form in which the store gives them back."""
        return {stored: term for term, stored in sorted(self.rewritten.items(), reverse=True)}

    @cached_property
    def plain(self) -> MemoryStore:
        return MemoryStore(self.triples)

    @cached_property
    def as_written(self) -> MemoryStore:
        """The store in which rewritten literals keep their text, of a datatype of no value."""
        kept = {
            term: literal(parts(term)[0], _AS_WRITTEN)
            for term in self.rewritten
            if not parts(term)[2]
        }
        return MemoryStore(
            (subject, predicate, kept.get(value, value))
            for subject, predicate, value in self.triples
        )


class SparqlConstraints:
    """Answers the SPARQL constraints of a shapes graph about one graph of data."""

    def __init__(self, shapes: Index, data: Data) -> None:
        self._shapes = shapes
        self._stores = _Stores(data)
        self._texts: dict[tuple[Term, Term], str] = {}

    def __call__(self, data: Data, shape: Shape, constraint: Term, focus: Term) -> Iterator[Answer]:
        """The value, path and messages of each result of a constraint for a focus node."""
        del data
        if self._one(constraint, "deactivated").startswith('"true"'):
            return
        rows = self._rows(self._stores.plain, shape, constraint, focus)
        if self._looks_at_forms(shape, constraint):
            again = self._rows(self._stores.as_written, shape, constraint, focus)
            if _compared(rows) != _compared(again):
                raise NotHere("it looks at how literals are written, which the store changes")
        messages = sorted(v for _, _, v in self._shapes.candidates((constraint, _MESSAGE, "?")))
        for row in rows:
            bound = {"this": focus, **row}
            if shape.path_node is not None:
                bound.setdefault("path", shape.path_node)
            said = [row["message"]] if "message" in row else messages
            path = row.get("path")
            value = row.get("value")
            yield (
                None if value is None else self._stores.original.get(value, value),
                path if path and path[0] == "<" else None,
                tuple(_filled(message, bound) for message in said),
            )

    def check(self, shape: Shape, constraint: Term) -> None:
        """Raise ``NotHere`` if a constraint is for pySHACL, whatever it would answer."""
        words = list(tokens(self._text(shape, constraint)))
        names = {token.text[1:] for token in words if token.kind == "variable"}
        if names & {"shapesGraph", "currentShape"}:
            raise NotHere("it asks for the shapes graph")
        tags = any(parts(term)[2] for term in self._stores.rewritten)
        if tags and _looks_at_tags(words):
            raise NotHere("it looks at how language tags are written, which the store changes")

    def _looks_at_forms(self, shape: Shape, constraint: Term) -> bool:
        words = {t.text.upper() for t in tokens(self._text(shape, constraint)) if t.kind == "word"}
        return bool(words & _OF_FORM) and any(not parts(t)[2] for t in self._stores.rewritten)

    def _rows(
        self, store: MemoryStore, shape: Shape, constraint: Term, focus: Term
    ) -> list[dict[str, Term]]:
        text = self._text(shape, constraint)
        prefixes = self._prefixes(constraint)
        try:
            if is_blank(focus):
                return store.select(prefixes + text, this=focus[2:])
            return store.select(prefixes + prebound(text, focus))
        except BadQuery as error:
            said = f"The constraint {constraint} of {shape.node} cannot be asked: {error}."
            raise BadInput(said) from None

    def _text(self, shape: Shape, constraint: Term) -> str:
        """The query of a constraint, with the path of its shape in the place of ``$PATH``."""
        key = (shape.node, constraint)
        if key not in self._texts:
            text = text_of(self._one(constraint, "select"))
            if shape.path is not None:
                text = re.sub(r"[$?]PATH\b", written(shape.path).replace("\\", r"\\"), text)
            self._texts[key] = text
        return self._texts[key]

    def _prefixes(self, constraint: Term) -> str:
        declared = [
            (text_of(self._one(entry, "prefix")), text_of(self._one(entry, "namespace")))
            for _, _, group in self._shapes.candidates((constraint, iri("sh:prefixes"), "?"))
            for _, _, entry in self._shapes.candidates((group, iri("sh:declare"), "?"))
        ]
        return "".join(f"PREFIX {prefix}: <{name}>\n" for prefix, name in sorted(declared))

    def _one(self, node: Term, name: str) -> Term:
        return next((v for _, _, v in self._shapes.candidates((node, iri(f"sh:{name}"), "?"))), "")


_MESSAGE: Final = iri("sh:message")


def prebound(text: str, term: Term) -> str:
    """A SELECT query with a term in place of the variable ``this``.

    Where the grammar allows no term, in the list of what is selected or grouped, the variable goes.
    """
    text = _BOUND.sub("true", text)
    out: list[str] = []
    clause, depth, selected, done = "", 0, 0, 0

    def put(start: int, instead: str, end: int) -> None:
        nonlocal done
        out.extend((text[done:start], instead))
        done = end

    for token in tokens(text):
        word = token.text.upper() if token.kind == "word" else ""
        if word in _CLAUSES or token.text in ("{", "}"):
            if clause == "SELECT" and not selected:
                put(token.start, "(1 AS ?found) ", token.start)
            clause, depth, selected = word, 0, 0
        elif token.text in ("(", ")"):
            depth += 1 if token.text == "(" else -1
        listed = clause in ("SELECT", "GROUP") and depth == 0
        if token.text in ("$this", "?this"):
            instead = term
            if listed:
                instead = f"({term} AS ?group{token.start})" if clause == "GROUP" else ""
            elif clause == "ORDER" and depth == 0:
                instead = f"({term})"
            put(token.start, instead, token.start + len(token.text))
        elif listed and word not in _MODIFIERS:
            selected += 1
    put(len(text), "", len(text))
    return "".join(out)


_BOUND: Final = re.compile(r"(?i)\bBOUND\s*\(\s*[$?]this\s*\)")
_CLAUSES: Final = {"SELECT", "GROUP", "WHERE", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"}
_MODIFIERS: Final = {"SELECT", "DISTINCT", "REDUCED", "GROUP", "BY"}


def written(path: Path) -> str:
    """A path as SPARQL writes it."""
    steps = [written(step) for step in path.steps]
    return {
        "predicate": lambda: path.predicate,
        "inverse": lambda: f"^{steps[0]}",
        "sequence": lambda: f"({'/'.join(steps)})",
        "alternative": lambda: f"({'|'.join(steps)})",
        "zero+": lambda: f"({steps[0]})*",
        "one+": lambda: f"({steps[0]})+",
        "zero-or-one": lambda: f"({steps[0]})?",
    }[path.kind]()


def _looks_at_tags(words: Iterable[Token]) -> bool:
    """Whether a query looks at a language tag otherwise than without regard to case."""
    before = ["", ""]
    for token in words:
        word = token.text.upper() if token.kind == "word" else token.text
        if word == "SAMETERM" or (word == "LANG" and before[0] not in _IGNORING_CASE):
            return True
        before = [before[1], word]
    return False


def _compared(rows: list[dict[str, Term]]) -> list[list[tuple[str, str]]]:
    """Rows without what makes the two stores differ: literals by their text alone."""
    return sorted(
        sorted((name, parts(t)[0] if is_literal(t) else t) for name, t in row.items())
        for row in rows
    )


def _filled(message: Term, bound: dict[str, Term]) -> Term:
    """A message with the terms of a row in the places it has for them."""
    text, datatype, language = parts(message)
    if "{" not in text:
        return message

    def value(match: re.Match[str]) -> str:
        term = bound.get(match[1])
        if term is None:
            return match.group()
        return parts(term)[0] if is_literal(term) else term.removeprefix("<").removesuffix(">")

    filled = _PLACE.sub(value, text)
    return message if filled == text else literal(filled, datatype[1:-1] * (not language), language)

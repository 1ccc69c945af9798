"""Constraints that are written in SPARQL, asked of a store.

https://www.w3.org/TR/shacl/#sparql-constraints . ``$this`` is bound before a query is evaluated, as
appendix A asks: the term stands in its place wherever the query has the variable.

A store rewrites some literals (``01`` becomes ``1``). A constraint that looks at how literals are
written is asked a second time, of a store in which those literals keep their text and lose their
value; if the answers differ, it is left to pySHACL. Where the store makes two literals one, every
constraint is asked a second time, of a store that keeps those two apart. One that looks at language
tags as they are written is left to pySHACL whenever there are tags that the store rewrites.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Final

from kg.columns import Index, value_of
from kg.errors import BadInput, BadQuery
from kg.store.memory import MemoryStore, rewritten
from kg.terms import Term, Triple, iri, is_blank, is_literal, literal, parts
from kg.tokens import Token, tokens, without_codepoint_escapes
from kg.validate.prebinding import LABELS, prebound, refused
from kg.validate.reading import predicates_read
from kg.validate.shapes import text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from kg.validate.columns import Data
    from kg.validate.shapes import Constraint, Path, Shape

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
        "MD5",
        "SHA1",
        "SHA256",
        "SHA384",
        "SHA512",
    ]
)
_IGNORING_CASE: Final = ("LCASE", "LANGMATCHES")
_TRUE: Final = {f'"{text}"^^{iri("xsd:boolean")}' for text in ("true", "1")}
_AS_WRITTEN: Final = "urn:kg:as-written"
_PLACE: Final = re.compile(r"\{[?$](\w+)\}")


class NotHere(Exception):
    """A constraint is for pySHACL; the message says why."""


@dataclass
class _Stores:
    """The stores of one graph, each made when first asked."""

    data: Data
    predicates: frozenset[Term] | None
    """Those that are asked for; None if any may be."""

    @cached_property
    def asked(self) -> Data:
        """The part of the data that is asked for."""
        return self.data if self.predicates is None else self.data.of_predicates(self.predicates)

    @cached_property
    def triples(self) -> list[Triple]:
        return list(self.asked.triples())

    @cached_property
    def nodes(self) -> list[Term]:
        names = self.data.terms.names
        return [names[number] for number in self.asked.nodes().tolist()]

    @cached_property
    def rewritten(self) -> dict[Term, Term]:
        return rewritten(term for term in self.nodes if is_literal(term))

    @cached_property
    def original(self) -> dict[Term, Term]:
        """The literals of the data by the form in which the store gives them back."""
        return {stored: term for term, stored in sorted(self.rewritten.items(), reverse=True)}

    @cached_property
    def merged(self) -> set[Term]:
        """The literals that the store rewrites and cannot tell from another one then."""
        forms = Counter(self.rewritten.values())
        forms.update(forms.keys() & set(self.nodes))
        return {term for term, form in self.rewritten.items() if forms[form] > 1}

    @cached_property
    def is_beyond(self) -> bool:
        """Whether a number is beyond what the store reckons with."""
        return any(_is_beyond(term) for term in self.nodes if is_literal(term))

    @cached_property
    def labels(self) -> list[Triple]:
        """What tells blank nodes apart in a query, in a graph of its own."""
        return [(t, f"<{LABELS}>", literal(t)) for t in self.nodes if is_blank(t)]

    @cached_property
    def plain(self) -> MemoryStore:
        return MemoryStore(self.triples, {LABELS: self.labels})

    @cached_property
    def as_written(self) -> MemoryStore:
        """The store in which rewritten literals keep their text, of a datatype of no value."""
        return self._keeping(self.rewritten)

    @cached_property
    def apart(self) -> MemoryStore:
        """The same, only of those literals that the store could not tell from others."""
        return self._keeping(self.merged)

    def _keeping(self, literals: Collection[Term]) -> MemoryStore:
        triples = [(s, p, kept(value, literals)) for s, p, value in self.triples]
        return MemoryStore(triples, {LABELS: self.labels})


def kept(term: Term, literals: Collection[Term]) -> Term:
    """One of some literals with its text alone; any other term as it is."""
    if term in literals and not parts(term)[2]:
        return literal(parts(term)[0], _AS_WRITTEN)
    return term


class SparqlConstraints:
    """Answers what the shapes of a graph ask of one graph of data in SPARQL."""

    def __init__(self, shapes: Index, data: Data) -> None:
        self._shapes = shapes
        self._data = data
        self._texts: dict[tuple[Term, Term], str] = {}
        self._read: dict[str, frozenset[Term] | None] = {}
        self._stores: dict[frozenset[Term] | None, _Stores] = {}

    def constraint(self, shape: Shape, constraint: Constraint, focus: Term) -> Iterator[Answer]:
        """The value, path and messages of each result of a constraint for a focus node."""
        (node,) = constraint.terms
        if self._one(node, "deactivated") not in _TRUE:
            messages = self._messages(node)
            yield from self._selected(shape, node, "select", {"this": focus}, messages)

    def component(
        self, shape: Shape, constraint: Constraint, focus: Term, values: Sequence[Term]
    ) -> Iterator[Answer]:
        """The same by a component of the shapes graph with its parameters.

        A SELECT validator looks at a focus node, an ASK validator at each of its value nodes.
        """
        (component,) = constraint.terms
        bound = {**dict(constraint.more), "this": focus}
        name, validator = self._validator(shape, component)
        messages = self._messages(validator) or self._messages(component)
        if name == "select":
            yield from self._selected(shape, validator, name, bound, messages)
            return
        for value in values:
            given = {**bound, "value": value}
            if not self._rows(shape, validator, name, given):
                yield value, None, self._said(shape, messages, given)

    def read(self, shape: Shape, constraint: Constraint) -> frozenset[Term] | None:
        """Names among which are the predicates that it asks for; None if it may ask for any."""
        node, name = constraint.terms[0], "select"
        if constraint.component == "component":
            name, node = self._validator(shape, node)
        return predicates_read(self._query(shape, node, name))

    def check(self, shape: Shape, constraint: Constraint) -> None:
        """Raise ``NotHere`` if a constraint is for pySHACL, whatever it would answer."""
        node, name = constraint.terms[0], "select"
        if constraint.component == "component":
            name, node = self._validator(shape, node)
        words = list(tokens(without_codepoint_escapes(self._text(shape, node, name))))
        bound = {"this", *dict(constraint.more), *(["value"] if name == "ask" else [])}
        if name == "ask":
            start = next((n for n, token in enumerate(words) if token.text == "SELECT"), 0)
            del words[start : start + _HEAD]
        if not words:
            raise BadInput(f"A constraint of {shape.node} has no query.")
        if why := refused(words, bound):
            raise BadInput(f"{_called(node)} of {shape.node} cannot be asked: {why}.")
        if {t.text[1:] for t in words if t.kind == "variable"} & {"shapesGraph", "currentShape"}:
            raise BadInput(f"{_called(node)} asks for the shapes graph, which is not there.")
        _check_literals(self._stores_for(self._query(shape, node, name), {}), words)

    def _stores_for(self, text: str, bound: Mapping[str, Term]) -> _Stores:
        """The stores that hold what a query asks for, with what is bound beforehand."""
        if text not in self._read:
            self._read[text] = predicates_read(text)
        # a literal or a blank node that is bound is looked at too
        looked_at = any(term[0] in '"_' for term in bound.values())
        predicates = None if looked_at else self._read[text]
        for known, stores in self._stores.items():
            if known is None or (predicates is not None and predicates <= known):
                return stores
        return self._stores.setdefault(predicates, _Stores(self._data, predicates))

    def _validator(self, shape: Shape, component: Term) -> tuple[str, Term]:
        """The validator of a component for a kind of shape, and whether it selects or asks."""
        own = "nodeValidator" if shape.path is None else "propertyValidator"
        if validator := self._one(component, own):
            return "select", validator
        if validator := self._one(component, "validator"):
            return "ask", validator
        raise NotHere("a component of the shapes graph has no validator for it")

    def _selected(
        self, shape: Shape, node: Term, name: str, bound: dict[str, Term], messages: list[Term]
    ) -> Iterator[Answer]:
        for row in self._rows(shape, node, name, bound):
            said = [row["message"]] if "message" in row else messages
            path, value = row.get("path"), row.get("value")
            yield (
                value,
                path if path and path[0] == "<" else None,
                self._said(shape, said, {**bound, **row}),
            )

    def _said(self, shape: Shape, messages: list[Term], bound: dict[str, Term]) -> tuple[Term, ...]:
        if shape.path_node is not None:
            bound.setdefault("path", shape.path_node)
        return tuple(_filled(message, bound) for message in messages)

    def _messages(self, node: Term) -> list[Term]:
        return sorted(v for _, _, v in self._shapes.candidates((node, iri("sh:message"), "?")))

    def _rows(
        self, shape: Shape, node: Term, name: str, bound: dict[str, Term]
    ) -> list[dict[str, Term]]:
        """The rows of a query; of one that asks, one row for yes."""
        text = self._text(shape, node, name)
        stores = self._stores_for(self._query(shape, node, name), bound)
        if any(map(is_literal, bound.values())):
            _check_literals(stores, list(tokens(without_codepoint_escapes(text))))
        rows = self._asked(stores.plain, text, shape, node, bound)
        words = {token.text.upper() for token in tokens(text) if token.kind == "word"}
        if words & _OF_FORM and any(not parts(t)[2] for t in stores.rewritten):
            given = {variable: kept(term, stores.rewritten) for variable, term in bound.items()}
            again = self._asked(stores.as_written, text, shape, node, given)
            if _compared(rows) != _compared(again):
                raise NotHere("it looks at how literals are written, which the store changes")
        if stores.merged:
            given = {variable: kept(term, stores.merged) for variable, term in bound.items()}
            again = self._asked(stores.apart, text, shape, node, given)
            if _compared(rows) != _compared(again):
                raise NotHere("it looks at literals that the store cannot tell apart")
        for row in rows:
            if value := row.get("value"):
                row["value"] = stores.original.get(value, value)
        return rows

    def _asked(
        self, store: MemoryStore, text: str, shape: Shape, node: Term, bound: dict[str, Term]
    ) -> list[dict[str, Term]]:
        query = self._prefixes(node) + prebound(text, bound)
        try:
            return store.select(query)
        except BadQuery as error:
            said = f"{_called(node)} of {shape.node} cannot be asked: {error}."
            raise BadInput(said) from None

    def _text(self, shape: Shape, node: Term, name: str) -> str:
        """A query of the shapes graph, with the path of the shape in the place of ``$PATH``."""
        key = (shape.node, node)
        if key not in self._texts:
            text = text_of(self._one(node, name))
            if name == "ask":
                text = _asking(text)
            if shape.path is not None:
                text = re.sub(r"[$?]PATH\b", written(shape.path).replace("\\", r"\\"), text)
            self._texts[key] = text
        return self._texts[key]

    def _query(self, shape: Shape, node: Term, name: str) -> str:
        return self._prefixes(node) + self._text(shape, node, name)

    def _prefixes(self, node: Term) -> str:
        """The declarations of prefixes, of what their owner imports too."""
        owners = [owner for _, _, owner in self._shapes.candidates((node, iri("sh:prefixes"), "?"))]
        declared: dict[str, str] = {}
        for owner in owners:  # grows with what is imported
            owners += [
                other
                for _, _, other in self._shapes.candidates((owner, iri("owl:imports"), "?"))
                if other not in owners
            ]
            for _, _, entry in self._shapes.candidates((owner, iri("sh:declare"), "?")):
                prefix = text_of(self._one(entry, "prefix"))
                declared[prefix] = text_of(self._one(entry, "namespace"))
        return "".join(f"PREFIX {prefix}: <{name}>\n" for prefix, name in sorted(declared.items()))

    def _one(self, node: Term, name: str) -> Term:
        return next((v for _, _, v in self._shapes.candidates((node, iri(f"sh:{name}"), "?"))), "")


def _check_literals(stores: _Stores, words: Sequence[Token]) -> None:
    """Raise ``NotHere`` if a query looks at what the store changes in literals."""
    rewritten = stores.rewritten
    if any(parts(term)[2] for term in rewritten) and _looks_at_tags(words):
        raise NotHere("it looks at how language tags are written, which the store changes")
    if stores.is_beyond:
        raise NotHere("the store has no value for a number")
    functions = {token.text.upper() for token in words if token.kind == "word"}
    kinds = any(parts(term)[1] != parts(stored)[1] for term, stored in rewritten.items())
    if ("SAMETERM" in functions and rewritten) or ("DATATYPE" in functions and kinds):
        raise NotHere("it looks at the datatypes of literals, which the store changes")


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


def _called(node: Term) -> str:
    """A constraint by its name, where it has one."""
    return "A constraint" if is_blank(node) else f"The constraint {node}"


def _asking(text: str) -> str:
    """A query that asks as one that selects a row for yes."""
    for token in tokens(text):
        if token.kind == "word" and token.text.upper() == "ASK":
            end = token.start + len(token.text)
            return f"{text[: token.start]}SELECT (1 AS ?yes){text[end:]}"
    return text


_HEAD: Final = 6
"""Number of tokens that ``_asking`` puts in the place of ASK."""


def _is_beyond(term: Term) -> bool:
    """Whether a literal is a number that 64 bits, or 18 decimals, do not hold."""
    value = value_of(term) if "^^" in term else None
    if value is None or not isinstance(number := value[1], Decimal):
        return False
    exponent = number.as_tuple().exponent
    return abs(number) >= 2**63 or (isinstance(exponent, int) and exponent < -18)


def _looks_at_tags(words: Iterable[Token]) -> bool:
    """Whether a query looks at a language tag otherwise than without regard to case."""
    before = ["", ""]
    for token in words:
        word = token.text.upper() if token.kind == "word" else token.text
        if word == "LANG" and before[0] not in _IGNORING_CASE:
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

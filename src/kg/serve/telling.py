"""An item of the audit as a page tells it: who says what where, what is drawn, and what settles it.

Statements come together by passage, with the speakers and the stance of each, and the rank that the
claim of a statement has in the settled view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.documents import NAMING
from kg.judged.findings import text
from kg.namespaces import GRAPHS, PREFIXES, TERMS
from kg.queries import Term
from kg.serve.drawings import Drawing, drawing, shown
from kg.store import Number
from kg.terms import is_literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.judged import Item, Statement
    from kg.store import Store

_CLAIM: Final = f"""
PREFIX cllm: <{TERMS}>
PREFIX rdf: <{PREFIXES["rdf"]}>
SELECT ?property ?value ?passage ?rank ?subject WHERE {{ GRAPH <{GRAPHS}claims> {{
  ?claim rdf:subject ?subject ; rdf:predicate ?property ; rdf:object ?value ;
         cllm:statedIn ?passage ; cllm:rank ?rank
}} }}
"""
_STANCE_OF_FACTS: Final = f"{TERMS}stated"


@dataclass(frozen=True)
class Said:
    """One statement: ``value`` in plain text or an IRI, ``unit`` and ``rank`` IRIs or "".

    ``called`` is by whose label the subject is called: its own, or that of its class.
    """

    subject: str
    called: str
    property: str
    value: str
    unit: str
    rank: str


@dataclass(frozen=True)
class Place:
    """A passage with who speaks, how they mean it ("" if they state it), and what they say."""

    passage: str
    speakers: list[str]
    stance: str
    said: list[Said]


@dataclass(frozen=True)
class Decision:
    """What settles an item: by preferring a passage, for a reason."""

    iri: str
    prefers: str
    because: str
    date: str


@dataclass(frozen=True)
class Told:
    """An item with all that its page has beside it."""

    item: Item
    places: list[Place]
    drawing: Drawing | None
    decision: Decision | None

    @property
    def is_contested(self) -> bool:
        """Whether the settled view follows some of the statements and not others."""
        ranks = {said.rank for place in self.places for said in place.said}
        return len(ranks - {""}) > 1 or f"{TERMS}open" in ranks

    @property
    def anchor(self) -> str:
        """The name of the item in a list."""
        return self.item.iri.rpartition("/")[2]


class Teller:
    """Tells the items of a version."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ranks: dict[str, dict[tuple[str, str, str], str]] = {}

    def told(self, item: Item) -> Told:
        """An item with all that its page has beside it."""
        by_passage: dict[str, list[Said]] = {}
        for statement in item.statements:
            by_passage.setdefault(statement.passage, []).append(self._said(statement))
        places = [self._place(passage, said) for passage, said in by_passage.items()]
        decision = self._decision(item.decision) if item.decision else None
        return Told(item, places, drawing(item), decision)

    def _place(self, passage: str, said: list[Said]) -> Place:
        about = self._about(passage, "")
        stances = [stance for stance in about.get("stance", ()) if stance != _STANCE_OF_FACTS]
        return Place(passage, sorted(about.get("speaker", ())), min(stances, default=""), said)

    def _said(self, statement: Statement) -> Said:
        value, unit = self._value(statement)
        ranks = self._ranked(statement.subject)
        value_of_claim = text(statement.value) or ""
        rank = ranks.get((statement.property, value_of_claim, statement.passage), "")
        called = self._called(statement.subject)
        return Said(statement.subject, called, statement.property, value, unit, rank)

    def _called(self, iri: str) -> str:
        """A thing with a label, or the class of one without."""
        if any(cell for name in NAMING[1:] for _, cell in self._store.statements(iri, name)):
            return iri
        kinds = [cell["value"] for _, cell in self._store.statements(iri, NAMING[0])]
        return min((kind for kind in kinds if kind.startswith(TERMS)), default=iri)

    def _value(self, statement: Statement) -> tuple[str, str]:
        """A figure as it is printed, with its unit unless it counts; any other value as it is."""
        if is_literal(statement.value):
            return shown(statement.value) or "", ""
        iri = statement.value[1:-1]
        figure = self._about(iri, statement.passage)
        if "asPrinted" not in figure:
            return iri, ""
        unit = min(figure.get("unit", ()), default="")
        printed = min(figure["asPrinted"])
        readable = Number(printed) if printed.isdecimal() else printed
        return readable, "" if unit == f"{TERMS}one" else unit

    def _ranked(self, subject: str) -> Mapping[tuple[str, str, str], str]:
        """The ranks of the claims about a thing, by property, value and passage."""
        if subject not in self._ranks:
            _, rows = self._store.query(_CLAIM, {"subject": Term(subject)}).rows()
            self._ranks[subject] = {
                (str(property_), str(value), str(passage)): str(rank)
                for property_, value, passage, rank, *_ in rows
            }
        return self._ranks[subject]

    def _decision(self, iri: str) -> Decision:
        about = self._about(iri, "")
        dates = [c["value"] for _, c in self._store.statements(iri, f"{PREFIXES['dcterms']}date")]
        prefers, because = (min(about.get(name, ()), default="") for name in ("prefers", "because"))
        return Decision(iri, prefers, because, min(dates, default=""))

    def _about(self, iri: str, graph: str) -> Mapping[str, list[str]]:
        """What a graph states of a thing in terms of the ontology, by their local names."""
        found: dict[str, list[str]] = {}
        for predicate, cell in self._store.statements(iri, graph=graph):
            if predicate.startswith(TERMS):
                found.setdefault(predicate.removeprefix(TERMS), []).append(cell["value"])
        return found

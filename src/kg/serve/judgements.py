"""The findings and the audit of a version, as its store has them.

What the build described (``kg.findings.describe``, ``kg.audit.describe``) is read back into what it
was made of, so that a page and a program are told what the commands tell.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kg.errors import BadQuery
from kg.judged import Days, Finding, Grade, Item, Quantity, Result, Statement, Verdict
from kg.judged.items import ENDS
from kg.namespaces import GRAPHS, IDS, PREFIXES, TERMS, shorten
from kg.queries import Query, Term
from kg.store import EmbeddedStore, Store
from kg.terms import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kg.documents import Cell
    from kg.terms import Term as Text

AUDIT: Final = f"{GRAPHS}audit"
FINDINGS: Final = f"{GRAPHS}findings"
_DCTERMS, _DQV, _RDF, _RDFS = (PREFIXES[name] for name in ("dcterms", "dqv", "rdf", "rdfs"))
_RULES: Final = f"""
PREFIX cllm: <{TERMS}>
SELECT DISTINCT ?rule WHERE {{ ?rule a cllm:AuditRule }} ORDER BY ?rule
"""
_INDEX: Final = f"""
PREFIX cllm: <{TERMS}>
PREFIX dqv: <{_DQV}>
PREFIX rdfs: <{_RDFS}>
SELECT ?item ?label ?rule ?grade WHERE {{ GRAPH <{AUDIT}> {{
  ?item a dqv:QualityMeasurement ; rdfs:label ?label ; dqv:isMeasurementOf ?rule ; cllm:grade ?grade
}} }}
"""
_FINDINGS: Final = f"""
PREFIX cllm: <{TERMS}>
PREFIX dcterms: <{_DCTERMS}>
SELECT ?finding ?part WHERE {{
  ?finding a cllm:Finding .
  OPTIONAL {{
    ?finding cllm:findingIn ?passage
    OPTIONAL {{ ?passage dcterms:isPartOf ?part OPTIONAL {{ ?part cllm:position ?position }} }}
    OPTIONAL {{ ?passage cllm:paragraph ?paragraph }}
    OPTIONAL {{ ?passage cllm:sentence ?sentence }}
  }}
}} ORDER BY COALESCE(?position, 0) COALESCE(?paragraph, 0) COALESCE(?sentence, 0) STR(?finding)
"""
_ROWS: Final = f"""
PREFIX cllm: <{TERMS}>
SELECT ?finding ?row ?place WHERE {{ GRAPH <{FINDINGS}> {{
  ?finding cllm:hasResult ?row . ?row cllm:position ?place
}} }} ORDER BY ?finding ?place
"""


@dataclass(frozen=True)
class Entry:
    """An item of the audit in the list of all."""

    iri: str
    name: str
    rule: str
    grade: Grade

    @property
    def order(self) -> tuple[int, str, str, str]:
        """As the items themselves are ordered."""
        return self.grade.weight, self.rule, self.name, self.iri


@dataclass(frozen=True)
class Judged:
    """A finding with the part of the source it is of, and its result; None where it is hidden."""

    finding: Finding
    part: str
    result: Result | None

    @property
    def verdict(self) -> Verdict | None:
        """What recomputing it gave, if that is known."""
        return self.result.verdict if self.result else None

    def as_dict(self) -> dict[str, Any]:
        """The finding for a program to read, with what recomputing it gave if that is known."""
        return (self.result or self.finding).as_dict()


class _Node:
    """What a graph states of a thing, by property."""

    def __init__(self, store: Store, iri: str, graph: str = "") -> None:
        self.iri = iri
        self._said: dict[str, list[Cell]] = {}
        for predicate, cell in store.statements(iri, graph=graph):
            self._said.setdefault(predicate, []).append(cell)

    def __contains__(self, predicate: str) -> bool:
        return predicate in self._said

    def all(self, predicate: str) -> list[str]:
        """The values of a property in plain text, sorted."""
        return sorted(cell["value"] for cell in self._said.get(predicate, ()))

    def one(self, predicate: str) -> str:
        """The value of a property in plain text, the first of several, "" if there is none."""
        return min(self.all(predicate), default="")

    def term(self, predicate: str) -> Text:
        """The value of a property as N-Triples writes it."""
        return _term(self._said[predicate][0])

    def columns(self) -> Mapping[str, Text]:
        """The values of properties that are columns, as N-Triples writes them, by their names."""
        mark = f"{IDS}column/"
        return {
            predicate.removeprefix(mark): _term(cells[0])
            for predicate, cells in self._said.items()
            if predicate.startswith(mark)
        }


class Judgements:
    """What was judged of a version, read when it is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names: dict[str, str] = {}
        self._speakers: dict[str, tuple[str, ...]] = {}

    def rules(self) -> list[str]:
        """The names of the audit's rules, those of which there is nothing to tell too."""
        return [
            str(row[0]).removeprefix(f"{IDS}audit/") for row in self._store.query(_RULES).rows()[1]
        ]

    def index(self) -> list[Entry]:
        """What the audit found, the heaviest first; nothing where that is hidden."""
        found = []
        for row in self._store.query(_INDEX).rows()[1]:
            iri, label, rule, grade = map(str, row)
            rule = rule.removeprefix(f"{IDS}audit/")
            name = label.removesuffix(f": {rule}")
            found.append(Entry(iri, name, rule, Grade(grade.removeprefix(TERMS))))
        return sorted(found, key=lambda entry: entry.order)

    def item(self, iri: str) -> Item | None:
        """One item of the audit; None if there is none of this name."""
        node = _Node(self._store, iri, AUDIT)
        if f"{TERMS}grade" not in node:
            return None
        statements = {said.iri: self._statement(said) for said in self._placed(node, "basedOn")}
        rule = node.one(f"{_DQV}isMeasurementOf").removeprefix(f"{IDS}audit/")
        ratio = node.one(f"{TERMS}ratio")
        return Item(
            rule,
            Grade(node.one(f"{TERMS}grade").removeprefix(TERMS)),
            node.one(f"{TERMS}auditedProperty"),
            node.one(f"{_DQV}computedOn"),
            node.one(f"{_RDFS}label").removesuffix(f": {rule}"),
            tuple(statements.values()),
            node.one(f"{_DCTERMS}description"),
            float(ratio) if ratio else None,
            node.one(f"{TERMS}settledBy"),
            tuple(self._compared(one, statements) for one in self._placed(node, "compares")),
        )

    def _placed(self, node: _Node, name: str) -> list[_Node]:
        """What a node has of a kind, in its order."""
        found = [_Node(self._store, iri, AUDIT) for iri in node.all(f"{TERMS}{name}")]
        return sorted(found, key=lambda one: (int(one.one(f"{TERMS}position") or 0), one.iri))

    def _statement(self, node: _Node) -> Statement:
        passage = node.one(f"{TERMS}statedIn")
        if passage not in self._speakers:
            speakers = _Node(self._store, passage).all(f"{TERMS}speaker")
            self._speakers[passage] = tuple(sorted(map(self.english, speakers)))
        return Statement(
            passage,
            self._speakers[passage],
            node.one(f"{TERMS}statement"),
            node.one(f"{_RDF}subject"),
            node.one(f"{_RDF}predicate"),
            node.term(f"{_RDF}object"),
        )

    def _compared(self, node: _Node, statements: Mapping[str, Statement]) -> Quantity | Days:
        if f"{TERMS}unit" in node:
            return self._quantity(node, statements)
        ends = [node.one(f"{TERMS}{name}") for name in ("notBefore", "notAfter")]
        first, last = (dt.date.fromisoformat(end) if end else None for end in ends)
        return Days(node.one(f"{_RDFS}label"), first, last, _based(node, statements))

    def _quantity(self, node: _Node, statements: Mapping[str, Statement]) -> Quantity:
        numbers = (node.one(f"{TERMS}{end}") for end in ENDS)
        minimum, maximum, low, high = (Fraction(float(n)) if n else None for n in numbers)
        factors, summands = (
            tuple(self._quantity(part, statements) for part in self._placed(node, name))
            for name in ("productOf", "sumOf")
        )
        return Quantity(
            node.one(f"{_RDFS}label"),
            minimum,
            maximum,
            low,
            high,
            node.one(f"{TERMS}unit"),
            _based(node, statements),
            factors,
            summands,
        )

    def findings(self, *, with_rows: bool = False) -> list[Judged]:
        """The findings in the order of the source, with the rows of their queries if asked for."""
        rows: dict[str, list[str]] = {}
        for finding, row, _ in self._store.query(_ROWS).rows()[1] if with_rows else ():
            rows.setdefault(str(finding), []).append(str(row))
        return [
            self._judged(str(iri), str(part or ""), rows.get(str(iri), ()))
            for iri, part in self._store.query(_FINDINGS).rows()[1]
        ]

    def finding(self, name: str) -> Judged | None:
        """One finding with the rows of its query; None if there is none of this name."""
        iri = f"{IDS}finding/{name}"
        node = _Node(self._store, iri)
        if f"{TERMS}Finding" not in node.all(f"{_RDF}type"):
            return None
        passage = _Node(self._store, node.one(f"{TERMS}findingIn"))
        bound = {"finding": Term(iri)}
        rows = [str(row[1]) for row in self._store.query(_ROWS, bound).rows()[1]]
        return self._judged(iri, passage.one(f"{_DCTERMS}isPartOf"), rows)

    def _judged(self, iri: str, part: str, rows: Sequence[str]) -> Judged:
        node, found = _Node(self._store, iri), _Node(self._store, iri, FINDINGS)
        kinds = {"count": "expectedCount", "value": "expectedValue", "truth": "expectedTruth"}
        kind = next((k for k, name in kinds.items() if f"{TERMS}{name}" in node), "truth")
        expected = node.one(f"{TERMS}{kinds[kind]}")
        finding = Finding(
            name=iri.removeprefix(f"{IDS}finding/"),
            passage=node.one(f"{TERMS}findingIn"),
            section=self.english(part) if part else "",
            statement=node.one(f"{_DCTERMS}description"),
            kind=kind,
            expected=1.0 if kind == "truth" else float(expected),
            tolerance=float(node.one(f"{TERMS}tolerance") or 0),
            criterion=node.one(f"{TERMS}criterion"),
            lacks=node.one(f"{TERMS}lacks"),
            unmoved=node.one(f"{TERMS}unmovedBecause"),
            accepted=node.one(f"{TERMS}acceptedVerdict").removeprefix(TERMS),
        )
        verdict = found.one(f"{TERMS}verdict")
        if not verdict:
            return Judged(finding, part, None)
        query = self._query(finding) if f"{TERMS}recomputedBy" in found else None
        cells = [_Node(self._store, row, FINDINGS).columns() for row in rows]
        columns = _columns(query.text) if query else ()
        columns += tuple(sorted({name for row in cells for name in row} - {*columns}))
        result = Result(
            finding,
            Verdict(verdict.removeprefix(TERMS)),
            found.one(f"{TERMS}computed"),
            query,
            columns,
            tuple(tuple(row.get(column) for column in columns) for row in cells),
        )
        return Judged(finding, part, result)

    def _query(self, finding: Finding) -> Query:
        node = _Node(self._store, finding.query_iri, FINDINGS)
        return Query(
            finding.name,
            node.one(f"{_RDFS}comment"),
            node.one(f"{_DCTERMS}description"),
            (),
            (),
            node.one(f"{PREFIXES['sh']}select"),
        )

    def english(self, iri: str) -> str:
        """The English label or title of a thing, else its shortened IRI, as the build has it."""
        if iri not in self._names:
            self._names[iri] = _english(self._store, iri)
        return self._names[iri]


def _based(node: _Node, statements: Mapping[str, Statement]) -> tuple[Statement, ...]:
    """What a quantity rests on, in the order of its item's statements."""
    names = node.all(f"{TERMS}basedOn")
    return tuple(statement for name, statement in statements.items() if name in names)


@lru_cache(1_000)
def _columns(text: str) -> tuple[str, ...]:
    """The variables of a query in the order in which it selects them; none of what is no query."""
    try:
        return tuple(EmbeddedStore.in_memory({}).query(text).rows()[0])
    except BadQuery:
        return ()


def _english(store: Store, iri: str) -> str:
    for predicate in (f"{_RDFS}label", f"{_DCTERMS}title"):
        labels = [
            cell["value"]
            for _, cell in store.statements(iri, predicate)
            if cell.get("xml:lang") == "en"
        ]
        if labels:
            return min(labels)
    return shorten(iri)


def _term(cell: Cell) -> Text:
    if cell["type"] == "uri":
        return f"<{cell['value']}>"
    return literal(cell["value"], cell.get("datatype", ""), cell.get("xml:lang", ""))

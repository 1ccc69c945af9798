"""The merged graph: passages, claims with ranks, and the settled view that decisions leave."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final, get_args

import numpy as np
import rdflib
from rdflib import DCTERMS, OWL, RDF, RDFS, XSD

from kg.columns import HALF, NONE, Relation, distinct, joint
from kg.graph.claims import (
    CLLM,
    FACTUAL,
    Claims,
    Conflict,
    Node,
    find_claims,
    find_conflicts,
)
from kg.graph.figures import Interval, Qualifier, interval
from kg.graph.passages import Passages, place_of
from kg.namespaces import IDS, shorten
from kg.report import Report, Severity, Violation
from kg.tables import Table
from kg.terms import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from kg.columns import Relations
    from kg.sources import Source
    from kg.tables import Nodes
    from kg.terms import Term

    Column = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_ENDS: Final = ("minimum", "maximum", "low", "high")


@dataclass(frozen=True)
class Landscape:
    """Everything that the sources say, and what of it is settled.

    ``passages`` holds one graph for each passage, as written; ``claims`` one ``cllm:Claim`` for
    each compared statement, and the numbers of every figure; ``settled`` is the settled view,
    without ontology and inferences; ``compared`` the claims themselves with their ranks. ``report``
    has unreadable figures and idle decisions as violations and open conflicts as warnings.
    """

    passages: Passages
    claims: Table
    settled: Table
    conflicts: tuple[Conflict, ...]
    compared: Claims
    report: Report


def merge(
    sources: Iterable[Source], ontology: rdflib.Graph, nodes: Nodes | None = None
) -> Landscape:
    """Merge ``sources`` into one landscape; ``ontology`` says how each property is compared.

    The terms are numbered by those of ``nodes`` where it is given.
    """
    passages = Passages(sources, nodes)
    stances = _stances(passages)
    figures, unreadable = _figures(passages, ontology)
    claims = find_claims(passages, ontology, stances, figures)
    conflicts = find_conflicts(claims, ontology)
    undecided = _rank(claims, conflicts)
    numbers = _Numbers(passages, ontology)
    settled = _settled(claims, stances, numbers)
    report = Report.of(
        [
            *unreadable,
            *undecided,
            *_self_contradictions(conflicts, passages),
            *_open(conflicts, claims),
            *_unknown(passages, stances),
        ]
    )
    described = Table(passages.nodes, _claim_graph(claims, conflicts, numbers))
    return Landscape(passages, described, settled, tuple(conflicts), claims, report)


def _finding(
    passages: Passages,
    subject: Node,
    predicate: Node | None,
    message: str,
    rule: str,
    severity: Severity = Severity.VIOLATION,
    *,
    remedy: str,
) -> Violation:
    """A finding about ``subject``, at the place where ``predicate`` is stated of it."""
    file, line = passages.place_of(subject, predicate)
    return Violation(file, line, shorten(str(subject)), message, rule, severity, remedy)


def _stances(passages: Passages) -> dict[int, int]:
    """The stance of each passage, given in its own graph or in its file's; numbers of terms."""
    quads = passages.quads
    rows = quads.block(passages.nodes.number(CLLM.stance)).rows
    names = passages.nodes.terms.names
    rows = np.array(sorted(rows.tolist(), key=lambda row: names[quads.objects[row]]), np.int64)
    return {
        passage: stance
        for graph, passage, stance in zip(
            quads.graphs[rows].tolist(),
            quads.subjects[rows].tolist(),
            quads.objects[rows].tolist(),
            strict=True,
        )
        if passage in quads.spans and passages.file(passage) == passages.file(graph)
    }


def _figures(
    passages: Passages, ontology: rdflib.Graph
) -> tuple[dict[int, Interval], list[Violation]]:
    """The interval of every figure by its number, and a violation for each that cannot be read."""
    quads, nodes = passages.quads, passages.nodes
    rows = np.sort(quads.block(nodes.number(CLLM.quantity)).rows)
    figures, graphs = quads.subjects[rows], quads.graphs[rows]
    given = [
        quads.values(graphs, figures, nodes.number(predicate)).tolist()
        for predicate in (CLLM.unit, CLLM.inDigits, CLLM.asPrinted, CLLM.qualifier)
    ]

    @cache
    def read(quantity: int, *said: int) -> Interval | str:
        unit, digits, printed, qualifier = (None if n == NONE else nodes.of(n) for n in said)
        try:
            text = printed if digits is None else digits
            return _interval(nodes.of(quantity), unit, text, qualifier, ontology)
        except ValueError as error:
            return str(error)

    values: dict[int, Interval] = {}
    wrong: list[Violation] = []
    for figure, *said in zip(figures.tolist(), quads.objects[rows].tolist(), *given, strict=True):
        value = read(*said)
        if isinstance(value, Interval):
            values[figure] = value
            continue
        wrong.append(
            _finding(
                passages,
                nodes.of(figure),
                CLLM.asPrinted,
                f"The figure cannot be read: {value}.",
                "Figure-number",
                remedy="Give the printed number in cllm:asPrinted, in cllm:inDigits where "
                "it is printed in words, and a unit that converts to that of its quantity.",
            )
        )
    return values, wrong


def _interval(
    quantity: Node,
    unit: Node | None,
    printed: Node | None,
    given: Node | None,
    ontology: rdflib.Graph,
) -> Interval:
    wanted = ontology.value(quantity, CLLM.canonicalUnit)
    if wanted is None:
        raise ValueError(f"{shorten(str(quantity))} is not a quantity")
    factor = Fraction(1)
    if unit != wanted:
        if ontology.value(unit, CLLM.convertsTo) != wanted:
            raise ValueError(
                f"{shorten(str(unit))} does not convert to {shorten(str(wanted))}, "
                f"the unit of {shorten(str(quantity))}"
            )
        factor = Fraction(str(ontology.value(unit, CLLM.conversionFactor)))
    qualifiers: dict[Node, Qualifier] = {CLLM[name]: name for name in get_args(Qualifier)}
    qualifier = qualifiers.get(given) if given is not None else None
    return interval(str(printed), qualifier, factor, count=unit == CLLM.one)


def _rank(claims: Claims, conflicts: Sequence[Conflict]) -> list[Violation]:
    """Rank every claim, and find each decision that settles nothing new."""
    passages, number = claims.passages, claims.passages.nodes.number
    accepted, rejected, unsettled = map(number, (CLLM.accepted, CLLM.rejected, CLLM.open))
    ranks = claims.ranks
    ranks[:] = np.where(claims.factual, accepted, rejected)
    against: dict[int, list[int]] = defaultdict(list)
    topics: dict[tuple[Node | None, Node | None], list[Conflict]] = defaultdict(list)
    yields = claims.outranked
    for conflict in conflicts:
        one, other = conflict.first.place, conflict.second.place
        topics[conflict.topic].append(conflict)
        if yields[one] != yields[other]:
            ranks[one if yields[one] else other] = rejected
        elif not yields[one]:
            ranks[[one, other]] = unsettled
            against[one].append(other)
            against[other].append(one)
    wrong: list[Violation] = []
    decided: set[tuple[Node | None, Node | None]] = set()
    for decision, topic, preferred in _decisions(passages):
        settled = False
        for conflict in topics.get(topic, ()):
            for winner, loser in (
                (conflict.first, conflict.second),
                (conflict.second, conflict.first),
            ):
                if winner.passage == preferred != loser.passage:
                    ranks[winner.place], ranks[loser.place] = accepted, rejected
                    yields[winner.place] = False
                    settled = True
        if not settled or topic in decided:
            said = "is the second on this" if topic in decided else "matches no conflict"
            wrong.append(
                _finding(
                    passages,
                    decision,
                    None,
                    f"The decision {said}.",
                    "Decision-conflict",
                    remedy="Correct its subject, property or preferred passage, or delete it.",
                )
            )
        decided.add(topic)
    for place, rivals in against.items():
        if ranks[place] == unsettled and (ranks[rivals] == rejected).all():
            ranks[place] = accepted
    return wrong


def _decisions(
    passages: Passages,
) -> Iterator[tuple[Node, tuple[Node | None, Node | None], Node | None]]:
    found = passages.having(RDF.type, CLLM.Decision)
    for name, decision in sorted(found, key=lambda pair: (pair[0], str(pair[1]))):
        graph = passages[name]
        topic = graph.value(decision, CLLM.onSubject), graph.value(decision, CLLM.onProperty)
        yield decision, topic, graph.value(decision, CLLM.prefers)


class _Numbers:
    """The literals of the numbers of figures, each made once."""

    def __init__(self, passages: Passages, ontology: rdflib.Graph) -> None:
        self._nodes = passages.nodes
        self._ontology = ontology
        self._known: dict[tuple[Fraction, bool], int] = {}
        self._whole: dict[int, bool] = {}

    def of(self, number: Fraction, quantity: int | None) -> int:
        """A number as its quantity has it, or as a double."""
        whole = quantity is not None and self._is_whole(quantity) and number.denominator == 1
        found = self._known.get((number, whole))
        if found is None:
            term = _number(number, whole=whole)
            found = self._known[number, whole] = self._nodes.terms.number(term)
        return found

    def _is_whole(self, quantity: int) -> bool:
        known = self._whole.get(quantity)
        if known is None:
            datatype = self._ontology.value(self._nodes.of(quantity), RDFS.range)
            known = self._whole[quantity] = datatype == XSD.integer
        return known

    def relations(self, figures: Iterable[tuple[int, Interval, int]]) -> Relations:
        """The four numbers of figures: as printed in its quantity's datatype, ends as double.

        Each figure comes with its interval and its quantity.
        """
        subjects: dict[str, list[int]] = defaultdict(list)
        objects: dict[str, list[int]] = defaultdict(list)
        for figure, value, quantity in figures:
            for end in _ENDS:
                number: Fraction | None = getattr(value, end)
                if number is not None:
                    printed = quantity if end in ("minimum", "maximum") else None
                    subjects[end].append(figure)
                    objects[end].append(self.of(number, printed))
            if value.qualifier is not None:
                subjects["qualifier"].append(figure)
                objects["qualifier"].append(self._nodes.number(CLLM[value.qualifier]))
        return {
            self._nodes.number(CLLM[name]): _relation(subjects[name], objects[name])
            for name in subjects
        }


def _relation(subjects: Sequence[int] | Column, objects: Sequence[int] | Column) -> Relation:
    return Relation.of(np.array(subjects, np.int64), np.array(objects, np.int64))


def _number(number: Fraction, *, whole: bool) -> Term:
    """A number in its canonical form (https://www.w3.org/TR/xmlschema11-2/#f-doubleCanmap)."""
    if whole:
        return literal(str(number.numerator), str(XSD.integer))
    plain = Decimal(repr(float(number)))
    sign, digits, _ = plain.as_tuple()
    mantissa = "".join(map(str, digits)).rstrip("0") or "0"
    power = plain.adjusted() if plain else 0
    text = f"{'-' * sign}{mantissa[0]}.{mantissa[1:] or '0'}E{power}"
    return literal(text, str(XSD.double))


def _claim_graph(claims: Claims, conflicts: Iterable[Conflict], numbers: _Numbers) -> Relations:
    """What is said of each claim, and the numbers of every figure."""
    nodes, quads = claims.passages.nodes, claims.passages.quads
    names = nodes.terms.column(f"<{name}>" for name in claims.names)
    said = claims.stances != NONE
    kind = np.full(len(claims), nodes.number(CLLM.Claim), np.int64)
    relations = {
        nodes.number(predicate): Relation.of(names[chosen], column[chosen])
        for predicate, column, chosen in (
            (RDF.type, kind, slice(None)),
            (RDF.subject, claims.subjects, slice(None)),
            (RDF.predicate, claims.predicates, slice(None)),
            (RDF.object, claims.objects, slice(None)),
            (CLLM.statedIn, claims.graphs, slice(None)),
            (CLLM.rank, claims.ranks, slice(None)),
            (CLLM.stance, claims.stances, said),
        )
        if len(claims)
    }
    pairs = [(conflict.first.place, conflict.second.place) for conflict in conflicts]
    if pairs:
        one, other = names[np.array(pairs, np.int64)].T
        both = np.concatenate((one, other)), np.concatenate((other, one))
        relations[nodes.number(CLLM.conflictsWith)] = Relation.of(*both)
    rows = quads.block(nodes.number(CLLM.quantity)).rows
    quantities: dict[int, int] = {}  # of the first passage that gives one
    for figure, quantity in zip(
        quads.subjects[np.sort(rows)].tolist(), quads.objects[np.sort(rows)].tolist(), strict=True
    ):
        quantities.setdefault(figure, quantity)
    described = ((figure, value, quantities[figure]) for figure, value in claims.values.items())
    return joint(relations, numbers.relations(described))


def _settled(claims: Claims, stances: Mapping[int, int], numbers: _Numbers) -> Table:
    """What is stated or estimated and not rejected, with numbers derived from its figures.

    What an outranked claim says is not there either, unless another says it, too.
    """
    nodes, quads = claims.passages.nodes, claims.passages.quads
    factual = {nodes.number(stance) for stance in FACTUAL}
    graphs = np.array(list(quads.spans), np.int64)
    plain = [graph for graph, stance in stances.items() if stance in factual]
    kept = np.isin(quads.graphs, np.array(plain, np.int64)) | np.isin(quads.subjects, graphs)
    rejected = (claims.ranks == nodes.number(CLLM.rejected)) | claims.outranked
    figures = np.array(list(claims.values), np.int64)
    measured = np.isin(claims.objects, figures)
    for place in np.flatnonzero(rejected & ~measured).tolist():
        stated = quads.block(int(claims.predicates[place])).stating(
            int(claims.subjects[place]), int(claims.objects[place])
        )
        kept[stated[quads.graphs[stated] == claims.graphs[place]]] = False
    lost = claims.graphs << HALF | claims.objects
    lost = lost[rejected & measured]
    kept &= ~np.isin(quads.graphs << HALF | quads.subjects, lost)
    has_figure = quads.predicates == nodes.number(CLLM.hasFigure)
    kept &= ~(has_figure & np.isin(quads.graphs << HALF | quads.objects, lost))
    relations = quads.relations(kept)
    left = np.flatnonzero(measured & ~rejected)
    columns = claims.objects[left], claims.predicates[left], claims.subjects[left]
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    values = claims.values
    described = ((figure, values[figure], quantity) for figure, quantity, _ in rows)
    relations = joint(relations, numbers.relations(described))
    single: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for figure, quantity, subject in rows:
        value = values[figure].value
        if value is not None:
            subjects, objects = single[quantity]
            subjects.append(subject)
            objects.append(numbers.of(value, quantity))
    plainly = {quantity: _relation(*columns) for quantity, columns in single.items()}
    return Table(nodes, joint(relations, plainly))


def _open(conflicts: Sequence[Conflict], claims: Claims) -> list[Violation]:
    """A warning for each property of a thing about which claims are still in conflict."""
    topics: dict[tuple[Node, Node], set[str]] = {}
    for conflict in conflicts:
        between = conflict.first.passage != conflict.second.passage
        ranks = claims.rank(conflict.first), claims.rank(conflict.second)
        if between and CLLM.open in ranks:
            passages = topics.setdefault(conflict.topic, set())
            passages |= {shorten(str(c.passage)) for c in (conflict.first, conflict.second)}
    found = []
    for (subject, predicate), names in topics.items():
        found.append(
            _finding(
                claims.passages,
                subject,
                predicate,
                f"Passages disagree about {shorten(str(predicate))}: {', '.join(sorted(names))}.",
                "Claim-open",
                Severity.WARNING,
                remedy="Record a decision in data/curation/decisions.ttl, or leave it open.",
            )
        )
    return found


def _unknown(passages: Passages, stances: Mapping[int, int]) -> list[Violation]:
    """A violation for each thing that only an unsettled passage names, and nothing gives a kind.

    Shapes see to this in the settled view, which such passages do not reach.
    """
    nodes, quads = passages.nodes, passages.quads
    factual = {nodes.number(stance) for stance in FACTUAL}
    settled = [graph for graph, stance in stances.items() if stance in factual]
    graphs = np.array(list(quads.spans), np.int64)
    # what is said of a passage does reach the settled view
    rows = np.flatnonzero(
        ~np.isin(quads.graphs, np.array(settled, np.int64)) & ~np.isin(quads.subjects, graphs)
    )
    known = [
        quads.subjects[quads.block(nodes.number(predicate)).rows]
        for predicate in (RDF.type, DCTERMS.isReplacedBy)
    ]
    named = distinct(np.concatenate((quads.subjects[rows], quads.objects[rows])))
    names = nodes.terms.names
    strange = {
        term
        for term in named[~np.isin(named, np.concatenate(known))].tolist()
        if names[term].startswith(f"<{IDS}")
    }
    found = []
    for row in rows.tolist() if strange else ():
        subject, value = int(quads.subjects[row]), int(quads.objects[row])
        for term in (subject, value):
            if term in strange:
                file = passages.sources[passages.file(int(quads.graphs[row]))]
                predicate = nodes.of(int(quads.predicates[row]))
                where, line = place_of([file], nodes.of(subject), predicate)
                found.append(
                    Violation(
                        where,
                        line,
                        shorten(str(nodes.of(subject))),
                        f"Nothing says of what kind {shorten(str(nodes.of(term)))} is.",
                        "Claim-known",
                        remedy="Check its spelling, or name it in data/registry/.",
                    )
                )
    return found


def _self_contradictions(conflicts: list[Conflict], passages: Passages) -> list[Violation]:
    """A violation for each property of which one passage gives a thing two values."""
    found = []
    for conflict in conflicts:
        first, second = conflict.first, conflict.second
        if first.passage == second.passage:
            subject, predicate = conflict.topic
            values = " and ".join(sorted(shorten(str(c.object)) for c in (first, second)))
            found.append(
                _finding(
                    passages,
                    subject,
                    predicate,
                    f"One passage gives two values of {shorten(str(predicate))}: {values}.",
                    "Claim-one-value",
                    remedy="Keep the one that the source prints there.",
                )
            )
    return found


def declared_terms(ontology: rdflib.Graph) -> set[Node]:
    """The terms that data may use: every subject of the ontology that has a kind, and rdf:type."""
    kinds = {
        OWL.Class,
        OWL.ObjectProperty,
        OWL.DatatypeProperty,
        OWL.AnnotationProperty,
        OWL.NamedIndividual,
    }
    found = {s for kind in kinds for s in ontology.subjects(RDF.type, kind)}
    return {term for term in found if isinstance(term, rdflib.URIRef)} | {RDF.type}

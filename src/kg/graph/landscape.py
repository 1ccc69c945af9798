"""The merged graph: passages, claims with ranks, and the settled view that decisions leave."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, get_args

import rdflib
from rdflib import DCTERMS, OWL, RDF, RDFS, XSD

from kg.graph.claims import CLLM, FACTUAL, Claim, Conflict, Node, find_claims, find_conflicts
from kg.graph.figures import Interval, Qualifier, interval
from kg.graph.places import place_of
from kg.namespaces import IDS, shorten
from kg.report import Report, Severity, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.sources import Source

_ENDS: Final = ("minimum", "maximum", "low", "high")


@dataclass(frozen=True)
class Landscape:
    """Everything that the sources say, and what of it is settled.

    ``passages`` holds one graph for each passage, as written; ``claims`` one ``cllm:Claim`` for
    each compared statement, and the numbers of every figure; ``settled`` is the settled view,
    without ontology and inferences; ``ranks`` the rank of each claim. ``report`` has unreadable
    figures and idle decisions as violations and open conflicts as warnings.
    """

    passages: Mapping[str, rdflib.Graph]
    claims: rdflib.Graph
    settled: rdflib.Graph
    conflicts: tuple[Conflict, ...]
    ranks: Mapping[Claim, Node]
    report: Report


def merge(sources: list[Source], ontology: rdflib.Graph) -> Landscape:
    """Merge ``sources`` into one landscape; ``ontology`` says how each property is compared."""
    passages = {name: graph for source in sources for name, graph in source.graphs.items()}
    stances = _stances(sources)
    values, unreadable = _figures(passages, ontology, sources)
    claims = find_claims(passages, ontology, stances, values)
    conflicts = find_conflicts(claims, passages, ontology)
    ranks, undecided = _ranks(claims, conflicts, passages, sources)
    claim_graph = _claim_graph(claims, conflicts, ranks)
    for figure, value in values.items():
        _add_numbers(claim_graph, figure, value, _quantity(passages, figure), ontology)
    settled = _settled(passages, stances, claims, ranks, values, ontology)
    report = Report.of(
        [
            *unreadable,
            *undecided,
            *_self_contradictions(conflicts, sources),
            *_open(conflicts, ranks, sources),
            *_unknown(passages, stances, sources),
        ]
    )
    return Landscape(passages, claim_graph, settled, tuple(conflicts), ranks, report)


def _finding(
    sources: list[Source],
    subject: Node,
    predicate: Node | None,
    message: str,
    rule: str,
    severity: Severity = Severity.VIOLATION,
    *,
    remedy: str,
) -> Violation:
    """A finding about ``subject``, at the place where ``predicate`` is stated of it."""
    file, line = place_of(sources, subject, predicate)
    return Violation(file, line, shorten(str(subject)), message, rule, severity, remedy)


def _stances(sources: list[Source]) -> dict[str, Node]:
    """The stance of each passage, given in its own graph or in its file's."""
    return {
        str(passage): stance
        for source in sources
        for graph in source.graphs.values()
        for passage, stance in graph.subject_objects(CLLM.stance)
        if str(passage) in source.graphs
    }


def _figures(
    passages: Mapping[str, rdflib.Graph], ontology: rdflib.Graph, sources: list[Source]
) -> tuple[dict[Node, Interval], list[Violation]]:
    """The interval of every figure, and a violation for each that cannot be read."""
    values: dict[Node, Interval] = {}
    wrong: list[Violation] = []
    for graph in passages.values():
        for figure, quantity in sorted(graph.subject_objects(CLLM.quantity), key=str):
            try:
                values[figure] = _interval(graph, figure, quantity, ontology)
            except ValueError as error:
                wrong.append(
                    _finding(
                        sources,
                        figure,
                        CLLM.asPrinted,
                        f"The figure cannot be read: {error}.",
                        "Figure-number",
                        remedy="Give the printed number in cllm:asPrinted, in cllm:inDigits where "
                        "it is printed in words, and a unit that converts to that of its quantity.",
                    )
                )
    return values, wrong


def _interval(
    graph: rdflib.Graph, figure: Node, quantity: Node, ontology: rdflib.Graph
) -> Interval:
    unit = graph.value(figure, CLLM.unit)
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
    printed = graph.value(figure, CLLM.inDigits) or graph.value(figure, CLLM.asPrinted)
    qualifiers: dict[Node, Qualifier] = {CLLM[name]: name for name in get_args(Qualifier)}
    given = graph.value(figure, CLLM.qualifier)
    qualifier = qualifiers.get(given) if given is not None else None
    return interval(str(printed), qualifier, factor, count=unit == CLLM.one)


def _quantity(passages: Mapping[str, rdflib.Graph], figure: Node) -> Node | None:
    found = (graph.value(figure, CLLM.quantity) for graph in passages.values())
    return next((quantity for quantity in found if quantity is not None), None)


def _ranks(
    claims: list[Claim],
    conflicts: list[Conflict],
    passages: Mapping[str, rdflib.Graph],
    sources: list[Source],
) -> tuple[dict[Claim, Node], list[Violation]]:
    """The rank of every claim, and a violation for each decision that settles nothing new."""
    ranks: dict[Claim, Node] = {
        claim: CLLM.accepted if claim.factual else CLLM.rejected for claim in claims
    }
    against: dict[Claim, list[Conflict]] = defaultdict(list)
    for conflict in conflicts:
        for claim in (conflict.first, conflict.second):
            ranks[claim] = CLLM.open
            against[claim].append(conflict)
    wrong: list[Violation] = []
    decided: set[tuple[Node | None, Node | None]] = set()
    for decision, topic, preferred in _decisions(passages):
        settled = False
        for conflict in conflicts:
            for winner, loser in (
                (conflict.first, conflict.second),
                (conflict.second, conflict.first),
            ):
                if conflict.topic == topic and winner.passage == preferred != loser.passage:
                    ranks[winner], ranks[loser] = CLLM.accepted, CLLM.rejected
                    settled = True
        if not settled or topic in decided:
            said = "is the second on this" if topic in decided else "matches no conflict"
            wrong.append(
                _finding(
                    sources,
                    decision,
                    None,
                    f"The decision {said}.",
                    "Decision-conflict",
                    remedy="Correct its subject, property or preferred passage, or delete it.",
                )
            )
        decided.add(topic)
    for claim, rank in ranks.items():
        rivals = [c.second if c.first == claim else c.first for c in against.get(claim, ())]
        if rank == CLLM.open and all(ranks[rival] == CLLM.rejected for rival in rivals):
            ranks[claim] = CLLM.accepted
    return ranks, wrong


def _decisions(
    passages: Mapping[str, rdflib.Graph],
) -> Iterator[tuple[Node, tuple[Node | None, Node | None], Node | None]]:
    for graph in passages.values():
        for decision in sorted(graph.subjects(RDF.type, CLLM.Decision), key=str):
            topic = graph.value(decision, CLLM.onSubject), graph.value(decision, CLLM.onProperty)
            yield decision, topic, graph.value(decision, CLLM.prefers)


def _claim_graph(
    claims: list[Claim], conflicts: list[Conflict], ranks: Mapping[Claim, Node]
) -> rdflib.Graph:
    graph = rdflib.Graph()
    for claim in claims:
        iri = claim.iri
        graph.add((iri, RDF.type, CLLM.Claim))
        graph.add((iri, RDF.subject, claim.subject))
        graph.add((iri, RDF.predicate, claim.predicate))
        graph.add((iri, RDF.object, claim.object))
        graph.add((iri, CLLM.statedIn, claim.passage))
        graph.add((iri, CLLM.rank, ranks[claim]))
        if claim.stance is not None:
            graph.add((iri, CLLM.stance, claim.stance))
    for conflict in conflicts:
        graph.add((conflict.first.iri, CLLM.conflictsWith, conflict.second.iri))
        graph.add((conflict.second.iri, CLLM.conflictsWith, conflict.first.iri))
    return graph


def _settled(
    passages: Mapping[str, rdflib.Graph],
    stances: Mapping[str, Node],
    claims: list[Claim],
    ranks: Mapping[Claim, Node],
    values: Mapping[Node, Interval],
    ontology: rdflib.Graph,
) -> rdflib.Graph:
    """What is stated or estimated and not rejected, with numbers derived from its figures."""
    settled = rdflib.Graph()
    rejected = [claim for claim in claims if ranks[claim] == CLLM.rejected]
    left_out = {(str(c.passage), c.subject, c.predicate, c.object) for c in rejected}
    figures_out = {(str(c.passage), c.object) for c in rejected if c.object in values}
    for name, graph in passages.items():
        factual = stances.get(name) in FACTUAL
        for subject, predicate, value in graph:
            about_passage = str(subject) in passages
            if not factual and not about_passage:
                continue
            if (name, subject, predicate, value) in left_out:
                continue
            if (name, subject) in figures_out or (
                predicate == CLLM.hasFigure and (name, value) in figures_out
            ):
                continue
            settled.add((subject, predicate, value))
    for claim in claims:
        if claim.value is None or ranks[claim] == CLLM.rejected:
            continue
        _add_numbers(settled, claim.object, claim.value, claim.predicate, ontology)
        if claim.value.value is not None:
            number = _number(claim.value.value, ontology.value(claim.predicate, RDFS.range))
            settled.add((claim.subject, claim.predicate, number))
    return settled


def _add_numbers(
    graph: rdflib.Graph,
    figure: Node,
    value: Interval,
    quantity: Node | None,
    ontology: rdflib.Graph,
) -> None:
    """State the four numbers of a figure: as printed in its quantity's datatype, ends as double."""
    datatype = ontology.value(quantity, RDFS.range)
    for end in _ENDS:
        number: Fraction | None = getattr(value, end)
        if number is not None:
            printed = end in ("minimum", "maximum")
            graph.add((figure, CLLM[end], _number(number, datatype if printed else XSD.double)))
    if value.qualifier is not None:
        graph.add((figure, CLLM.qualifier, CLLM[value.qualifier]))


def _number(number: Fraction, datatype: Node | None) -> rdflib.Literal:
    """``number`` as an integer where it is one and one is asked for, else as a double."""
    if datatype == XSD.integer and number.denominator == 1:
        return rdflib.Literal(str(number.numerator), datatype=XSD.integer)
    return rdflib.Literal(repr(float(number)).replace("e+", "E").upper(), datatype=XSD.double)


def _open(
    conflicts: list[Conflict], ranks: Mapping[Claim, Node], sources: list[Source]
) -> list[Violation]:
    """A warning for each property of a thing about which claims are still in conflict."""
    topics: dict[tuple[Node, rdflib.URIRef], set[str]] = {}
    for conflict in conflicts:
        between = conflict.first.passage != conflict.second.passage
        if between and CLLM.open in (ranks[conflict.first], ranks[conflict.second]):
            passages = topics.setdefault(conflict.topic, set())
            passages |= {shorten(str(c.passage)) for c in (conflict.first, conflict.second)}
    found = []
    for (subject, predicate), passages in topics.items():
        found.append(
            _finding(
                sources,
                subject,
                predicate,
                f"Passages disagree about {shorten(str(predicate))}: "
                f"{', '.join(sorted(passages))}.",
                "Claim-open",
                Severity.WARNING,
                remedy="Record a decision in data/curation/decisions.ttl, or leave it open.",
            )
        )
    return found


def _unknown(
    passages: Mapping[str, rdflib.Graph], stances: Mapping[str, Node], sources: list[Source]
) -> list[Violation]:
    """A violation for each thing that only an unsettled passage names, and nothing gives a kind.

    Shapes see to this in the settled view, which such passages do not reach.
    """
    known = {
        subject
        for graph in passages.values()
        for predicate in (RDF.type, DCTERMS.isReplacedBy)
        for subject in graph.subjects(predicate, None)
    }
    unknown = [
        (name, subject, predicate, term)
        for name, graph in passages.items()
        if stances.get(name) not in FACTUAL
        for subject, predicate, value in sorted(graph)
        if str(subject) not in passages  # what is said of a passage does reach the settled view
        for term in (subject, value)
        if str(term).startswith(IDS) and term not in known
    ]
    return [
        _finding(
            [source for source in sources if name in source.graphs],
            subject,
            predicate,
            f"Nothing says of what kind {shorten(str(term))} is.",
            "Claim-known",
            remedy="Check its spelling, or name it in data/registry/.",
        )
        for name, subject, predicate, term in unknown
    ]


def _self_contradictions(conflicts: list[Conflict], sources: list[Source]) -> list[Violation]:
    """A violation for each property of which one passage gives a thing two values."""
    found = []
    for conflict in conflicts:
        first, second = conflict.first, conflict.second
        if first.passage == second.passage:
            subject, predicate = conflict.topic
            values = " and ".join(sorted(shorten(str(c.object)) for c in (first, second)))
            found.append(
                _finding(
                    sources,
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

"""The findings of a source, recomputed from what its own statements leave in the graph.

graphs ──► without findings, aggregates, observations ──► queries/findings/*.rq ──► verdicts

No query can read its answer: statements about how many, and what is said at large, are taken out
of the graph before a finding is recomputed. Each query gives one row for each thing that it looked
at, with ``counts`` (for a count), ``value`` (for a number) or ``holds`` (for what is true of each);
a cell is unbound where the graph does not know.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import DCTERMS, RDF, RDFS, SH, XSD

from kg.errors import BadQuery, BadSource
from kg.graph.claims import CLLM
from kg.judged import Finding, Result, Verdict
from kg.judged.findings import digits, text
from kg.namespaces import IDS
from kg.tables import as_node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kg.queries import Catalogue, Query
    from kg.store import EmbeddedStore
    from kg.tables import Table
    from kg.terms import Term

__all__ = [
    "Finding",
    "Result",
    "Verdict",
    "changed",
    "describe",
    "judged",
    "members_by_criterion",
    "read",
    "recompute",
    "without_summaries",
]

_FINDING: Final = f"{IDS}finding/"
_TYPE, _HAS_FIGURE = (f"<{term}>".encode() for term in (RDF.type, CLLM.hasFigure))
_CLAIMED: Final = {f"<{term}>".encode() for term in (RDF.subject, RDF.object)}
_HIDDEN: Final = {f"<{term}>".encode() for term in (CLLM.Finding, CLLM.Aggregate, CLLM.Observation)}
_COLUMNS: Final = {
    "count": CLLM.expectedCount,
    "value": CLLM.expectedValue,
    "truth": CLLM.expectedTruth,
}
_ANSWERS: Final = {"count": "counts", "value": "value", "truth": "holds"}


def read(settled: Table) -> list[Finding]:
    """The findings of the settled view, in the order of their parts, paragraphs and names."""
    found = []
    for node in settled.subjects(RDF.type, CLLM.Finding):
        passage = settled.value(node, CLLM.findingIn)
        part = settled.value(passage, DCTERMS.isPartOf)
        kind = next((k for k, p in _COLUMNS.items() if (node, p, None) in settled), "truth")
        expected = settled.value(node, _COLUMNS[kind])
        finding = Finding(
            name=str(node).removeprefix(_FINDING),
            passage=str(passage),
            section=str(settled.value(part, RDFS.label) or ""),
            statement=str(settled.value(node, DCTERMS.description)),
            kind=kind,
            expected=1.0 if kind == "truth" else float(str(expected)),
            tolerance=float(str(settled.value(node, CLLM.tolerance) or 0)),
            criterion=str(settled.value(node, CLLM.criterion) or ""),
            lacks=str(settled.value(node, CLLM.lacks) or ""),
            unmoved=str(settled.value(node, CLLM.unmovedBecause) or ""),
            accepted=str(settled.value(node, CLLM.acceptedVerdict) or "").rpartition("#")[2],
        )
        place = [
            int(str(settled.value(thing, predicate) or 0))
            for thing, predicate in (
                (part, CLLM.position),
                (passage, CLLM.paragraph),
                (passage, CLLM.sentence),
            )
        ]
        found.append((place, finding))
    return [finding for _, finding in sorted(found, key=lambda pair: (pair[0], pair[1].name))]


def without_summaries(graphs: Mapping[str, bytes]) -> dict[str, bytes]:
    """The graphs without findings, aggregates and observations, or claims on them; N-Triples."""
    rows = {
        name: [(line, *line[:-2].rstrip().split(b" ", 2)) for line in text.splitlines() if line]
        for name, text in graphs.items()
    }
    every = [row for graph in rows.values() for row in graph]
    hidden = {s for _, s, p, o in every if p == _TYPE and o in _HIDDEN}
    hidden |= {o for _, s, p, o in every if p == _HAS_FIGURE and s in hidden}
    hidden |= {s for _, s, p, o in every if p in _CLAIMED and o in hidden}
    return {
        name: b"\n".join(line for line, s, _, o in graph if s not in hidden and o not in hidden)
        for name, graph in rows.items()
    }


def recompute(
    findings: Iterable[Finding], queries: Catalogue, store: EmbeddedStore
) -> list[Result]:
    """Recompute each finding by the query of its name; without one it is not recomputable.

    Raises ``BadSource`` if a query does not give the columns that its finding needs.
    """
    named = {query.name: query for query in queries}
    results = []
    for finding in findings:
        query = named.pop(finding.name, None)
        if query is None:
            results.append(Result(finding, Verdict.NOT, ""))
            continue
        file = f"queries/findings/{finding.name}.rq"
        try:
            columns, rows = store.query(query.text).terms()
        except BadQuery as error:
            raise BadSource(file, error.line, error.message) from None
        wanted = {"item", "name", _ANSWERS[finding.kind]}
        if missing := sorted(wanted - set(columns)):
            said = f"the query of a finding about a {finding.kind} gives ?{missing[0]}."
            raise BadSource(file, None, said)
        results.append(replace(judged(finding, columns, list(rows)), query=query))
    if named:
        said = "no finding has this name."
        raise BadSource(f"queries/findings/{min(named)}.rq", None, said)
    return results


def judged(finding: Finding, columns: list[str], rows: list[list[Term | None]]) -> Result:
    """The verdict on a finding that follows from the rows of its query."""
    place = columns.index(_ANSWERS[finding.kind])
    cells = [text(row[place]) for row in rows]
    known = [cell for cell in cells if cell is not None]
    unknown = len(cells) - len(known)
    verdict, computed = _VERDICTS[finding.kind](finding, known, unknown)
    terms = tuple(map(tuple, rows))
    return Result(finding, verdict, computed, columns=tuple(columns), terms=terms)


def _count(finding: Finding, known: list[str], unknown: int) -> tuple[Verdict, str]:
    counted = known.count("true")
    words = f"{counted}, {unknown} unknown" if unknown else str(counted)
    above = counted - finding.expected > finding.tolerance
    below = finding.expected - (counted + unknown) > finding.tolerance
    if above or below:
        return Verdict.DIFFERS, words
    return (Verdict.PARTLY if unknown else Verdict.HOLDS), words


def _value(finding: Finding, known: list[str], unknown: int) -> tuple[Verdict, str]:
    values = sorted({float(cell) for cell in known})
    words = " and ".join(digits(value) for value in values)
    if not values:
        return Verdict.NOT, ""
    near = 1e-9 * abs(finding.expected)  # what adding and dividing doubles may leave
    if any(abs(value - finding.expected) > finding.tolerance + near for value in values):
        return Verdict.DIFFERS, words
    return (Verdict.PARTLY if unknown else Verdict.HOLDS), words


def _truth(_: Finding, known: list[str], unknown: int) -> tuple[Verdict, str]:
    if "false" in known:
        return Verdict.DIFFERS, f"false of {known.count('false')} of {len(known) + unknown}"
    if not known:
        return Verdict.NOT, ""
    words = f"true of {len(known)}" + (f", {unknown} unknown" if unknown else "")
    return (Verdict.PARTLY if unknown else Verdict.HOLDS), words


_VERDICTS: Final = {"count": _count, "value": _value, "truth": _truth}


def members_by_criterion(results: Iterable[Result]) -> dict[str, frozenset[str]]:
    """The things that meet each criterion, from the findings that count by it."""
    met: dict[str, frozenset[str]] = defaultdict(frozenset)
    for result in results:
        if result.finding.criterion and result.finding.kind == "count" and result.columns:
            met[result.finding.criterion] |= result.members
    return dict(met)


def describe(results: Iterable[Result]) -> rdflib.Graph:
    """The verdicts as RDF, with the query that gave each and the rows that it gave.

    A row has a property for each variable of its query, ``column:item`` and the like.
    """
    graph = rdflib.Graph()
    for result in results:
        node = rdflib.URIRef(result.finding.iri)
        graph.add((node, CLLM.verdict, CLLM[result.verdict]))
        if result.computed:
            graph.add((node, CLLM.computed, rdflib.Literal(result.computed, datatype=XSD.string)))
        if result.query is not None:
            _describe_query(graph, result.finding, result.query)
        columns = [rdflib.URIRef(f"{IDS}column/{name}") for name in result.columns]
        for column, name in zip(columns, result.columns, strict=True):
            graph.add((column, RDF.type, RDF.Property))
            graph.add((column, RDFS.label, rdflib.Literal(name)))
        for place, row in enumerate(result.terms, 1):
            result_node = rdflib.URIRef(f"{IDS}result/{result.finding.name}-{place}")
            graph.add((node, CLLM.hasResult, result_node))
            graph.add((result_node, RDF.type, CLLM.Result))
            graph.add((result_node, CLLM.position, rdflib.Literal(place)))
            for column, term in zip(columns, row, strict=True):
                if term is not None:
                    graph.add((result_node, column, as_node(term)))
    return graph


def _describe_query(graph: rdflib.Graph, finding: Finding, query: Query) -> None:
    """The query of a finding, as the catalog has the canned ones."""
    node = rdflib.URIRef(finding.query_iri)
    graph.add((rdflib.URIRef(finding.iri), CLLM.recomputedBy, node))
    graph.add((node, RDF.type, SH.SPARQLExecutable))
    graph.add((node, RDF.type, SH.SPARQLSelectExecutable))
    graph.add((node, SH.select, rdflib.Literal(query.text)))
    graph.add((node, RDFS.comment, rdflib.Literal(query.summary, lang="en")))
    graph.add((node, DCTERMS.description, rdflib.Literal(query.description, lang="en")))


def changed(results: Iterable[Result]) -> list[Result]:
    """The results whose verdict is not the one that somebody accepted."""
    return [result for result in results if result.verdict != result.finding.accepted]

"""How many mistakes in the data are caught: by shapes, by settling, by reasoning, by audit.

Each operator makes one mistake at a time in a copy of the real sources, in memory, and looks for
anything that the untouched data does not show: a violation or a warning, an item of the audit, a
verdict on a finding. The mistakes are drawn with a seed, so that a run can be repeated.

    python bench/mutation.py --sample 25
    python bench/mutation.py --operator year-off --sample 0 --format json

A value is *redundant* where another passage gives it too, or where another figure depends on it;
a changed value that nothing else speaks of can be caught by nobody, and is listed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rdflib
from rdflib import RDF, XSD

from kg import audit, findings, graph, validate
from kg.audit import Grade
from kg.graph.claims import CLLM
from kg.namespaces import GRAPHS, IDS, shorten
from kg.project import Project
from kg.queries import Catalogue
from kg.reason import settled as reasoning
from kg.sources import Source, read_all, read_graph
from kg.store import EmbeddedStore
from kg.store.written import Written
from kg.tables import Columnar, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rdflib.term import Node

    Triple = tuple[Node, Node, Node]

STRUCTURAL: Final = ("drop-required", "wrong-kind", "wrong-datatype", "dangling-iri")
VALUE: Final = ("times-ten", "by-ten", "year-off", "swap-models")
FEWEST: Final = 3
"""Number of things of a kind from which on what all of them have counts as required."""


@dataclass(frozen=True)
class Mutation:
    """One mistake: in which graph of which source, what goes and what comes."""

    operator: str
    source: int
    graph: str
    removed: tuple[Triple, ...]
    added: tuple[Triple, ...]
    redundant: bool = True

    @property
    def words(self) -> str:
        """The mistake in a line."""
        gone = "; ".join(" ".join(shorten(str(t)) for t in triple) for triple in self.removed)
        come = "; ".join(" ".join(shorten(str(t)) for t in triple) for triple in self.added)
        return f"{gone} -> {come or 'nothing'}"


class Bench:
    """The untouched project and what it shows, to compare mutated copies with."""

    def __init__(self, root: Path) -> None:
        self.project = Project.at(root)
        self.ontology = read_graph(self.project.ontology_files(), self.project)
        self.shapes = read_graph(self.project.shape_files(), self.project)
        self.sources = read_all(self.project)
        self.queries = Catalogue.read(self.project.finding_files())
        self.landscape = graph.merge(self.sources, self.ontology)
        self.inferred = reasoning.reason(
            self.landscape.settled, self.ontology, self.landscape.passages
        ).triples
        self.shown = self._audited(self.landscape)
        self.warned = {str(f) for f in self.landscape.report.findings} | {
            str(f)
            for f in validate.validate_settled(
                self.landscape.settled,
                self.inferred,
                self.ontology,
                self.shapes,
                self.landscape.passages,
            ).findings
        }

    def caught(self, mutation: Mutation) -> str:
        """Who catches a mistake first: shapes, settling, reasoner, audit, findings, or nobody."""
        sources = self._mutated(mutation)
        changed = [sources[mutation.source]]
        if validate.validate_sources(changed, self.shapes, self.ontology).findings:
            return "shapes"
        landscape = graph.merge(sources, self.ontology)
        if {str(f) for f in landscape.report.findings} - self.warned:
            return "settling"
        settled = validate.validate_settled(
            landscape.settled, self.inferred, self.ontology, self.shapes, landscape.passages
        )
        if {str(f) for f in settled.findings} - self.warned:
            return "shapes"
        shown = self._audited(landscape)
        if shown[0] - self.shown[0]:
            return "audit"
        if mutation.operator in STRUCTURAL:
            inferences = reasoning.reason(landscape.settled, self.ontology, landscape.passages)
            if inferences.report.findings:
                return "reasoner"
        return "findings" if shown[1] != self.shown[1] else ""

    def _audited(self, landscape: graph.Landscape) -> tuple[set[str], list[tuple[str, str]]]:
        """The audit's items that are a verdict, and the verdicts on the findings."""
        default = f"{GRAPHS}default"
        tables: dict[str, Columnar] = {
            **landscape.passages,
            f"{GRAPHS}claims": landscape.claims,
            f"{GRAPHS}settled": landscape.settled,
            default: landscape.settled + self.inferred + self.ontology,
        }
        columns = {name: table.columns for name, table in tables.items()}
        graphs = Written(landscape.passages.nodes.terms, columns, [default])
        store = EmbeddedStore.in_memory(findings.without_summaries(graphs))
        results = findings.recompute(findings.read(landscape.settled), self.queries, store)
        items = audit.audit(
            landscape, self.ontology, self.inferred, findings.members_by_criterion(results)
        )
        judged = {i.iri + i.arithmetic for i in items if i.grade is not Grade.CANNOT_BE_JUDGED}
        return judged, [(r.finding.name, f"{r.verdict} {r.computed}") for r in results]

    def _mutated(self, mutation: Mutation) -> list[Source]:
        source = self.sources[mutation.source]
        graphs = dict(source.graphs)
        changed = rdflib.Graph()
        for triple in graphs[mutation.graph]:
            if triple not in mutation.removed:
                changed.add(triple)
        for triple in mutation.added:
            changed.add(triple)
        graphs[mutation.graph] = changed
        copies = list(self.sources)
        copies[mutation.source] = replace(source, rows=rows_of(graphs))
        return copies

    def places(self) -> Iterator[tuple[int, str, Columnar]]:
        """Every graph of every source that people write by hand."""
        for number, source in enumerate(self.sources):
            for name, content in source.graphs.items():
                yield number, name, content


def drop_required(bench: Bench) -> Iterator[Mutation]:
    """A statement goes that everything of its kind has in every file."""
    kinds: dict[Node, list[set[Node]]] = defaultdict(list)
    for _, _, content in bench.places():
        for subject, kind in content.subject_objects(RDF.type):
            kinds[kind].append({p for _, p, _ in content.triples((subject, None, None))})
    required = {
        kind: set.intersection(*found) for kind, found in kinds.items() if len(found) >= FEWEST
    }
    for number, name, content in bench.places():
        for subject, kind in content.subject_objects(RDF.type):
            for predicate in required.get(kind, ()):
                gone = tuple(content.triples((subject, predicate, None)))
                yield Mutation("drop-required", number, name, gone, ())


def wrong_kind(bench: Bench) -> Iterator[Mutation]:
    """A value becomes a thing of another kind."""
    known: dict[str, Node] = {}
    for _, _, content in bench.places():
        for subject in content.subjects(RDF.type):
            if str(subject).startswith(IDS):
                known.setdefault(str(subject).removeprefix(IDS).partition("/")[0], subject)
    for number, name, content in bench.places():
        for subject, predicate, value in content:
            if str(value).startswith(IDS) and predicate not in _ANYTHING:
                kind = str(value).removeprefix(IDS).partition("/")[0]
                others = sorted(k for k in known if k not in (kind, *_ALIKE.get(kind, ())))
                if others:
                    other = known[others[hash_of(subject, value) % len(others)]]
                    added = ((subject, predicate, other),)
                    gone = ((subject, predicate, value),)
                    yield Mutation("wrong-kind", number, name, gone, added)


_ANYTHING: Final = frozenset({CLLM.concerns, CLLM.namedMember, CLLM.participant})
"""Properties that may have a thing of any kind as value."""
_ALIKE: Final = {
    "person": ("group", "organization"),
    "organization": ("group", "person"),
    "group": ("organization", "person"),
    "model": ("series", "platform"),
    "series": ("model",),
    "part": ("reference",),
    "reference": ("part",),
    "sample": (),
}
"""Kinds that some property takes in place of each other."""


def wrong_datatype(bench: Bench) -> Iterator[Mutation]:
    """A date, a number, a truth value or a text in a language becomes a plain or other literal."""
    for number, name, content in bench.places():
        for subject, predicate, value in content:
            if not isinstance(value, rdflib.Literal):
                continue
            if value.language:
                other = rdflib.Literal(str(value))
            elif value.datatype in (None, XSD.string):
                other = rdflib.Literal("12", datatype=XSD.integer)
            else:
                other = rdflib.Literal(str(value))
            gone, added = (subject, predicate, value), (subject, predicate, other)
            yield Mutation("wrong-datatype", number, name, (gone,), (added,))


def dangling_iri(bench: Bench) -> Iterator[Mutation]:
    """A letter of the name of a thing is lost."""
    for number, name, content in bench.places():
        for subject, predicate, value in content:
            if str(value).startswith(IDS):
                other = rdflib.URIRef(f"{value}x")
                gone, added = (subject, predicate, value), (subject, predicate, other)
                yield Mutation("dangling-iri", number, name, (gone,), (added,))


def _figures(bench: Bench) -> Iterator[tuple[int, str, Columnar, Node, Node, bool]]:
    """Every figure with what it is of, and whether another of a like stance tells the same."""
    told: dict[tuple[Node, Node, Node | None], int] = defaultdict(int)
    stances: dict[Node, Node | None] = {}
    for claim in bench.landscape.compared:
        if claim.value is not None:
            stances[claim.object] = stance = None if claim.factual else claim.stance
            told[claim.subject, claim.predicate, stance] += 1
    for number, name, content in bench.places():
        for subject, figure in content.subject_objects(CLLM.hasFigure):
            quantity = content.value(figure, CLLM.quantity)
            if quantity is not None and figure in stances:
                others = told[subject, quantity, stances[figure]]
                yield number, name, content, subject, figure, others > 1


def _scaled(operator: str, factor: int) -> Callable[[Bench], Iterator[Mutation]]:
    def mutate(bench: Bench) -> Iterator[Mutation]:
        for number, name, content, _, figure, redundant in _figures(bench):
            digits = content.value(figure, CLLM.inDigits)
            predicate = CLLM.inDigits if digits is not None else CLLM.asPrinted
            printed = content.value(figure, predicate)
            other = rdflib.Literal(_times(str(printed), factor))
            gone, added = (figure, predicate, printed), (figure, predicate, other)
            yield Mutation(operator, number, name, (gone,), (added,), redundant)

    return mutate


def _times(printed: str, factor: int) -> str:
    """A printed number ten times as large, or a tenth, in as many digits."""

    def shift(match: re.Match[str]) -> str:
        digits = match[1].replace(",", "")
        decimals = len(digits.partition(".")[2])
        if factor == 10:
            whole = digits.replace(".", "")
            cut = len(whole) - max(decimals - 1, 0)
            text = (
                whole + "0"
                if decimals == 0
                else whole[:cut] + ("." + whole[cut:]) * bool(decimals - 1)
            )
            return text + (match[2] or "")
        whole = digits.replace(".", "").rjust(decimals + 2, "0")
        cut = len(whole) - decimals - 1
        return f"{whole[:cut] or '0'}.{whole[cut:]}" + (match[2] or "")

    return re.sub(r"(\d[\d,]*(?:\.\d+)?)(E\+?\d+)?", shift, printed)


def year_off(bench: Bench) -> Iterator[Mutation]:
    """A date is a year late or early."""
    for number, name, content in bench.places():
        for subject, predicate, value in content:
            if isinstance(value, rdflib.Literal) and value.datatype == XSD.date:
                day = date.fromisoformat(str(value))
                step = 1 if hash_of(subject, value) % 2 else -1
                other = rdflib.Literal(
                    day.replace(year=day.year + step).isoformat(), datatype=XSD.date
                )
                redundant = predicate == CLLM.released
                gone, added = (subject, predicate, value), (subject, predicate, other)
                yield Mutation("year-off", number, name, (gone,), (added,), redundant)


def swap_models(bench: Bench) -> Iterator[Mutation]:
    """Two things of a file exchange their figures for one quantity."""
    groups: dict[tuple[int, str, Node], list[tuple[Node, Node, bool]]] = defaultdict(list)
    for number, name, content, subject, figure, redundant in _figures(bench):
        quantity = content.value(figure, CLLM.quantity)
        if quantity is not None:
            groups[number, name, quantity].append((subject, figure, redundant))
    for (number, name, _), members in groups.items():
        for one, other in itertools.pairwise(members):
            if one[0] == other[0]:
                continue
            gone = ((one[0], CLLM.hasFigure, one[1]), (other[0], CLLM.hasFigure, other[1]))
            added = ((one[0], CLLM.hasFigure, other[1]), (other[0], CLLM.hasFigure, one[1]))
            yield Mutation("swap-models", number, name, gone, added, one[2] or other[2])


def hash_of(*terms: Node) -> int:
    """A number that depends on the terms alone, whatever the hash seed."""
    return sum(ord(letter) * (place + 1) for place, letter in enumerate("".join(map(str, terms))))


OPERATORS: Final[dict[str, Callable[[Bench], Iterator[Mutation]]]] = {
    "drop-required": drop_required,
    "wrong-kind": wrong_kind,
    "wrong-datatype": wrong_datatype,
    "dangling-iri": dangling_iri,
    "times-ten": _scaled("times-ten", 10),
    "by-ten": _scaled("by-ten", -10),
    "year-off": year_off,
    "swap-models": swap_models,
}


def main() -> int:
    """Run the operators and print, per operator, how many of its mistakes were caught by whom."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sample", type=int, default=25, help="mistakes per operator, 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--operator", choices=OPERATORS, action="append")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--project", type=Path, default=Path(__file__).resolve().parents[1])
    chosen = parser.parse_args()
    bench = Bench(chosen.project)
    report = []
    for operator in chosen.operator or OPERATORS:
        every = sorted(OPERATORS[operator](bench), key=lambda m: (m.source, m.graph, m.words))
        if operator in VALUE:
            every = sorted(every, key=lambda m: not m.redundant)
        redundant = [m for m in every if m.redundant]
        pool = redundant if operator in VALUE else every
        drawn = pool
        if chosen.sample and len(pool) > chosen.sample:
            drawn = random.Random(chosen.seed).sample(pool, chosen.sample)  # noqa: S311
        by: dict[str, int] = defaultdict(int)
        missed = []
        for done, mutation in enumerate(drawn, 1):
            print(f"\r{operator} {done}/{len(drawn)} ", end="", file=sys.stderr, flush=True)
            catcher = bench.caught(mutation)
            by[catcher or "nobody"] += 1
            if not catcher:
                missed.append(mutation.words)
        report.append(
            {
                "operator": operator,
                "possible": len(every),
                "redundant": len(redundant) if operator in VALUE else None,
                "tried": len(drawn),
                "caught": len(drawn) - len(missed),
                "by": dict(by),
                "missed": missed,
            }
        )
    print(file=sys.stderr)
    if chosen.format == "json":
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return 0
    for row in report:
        share = 100 * row["caught"] / row["tried"] if row["tried"] else 0.0
        told = f", {row['redundant']} redundant" if row["redundant"] is not None else ""
        by_whom = ", ".join(f"{who} {count}" for who, count in sorted(row["by"].items()))
        print(
            f"{row['operator']:<15}{row['caught']:>4} of {row['tried']:>4} caught ({share:.0f} %; "
            f"{row['possible']} possible{told}): {by_whom}"
        )
        for words in row["missed"]:
            print(f"    missed: {words}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

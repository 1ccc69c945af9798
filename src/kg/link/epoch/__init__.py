"""Epoch AI's table of models as a source of the graph: a passage for each row.

    table        the CSV file: columns by name, cells as text
      │ names      what each row is called, which has no identifier of its own
      │ bindings   which of them is about which thing of the graph
      ▼
    statements   what a row says, of itself or of what a mapping binds it to
      │ numbers    the digits of a cell that somebody meant
      │ provenance the works that a note says a figure is from
      ▼
    text         one TriG file, the same for the same table, graph and mapping

Nothing here decides which row is about which model: that is what the mapping is for. A row that
nobody has bound speaks of itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from kg.link.epoch.bindings import Bindings
from kg.link.epoch.names import ESTIMATED, named, row_iri
from kg.link.epoch.statements import statements
from kg.link.epoch.table import Problem, Table, day, read
from kg.link.names import folded
from kg.namespaces import GRAPHS, PREFIXES, shorten
from kg.terms import Term, Triple, iri, literal
from kg.turtle import document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kg.link.epoch.table import Entry
    from kg.link.registered import Registered

__all__ = [
    "GRAPH",
    "Bindings",
    "Imported",
    "Only",
    "Problem",
    "Snapshot",
    "Table",
    "convert",
    "day",
    "read",
]

Only = Literal["linked", "all"]
GRAPH: Final = f"{GRAPHS}epoch/models"
"""The graph that the file is, and under which the passages are."""
_SOURCE: Final = "<https://epoch.ai/data/ai-models>"
_LICENSE: Final = "<https://creativecommons.org/licenses/by/4.0/>"
_CITATION: Final = (
    'Epoch AI, "Parameter, Compute and Data Trends in Machine Learning", '
    "https://epoch.ai/data/ai-models"
)
_SPEAKER: Final = iri("organization:epoch-ai")


@dataclass(frozen=True)
class Snapshot:
    """Which file a table is: its name, its SHA-256, and the day of which it is."""

    file: str
    digest: str
    day: str

    @classmethod
    def of(cls, data: bytes, file: str, day: str) -> Snapshot:
        """That of the bytes of a file."""
        return cls(file, hashlib.sha256(data).hexdigest(), day)


@dataclass
class Imported:
    """The text that a table became, and what became of its rows.

    ``bound`` has the thing of each bound row by the row's IRI. ``undecided`` are the models of the
    graph's sample to which no row is bound and some might be, ``absent`` those that no row seems to
    be about. ``problems`` are rows and cells that are left out, ``strays`` bound rows that the
    table does not have.
    """

    rows: int
    text: str = ""
    loaded: int = 0
    bound: dict[str, str] = field(default_factory=dict)
    undecided: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The summary for a program to read."""
        return {
            "rows": self.rows,
            "loaded": self.loaded,
            "bound": {shorten(row): shorten(thing) for row, thing in self.bound.items()},
            "undecided": list(map(shorten, self.undecided)),
            "absent": list(map(shorten, self.absent)),
            "strays": list(map(shorten, self.strays)),
            "problems": [
                {"row": problem.row, "name": problem.name, "reason": problem.reason}
                for problem in self.problems
            ],
        }


def convert(
    table: Table,
    snapshot: Snapshot,
    known: Registered,
    bindings: Bindings,
    only: Only,
) -> Imported:
    """A table as TriG text, with a report.

    ``known`` is what the graph has, without what an earlier import has put there. ``only`` takes
    the rows that ``bindings`` bind, or all.
    """
    names = named(table.entries)
    result = Imported(table.size, problems=list(table.problems))
    taken = {entry.number for entry in names.values()}
    result.problems += [
        Problem(entry.number, entry.name, "no letter of its name can stand in an IRI; not loaded.")
        for entry in table.entries
        if entry.number not in taken
    ]
    rows = {row_iri(name): entry for name, entry in names.items()}
    result.bound = {row: bindings.things[row] for row in rows if row in bindings.things}
    result.strays = sorted({*bindings.things, *bindings.refused} - set(rows))
    result.problems += [
        Problem(entry.number, entry.name, bindings.refused[row])
        for row, entry in rows.items()
        if row in bindings.refused
    ]
    described: list[Triple] = list(_described(snapshot, known))
    graphs: dict[str, list[Triple]] = {"": described}
    for name, entry in names.items():
        thing = result.bound.get(row_iri(name))
        if thing is None and only == "linked":
            continue
        said = statements(entry, name, thing, known)
        result.loaded += 1
        result.problems += [Problem(entry.number, entry.name, why) for why in said.complaints]
        for passage, stance, triples in (
            (name, "cllm:stated", said.stated),
            (name + ESTIMATED, "cllm:estimated", said.estimated),
        ):
            if triples:
                graphs[f"{GRAPH}/{passage}"] = triples
                described += _passage(passage, row_iri(name), stance, snapshot)
    result.problems.sort(key=lambda problem: problem.row)
    _weigh(result, names.values(), known, bindings)
    prefixes = PREFIXES | {"epoch": f"{GRAPHS}epoch/", "p": f"{GRAPH}/"}
    result.text = document(_remarks(snapshot, only), graphs, prefixes)
    return result


def _weigh(
    result: Imported, entries: Iterable[Entry], known: Registered, bindings: Bindings
) -> None:
    """Say of each model of the sample that is not bound whether some row may be about it.

    Where a mapping speaks of the model, that decides; else whether a row has its name.
    """
    alike = {model for e in entries for model in known.models.get(folded(e.name), ())}
    for model in sorted(known.sample - set(result.bound.values())):
        looked_at = model in bindings.reviewed
        may_be = model in bindings.close if looked_at else model in alike
        (result.undecided if may_be else result.absent).append(model)


def _remarks(snapshot: Snapshot, only: Only) -> list[str]:
    taken = "those that a mapping binds" if only == "linked" else "all of them"
    return [
        f"Rows of Epoch AI's table of models as of {snapshot.day}, {taken}.",
        f"Written by kg import epoch, to be changed by importing again: from {snapshot.file},",
        f"SHA-256 {snapshot.digest}.",
        f"CC BY 4.0. {_CITATION}",
    ]


def _described(snapshot: Snapshot, known: Registered) -> Iterator[Triple]:
    """What is said of the file, and who speaks in it."""
    file = f"<{GRAPH}>"
    yield file, iri("rdf:type"), iri("cllm:Passage")
    yield file, iri("dcterms:source"), _SOURCE
    yield file, iri("dcterms:license"), _LICENSE
    yield file, iri("dcterms:bibliographicCitation"), literal(_CITATION)
    yield file, iri("cllm:speaker"), _SPEAKER
    yield file, iri("cllm:asOf"), _date(snapshot)
    yield file, iri("cllm:stance"), iri("cllm:stated")
    for work in sorted(known.works):
        yield file, iri("cllm:yieldsTo"), f"<{work}>"
    yield _SPEAKER, iri("rdf:type"), iri("cllm:Organization")
    yield _SPEAKER, iri("rdfs:label"), literal("Epoch AI", language="en")
    yield _SPEAKER, iri("dcterms:source"), _SOURCE


def _passage(name: str, row: str, stance: str, snapshot: Snapshot) -> Iterator[Triple]:
    """What is said of the passage of a row."""
    passage = f"<{GRAPH}/{name}>"
    yield passage, iri("rdf:type"), iri("cllm:Passage")
    yield passage, iri("dcterms:source"), _SOURCE
    yield passage, iri("cllm:fromRow"), f"<{row}>"
    yield passage, iri("cllm:speaker"), _SPEAKER
    yield passage, iri("cllm:asOf"), _date(snapshot)
    yield passage, iri("cllm:stance"), iri(stance)


def _date(snapshot: Snapshot) -> Term:
    return literal(snapshot.day, f"{PREFIXES['xsd']}date")

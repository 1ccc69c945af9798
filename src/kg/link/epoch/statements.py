"""What one row says, as statements about the row, or about what it is bound to.

A row states what its makers printed; its training compute is an estimate of Epoch AI's, and so in a
passage of its own. What a row says that the thing it is bound to cannot have stays with the row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.link.epoch.names import row_iri
from kg.link.epoch.numbers import COUNTED, MOST, digits, whole
from kg.link.epoch.provenance import works_of
from kg.link.epoch.table import day
from kg.link.epoch.works import works
from kg.link.names import folded, slug
from kg.link.registered import only
from kg.namespaces import IDS, PREFIXES
from kg.terms import Term, Triple, iri, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.link.epoch.table import Entry
    from kg.link.registered import Registered

_A: Final = iri("rdf:type")
_DATE: Final = f"{PREFIXES['xsd']}date"
_OTHER_NAME: Final = re.compile(r" / |\((?=[^()]*\)$)|\)$")
"""Between the names of one organization: "Academy / ABC", "Institute of Things (ABC)"."""


@dataclass
class Said:
    """What a row states and what it estimates, and what of it could not be taken, in words."""

    stated: list[Triple] = field(default_factory=list)
    estimated: list[Triple] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def statements(entry: Entry, name: str, thing: str | None, known: Registered) -> Said:
    """The statements of a row that has a name and is bound to a thing, or to none."""
    return _Reading(entry, name, thing, known).said()


class _Reading:
    """One row on its way to statements; figures come last, after what they are figures of."""

    def __init__(self, entry: Entry, name: str, thing: str | None, known: Registered) -> None:
        self._entry, self._name, self._known = entry, name, known
        self._row = f"<{row_iri(name)}>"
        self._thing = f"<{thing}>" if thing else None
        self._model = self._thing if thing and thing.startswith(f"{IDS}model/") else None
        self._result = Said()
        self._figures: list[Triple] = []

    def said(self) -> Said:
        """What the row says."""
        stated = self._result.stated
        stated += self._described()
        if self._model:
            stated += self._of_model(self._model)
        sized = self._thing or self._row
        stated += self._figure(sized, "parameters", "cllm:parameterCount", "Parameters")
        run = self._run(self._model) if self._model else None
        trained = run or self._row
        stated += self._figure(trained, "hours", "cllm:trainingHours", "Training time (hours)")
        stated += self._hardware(run)
        stated += self._figures
        self._figures = []
        estimated = self._result.estimated
        estimated += self._figure(
            trained, "compute", "cllm:trainingCompute", "Training compute (FLOP)"
        )
        estimated += self._figures
        return self._result

    def _described(self) -> Iterator[Triple]:
        """The row itself: what it is called, and by what it can be told."""
        entry, row = self._entry, self._row
        yield row, _A, iri("cllm:Row")
        yield row, iri("rdfs:label"), literal(entry.name, language="en")
        if self._thing:
            yield row, iri("cllm:boundTo"), self._thing
        if day(entry["date"]):
            yield row, iri("dcterms:issued"), literal(entry["date"], _DATE)
        elif entry["date"]:
            self._complain("Publication date", f"{entry['date']!r} is not a day")
        named: list[str | None] = []
        for name in entry.names("organizations"):
            yield row, iri("cllm:developerAsPrinted"), literal(name)
            named.append(self._organization(name))
        for name in entry.names("hardware"):
            yield row, iri("cllm:hardwareAsPrinted"), literal(name)
            named.append(only(self._known.hardware.get(name, ())))
        for thing in named:
            if thing:
                yield row, iri("cllm:mentions"), f"<{thing}>"
        if entry["confidence"]:
            yield row, iri("cllm:confidenceAsPrinted"), literal(entry["confidence"])
        for work in works(entry["link"]):
            yield row, iri("fabio:hasURL"), literal(work.address)
            if work.arxiv:
                yield row, iri("fabio:hasArXivId"), literal(work.arxiv)
            if work.doi:
                yield row, iri("dcterms:identifier"), literal(f"doi:{work.doi}")

    def _of_model(self, model: Term) -> Iterator[Triple]:
        """What the row says of its model, but for figures and training."""
        if day(self._entry["date"]):
            yield model, iri("cllm:released"), literal(self._entry["date"], _DATE)
        for name in self._entry.names("organizations"):
            if organization := self._organization(name):
                yield model, iri("cllm:hasDeveloper"), f"<{organization}>"

    def _organization(self, name: str) -> str | None:
        """The one organization of ours that has this name, or one of the names in it."""
        names = {name, *_OTHER_NAME.split(name)}
        found = (self._known.organizations.get(folded(one), ()) for one in names)
        return only(thing for things in found for thing in things)

    def _run(self, model: Term) -> Term | None:
        """The training run of a model, a new one where it has none; None where it has several."""
        runs = self._known.runs.get(model[1:-1], frozenset())
        if len(runs) > 1:
            reason = "its model has several training runs; what is said of training stays with it."
            self._result.complaints.append(reason)
            return None
        run = f"<{only(runs) or model[1:-1].replace('/model/', '/run/')}>"
        self._result.stated.append((model, iri("cllm:hasTrainingRun"), run))
        if not runs:
            label = literal(f"Training of {self._entry.name}", language="en")
            self._result.stated += [
                (run, _A, iri("cllm:TrainingRun")),
                (run, iri("rdfs:label"), label),
            ]
        return run

    def _hardware(self, run: Term | None) -> Iterator[Triple]:
        """The hardware of a run, in the uses that it has where they are of the same hardware.

        A use of what a row names a version of is the same use: it is not stated of another version,
        of which it would have two, and its processors are not counted twice. Their number belongs
        to a use if the row names one kind only, else to the row.
        """
        names = self._entry.names("hardware")
        counted = run is not None and len(names) == 1
        for name in names if run else ():
            hardware = only(self._known.hardware.get(name, ()))
            use = self._use(run, hardware) or iri(f"use:epoch-{self._name}-{slug(name)}")
            yield run or "", iri("cllm:hasHardwareUse"), use
            yield use, _A, iri("cllm:HardwareUse")
            if hardware is None:
                yield use, iri("cllm:describedAs"), literal(name)
            elif hardware in self._known.facilities:
                yield use, iri("cllm:facility"), f"<{hardware}>"
            elif hardware in (self._accelerators(use) or {hardware}):
                yield use, iri("cllm:accelerator"), f"<{hardware}>"
            if counted:
                yield from self._count(use)
        if not counted:
            yield from self._count(self._row)

    def _count(self, subject: Term) -> list[Triple]:
        return self._figure(subject, "count", "cllm:acceleratorCount", "Hardware quantity")

    def _use(self, run: Term | None, hardware: str | None) -> Term | None:
        """The one use of a run that is of this hardware, or of what it is a version of."""
        if run is None or hardware is None:
            return None
        wanted = {hardware, *self._known.wholes.get(hardware, ())}
        uses = self._known.uses.get(run[1:-1], ())
        found = only(use for use in uses if wanted & self._accelerators(f"<{use}>"))
        return f"<{found}>" if found else None

    def _accelerators(self, use: Term) -> frozenset[str]:
        return self._known.accelerators.get(use[1:-1], frozenset())

    def _figure(self, subject: Term, part: str, quantity: str, column: str) -> list[Triple]:
        """That a thing has the figure of a cell; nothing where there is none, or no number."""
        cell, note = self._entry[part], self._entry[f"{part} notes"]
        if not cell:
            return []
        try:
            if part == "count":
                meant = whole(cell)
            else:
                meant = digits(cell, COUNTED if part == "parameters" else MOST)
        except ValueError as error:
            self._complain(column, str(error))
            return []
        figure = iri(f"figure:epoch-{self._name}-{part}")
        unit = {"compute": "cllm:flop", "hours": "cllm:hour"}.get(part, "cllm:one")
        self._figures += [
            (figure, _A, iri("cllm:Figure")),
            (figure, iri("cllm:quantity"), iri(quantity)),
            (figure, iri("cllm:asPrinted"), literal(cell)),
            *([(figure, iri("cllm:inDigits"), literal(meant))] if meant != cell else []),
            (figure, iri("cllm:unit"), iri(unit)),
            *([(figure, iri("dcterms:description"), literal(note, language="en"))] if note else []),
            *(
                (figure, iri("prov:wasDerivedFrom"), work)
                for work in works_of(note, self._known.references)
            ),
        ]
        return [(subject, iri("cllm:hasFigure"), figure)]

    def _complain(self, column: str, reason: str) -> None:
        self._result.complaints.append(f"{column}: {reason}; left out.")

"""Where in the files something is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdflib import RDF

from kg.graph.ntriples import as_term

if TYPE_CHECKING:
    from rdflib.term import Node

    from kg.columns import Term
    from kg.sources import Source


def place_of(
    sources: list[Source], subject: Node | None, predicate: Node | None
) -> tuple[str, int]:
    """File and line where a statement about ``subject`` stands; ("", 0) if nowhere.

    A file that gives the predicate wins over one that gives the subject's kind, and that over one
    that only has the subject.
    """
    for wanted in (str(predicate or ""), str(RDF.type), ""):
        for source in sources:
            if line := source.places.get((str(subject), wanted)):
                return source.shown, line
    return "", 0


def places_of(
    sources: list[Source], subject: Node, predicate: Node | None, value: Term | None
) -> list[tuple[str, int]]:
    """File and line of every file that holds a triple at fault.

    Where the value is not known, of every file that states the property of the subject; where no
    file does, the one place that ``place_of`` gives.
    """
    found = [
        (source.shown, line)
        for source in sources
        if (line := source.places.get((str(subject), str(predicate))))
        and (
            value is None
            or any(
                as_term(stated) == value
                for graph in source.graphs.values()
                for stated in graph.objects(subject, predicate)
            )
        )
    ]
    return found or [place_of(sources, subject, predicate)]

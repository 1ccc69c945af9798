"""The same judgement by pySHACL (https://pypi.org/project/pyshacl/): for what is not compiled.

Also the cross-check of ``--engine pyshacl``. It works on rdflib graphs, a node at a time.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import pyshacl
import rdflib
from pyshacl.errors import ShapeRecursionWarning
from rdflib import RDF, RDFS, SH

from kg.errors import BadInput
from kg.tables import as_graph, as_node, as_term
from kg.validate.results import Result

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kg.terms import Term, Triple

_TARGETS: Final = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)


def judge(
    data: Iterable[Triple], shapes: Iterable[Triple], only: Collection[Term] | None = None
) -> list[Result]:
    """The results of a shapes graph, or of some of its shapes, for a graph of data.

    Raises ``BadInput`` if pySHACL cannot make sense of the shapes.
    """
    graph = as_graph(shapes)
    if only is not None:
        _aim(graph, {as_node(shape) for shape in only})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ShapeRecursionWarning)
            _, report, _ = pyshacl.validate(
                as_graph(data), shacl_graph=graph, advanced=True, meta_shacl=False
            )
    except ShapeRecursionWarning:
        said = "a shape refers to itself more levels deep than pySHACL follows"
        raise BadInput(f"The shapes cannot be used: {said}.") from None
    except Exception as error:  # pySHACL raises many kinds for malformed shapes
        said = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(f"The shapes cannot be used: {said}.") from None
    if not isinstance(report, rdflib.Graph):
        said = " ".join(str(report).split())
        raise BadInput(f"The shapes cannot be used: {said}.")
    top = report.value(None, RDF.type, SH.ValidationReport)
    return [_result(report, node) for node in report.objects(top, SH.result)]


def _aim(shapes: rdflib.Graph, only: set[rdflib.term.Node]) -> None:
    """Take away the targets of all shapes but some."""
    for predicate in _TARGETS:
        for shape in set(shapes.subjects(predicate, None)) - only:
            shapes.remove((shape, predicate, None))
    for kind in (RDFS.Class, rdflib.OWL.Class):
        for shape in set(shapes.subjects(RDF.type, kind)) - only:
            shapes.remove((shape, RDF.type, kind))


def _result(report: rdflib.Graph, node: rdflib.term.Node) -> Result:
    def one(predicate: rdflib.URIRef) -> Term | None:
        value = report.value(node, predicate)
        return None if value is None else as_term(value)

    return Result(
        one(SH.focusNode) or "",
        one(SH.resultPath),
        one(SH.value),
        one(SH.sourceConstraintComponent) or "",
        one(SH.sourceShape) or "",
        one(SH.resultSeverity) or "",
        tuple(sorted(as_term(message) for message in report.objects(node, SH.resultMessage))),
        one(SH.sourceConstraint),
    )

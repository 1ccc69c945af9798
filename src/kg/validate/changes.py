"""Which nodes a shape may judge otherwise once a graph has changed.

A node may when a triple that its shape reads is there now or is gone: one on a path, one of a value
node that a nested shape looks at, or one that makes it a focus node. What is found is never too
little; it is every focus node where a path of any length, the hierarchy of classes, or what a query
asks for has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from kg.columns import HALF, MASK, distinct, joint, without
from kg.terms import iri
from kg.validate.columns import Judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kg.columns import Relations
    from kg.terms import Term
    from kg.validate.columns import Asked, Data
    from kg.validate.shapes import Constraint, Path, Shape

    Column = NDArray[np.int64]
    Nodes = Column | None
    """Sorted nodes; None for every one."""

_NOTHING: Final = np.empty(0, np.int64)
_TYPE: Final = iri("rdf:type")
_SUBCLASS: Final = iri("rdfs:subClassOf")
_OF_OTHERS: Final = ("equals", "disjoint", "lessThan", "lessThanOrEquals")


class Changes:
    """What is different between a graph before and now, both numbered by the same terms."""

    def __init__(self, before: Data, now: Data, asked: Asked) -> None:
        self._now = now
        self._changed: Relations = joint(
            without(now.relations, before.relations), without(before.relations, now.relations)
        )
        self._asked = asked
        self._judges = Judge(before, asked), Judge(now, asked)

    def touched(self, shape: Shape) -> Nodes:
        """The focus nodes of which a shape may find something else than before."""
        if shape.deactivated:
            return _NOTHING
        return _union((self._aimed_at(shape), self._judged_otherwise(shape)))

    def _subjects(self, predicate: Term) -> Column:
        """The subjects of the changed triples of a predicate."""
        return distinct(self._pairs(predicate) >> HALF)

    def _objects(self, predicate: Term) -> Column:
        return distinct(self._pairs(predicate) & MASK)

    def _pairs(self, predicate: Term) -> Column:
        relation = self._changed.get(self._now.terms.number(predicate))
        return _NOTHING if relation is None else relation.pairs

    def _aimed_at(self, shape: Shape) -> Nodes:
        """The nodes that may have become focus nodes."""
        found: list[Nodes] = []
        for kind, term in shape.targets:
            if kind == "targetClass":
                found.append(self._of_other_class())
            elif kind == "targetSubjectsOf":
                found.append(self._subjects(term))
            elif kind == "targetObjectsOf":
                found.append(self._objects(term))
        return _union(found)

    def _of_other_class(self) -> Nodes:
        """The nodes that may be members of other classes than before."""
        return None if len(self._pairs(_SUBCLASS)) else self._subjects(_TYPE)

    def _judged_otherwise(self, shape: Shape) -> Nodes:
        """The nodes that a shape may judge otherwise, were they focus nodes."""
        if shape.deactivated:
            return _NOTHING
        of_values = _union(self._of_value(constraint) for constraint in shape.constraints)
        of_focus = _union(self._of_focus(shape, constraint) for constraint in shape.constraints)
        if shape.path is None:
            return _union((of_values, of_focus))
        led = self._led_otherwise(shape.path)
        return _union((led, self._leading_to(shape.path, of_values), of_focus))

    def _of_value(self, constraint: Constraint) -> Nodes:
        """The value nodes that a constraint may judge otherwise."""
        if constraint.component == "class":
            return self._of_other_class()
        if constraint.component == "closed":
            return _union(distinct(r.pairs >> HALF) for r in self._changed.values())
        return _union(map(self._judged_otherwise, constraint.shapes))

    def _of_focus(self, shape: Shape, constraint: Constraint) -> Nodes:
        """The focus nodes that a constraint may judge otherwise, whatever their values."""
        if constraint.component in _OF_OTHERS:
            return self._subjects(constraint.terms[0])
        if constraint.component in ("sparql", "component"):
            read = self._asked.read(shape, constraint)
            names = self._now.terms.names
            changed = {names[predicate] for predicate in self._changed}
            if changed and (read is None or read & changed):
                return None
        return _NOTHING

    def _led_otherwise(self, path: Path) -> Nodes:
        """The nodes from which a path may lead elsewhere than before."""
        if path.kind == "predicate":
            return self._subjects(path.predicate)
        if path.kind == "inverse":
            return self._objects(path.steps[0].predicate)
        if path.kind == "sequence":
            first, *rest = path.steps
            found = [self._led_otherwise(first)]
            for number, step in enumerate(rest, 1):
                nodes = self._led_otherwise(step)
                for before in reversed(path.steps[:number]):
                    nodes = self._leading_to(before, nodes)
                found.append(nodes)
            return _union(found)
        led = _union(map(self._led_otherwise, path.steps))
        if path.kind in ("zero+", "one+"):
            return _NOTHING if led is not None and not len(led) else None
        return led

    def _leading_to(self, path: Path, nodes: Nodes) -> Nodes:
        """The nodes from which a path leads, or led, to one of some nodes."""
        if nodes is None:
            return None
        back = path.inverted()
        return _union(distinct(judge.follow(back, nodes)[1]) for judge in self._judges)


def _union(parts: Iterable[Nodes]) -> Nodes:
    found = [_NOTHING]
    for part in parts:
        if part is None:
            return None
        found.append(part)
    return distinct(np.concatenate(found))

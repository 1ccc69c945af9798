"""Shapes judged over sorted columns of integers: a constraint at a time, for all nodes at once.

https://www.w3.org/TR/shacl/#core-components . What depends on one term alone, such as a datatype or
a pattern, is looked at once for each term, in the form in which the files have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from kg.columns import (
    HALF,
    MASK,
    Groups,
    Relations,
    Terms,
    among,
    decoded,
    distinct,
    encoded,
    grouped,
    looked_up,
    order,
)
from kg.terms import Term, Triple, iri, is_literal, parts
from kg.validate.results import Result
from kg.validate.shapes import text_of
from kg.validate.terms import TESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from kg.validate.shapes import Constraint, Path, Shape

    Column = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Pairs = tuple[Column, Column]
    Answer = tuple[Term | None, Term | None, tuple[Term, ...]]

_TYPE: Final = iri("rdf:type")
_SUBCLASS: Final = iri("rdfs:subClassOf")
_NONE: Final = -1
"""Stands in a column of values where there is none."""


@dataclass(frozen=True)
class Block:
    """The results of one constraint: for each the node that was asked about, focus and value.

    ``places`` are places among the nodes that were asked about, which a nested shape's focus nodes
    are not.
    """

    places: Column
    focus: Column
    values: Column
    component: str
    shape: Shape
    path: Term | None = None
    messages: tuple[Term, ...] | None = None
    constraint: Term | None = None


class Asked(Protocol):
    """What judges constraints that are written in SPARQL."""

    def constraint(self, shape: Shape, constraint: Constraint, focus: Term) -> Iterable[Answer]:
        """The value, path and messages of each result for a focus node."""

    def component(
        self, shape: Shape, constraint: Constraint, focus: Term, values: Sequence[Term]
    ) -> Iterable[Answer]:
        """The same by a component of the shapes graph, which may look at each value node."""

    def read(self, shape: Shape, constraint: Constraint) -> frozenset[Term] | None:
        """Names among which are the predicates that it asks for; None if it may ask for any."""


class Data:
    """A graph to validate, and what has been worked out of its terms."""

    def __init__(self, triples: Iterable[Triple] | Groups = ()) -> None:
        self.terms = Terms()
        groups = triples if isinstance(triples, dict) else grouped(triples)
        self.relations: Relations = encoded(groups, self.terms)
        self._members: dict[int, Column] = {}
        self._tested: dict[str, dict[int, bool]] = {}
        self._orders: dict[tuple[int, int], int | None] = {}

    @classmethod
    def of(cls, relations: Relations, terms: Terms) -> Data:
        """The graph of some relations, numbered by a dictionary that may have other terms too."""
        data = cls()
        data.terms, data.relations = terms, relations
        return data

    def of_predicates(self, predicates: Iterable[Term]) -> Data:
        """The part of the graph with some predicates."""
        numbers = {self.terms.find(predicate) for predicate in predicates}
        chosen = {p: relation for p, relation in self.relations.items() if p in numbers}
        return Data.of(chosen, self.terms)

    def triples(self) -> Iterator[Triple]:
        """The triples of the graph."""
        return decoded(self.relations, self.terms)

    def nodes(self) -> Column:
        """The numbers of the subjects and objects, sorted."""
        found = [np.empty(0, np.int64)]
        for relation in self.relations.values():
            found += (distinct(relation.pairs >> HALF), distinct(relation.pairs & MASK))
        return distinct(np.concatenate(found))

    def relation(self, predicate: Term) -> Column:
        """The sorted pairs of a predicate."""
        found = self.relations.get(self.terms.number(predicate))
        return np.empty(0, np.int64) if found is None else found.pairs

    def inverse(self, predicate: Term) -> Column:
        """The sorted pairs of a predicate, the other way round."""
        found = self.relations.get(self.terms.number(predicate))
        return np.empty(0, np.int64) if found is None else found.inverse

    def members(self, kind: Term) -> Column:
        """The instances of a class, of its subclasses included; sorted."""
        number = self.terms.number(kind)
        if number not in self._members:
            kinds = _closure(np.array([number], np.int64), self.inverse(_SUBCLASS))
            found = looked_up(kinds, self.inverse(_TYPE))[1]
            self._members[number] = distinct(found)
        return self._members[number]

    def passing(self, test: str, passes: Callable[[Term], bool], nodes: Column) -> Mask:
        """Which nodes pass a test of the term alone; each term is tested once under a name."""
        known = self._tested.setdefault(test, {})
        met, back = np.unique(nodes, return_inverse=True)
        names = self.terms.names
        for node in met.tolist():
            if node not in known:
                known[node] = passes(names[node])
        passed: Mask = np.array([known[node] for node in met.tolist()], np.bool_)[back]
        return passed

    def order(self, one: int, other: int) -> int | None:
        """How the values of two literals compare, None where they do not."""
        key = (one, other)
        if key not in self._orders:
            names = self.terms.names
            first, second = names[one], names[other]
            comparable = is_literal(first) and is_literal(second)
            self._orders[key] = order(first, second) if comparable else None
        return self._orders[key]


def _closure(start: Column, pairs: Column) -> Column:
    """What is reached from some nodes along pairs, the nodes included; sorted."""
    reached = distinct(start)
    frontier = reached
    while len(frontier):
        found = distinct(looked_up(frontier, pairs)[1])
        frontier = found[~among(found, reached)]
        reached = np.union1d(reached, frontier)
    return reached


def judge(
    data: Data, shape: Shape, asked: Asked, touched: Column | None = None
) -> Iterator[tuple[Term, Result]]:
    """The results of a shape, each with its target; with ``touched`` only for targets among it."""
    nodes = targets(data, shape)
    if touched is not None:
        nodes = nodes[among(nodes, touched)]
    names = data.terms.names
    for block in Judge(data, asked).blocks(shape, nodes):
        owners = nodes[block.places].tolist()
        for owner, result in zip(owners, rows(data, [block]), strict=True):
            yield names[owner], result


def targets(data: Data, shape: Shape) -> Column:
    """The focus nodes of a shape, sorted (https://www.w3.org/TR/shacl/#targets)."""
    found = [np.empty(0, np.int64)]
    for kind, term in shape.targets:
        if kind == "targetNode":
            found.append(np.array([data.terms.number(term)], np.int64))
        elif kind == "targetClass":
            found.append(data.members(term))
        elif kind == "targetSubjectsOf":
            found.append(data.relation(term) >> HALF)
        else:
            found.append(data.relation(term) & MASK)
    return distinct(np.concatenate(found))


def rows(data: Data, blocks: Iterable[Block]) -> Iterator[Result]:
    """The results of some blocks, one by one."""
    for block in blocks:
        names = data.terms.names
        shape = block.shape
        path = shape.path_node if block.path is None else block.path
        for focus, value in zip(block.focus.tolist(), block.values.tolist(), strict=True):
            yield Result(
                names[focus],
                path,
                None if value == _NONE else names[value],
                block.component
                if block.component[0] == "<"
                else iri(f"sh:{block.component}ConstraintComponent"),
                shape.node,
                shape.severity,
                shape.messages if block.messages is None else block.messages,
                block.constraint,
            )


class Judge:
    """Judges nodes by shapes."""

    def __init__(self, data: Data, asked: Asked) -> None:
        self._data = data
        self._asked = asked

    def blocks(self, shape: Shape, nodes: Column) -> Iterator[Block]:
        """The results of a shape for some nodes, which are sorted and each there once."""
        if shape.deactivated or not len(nodes):
            return
        if shape.path is None:
            pairs = np.arange(len(nodes)), nodes
        else:
            pairs = self.follow(shape.path, nodes)
        for constraint in shape.constraints:
            yield from _JUDGES[constraint.component](self, shape, constraint, nodes, pairs)

    def conforming(self, shape: Shape, nodes: Column) -> Mask:
        """Which nodes conform to a shape: those without any result, of any severity."""
        conforms = np.ones(len(nodes), np.bool_)
        for block in self.blocks(shape, nodes):
            conforms[block.places] = False
        return conforms

    def follow(self, path: Path, nodes: Column) -> Pairs:
        """The value nodes of a path: for each the place of the node it starts from, and itself."""
        data = self._data
        if path.kind == "predicate":
            return looked_up(nodes, data.relation(path.predicate))
        if path.kind == "inverse":
            return looked_up(nodes, data.inverse(path.steps[0].predicate))
        if path.kind == "sequence":
            places, found = np.arange(len(nodes)), nodes
            for step in path.steps:
                places, found = _unique(*self._onward(step, places, found))
            return places, found
        if path.kind == "alternative":
            ways = [self.follow(step, nodes) for step in path.steps]
            return _unique(*(np.concatenate(column) for column in zip(*ways, strict=True)))
        (step,) = path.steps
        places, found = np.arange(len(nodes)), nodes
        if path.kind == "zero-or-one":
            once = self.follow(step, nodes)
            return _unique(np.concatenate((places, once[0])), np.concatenate((found, once[1])))
        return self._again_and_again(step, places, found, including=path.kind == "zero+")

    def _onward(self, step: Path, places: Column, nodes: Column) -> Pairs:
        """One step further from some value nodes."""
        met, back = np.unique(nodes, return_inverse=True)
        starts, found = self.follow(step, met)
        keys = np.sort(starts << HALF | np.arange(len(starts)))
        origins, hits = looked_up(back.astype(np.int64), keys)
        return places[origins], found[hits]

    def _again_and_again(
        self, step: Path, places: Column, nodes: Column, *, including: bool
    ) -> Pairs:
        """The step taken any number of times, from none or from one.

        What is reached is kept in runs, each less than half as long as the one before, so that a
        long chain does not merge everything at every step.
        """
        if not including:
            places, nodes = _unique(*self._onward(step, places, nodes))
        frontier, runs = distinct(places << HALF | nodes), []
        while len(frontier):
            runs.append(frontier)
            while len(runs) > 1 and len(runs[-2]) <= 2 * len(runs[-1]):
                runs[-2:] = [np.sort(np.concatenate(runs[-2:]), kind="stable")]
            onward = self._onward(step, frontier >> HALF, frontier & MASK)
            frontier = distinct(onward[0] << HALF | onward[1])
            for run in runs:
                frontier = frontier[~among(frontier, run)]
        reached = np.sort(np.concatenate(runs)) if runs else frontier
        return reached >> HALF, reached & MASK

    # one method for each kind of constraint: shape, constraint, focus nodes, value nodes

    def _of_values(
        self, shape: Shape, component: str, nodes: Column, pairs: Pairs, bad: Mask
    ) -> Iterator[Block]:
        """The results for the value nodes that are bad."""
        if bad.any():
            places, values = pairs[0][bad], pairs[1][bad]
            yield Block(places, nodes[places], values, component, shape)

    def _of_nodes(self, shape: Shape, component: str, nodes: Column, bad: Mask) -> Iterator[Block]:
        """The results without a value for the focus nodes that are bad."""
        if bad.any():
            places = np.flatnonzero(bad)
            none = np.full(len(places), _NONE, np.int64)
            yield Block(places, nodes[places], none, component, shape)

    def _tested(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        """Datatypes, kinds of node, texts: what a term shows by itself."""
        name = constraint.component
        test = f"{name} {constraint.terms} {constraint.more}"
        bad = ~self._data.passing(test, TESTS[name](constraint), pairs[1])
        yield from self._of_values(shape, _component(name), nodes, pairs, bad)

    def _class(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        bad = ~among(pairs[1], self._data.members(constraint.terms[0]))
        yield from self._of_values(shape, "Class", nodes, pairs, bad)

    def _count(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        counts = np.bincount(pairs[0], minlength=len(nodes))
        number = int(text_of(constraint.terms[0]))
        bad = counts < number if constraint.component == "minCount" else counts > number
        yield from self._of_nodes(shape, _component(constraint.component), nodes, bad)

    def _has_value(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        wanted = self._data.terms.number(constraint.terms[0])
        having = pairs[0][pairs[1] == wanted]
        bad = np.ones(len(nodes), np.bool_)
        bad[having] = False
        yield from self._of_nodes(shape, "HasValue", nodes, bad)

    def _unique_lang(
        self, shape: Shape, _: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        names = self._data.terms.names
        counts: dict[tuple[int, str], int] = {}
        for place, value in zip(pairs[0].tolist(), pairs[1].tolist(), strict=True):
            term = names[value]
            if is_literal(term) and (language := parts(term)[2].lower()):
                counts[place, language] = counts.get((place, language), 0) + 1
        twice = sorted(place for (place, _), count in counts.items() if count > 1)
        places = np.array(twice, np.int64)
        if len(places):
            none = np.full(len(places), _NONE, np.int64)
            yield Block(places, nodes[places], none, "UniqueLang", shape)

    def _compared(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        """sh:equals and sh:disjoint: the value nodes against the values of a property."""
        others = looked_up(nodes, self._data.relation(constraint.terms[0]))
        mine = distinct(pairs[0] << HALF | pairs[1])
        theirs = distinct(others[0] << HALF | others[1])
        if constraint.component == "disjoint":
            bad = mine[among(mine, theirs)]
        else:
            bad = np.union1d(mine[~among(mine, theirs)], theirs[~among(theirs, mine)])
        if len(bad):
            places = bad >> HALF
            component = _component(constraint.component)
            yield Block(places, nodes[places], bad & MASK, component, shape)

    def _less(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        """sh:lessThan and sh:lessThanOrEquals: a result for each pair that is not in order."""
        others = looked_up(nodes, self._data.relation(constraint.terms[0]))
        keys = np.sort(others[0] << HALF | others[1])
        hits, theirs = looked_up(pairs[0], keys)
        allowed = (-1,) if constraint.component == "lessThan" else (-1, 0)
        ordered = [
            self._data.order(one, other) in allowed
            for one, other in zip(pairs[1][hits].tolist(), theirs.tolist(), strict=True)
        ]
        bad = ~np.array(ordered, np.bool_)
        met = pairs[0][hits], pairs[1][hits]
        yield from self._of_values(shape, _component(constraint.component), nodes, met, bad)

    def _closed(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        allowed = {self._data.terms.number(term) for term in constraint.terms}
        met, back = np.unique(pairs[1], return_inverse=True)
        by_value = np.sort(back.astype(np.int64) << HALF | np.arange(len(back)))
        for predicate, relation in sorted(self._data.relations.items()):
            if predicate in allowed:
                continue
            starts, found = looked_up(met, relation.pairs)
            origins, hits = looked_up(starts, by_value)
            if len(hits):
                places = pairs[0][hits]
                path = self._data.terms.names[predicate]
                yield Block(places, nodes[places], found[origins], "Closed", shape, path)

    def _of_shapes(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        """Not, and, or, xone, node: whether value nodes conform to shapes."""
        name = constraint.component
        met, back = np.unique(pairs[1], return_inverse=True)
        if name == "xone":
            conforming = [self.conforming(other, met) for other in constraint.shapes]
            passed = np.sum(conforming, axis=0, dtype=np.int64) == 1
        else:
            passed = self._any_or_all(constraint.shapes, met, any_=name in ("or", "not"))
            passed = ~passed if name == "not" else passed
        component = {"node": "Node", "not": "Not"}.get(name, name.capitalize())
        yield from self._of_values(shape, component, nodes, pairs, ~passed[back])

    def _any_or_all(self, shapes: Sequence[Shape], nodes: Column, *, any_: bool) -> Mask:
        """Which nodes conform to some shape, or to all: the next is asked of what is left open."""
        open_ = np.arange(len(nodes))
        passed = np.full(len(nodes), not any_, np.bool_)
        for shape in shapes:
            conforms = self.conforming(shape, nodes[open_])
            decided = conforms if any_ else ~conforms
            passed[open_[decided]] = any_
            open_ = open_[~decided]
        return passed

    def _property(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        """The results of a property shape for each value node."""
        (inner,) = constraint.shapes
        if shape.path is None:
            yield from self.blocks(inner, nodes)
            return
        met, back = np.unique(pairs[1], return_inverse=True)
        by_value = np.sort(back.astype(np.int64) << HALF | np.arange(len(back)))
        for block in self.blocks(inner, met):
            origins, hits = looked_up(block.places, by_value)
            yield Block(
                pairs[0][hits],
                block.focus[origins],
                block.values[origins],
                block.component,
                block.shape,
                block.path,
                block.messages,
                block.constraint,
            )

    def _qualified(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        wanted, *siblings = constraint.shapes
        met, back = np.unique(pairs[1], return_inverse=True)
        conforms = self.conforming(wanted, met)
        for sibling in siblings:
            conforms &= ~self.conforming(sibling, met)
        counts = np.bincount(pairs[0][conforms[back]], minlength=len(nodes))
        number = int(text_of(constraint.terms[0]))
        least = constraint.component == "qualifiedMinCount"
        bad = counts < number if least else counts > number
        component = "QualifiedMinCount" if least else "QualifiedMaxCount"
        yield from self._of_nodes(shape, component, nodes, bad)

    def _sparql(
        self, shape: Shape, constraint: Constraint, nodes: Column, pairs: Pairs
    ) -> Iterator[Block]:
        """Constraints and components in SPARQL, a focus node at a time."""
        number, names = self._data.terms.number, self._data.terms.names
        own = constraint.component == "sparql"
        ends = np.searchsorted(pairs[0], np.arange(len(nodes) + 1))
        for place, focus in enumerate(nodes.tolist()):
            if own:
                answers = self._asked.constraint(shape, constraint, names[focus])
            else:
                found = pairs[1][ends[place] : ends[place + 1]]
                values = [names[value] for value in found.tolist()]
                answers = self._asked.component(shape, constraint, names[focus], values)
            for value, path, messages in answers:
                if value is None and shape.path is None:
                    value = names[focus]
                yield Block(
                    np.array([place], np.int64),
                    np.array([focus], np.int64),
                    np.array([_NONE if value is None else number(value)], np.int64),
                    "SPARQL" if own else constraint.terms[0],
                    shape,
                    path,
                    (*shape.messages, *messages) if own else shape.messages or messages,
                    constraint.terms[0] if own else None,
                )


def _unique(places: Column, values: Column) -> Pairs:
    keys = distinct(places << HALF | values)
    return keys >> HALF, keys & MASK


def _component(parameter: str) -> str:
    """The component of a parameter that has its name, as in MinCount of minCount."""
    return parameter[0].upper() + parameter[1:]


_JUDGES: Final[dict[str, Callable[..., Iterator[Block]]]] = {
    **dict.fromkeys(TESTS, Judge._tested),
    "class": Judge._class,
    "minCount": Judge._count,
    "maxCount": Judge._count,
    "hasValue": Judge._has_value,
    "uniqueLang": Judge._unique_lang,
    "equals": Judge._compared,
    "disjoint": Judge._compared,
    "lessThan": Judge._less,
    "lessThanOrEquals": Judge._less,
    "closed": Judge._closed,
    **dict.fromkeys(("not", "and", "or", "xone", "node"), Judge._of_shapes),
    "property": Judge._property,
    "qualifiedMinCount": Judge._qualified,
    "qualifiedMaxCount": Judge._qualified,
    "sparql": Judge._sparql,
    "component": Judge._sparql,
}

"""Shapes as they are read from a graph: targets, paths, constraints.

https://www.w3.org/TR/shacl/ . A shape that uses what is not read here, or refers to itself, is left
to pySHACL; ``Shapes.left`` says which and why.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from kg.columns import Index
from kg.errors import BadInput
from kg.namespaces import PREFIXES
from kg.terms import Term, Triple, iri, parts
from kg.validate import wellformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SH: Final = f"<{PREFIXES['sh']}"
VIOLATION: Final = iri("sh:Violation")
_TYPE: Final = iri("rdf:type")
_SUBCLASS: Final = iri("rdfs:subClassOf")

PathKind = Literal[
    "predicate", "inverse", "sequence", "alternative", "zero+", "one+", "zero-or-one"
]


@dataclass(frozen=True)
class Path:
    """A property path: a predicate, or a way to combine paths."""

    kind: PathKind
    predicate: Term = ""
    steps: tuple[Path, ...] = ()

    def inverted(self) -> Path:
        """The path that leads back."""
        if self.kind == "predicate":
            return Path("inverse", steps=(self,))
        if self.kind == "inverse":
            return self.steps[0]
        steps = tuple(step.inverted() for step in self.steps)
        return Path(self.kind, steps=steps[::-1] if self.kind == "sequence" else steps)


@dataclass(frozen=True)
class Constraint:
    """One constraint of a shape: the component that judges it, and its parameters.

    ``terms`` are the values of the parameter that names it, or the members of its list; ``more``
    those of the parameters beside it, by local name; ``shapes`` are the shapes that it refers to.
    """

    component: str
    terms: tuple[Term, ...] = ()
    more: tuple[tuple[str, Term], ...] = ()
    shapes: tuple[Shape, ...] = ()

    def parameter(self, name: str) -> Term | None:
        """The parameter of a name that stands beside the one that names the constraint."""
        return dict(self.more).get(name)


@dataclass(frozen=True)
class Shape:
    """A node shape, or with a path a property shape."""

    node: Term
    path: Path | None
    path_node: Term | None
    targets: tuple[tuple[str, Term], ...]
    constraints: tuple[Constraint, ...]
    messages: tuple[Term, ...]
    severity: Term
    deactivated: bool


@dataclass
class Shapes:
    """The shapes of a graph that have targets, and those that are left to pySHACL, with why."""

    graph: Index
    compiled: list[Shape] = field(default_factory=list)
    left: dict[Term, str] = field(default_factory=dict)


class _Left(Exception):
    """A shape cannot be compiled."""


_VALUE_TESTS: Final = (
    "class",
    "datatype",
    "nodeKind",
    "minExclusive",
    "minInclusive",
    "maxExclusive",
    "maxInclusive",
    "minLength",
    "maxLength",
    "equals",
    "disjoint",
    "lessThan",
    "lessThanOrEquals",
    "hasValue",
    "minCount",
    "maxCount",
)
_OF_LISTS: Final = ("in", "languageIn")
_OF_SHAPES: Final = ("not", "node", "property")
_OF_SHAPE_LISTS: Final = ("and", "or", "xone")
_BESIDE: Final = (
    "flags",
    "ignoredProperties",
    "qualifiedMinCount",
    "qualifiedMaxCount",
    "qualifiedValueShapesDisjoint",
)
_READ: Final = {
    f"{SH}{name}>"
    for name in (
        *_VALUE_TESTS,
        *_OF_LISTS,
        *_OF_SHAPES,
        *_OF_SHAPE_LISTS,
        *_BESIDE,
        *("pattern", "uniqueLang", "closed", "qualifiedValueShape", "sparql"),
        *("path", "message", "severity", "deactivated"),
        *("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf"),
        *("name", "description", "order", "group", "defaultValue"),
    )
}
_TRUE: Final = {f'"{text}"^^{iri("xsd:boolean")}' for text in ("true", "1")}
_EXTENSIONS: Final = {
    iri(f"sh:{name}"): f"sh:{name} is used" for name in ("rule", "target", "shapesGraphWellFormed")
}
_FUNCTIONS: Final = {
    iri(f"sh:{name}")
    for name in ("SPARQLFunction", "JSFunction", "SPARQLTargetType", "JSTargetType")
}


def read_shapes(triples: Iterable[Triple]) -> Shapes:
    """The shapes of a graph. What extends SHACL leaves all of them to pySHACL.

    Raises ``BadInput`` if a shape is ill-formed, or asks for what nothing here does.
    """
    index = Index(triples)
    for name in ("entailment", "js"):
        if index.candidates(("?", iri(f"sh:{name}"), "?")):
            raise BadInput(f"The shapes cannot be used: sh:{name} is not supported.")
    found = Shapes(index)
    nodes = sorted(_with_targets(index))
    if extended := _extended(index):
        found.left = dict.fromkeys(nodes, extended)
        return found
    reader = _Reader(index)
    for node in nodes:
        try:
            found.compiled.append(reader.shape(node))
        except _Left as why:
            found.left[node] = str(why)
    return found


def _extended(index: Index) -> str:
    """What in a graph changes how all shapes are judged, such as rules; empty if nothing does."""
    for predicate, why in _EXTENSIONS.items():
        if index.candidates(("?", predicate, "?")):
            return why
    for _, _, value in index.candidates(("?", _TYPE, "?")):
        if value in _FUNCTIONS:
            return "a function or type of target is declared"
    return ""


def _with_targets(index: Index) -> set[Term]:
    """The shapes that have a target, an implicit one included."""
    found = {
        subject
        for name in ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf")
        for subject, _, _ in index.candidates(("?", iri(f"sh:{name}"), "?"))
    }
    typed = {subject for subject, _, _ in index.candidates(("?", _TYPE, "?"))}
    return found | {node for node in typed if _is_own_target(node, index)}


def _is_own_target(node: Term, index: Index) -> bool:
    """Whether a node is a shape and a class, whose members are then its targets."""
    kinds = ("sh:NodeShape", "sh:PropertyShape")
    return _is_instance(node, iri("rdfs:Class"), index) and any(
        _is_instance(node, iri(kind), index) for kind in kinds
    )


def _is_instance(node: Term, wanted: Term, index: Index) -> bool:
    """Whether a node is of a class in the shapes graph, or of a class below it."""
    waiting = [kind for _, _, kind in index.candidates((node, _TYPE, "?"))]
    seen: set[Term] = set()
    while waiting:
        kind = waiting.pop()
        if kind == wanted:
            return True
        if kind not in seen:
            seen.add(kind)
            waiting += [wider for _, _, wider in index.candidates((kind, _SUBCLASS, "?"))]
    return False


class _Reader:
    """Reads shapes once each, and notices one within itself."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._read: dict[Term, Shape] = {}
        self._reading: set[Term] = set()
        self._components = dict(self._read_components())

    def shape(self, node: Term) -> Shape:
        if node in self._reading:
            raise _Left("a shape refers to itself")
        if node not in self._read:
            self._reading.add(node)
            try:
                self._read[node] = self._shape(node)
            finally:
                self._reading.discard(node)
        return self._read[node]

    def _shape(self, node: Term) -> Shape:
        wellformed.check(node, self._index)
        for _, predicate, _ in self._index.candidates((node, "?", "?")):
            if predicate.startswith(SH) and predicate not in _READ:
                raise _Left(f"{predicate[len(SH) : -1]} is not compiled")
        path_node = self._one(node, "path")
        return Shape(
            node,
            None if path_node is None else self._path(path_node),
            path_node,
            tuple(self._targets(node)),
            tuple(self._constraints(node)),
            tuple(sorted(self._values(node, "message"))),
            self._one(node, "severity") or VIOLATION,
            self._one(node, "deactivated") in _TRUE,
        )

    def _targets(self, node: Term) -> Iterator[tuple[str, Term]]:
        for name in ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf"):
            for value in self._values(node, name):
                yield name, value
        if _is_own_target(node, self._index):
            yield "targetClass", node

    def _constraints(self, node: Term) -> Iterator[Constraint]:
        for name in _VALUE_TESTS:
            for value in self._values(node, name):
                yield Constraint(name, (value,))
        for name in _OF_LISTS:
            for head in self._values(node, name):
                yield Constraint(name, self._members(head))
        for name in _OF_SHAPES:
            for other in self._values(node, name):
                yield Constraint(name, (other,), shapes=(self.shape(other),))
        for name in _OF_SHAPE_LISTS:
            for head in self._values(node, name):
                shapes = tuple(map(self.shape, self._members(head)))
                yield Constraint(name, (head,), shapes=shapes)
        for pattern in self._values(node, "pattern"):
            yield Constraint("pattern", (pattern,), self._beside(node, "flags"))
        for value in self._values(node, "uniqueLang"):
            if value in _TRUE:
                yield Constraint("uniqueLang", (value,))
        for value in self._values(node, "closed"):
            if value in _TRUE:
                yield Constraint("closed", tuple(sorted(self._allowed(node))))
        for other in self._values(node, "qualifiedValueShape"):
            yield from self._qualified(node, other)
        for constraint in self._values(node, "sparql"):
            yield Constraint("sparql", (constraint,))
        for component, parameters in self._components.items():
            yield from self._of_component(node, component, parameters)

    def _read_components(self) -> Iterator[tuple[Term, dict[Term, bool]]]:
        """The components of the shapes graph: their parameters, and whether each is needed."""
        for component, _, _ in sorted(
            self._index.candidates(("?", _TYPE, iri("sh:ConstraintComponent")))
        ):
            yield (
                component,
                {
                    path: self._one(parameter, "optional") not in _TRUE
                    for parameter in self._values(component, "parameter")
                    for path in self._values(parameter, "path")
                },
            )

    def _of_component(
        self, node: Term, component: Term, parameters: dict[Term, bool]
    ) -> Iterator[Constraint]:
        """A constraint for each way to give a component its parameters."""
        given = {
            path: [value for _, _, value in self._index.candidates((node, path, "?"))]
            for path in parameters
        }
        if any(needed and not given[path] for path, needed in parameters.items()):
            return
        if not any(given.values()):
            return
        own = "propertyValidator" if self._values(node, "path") else "nodeValidator"
        if not (self._values(component, own) or self._values(component, "validator")):
            return  # a component without a validator for a kind of shape is ignored
        names = [_name_of(path, component) for path in given]
        values = [sorted(found) or [""] for found in given.values()]
        for chosen in itertools.product(*values):
            bound = tuple((n, value) for n, value in zip(names, chosen, strict=True) if value)
            yield Constraint("component", (component,), bound)

    def _qualified(self, node: Term, other: Term) -> Iterator[Constraint]:
        siblings: tuple[Shape, ...] = ()
        if self._one(node, "qualifiedValueShapesDisjoint") in _TRUE:
            siblings = tuple(self.shape(s) for s in sorted(self._siblings(node)) if s != other)
        for name in ("qualifiedMinCount", "qualifiedMaxCount"):
            for number in self._values(node, name):
                yield Constraint(name, (number,), shapes=(self.shape(other), *siblings))

    def _siblings(self, node: Term) -> set[Term]:
        """The qualified shapes of the property shapes that share a parent with one."""
        return {
            value
            for parent, _, _ in self._index.candidates(("?", iri("sh:property"), node))
            for _, _, sister in self._index.candidates((parent, iri("sh:property"), "?"))
            for value in self._values(sister, "qualifiedValueShape")
        }

    def _allowed(self, node: Term) -> set[Term]:
        """The predicates that a closed shape lets pass."""
        paths = {
            path
            for shape in self._values(node, "property")
            for path in self._values(shape, "path")
            if path[0] == "<"
        }
        heads = self._values(node, "ignoredProperties")
        return paths | {member for head in heads for member in self._members(head)}

    def _path(self, node: Term, within: frozenset[Term] = frozenset()) -> Path:
        if node[0] == "<":
            return Path("predicate", node)
        said = self._index.candidates((node, "?", "?"))
        is_list = any(predicate == iri("rdf:first") for _, predicate, _ in said)
        if node in within or len(said) != (2 if is_list else 1):
            raise BadInput("A path of the shapes is ill-formed: it is of no one form.")
        within |= {node}
        if is_list:
            return Path("sequence", steps=self._several(node, within))
        _, predicate, inner = said[0]
        if predicate == iri("sh:alternativePath"):
            return Path("alternative", steps=self._several(inner, within))
        if predicate == iri("sh:inversePath"):
            return self._path(inner, within).inverted()
        kinds: dict[Term, PathKind] = {
            iri("sh:zeroOrMorePath"): "zero+",
            iri("sh:oneOrMorePath"): "one+",
            iri("sh:zeroOrOnePath"): "zero-or-one",
        }
        if predicate not in kinds:
            raise BadInput("A path of the shapes is ill-formed: it is of no one form.")
        return Path(kinds[predicate], steps=(self._path(inner, within),))

    def _several(self, head: Term, within: frozenset[Term]) -> tuple[Path, ...]:
        members = self._members(head)
        if len(members) < 2:
            raise BadInput("A path of the shapes is ill-formed: a list of paths has two or more.")
        return tuple(self._path(member, within) for member in members)

    def _members(self, head: Term) -> tuple[Term, ...]:
        members = next(iter(self._index.lists(head)), None)
        if members is None:
            raise BadInput("A list of the shapes is ill-formed: it is circular or has no end.")
        return members

    def _values(self, node: Term, name: str) -> list[Term]:
        found = self._index.candidates((node, f"{SH}{name}>", "?"))
        return sorted(value for _, _, value in found) if found else []

    def _one(self, node: Term, name: str) -> Term | None:
        values = self._values(node, name)
        if len(values) > 1:
            raise _Left(f"sh:{name} is given twice")
        return values[0] if values else None

    def _beside(self, node: Term, *names: str) -> tuple[tuple[str, Term], ...]:
        return tuple((name, value) for name in names for value in self._values(node, name))


def _name_of(path: Term, component: Term) -> str:
    """The variable of a parameter: the local name of its path."""
    found = re.search(r"[A-Za-z_]\w*$", path[1:-1])
    if found is None or found[0] in _TAKEN:
        raise BadInput(f"The parameter {path} of {component} gives no name of a variable.")
    return found[0]


_TAKEN: Final = frozenset({"this", "value", "path", "PATH", "shapesGraph", "currentShape"})


def text_of(literal: Term) -> str:
    """The text of a literal; empty of what is none."""
    return parts(literal)[0] if literal[:1] == '"' else ""

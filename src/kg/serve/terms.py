"""The ontology as its graph has it: modules, their terms, and what is said of each, to be told.

Texts stay in the languages that they have; which one a page shows is decided there. Axioms of OWL 2
(https://www.w3.org/TR/owl2-mapping-to-rdf/) are trees of names and forms, for a page to write out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.namespaces import BASE, GRAPHS, ONTOLOGY, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kg.documents import Cell
    from kg.store import Reading

    Said = Mapping[str, Sequence[Cell]]
    """Values by property."""

_OWL: Final = PREFIXES["owl"]
_RDF: Final = PREFIXES["rdf"]
_RDFS: Final = PREFIXES["rdfs"]
_SKOS: Final = PREFIXES["skos"]
_DCTERMS: Final = PREFIXES["dcterms"]
_TYPE: Final = f"{_RDF}type"
_LABEL: Final = f"{_RDFS}label"
_DEFINITION: Final = f"{_SKOS}definition"
_MODULE: Final = f"{_RDFS}isDefinedBy"
_SUBCLASS: Final = f"{_RDFS}subClassOf"
_SUBPROPERTY: Final = f"{_RDFS}subPropertyOf"
_EQUIVALENT: Final = f"{_OWL}equivalentClass"
_INVERSE: Final = f"{_OWL}inverseOf"
_CHAIN: Final = f"{_OWL}propertyChainAxiom"
_DOMAIN: Final = f"{_RDFS}domain"
_RANGE: Final = f"{_RDFS}range"
_DEPRECATED: Final = f"{_OWL}deprecated"
_GRAPH: Final = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{GRAPHS}ontology> {{ ?s ?p ?o }} }}"

KINDS: Final[Mapping[str, str]] = {
    f"{_OWL}Class": "class",
    f"{_OWL}ObjectProperty": "relation",
    f"{_OWL}DatatypeProperty": "attribute",
    f"{_OWL}AnnotationProperty": "annotation",
}
"""The kinds of terms by their types; a term of none of these is an individual."""
TRAITS: Final[Mapping[str, str]] = {
    f"{_OWL}{trait.capitalize()}Property": trait
    for trait in ("transitive", "symmetric", "asymmetric", "reflexive", "irreflexive", "functional")
} | {f"{_OWL}InverseFunctionalProperty": "inverse functional"}
"""What a property may be, by its types."""
_FORMS: Final[Mapping[str, str]] = {
    f"{_OWL}intersectionOf": "and",
    f"{_OWL}unionOf": "or",
    f"{_OWL}oneOf": "one of",
    f"{_OWL}someValuesFrom": "some",
    f"{_OWL}allValuesFrom": "only",
    f"{_OWL}hasValue": "value",
    f"{_OWL}complementOf": "not",
}
_ALIGNING: Final = frozenset(
    {
        _SUBCLASS,
        _SUBPROPERTY,
        _EQUIVALENT,
        f"{_OWL}equivalentProperty",
        *(f"{_SKOS}{how}Match" for how in ("exact", "close", "broad", "narrow", "related")),
    }
)
"""What a term may have to do with one of another vocabulary."""
_NOTES: Final = (
    *(f"{_SKOS}{what}" for what in ("scopeNote", "example", "editorialNote", "note")),
    *(f"{_SKOS}{what}" for what in ("historyNote", "changeNote")),
    f"{_RDFS}comment",
)
"""What is told of a term in words, beside its definition, in this order."""
_PLACED: Final = frozenset(
    {
        *(_TYPE, _LABEL, _DEFINITION, _MODULE, _SUBCLASS, _SUBPROPERTY, _EQUIVALENT),
        *(_INVERSE, _CHAIN, _DOMAIN, _RANGE, _DEPRECATED, *_NOTES),
    }
)
"""What has a place of its own in the description of a term."""


@dataclass(frozen=True)
class Expression:
    """A class as OWL writes it: a name, or a form of parts, for a restriction of a property.

    ``iri`` is the name, or the property; the form of a name is empty. ``?`` is any other form.
    """

    form: str
    iri: str = ""
    parts: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Alignment:
    """How a term stands to one of another vocabulary, and the module that says so, if known."""

    relation: str
    other: str
    module: str


@dataclass
class Term:
    """A term, and what the ontology says of it; other terms by their IRIs."""

    iri: str
    kind: str
    module: str
    said: Said
    traits: tuple[str, ...] = ()
    above: list[str] = field(default_factory=list)
    """Of a class or property those that have all that it has; of an individual its classes."""
    below: list[str] = field(default_factory=list)
    same: list[Expression] = field(default_factory=list)
    sufficient: list[Expression] = field(default_factory=list)
    """Classes whose members are inferred to be of this one."""
    domain: list[Expression] = field(default_factory=list)
    range: list[Expression] = field(default_factory=list)
    inverses: list[str] = field(default_factory=list)
    chains: list[tuple[str, ...]] = field(default_factory=list)
    """Properties that follow each other where this one is inferred."""
    disjoint: list[int] = field(default_factory=list)
    """Places in ``Terms.disjoint`` of the sets that a class is in."""
    members: list[str] = field(default_factory=list)
    """Individuals of a class."""
    alignments: list[Alignment] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The local name, which is the fragment of the IRI."""
        return self.iri.rpartition("#")[2]

    @property
    def labels(self) -> Sequence[Cell]:
        """What it is called."""
        return self.said.get(_LABEL, ())

    @property
    def definitions(self) -> Sequence[Cell]:
        """What it means."""
        return self.said.get(_DEFINITION, ())

    @property
    def notes(self) -> list[tuple[str, Sequence[Cell]]]:
        """What else is told of it in words, by property."""
        return [(how, self.said[how]) for how in _NOTES if how in self.said]

    @property
    def others(self) -> list[tuple[str, Sequence[Cell]]]:
        """What else is said of it, by property."""
        return sorted((p, v) for p, v in self.said.items() if p not in _PLACED | _ALIGNING)

    @property
    def is_deprecated(self) -> bool:
        """Whether it should not be used any more."""
        return any(cell["value"] == "true" for cell in self.said.get(_DEPRECATED, ()))


@dataclass
class Module:
    """An ontology document: its header, and the terms that it defines, sorted by their names."""

    iri: str
    said: Said
    terms: list[Term] = field(default_factory=list)

    @property
    def path(self) -> str:
        """What comes after the address of the ontology."""
        return self.iri.removeprefix(ONTOLOGY).strip("/")

    def of(self, *kinds: str) -> list[Term]:
        """The terms of some kinds."""
        return [term for term in self.terms if term.kind in kinds]

    def one(self, name: str) -> str:
        """A value of the header, by a prefixed name; empty if there is none."""
        prefix, _, local = name.partition(":")
        return next((cell["value"] for cell in self.said.get(PREFIXES[prefix] + local, ())), "")

    def all(self, name: str) -> Sequence[Cell]:
        """The values of the header, by a prefixed name."""
        prefix, _, local = name.partition(":")
        return self.said.get(PREFIXES[prefix] + local, ())


class Terms:
    """The ontology of a version."""

    def __init__(self, statements: Iterable[tuple[str, str, Cell]]) -> None:
        self._said: defaultdict[str, dict[str, list[Cell]]] = defaultdict(dict)
        for subject, predicate, value in statements:
            self._said[subject].setdefault(predicate, []).append(value)
        for said in self._said.values():
            for values in said.values():
                values.sort(key=lambda cell: (cell.get("xml:lang", ""), cell["value"]))
        modules = {
            subject: Module(subject, said)
            for subject, said in sorted(self._said.items())
            if f"{_OWL}Ontology" in _iris(said.get(_TYPE, ()))
        }
        self.terms = {term.iri: term for term in self._terms(modules)}
        """The terms that a module defines, by their IRIs."""
        for term in self.terms.values():
            modules[term.module].terms.append(term)
        self.root = modules.pop(ONTOLOGY, Module(ONTOLOGY, {}))
        """The ontology as a whole."""
        self.modules = [module for module in modules.values() if module.terms]
        self.alignments = [module for module in modules.values() if not module.terms]
        """The modules that relate terms to other vocabularies, and define none."""
        self.foreign = sorted(
            subject
            for subject, said in self._said.items()
            if not subject.startswith((BASE, "_:")) and KINDS.keys() & _iris(said.get(_TYPE, ()))
        )
        """Terms of other vocabularies that the ontology declares."""
        self.disjoint: list[list[str]] = []
        """Sets of classes of which no two have a member in common."""
        self._relate()

    @classmethod
    def of(cls, version: Reading) -> Terms:
        """The ontology of a version."""
        return cls(version.store.query(_GRAPH).triples())

    def module(self, path: str) -> Module | None:
        """The module at an address below that of the ontology, or with that version; else None."""
        wanted = f"{ONTOLOGY}/{path}" if path else ONTOLOGY
        for module in (self.root, *self.modules, *self.alignments):
            if wanted in (module.iri, module.one("owl:versionIRI")):
                return module
        return None

    def without_label(self, tag: str) -> list[Term]:
        """The terms that have no label in a language."""
        return [
            term
            for term in self.terms.values()
            if all(cell.get("xml:lang", "").lower() != tag.lower() for cell in term.labels)
        ]

    def kinds(self) -> list[Term]:
        """The classes that are below no other."""
        return [term for term in self.terms.values() if term.kind == "class" and not term.above]

    def aligned(self, module: Module) -> list[tuple[Term, Alignment]]:
        """The terms that a module relates to another vocabulary, with how."""
        return [
            (term, alignment)
            for term in self.terms.values()
            for alignment in term.alignments
            if alignment.module == module.iri
        ]

    def _terms(self, modules: Mapping[str, Module]) -> Iterator[Term]:
        order = (*KINDS.values(), "individual")
        found = []
        for subject, said in self._said.items():
            types = _iris(said.get(_TYPE, ()))
            home = next((iri for iri in _iris(said.get(_MODULE, ())) if iri in modules), "")
            if home:
                kind = next((KINDS[type_] for type_ in KINDS if type_ in types), "individual")
                traits = tuple(name for type_, name in TRAITS.items() if type_ in types)
                found.append(Term(subject, kind, home, said, traits))
        yield from sorted(found, key=lambda t: (order.index(t.kind), t.name.lower(), t.iri))

    def _relate(self) -> None:
        """Fill in what terms have to do with each other."""
        for term in self.terms.values():
            said = self._said[term.iri]
            term.above = self._above(term, said)
            term.same = [self._expression(cell) for cell in said.get(_EQUIVALENT, ())]
            term.domain = [self._expression(cell) for cell in said.get(_DOMAIN, ())]
            term.range = [self._expression(cell) for cell in said.get(_RANGE, ())]
            term.chains = [
                tuple(part["value"] for part in self._list(cell)) for cell in said.get(_CHAIN, ())
            ]
            term.alignments = sorted(self._aligned(said), key=lambda a: (a.module, a.other))
        for term in self.terms.values():
            for iri in term.above:
                higher = self.terms[iri]
                (higher.members if term.kind == "individual" else higher.below).append(term.iri)
            for iri in _iris(self._said[term.iri].get(_INVERSE, ())):
                self._invert(term.iri, iri)
        for subject, said in self._said.items():
            if subject.startswith("_:"):
                self._say_of_many(subject, said)

    def _above(self, term: Term, said: Said) -> list[str]:
        """The terms above one: those that it is said to be below, and what it is made of."""
        if term.kind == "individual":
            named = [*said.get(_TYPE, ())]
        else:
            named = [*said.get(_SUBCLASS, ()), *said.get(_SUBPROPERTY, ())]
            for cell in said.get(_EQUIVALENT, ()):
                for parts in self._said.get(cell["value"], {}).get(f"{_OWL}intersectionOf", ()):
                    named += self._list(parts)
        return [iri for iri in dict.fromkeys(c["value"] for c in named) if iri in self.terms]

    def _invert(self, one: str, other: str) -> None:
        for this, that in ((one, other), (other, one)):
            if this in self.terms and that not in self.terms[this].inverses:
                self.terms[this].inverses.append(that)

    def _say_of_many(self, node: str, said: Said) -> None:
        """Tell the terms what a node without a name says of them."""
        for iri in _iris(said.get(_SUBCLASS, ())):
            if iri in self.terms:
                self.terms[iri].sufficient.append(
                    self._expression({"type": "bnode", "value": node})
                )
        if f"{_OWL}AllDisjointClasses" in _iris(said.get(_TYPE, ())):
            for cell in said.get(f"{_OWL}members", ()):
                members = [part["value"] for part in self._list(cell)]
                known = [iri for iri in members if iri in self.terms]
                for iri in known:
                    self.terms[iri].disjoint.append(len(self.disjoint))
                self.disjoint.append(known)

    def _aligned(self, said: Said) -> Iterator[Alignment]:
        for relation in sorted(_ALIGNING & said.keys()):
            for other in _iris(said[relation]):
                if not other.startswith((BASE, "_:")):
                    sources = [m for m in self.alignments if m.one("dcterms:source")]
                    homes = [m.iri for m in sources if other.startswith(m.one("dcterms:source"))]
                    yield Alignment(relation, other, max(homes, key=len, default=""))

    def _expression(self, cell: Cell, depth: int = 8) -> Expression:
        """What a value says, down to ``depth``; beyond it, and of other forms, ``?``."""
        if cell["type"] != "bnode":
            return Expression("", cell["value"])
        said = self._said.get(cell["value"], {})
        form = next((form for form in _FORMS if form in said), None)
        if form is None or not depth:
            return Expression("?")
        on = next((one["value"] for one in said.get(f"{_OWL}onProperty", ())), "")
        value = said[form][0]
        is_list = _FORMS[form] in ("and", "or", "one of")
        parts = self._list(value) if is_list else [value]
        return Expression(_FORMS[form], on, tuple(self._expression(p, depth - 1) for p in parts))

    def _list(self, cell: Cell) -> list[Cell]:
        """The members of a list of RDF."""
        found: list[Cell] = []
        seen: set[str] = set()
        while cell["type"] == "bnode" and cell["value"] not in seen:
            seen.add(cell["value"])
            said = self._said.get(cell["value"], {})
            found += said.get(f"{_RDF}first", [])[:1]
            rest = said.get(f"{_RDF}rest", [])
            if not rest:
                break
            cell = rest[0]
        return found


def _iris(cells: Iterable[Cell]) -> dict[str, None]:
    """The IRIs of some values, each once and in their order."""
    return {cell["value"]: None for cell in cells if cell["type"] == "uri"}

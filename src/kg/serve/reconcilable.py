"""What of a version can be reconciled against: its things, their types and their properties.

Made of the served graph when it is first asked for, once for each version. A property or a type has
its local name as its id; what is not of our ontology has its prefixed name, as ``dcterms:title``.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from kg.errors import BadInput, Busy
from kg.link.agreement import DATES, Value, as_day, as_number
from kg.link.gazetteer import Gazetteer, Thing
from kg.link.reconciliation import IDENTITY, term_id
from kg.namespaces import GRAPHS, IDS, PREFIXES, TERMS, shorten
from kg.queries import Term, is_iri

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kg.link.agreement import Given
    from kg.store import Reading, Store

_PREFIXES: Final = """
PREFIX cllm: <https://w3id.org/china-llm/ontology#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
_NAMES: Final = f"""{_PREFIXES}
SELECT ?thing ?rank ?name (IF(LANG(?name) IN ("", "en"), 0, 1) AS ?isForeign) WHERE {{
  VALUES (?property ?rank) {{
    (rdfs:label 0) (dcterms:title 1) (skos:altLabel 2) (cllm:nameAsPrinted 3) (skos:hiddenLabel 4)
  }}
  ?thing ?property ?name . FILTER (STRSTARTS(STR(?thing), "{IDS}"))
}}
"""
_LABEL, _TITLE = "0", "1"
_TYPES: Final = f"""
SELECT ?thing ?class WHERE {{
  ?thing a ?class . FILTER (STRSTARTS(STR(?thing), "{IDS}") && STRSTARTS(STR(?class), "{TERMS}"))
}}
"""
_TERMS: Final = f"""{_PREFIXES}
SELECT ?term ?label ?definition WHERE {{
  ?term rdfs:label ?label . FILTER (STRSTARTS(STR(?term), "{TERMS}"))
  OPTIONAL {{ ?term skos:definition ?definition . FILTER (LANG(?definition) = "en") }}
}} ORDER BY ?term LANG(?label) STR(?label)
"""
_ABOVE: Final = f"""{_PREFIXES}
SELECT ?class ?above WHERE {{
  ?class rdfs:subClassOf ?above . FILTER (?class != ?above)
  FILTER (STRSTARTS(STR(?class), "{TERMS}") && STRSTARTS(STR(?above), "{TERMS}"))
}} ORDER BY ?class ?above
"""
_USED: Final = f"""{_PREFIXES}
SELECT ?property (COUNT(DISTINCT ?thing) AS ?things) WHERE {{
  ?thing rdfs:label|dcterms:title ?name ; ?property ?value .
  FILTER (STRSTARTS(STR(?thing), "{IDS}"))
}} GROUP BY ?property ORDER BY DESC(?things) ?property
"""
_USED_BY: Final = """
SELECT ?property (COUNT(DISTINCT ?thing) AS ?things) ?class WHERE {
  ?thing a ?class ; ?property ?value
} GROUP BY ?property ?class ORDER BY DESC(?things) ?property
"""
_LINKS: Final = f"""{_PREFIXES}
SELECT ?thing ?property ?other WHERE {{
  VALUES ?property {{
    skos:exactMatch skos:closeMatch skos:broadMatch skos:narrowMatch skos:relatedMatch
  }}
  GRAPH <{GRAPHS}links> {{ ?thing ?property ?other }}
  FILTER (ISIRI(?other) && STRSTARTS(STR(?thing), "{IDS}"))
}} ORDER BY ?property ?thing ?other
"""
_IN_VIEW: Final = "?thing ?property ?value"
_IN_LINKS: Final = f"GRAPH <{GRAPHS}links> {{ ?thing ?property ?value }}"
_VALUES: Final = """
SELECT ?value (ISIRI(?value) AS ?isIri) (DATATYPE(?value) AS ?datatype) ?thing ?property WHERE {{
  {pattern}
}} ORDER BY ?value STR(?value) LANG(?value) LIMIT {most}
"""
_BEARERS: Final = """
SELECT ?thing ?property ?value WHERE {{ {pattern} }} ORDER BY ?thing LIMIT {most}
"""
_XSD: Final = PREFIXES["xsd"]
_EXACT: Final = PREFIXES["skos"] + IDENTITY
_MOST_VALUES: Final = 500
"""Number of values of a property of a thing that given ones are compared with."""
_MOST_BEARERS: Final = 1_000
_MOST_MEANT: Final = 10
"""Number of things that the name in a value is taken for."""
_PATIENCE: Final = 0.5
"""Seconds to wait for another request that reads the same version."""


class Reconcilable:
    """The things, types and properties of one version, by their names."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._definitions: dict[str, str] = {}
        self._iris: dict[str, str] = {}
        self._terms = Gazetteer(self._read_terms())
        self._above: defaultdict[str, set[str]] = defaultdict(set)
        for lower, upper in self._rows(_ABOVE):
            self._above[lower.removeprefix(TERMS)].add(upper.removeprefix(TERMS))
        links = list(self._rows(_LINKS))
        exact = ((thing, other) for thing, link, other in links if link == _EXACT)
        identifiers = ((thing.removeprefix(IDS), other) for thing, other in exact)
        self.things = Gazetteer(self._read_things(), identifiers)
        kinds = Counter(kind for thing in self.things.things.values() for kind in thing.types)
        self.types = Gazetteer(map(self._term, sorted(kinds, key=lambda k: (-kinds[k], k))))
        self._of_links = dict.fromkeys(link for _, link, _ in links)
        used = [*(iri for iri, _ in self._rows(_USED)), *self._of_links]
        self._iris.update((term_id(iri), iri) for iri in used)
        self.properties = Gazetteer(map(self._term, self._iris))
        self._used: dict[str, Sequence[str]] = {"": tuple(self._iris)}

    def broader(self, type_: str) -> list[Thing]:
        """The types right above one."""
        above = self._above.get(type_, set())
        farther = set().union(*(self._above.get(kind, ()) for kind in above))
        return [
            self.types.things[kind] for kind in sorted(above - farther) if kind in self.types.things
        ]

    def definition(self, id_: str) -> str:
        """What a type or a property means; empty if the ontology does not say."""
        return self._definitions.get(id_, "")

    def used(self, type_: str) -> Sequence[str]:
        """The properties that things of a type have, those of most things first; "" is any type."""
        if type_ not in self._used:
            if type_ not in self.types.things:
                return ()
            rows = self._rows(_USED_BY, {"class": Term(TERMS + type_)})
            found = (term_id(iri) for iri, *_ in rows)
            self._used[type_] = tuple(property_ for property_ in found if property_ in self._iris)
        return self._used[type_]

    def values(self, id_: str, property_: str, most: int = _MOST_VALUES) -> list[Value]:
        """The values of a property of a thing, in order, at most so many."""
        iri = self._iris.get(property_)
        if iri is None or id_ not in self.things.things:
            return []
        text = _VALUES.format(pattern=self._pattern(iri), most=most)
        bound = {"thing": Term(IDS + id_), "property": Term(iri)}
        _, rows = self._store.query(text, bound).rows()
        return [
            Value(str(value), str(datatype or ""), self.names(str(value)) if not datatype else ())
            for value, is_iri_, datatype, *_ in rows
            if datatype or is_iri_ == "true"
        ]

    def names(self, iri: str) -> Sequence[str]:
        """The folded names of what an IRI means: a thing, or a term of the ontology."""
        return self.things.folded_names(iri.removeprefix(IDS)) or self._terms.folded_names(
            iri.removeprefix(TERMS)
        )

    def label(self, iri: str) -> str:
        """What an IRI is called: the main name of a term of the ontology, or itself."""
        term = self._terms.things.get(iri.removeprefix(TERMS))
        return term.name if term and iri.startswith(TERMS) else iri

    def bearers(self, property_: str, given: Given) -> Collection[str]:
        """Things that have a value for a property, some of them if there are many."""
        iri = self._iris.get(property_)
        if iri is None:
            return ()
        text = _BEARERS.format(pattern=self._pattern(iri), most=_MOST_BEARERS)
        found = dict.fromkeys(self.things.called(given.text)[:_MOST_MEANT])  # of its names
        for term in self._meant(given):
            with suppress(BadInput):  # what looks like an IRI and is none
                bound = {"property": Term(iri), "value": term}
                _, rows = self._store.query(text, bound).rows()
                found.update((str(thing).removeprefix(IDS), None) for thing, *_ in rows)
        return [id_ for id_ in found if id_ in self.things.things]

    def _meant(self, given: Given) -> Iterator[Term]:
        """The terms that a value may stand for."""
        sought = given.id or given.text
        ids = self.things.identified(sought) or self.things.called(given.text)
        yield from (Term(IDS + id_) for id_ in ids[:_MOST_MEANT])
        yield from (Term(TERMS + id_) for id_ in self._terms.called(given.text)[:_MOST_MEANT])
        if is_iri(sought):
            yield Term(sought)
        yield Term(given.text, _XSD + "string")
        number = as_number(given.text)
        if number is not None:
            yield from (Term(given.text, _XSD + kind) for kind in ("decimal", "double", "gYear"))
            if number == number.to_integral_value() and number.adjusted() < 18:
                yield Term(str(int(number)), _XSD + "integer")
        elif given.text in ("true", "false"):
            yield Term(given.text, _XSD + "boolean")
        else:
            yield from (Term(as_day(given.text), datatype) for datatype in sorted(DATES))

    def _pattern(self, property_: str) -> str:
        return _IN_LINKS if property_ in self._of_links else _IN_VIEW

    def _rows(self, text: str, bound: dict[str, Term] | None = None) -> Iterator[list[str]]:
        """The rows of a query, each value as a text."""
        for row in self._store.query(text, bound).rows()[1]:
            yield [str(value or "") for value in row]

    def _read_terms(self) -> Iterator[Thing]:
        """The terms of the ontology, each with its labels, the English one first."""
        names: defaultdict[str, list[str]] = defaultdict(list)
        for iri, label, definition in self._rows(_TERMS):
            id_ = iri.removeprefix(TERMS)
            names[id_].append(label)
            self._definitions[id_] = definition
        for id_, labels in names.items():
            yield Thing(id_, (*labels, id_))

    def _term(self, id_: str) -> Thing:
        """A type or a property, by its id."""
        known = self._terms.things.get(id_)
        return known or Thing(id_, (shorten(self._iris.get(id_, id_)), id_))

    def _read_things(self) -> Iterator[Thing]:
        """The things that have a label, or a title instead; of the types that most things have."""
        types: defaultdict[str, list[str]] = defaultdict(list)
        for iri, kind in self._rows(_TYPES):
            types[iri].append(kind.removeprefix(TERMS))
        sizes = Counter(kind for kinds in types.values() for kind in kinds)
        alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        names: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for iri, rank, name, is_foreign in self._rows(_NAMES):
            names[iri].append((rank, is_foreign, name))
        for iri, ranked in names.items():
            ranked.sort()  # here, since the engine takes seconds to
            first = ranked[0][0]
            if first in (_LABEL, _TITLE):
                kinds = tuple(sorted(types[iri], key=lambda kind: (-sizes[kind], kind)))
                written = (name for rank, _, name in ranked if rank != _TITLE or first == _TITLE)
                unique = tuple(dict.fromkeys(written))
                yield Thing(iri.removeprefix(IDS), unique, alike.setdefault(kinds, kinds))


class Remembered:
    """What one request has asked of a version, so that nothing is asked twice."""

    def __init__(self, reconcilable: Reconcilable) -> None:
        self._reconcilable = reconcilable
        self._values: dict[tuple[str, str], Collection[Value]] = {}
        self._bearers: dict[tuple[str, Given], Collection[str]] = {}

    def values(self, id_: str, property_: str) -> Collection[Value]:
        """The values of a property of a thing."""
        if (id_, property_) not in self._values:
            self._values[id_, property_] = self._reconcilable.values(id_, property_)
        return self._values[id_, property_]

    def bearers(self, property_: str, given: Given) -> Collection[str]:
        """Things that have a value for a property, some of them if there are many."""
        if (property_, given) not in self._bearers:
            self._bearers[property_, given] = self._reconcilable.bearers(property_, given)
        return self._bearers[property_, given]


class Latest:
    """What can be reconciled against of the version that was asked for last."""

    def __init__(self) -> None:
        self._known: tuple[str, Reconcilable] | None = None
        self._reading = threading.Lock()

    def of(self, version: Reading) -> Reconcilable:
        """What can be reconciled against of a version.

        Raises ``Busy`` if another request is reading it and takes long.
        """
        known = self._known
        if known is None or known[0] != version.name:
            if not self._reading.acquire(timeout=_PATIENCE):
                raise Busy("The names of this version are being read: try again in a moment.")
            try:
                known = self._known
                if known is None or known[0] != version.name:
                    known = self._known = version.name, Reconcilable(version.store)
            finally:
                self._reading.release()
        return known[1]

"""JSON-LD documents as web developers read them: the context, one object for a thing, or many.

https://www.w3.org/TR/json-ld11/. A document is the same RDF as the triples that it is made of, to
the digits of its numbers: only whole numbers that every JSON parser keeps, and truths, are JSON's
own. Terms come as SPARQL's JSON has them (https://www.w3.org/TR/sparql11-results-json/).
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

from kg.namespaces import GRAPHS, PREFIXES, TERMS, shorten

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    Cell = Mapping[str, str]
    Triple = tuple[str, str, Cell]
    """An IRI, a property, and the value; in place of an IRI can be a blank node, as ``_:label``."""
    Context = dict[str, Any]

_OWL: Final = PREFIXES["owl"]
_XSD: Final = PREFIXES["xsd"]
_TYPE: Final = f"{PREFIXES['rdf']}type"
_BY_LANGUAGE: Final = {"@container": "@language"}
_REFERENCE: Final = {"@type": "@id", "@container": "@set"}
_DATE: Final = {"@type": f"{_XSD}date"}
_OF_OTHERS: Final[Mapping[str, Mapping[str, str]]] = {
    "dcterms:created": _DATE,
    "dcterms:creator": _REFERENCE,
    "dcterms:date": _DATE,
    "dcterms:description": _BY_LANGUAGE,
    "dcterms:identifier": {},
    "dcterms:isPartOf": _REFERENCE,
    "dcterms:isReplacedBy": _REFERENCE,
    "dcterms:issued": {},
    "dcterms:license": _REFERENCE,
    "dcterms:source": _REFERENCE,
    "dcterms:title": _BY_LANGUAGE,
    "fabio:hasArXivId": {},
    "fabio:hasURL": {},
    "prov:hadPrimarySource": _REFERENCE,
    "prov:wasDerivedFrom": _REFERENCE,
    "rdfs:comment": _BY_LANGUAGE,
    "rdfs:label": _BY_LANGUAGE,
    "skos:altLabel": _BY_LANGUAGE,
    "skos:closeMatch": _REFERENCE,
    "skos:definition": _BY_LANGUAGE,
    "skos:editorialNote": _BY_LANGUAGE,
    "skos:exactMatch": _REFERENCE,
    "skos:hiddenLabel": _BY_LANGUAGE,
    "skos:relatedMatch": _REFERENCE,
}
"""What is said of things in terms of other vocabularies; the plain name is the local one."""
NAMING: Final = (_TYPE, f"{PREFIXES['rdfs']}label", f"{PREFIXES['dcterms']}title")
"""What is told of a thing that is only referred to."""
_FIRST: Final = ("type", "label", "title")
_NOT_COERCED: Final = {"@id", f"{_XSD}string"}
_WHOLE: Final = re.compile(r"0|-?[1-9]\d{0,15}")
_MOST_WHOLE: Final = 2**53 - 1
"""Beyond this a JSON number is not the same for all (https://www.rfc-editor.org/rfc/rfc8259)."""

DECLARED: Final = f"""
PREFIX owl: <{_OWL}>
PREFIX rdfs: <{PREFIXES["rdfs"]}>
SELECT ?term ?kind ?range WHERE {{ GRAPH <{GRAPHS}ontology> {{
  VALUES ?kind {{ owl:Class owl:AnnotationProperty owl:DatatypeProperty owl:ObjectProperty }}
  ?term a ?kind . FILTER (STRSTARTS(STR(?term), "{TERMS}"))
  OPTIONAL {{ ?term rdfs:range ?range }}
}} }} ORDER BY ?term ?kind ?range
"""
"""Asks for the terms of the ontology, as ``context`` takes them."""


def context(declared: Iterable[Sequence[str | None]]) -> Context:
    """The context of the ontology: prefixes, and a plain name for each class and property.

    ``declared`` are rows of a term's IRI, its kind in OWL, and its range if it has one. Labels are
    maps by language; what a property refers to is an IRI, always in a list; the values of a
    datatype property have its range. A name that the ontology gives is not given to others, but for
    ``id`` and ``type``.
    """
    terms: Context = {}
    for name, definition in _OF_OTHERS.items():
        iri = _iri(name)
        terms[name.partition(":")[2]] = {"@id": iri, **definition} if definition else iri
    for term, kind, range_ in declared:
        iri = str(term)
        if kind == f"{_OWL}ObjectProperty":
            definition = _REFERENCE
        elif kind == f"{_OWL}DatatypeProperty" and range_:
            definition = {"@type": range_}
        else:
            definition = {}
        terms[iri.removeprefix(TERMS)] = {"@id": iri, **definition} if definition else iri
    return {
        "@version": 1.1,
        **PREFIXES,
        **dict(sorted(terms.items())),
        "id": "@id",
        "type": "@type",
    }


def published(names: Context) -> bytes:
    """A context as a file of its own."""
    return _written({"@context": names})


def document(iri: str, triples: Iterable[Triple], names: Context) -> bytes:
    """One object that says all that the triples say of ``iri``, with what it refers to inside.

    Of a thing that it refers to it tells what the triples do, and within that no more than kind and
    label. ``names`` is a whole ``context``, of which the document has inside what it uses; there a
    property without a declared range has the type of its values, if all have the same. Equal
    triples, in any order and however often, give equal bytes.
    """
    framed = _Framed(triples, names)
    about = framed.told(iri, ())
    return _written({"@context": framed.used(), **about})


def documents(triples: Iterable[Triple], names: Context) -> bytes:
    """An object for each thing that the triples say something of, with the whole context.

    Things are told apart from each other and refer to each other by prefixed names.
    """
    flat = _Flat(triples, names)
    return _written({"@context": names, "@graph": [flat.told(iri) for iri in flat.things()]})


class _Objects(ABC):
    """Triples on their way to be objects, and which names that takes."""

    def __init__(self, triples: Iterable[Triple], names: Context) -> None:
        self._about: dict[str, dict[object, tuple[str, Cell]]] = {}
        for subject, predicate, value in triples:
            said = self._about.setdefault(subject, {})
            said[predicate, *sorted(value.items())] = predicate, value
        self._known = {
            (defined["@id"] if isinstance(defined, dict) else defined): name
            for name, defined in names.items()
            if defined != PREFIXES.get(name) and name != "@version"
        }
        self._names = names
        self._used = {"id"}

    def _object(self, iri: str, within: tuple[str, ...], only: Container[str]) -> dict[str, Any]:
        """What is said of a thing, of all properties or some of them."""
        node: dict[str, Any] = {}
        for predicate, value in self._about.get(iri, {}).values():
            if only and predicate not in only:
                continue
            if predicate == _TYPE and value["type"] != "literal":
                self._used.add("type")
                node.setdefault("type", []).append(self._short(value["value"]))
            else:
                self._add(node, predicate, value, (*within, iri))
        for name, value in node.items():
            node[name] = self._arranged(name, value)
        first = [name for name in _FIRST if name in node]
        return {name: node[name] for name in (*first, *sorted({*node} - {*first}))}

    @abstractmethod
    def _referred(self, iri: str, within: tuple[str, ...], coerced: str | None) -> object:
        """What stands where a thing is referred to, under a name with values of a type."""

    def _add(
        self, node: dict[str, Any], predicate: str, value: Cell, within: tuple[str, ...]
    ) -> None:
        name = self._short(predicate)
        defined = self._names.get(name)
        definition = defined if isinstance(defined, dict) else {}
        type_ = _type_of(value)
        if definition.get("@container") == "@language":
            if type_ in ("@language", f"{_XSD}string"):
                by_language = node.setdefault(name, {})
                language = value.get("xml:lang", "@none")
                by_language.setdefault(language, []).append(value["value"])
                return
            name, definition = self._prefixed(predicate), {}  # a map by language holds texts only
        if type_ == "@id":
            given = self._referred(value["value"], within, definition.get("@type"))
        else:
            given = self._literal(value, type_, definition.get("@type"))
        node.setdefault(name, []).append(given)

    def _literal(self, value: Cell, type_: str, coerced: str | None) -> object:
        """A literal under a name whose values have the type ``coerced``, if any."""
        text = value["value"]
        if type_ == "@language":
            return {"@language": value["xml:lang"], "@value": text}
        if coerced in (None, type_):
            if type_ == f"{_XSD}boolean" and text in ("true", "false"):
                return text == "true"
            is_whole = type_ == f"{_XSD}integer" and _WHOLE.fullmatch(text)
            if is_whole and abs(int(text)) <= _MOST_WHOLE:
                return int(text)
        if type_ == (coerced or f"{_XSD}string"):
            return text
        if type_ == f"{_XSD}string":
            return {"@value": text}
        return {"@type": self._short(type_), "@value": text}

    def _arranged(self, name: str, value: Any) -> Any:  # noqa: ANN401
        """What a name has, in an order that depends on nothing else; one literal without a list."""
        if isinstance(value, dict):
            return {language: self._arranged("", said) for language, said in sorted(value.items())}
        ordered = sorted(value, key=_sort_key)
        is_list = name == "type" or any(isinstance(v, dict) and "id" in v for v in ordered)
        defined = self._names.get(name)
        is_list = is_list or (isinstance(defined, dict) and defined.get("@container") == "@set")
        return ordered if is_list or len(ordered) > 1 else ordered[0]

    def _short(self, iri: str) -> str:
        """The plain name of a term, else its prefixed name or IRI."""
        name = self._known.get(iri)
        if name is None:
            return self._prefixed(iri)
        self._used.add(name)
        return name

    def _prefixed(self, iri: str) -> str:
        name = shorten(iri)
        prefix = name.partition(":")[0]
        if name == iri or self._names.get(prefix) != PREFIXES.get(prefix, ""):
            return iri  # another name has taken the prefix
        self._used.add(prefix)
        return name


class _Framed(_Objects):
    """One object, with others inside."""

    def __init__(self, triples: Iterable[Triple], names: Context) -> None:
        super().__init__(triples, names)
        self._names = names | self._made_definite(names)

    def used(self) -> Context:
        """The part of the context that was used, in its order."""
        return {
            name: defined
            for name, defined in self._names.items()
            if name in self._used or name == "@version"
        }

    def told(self, iri: str, within: tuple[str, ...]) -> dict[str, Any]:
        """The object of a thing; ``within`` are those that it stands in, of which all is told."""
        if iri in within:
            return {"id": iri}
        return {"id": iri, **self._object(iri, within, NAMING if len(within) > 1 else ())}

    def _referred(self, iri: str, within: tuple[str, ...], coerced: str | None) -> object:
        del coerced
        return self.told(iri, within)

    def _made_definite(self, names: Context) -> Context:
        """For properties without a declared range: of which type all values are, if of one."""
        types: dict[str, set[str]] = {}
        for said in self._about.values():
            for predicate, value in said.values():
                types.setdefault(predicate, set()).add(_type_of(value))
        definite: Context = {}
        for predicate, found in types.items():
            name = self._known.get(predicate, "")
            if names.get(name) == predicate and len(found) == 1 and not found & _NOT_COERCED:
                type_ = found.pop()
                definition = _BY_LANGUAGE if type_ == "@language" else {"@type": type_}
                definite[name] = {"@id": predicate, **definition}
        return definite


class _Flat(_Objects):
    """An object for each thing, with the names of others inside."""

    def things(self) -> list[str]:
        """What something is said of, in order."""
        return sorted(self._about)

    def told(self, iri: str) -> dict[str, Any]:
        """The object of a thing."""
        return {"id": self._prefixed(iri), **self._object(iri, (), ())}

    def _referred(self, iri: str, within: tuple[str, ...], coerced: str | None) -> object:
        del within
        name = self._prefixed(iri)
        return name if coerced == "@id" else {"id": name}


def _type_of(value: Cell) -> str:
    """What the values of a name would have to be, for this one to be written without its type."""
    if value["type"] != "literal":
        return "@id"
    return "@language" if "xml:lang" in value else value.get("datatype", f"{_XSD}string")


def _iri(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def _sort_key(value: Any) -> tuple[str, str]:  # noqa: ANN401
    name = value.get("id", "") if isinstance(value, dict) else ""
    return name, json.dumps(value, sort_keys=True)


def _written(found: Mapping[str, Any]) -> bytes:
    return (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode()

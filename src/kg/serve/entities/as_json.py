"""A thing as JSON of our own: for each fact its value, rank, passages and speakers.

Names of ranks, stances and omissions are local names of the ontology; what has an ``id`` can be
followed; labels are by language. Numbers are as the graph writes them, in text, so that none is
rounded.
"""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING, Any, Final

from kg.namespaces import PREFIXES, TERMS
from kg.serve.entities.told import INFERRED
from kg.terms import Term, is_literal, parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.serve.entities.elsewhere import Link
    from kg.serve.entities.figures import Figure
    from kg.serve.entities.incoming import Incoming
    from kg.serve.entities.layout import Layout
    from kg.serve.entities.model import Decision, Fact, Measurement, Omission, Said, Thing
    from kg.serve.entities.sources import Passage, Passages
    from kg.serve.labels import Labels

_STRING: Final = f"<{PREFIXES['xsd']}string>"


def local(term: Term | None) -> str | None:
    """The local name of a term of the ontology; of any other IRI the whole."""
    return None if term is None else term[1:-1].removeprefix(TERMS)


def why(fact: Fact) -> str:
    """Where the proof of a fact is told."""
    return f"/why?{why_query(fact.subject, fact.predicate, fact.value)}"


def why_query(subject: Term, predicate: Term, value: Term) -> str:
    """The parameters of the address where the proof of a statement is told."""
    return urllib.parse.urlencode(
        {
            "subject": subject[1:-1],
            "predicate": predicate[1:-1],
            "object": value[1:-1] if value[0] == "<" else value,
        }
    )


class Writer:
    """Writes things as objects of JSON."""

    def __init__(self, labels: Labels, passages: Passages, layout: Layout, address: str) -> None:
        """``address`` is that of the server."""
        self._labels = labels
        self._passages = passages
        self._layout = layout
        self._address = address

    def thing(
        self, thing: Thing, links: Iterable[Link], incoming: Iterable[Incoming], version: str
    ) -> dict[str, Any]:
        """A thing, with what is elsewhere of it and what refers to it."""
        contested = dict.fromkeys(
            (fact.subject, fact.predicate) for fact in thing.facts if fact.is_contested
        )
        return {
            **self._named(thing.node),
            "version": version,
            "facts": [self._fact(fact) for fact in thing.facts],
            "omissions": [self._omission(omission) for omission in thing.omissions],
            "conflicts": [self._conflict(key, thing) for key in contested],
            "links": [_link(link) for link in links],
            "referredToBy": [
                {
                    "property": self._named(one.predicate),
                    "count": one.count,
                    "first": [self._named(other.node) for other in one.first],
                }
                for one in incoming
            ],
            "shortened": [
                {"about": plain(subject), "property": self._named(property_), "count": count}
                for (subject, property_), count in thing.counts.items()
            ],
        }

    def _named(self, term: Term) -> dict[str, Any]:
        label = dict(sorted(self._labels.of(term).items()))
        return {"id": plain(term), "label": label} if label else {"id": plain(term)}

    def _value(self, term: Term) -> dict[str, Any]:
        if not is_literal(term):
            return self._named(term)
        text, datatype, language = parts(term)
        found = {"value": text}
        if language:
            found["language"] = language
        elif datatype != _STRING:
            found["datatype"] = datatype[1:-1]
        return found

    def _fact(self, fact: Fact) -> dict[str, Any]:
        group = self._layout.group(fact.predicate)
        found: dict[str, Any] = {
            "about": plain(fact.subject),
            "property": self._named(fact.predicate),
            "group": dict(sorted(self._labels.of(group).items())) if group else None,
            "value": self._figure(fact.figure) if fact.figure else self._value(fact.value),
            "rank": local(fact.rank),
            "settled": fact.is_settled,
            "inferred": fact.is_inferred,
            "saidIn": [self._said(one) for one in fact.said],
        }
        if fact.is_inferred:
            found["why"] = self._address + why(fact)
        if not fact.said:
            found["derivedIn"] = [graph for graph in fact.graphs if graph != INFERRED]
        return found

    def _figure(self, figure: Figure) -> dict[str, Any]:
        """A number as printed, with the numbers in the canonical unit of its quantity."""
        canonical = self._layout.units.get(figure.quantity)
        found: dict[str, Any] = {
            "id": plain(figure.node),
            "asPrinted": figure.printed,
            "inDigits": figure.digits or None,
            "unit": self._named(figure.unit) if figure.unit else None,
            "qualifier": local(figure.qualifier),
            "note": figure.note or None,
        }
        for end in ("minimum", "maximum", "low", "high"):
            term: Term | None = getattr(figure, end)
            found[end] = parts(term)[0] if term else None
        found["canonicalUnit"] = local(canonical)
        return found

    def _said(self, said: Said) -> dict[str, Any]:
        passage = self._passages.of(said.passage)
        found = self.passage(passage)
        return {
            **found,
            "stance": local(said.stance or passage.stance),
            "rank": local(said.rank),
            "claim": said.claim and plain(said.claim),
            "figure": said.figure and plain(said.figure),
        }

    def passage(self, passage: Passage) -> dict[str, Any]:
        """Where a passage stands, and who says it."""
        return {
            "passage": passage.iri,
            "source": self._named(passage.source) if passage.source else None,
            "part": self._named(passage.part) if passage.part else None,
            "paragraph": int(passage.paragraph) if passage.paragraph.isdecimal() else None,
            "sentence": int(passage.sentence) if passage.sentence.isdecimal() else None,
            "speakers": [self._named(speaker) for speaker in passage.speakers],
            "asOf": parts(passage.as_of)[0] if passage.as_of else None,
            "primarySources": [self._named(source) for source in passage.primary_sources],
        }

    def _omission(self, omission: Omission) -> dict[str, Any]:
        return {
            "about": plain(omission.subject),
            "property": self._named(omission.predicate),
            "kind": local(omission.kind),
            "saidIn": [self.passage(self._passages.of(name)) for name in omission.passages],
        }

    def _conflict(self, key: tuple[Term, Term], thing: Thing) -> dict[str, Any]:
        subject, property_ = key
        decision = thing.decisions.get(key)
        return {
            "about": plain(subject),
            "property": self._named(property_),
            "claims": [
                {
                    "claim": one.claim and plain(one.claim),
                    "rank": local(one.rank),
                    "value": fact.figure.printed if fact.figure else self._value(fact.value),
                    "passage": one.passage,
                    "conflictsWith": sorted(map(plain, one.against)),
                }
                for fact in thing.facts
                if (fact.subject, fact.predicate) == key
                for one in fact.said
                if one.against
            ],
            "decision": decision and self._decision(decision),
            "measured": [
                _measured(one) for one in thing.measurements.get(key, ()) if one.ratio is not None
            ],
        }

    def _decision(self, decision: Decision) -> dict[str, Any]:
        return {
            "id": plain(decision.node),
            "prefers": decision.prefers and plain(decision.prefers),
            "because": decision.because and self._value(decision.because),
            "date": decision.date and parts(decision.date)[0],
        }


def plain(term: Term) -> str:
    """An IRI without brackets, or a blank node."""
    return term[1:-1] if term[0] == "<" else term


def _measured(measurement: Measurement) -> dict[str, Any]:
    return {
        "id": plain(measurement.node),
        "grade": local(measurement.grade),
        "ratio": measurement.ratio and parts(measurement.ratio)[0],
        "arithmetic": measurement.words and parts(measurement.words)[0],
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "mapping": link.mapping,
        "relation": link.relation,
        "not": link.is_denied,
        "other": link.other,
        "label": link.label or None,
        "kind": link.what or None,
        "confidence": link.confidence or None,
        "evidence": link.evidence or None,
    }

"""Reconciliation: candidates, scores, and what is sure enough to be a match."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from kg.link.agreement import Given, Value, agrees, is_literally
from kg.link.gazetteer import Gazetteer, Thing
from kg.link.reconciliation import Candidate, Constraint, Query, Strictness, reconcile, term_id
from kg.namespaces import IDS, PREFIXES, TERMS

XSD = PREFIXES["xsd"]
THINGS = (
    Thing("organization/mit", ("MIT", "Massachusetts Institute of Technology"), ("Organization",)),
    Thing("organization/lab", ("Zhejiang Lab",), ("Organization", "Laboratory")),
    Thing("part/lab", ("Zhejiang Lab",), ("Part",)),
    Thing("organization/twin-1", ("Twin",), ("Organization",)),
    Thing("organization/twin-2", ("Twin",), ("Organization",)),
    Thing("model/m6", ("M6",), ("Model",)),
    Thing("model/m6-t", ("M6-T",), ("Model",)),
    Thing("model/wenlan-1-0", ("WuDao-WenLan 1.0", "WenLan"), ("Model",)),
    Thing("model/wenlan-2-0", ("WenLan 2.0",), ("Model",)),
    Thing("place/china", ("China", "中国"), ("Place",)),
    Thing("place/usa", ("United States",), ("Place",)),
)
GAZETTEER = Gazetteer(THINGS, [("place/china", "http://example.org/entity/Q148")])
SAID = {
    ("organization/mit", "country"): [f"{IDS}place/usa"],
    ("organization/lab", "country"): [f"{IDS}place/china"],
    ("organization/twin-1", "country"): [f"{IDS}place/china"],
    ("place/china", "exactMatch"): ["http://example.org/entity/Q148"],
    ("model/m6", "hasDeveloper"): [f"{IDS}organization/twin-1", f"{IDS}organization/lab"],
    ("model/m6-t", "hasDeveloper"): [f"{IDS}organization/lab"],
}


class Said:
    """Facts of a few lines."""

    def values(self, id_: str, property_: str) -> Collection[Value]:
        """The values of a property of a thing."""
        found = SAID.get((id_, property_), [])
        return [Value(v, "", GAZETTEER.folded_names(v.removeprefix(IDS))) for v in found]

    def bearers(self, property_: str, given: Given) -> Collection[str]:
        """The things that have a value."""
        return [
            id_
            for id_, name in SAID
            if name == property_
            and any(agrees(given, value, GAZETTEER) for value in self.values(id_, name))
        ]


def asked(
    text: str,
    types: Collection[str] = (),
    limit: int = 5,
    strictness: Strictness = Strictness.SHOULD,
    **properties: str | Given | list[str],
) -> list[Candidate]:
    """The candidates for a query with properties by name."""
    constraints = []
    for name, values in properties.items():
        given = values if isinstance(values, list) else [values]
        constraints.append(
            Constraint(name, [v if isinstance(v, Given) else Given(v) for v in given])
        )
    return reconcile(Query(text, limit, types, constraints, strictness), GAZETTEER, Said())


def ids(candidates: list[Candidate]) -> list[str]:
    """The ids of candidates, in order."""
    return [candidate.thing.id for candidate in candidates]


def matched(candidates: list[Candidate]) -> str | None:
    """The match among candidates, which is the first."""
    assert sum(candidate.match for candidate in candidates) <= 1
    return candidates[0].thing.id if candidates and candidates[0].match else None


def test_the_best_first() -> None:
    """Sorted by score, at most as many as asked for; the whole name is 100."""
    found = asked("m6")

    assert ids(found) == ["model/m6", "model/m6-t"]
    assert [candidate.score for candidate in found] == [100, 80]
    assert matched(found) == "model/m6"
    assert dict(found[1].features) == {
        "name_similarity": 80.0,
        "name_equal": False,
        "identifier": False,
    }
    assert ids(asked("m6", limit=1)) == ["model/m6"]
    assert asked("Samsung Electronics") == []
    assert asked("---") == []
    assert asked("") == []


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("M6", "model/m6"),
        ("M6-T", "model/m6-t"),
        ("M6 T", "model/m6-t"),
        ("M6-10T", None),
        ("WenLan", None),
        ("WenLan 1.0", None),
        ("WuDao WenLan 1.0", "model/wenlan-1-0"),
        ("WenLan 2.0", "model/wenlan-2-0"),
        ("Twin", None),
        ("Zhejiang Lab", None),
        ("massachusetts institute of technology", "organization/mit"),
        ("Massachusetts Institute of Techology", None),
        ("中国", "place/china"),
        ("organization/mit", "organization/mit"),
        (f"{IDS}organization/mit", "organization/mit"),
        ("Q148", "place/china"),
        ("https://example.org/entity/Q148", "place/china"),
    ],
)
def test_a_match_is_sure(text: str, match: str | None) -> None:
    """One thing is called or identified so, and no other can be meant."""
    assert matched(asked(text)) == match


def test_types() -> None:
    """What is of another type counts half, and is no rival; or it is no candidate at all."""
    found = asked("Zhejiang Lab", ["Organization"], limit=2)
    assert ids(found) == ["organization/lab", "part/lab"]
    assert [candidate.score for candidate in found] == [100, 50]
    assert matched(found) == "organization/lab"
    assert dict(found[1].features)["type"] is False

    def strict(types: Collection[str], strictness: Strictness) -> list[str]:
        return ids(asked("Zhejiang Lab", types, strictness=strictness))

    assert strict(["Organization"], Strictness.ANY) == ["organization/lab"]
    both = ["Laboratory", "Part"]
    assert strict(both, Strictness.ANY) == ["organization/lab", "part/lab"]
    assert strict(both, Strictness.ALL) == []
    assert strict(["Laboratory", "Organization"], Strictness.ALL) == ["organization/lab"]
    assert asked("Zhejiang Lab", ["Nonsense"]) == []
    assert matched(asked("Zhejiang Lab", ["Nonsense", "Part"])) == "part/lab"


def test_properties() -> None:
    """They weigh 0.4 beside the name; a match has all of them, and what is not stated has none."""
    (mit, *_) = asked("MIT", country="United States")
    assert (mit.score, mit.match, mit.agreement) == (100, True, {"country": 1})
    assert dict(mit.features)["property_country"] == 1
    (mit, *_) = asked("MIT", country="China")
    assert (mit.score, mit.match, mit.agreement) == (round(100 / 1.4, 2), False, {"country": 0})
    (mit, *_) = asked("MIT", founded="1861")
    assert (mit.score, mit.match, mit.agreement) == (round(120 / 1.4, 2), False, {"founded": None})
    assert "property_founded" not in dict(mit.features)


def test_properties_tell_namesakes_apart() -> None:
    """One that has another value is no rival; one of which it is not known still is."""
    assert matched(asked("Zhejiang Lab", country="China")) is None, "of the part it is not known"
    assert matched(asked("Zhejiang Lab", ["Organization"], country="China")) == "organization/lab"
    assert matched(asked("Twin", country="China")) is None
    assert ids(asked("Twin", country="China")) == ["organization/twin-1", "organization/twin-2"]


@pytest.mark.parametrize(
    "given",
    ["China", "中国", "place/china", Given("", "place/china"), Given("Middle Kingdom", "Q148"),
     Given("China", "Q-of-another-service"), "http://example.org/entity/Q148"],
)  # fmt: skip
def test_a_thing_as_a_value(given: str | Given) -> None:
    """By name, by id, and by an identifier of others; an id that says nothing leaves the name."""
    (lab, *_) = asked("Zhejiang Lab", ["Organization"], country=given)
    assert (lab.thing.id, lab.agreement, lab.match) == ("organization/lab", {"country": 1}, True)


def test_an_id_is_stronger_than_a_name() -> None:
    """A value that was reconciled before means that thing, whatever it was called."""
    (lab, *_) = asked("Zhejiang Lab", ["Organization"], country=Given("China", "place/usa"))
    assert lab.agreement == {"country": 0}


def test_several_values() -> None:
    """The share of the given values counts, and a match has all."""
    (m6, *_) = asked("M6", hasDeveloper=["Zhejiang Lab", "MIT"])
    assert (m6.agreement, m6.match) == ({"hasDeveloper": 0.5}, False)
    (m6, *_) = asked("M6", hasDeveloper=["Zhejiang Lab", "Twin"])
    assert (m6.agreement, m6.match) == ({"hasDeveloper": 1}, True)


def test_without_a_name() -> None:
    """By properties alone: what has all of them, and a match by an identifier only."""
    found = asked("", country="China")
    assert set(ids(found)) == {"organization/lab", "organization/twin-1"}
    assert {candidate.score for candidate in found} == {100}
    assert matched(found) is None
    assert ids(asked("", ["Laboratory"], country="China")) == ["organization/lab"]
    assert ids(asked("", hasDeveloper=["Zhejiang Lab", "Twin"])) == ["model/m6"]
    assert asked("", country="Atlantis") == []
    assert asked("", nonsense="China") == []
    (china,) = asked("", exactMatch="https://example.org/entity/Q148")
    assert china.match
    assert dict(china.features) == {"identifier": True, "property_exactMatch": 1}


def test_an_identifier_beside_a_name() -> None:
    """It finds the thing however it is called, and against another name decides nothing."""
    (china, *_) = asked("Zhongguo", exactMatch="Q148")
    assert (china.thing.id, china.match, china.score) == ("place/china", True, 100)
    assert matched(asked("United States", exactMatch="Q148")) is None


@pytest.mark.parametrize(
    ("text", "literal", "datatype", "wanted"),
    [
        ("2021-04-26", "2021-04-26", "date", True),
        ("2021-04-26T00:00:00Z", "2021-04-26", "date", True),
        ("2021-04-26T00:00:00.000+00:00", "2021-04-26", "date", True),
        ("2021-04-26T09:00:00Z", "2021-04-26", "date", False),
        ("2021-04", "2021-04-26", "date", True),
        ("2021", "2021-04-26", "date", True),
        ("202", "2021-04-26", "date", False),
        ("2021-0", "2021-04-26", "date", False),
        ("2021-04-27", "2021-04-26", "date", False),
        ("2023-04", "2023-04", "gYearMonth", True),
        ("2023-04-01", "2023-04", "gYearMonth", False),
        ("207000000000", "207000000000", "integer", True),
        ("2.07E11", "207000000000", "integer", True),
        ("207000000000.0", "207000000000", "integer", True),
        ("-1", "1", "integer", False),
        ("two", "2", "integer", False),
        ("1e999", "2", "integer", False),
        ("9" * 400, "2", "integer", False),
        ("3.1e23", "3.1E23", "double", True),
        ("True", "true", "boolean", True),
        ("no", "false", "boolean", False),
        ("open  Source", "Open-source", "string", True),
        ("--", "-", "string", False),
    ],
)
def test_literals(text: str, literal: str, datatype: str, wanted: bool) -> None:
    """Texts as names, numbers by size, dates by the day or the period."""
    assert is_literally(text, Value(literal, XSD + datatype)) is wanted


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("country", "country"),
        (f"{TERMS}country", "country"),
        ("cllm:country", "country"),
        ("exactMatch", "exactMatch"),
        ("skos:exactMatch", "exactMatch"),
        (f"{PREFIXES['skos']}altLabel", "skos:altLabel"),
        ("dcterms:title", "dcterms:title"),
        ("http://example.org/p", "http://example.org/p"),
        ("", ""),
    ],
)
def test_ids_of_terms(name: str, id_: str) -> None:
    """However a term is given, it has one id."""
    assert term_id(name) == id_

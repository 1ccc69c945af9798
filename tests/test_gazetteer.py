"""The gazetteer: what is found by which name, which beginning, and which identifier."""

from __future__ import annotations

from itertools import islice

import pytest

from kg.link.gazetteer import Gazetteer, Thing, fold
from kg.link.names import folded, similarity

THINGS = (
    Thing("model/wenlan-1-0", ("WuDao-WenLan 1.0", "WenLan"), ("Model", "AcademicModel")),
    Thing("model/wenlan-2-0", ("WuDao-WenLan 2.0", "WenLan 2.0"), ("Model", "AcademicModel")),
    Thing("model/m6", ("M6",), ("Model",)),
    Thing("model/m6-t", ("M6-T",), ("Model",)),
    Thing("model/m6-10t", ("M6-10T",), ("Model",)),
    Thing("model/pangu-alpha", ("PanGu-α", "PanGu"), ("Model",)),
    Thing("reference/17", ("PanGu-α: Large-scale models",), ("Reference",)),
    Thing("organization/lab", ("Peng Cheng Lab", "鹏城实验室"), ("Organization",)),
    Thing("part/lab", ("Peng Cheng Lab",), ("Part",)),
    Thing("organization/tsinghua", ("Tsinghua University", "清华大学", "THU"), ("Organization",)),
    Thing("topic/nothing", ("-",), ()),
)
LINKS = (
    ("organization/tsinghua", "https://ror.org/03cve4549"),
    ("organization/tsinghua", "http://www.wikidata.org/entity/Q16955"),
    ("model/m6", "https://example.org/models/6"),
    ("model/m6-t", "https://example.org/models?id=2021"),
    ("part/lab", "https://example.org/labs/pcl-1"),
    ("organization/lab", "https://example.com/pcl-1/"),
)


@pytest.fixture
def gazetteer() -> Gazetteer:
    """Things that are easily taken for each other."""
    return Gazetteer(THINGS, LINKS)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("Pangu alpha", ["model/pangu-alpha"]),
        ("PANGU-Α", ["model/pangu-alpha"]),
        ("peng cheng lab", ["organization/lab", "part/lab"]),
        ("鹏城 实验室", ["organization/lab"]),
        ("M6", ["model/m6"]),
        ("m6t", ["model/m6-t"]),
        ("M6-X", []),
        ("-", []),
        ("", []),
    ],
)
def test_called(gazetteer: Gazetteer, name: str, ids: list[str]) -> None:
    """A name is found however it is spelled; nothing is called by what folds to nothing."""
    assert list(gazetteer.called(name)) == ids


def test_alike(gazetteer: Gazetteer) -> None:
    """The most alike names, with the similarity that names have; what is not alike is left out."""
    found = gazetteer.alike("M6", 10)

    assert set(found) == {"model/m6", "model/m6-t", "model/m6-10t"}
    assert found["model/m6"] == 1
    for id_, value in found.items():
        assert value == similarity("M6", gazetteer.things[id_].name)
        assert value == gazetteer.similarity("M6", id_)
    assert list(gazetteer.alike("M6", 1)) == ["model/m6"]
    assert gazetteer.alike("Xiaomi Inc.", 10) == {}
    assert gazetteer.alike("-", 10) == {}


def test_alike_within_a_type(gazetteer: Gazetteer) -> None:
    """Things of a type are found even where others are more alike; an unknown type has none."""
    assert set(gazetteer.alike("PanGu-α Large", 1)) == {"model/pangu-alpha"}
    within = gazetteer.alike("PanGu-α Large", 1, ["Reference"])
    assert set(within) == {"model/pangu-alpha", "reference/17"}
    assert set(gazetteer.alike("M6", 1, ["Nonsense"])) == {"model/m6"}
    assert gazetteer.types == {"Model", "AcademicModel", "Reference", "Organization", "Part"}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("model/m6", ["model/m6"]),
        ("model:m6", ["model/m6"]),
        ("https://w3id.org/china-llm/id/model/m6", ["model/m6"]),
        (" https://ror.org/03cve4549\n", ["organization/tsinghua"]),
        ("http://ror.org/03cve4549", ["organization/tsinghua"]),
        ("ror.org/03cve4549", ["organization/tsinghua"]),
        ("03cve4549", ["organization/tsinghua"]),
        ("Q16955", ["organization/tsinghua"]),
        ("pcl-1", ["part/lab", "organization/lab"]),
        ("6", []),
        ("2021", []),
        ("https://example.org/models/6", ["model/m6"]),
        ("https://w3id.org/china-llm/id/model/m7", []),
        ("Q1", []),
        ("", []),
    ],
)
def test_identified(gazetteer: Gazetteer, text: str, ids: list[str]) -> None:
    """By our ids and IRIs and by those of others; a bare number identifies nothing."""
    assert list(gazetteer.identified(text)) == ids


@pytest.mark.parametrize(
    ("name", "id_", "wanted"),
    [
        ("WenLan", "model/wenlan-1-0", True),
        ("WuDao-WenLan 1.0", "model/wenlan-1-0", False),
        ("WenLan 2.0", "model/wenlan-2-0", False),
        ("M6", "model/m6", False),
        ("PanGu", "model/pangu-alpha", False),
        ("THU", "organization/tsinghua", False),
    ],
)
def test_a_name_of_several(gazetteer: Gazetteer, name: str, id_: str, wanted: bool) -> None:
    """A second name with which others are numbered is not sure; a main name is."""
    assert gazetteer.is_of_several(name, id_) is wanted


@pytest.mark.parametrize(
    ("prefix", "ids"),
    [
        ("pangu", ["model/pangu-alpha", "reference/17"]),
        ("M6", ["model/m6", "model/m6-10t", "model/m6-t"]),
        ("univ", ["organization/tsinghua"]),
        ("清", ["organization/tsinghua"]),
        ("Q16955", ["organization/tsinghua"]),
        ("model/m6", ["model/m6"]),
        ("wenlan", ["model/wenlan-1-0", "model/wenlan-2-0"]),
        ("zzz", []),
    ],
)
def test_beginning(gazetteer: Gazetteer, prefix: str, ids: list[str]) -> None:
    """Names that begin so, then words in names; each thing once."""
    assert list(gazetteer.beginning(prefix)) == ids


def test_everything_begins_with_nothing(gazetteer: Gazetteer) -> None:
    """An empty prefix lists all that has a name, bit by bit."""
    assert len(list(gazetteer.beginning(""))) == len(THINGS) - 1
    assert len(list(islice(gazetteer.beginning(""), 3))) == 3


def test_what_visitors_ask_for_is_not_kept(gazetteer: Gazetteer) -> None:
    """The memory of folded names is not filled by what is looked up."""
    before = folded.cache_info().currsize
    for number in range(50):
        gazetteer.alike(f"A visitor's text {number}", 3)
        list(gazetteer.beginning(f"A visitor's beginning {number}"))
        gazetteer.called(f"A visitor's name {number}")
        gazetteer.identified(f"A visitor's identifier {number}")

    assert folded.cache_info().currsize == before
    assert fold("PanGu-α") == folded("PanGu-α")


def test_a_name_without_end() -> None:
    """It is found by its first words; the memory that it takes is not the square of its length."""
    words = [f"word{number}" for number in range(20_000)]
    names = Gazetteer([Thing("model/long", (" ".join(words),)), Thing("model/short", ("Word5 B",))])
    assert list(names.beginning("word5")) == ["model/short", "model/long"]
    assert list(names.beginning("word63")) == ["model/long"]
    assert list(names.beginning("word19999")) == []
    assert list(names.beginning(" ".join(words[:10]))) == ["model/long"]
    assert list(names.beginning(" ".join(words[9:20]))) == ["model/long"]
    assert list(names.called(" ".join(words))) == ["model/long"]

"""Names: what is one however it is written, and what is not."""

from __future__ import annotations

import pytest

from kg.link.names import folded, similarity, slug

SAME = [
    ("PanGu-α", "PanGu-alpha", "Pangu Alpha", "PANGU-Α"),
    ("NÜWA", "NUWA", "Nüwa", "NU\u0308WA"),
    ("GLM-130B", "GLM 130B", "glm130b", "\uff27\uff2c\uff2d-130B"),
    ("ERNIE 3.0", "ERNIE3.0", "ernie-3.0"),
    ("Wu Dao - Wen Lan", "WuDao-WenLan", "Wu Dao – Wen Lan\n"),
    ("智谱AI", "智谱 AI"),
]
OTHERS = [
    ("ERNIE 3.0", "ERNIE 30"),
    ("ERNIE-ViLG", "ERNIE-ViLG 2.0"),
    ("Command R", "Command R+"),
    ("PanGu-α", "PanGu-Σ"),
    ("M6-T", "M6-10T"),
    ("WenLan 1.0", "WenLan 2.0"),
    ("智谱", "智源"),
]


@pytest.mark.parametrize("names", SAME)
def test_spellings_of_one_name(names: tuple[str, ...]) -> None:
    """They fold to one, and are wholly alike."""
    assert len(names) > 1
    assert len({folded(name) for name in names}) == 1
    assert {similarity(names[0], name) for name in names} == {1.0}


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_look_alikes(one: str, other: str) -> None:
    """They stay apart, however alike they are."""
    assert folded(one) != folded(other)
    assert 0 < similarity(one, other) < 1


def test_what_cannot_be_compared() -> None:
    """Nothing is like a name of which nothing is left."""
    assert folded(" - ") == ""
    assert similarity("-", "_") == 0


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("PanGu-α", "pangu-alpha"), ("NÜWA", "nuwa"), ("ERNIE 3.0 Titan", "ernie-3-0-titan"),
     ("Command R+", "command-r-plus"), ("Wu Dao - Wen Lan\n", "wu-dao-wen-lan"), ("智谱", "")],
)  # fmt: skip
def test_slugs(name: str, wanted: str) -> None:
    """Lower-case ASCII with hyphens."""
    assert slug(name) == wanted

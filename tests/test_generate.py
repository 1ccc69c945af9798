"""The made-up landscape conforms, and the canned questions answer about it what was drawn."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kg import build
from kg.project import Project
from kg.queries import Catalogue
from tests.conftest import ROOT, unwatched

if TYPE_CHECKING:
    from types import ModuleType

    from kg.store import EmbeddedStore

MODELS = 120


def generator(name: str = "generate") -> ModuleType:
    """A module of ``bench/``, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "bench" / f"{name}.py")
    assert spec
    assert spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], build.Built]:
    """The answers, and the landscape built."""
    out = tmp_path_factory.mktemp("generate") / "world"
    answers = generator().generate(out, MODELS)
    return answers, build.make(Project(out), unwatched, [])


def ask(store: EmbeddedStore, name: str) -> list[dict[str, str | None]]:
    """The rows of a canned question."""
    (query,) = Catalogue.read([ROOT / "queries" / f"{name}.rq"])
    columns, rows = store.query(query.text, query.bind({})).rows()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_it_conforms_with_the_contradictions_that_were_planted(
    world: tuple[dict[str, Any], build.Built],
) -> None:
    """No violation, and a warning for each contradiction."""
    answers, built = world

    assert built.report.violations == ()
    assert answers["contradictions"] == len(built.report.warnings) > 1
    assert {warning.rule for warning in built.report.warnings} == {"Claim-open"}


def test_questions_answer_what_was_drawn(world: tuple[dict[str, Any], build.Built]) -> None:
    """Models by year, models on domestic hardware, and the figures that conflict."""
    answers, built = world
    store = build.in_memory(built)

    by_year = {row["year"]: int(row["models"] or 0) for row in ask(store, "models-by-year")}
    assert by_year == answers["byYear"]
    assert sum(by_year.values()) == MODELS
    domestic = {row["name"] for row in ask(store, "domestic-hardware")}
    assert len(domestic) == answers["domesticHardwareModels"] > 10
    disputed = {row["thing"] for row in ask(store, "conflicting-figures")}
    assert len(disputed) == answers["contradictions"]


def test_one_more_model_conforms(tmp_path: Path) -> None:
    """What the bench of builds adds is a model like the others."""
    generator().generate(tmp_path / "world", 20)
    generator("build").add_a_model(tmp_path / "world", 20)

    built = build.make(Project(tmp_path / "world"), unwatched, [])

    assert built.report.violations == ()
    by_year = ask(build.in_memory(built), "models-by-year")
    assert sum(int(row["models"] or 0) for row in by_year) == 21


def test_violations_are_planted_by_number(tmp_path: Path) -> None:
    """As many as asked for, each found."""
    generator().generate(tmp_path / "world", 20, violations=3)

    report = build.make(Project(tmp_path / "world"), unwatched, []).report

    assert [violation.rule for violation in report.violations] == ["Statement-property"] * 3


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """And another seed gives others."""
    worlds = []
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        out = tmp_path / name
        generator().generate(out, 30, seed=seed)
        files = sorted((out / "data").rglob("*.t*"))
        assert len(files) == 4
        worlds.append([path.read_bytes() for path in files])

    assert worlds[0] == worlds[1] != worlds[2]

"""Data of one size: made up, built, written for the servers, with what is asked of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from generate import generate
from kg.store import EmbeddedStore
from serving.answers import evaluated
from serving.peers import DEFAULT, Data
from serving.questions import SHAPES, Constants, canned, pool
from sizes import build

if TYPE_CHECKING:
    from pathlib import Path

    from serving.answers import Alike
    from serving.questions import Question

KINDS: Final = ("canned", "unique")
SAMPLES: Final = 3
"""Queries of a shape that are compared beforehand."""
_COMPARED: Final = 2
"""The seed of the pool of those."""


@dataclass
class Landscape:
    """Data, what can be asked of them, and the answers."""

    models: int
    data: Data
    store: EmbeddedStore
    constants: Constants
    questions: dict[str, list[Question]]
    """By kind; of ``unique`` some of each shape."""
    expected: dict[str, Alike] = field(default_factory=dict)
    """What is answered to a text."""
    left_out: dict[str, dict[str, str]] = field(default_factory=dict)
    """By kind and name: why."""

    @classmethod
    def made(cls, models: int, root: Path, folder: Path) -> Landscape:
        """One of so many models, built in ``root`` unless that is there; ``folder`` is empty."""
        if not (root / "build" / "current").exists():
            if not root.exists():
                generate(root, models)
            build(root)
        store = EmbeddedStore.open(root / "build" / "current" / "store")
        data = _data(root, store, folder)
        constants = Constants.of(store)
        some = list(
            itertools.islice(pool(constants, list(SHAPES), _COMPARED), SAMPLES * len(SHAPES))
        )
        questions = {"canned": canned(root), "unique": some}
        return cls(models, data, store, constants, questions, left_out={kind: {} for kind in KINDS})

    def answer(self, question: Question) -> Alike:
        """What a right answer says."""
        if question.text not in self.expected:
            return evaluated(self.store, question.text)[0]
        return self.expected[question.text]

    def judge(self, slowest: float, largest: int) -> None:
        """Find all answers, and leave out canned queries that are slow or have much to say."""
        for kind, questions in self.questions.items():
            for question in questions:
                self.expected[question.text], seconds, size = evaluated(self.store, question.text)
                if kind != "canned":
                    continue
                if seconds > slowest:
                    self.left_out[kind][question.name] = f"takes longer than {slowest:g} s"
                elif size > largest:
                    self.left_out[kind][question.name] = f"has more than {largest:,} bytes"

    def asked(self, kind: str) -> list[Question]:
        """What is left of the questions of a kind."""
        return [one for one in self.questions[kind] if one.name not in self.left_out[kind]]

    def shapes(self) -> list[str]:
        """What is left of the shapes."""
        return [name for name in SHAPES if name not in self.left_out["unique"]]

    def write(self, size: int) -> dict[str, Path]:
        """Files of what is left, by kind, as ``wrk.lua`` reads them; so many unique queries."""
        unique = itertools.islice(pool(self.constants, self.shapes()), size)
        files = {}
        for kind, questions in (("canned", self.asked("canned")), ("unique", unique)):
            files[kind] = self.data.folder / f"{kind}.txt"
            with files[kind].open("w", encoding="ascii") as out:
                out.writelines(question.line() for question in questions)
        return files


def _data(root: Path, store: EmbeddedStore, folder: Path) -> Data:
    """The quads of a store in files."""
    data = Data(root, folder / "data.nq", folder / "named.nq", tuple(store.graph_names()), folder)
    with (
        data.quads.open("w", encoding="utf-8") as quads,
        data.named.open("w", encoding="utf-8") as named,
    ):
        for quad in store.quads():
            triple = f"{quad.subject} {quad.predicate} {quad.object}"
            is_default = isinstance(quad.graph_name, ox.DefaultGraph)
            graph = "" if is_default else f" {quad.graph_name}"
            quads.write(f"{triple}{graph} .\n")
            named.write(f"{triple}{graph or f' <{DEFAULT}>'} .\n")
    return data

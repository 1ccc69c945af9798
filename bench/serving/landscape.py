"""Data of one size: made up, built, written for the servers, with what is asked of them."""

from __future__ import annotations

import itertools
import multiprocessing
import sys
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from generate import generate
from kg.results import FORMATS
from kg.store import EmbeddedStore
from serving.answers import evaluated
from serving.peers import Data
from serving.questions import SHAPES, Constants, canned, pool
from sizes import build

if TYPE_CHECKING:
    from multiprocessing.pool import Pool
    from pathlib import Path

    from serving.answers import Alike
    from serving.questions import Question

KINDS: Final = ("canned", "unique")
SAMPLES: Final = 3
"""Queries of a shape that are compared beforehand."""
_COMPARED: Final = 2
"""The seed of the pool of those."""
_GRACE: Final = 2
"""Seconds for what a process says to come."""
_N_QUADS: Final = next(one for one in FORMATS if one.name == "nquads")


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
        store = _opened(root)
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
        for question in self.questions["unique"]:
            self.expected[question.text] = evaluated(self.store, question.text)[0]
        print("answering the canned queries", file=sys.stderr, flush=True)
        with closing(Evaluator(self.data.root)) as evaluator:
            for question in self.questions["canned"]:
                found = evaluator.evaluated(question.text, 2 * slowest)
                if found is None or found[1] > slowest:
                    why = f"takes longer than {slowest:g} s"
                elif found[2] > largest:
                    why = f"has more than {largest:,} bytes"
                else:
                    self.expected[question.text] = found[0]
                    continue
                self.left_out["canned"][question.name] = why

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


class Evaluator:
    """What Oxigraph answers to queries, in a process that is ended if it takes too long."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process: Pool | None = None

    def evaluated(self, text: str, seconds: float) -> tuple[Alike, float, int] | None:
        """As ``answers.evaluated``; None if it takes longer than some seconds."""
        if self._process is None:
            context = multiprocessing.get_context("spawn")
            self._process = context.Pool(1)
            self._process.apply(_evaluated, (self._root, "ASK {}"))  # so that it has begun
        try:
            return self._process.apply_async(_evaluated, (self._root, text)).get(seconds + _GRACE)
        except multiprocessing.TimeoutError:
            self.close()
            return None

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.terminate()
            self._process.join()
            self._process = None


def _evaluated(root: Path, text: str) -> tuple[Alike, float, int]:
    return evaluated(_opened(root), text)


@cache
def _opened(root: Path) -> EmbeddedStore:
    return EmbeddedStore.open(root / "build" / "current" / "store")


def _data(root: Path, store: EmbeddedStore, folder: Path) -> Data:
    """The quads of a store in a file."""
    data = Data(root, folder / "data.nq", tuple(store.graph_names()), folder)
    print("writing the quads", file=sys.stderr, flush=True)
    with data.quads.open("wb") as file:
        store.write(_N_QUADS, file)
    return data

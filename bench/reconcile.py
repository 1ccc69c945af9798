"""The reconciliation service at several sizes: how long it reads the names, and how long it looks.

    python bench/reconcile.py --models 1000 10000

On a made-up landscape each time. ``read`` is what the first request after a build waits for, and
``MB`` what the names take; the others are milliseconds of a request as a client of Flask sees it,
the median of ``--rounds``: a batch of ten names as OpenRefine sends it, the same with a type and
two properties, the largest batch there may be, suggestions, and three properties of ten things.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from generate import generate
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import create_app
from kg.serve.batches import MOST_CANDIDATES, MOST_PROPERTIES, MOST_QUERIES, MOST_TYPES
from kg.serve.reconcilable import Reconcilable
from kg.settings import Settings
from kg.store import Current, Versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse as Response

PROPERTIES: Final = ("hasDeveloper", "released", "parameterCount")
COLUMNS: Final = ("read s", "MB", "10 names", "10 with more", "largest", "suggest", "extend")


def main() -> int:
    """Measure at each size and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=20)
    chosen = parser.parse_args()
    print(f"| models | things | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for models in chosen.models:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "world"
            generate(root, models, seed=0)
            build(root)
            with get_context("spawn").Pool(1) as process:
                things, times = process.apply(measured, (root, chosen.rounds))
            cells = [f"{times['read s']:.2f}", f"{times['MB']:.0f}"]
            cells += [f"{times[column]:.1f}" for column in COLUMNS[2:]]
            print(f"| {models:,} | {things:,} | {' | '.join(cells)} |", flush=True)
    return 0


def build(root: Path) -> None:
    """Build a landscape, in a process of its own."""
    kg = Path(sys.executable).with_name("kg")
    command = [str(kg), "--project", str(root), "build"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603


def measured(root: Path, rounds: int) -> tuple[int, dict[str, float]]:
    """The number of things that can be reconciled, and what each column says."""
    versions, draw = Versions(root / "build"), random.Random(1)  # noqa: S311
    catalogue = Catalogue.read(Project(root).query_files())
    client = create_app(Current(versions), catalogue, Settings.load({})).test_client()
    before, began = resident(), time.perf_counter()
    client.get("/reconcile").get_data()
    times = {"read s": time.perf_counter() - began, "MB": (resident() - before) / 1e6}
    known = Reconcilable(versions.open().store)
    ids, names = list(known.things.things), [t.name for t in known.things.things.values()]
    models = [id_ for id_ in ids if id_.startswith("model/")]
    given = [{"pid": "released", "v": "2021"}, {"pid": "hasDeveloper", "v": "Organization 3"}]
    every = [{"pid": id_, "v": "China"} for id_ in known.used("")[:MOST_PROPERTIES]]
    most = {"limit": MOST_CANDIDATES, "type": [*known.types.things][:MOST_TYPES]}

    def names_sent(size: int, **more: object) -> Response:
        batch = {f"q{i}": {"query": draw.choice(names), **more} for i in range(size)}
        return client.post("/reconcile", data={"queries": json.dumps(batch)})

    def extended() -> Response:
        asked = {"ids": draw.sample(models, 10), "properties": [{"id": p} for p in PROPERTIES]}
        return client.post("/reconcile", data={"extend": json.dumps(asked)})

    for column, ask in {
        "10 names": lambda: names_sent(10),
        "10 with more": lambda: names_sent(10, type="Model", properties=given),
        "largest": lambda: names_sent(MOST_QUERIES, properties=every, **most),
        "suggest": lambda: client.get("/reconcile/suggest/entity?prefix=model%201"),
        "extend": extended,
    }.items():
        times[column] = statistics.median(milliseconds(ask) for _ in range(rounds))
    return len(ids), times


def milliseconds(ask: Callable[[], Response]) -> float:
    """How long an answer takes. Raises ``RuntimeError`` if it is none."""
    began = time.perf_counter()
    answer = ask()
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(answer.get_data(as_text=True))
    return 1000 * (time.perf_counter() - began)


def resident() -> int:
    """Bytes of memory of this process (Linux: proc(5))."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())

"""Pages of things and proofs at several sizes: how long they take, and what a page weighs.

    python bench/entities.py --models 26 1000 10000

On a made-up landscape each time. Milliseconds of a page or JSON as a client of Flask sees it, the
median of ``--rounds`` after the first one: of a model, of the organization with most models, and of
the chip that most models were trained on. ``KB`` is the largest of these pages, compressed, without
style sheets and scripts. A proof is one of ten inferred statements, each in a process of its own:
the median and the longest, in seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from generate import generate
from kg.encodings import encoded
from kg.namespaces import GRAPHS
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import create_app
from kg.settings import Settings
from kg.store import Current, Versions
from kg.why import Explanations
from reconcile import build, milliseconds

if TYPE_CHECKING:
    from werkzeug.test import TestResponse as Response

THINGS: Final = {
    "model": "/id/model/m-1",
    "organization": "/id/organization/o-0",
    "chip": "/id/hardware/chip-0",
}
COLUMNS: Final = (*(f"{name} ms" for name in THINGS), "JSON ms", "KB", "proof s", "longest s")
_MEMORY: Final = 768_000_000


def main() -> int:
    """Measure at each size and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", type=int, nargs="+", default=[26, 1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=20)
    chosen = parser.parse_args()
    print(f"| models | refer to the chip | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for models in chosen.models:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "world"
            generate(root, models, seed=0)
            build(root)
            with get_context("spawn").Pool(1) as process:
                referring, found = process.apply(measured, (root, chosen.rounds))
            cells = [f"{value:.2f}" if " s" in name else f"{value:.0f}" for name, value in found]
            print(f"| {models:,} | {referring:,} | {' | '.join(cells)} |", flush=True)
    return 0


def measured(root: Path, rounds: int) -> tuple[int, list[tuple[str, float]]]:
    """How many statements refer to the chip, and what each column says."""
    versions = Versions(root / "build")
    catalogue = Catalogue.read(Project(root).query_files())
    client = create_app(Current(versions), catalogue, Settings.load({})).test_client()

    def page(path: str) -> Response:
        return client.get(path, headers={"Accept": "text/html"})

    def json(path: str) -> Response:
        return client.get(f"{path}.json")

    sizes = [len(encoded(page(path).get_data(), "gzip")) for path in THINGS.values()]
    times = [
        statistics.median(milliseconds(lambda path=path: page(path)) for _ in range(rounds))  # type: ignore[misc]
        for path in THINGS.values()
    ]
    organization = THINGS["organization"]
    times.append(statistics.median(milliseconds(lambda: json(organization)) for _ in range(rounds)))
    chip = next(one for one in [json(THINGS["chip"]).json] if one)
    proofs = sorted(seconds_of_proofs(versions))
    last = max(sizes) / 1000, statistics.median(proofs), proofs[-1]
    referring = sum(one["count"] for one in chip["referredToBy"])
    return referring, [*zip(COLUMNS, (*times, *last), strict=True)]


def seconds_of_proofs(versions: Versions) -> list[float]:
    """How long proofs of some inferred statements take. Raises ``RuntimeError`` without one."""
    reading = versions.open()
    inferred = sorted(reading.store.triples(f"{GRAPHS}inferred"))
    explanations = Explanations(1, 60, _MEMORY)
    found = []
    for triple in random.Random(1).sample(inferred, 10):  # noqa: S311
        began = time.perf_counter()
        if asyncio.run(explanations.proof(reading, triple)) is None:
            raise RuntimeError(f"no proof of {triple}")
        found.append(time.perf_counter() - began)
    return found


if __name__ == "__main__":
    sys.exit(main())

"""How much processor time each canned question takes on made-up landscapes of several sizes.

    python bench/questions.py --models 26 1000 10000
    python bench/questions.py --models 1000 2000 4000 --disk --only industry-academia

They are asked of the engine in this process, in memory or with ``--disk`` from there; what a client
waits for is what ``bench/scale.py`` tells. A row for each question: for each size milliseconds of
CPU, the median of so many rounds, and rows.
The answer is written as JSON. A parameter is the default or, where the landscape has not that, the
first of its first things by name for which there are rows. Then comes by which power of the number
of models both grow between the last two sizes: 1 is in step, 0 not at all. A question whose time
has a higher power than its rows and 1 looks at more than it must, or at what the processor's cache
no longer holds. Questions that have no rows at any size look for what no made-up landscape has, and
are told at the end.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

sys.path.insert(0, str(Path(__file__).parent))
from kg.results import named
from kg.store import EmbeddedStore, Versions
from scaling.asking import Answered, questions, terms_of
from scaling.tables import asking
from sizes import landscape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.queries import Query, Term


def main() -> int:
    """Measure the sizes one by one, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", type=int, nargs="+", default=[26, 1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--disk", action="store_true", help="ask from disk")
    chosen = parser.parse_args()
    found: list[dict[str, Answered]] = []
    for number in chosen.models:
        with landscape(number) as root, get_context("spawn").Pool(1) as process:
            how = chosen.rounds, chosen.only, chosen.disk
            found.append(process.apply(_measured, (root, *how)))
    places = ["disk" if chosen.disk else "memory"] * len(found)
    print("\n".join(asking(chosen.models, found, places)))
    return 0


def _measured(
    root: Path,
    rounds: int,
    only: Sequence[str],
    from_disk: bool,
) -> dict[str, Answered]:
    disk = ox.Store.read_only(str(Versions(root / "build").current().store))
    memory = ox.Store()
    if not from_disk:
        memory.bulk_extend(disk)
    store = EmbeddedStore(disk if from_disk else memory)
    found = {}
    for query in questions(root):
        if not only or query.name in only:
            terms = terms_of(query, store)
            times = [_milliseconds(store, query, terms) for _ in range(rounds)]
            rows = sum(1 for _ in store.query(query.text, terms).solutions())
            found[query.name] = Answered(statistics.median(times), rows)
    return found


def _milliseconds(store: EmbeddedStore, query: Query, terms: dict[str, Term]) -> float:
    began = time.process_time()
    store.query(query.text, terms).serialize(named("json", "rows"))
    return 1000 * (time.process_time() - began)


if __name__ == "__main__":
    sys.exit(main())

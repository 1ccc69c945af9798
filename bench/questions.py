"""How long each canned question takes on made-up landscapes of several sizes, asked in memory.

    python bench/questions.py --models 26 1000 10000
    python bench/questions.py --only model-figures mixture-of-experts

A row for each question: for each size milliseconds of CPU, the median of so many rounds, and rows.
The answer is written as JSON. A parameter is the default or, where the landscape has not that, the
first of its first things by name for which there are rows. Then comes by which power of the number
of models both grow between the last two sizes: 1 is in step, 0 not at all. A question whose time
has a higher power than its rows and 1 looks at more than it must, or at what the processor's cache
no longer holds. Questions that have no rows at any size look for what no made-up landscape has, and
are told at the end.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

sys.path.insert(0, str(Path(__file__).parent))
from kg.project import Project
from kg.queries import Catalogue, Query, Term
from kg.results import named
from kg.store import EmbeddedStore, Versions
from sizes import landscape

if TYPE_CHECKING:
    from collections.abc import Sequence

    Measured = tuple[float, int]
    """Milliseconds, and rows."""


_TRIED: Final = 500
"""Things that are tried for a parameter."""


def main() -> int:
    """Measure the sizes one by one, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", type=int, nargs="+", default=[26, 1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[])
    chosen = parser.parse_args()
    found: list[dict[str, Measured]] = []
    for number in chosen.models:
        with landscape(number) as root, get_context("spawn").Pool(1) as process:
            found.append(process.apply(_measured, (root, chosen.rounds, chosen.only)))
    sizes = [f"{number:,}: ms | rows" for number in chosen.models]
    print(f"| question | {' | '.join(sizes)} | power of ms | of rows |")
    print("|---" * (2 * len(sizes) + 3) + "|")
    nothing = []
    for name in sorted(found[-1], key=lambda name: -found[-1][name][0]):
        measured = [one[name] for one in found]
        if not any(rows for _, rows in measured):
            nothing.append(f"{name} ({measured[-1][0]:.1f} ms)")
            continue
        cells = [f"{ms:,.1f} | {rows:,}" for ms, rows in measured]
        powers = [_power(chosen.models, [one[place] for one in measured]) for place in (0, 1)]
        print(f"| `{name}` | {' | '.join(cells)} | {' | '.join(powers)} |")
    print(f"\nNo rows at any size, with the time at {chosen.models[-1]:,}: {', '.join(nothing)}.")
    return 0


def _measured(root: Path, rounds: int, only: Sequence[str]) -> dict[str, Measured]:
    disk = ox.Store.read_only(str(Versions(root / "build").current().store))
    memory = ox.Store()
    memory.bulk_extend(disk)
    store = EmbeddedStore(memory)
    found = {}
    for query in Catalogue.read(Project(root).query_files()):
        if not only or query.name in only:
            terms = _terms(query, store)
            times = [_milliseconds(store, query, terms) for _ in range(rounds)]
            found[query.name] = statistics.median(times), _rows(store, query, terms)
    return found


def _terms(query: Query, store: EmbeddedStore) -> dict[str, Term]:
    terms = query.bind({})
    for parameter in query.parameters:
        things = [iri for iri, _ in store.members(parameter)] if parameter.of_class else []
        if things and terms[parameter.name].value not in things:
            tried = (terms | {parameter.name: Term(iri)} for iri in things[:_TRIED])
            terms = next((one for one in tried if _rows(store, query, one)), terms)
    return terms


def _rows(store: EmbeddedStore, query: Query, terms: dict[str, Term]) -> int:
    return sum(1 for _ in store.query(query.text, terms).solutions())


def _milliseconds(store: EmbeddedStore, query: Query, terms: dict[str, Term]) -> float:
    began = time.process_time()
    store.query(query.text, terms).serialize(named("json", "rows"))
    return 1000 * (time.process_time() - began)


def _power(sizes: Sequence[int], values: Sequence[float]) -> str:
    """By which power of the size a value grows, between the last two sizes."""
    if len(sizes) < 2 or not all(values[-2:]):
        return ""
    return f"{math.log(values[-1] / values[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}"


if __name__ == "__main__":
    sys.exit(main())

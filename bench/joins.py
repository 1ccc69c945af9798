"""What a round of the reasoner does, in NumPy, Polars and DuckDB: why the columns are NumPy's.

    pip install polars duckdb
    python bench/joins.py

A round joins what is new of one relation with another one, keeps each pair once, and takes away
what is known. ``large`` is one round over a million pairs; ``small`` is a thousand rounds in which
a hundred pairs are new, beside relations of a hundred thousand: most clauses of most rounds are
like that. CPU seconds, the median of five runs in turn, and as multiples of NumPy's. All find the
same pairs. A library that is not installed is left out.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from kg.columns import HALF, MASK, among, distinct, looked_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Column = NDArray[np.int64]
    Pairs = tuple[Column, Column]
    Round = Callable[[Pairs], int]

RUNS: Final = 5
SIZES: Final = {"large": (1_000_000, 1_000_000, 1), "small": (100_000, 100, 1_000)}
"""By name: pairs of a relation, new pairs in a round, rounds."""


def relation(size: int, seed: int) -> Pairs:
    """So many pairs of things, of which there are as many: sorted, each once."""
    chance = np.random.default_rng(seed)
    pairs = distinct(chance.integers(0, size, size) << HALF | chance.integers(0, size, size))
    return pairs >> HALF, pairs & MASK


def with_numpy(other: Pairs, known: Pairs) -> Round:
    """Binary search in sorted columns, as ``kg.columns`` has it."""
    others, knowns = (subjects << HALF | objects for subjects, objects in (other, known))

    def once(new: Pairs) -> int:
        places, found = looked_up(new[1], others)
        pairs = distinct(new[0][places] << HALF | found)
        return int((~among(pairs, knowns)).sum())

    return once


def with_polars(other: Pairs, known: Pairs) -> Round:
    """Hash joins of data frames."""
    import polars as pl

    others = pl.DataFrame({"o": other[0], "x": other[1]})
    knowns = pl.DataFrame({"s": known[0], "x": known[1]})

    def once(new: Pairs) -> int:
        fresh = pl.DataFrame({"s": new[0], "o": new[1]})
        pairs = fresh.join(others, on="o").select("s", "x").unique()
        return int(pairs.join(knowns, on=["s", "x"], how="anti").height)

    return once


def with_duckdb(other: Pairs, known: Pairs) -> Round:
    """SQL in process."""
    import duckdb

    database = duckdb.connect()
    for name, (first, second) in (("others", other), ("knowns", known)):
        columns = {"a": first, "b": second}
        database.register("columns", columns)
        database.execute(f"CREATE TABLE {name} AS SELECT * FROM columns")  # noqa: S608

    def once(new: Pairs) -> int:
        database.register("fresh", {"a": new[0], "b": new[1]})
        ((count,),) = database.execute(
            "SELECT count(*) FROM (SELECT DISTINCT f.a, o.b FROM fresh f JOIN others o ON f.b = o.a"
            " EXCEPT SELECT a, b FROM knowns)"
        ).fetchall()
        return int(count)

    return once


ENGINES: Final = {"numpy": with_numpy, "polars": with_polars, "duckdb": with_duckdb}


def main() -> int:
    """Run the rounds in turn and print the table."""
    engines = [name for name in ENGINES if importlib.util.find_spec(name)]
    print("| rounds | engine | CPU s | x |\n|---|---|---|---|")
    for task, (size, fresh, rounds) in SIZES.items():
        other, known, new = (relation(size, seed) for seed in range(3))
        chance = np.random.default_rng(9)
        deltas = [
            (new[0][chosen], new[1][chosen])
            for chosen in (
                np.arange(len(new[0])) if fresh >= size else chance.integers(0, len(new[0]), fresh)
                for _ in range(rounds)
            )
        ]
        once = {name: ENGINES[name](other, known) for name in engines}
        times: dict[str, list[float]] = {name: [] for name in engines}
        counts: dict[str, int] = {}
        for _ in range(RUNS):
            for name in engines:
                started = time.process_time()
                counts[name] = sum(once[name](delta) for delta in deltas)
                times[name].append(time.process_time() - started)
        if len(set(counts.values())) > 1:
            print(f"The engines differ: {counts}.", file=sys.stderr)
            return 1
        medians = {name: statistics.median(found) for name, found in times.items()}
        for name, median in medians.items():
            print(f"| {task} | {name} | {median:.3f} | {median / medians['numpy']:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())

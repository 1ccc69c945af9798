"""The reconciliation service at several sizes: how long it reads the names, and how long it looks.

    python bench/reconcile.py --models 1000 10000

On a made-up landscape each time. ``read`` is what the first request after a build waits for, and
``MB`` what the names take; the others are milliseconds of a request as a client of Flask sees it,
the median of ``--rounds``: a batch of ten names as OpenRefine sends it, the same with a type and
two properties, the largest batch there may be, suggestions, and three properties of ten things.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from kg.serve.batches import MOST_CANDIDATES, MOST_PROPERTIES, MOST_QUERIES, MOST_TYPES
from kg.serve.reconcilable import Reconcilable
from sizes import milliseconds, tabulate

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse as Response

    from kg.store import Versions

PROPERTIES: Final = ("hasDeveloper", "released", "parameterCount")
COLUMNS: Final = (
    "things",
    "read s",
    "MB",
    "10 names",
    "10 with more",
    "largest",
    "suggest",
    "extend",
)


def measured(versions: Versions, client: FlaskClient, rounds: int) -> list[str]:
    """The number of things that can be reconciled, and what each other column says."""
    draw = random.Random(1)  # noqa: S311
    before, began = resident(), time.perf_counter()
    client.get("/reconcile").get_data()
    cells = [f"{time.perf_counter() - began:.2f}", f"{(resident() - before) / 1e6:.0f}"]
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

    asked = (
        lambda: names_sent(10),
        lambda: names_sent(10, type="Model", properties=given),
        lambda: names_sent(MOST_QUERIES, properties=every, **most),
        lambda: client.get("/reconcile/suggest/entity?prefix=model%201"),
        extended,
    )
    medians = (statistics.median(milliseconds(ask) for _ in range(rounds)) for ask in asked)
    return [f"{len(ids):,}", *cells, *(f"{median:.1f}" for median in medians)]


def resident() -> int:
    """Bytes of memory of this process (Linux: proc(5))."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    tabulate(__doc__, COLUMNS, measured, (1_000, 10_000))

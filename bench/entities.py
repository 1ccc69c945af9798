"""Pages of things and proofs at several sizes: how long they take, and what a page weighs.

    python bench/entities.py --models 26 1000 10000

On a made-up landscape each time. Milliseconds of a page or JSON as a client of Flask sees it, the
median of ``--rounds`` after the first one: of a model, of the organization with most models, and of
the chip that most models were trained on. ``KB`` is the largest of these pages, compressed, without
style sheets and scripts. A proof is one of ten inferred statements, each in a process of its own:
the median and the longest, in seconds.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from kg.encodings import encoded
from kg.namespaces import GRAPHS
from kg.why import Explanations
from sizes import milliseconds, tabulate

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse as Response

    from kg.store import Versions

THINGS: Final = {
    "model": "/id/model/m-1",
    "organization": "/id/organization/o-0",
    "chip": "/id/hardware/chip-0",
}
COLUMNS: Final = (
    "refer to the chip",
    *(f"{name} ms" for name in THINGS),
    *("JSON ms", "KB", "proof s", "longest s"),
)
_MEMORY: Final = 768_000_000


def measured(versions: Versions, client: FlaskClient, rounds: int) -> list[str]:
    """How many statements refer to the chip, and what each other column says."""

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
    referring = sum(one["count"] for one in chip["referredToBy"])
    whole = (*times, max(sizes) / 1000)
    seconds = statistics.median(proofs), proofs[-1]
    return [f"{referring:,}", *(f"{n:.0f}" for n in whole), *(f"{n:.2f}" for n in seconds)]


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
    tabulate(__doc__, COLUMNS, measured, (26, 1_000, 10_000))

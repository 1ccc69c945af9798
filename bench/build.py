"""A build with one model added, at several sizes: what it takes, as a share of the first one.

    python bench/build.py --models 1000 10000
    python bench/build.py --models 1000 10000 100000

Each build runs in a process of its own on a made-up landscape: wall seconds of each step. Then a
file with one more model is added and the build goes on from what the first one kept; ``of all`` is
that step as a share of the whole first build, whose own steps ``bench/scale.py`` tells.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from generate import World, generate, names, row, write


@dataclass(frozen=True)
class Run:
    """One build: seconds by step and in all, CPU seconds, peak memory in MB, what it counted."""

    steps: dict[str, float]
    cpu: float
    memory: int
    asserted: int

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum(self.steps.values())


def main() -> int:
    """Build twice at each size and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    first: dict[int, Run] = {}
    again: dict[int, Run] = {}
    for models in chosen.models:
        with tempfile.TemporaryDirectory() as folder:
            root, store = Path(folder) / "world", Path(folder) / "store"
            generate(root, models, seed=chosen.seed)
            first[models] = build(root, store)
            add_a_model(root, models)
            again[models] = build(root, store)
    print_added(first, again)
    return 0


def add_a_model(root: Path, models: int) -> None:
    """Add a model to a landscape of so many: what the registry has of it, and its row."""
    world = World(models, random.Random(1))  # noqa: S311
    write(root / "data" / "registry" / "one-more.ttl", "registry/one-more", names(models))
    text, _ = row(world, models)
    write(root / "data" / "world" / "one-more.ttl", "world/one-more", [text])


def build(root: Path, store: Path) -> Run:
    """Run one build. Raises ``RuntimeError`` if it does not conform."""
    kg = Path(sys.executable).with_name("kg")
    command = [str(kg), "--project", str(root), "build", "--store", str(store), "--format", "json"]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"the build of {root} ended with {process.returncode}")
        out.seek(0)
        said = json.load(out)
    cpu = usage.ru_utime + usage.ru_stime
    return Run(said["seconds"], cpu, usage.ru_maxrss // 1024, said["asserted"])


def print_added(first: dict[int, Run], again: dict[int, Run]) -> None:
    """A row for each step of the build that goes on: seconds, and as a share of the first one."""
    sizes = list(again)
    head = [f"{size:,}{of}" for size in sizes for of in ("", " of all")]
    print(f"| one model added | {' | '.join(head)} |")
    print("|---" * (len(head) + 1) + "|")
    together = ("validate sources", "reason", "validate settled view")
    rows = {
        **{step: {s: again[s].steps[step] for s in sizes} for step in again[sizes[-1]].steps},
        "reason and validate": {s: sum(again[s].steps[t] for t in together) for s in sizes},
        "all": {size: again[size].total for size in sizes},
        "the first build": {size: first[size].total for size in sizes},
    }
    for name, times in rows.items():
        cells = [
            cell for s in sizes for cell in (f"{times[s]:.2f}", f"{times[s] / first[s].total:.1%}")
        ]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    sys.exit(main())

"""Everything that grows, at several sizes: a build, its files, a server, and each canned question.

    python bench/scale.py --models 26 1000
    python bench/scale.py --models 26 1000 10000 100000 --worlds /tmp/worlds --json scale.json
    python bench/scale.py --models 1000 10000 --disk --only compute-ranking model-figures

A made-up landscape of each size is built by ``kg build`` and served by ``kg serve``, one after the
other, with what users have by default but for the two limits of a query: so the engine is measured.

- A build: wall seconds of each step, CPU and peak memory of its process.
- A server: seconds from the start of its process to the first right answer, and until the data are
  in memory, if they fit there; the proportional memory (PSS) of all its processes.
- A question: milliseconds until a client has all of the answer in JSON over loopback, the median of
  ``--rounds``, never one that was kept; it is not asked again once it has taken 10 seconds in all.
  A parameter is the default or the first thing by name that gives rows. MB is how much more address
  space its process had than before, which is what ``query_memory`` bounds, of those that take a
  tenth of a second or longer.

A slope, or power, is that of the value between two sizes, both on a logarithmic scale: 1 is in
proportion. There is none between a size that is answered from memory and one from disk.

With ``--worlds`` the folder keeps what was built, and ``bench/serve.py`` finds it there. What has
been built and measured by this command is not built again: remove ``build.json`` of a landscape, or
the landscape, to have that. What could be measured is printed if one size fails, and the command
ends with 2 then.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from kg.errors import BadInput, KgError
from kg.settings import Settings
from machine import about, memory
from scaling import tables
from scaling.asking import questions
from scaling.measuring import Asking, addresses, built, is_known, served, sizes


def main() -> int:
    """Measure the sizes one by one, and print the tables."""
    chosen = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that what was started is ended
    how = Asking(chosen.rounds, chosen.deadline, chosen.query_memory, chosen.only, chosen.disk)
    told = about()
    print("\n".join(told), flush=True)
    if chosen.worlds:
        chosen.worlds.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(chosen.worlds or tempfile.gettempdir()).total
    measured: list[tables.Measured] = []
    is_well = True
    try:
        for models in chosen.models:
            with tempfile.TemporaryDirectory(prefix="kg-scale-") as folder:
                root = (chosen.worlds or Path(folder)) / f"{models}-models"
                measured.append(measure(root, models, how))
    except KeyboardInterrupt:
        is_well = False
    except (OSError, RuntimeError, http.client.HTTPException, KgError) as error:
        said = str(error).rstrip(".")
        print(f"{models:,} models could not be measured: {said}.", file=sys.stderr)
        is_well = False
    if chosen.json:
        raw = {"about": told, "sizes": [asdict(one) for one in measured]}
        chosen.json.write_text(json.dumps(raw, indent=1) + "\n", "utf-8")
    if measured:
        show(measured, tables.Machine(memory() / 1e6, disk / 1e6))
    return 0 if is_well else 2


def options() -> argparse.Namespace:
    """What the command line wishes for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--models", type=int, nargs="+", default=[26, 1_000, 10_000])
    add("--rounds", type=int, default=5)
    add("--only", nargs="+", default=[], metavar="QUESTION", help="only these questions")
    add("--disk", action="store_true", help="answer from disk at each size")
    add("--deadline", type=int, default=120, help="seconds of a question")
    add(
        "--query-memory",
        type=int,
        default=memory() // 2_000_000,
        help="megabytes of a question; by default half of the machine's",
    )
    add("--worlds", type=Path, metavar="FOLDER", help="keeps what was built, and has it")
    add("--json", type=Path, metavar="FILE", help="for all that was measured")
    chosen = parser.parse_args()
    chosen.models = sorted(set(chosen.models))
    if min(chosen.rounds, *chosen.models) < 1:
        parser.error("models and rounds are at least 1")
    try:
        Settings.load({}, deadline=chosen.deadline, query_memory=chosen.query_memory)
    except BadInput as error:
        parser.error(str(error))
    known = {query.name for query in questions(Path(__file__).resolve().parents[1])}
    if unknown := sorted(set(chosen.only) - known):
        parser.error(f"there is no question {unknown[0]}")
    if not Path("/proc/self/smaps_rollup").exists():
        parser.error("processes are looked at in /proc as Linux has it, which is not here")
    return chosen


def measure(root: Path, models: int, how: Asking) -> tables.Measured:
    """Build, serve and ask a landscape of so many models. Raises ``RuntimeError`` if that fails."""
    began = time.monotonic()

    def progress(text: str) -> None:
        print(f"{models:,} models: {text}", file=sys.stderr, flush=True)

    progress("is built")
    if is_known(root):
        print(f"- {models:,} models were built by an earlier run", flush=True)
    run = built(root, models)
    progress(f"was built in {run.total:.0f} s")
    size, asked = sizes(root), addresses(root, how.only)
    progress(f"{size.statements:,} statements are served, and asked {len(asked)} questions")
    found = served(root, asked, how)
    spent = time.monotonic() - began
    progress(f"answered after {found.first:.1f} s, from {found.place}; all took {spent:.0f} s")
    return tables.Measured(models, run, size, found)


def show(measured: list[tables.Measured], machine: tables.Machine) -> None:
    """Print the tables."""
    models = [one.models for one in measured]
    answers = [one.served.answers for one in measured]
    places = [one.served.place for one in measured]
    parts = {
        "A build, step by step": tables.building(measured),
        "Memory, disk, start": tables.serving(measured),
        "Questions": tables.asking(models, answers, places),
    }
    if len(measured) > 1:
        parts["What breaks first"] = tables.breaking(measured, machine)
    for title, lines in parts.items():
        print("\n".join(("", f"### {title}", "", *lines)))


if __name__ == "__main__":
    sys.exit(main())

"""Reasoners side by side on the same data: time, CPU, memory, and what each misses or adds.

    python bench/reason.py --models 26 1000
    python bench/reason.py --models 100000 --engine columns

Each engine runs in a process of its own, reads the same N-Triples (a made-up landscape and the
ontology) and writes what is new. The last columns are CPU as multiples of the first engine's: as a
whole, and without starting and loading. Engines that are not installed are left out:
``pip install reasonable`` for that one. Triples are compared without what ``graph:inferred`` leaves
out, and against ours, or against the first engine named.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

sys.path.insert(0, str(Path(__file__).parent))
from generate import ROOT, generate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Triple = tuple[str, str, str]

Found = TypeVar("Found")

LIMITS: Final = {"owlrl": 1_000, "reasonable": 10_000, "updates": 10_000}
"""Number of models beyond which an engine is not asked: it takes minutes, or all memory."""


def columns(path: Path) -> tuple[Iterable[Triple], float]:
    """Ours: compiled clauses over sorted columns."""
    from kg.reason import materialize, says_something
    from kg.store.grouped import read_groups

    groups = read_groups([path])
    loaded = time.process_time()
    closed = materialize(groups, says_something)
    return list(closed.derived()), loaded


def updates(path: Path) -> tuple[Iterable[Triple], float]:
    """Ours too: the same clauses as SPARQL updates on a store in memory."""
    from kg.columns import grouped
    from kg.reason import says_something, sparql
    from kg.reason.compiled import axioms_of, compile_rules, fireable, kinds_of, literals_of, useful
    from kg.store.files import read_triples
    from kg.store.memory import MemoryStore

    triples = list(read_triples(path))
    loaded = time.process_time()
    groups = grouped(triples)
    _, clauses = compile_rules(axioms_of(groups), literals_of(groups))
    clauses = useful(fireable(clauses, kinds_of(groups)), says_something)
    store = MemoryStore(map(sparql.named, triples))
    sparql.close(store, clauses)
    rows = store.select("SELECT ?s ?p ?o WHERE { ?s ?p ?o FILTER (!isLiteral(?o)) }")
    return [sparql.unnamed((row["s"], row["p"], row["o"])) for row in rows], loaded


def owlrl(path: Path) -> tuple[Iterable[Triple], float]:
    """The reasoner owlrl, which interprets the tables on an rdflib graph."""
    import rdflib

    from kg.reason import with_owlrl
    from kg.tables import as_triple

    graph = rdflib.Graph().parse(path, format="nt")
    loaded = time.process_time()
    closure, _ = with_owlrl.closure(graph, rdflib.Graph())
    return map(as_triple, closure), loaded


def reasonable(path: Path) -> tuple[Iterable[Triple], float]:
    """The reasoner reasonable, in Rust; it does not apply property chains."""
    import reasonable as rust

    from kg.tables import as_triple

    reasoner = rust.PyReasoner()
    turtle = path.with_suffix(".ttl")  # N-Triples is Turtle, and it knows no other ending
    turtle.hardlink_to(path)
    reasoner.load_file(str(turtle))
    loaded = time.process_time()
    closure = reasoner.reason()
    return map(as_triple, closure), loaded


ENGINES: Final[dict[str, Callable[[Path], tuple[Iterable[Triple], float]]]] = {
    "columns": columns,
    "updates": updates,
    "reasonable": reasonable,
    "owlrl": owlrl,
}


def measured(work: Callable[[], tuple[Found, float]]) -> Found:
    """Do some work, which also gives the CPU time when it had loaded, and print what it took."""
    started, before = time.perf_counter(), time.process_time()
    found, loaded = work()
    wall, cpu = time.perf_counter() - started, time.process_time() - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "load": loaded - before, "memory": memory}))
    return found


def apart(*command: object) -> dict[str, float]:
    """Run a script in a process of its own: what it printed with ``measured``.

    Raises ``RuntimeError`` with the end of what it said if it failed.
    """
    words = [sys.executable, *map(str, command)]
    done = subprocess.run(  # noqa: S603
        words,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # as kg has it
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-80:])
    took: dict[str, float] = json.loads(done.stdout)
    return took


def run(engine: str, data: Path, out: Path) -> None:
    """Reason with one engine in this process, and print what it took."""
    found = measured(lambda: ENGINES[engine](data))
    with out.open("w", encoding="utf-8") as file:
        file.writelines(f"{' '.join(triple)} .\n" for triple in found)


def world(models: int, folder: Path) -> Path:
    """The triples of a landscape and of the ontology in one file of N-Triples."""
    from kg.store.files import read_triples

    generate(folder / "world", models)
    path = folder / "world.nt"
    files = [*(folder / "world" / "data").rglob("*.t*"), *sorted((ROOT / "ontology").glob("*.ttl"))]
    with path.open("w", encoding="utf-8") as out:
        for file in sorted(files):
            out.writelines(f"{' '.join(triple)} .\n" for triple in read_triples(file))
    return path


def main() -> int:
    """Compare the engines on landscapes of some sizes and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", type=int, nargs="+", default=[26, 1000])
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--run", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        run(chosen.run, chosen.data, chosen.out)
        return 0
    print(
        f"{'models':>7} {'triples':>9} {'engine':<11}{'wall s':>8}{'CPU s':>8}{'load s':>8}"
        f"{'MB':>7}{'new':>9}{'missing':>9}{'extra':>7}{'x':>8}{'x loaded':>9}"
    )
    for models in chosen.models:
        with tempfile.TemporaryDirectory() as folder:
            _compare(models, chosen.engine or list(ENGINES), Path(folder))
    return 0


def _compare(models: int, engines: list[str], folder: Path) -> None:
    data = world(models, folder)
    given = _lines(data)
    first: tuple[set[str], float, float] | None = None
    for engine in engines:
        if models > LIMITS.get(engine, models):
            continue
        start = f"{models:>7} {len(given):>9} {engine:<11}"
        if engine == "reasonable" and importlib.util.find_spec(engine) is None:
            print(f"{start} not installed")
            continue
        out = folder / f"{engine}.nt"
        try:
            took = apart(__file__, "--run", engine, "--data", data, "--out", out)
        except RuntimeError as error:
            print(f"{start} failed: {error}")
            continue
        new = set(filter(_says_something, _lines(out) - given))
        alone = took["cpu"] - took["load"]
        first = first or (new, took["cpu"], alone)
        print(
            f"{start}{took['wall']:>8.2f}{took['cpu']:>8.2f}{took['load']:>8.2f}"
            f"{took['memory']:>7.0f}{len(new):>9}{len(first[0] - new):>9}"
            f"{len(new - first[0]):>7}{took['cpu'] / first[1]:>8.1f}{alone / first[2]:>9.1f}",
            flush=True,
        )


def _lines(path: Path) -> set[str]:
    with path.open(encoding="utf-8") as lines:
        return {line.rstrip("\n") for line in lines}


def _says_something(line: str) -> bool:
    """Whether the triple of a line belongs in ``graph:inferred``."""
    from kg.reason import says_something

    subject, predicate, value = line.removesuffix(" .").split(" ", 2)
    return says_something((subject, predicate, value))


if __name__ == "__main__":
    sys.exit(main())

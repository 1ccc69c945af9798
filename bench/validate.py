"""Validators side by side on the same data and shapes: time, CPU, memory, and what each finds.

    python bench/validate.py --models 26 1000
    python bench/validate.py --models 10000 --engine columns --engine pyrudof --shapes core

The data are a made-up landscape in one graph, with so many wrong statements; the shapes are those
of the project for the settled view: ``core`` without constraints in SPARQL, ``all`` with them and
with those of ``constraints.ttl``, which look at the whole graph at once. Each engine runs in a
process of its own, and the load counts. Results are compared as focus node, path, value, component
and shape with those of the first engine. Engines that are not installed are left out:
``pip install pyrudof`` for that one.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from generate import ROOT
from reason import apart, measured, world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Row = tuple[str, ...]

LIMITS: Final = {"pyshacl": 1_000, "pyrudof": 10_000}
"""Number of models beyond which an engine is not asked: it takes minutes, or all memory."""


def columns(data: Path, shapes: Path) -> tuple[Iterable[Row], float]:
    """Ours: compiled shapes over sorted columns, constraints in SPARQL on a store."""
    from kg.store.files import read_triples
    from kg.store.grouped import read_groups
    from kg.validate import validate

    groups = read_groups([data])
    loaded = time.process_time()
    found = validate(groups, set(read_triples(shapes)))
    return [
        (r.focus, r.path or "", r.value or "", r.component, r.shape) for r in found.results
    ], loaded


def pyshacl(data: Path, shapes: Path) -> tuple[Iterable[Row], float]:
    """The reference engine of Python, on rdflib graphs."""
    import pyshacl as engine
    import rdflib
    from rdflib import RDF, SH

    graph = rdflib.Graph().parse(data, format="nt")
    loaded = time.process_time()
    shapes_graph = rdflib.Graph().parse(shapes, format="turtle")
    _, report, _ = engine.validate(graph, shacl_graph=shapes_graph, advanced=True)
    parts = (SH.focusNode, SH.resultPath, SH.value, SH.sourceConstraintComponent, SH.sourceShape)
    rows = [
        tuple(_text(report.value(node, part)) for part in parts)
        for node in report.subjects(RDF.type, SH.ValidationResult)
    ]
    return rows, loaded


def pyrudof(data: Path, shapes: Path) -> tuple[Iterable[Row], float]:
    """The engine rudof, in Rust; only how many results it finds is compared."""
    import pyrudof as engine

    rudof = engine.Rudof(engine.RudofConfig())
    rudof.read_data(str(data), format=engine.RDFFormat.NTriples)
    loaded = time.process_time()
    rudof.read_shacl(str(shapes))
    rudof.validate_shacl()
    text = rudof.serialize_shacl_validation_results(engine.ResultShaclValidationFormat.NTriples)
    return [("", "", "", "", "")] * text.count("#ValidationResult>"), loaded


def _text(node: object) -> str:
    from kg.tables import as_term

    return "" if node is None else as_term(node)  # type: ignore[arg-type]


ENGINES: Final[dict[str, Callable[[Path, Path], tuple[Iterable[Row], float]]]] = {
    "columns": columns,
    "pyrudof": pyrudof,
    "pyshacl": pyshacl,
}


def run(engine: str, data: Path, shapes: Path, out: Path) -> None:
    """Validate with one engine in this process, and print what it took."""
    found = measured(lambda: ENGINES[engine](data, shapes))
    out.write_text(json.dumps(list(found)), "utf-8")


def chosen_shapes(folder: Path, kind: str) -> Path:
    """The project's shapes for the settled view, with or without constraints in SPARQL."""
    import rdflib
    from rdflib import SH

    from kg.graph import CLLM

    graph = rdflib.Graph()
    own = [ROOT / "bench" / "constraints.ttl"] if kind == "all" else []
    for path in (*sorted((ROOT / "shapes").glob("*.ttl")), *own):
        graph.parse(path, format="turtle")
    for shape, scope in list(graph.subject_objects(CLLM.scope)):
        if scope != CLLM.settledView:
            for triple in list(graph.triples((shape, None, None))):
                graph.remove(triple)
    if kind == "core":
        graph.remove((None, SH.sparql, None))
    path = folder / f"{kind}.ttl"
    graph.serialize(path, format="turtle")
    return path


def main() -> int:
    """Compare the engines on landscapes of some sizes and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", type=int, nargs="+", default=[26, 1000])
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--shapes", choices=["core", "all"], action="append")
    parser.add_argument("--run", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--files", type=Path, nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        run(chosen.run, *chosen.files)
        return 0
    print(
        f"{'models':>7} {'triples':>9} {'shapes':<7}{'engine':<9}{'wall s':>8}{'CPU s':>8}"
        f"{'load s':>8}{'MB':>7}{'results':>9}{'missing':>9}{'extra':>7}{'x CPU':>8}"
    )
    for models in chosen.models:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            data = world(models, folder)
            for kind in chosen.shapes or ["core", "all"]:
                shapes = chosen_shapes(folder, kind)
                _compare(models, kind, chosen.engine or list(ENGINES), (data, shapes))
    return 0


def _compare(models: int, kind: str, engines: list[str], files: tuple[Path, Path]) -> None:
    with files[0].open() as lines:
        triples = sum(1 for _ in lines)
    first: tuple[Counter[Row], float] | None = None
    for engine in engines:
        if models > LIMITS.get(engine, models):
            continue
        start = f"{models:>7} {triples:>9} {kind:<7}{engine:<9}"
        if engine == "pyrudof" and importlib.util.find_spec(engine) is None:
            print(f"{start} not installed")
            continue
        out = files[0].parent / "results.json"
        try:
            took = apart(__file__, "--run", engine, "--files", *files, out)
        except RuntimeError as error:
            print(f"{start} failed: {error}")
            continue
        results = Counter(tuple(_comparable(row)) for row in json.loads(out.read_text("utf-8")))
        first = first or (results, took["cpu"])
        compared = f"{'-':>9}{'-':>7}"
        if engine != "pyrudof":
            missing, extra = (first[0] - results).total(), (results - first[0]).total()
            compared = f"{missing:>9}{extra:>7}"
        print(
            f"{start}{took['wall']:>8.2f}{took['cpu']:>8.2f}{took['load']:>8.2f}"
            f"{took['memory']:>7.0f}{results.total():>9}{compared}{took['cpu'] / first[1]:>8.1f}",
            flush=True,
        )


def _comparable(row: Iterable[str]) -> list[str]:
    """A result without the labels of blank nodes, which no two readers give alike."""
    return ["_:" if term.startswith("_:") else term for term in row]


if __name__ == "__main__":
    sys.exit(main())

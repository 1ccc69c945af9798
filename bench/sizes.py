"""What the server does on made-up landscapes of several sizes, as a table: a row for each size."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
from generate import generate
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import create_app
from kg.settings import Settings
from kg.store import Current, Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse as Response


def tabulate(
    doc: str | None,
    columns: Sequence[str],
    measured: Callable[[Versions, FlaskClient, int], list[str]],
    models: Sequence[int],
) -> None:
    """Print a table as the command line wishes for it; ``models`` are the sizes if it has none.

    ``measured`` is called in a process of its own, with the versions of a built landscape, a client
    of an app on it, and how often to measure; it gives a cell for each of ``columns``.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--models", type=int, nargs="+", default=models)
    parser.add_argument("--rounds", type=int, default=20)
    chosen = parser.parse_args()
    print(f"| models | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for number in chosen.models:
        with landscape(number) as root, get_context("spawn").Pool(1) as process:
            cells = process.apply(_cells, (measured, root, chosen.rounds))
        print(f"| {number:,} | {' | '.join(cells)} |", flush=True)


def _cells(
    measured: Callable[[Versions, FlaskClient, int], list[str]], root: Path, rounds: int
) -> list[str]:
    versions = Versions(root / "build")
    catalogue = Catalogue.read(Project(root).query_files())
    client = create_app(Current(versions), catalogue, Settings.load({})).test_client()
    return measured(versions, client, rounds)


@contextlib.contextmanager
def landscape(models: int) -> Iterator[Path]:
    """The folder of a made-up landscape of so many models, built, while it is used."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "world"
        generate(root, models, seed=0)
        build(root)
        yield root


def build(root: Path) -> None:
    """Build a landscape, in a process of its own."""
    kg = Path(sys.executable).with_name("kg")
    command = [str(kg), "--project", str(root), "build"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603


def milliseconds(ask: Callable[[], Response]) -> float:
    """How long an answer takes. Raises ``RuntimeError`` if it is none."""
    began = time.perf_counter()
    answer = ask()
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(answer.get_data(as_text=True))
    return 1000 * (time.perf_counter() - began)

"""What the commands print: findings, tables, JSON, bytes; progress on standard error.

What draws for a terminal is imported where it is needed: most of the commands start sooner.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn, cast

import click

from kg.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from rich.text import Text
    from rich.tree import Tree

    from kg.build import Built
    from kg.report import Report
    from kg.store.remote import Published


_COUNTS: Final = {
    "files": "files",
    "triples asserted": "asserted",
    "triples inferred": "inferred",
    "claims": "claims",
    "conflicts": "conflicts",
    "links": "links",
    "findings": "findings",
    "audit items": "audit",
    "questions": "queries",
}


_UNWRAPPED: Final = 100_000
"""Width of a line that is read by a program and not broken."""
Branch = tuple[str, str, "Sequence[Branch]"]
"""A line of a tree, a remark on it, and the branches below."""


def print_tree(branch: Branch) -> None:
    """Print a tree, a line for each branch, the remarks dimmed where the terminal can."""
    from rich.console import Console
    from rich.tree import Tree

    def grown(tree: Tree, branches: Sequence[Branch]) -> Tree:
        for words, remark, below in branches:
            grown(tree.add(_line(words, remark)), below)
        return tree

    words, remark, below = branch
    console = Console()
    if not console.is_terminal:
        console = Console(width=_UNWRAPPED)
    console.print(grown(Tree(_line(words, remark)), below))


def _line(words: str, remark: str) -> Text:
    from rich.text import Text

    return Text(words) if not remark else Text.assemble(words, "  ", (f"[{remark}]", "dim"))


def progress(step: str) -> AbstractContextManager[object]:
    """Show the step under way on standard error while the context lasts, if a person looks on."""
    from rich.console import Console

    return Console(stderr=True).status(f"{step} ...")


def each_with_progress(names: Sequence[str]) -> Iterable[str]:
    """Each name in turn, with a bar on standard error that says how many are done."""
    from rich.console import Console
    from rich.progress import track

    return track(names, "ask", console=Console(stderr=True), disable=not names)


@contextlib.contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error that is told how many more of ``total`` are done."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=total)
        yield lambda count: shown.advance(task, count)


def print_published(built: Built, published: Published, url: str, format_: str) -> None:
    """Print the summary of a build that was published to the engine at ``url``."""
    names = ("sent", "kept", "removed")
    done = {name: getattr(published, name) for name in names}
    if format_ == "json":
        altered, leaves = published.altered, published.leaves_default
        engine = {"url": url, **done, "altered": altered, "leaves_default": leaves}
        print_json(
            {
                **built.summary(),
                "seconds": built.seconds,
                **report_dict(built.report),
                "engine": engine,
            }
        )
        return
    print_findings(built.report)
    for sentence in published.altered:
        click.echo(f"warning: {sentence}")
    if published.leaves_default:
        click.echo(
            "warning: the engine's default graph holds what is not ours and was left alone: plain "
            "queries are sent with default-graph-uri."
        )
    counts = ", ".join(f"{len(graphs):,} {name}" for name, graphs in done.items())
    click.echo(f"Graphs: {counts}.")
    click.echo(f"Version {built.version} is at {url}.")


def print_build(built: Built, root: Path, format_: str) -> None:
    """Print the summary of a build into ``root``, its findings first."""
    report = built.report
    if format_ == "json":
        print_json({**built.summary(), "seconds": built.seconds, **report_dict(report)})
        return
    print_findings(report)
    for label, name in _COUNTS.items():
        if name in built.counts:
            click.echo(f"{label:<17}{built.counts[name]:>7,}")
    spent = ", ".join(f"{step} {seconds:.2f}" for step, seconds in built.seconds.items())
    click.echo(f"{'seconds':<17}{sum(built.seconds.values()):>7.2f}  ({spent})")
    click.echo(f"{'violations':<17}{len(report.violations):>7,}")
    click.echo(f"{'warnings':<17}{len(report.warnings):>7,}")
    if report.conforms:
        click.echo(f"Version {built.version} is current in {root}.")
    else:
        click.echo("Nothing was published.")


def print_findings(report: Report) -> None:
    """Print each finding on a line of its own."""
    for finding in report.findings:
        click.echo(str(finding))


def counted(report: Report) -> str:
    """The numbers of violations and warnings, in words."""
    violations, warnings = len(report.violations), len(report.warnings)
    return (
        f"{violations} {plural('violation', violations)}, {warnings} {plural('warning', warnings)}"
    )


def plural(word: str, count: int) -> str:
    """``word``, with an s unless there is one."""
    return word if count == 1 else f"{word}s"


def report_dict(report: Report) -> dict[str, Any]:
    """A report for a program to read."""
    return {
        "conforms": report.conforms,
        "findings": [finding.as_dict() for finding in report.findings],
    }


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: list[str], rows: Iterator[list[str | None]]) -> None:
    """A table as wide as the terminal, or as wide as it needs where no person looks on."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        table.add_row(*(_plain(cell) for cell in row))
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, emoji=False, width=100_000)
    with console.capture() as captured:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))
    click.echo(f"{count:,} {plural('row', count)}", err=True)


def _plain(cell: str | None) -> str:
    """A cell without control characters, which could steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in cell or "")


def write_bytes(data: bytes) -> None:
    """Write bytes to standard output as they are."""
    sys.stdout.buffer.write(data)


def write_file(path: Path, data: bytes) -> None:
    """Write a file completely or not at all. Raises ``BadInput`` if it cannot be written."""
    with written(path) as file:
        file.write(data)


@contextlib.contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there, complete, once the context has ended well, and else not at all.

    Raises ``BadInput`` if it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():  # a device or a pipe is written, not replaced
            with path.open("wb") as file:
                yield file
            return
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as aside:
            try:
                yield cast("IO[bytes]", aside)
                aside.flush()
                os.fsync(aside.fileno())
                Path(aside.name).chmod(0o644)
                Path(aside.name).replace(path)
            except BaseException:
                Path(aside.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from None


def fail(message: str) -> NoReturn:
    """Print one sentence on standard error and exit with code 2."""
    click.echo(f"kg: {message}", err=True)
    sys.exit(2)

"""The command that puts files into the project's data."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.cli.group import main
from kg.cli.output import counted, plural, print_findings, progress, written
from kg.errors import BadInput

if TYPE_CHECKING:
    from kg.project import Project
    from kg.sources import Source


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace what the project has as the same graph.")
@click.pass_obj
def import_command(project: Project, files: tuple[Path, ...], *, replace: bool) -> None:
    """Put files into the project's data, if it conforms with them.

    A file of Turtle or TriG becomes data/<source>/<part>: the one of the passage that it
    describes, else of its own folder and name. All of them are checked as `kg validate FILES`
    does, and none is taken unless all conform. Then `kg build` makes a version with them.

    \b
    Example:
      kg import survey-2024/table-2.ttl
      kg build
    """
    from kg import build as recipe
    from kg.sources import read_given

    given = [read_given(path, project) for path in files]
    texts = [path.read_bytes() for path in files]
    places = [_place(source, path, project) for source, path in zip(given, files, strict=True)]
    if len(set(places)) < len(places):
        raise BadInput("Two of the files would be the same graph.")
    new = [
        (text, place)
        for text, place in zip(texts, places, strict=True)
        if not place.exists() or place.read_bytes() != text
    ]
    for _, place in new:
        if place.exists() and not replace:
            raise BadInput(f"{project.shown(place)} is another file: give --replace to replace it.")
    report = recipe.make(project, progress, given).report
    if not report.conforms:
        print_findings(report)
        click.echo(f"Nothing is imported: {counted(report)}.", err=True)
        sys.exit(1)
    if [path.read_bytes() for path in files] != texts:
        raise BadInput("The files were changed while they were checked: nothing is imported.")
    _put(new)
    names = ", ".join(project.shown(place) for _, place in new) or "nothing, it is there already"
    click.echo(f"{len(new)} {plural('file', len(new))} imported: {names}.")
    if new:
        click.echo("`kg build` makes a version with what is imported.", err=True)


def _place(source: Source, path: Path, project: Project) -> Path:
    """Where a file belongs: the one that has its graph already, else by the graph's name.

    Raises ``BadInput`` for a graph that no file of the project can have, or if the other syntax
    has it.
    """
    place = project.place_of(source.graph, path.suffix)
    other = [
        file.path
        for file in project.data_files()
        if file.graph == source.graph and file.path != place
    ]
    if other:
        raise BadInput(f"{project.shown(other[0])} has the same graph: give it the same ending.")
    return place


def _put(files: list[tuple[bytes, Path]]) -> None:
    """Write files; none is there before all are written."""
    with contextlib.ExitStack() as all_written:
        for text, place in files:
            try:
                place.parent.mkdir(exist_ok=True)
            except OSError as error:
                raise BadInput(f"{place.parent} cannot be made: {error.strerror}.") from None
            all_written.enter_context(written(place)).write(text)

"""The commands that put files, and tables of others, into the project's data."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kg.cli.group import given_files, given_options, json_option, main
from kg.cli.output import counted, plural, print_findings, print_json, progress, written
from kg.errors import BadInput
from kg.namespaces import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.given import Given
    from kg.link.epoch import Bindings, Imported, Only
    from kg.project import Project
    from kg.sources import Source

ONLY: Final = ("linked", "all")
_FILES: Final = "files"
"""The command that `kg import` is where the first word names none."""
_MAPPINGS: Final = "epoch"
"""The set of mappings to the rows of Epoch AI's table."""
_REPLACE: Final = click.option(
    "--replace", is_flag=True, help="Replace what the project has as the same graph."
)


class _Importing(click.Group):
    """`kg import FILE...`, and beside it a command for each kind of table."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [_FILES, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] FILES...")
        formatter.write_usage(ctx.command_path, "epoch [OPTIONS] FILE", " " * len("Usage: "))


@main.group("import", cls=_Importing)
def import_command() -> None:
    """Put files into the project's data, if it conforms with them.

    `kg import FILES...` is for RDF in any syntax and for CSV with a mapping (`kg import files
    --help` has its options), `kg import epoch FILE` for Epoch AI's table of models. All are checked
    as `kg validate FILES` does, and none is taken unless all conform. Then `kg build` makes a
    version with them.

    \b
    Example:
      kg import survey-2024/table-2.ttl
      kg import download.jsonld --as survey-2024/table-3
      kg import models.csv --mapping models.yml --as survey-2024/models
      kg import epoch all_ai_models.csv
      kg build
    """


@import_command.command(_FILES)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@given_options
@_REPLACE
@click.pass_obj
def files_command(
    project: Project,
    files: tuple[Path, ...],
    name: str | None,
    mapping: Path | None,
    mapper: str | None,
    *,
    replace: bool,
) -> None:
    """Put RDF files, or a CSV file with a mapping, into the project's data.

    Turtle (.ttl) and TriG (.trig) are taken as they are; JSON-LD (.jsonld), N-Triples (.nt),
    N-Quads (.nq), RDF/XML (.rdf, .owl, .xml) and N3 (.n3) are written as one of the two, and so is
    what --mapping makes of a CSV file. A file becomes data/<source>/<part>: the one of --as, else
    of the passage that it describes or of the graphs that it names, else of its own folder and
    name. The word "files" may be left out.

    \b
    Example:
      kg import survey-2024/table-2.ttl
      kg import download.jsonld --as survey-2024/table-3
      kg import models.csv --mapping models.yml --as survey-2024/models
      kg build
    """
    given = given_files(files, project, name, mapping, mapper)
    places = [_place(file, project) for file in given]
    if len(set(places)) < len(places):
        raise BadInput("Two of the files would be the same graph.")
    new = _new(zip([file.text for file in given], places, strict=True), project, replace=replace)
    _check(project, [file.source for file in given])
    _put(new)
    _say_imported(new, project)
    _say_build(new)


@import_command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--only",
    type=click.Choice(ONLY),
    default=ONLY[0],
    show_default=True,
    help="Rows that data/links/epoch.sssom.tsv binds to things of the graph, or all.",
)
@click.option(
    "--snapshot",
    metavar="DATE",
    help="Day of which the table is, as in 2025-03-11; by default the last one on which a row of "
    "it was modified.",
)
@_REPLACE
@json_option
@click.pass_obj
def epoch(
    project: Project, file: Path, only: Only, snapshot: str | None, format_: str, *, replace: bool
) -> None:
    """Put Epoch AI's table of models into the project's data.

    The table is the CSV file of https://epoch.ai/data/ai-models. Each row becomes a passage of
    data/epoch/models.trig: of the model that a mapping binds it to, or of itself. What of it cannot
    be read is said on standard error, and left out.

    \b
    Example:
      kg import epoch all_ai_models.csv
      kg import epoch all_ai_models.csv --only all --replace
      kg build
    """
    from kg import sources
    from kg.given import Given
    from kg.graph import Passages
    from kg.link import epoch as table
    from kg.link.registered import Registered
    from kg.project import SourceFile

    shown = project.shown(file)
    data = _bytes(file)
    rows = table.read(data, shown)
    date = snapshot or rows.modified
    if not table.day(date):
        said = f"{snapshot!r} is no day" if snapshot else f"{shown} does not say of which day it is"
        raise BadInput(f"{said}: give --snapshot DATE, as in --snapshot 2025-03-11.")
    own = [source for source in sources.read_all(project) if source.graph != table.GRAPH]
    found = table.convert(
        rows,
        table.Snapshot.of(data, file.name, date),
        Registered.of(Passages(own)),
        _bindings(project),
        only,
    )
    text = found.text.encode()
    place = SourceFile(project.place_of(table.GRAPH, ".trig"), table.GRAPH)
    new: list[tuple[bytes, Path]] = []
    if found.loaded:
        source = sources.made(text, place, project.shown(place.path))
        _place(Given(source, text, place.path.suffix), project)
        new = _new([(text, place.path)], project, replace=replace)
        _check(project, [source])
        _put(new)
    if format_ == "json":
        print_json({"snapshot": date, "imported": bool(new), **found.as_dict()})
    else:
        _print_rows(found)
        if found.loaded:
            _say_imported(new, project)
    for problem in found.problems:
        click.echo(str(problem), err=True)
    for row in found.strays:
        said = "a mapping binds it, and no row of the table has this name."
        click.echo(f"{shorten(row)}: {said}", err=True)
    if not found.loaded:
        said = "Nothing is imported: no row is bound to a thing of the graph. --only all takes all."
        click.echo(said, err=True)
    _say_build(new)


def _print_rows(found: Imported) -> None:
    """Print what became of the rows of a table, for people."""
    for label, number, things in (
        ("rows read", found.rows, []),
        ("loaded", found.loaded, []),
        ("bound", len(found.bound), []),
        ("undecided", len(found.undecided), found.undecided),
        ("absent", len(found.absent), found.absent),
    ):
        names = ", ".join(map(shorten, things))
        click.echo(f"{label:<9}{number:>7,}  {names}".rstrip())


def _bindings(project: Project) -> Bindings:
    """What the project's mappings to the table say."""
    from kg.link import mappings
    from kg.link.epoch import Bindings

    name = f"{_MAPPINGS}{mappings.SUFFIX}"
    files = [path for path in project.link_files() if path.name == name]
    sets = [mappings.read(path, project.shown(path)) for path in files]
    return Bindings.of(mapping for one in sets for mapping in one.mappings)


def _bytes(path: Path) -> bytes:
    """The bytes of a file. Raises ``BadInput`` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None


def _place(given: Given, project: Project) -> Path:
    """Where a file belongs: the one that has its graph already, else by the graph's name.

    Raises ``BadInput`` for a graph that no file of the project can have, or if the other syntax
    has it.
    """
    graph = given.source.graph
    place = project.place_of(graph, given.suffix)
    for file in project.data_files():
        if file.graph == graph and file.path != place:
            other = project.shown(file.path)
            raise BadInput(f"{other} has the same graph: give it the same ending, or remove that.")
    return place


def _new(
    files: Iterable[tuple[bytes, Path]], project: Project, *, replace: bool
) -> list[tuple[bytes, Path]]:
    """Those of some files that are not there already.

    Raises ``BadInput`` if another is in the place of one, unless it may be replaced.
    """
    new = [
        (text, place) for text, place in files if not place.exists() or place.read_bytes() != text
    ]
    for _, place in new:
        if place.exists() and not replace:
            raise BadInput(f"{project.shown(place)} is another file: give --replace to replace it.")
    return new


def _check(project: Project, given: list[Source]) -> None:
    """End with the findings and exit code 1 unless the project conforms with some sources."""
    from kg import build as recipe

    report = recipe.make(project, progress, given).report
    if not report.conforms:
        print_findings(report)
        click.echo(f"Nothing is imported: {counted(report)}.", err=True)
        sys.exit(1)


def _put(files: list[tuple[bytes, Path]]) -> None:
    """Write files; none is there before all are written."""
    with contextlib.ExitStack() as all_written:
        for text, place in files:
            try:
                place.parent.mkdir(exist_ok=True)
            except OSError as error:
                raise BadInput(f"{place.parent} cannot be made: {error.strerror}.") from None
            all_written.enter_context(written(place)).write(text)


def _say_imported(new: list[tuple[bytes, Path]], project: Project) -> None:
    names = ", ".join(project.shown(place) for _, place in new) or "nothing, it is there already"
    click.echo(f"{len(new)} {plural('file', len(new))} imported: {names}.")


def _say_build(new: list[tuple[bytes, Path]]) -> None:
    if new:
        click.echo("`kg build` makes a version with what is imported.", err=True)

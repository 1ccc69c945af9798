"""Commands that make and check: build, validate, versions, rollback."""

from __future__ import annotations

import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from kg.cli.group import (
    engine_option,
    given_files,
    given_options,
    json_option,
    main,
    setting,
    versions_of,
)
from kg.cli.output import (
    bar,
    counted,
    plural,
    print_build,
    print_findings,
    print_json,
    print_published,
    print_table,
    progress,
    report_dict,
    write_bytes,
)
from kg.errors import BadInput
from kg.settings import MEMORY, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.project import Project
    from kg.store.written import Written
    from kg.validate import Engine

# spelt out, so that commands which need no rdflib do not wait for it
ENGINES: Final = ("columns", "pyshacl")


@main.command()
@setting("store", metavar="FOLDER|URL")
@setting("store_update_url", metavar="URL")
@setting("store_gsp_url", metavar="URL")
@setting("store_user", metavar="USER")
@setting("keep_versions", metavar="N")
@click.option("--anew", is_flag=True, help="Work on everything, whatever was kept or sent.")
@json_option
@click.pass_obj
def build(
    project: Project,
    /,
    anew: bool,
    format_: str,
    **given: str | None,
) -> None:
    """Build the graph and make it the current version.

    Reads the files, validates, settles, reasons, validates again and publishes. When anything is
    wrong, nothing is published and what was current stays so. What has not changed since the last
    build into this folder is not parsed, derived and checked again.

    \b
    Example:
      kg build --store build
    """
    from kg import build as recipe
    from kg.kept import load

    settings = Settings.load(None, **given)
    if settings.is_endpoint:
        sys.exit(0 if _build_into_engine(project, settings, anew, format_) else 1)
    if settings.store == MEMORY:
        raise BadInput("A store in memory cannot be kept: name a folder with --store.")
    versions = versions_of(settings, project)
    built = recipe.make(project, progress, [], kept=None if anew else partial(load, versions.kept))
    if built.report.conforms:
        recipe.publish(built, versions, settings.keep_versions, progress)
    print_build(built, versions.root, format_)
    sys.exit(0 if built.report.conforms else 1)


def _build_into_engine(project: Project, settings: Settings, anew: bool, format_: str) -> bool:
    """Build, publish to the engine that the settings name if all conforms, and say which."""
    from kg import build as recipe
    from kg.store.remote import Addresses, publish

    addresses = Addresses.of(settings).writable()
    built = recipe.make(project, progress, [])
    if not built.report.conforms:
        print_build(built, project.root, format_)
        return False
    click.echo("Until it is done, who asks the engine may see two versions mixed.", err=True)
    published = publish(cast("Written", built.graphs), addresses, bar, anew)
    print_published(built, published, addresses.query, format_)
    return True


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@given_options
@click.option(
    "--shapes",
    "shape_files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Check FILES, any RDF, against these shapes and not as parts of the project.",
)
@engine_option(ENGINES, "Our own, or pySHACL as a cross-check (slow).")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "turtle"]),
    default="text",
    show_default=True,
    help="For people, for a program, or (with --shapes) a report in RDF.",
)
@click.pass_obj
def validate(
    project: Project,
    files: tuple[Path, ...],
    name: str | None,
    mapping: Path | None,
    mapper: str | None,
    shape_files: tuple[Path, ...],
    engine: Engine,
    format_: str,
) -> None:
    """Check the project, or FILES as parts of it.

    Nothing is published.

    A file of the project is checked in its place; another one, in any syntax of RDF or as CSV with
    a mapping, is added, or takes the place of the graph that `kg import` would make of it. With
    --shapes the project has no part in it.

    \b
    Example:
      kg validate
      kg validate data/ding-xiao-2023/table-1.ttl
      kg validate download.jsonld --as survey-2024/table-3
      kg validate data.ttl --shapes shapes.ttl --format turtle
    """
    from kg import build as recipe
    from kg.report import Report

    if shape_files:
        if name is not None or mapping is not None:
            raise BadInput("--as and --mapping are for parts of the project, not for --shapes.")
        sys.exit(0 if _by_shapes(files, shape_files, engine, format_) else 1)
    if format_ == "turtle":
        raise BadInput("--format turtle is for FILES with --shapes; the project has text and json.")
    given = [file.source for file in given_files(files, project, name, mapping, mapper)]
    built = recipe.make(project, progress, given, engine)
    named_files = {source.shown for source in given}
    findings = built.report.findings
    report = Report.of([f for f in findings if not given or f.file in named_files])
    elsewhere = Report.of([f for f in findings if f not in report.findings])
    engines = built.report.engines
    if format_ == "json":
        print_json(
            {
                **report_dict(report),
                "elsewhere": report_dict(elsewhere)["findings"],
                "engines": dict(engines),
            }
        )
    else:
        print_findings(report)
        what = f"{len(given)} {plural('file', len(given))}" if given else "The project"
        verdict = "conforms" if report.conforms else "does not conform"
        beyond = f"; elsewhere {counted(elsewhere)}, see kg validate" if elsewhere.findings else ""
        click.echo(f"{what}: {verdict}, {counted(report)}{beyond}.")
        _print_engines(engines)
    sys.exit(0 if built.report.conforms else 1)


def _by_shapes(
    files: tuple[Path, ...], shape_files: tuple[Path, ...], engine: Engine, format_: str
) -> bool:
    """Check files against shapes, print the report, and say whether they conform."""
    from kg.store.files import read_triples
    from kg.store.grouped import read_groups
    from kg.tables import as_graph
    from kg.validate import report_of, spoken
    from kg.validate import validate as judge

    if not files:
        raise BadInput("--shapes checks FILES: name at least one.")
    with progress("read"):
        data = read_groups(files)
        shapes = {triple for path in shape_files for triple in read_triples(path)}
    with progress("validate"):
        validated = judge(data, shapes, engine)
    if format_ == "turtle":
        graph = as_graph(report_of(validated, shapes))
        write_bytes(graph.serialize(format="turtle", encoding="utf-8"))
        _print_engines(dict(sorted(validated.engines.items())))
        return validated.conforms
    results = sorted(map(spoken, validated.results))
    engines = dict(sorted(validated.engines.items()))
    if format_ == "json":
        columns = ("severity", "focus", "path", "message", "shape")
        found = [dict(zip(columns, result, strict=True)) for result in results]
        print_json({"conforms": validated.conforms, "results": found, "engines": engines})
        return validated.conforms
    for severity, focus, path, message, shape in results:
        click.echo(f"{severity}: {focus}{path and f' {path}'}: {message} [{shape}]")
    verdict = "conform" if validated.conforms else "do not conform"
    click.echo(f"The data {verdict}, {len(results)} {plural('result', len(results))}.")
    _print_engines(engines)
    return validated.conforms


def _print_engines(engines: Mapping[str, str]) -> None:
    """Say on standard error how many shapes were judged by which engine, and why by another."""
    others = {shape: judged for shape, judged in engines.items() if judged not in ENGINES}
    for shape, judged in others.items():
        click.echo(f"{shape}: judged by {judged}.", err=True)
    counts = Counter(judged.partition(",")[0] for judged in engines.values())
    said = " and ".join(
        f"{count} {plural('shape', count)} by {engine}" for engine, count in sorted(counts.items())
    )
    click.echo(f"Judged: {said or 'no shape has a target'}.", err=True)


@main.command("versions")
@json_option
@setting("store", metavar="FOLDER")
@click.pass_obj
def list_versions(project: Project, format_: str, store: str | None) -> None:
    """List the published versions, the newest first.

    \b
    Example:
      kg versions
    """
    found = versions_of(Settings.load(store=store), project).all()
    if format_ == "json":
        print_json([{"current": v.is_current, **v.summary()} for v in found])
        return
    rows: list[list[str | None]] = []
    for version in found:
        published = time.strftime("%Y-%m-%d %H:%M", time.localtime(version.path.stat().st_mtime))
        counts = version.summary()
        number = [f"{counts[n]:,}" if n in counts else "" for n in ("asserted", "inferred")]
        rows.append([version.name, "current" if version.is_current else "", published, *number])
    print_table(["version", "", "published", "asserted", "inferred"], iter(rows))


@main.command()
@click.argument("version", required=False)
@setting("store", metavar="FOLDER")
@click.pass_obj
def rollback(project: Project, version: str | None, store: str | None) -> None:
    """Make an earlier version current.

    VERSION, or the newest of the others.

    \b
    Example:
      kg rollback
    """
    chosen = versions_of(Settings.load(store=store), project).rollback(version)
    click.echo(f"Current version: {chosen.name}.")

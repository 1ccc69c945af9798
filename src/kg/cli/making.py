"""Commands that make and check: build, validate, versions, rollback."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.cli.group import MEMORY, json_option, main, setting, versions_of
from kg.cli.output import (
    counted,
    plural,
    print_build,
    print_findings,
    print_json,
    print_table,
    progress,
    report_dict,
)
from kg.errors import BadInput
from kg.settings import Settings

if TYPE_CHECKING:
    from kg.project import Project


@main.command()
@setting("store", metavar="FOLDER")
@setting("keep_versions", metavar="N")
@json_option
@click.pass_obj
def build(project: Project, store: str | None, keep_versions: str | None, format_: str) -> None:
    """Build the graph and make it the current version.

    Reads the files, validates, settles, reasons, validates again and publishes. When anything is
    wrong, nothing is published and what was current stays so.

    \b
    Example:
      kg build --store build
    """
    from kg import build as recipe

    settings = Settings.load(store=store, keep_versions=keep_versions)
    if settings.store == MEMORY:
        raise BadInput("A store in memory cannot be kept: name a folder with --store.")
    versions = versions_of(settings, project)
    built = recipe.make(project, progress, [])
    if built.report.conforms:
        recipe.publish(built, versions, settings.keep_versions, progress)
    print_build(built, versions.root, format_)
    sys.exit(0 if built.report.conforms else 1)


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def validate(project: Project, files: tuple[Path, ...], format_: str) -> None:
    """Check the project, or FILES as parts of it.

    Nothing is published.

    A file of the project is checked in its place; another one is added, or takes the place of the
    graph that it describes.

    \b
    Example:
      kg validate
      kg validate data/ding-xiao-2023/table-1.ttl
    """
    from kg import build as recipe
    from kg.report import Report
    from kg.sources import read_given

    given = [read_given(path, project) for path in files]
    built = recipe.make(project, progress, given)
    named_files = {source.shown for source in given}
    findings = built.report.findings
    report = Report.of([f for f in findings if not given or f.file in named_files])
    elsewhere = Report.of([f for f in findings if f not in report.findings])
    if format_ == "json":
        print_json({**report_dict(report), "elsewhere": report_dict(elsewhere)["findings"]})
    else:
        print_findings(report)
        what = f"{len(given)} {plural('file', len(given))}" if given else "The project"
        verdict = "conforms" if report.conforms else "does not conform"
        beyond = f"; elsewhere {counted(elsewhere)}, see kg validate" if elsewhere.findings else ""
        click.echo(f"{what}: {verdict}, {counted(report)}{beyond}.")
    sys.exit(0 if built.report.conforms else 1)


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
        rows.append(
            [
                version.name,
                "current" if version.is_current else "",
                published,
                f"{counts['asserted']:,}",
                f"{counts['inferred']:,}",
            ]
        )
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

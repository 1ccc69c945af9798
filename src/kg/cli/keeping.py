"""Commands that keep versions elsewhere: backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.cli.group import main, setting, versions_of
from kg.cli.output import progress, written
from kg.settings import Settings
from kg.store import backup as keeping

if TYPE_CHECKING:
    from kg.project import Project


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--version", "name", help="The version to write; by default the current one.")
@setting("store", metavar="FOLDER")
@click.pass_obj
def backup(project: Project, file: Path, name: str | None, store: str | None) -> None:
    """Write a version into one file.

    A tar archive, compressed with Zstandard, with the hash of each file in it.

    \b
    Example:
      kg backup landscape.tar.zst
    """
    versions = versions_of(Settings.load(store=store), project)
    version = versions.get(name) if name else versions.current()
    reading = versions.open(version)  # holds its lease while it is used
    with progress("backup"), written(file) as out:
        manifest = keeping.save(version, out)
    size = file.stat().st_size
    click.echo(f"Version {reading.name}, {manifest.size:,} bytes, is in {file}, {size:,} bytes.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@setting("store", metavar="FOLDER")
@setting("keep_versions", metavar="N")
@click.pass_obj
def restore(project: Project, file: Path, store: str | None, keep_versions: str | None) -> None:
    """Make the version in a file that kg backup wrote the current one.

    The whole file is checked before anything changes. A server on the same folder goes over to the
    version as to one that was built.

    \b
    Example:
      kg restore landscape.tar.zst
    """
    settings = Settings.load(store=store, keep_versions=keep_versions)
    versions = versions_of(settings, project)
    with progress("restore"):
        version = keeping.restore(file, versions, settings.keep_versions)
    click.echo(f"Version {version.name} is current in {versions.root}.")

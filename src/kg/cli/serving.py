"""The command that serves."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.cli.group import MEMORY, main, setting, versions_of
from kg.cli.hiding import without
from kg.cli.output import progress
from kg.errors import BadInput
from kg.queries import Catalogue
from kg.settings import Settings
from kg.store import Versions
from kg.store.plain import load

if TYPE_CHECKING:
    from kg.project import Project


@main.command()
@setting("config", metavar="FILE")
@setting("host", metavar="ADDRESS")
@setting("port", metavar="PORT")
@setting("public_url", metavar="URL")
@setting("trusted_proxy", metavar="CIDR")
@setting("log", metavar="FILE")
@setting("threads", metavar="N")
@setting("max_query_bytes", metavar="N")
@setting("fast_slots", metavar="N")
@setting("slow_slots", metavar="N")
@setting("queue", metavar="N")
@setting("deadline", metavar="SECONDS")
@setting("query_memory", metavar="MB")
@setting("store", metavar="FOLDER")
@setting("hide", metavar="GRAPH", multiple=True)
@click.option(
    "--data",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file of RDF to serve as it is, in place of the built graph; may be repeated.",
)
@click.pass_obj
def serve(
    project: Project, /, files: tuple[Path, ...], hide: tuple[str, ...], **given: str | None
) -> None:
    """Serve pages, questions and SPARQL; with --data SPARQL over any RDF files.

    A version that is built meanwhile is served from the next request on.

    \b
    Example:
      kg serve --port 8000
      kg serve --data people.ttl --data places.trig
      kg serve --hide graph:ding-xiao-2023/table-1
      kg serve --config server.toml
    """
    settings = Settings.load(None, hide=" ".join(hide) or None, **given)
    if settings.store == MEMORY:
        raise BadInput("A store in memory cannot be served: run `kg build` and serve its folder.")
    if not files:
        catalogue = Catalogue.read(project.query_files(), project.shown)
        _serve(catalogue, versions_of(settings, project), settings, project)
    elif settings.store:
        raise BadInput("--data serves files as they are and --store a built graph: give one.")
    else:
        with tempfile.TemporaryDirectory(prefix="kg-serve-") as folder:
            versions = Versions(Path(folder))
            with progress("load"):
                load(versions, files, keep=1)
            _serve(None, versions, settings, project)


def _serve(
    catalogue: Catalogue | None, versions: Versions, settings: Settings, project: Project
) -> None:
    if not settings.hide.strip(" ,"):
        _run(catalogue, versions, settings)
        return
    with without(settings.hide, versions, project, settings.keep_versions) as rest:
        _run(catalogue, rest, settings)


def _run(catalogue: Catalogue | None, versions: Versions, settings: Settings) -> None:
    from kg.serve import run

    name = versions.open().name  # what cannot be opened is refused now
    address = f"http://{settings.host}:{settings.port}"
    example = "queries/trained-without?format=csv" if catalogue else "sparql?query=ASK%7B%7D"

    def started() -> None:
        click.echo(f"Serving version {name} on {address} until Ctrl-C.")
        click.echo(
            f"Open: {address}/, read only. A query has {settings.deadline} seconds and "
            f"{settings.query_memory} MB; {settings.fast_slots + settings.slow_slots} run at the "
            f"same time."
        )
        click.echo(f"Try:  curl '{address}/{example}'")

    run(catalogue, versions, settings, started)

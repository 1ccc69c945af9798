"""The command that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kg.cli.group import MEMORY, main, setting, versions_of
from kg.errors import BadInput
from kg.queries import Catalogue
from kg.settings import Settings

if TYPE_CHECKING:
    from kg.project import Project


@main.command()
@setting("host", metavar="ADDRESS")
@setting("port", metavar="PORT")
@setting("public_url", metavar="URL")
@setting("log", metavar="FILE")
@setting("threads", metavar="N")
@setting("max_query_bytes", metavar="N")
@setting("fast_slots", metavar="N")
@setting("slow_slots", metavar="N")
@setting("queue", metavar="N")
@setting("deadline", metavar="SECONDS")
@setting("query_memory", metavar="MB")
@setting("store", metavar="FOLDER")
@click.pass_obj
def serve(project: Project, /, **given: str | None) -> None:
    """Serve pages, questions and SPARQL.

    A version that is built meanwhile is served from the next request on.

    \b
    Example:
      kg serve --port 8000
    """
    from kg.serve import run

    settings = Settings.load(None, **given)
    if settings.store == MEMORY:
        raise BadInput("A store in memory cannot be served: run `kg build` and serve its folder.")
    versions = versions_of(settings, project)
    current = versions.current()
    Catalogue.read(project.query_files(), project.shown)
    address = f"http://{settings.host}:{settings.port}"

    def started() -> None:
        click.echo(f"Serving version {current.name} on {address} until Ctrl-C.")
        click.echo(
            f"Open: {address}/ and {address}/sparql, read only; queries up to "
            f"{settings.max_query_bytes:,} bytes, {settings.threads} at the same time."
        )
        click.echo(f"Try:  curl '{address}/queries/trained-without?format=csv'")

    run(project, versions, settings, started)

"""The command that serves."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.citation import Citation
from kg.cli.group import main, setting, versions_of
from kg.cli.hiding import without
from kg.cli.output import progress
from kg.errors import BadInput
from kg.queries import Catalogue
from kg.settings import MEMORY, Settings
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
@setting("max_upload_bytes", metavar="N")
@setting("fast_slots", metavar="N")
@setting("slow_slots", metavar="N")
@setting("queue", metavar="N")
@setting("deadline", metavar="SECONDS")
@setting("query_memory", metavar="MB")
@setting("copies_memory", metavar="MB")
@setting("warm_up", metavar="SECONDS")
@setting("keep_versions", metavar="N")
@setting("services", metavar="URLS")
@setting("private_services", metavar="URLS")
@setting("store", metavar="FOLDER")
@setting("hide", metavar="GRAPH", multiple=True)
@click.option(
    "--data",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file of RDF to serve as it is, in place of the built graph; may be repeated.",
)
@click.option(
    "--writable",
    is_flag=True,
    help="Let whoever has the token (KG_TOKEN) change such data.",
)
@click.option(
    "--shapes",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file of shapes that such data have to meet; may be repeated.",
)
@click.pass_obj
def serve(
    project: Project,
    /,
    files: tuple[Path, ...],
    shapes: tuple[Path, ...],
    hide: tuple[str, ...],
    *,
    writable: bool,
    **given: str | None,
) -> None:
    """Serve pages, questions and SPARQL; with --data SPARQL over any RDF files.

    A version that is built meanwhile is served from the next request on. With --store, data are
    loaded into an empty folder and stay there, with what is changed; without, nothing stays.

    \b
    Example:
      kg serve --port 8000
      kg serve --data people.ttl --data places.trig
      KG_TOKEN=secret kg serve --data people.ttl --store people --writable
      kg serve --hide graph:ding-xiao-2023/table-1
      kg serve --config server.toml
    """
    settings = Settings.load(None, hide=" ".join(hide) or None, **given)
    if settings.store == MEMORY:
        raise BadInput("A store in memory cannot be served: run `kg build` and serve its folder.")
    if writable and not settings.token:
        raise BadInput("--writable needs a token: set KG_TOKEN to what those send who may write.")
    if shapes and not writable:
        raise BadInput("--shapes judges what is written: give --writable, too.")
    if writable and settings.hide:
        raise BadInput("--hide serves a copy, in which nothing stays: it cannot be --writable.")
    with contextlib.ExitStack() as until_done:
        if files and not settings.store:
            folder = until_done.enter_context(tempfile.TemporaryDirectory(prefix="kg-serve-"))
            versions = Versions(Path(folder))
        else:
            versions = versions_of(settings, project)
        if files and versions.current_name() is None:
            with progress("load"):
                load(versions, files, keep=1)
        elif files:
            _refuse_built(versions, "--data is not loaded into it")
            click.echo(f"{versions.root} has data already: the files are not loaded.", err=True)
        if writable:
            _refuse_built(
                versions, "put a file into the project's data with `kg import` and run `kg build`"
            )
        if shapes:
            _check(versions, shapes)
        catalogue = citation = None
        if not versions.current().is_plain:
            catalogue = Catalogue.read(
                project.query_files(), project.shown, project.federated_files()
            )
            file = project.citation_file
            citation = Citation.read(file, project.shown(file))
        if settings.hide.strip(" ,"):
            rest = without(settings.hide, versions, project, settings.keep_versions)
            versions = until_done.enter_context(rest)
        _serve(catalogue, versions, settings, shapes if writable else None, citation)


def _refuse_built(versions: Versions, instead: str) -> None:
    if not versions.current().is_plain:
        raise BadInput(f"{versions.root} has a built graph, which is not written to: {instead}.")


def _check(versions: Versions, files: tuple[Path, ...]) -> None:
    """Refuse to start with data that break the shapes, since nothing could be written then."""
    from kg.writing.check import Shapes

    with progress("validate"):
        Shapes(files)(versions.open().store)


def _serve(
    catalogue: Catalogue | None,
    versions: Versions,
    settings: Settings,
    shapes: tuple[Path, ...] | None,
    citation: Citation | None,
) -> None:
    from kg.serve import run

    name = versions.open().name  # what cannot be opened is refused now
    address = f"http://{settings.host}:{settings.port}"
    example = "queries/trained-without?format=csv" if catalogue else "sparql?query=ASK%7B%7D"
    may = "read only" if shapes is None else "to be changed with the token"

    def started() -> None:
        click.echo(f"Serving version {name} on {address} until Ctrl-C.")
        click.echo(
            f"Open: {address}/, {may}. A query has {settings.deadline} seconds and "
            f"{settings.query_memory} MB; {settings.fast_slots + settings.slow_slots} run at the "
            f"same time."
        )
        click.echo(f"Try:  curl '{address}/{example}'")

    run(catalogue, versions, settings, started, shapes, citation)

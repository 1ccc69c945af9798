"""The command that serves."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.citation import Citation
from kg.cli.group import main, setting, versions_of
from kg.cli.output import progress
from kg.errors import BadInput
from kg.queries import Catalogue
from kg.settings import MEMORY, Settings
from kg.store import Versions

if TYPE_CHECKING:
    from kg.project import Project
    from kg.store.remote import CurrentOf


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
@setting("copies_share", metavar="PERCENT")
@setting("warm_up", metavar="SECONDS")
@setting("keep_versions", metavar="N")
@setting("services", metavar="URLS")
@setting("private_services", metavar="URLS")
@setting("store", metavar="FOLDER|URL")
@setting("store_user", metavar="NAME")
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
    loaded into an empty folder and stay there, with what is changed; without, nothing stays. With
    the address of an engine in --store what it holds is served, with all limits in front of it.

    \b
    Example:
      kg serve --port 8000
      kg serve --data people.ttl --data places.trig
      KG_TOKEN=secret kg serve --data people.ttl --store people --writable
      kg serve --hide graph:ding-xiao-2023/table-1
      kg serve --store http://127.0.0.1:7878/query
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
    if settings.is_endpoint:
        _serve_engine(project, settings, is_changed=bool(files or writable or settings.hide))
        return
    with contextlib.ExitStack() as until_done:
        if files and not settings.store:
            folder = until_done.enter_context(tempfile.TemporaryDirectory(prefix="kg-serve-"))
            versions = Versions(Path(folder))
        else:
            versions = versions_of(settings, project)
        if files and versions.current_name() is None:
            from kg.store.plain import load

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
            catalogue, citation = _ours(project)
        if settings.hide.strip(" ,"):
            from kg.cli.hiding import without

            rest = without(settings.hide, versions, project, settings.keep_versions)
            versions = until_done.enter_context(rest)
        name = versions.open().name  # what cannot be opened is refused now
        may = shapes if writable else None
        _serve(catalogue, versions, f"version {name}", settings, may, citation)


def _serve_engine(project: Project, settings: Settings, *, is_changed: bool) -> None:
    """Serve what an engine holds."""
    from kg.store.remote import Addresses, CurrentOf

    if is_changed or settings.services or settings.private_services:
        raise BadInput(
            "An engine is served as it is: --data, --writable, --hide and --services are for a "
            "folder."
        )
    with progress("probe"):
        current = CurrentOf(Addresses.of(settings), settings.deadline)
    reading = current.get()
    catalogue = citation = None
    if current.is_ours:
        catalogue, citation = _ours(project)
    if not reading.is_known:
        click.echo(
            "The engine does not say which version it holds (`kg build --store` does): answers "
            "are not kept.",
            err=True,
        )
    what = f"version {reading.name}" if reading.is_known else "data"
    _serve(catalogue, current, f"{what} of {settings.store}", settings, None, citation)


def _ours(project: Project) -> tuple[Catalogue, Citation | None]:
    """What is offered beside SPARQL of a graph that was built here."""
    files = project.query_files(), project.shown, project.federated_files()
    file = project.citation_file
    return Catalogue.read(*files), Citation.read(file, project.shown(file))


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
    source: Versions | CurrentOf,
    what: str,
    settings: Settings,
    shapes: tuple[Path, ...] | None,
    citation: Citation | None,
) -> None:
    from kg.serve import run

    address = f"http://{settings.host}:{settings.port}"
    example = "queries/trained-without?format=csv" if catalogue else "sparql?query=ASK%7B%7D"
    may = "read only" if shapes is None else "to be changed with the token"

    def started() -> None:
        click.echo(f"Serving {what} on {address} until Ctrl-C.")
        click.echo(
            f"Open: {address}/, {may}. A query has {settings.deadline} seconds and "
            f"{settings.query_memory} MB; {settings.fast_slots + settings.slow_slots} run at the "
            f"same time."
        )
        click.echo(f"Try:  curl '{address}/{example}'")

    run(catalogue, source, settings, started, shapes, citation)

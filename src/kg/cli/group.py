"""The group that the commands belong to, and the options and stores that they share."""

from __future__ import annotations

import contextlib
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kg import __version__
from kg.cli.output import fail, print_findings, progress
from kg.errors import BadInput, KgError
from kg.project import Project
from kg.settings import MEMORY, Settings, sentence, variable
from kg.store import Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kg.given import Given
    from kg.sources import Source
    from kg.store import Store
    from kg.store.remote import RemoteStore

_MODULES: Final = {
    "build": "making",
    "validate": "making",
    "import": "importing",
    "link": "linking",
    "reason": "explaining",
    "explain": "explaining",
    "audit": "checking",
    "findings": "checking",
    "coverage": "checking",
    "query": "asking",
    "queries": "asking",
    "export": "asking",
    "stats": "asking",
    "probe": "asking",
    "serve": "serving",
    "versions": "making",
    "rollback": "making",
    "backup": "keeping",
    "restore": "keeping",
}
"""The commands in their order, each with the module that it is in."""


class _Commands(click.Group):
    """The group of commands: what goes wrong becomes one sentence and exit code 2.

    The module of a command is read when somebody asks for the command.
    """

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        try:
            return super().invoke(ctx)
        except KgError as error:
            fail(str(error))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _MODULES:
            importlib.import_module(f"kg.cli.{_MODULES[cmd_name]}")
        return super().get_command(ctx, cmd_name)


def setting(name: str, **more: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    """The option for a setting, with its sentence and its environment variable."""
    help_text = f"{sentence(name)}  [env: {variable(name)}]"
    return click.option(f"--{name.replace('_', '-')}", name, default=None, help=help_text, **more)


def json_option(command: Any) -> Any:  # noqa: ANN401
    """The option to print for people or for a program."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for a program.",
    )(command)


def engine_option(engines: Sequence[str], help_text: str) -> Callable[[Any], Any]:
    """The option for the engine to work with; the first is the default."""
    return click.option(
        "--engine",
        type=click.Choice(engines),
        default=engines[0],
        show_default=True,
        help=help_text,
    )


def given_options(command: Any) -> Any:  # noqa: ANN401
    """The options that say what given files are: ``name``, ``mapping`` and ``mapper``."""
    options = (
        click.option(
            "--as",
            "name",
            metavar="SOURCE/PART",
            help="The graph that the file is, or the part that its named graphs belong to.",
        ),
        click.option(
            "--mapping",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="What the columns of a CSV file mean, in YARRRML (.yml) or RML (.ttl).",
        ),
        setting("mapper", metavar="PYTHON"),
    )
    for option in reversed(options):
        command = option(command)
    return command


def given_files(
    files: Sequence[Path],
    project: Project,
    name: str | None,
    mapping: Path | None,
    mapper: str | None,
) -> list[Given]:
    """The files that a person names, as the options say.

    Raises ``BadInput`` if several shall have one name, or no CSV file is there to be mapped.
    """
    from kg.given import CSV, read_given, read_mapped

    tables = {path for path in files if path.suffix.lower() == CSV}
    if name is not None and len(files) != 1:
        raise BadInput("--as names one file: give that one alone.")
    if mapping is None:
        return [read_given(path, project, name) for path in files]
    if not tables:
        raise BadInput("--mapping says what a CSV file means: give one, too.")
    python = Settings.load(mapper=mapper).mapper
    return [
        read_mapped(path, mapping, project, python, name)
        if path in tables
        else read_given(path, project, name)
        for path in files
    ]


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kg")
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with ontology/, data/, shapes/ and queries/; by default the one around here.",
)
@click.pass_context
def main(ctx: click.Context, project: Path | None) -> None:
    """Build, check, ask and serve the China LLM Landscape knowledge graph.

    \b
    Example:
      kg build
      kg query trained-without
      kg serve
    """
    ctx.obj = Project.at(project)


def versions_of(settings: Settings, project: Project) -> Versions:
    """The published versions in the folder that the settings name, or in the project's own.

    Raises ``BadInput`` if they name an address.
    """
    if settings.is_endpoint:
        raise BadInput("KG_STORE (--store) must be a folder, not an address, for this command.")
    return Versions(Path(settings.store) if settings.store else project.default_store)


def engine_of(settings: Settings, seconds: float | None = None) -> RemoteStore:
    """The engine that the settings name, asked as it was found to want it."""
    from kg.store.remote import SECONDS, Addresses, RemoteStore, probed

    return probed(RemoteStore(Addresses.of(settings), seconds or SECONDS, progress))


def stored_sources(store: str | None, project: Project) -> list[Source] | None:
    """The sources of the store that the settings name; None if they name none, for the files."""
    settings = Settings.load(store=store)
    if settings.store in ("", MEMORY):
        return None
    from kg.sources import of_store

    with opened_store(settings, project) as opened, progress("read the store"):
        return of_store(opened)


@contextlib.contextmanager
def opened_store(
    settings: Settings, project: Project, seconds: float | None = None
) -> Iterator[Store]:
    """The store that the settings name: built in memory now, the current version, or an engine.

    Raises ``BadInput`` if ``seconds`` are given, which an endpoint may take, and it is none.
    """
    if settings.is_endpoint:
        yield engine_of(settings, seconds)
        return
    if seconds is not None:
        raise BadInput("--timeout is for an endpoint: name one with --endpoint.")
    if settings.store != MEMORY:
        reading = versions_of(settings, project).open()  # holds its lease while it is used
        yield reading.store
        return
    from kg import build as recipe

    built = recipe.make(project, progress, [])
    if not built.report.conforms:
        print_findings(built.report)
        sys.exit(1)
    yield recipe.in_memory(built)

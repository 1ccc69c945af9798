"""The commands: the only module that prints, reads arguments and picks an exit code.

Exit codes: 0 done and conforming, 1 ran and found violations, 2 could not run.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.table import Table

from kg import __version__
from kg.errors import BadInput, KgError
from kg.project import Project
from kg.queries import Catalogue, Query, judge
from kg.results import formats, named
from kg.settings import Settings, sentence, variable
from kg.store import EmbeddedStore, Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kg.build import Built
    from kg.report import Report

_MEMORY = "memory"
_ROW_FORMATS = [format_.name for format_ in formats("rows")]
_GRAPH_FORMATS = [format_.name for format_ in formats("graph")]


class _Commands(click.Group):
    """The group of commands: what goes wrong becomes one sentence and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        try:
            return super().invoke(ctx)
        except KgError as error:
            _fail(str(error))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


def _setting(name: str, **more: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    help_text = f"{sentence(name)}  [env: {variable(name)}]"
    return click.option(f"--{name.replace('_', '-')}", name, default=None, help=help_text, **more)


def _json_option(command: Any) -> Any:  # noqa: ANN401
    return click.option(
        "--format",
        "format_",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for a program.",
    )(command)


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


@main.command()
@_setting("store", metavar="FOLDER")
@_setting("keep_versions", metavar="N")
@_json_option
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
    if settings.store == _MEMORY:
        raise BadInput("A store in memory cannot be kept: name a folder with --store.")
    versions = _versions(settings, project)
    with _progress() as watch:
        built = recipe.make(project, watch, [])
        if built.report.conforms:
            recipe.publish(built, versions, settings.keep_versions, watch)
    _print_build(built, versions, format_)
    sys.exit(0 if built.report.conforms else 1)


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@_json_option
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
    with _progress() as watch:
        built = recipe.make(project, watch, given)
    report = built.report
    if given:
        named_files = {source.shown for source in given}
        report = Report.of([f for f in report.findings if f.file in named_files or not f.file])
    if format_ == "json":
        _print_json(_report_dict(report))
    else:
        _print_findings(report)
        what = f"{len(given)} {_plural('file', len(given))}" if given else "The project"
        verdict = "conforms" if report.conforms else "does not conform"
        click.echo(f"{what}: {verdict}, {_counted(report)}.")
    sys.exit(0 if report.conforms else 1)


@main.command()
@click.option(
    "--format",
    "format_",
    type=click.Choice(["turtle", "ntriples"]),
    default="turtle",
    show_default=True,
)
@click.pass_obj
def reason(project: Project, format_: str) -> None:
    """Print what follows by the ontology's axioms.

    Only the triples that are new, of the settled view of the project's files.

    \b
    Example:
      kg reason --format ntriples | wc -l
    """
    from kg import build as recipe

    with _progress() as watch:
        built = recipe.make(project, watch, [])
    if not built.report.conforms:
        _print_findings(built.report)
        sys.exit(1)
    inferred = EmbeddedStore.in_memory({"": built.graphs[recipe.INFERRED]})
    _write(inferred.dump(named(format_, "graph")))
    click.echo(f"{built.counts['inferred']:,} triples inferred.", err=True)


@main.command("query")
@click.argument("name", metavar="NAME-OR-FILE")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of a parameter; an IRI may be written like organization:baai.",
)
@click.option(
    "--format",
    "format_",
    default="table",
    show_default=True,
    type=click.Choice(["table", *_ROW_FORMATS, *_GRAPH_FORMATS]),
)
@_setting("store", metavar="FOLDER|memory")
@click.pass_obj
def ask(
    project: Project, name: str, params: tuple[str, ...], format_: str, store: str | None
) -> None:
    """Ask a canned question, or your own.

    A name asks a canned question, a .rq file the query in it, and "-" reads a query from
    standard input.

    \b
    Example:
      kg query table-1 --format csv
      kg query models-by-developer --param organization=organization:baai
      echo "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }" | kg query -
    """
    asked = _query(project, name)
    judge(asked.text)
    bindings = asked.bind(_pairs(params))
    with _store(Settings.load(store=store), project) as opened:
        answer = opened.query(asked.text, bindings)
        if format_ == "table":
            _print_table(*answer.rows())
        else:
            _write(answer.serialize(named(format_, answer.kind)))


@main.command()
@click.argument("name", required=False)
@_json_option
@click.pass_obj
def queries(project: Project, name: str | None, format_: str) -> None:
    """List the canned questions, or show one.

    With NAME: its parameters and its SPARQL.

    \b
    Example:
      kg queries
      kg queries trained-without
    """
    catalogue = Catalogue.read(project.query_files())
    chosen = [catalogue.get(name)] if name else list(catalogue)
    if format_ == "json":
        _print_json([one.as_dict() for one in chosen])
    elif name:
        click.echo(chosen[0].text, nl=False)
    else:
        _print_table(["name", "question"], iter([[one.name, one.summary] for one in chosen]))


@main.command()
@click.option(
    "--format",
    "format_",
    default="turtle",
    show_default=True,
    type=click.Choice([*_GRAPH_FORMATS, *_ROW_FORMATS]),
    help="A format for graphs; with --query one that fits the query's answer.",
)
@click.option("--graph", default="", help="One named graph, such as inferred, by name or IRI.")
@click.option("--query", "name", default=None, help="The answer of this canned question instead.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="As for kg query.")
@click.option(
    "--output",
    "-o",
    type=click.File("wb", atomic=True),
    default="-",
    help="File to write, complete or not at all; by default standard output.",
)
@_setting("store", metavar="FOLDER|memory")
@click.pass_obj
def export(
    project: Project,
    format_: str,
    graph: str,
    name: str | None,
    params: tuple[str, ...],
    output: IO[bytes],
    store: str | None,
) -> None:
    """Write the graph to a file.

    Everything as nquads or trig; the default graph in the other formats.

    Equal content gives equal bytes: triples are sorted, and blank nodes have canonical labels.

    \b
    Example:
      kg export --format nquads -o landscape.nq
      kg export --format jsonld -o landscape.jsonld
      kg export --query table-1 --format csv -o table-1.csv
    """
    with _store(Settings.load(store=store), project) as opened:
        if name:
            asked = _query(project, name)
            judge(asked.text)
            answer = opened.query(asked.text, asked.bind(_pairs(params)))
            output.write(answer.serialize(named(format_, answer.kind)))
        elif format_ == "jsonld":
            output.write(_jsonld(opened, _graph_iri(opened, graph)))
        else:
            output.write(_dump(opened, format_, _graph_iri(opened, graph)))


@main.command()
@_json_option
@_setting("store", metavar="FOLDER|memory")
@click.pass_obj
def stats(project: Project, format_: str, store: str | None) -> None:
    """Count what the current version holds.

    Triples by graph, and things by kind.

    \b
    Example:
      kg stats --format json
    """
    with _store(Settings.load(store=store), project) as opened:
        graphs = list(opened.query(_TRIPLES_BY_GRAPH).rows()[1])
        kinds = list(opened.query(_THINGS_BY_KIND).rows()[1])
        if format_ == "json":
            _print_json(
                {
                    "graphs": {str(g): int(n or 0) for g, n in graphs},
                    "kinds": {str(k): int(n or 0) for k, n in kinds},
                }
            )
        else:
            _print_table(["graph", "triples"], iter(graphs))
            _print_table(["kind", "things"], iter(kinds))


@main.command("versions")
@_json_option
@_setting("store", metavar="FOLDER")
@click.pass_obj
def list_versions(project: Project, format_: str, store: str | None) -> None:
    """List the published versions, the newest first.

    \b
    Example:
      kg versions
    """
    found = _versions(Settings.load(store=store), project).all()
    if format_ == "json":
        _print_json([{"current": v.is_current, **v.summary()} for v in found])
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
    _print_table(["version", "", "published", "asserted", "inferred"], iter(rows))


@main.command()
@click.argument("version", required=False)
@_setting("store", metavar="FOLDER")
@click.pass_obj
def rollback(project: Project, version: str | None, store: str | None) -> None:
    """Make an earlier version current.

    VERSION, or the newest of the others.

    \b
    Example:
      kg rollback
    """
    chosen = _versions(Settings.load(store=store), project).rollback(version)
    click.echo(f"Current version: {chosen.name}.")


@main.command()
@_setting("host", metavar="ADDRESS")
@_setting("port", metavar="PORT")
@_setting("threads", metavar="N")
@_setting("max_query_bytes", metavar="N")
@_setting("store", metavar="FOLDER")
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
    if settings.store == _MEMORY:
        raise BadInput("A store in memory cannot be served: run `kg build` and serve its folder.")
    versions = _versions(settings, project)
    current = versions.current()
    Catalogue.read(project.query_files())
    address = f"http://{settings.host}:{settings.port}"

    def started() -> None:
        click.echo(f"Serving version {current.name} on {address} until Ctrl-C.")
        click.echo(
            f"Open: {address}/ and {address}/sparql, read only; queries up to "
            f"{settings.max_query_bytes:,} bytes, {settings.threads} at the same time."
        )
        click.echo(f"Try:  curl '{address}/queries/trained-without?format=csv'")

    run(project, versions, settings, started)


_TRIPLES_BY_GRAPH = """
SELECT ?graph (COUNT(*) AS ?triples) WHERE { GRAPH ?graph { ?s ?p ?o } }
GROUP BY ?graph ORDER BY ?graph
"""
_THINGS_BY_KIND = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?label (COUNT(DISTINCT ?thing) AS ?things) WHERE {
  ?thing a ?kind . ?kind rdfs:isDefinedBy ?module ; rdfs:label ?label .
  FILTER (LANG(?label) = "en")
} GROUP BY ?label ORDER BY DESC(?things) ?label
"""


def _versions(settings: Settings, project: Project) -> Versions:
    return Versions(Path(settings.store) if settings.store else project.default_store)


@contextlib.contextmanager
def _store(settings: Settings, project: Project) -> Iterator[EmbeddedStore]:
    """The store that the settings name: built in memory now, or the current version."""
    if settings.store != _MEMORY:
        yield _versions(settings, project).open().store
        return
    from kg import build as recipe

    with _progress() as watch:
        built = recipe.make(project, watch, [])
    if not built.report.conforms:
        _print_findings(built.report)
        sys.exit(1)
    yield recipe.in_memory(built)


def _query(project: Project, name: str) -> Query:
    """The canned query of that name, or an ad-hoc one from a file or standard input."""
    if name == "-":
        return _ad_hoc(sys.stdin.read())
    path = Path(name)
    if path.suffix == ".rq":
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise BadInput(f"There is no query file {name} in UTF-8.") from None
        return _ad_hoc(text)
    return Catalogue.read(project.query_files()).get(name)


def _ad_hoc(text: str) -> Query:
    return Query("ad-hoc", "", "", (), (), text)


def _pairs(params: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not equals:
            raise BadInput(f"--param wants NAME=VALUE, not {param!r}.")
        if name in pairs:
            raise BadInput(f"--param {name} is given twice.")
        pairs[name] = value
    return pairs


def _graph_iri(opened: EmbeddedStore, name: str) -> str:
    """The IRI of the named graph that a person means."""
    if not name:
        return ""
    matches = [iri for iri in opened.graph_names() if iri == name or iri.endswith(f"/{name}")]
    if len(matches) != 1:
        known = ", ".join(opened.graph_names())
        raise BadInput(f"There is no one graph {name!r} (there are: {known}).")
    return matches[0]


def _dump(opened: EmbeddedStore, format_: str, graph: str) -> bytes:
    if format_ in _ROW_FORMATS:
        raise BadInput(f"A graph cannot be written as {format_}: add --query NAME.")
    return opened.dump(named(format_, "graph"), graph)


def _jsonld(opened: EmbeddedStore, graph: str) -> bytes:
    import rdflib

    from kg.export import jsonld
    from kg.namespaces import GRAPHS

    ntriples = named("ntriples", "graph")
    triples = rdflib.Graph().parse(data=opened.dump(ntriples, graph), format="nt")
    ontology = rdflib.Graph().parse(data=opened.dump(ntriples, f"{GRAPHS}ontology"), format="nt")
    return jsonld(triples, ontology)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], contextlib.AbstractContextManager[object]]]:
    """A watch that shows the step under way on standard error, if a person looks on."""
    console = Console(stderr=True)
    yield lambda step: console.status(f"{step} ...")


def _print_build(built: Built, versions: Versions, format_: str) -> None:
    report = built.report
    if format_ == "json":
        _print_json({**built.summary(), "seconds": built.seconds, **_report_dict(report)})
        return
    _print_findings(report)
    for name in ("files", "asserted", "inferred", "claims", "conflicts", "queries"):
        if name in built.counts:
            click.echo(f"{name:<11}{built.counts[name]:>9,}")
    spent = ", ".join(f"{step} {seconds:.2f}" for step, seconds in built.seconds.items())
    click.echo(f"{'seconds':<11}{sum(built.seconds.values()):>9.2f}  ({spent})")
    click.echo(f"{'violations':<11}{len(report.violations):>9,}")
    click.echo(f"{'warnings':<11}{len(report.warnings):>9,}")
    if report.conforms:
        click.echo(f"Version {built.version} is current in {versions.root}.")
    else:
        click.echo("Nothing was published.")


def _print_findings(report: Report) -> None:
    for finding in report.findings:
        click.echo(str(finding))


def _counted(report: Report) -> str:
    violations, warnings = len(report.violations), len(report.warnings)
    return (
        f"{violations} {_plural('violation', violations)}, "
        f"{warnings} {_plural('warning', warnings)}"
    )


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _report_dict(report: Report) -> dict[str, Any]:
    return {
        "conforms": report.conforms,
        "findings": [finding.as_dict() for finding in report.findings],
    }


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _print_table(columns: list[str], rows: Iterator[list[str | None]]) -> None:
    """A table as wide as the terminal, or as wide as it needs where no person looks on."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        table.add_row(*(_plain(cell) for cell in row))
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, emoji=False, width=100_000)
    with console.capture() as captured:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))
    click.echo(f"{count:,} {_plural('row', count)}", err=True)


def _plain(cell: str | None) -> str:
    """A cell without control characters, which could steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in cell or "")


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)


def _fail(message: str) -> NoReturn:
    click.echo(f"kg: {message}", err=True)
    sys.exit(2)

"""Commands that ask a built graph: query, queries, export, stats."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kg.api import ask as asking
from kg.cli.group import json_option, main, opened_store, setting
from kg.cli.output import print_json, print_table, progress, write_bytes, write_file
from kg.documents import DECLARED, context, documents, published
from kg.errors import BadInput
from kg.namespaces import GRAPHS, IDS
from kg.queries import Catalogue, Query, ad_hoc, from_file
from kg.results import formats, named
from kg.services import listed
from kg.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.project import Project
    from kg.store import Store

ROW_FORMATS: Final = [format_.name for format_ in formats("rows")]
GRAPH_FORMATS: Final = [format_.name for format_ in formats("graph")]
_TRIPLES_BY_GRAPH: Final = """
SELECT ?graph (COUNT(*) AS ?triples) WHERE { GRAPH ?graph { ?s ?p ?o } }
GROUP BY ?graph ORDER BY ?graph
"""
_SAME: Final = f"""
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
CONSTRUCT {{ ?ours owl:sameAs ?theirs }} WHERE {{
  GRAPH <{GRAPHS}links> {{ ?ours skos:exactMatch ?theirs }}
  FILTER (!STRSTARTS(STR(?theirs), "{IDS}"))
}}
"""
_THINGS_BY_KIND: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?label (COUNT(DISTINCT ?thing) AS ?things) WHERE {
  ?thing a ?kind . ?kind rdfs:isDefinedBy ?module ; rdfs:label ?label .
  FILTER (LANG(?label) = "en")
} GROUP BY ?label ORDER BY DESC(?things) ?label
"""


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
    type=click.Choice(["table", *ROW_FORMATS, *GRAPH_FORMATS]),
)
@setting("store", metavar="FOLDER|memory|URL")
@click.option(
    "--endpoint", metavar="URL", help="Address of a SPARQL endpoint to ask, in place of --store."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, 86_400, min_open=True),
    metavar="SECONDS",
    help="How long an endpoint may take; 60 seconds if nothing is said.",
)
@setting("services", metavar="URLS")
@setting("private_services", metavar="URLS")
@click.pass_obj
def ask(
    project: Project,
    name: str,
    params: tuple[str, ...],
    format_: str,
    store: str | None,
    endpoint: str | None,
    timeout: float | None,
    services: str | None,
    private_services: str | None,
) -> None:
    """Ask a canned question, or your own.

    A name asks a canned question, a .rq file the query in it, and "-" reads a query from
    standard input. With --endpoint any SPARQL 1.1 engine is asked, with the same parameters. What a
    query calls with SERVICE has to be named with --services.

    \b
    Example:
      kg query table-1 --format csv
      kg query models-by-developer --param organization=organization:baai
      echo "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }" | kg query -
      kg query table-1 --endpoint http://127.0.0.1:8000/sparql
      kg query wikidata-organizations --services https://query.wikidata.org/sparql
    """
    if store is not None and endpoint is not None:
        raise BadInput("--store and --endpoint name two things to ask: give one of them.")
    settings = Settings.load(store=store, services=services, private_services=private_services)
    asked = _query(project, name)
    allowed = listed(settings.services, settings.private_services)
    with _asked(project, settings, endpoint, timeout) as opened:
        answer = asking(opened, asked, _pairs(params), allowed, settings.deadline / 2)
        if format_ == "table":
            print_table(*answer.rows())
        else:
            write_bytes(answer.serialize(named(format_, answer.kind)))


@main.command()
@click.argument("name", required=False)
@json_option
@click.pass_obj
def queries(project: Project, name: str | None, format_: str) -> None:
    """List the canned questions, or show one.

    With NAME: its parameters and its SPARQL.

    \b
    Example:
      kg queries
      kg queries trained-without
    """
    catalogue = _catalogue(project)
    chosen = [catalogue.get(name)] if name else list(catalogue)
    if format_ == "json":
        print_json([one.as_dict() for one in chosen])
    elif name:
        click.echo(chosen[0].text, nl=False)
    else:
        rows = [[one.name, one.summary, " ".join(one.services)] for one in chosen]
        print_table(["name", "question", "asks (--services)"], iter(rows))


@main.command()
@click.option(
    "--format",
    "format_",
    default="turtle",
    show_default=True,
    type=click.Choice([*GRAPH_FORMATS, "nanopub", "context", *ROW_FORMATS]),
    help="A format for graphs, nanopub for each claim, or context for the names of JSON-LD alone;"
    " with --query one that fits its answer.",
)
@click.option("--graph", default="", help="One named graph, such as inferred, by name or IRI.")
@click.option(
    "--same-as",
    is_flag=True,
    help="Write owl:sameAs for each exact match elsewhere, into the default graph.",
)
@click.option("--query", "name", default=None, help="The answer of this canned question instead.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="As for kg query.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, complete or not at all; by default standard output.",
)
@setting("store", metavar="FOLDER|memory|URL")
@click.pass_obj
def export(
    project: Project,
    format_: str,
    graph: str,
    name: str | None,
    params: tuple[str, ...],
    output: Path | None,
    store: str | None,
    same_as: bool,
) -> None:
    """Write the graph to a file.

    Everything as nquads or trig; the default graph in the other formats.

    Equal content gives equal bytes: triples are sorted, and blank nodes have canonical labels.

    \b
    Example:
      kg export --format nquads -o landscape.nq
      kg export --format jsonld -o landscape.jsonld
      kg export --format context -o context.jsonld
      kg export --format nanopub -o claims.trig
      kg export --query table-1 --format csv -o table-1.csv
      kg export --same-as -o landscape.ttl
    """
    if same_as and (name or graph or format_ in ("nanopub", "context")):
        raise BadInput(
            "--same-as is for the whole graph: without --query, --graph, nanopub and context."
        )
    settings = Settings.load(store=store)
    with opened_store(settings, project) as opened:
        if same_as:
            opened = _with_same_as(opened)
        if name:
            asked = _query(project, name)
            services = listed(settings.services, settings.private_services)
            answer = asking(opened, asked, _pairs(params), services, settings.deadline / 2)
            content = answer.serialize(named(format_, answer.kind))
        elif format_ == "nanopub":
            content = _nanopub(opened, graph)
        elif format_ == "context":
            if graph:
                raise BadInput("The context is that of all graphs: leave --graph out.")
            content = published(_context(opened))
        elif format_ == "jsonld":
            content = _jsonld(opened, _graph_iri(opened, graph))
        else:
            content = _dump(opened, format_, _graph_iri(opened, graph))
    if output is None:
        write_bytes(content)
    else:
        write_file(output, content)


@main.command()
@json_option
@setting("store", metavar="FOLDER|memory|URL")
@click.pass_obj
def stats(project: Project, format_: str, store: str | None) -> None:
    """Count what the current version holds.

    Triples by graph, and things by kind.

    \b
    Example:
      kg stats --format json
    """
    with opened_store(Settings.load(store=store), project) as opened:
        graphs = list(opened.query(_TRIPLES_BY_GRAPH).rows()[1])
        kinds = list(opened.query(_THINGS_BY_KIND).rows()[1])
        if format_ == "json":
            print_json(
                {
                    "graphs": {str(g): int(n or 0) for g, n in graphs},
                    "kinds": {str(k): int(n or 0) for k, n in kinds},
                }
            )
        else:
            print_table(["graph", "triples"], iter(graphs))
            print_table(["kind", "things"], iter(kinds))


@main.command()
@click.argument("url", required=False)
@json_option
def probe(url: str | None, format_: str) -> None:
    """Say what an engine does in its own way.

    Its name and version, the version of the data that it holds, what its default graph is, whether
    it cuts answers, in which formats it gives them, and what is done about each; of the engine at
    URL, or the one that KG_STORE names.

    \b
    Example:
      kg probe http://localhost:8890/sparql
    """
    from kg.store.remote import Addresses, RemoteStore
    from kg.store.remote import probe as capabilities_of

    settings = Settings.load(store=url)
    if not settings.is_endpoint:
        raise BadInput("Name the address of an engine, here or with KG_STORE.")
    store = RemoteStore(Addresses.of(settings), watch=progress)
    found = capabilities_of(store, with_formats=True)
    if format_ == "json":
        print_json(found.as_dict())
        return
    told = {
        "engine": f"{found.name or 'not said'} {found.version}".strip(),
        "data version": found.data_version or "none of ours",
        "default graph": found.default_graph,
        "rows at most": f"{found.most_rows:,}" if found.most_rows else "no limit seen",
        "formats": ", ".join(found.formats),
    }
    for label, said in told.items():
        click.echo(f"{label:<15}{said}")
    for sentence in found.sentences():
        click.echo(sentence)


@contextlib.contextmanager
def _asked(
    project: Project, settings: Settings, endpoint: str | None, timeout: float | None
) -> Iterator[Store]:
    """What is asked: an endpoint as it is and by nobody in particular, or the settings' store."""
    if endpoint is None:
        with opened_store(settings, project, timeout) as opened:
            yield opened
        return
    from kg.store.remote import SECONDS, RemoteStore

    if not Settings(store=endpoint).is_endpoint:
        raise BadInput(
            f"--endpoint is an address like https://example.org/sparql, not {endpoint!r}."
        )
    yield RemoteStore(endpoint, timeout or SECONDS, progress)


def _query(project: Project, name: str) -> Query:
    """The canned query of that name, or an ad-hoc one from a file or standard input."""
    if name == "-":
        return ad_hoc(sys.stdin.read())
    path = Path(name)
    if path.suffix == ".rq":
        return from_file(path)
    return _catalogue(project).get(name)


def _catalogue(project: Project) -> Catalogue:
    return Catalogue.read(project.query_files(), project.shown, project.federated_files())


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


def _graph_iri(opened: Store, name: str) -> str:
    """The IRI of the named graph that a person means."""
    if not name:
        return ""
    matches = [iri for iri in opened.graph_names() if iri == name or iri.endswith(f"/{name}")]
    if len(matches) != 1:
        known = ", ".join(opened.graph_names())
        raise BadInput(f"There is no one graph {name!r} (there are: {known}).")
    return matches[0]


def _with_same_as(opened: Store) -> Store:
    """The same graphs, with what is linked as an exact match called the same.

    The row of an outside dataset is no more than a row.
    """
    from kg.store import EmbeddedStore

    ntriples = named("ntriples", "graph")
    graphs = {name: opened.dump(ntriples, name) for name in ("", *opened.graph_names())}
    graphs[""] += opened.query(_SAME).serialize(ntriples)
    return EmbeddedStore.in_memory(graphs)


def _dump(opened: Store, format_: str, graph: str) -> bytes:
    if format_ in ROW_FORMATS:
        raise BadInput(f"A graph cannot be written as {format_}: add --query NAME.")
    return opened.dump(named(format_, "graph"), graph)


def _nanopub(opened: Store, graph: str) -> bytes:
    import rdflib

    from kg.catalog import DATASET, VERSION
    from kg.export import nanopublications

    if graph:
        raise BadInput("Nanopublications are of all claims: leave --graph out.")
    ntriples = named("ntriples", "graph")
    graphs = {
        name: rdflib.Graph().parse(data=opened.dump(ntriples, name), format="nt")
        for name in opened.graph_names()
    }
    catalog = next(g for name, g in graphs.items() if name.endswith("/catalog"))
    licence = catalog.value(DATASET, rdflib.DCTERMS.license)
    version = catalog.value(DATASET, VERSION)
    return nanopublications(graphs, str(licence), str(version))


def _jsonld(opened: Store, graph: str) -> bytes:
    from kg.store import Answer

    text = opened.dump(named("ntriples", "graph"), graph)
    return documents(Answer.read(text, "ntriples").triples(), _context(opened))


def _context(opened: Store) -> dict[str, Any]:
    return context(opened.query(DECLARED).rows()[1])

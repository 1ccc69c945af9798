"""Questions that ask other endpoints, and other engines that ask us: real servers on loopback."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pytest
import rdflib

import kg
from kg import build
from kg.errors import BadSource, Refused, ServiceError
from kg.namespaces import GRAPHS, TERMS
from kg.project import Project
from kg.queries import Catalogue, judge
from kg.services import uncalled
from kg.store import Versions
from tests.conftest import ROOT, run_kg
from tests.engines import oxigraph
from tests.test_front import asked, get, request, serving, serving_with
from tests.test_services import peer, said

WIKIDATA, DBPEDIA = "https://query.wikidata.org/sparql", "https://dbpedia.org/sparql"
PREFIXES = """
@prefix dbo: <http://dbpedia.org/ontology/> .
@prefix dbr: <http://dbpedia.org/resource/> .
@prefix organization: <https://w3id.org/china-llm/id/organization/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix wd: <http://www.wikidata.org/entity/> .
@prefix wdt: <http://www.wikidata.org/prop/direct/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
LINKS = f"""{PREFIXES}
organization:baidu skos:exactMatch wd:Q14772 , dbr:Baidu , <https://ror.org/03vs3wt56> .
organization:tsinghua-university skos:exactMatch wd:Q16955 , dbr:Tsinghua_University .
"""
# in the shape of each; the values are ROR's, but for what is named after the test
ITEMS = f"""{PREFIXES}
wd:Q14772 wdt:P571 "2000-01-01T00:00:00Z"^^xsd:dateTime ; wdt:P6782 "03vs3wt56" ;
    wdt:P856 <https://www.baidu.com> ; wdt:P31 <urn:test:kind> , <urn:test:other> ;
    wdt:P159 <urn:test:place> ; wdt:P17 <urn:test:not-asked-for> .
wd:Q16955 wdt:P571 "1911-01-01T00:00:00Z"^^xsd:dateTime .
wd:Q95 wdt:P6782 "00njsd438" .
<urn:test:kind> rdfs:label "kind of the test"@en , "Art der Probe"@de .
<urn:test:place> rdfs:label "place of the test"@en .
"""
RESOURCES = f"""{PREFIXES}
dbr:Tsinghua_University dbo:foundingYear "1911"^^xsd:gYear ; dbo:numberOfEmployees 1 .
dbr:Google dbo:numberOfEmployees 2 .
"""
FROM_WIKIDATA = [
    ["Baidu", "ROR ID", "03vs3wt56"],
    ["Baidu", "headquarters location", "place of the test"],
    ["Baidu", "inception", "2000-01-01T00:00:00Z"],
    ["Baidu", "instance of", "kind of the test"],
    ["Baidu", "instance of", "urn:test:other"],
    ["Baidu", "official website", "https://www.baidu.com"],
    ["Tsinghua University", "inception", "1911-01-01T00:00:00Z"],
]
FROM_DBPEDIA = [
    ["Tsinghua University", "founding year", "1911"],
    ["Tsinghua University", "number of employees", "1"],
]
ANSWERS = {"wikidata-organizations": FROM_WIKIDATA, "dbpedia-organizations": FROM_DBPEDIA}


class World(NamedTuple):
    """The project whose questions ask other servers, its store, and those servers."""

    project: Path
    store: Path
    services: dict[str, str]


def rows(text: str) -> list[list[str]]:
    """The rows of CSV without the IRI at the end, which is checked to be one."""
    columns, *found = csv.reader(io.StringIO(text))
    assert columns == ["name", "property", "value", "item"]
    assert all(row[3].startswith("http://") for row in found)
    return [row[:3] for row in found]


@pytest.fixture(scope="module")
def world(built: build.Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The real graph with links, and its questions at endpoints of ours in the place of theirs."""
    folder = tmp_path_factory.mktemp("world")
    links = rdflib.Graph().parse(data=LINKS, format="turtle").serialize(format="nt")
    graphs = {**built.graphs, f"{GRAPHS}links": links.encode()}
    Versions(folder / "store").publish("linked", graphs, {"version": "linked"}, 1)
    project = folder / "project"
    for name in ("data", "ontology", "shapes"):
        (project / name).mkdir(parents=True)
    shutil.copytree(ROOT / "queries", project / "queries")
    (folder / "items.ttl").write_text(ITEMS)
    (folder / "resources.ttl").write_text(RESOURCES)
    with (
        serving_with(["--data", str(folder / "items.ttl")]) as items,
        serving_with(["--data", str(folder / "resources.ttl")]) as resources,
    ):
        services = {WIKIDATA: f"{items}/sparql", DBPEDIA: f"{resources}/sparql"}
        for path in (project / "queries" / "federated").glob("*.rq"):
            text = path.read_text("utf-8")
            for theirs, ours in services.items():
                text = text.replace(f"<{theirs}>", f"<{ours}>")
            path.write_text(text, "utf-8")
        yield World(project, folder / "store", services)


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    """A server that calls the one in the place of Wikidata, but not that of DBpedia."""
    options = ["--store", str(world.store), "--private-services", world.services[WIKIDATA]]
    with serving_with(options, root=world.project) as found:
        yield found


def test_each_endpoint_has_its_question(project: Project) -> None:
    """They are read from a folder of their own, and call what is written in them, nothing else."""
    catalogue = Catalogue.read([], federated=project.federated_files())
    called = {query.name: query.services for query in catalogue}
    assert called == {
        "dbpedia-organizations": (DBPEDIA,),
        "wikidata-organizations": (WIKIDATA,),
    }
    for query in catalogue:
        assert judge(query.text, query.services) == query.services
        assert query.as_dict()["services"] == [*query.services]
        same = uncalled(query.text)
        assert (len(same), "SERVICE" in same, judge(same)) == (len(query.text), False, ())
        ox.Store().query(same)
    with pytest.raises(BadSource, match="SERVICE is not allowed here"):
        Catalogue.read(project.federated_files())
    with pytest.raises(BadSource, match="there are two queries 'table-1'"):
        Catalogue.read(project.query_files(), federated=[ROOT / "queries" / "table-1.rq"])


@pytest.mark.parametrize("name", ANSWERS)
def test_the_command_asks_elsewhere(world: World, name: str) -> None:
    """What is there of the linked organizations, if the endpoint is named; it is told which."""
    words = ["--project", str(world.project), "query", name, "--store", str(world.store)]
    services = ",".join(world.services.values())
    done = run_kg(*words, "--format", "csv", "--private-services", services)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(done.stdout.replace("\r\n", "\n")) == ANSWERS[name]

    refused = run_kg(*words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "unless its operator lists it (--services, KG_SERVICES)" in refused.stderr
    public = run_kg(*words, "--services", services)
    assert (public.returncode, public.stdout) == (2, "")
    assert "has an address that is not called" in public.stderr


def test_python_asks_elsewhere(world: World) -> None:
    """The same, with the endpoints that are named when the graph is opened."""
    services = [*world.services.values()]
    graph = kg.open(world.store, project=world.project, services=services)
    for name, wanted in ANSWERS.items():
        assert rows(graph.query(name).to_csv()) == wanted
    with pytest.raises(Refused, match="SERVICE is not allowed here"):
        kg.open(world.store, project=world.project).query("wikidata-organizations")
    made = graph.query(
        f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SERVICE <{services[0]}> {{ ?s ?p ?o }} }} LIMIT 3"
    )
    assert len(made.to_rdflib()) == 3


def test_what_fails_elsewhere(world: World) -> None:
    """It is said in one sentence, by the command too; SILENT goes on."""
    with peer({"/no": [said(b"", "text/plain", 500)], "/odd": [said(b"[]")]}) as (host, _):
        services = [f"http://{host}/no", f"http://{host}/odd", "http://127.0.0.1:1/"]
        graph = kg.open(world.store, project=world.project, services=services)
        for service, said_ in zip(
            services,
            ("answered with status 500", "cannot be read", "could not be asked"),
            strict=True,
        ):
            for form in ("SELECT * WHERE", "ASK", "CONSTRUCT { ?s ?p ?o } WHERE"):
                query = f"{form} {{ SERVICE <{service}> {{ ?s ?p ?o }} }}"
                with pytest.raises(ServiceError, match=said_):
                    graph.query(query)
        silent = f"ASK {{ SERVICE SILENT <{services[0]}> {{ ?s ?p ?o }} }}"
        assert graph.query(silent)


def test_the_site_asks_elsewhere(address: str) -> None:
    """A question that calls what is listed is answered, as data and on a page, and never kept."""
    status, body, headers = get(f"{address}/queries/wikidata-organizations?format=csv")
    assert (status, rows(body.decode())) == (200, FROM_WIKIDATA)
    assert "etag" not in headers
    status, body = request(f"{address}/queries/wikidata-organizations", Accept="text/html")
    assert (status, b"place of the test" in body) == (200, True)


def test_the_site_says_what_it_does_not_ask(address: str, world: World) -> None:
    """Of what is not listed the setting is named, on the page and for programs."""
    status, body, _ = get(f"{address}/queries/dbpedia-organizations?format=csv")
    problem = json.loads(body)
    assert status == problem["status"] == 403
    assert "The operator lists them (--services, KG_SERVICES)" in problem["detail"]
    page = request(f"{address}/queries", Accept="text/html")[1].decode()
    assert f"Asks {world.services[WIKIDATA]}." in page
    assert f"Asks {world.services[DBPEDIA]}, which this server does not." in page
    listed = {one["name"]: one["services"] for one in json.loads(get(f"{address}/queries")[1])}
    assert listed["wikidata-organizations"] == [world.services[WIKIDATA]]
    assert listed["table-1"] == []


def test_the_list_says_what_is_asked() -> None:
    """``kg queries`` shows which questions need which endpoint."""
    lines = {line.split()[0]: line for line in run_kg("queries").stdout.splitlines()}
    assert lines["name"].endswith("asks (--services)")
    assert lines["wikidata-organizations"].endswith(WIKIDATA)
    assert not lines["table-1"].endswith("sparql")


@pytest.fixture(scope="module")
def ours(versions: Versions) -> Iterator[str]:
    """Our endpoint, for others to call."""
    with serving(versions.root) as found:
        yield f"{found}/sparql"


CALL = f"""SELECT ?name ?row WHERE {{
    ?theirs <urn:is> ?model
    SERVICE <OURS> {{ ?model <{TERMS}row> ?row ; <{TERMS}nameAsPrinted> ?name }}
}} ORDER BY ?row"""
NAMES = ["CogView", "GLM-130B"]
THEIRS = b"""<urn:a> <urn:is> <https://w3id.org/china-llm/id/model/glm-130b> .
<urn:b> <urn:is> <https://w3id.org/china-llm/id/model/cogview> .
"""


def test_oxigraphs_server_asks_us(ours: str, tmp_path: Path) -> None:
    """By SERVICE, joined with what it holds."""
    with oxigraph(THEIRS, tmp_path) as engine:
        theirs = engine.removesuffix("/query")
        address = asked(theirs, CALL.replace("OURS", ours), format="csv").replace(
            "/sparql?", "/query?"
        )
        status, body = request(address, Accept="text/csv")
    assert (status, [line.split(",")[0] for line in body.decode().split()[1:]]) == (200, NAMES)


def test_pyoxigraph_asks_us(ours: str) -> None:
    """A store in a process of somebody's own."""
    store = ox.Store()
    store.load(THEIRS, format=ox.RdfFormat.N_TRIPLES)
    found = store.query(CALL.replace("OURS", ours))
    assert isinstance(found, ox.QuerySolutions)
    assert [row["name"].value for row in found] == NAMES


def test_rdflib_asks_us(ours: str) -> None:
    """Rdflib reads the answer of a service as JSON."""
    graph = rdflib.Graph().parse(data=THEIRS, format="nt")
    assert [str(row.name) for row in graph.query(CALL.replace("OURS", ours))] == NAMES

"""Hidden graphs (S24): what only they say is nowhere, and the rest is as if they had never been."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

from kg import build
from kg.hidden import Hidden, sources_left
from kg.project import Project
from kg.results import FORMATS, formats, named
from kg.store import EmbeddedStore, Versions
from tests.conftest import unwatched
from tests.test_front import asked, get, request, serving_with, until

PREFIXES = """
@prefix cllm: <https://w3id.org/china-llm/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix decision: <https://w3id.org/china-llm/id/decision/> .
@prefix figure: <https://w3id.org/china-llm/id/figure/> .
@prefix finding: <https://w3id.org/china-llm/id/finding/> .
@prefix graph: <https://w3id.org/china-llm/graph/> .
@prefix model: <https://w3id.org/china-llm/id/model/> .
@prefix organization: <https://w3id.org/china-llm/id/organization/> .
@prefix p: <https://w3id.org/china-llm/graph/secret/notes/> .
@prefix reference: <https://w3id.org/china-llm/id/reference/> .
@prefix run: <https://w3id.org/china-llm/id/run/> .
"""
SECRET = {
    "secret/things.ttl": """
<https://w3id.org/china-llm/graph/secret/things>
    a cllm:Passage ; dcterms:source reference:paper ; cllm:stance cllm:stated .
organization:canary-house
    a cllm:Company ; rdfs:label "House of Xyzzy"@en ; dcterms:source reference:paper .
""",
    "secret/notes.trig": """
<https://w3id.org/china-llm/graph/secret/notes>
    a cllm:Passage ; dcterms:isPartOf reference:paper ; cllm:stance cllm:stated .
p:1-1
    a cllm:Passage ; dcterms:isPartOf reference:paper ;
    cllm:paragraph 1 ; cllm:sentence 1 ; cllm:stance cllm:stated .
p:1-1 {
    run:first cllm:hasFigure figure:canary-compute .
    figure:canary-compute
        a cllm:Figure ; cllm:quantity cllm:trainingCompute ;
        cllm:asPrinted "9.7531E+24" ; cllm:unit cllm:flop .
    model:third cllm:hasDeveloper organization:canary-house ; cllm:nameAsPrinted "Xyzzy" .
}
""",
    "curation/findings.ttl": """
<https://w3id.org/china-llm/graph/curation/findings>
    a cllm:Passage ; dcterms:source reference:paper ; cllm:stance cllm:stated .
finding:secret
    a cllm:Finding ; cllm:findingIn p:1-1 ; dcterms:description "Much is xyzzy."@en ;
    cllm:expectedCount 97531 ; cllm:acceptedVerdict cllm:notRecomputable ;
    cllm:lacks "Another xyzzy."@en .
""",
}
DECISION = """
decision:secret
    a cllm:Decision ; cllm:onSubject run:first ; cllm:onProperty cllm:trainingCompute ;
    cllm:prefers p:1-1 ; cllm:because "Xyzzy knows."@en ; dcterms:date "2026-11-23"^^xsd:date .
"""
SAID = re.compile(r"xyzzy|97531|9\.7\d*e\+?24", re.IGNORECASE)
"""What only the secret source says."""
NAMED = re.compile(rf"{SAID.pattern}|canary-|\bsecret\b", re.IGNORECASE)
"""The same, and what it names."""
EVERYTHING = "SELECT * WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
SUBJECTS = """
SELECT DISTINCT ?s {
  { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } UNION { GRAPH ?s { ?a ?b ?c } }
  FILTER (ISIRI(?s) && !CONTAINS(STR(?s), "#"))
}
"""
BASE = "https://w3id.org/china-llm"


@pytest.fixture
def with_secret(tiny: Project) -> Project:
    """The miniature with a source that is not for everybody, which wins a conflict."""
    data = tiny.root / "data"
    for name, text in SECRET.items():
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_text(PREFIXES + text, "utf-8")
    decisions = data / "curation" / "decisions.ttl"
    public = decisions.read_text("utf-8")
    decisions.write_text(f"{public[: public.index('decision:first-compute')]}{PREFIXES}{DECISION}")
    return tiny


def published(project: Project, versions: Versions) -> build.Built:
    """A version of the project, made current."""
    built = build.make(project, unwatched, [])
    assert built.report.violations == ()
    build.publish(built, versions, 3, unwatched)
    return built


def words(project: Project, versions: Versions, *more: str) -> list[str]:
    """What a command on a store begins with."""
    start = [sys.executable, "-c", "from kg.cli import main; main()", "--project"]
    return [*start, str(project.root), *more, "--store", str(versions.root)]


def routes(things: list[str], questions: list[str]) -> list[str]:
    """Every address that answers from data, in every format that it has.

    Of the things of a kind a few, and all that are secret; all graphs.
    """
    graphs = [thing for thing in things if thing.startswith(f"{BASE}/graph/")]
    kinds: dict[str, list[str]] = {}
    for thing in things:
        kinds.setdefault(thing.rpartition("/")[0], []).append(thing)
    things = [
        thing
        for found in kinds.values()
        for place, thing in enumerate(found)
        if place < 4 or thing in graphs or NAMED.search(thing)
    ]
    found = ["/", "/queries", "/sparql", "/.well-known/void", "/dataset", "/ontology"]
    found += ["/ready", "/metrics", "/running", "/nothing", "/rdf-graph-store"]
    found += [thing.removeprefix(BASE) for thing in things if thing.startswith(f"{BASE}/")]
    found += [f"/queries/{name}" for name in questions]
    stores = ["default", *(f"graph={urllib.parse.quote(name)}" for name in graphs)]
    found += [f"/rdf-graph-store?{which}" for which in stores]
    for format_ in FORMATS:
        is_graph = format_ in formats("graph")
        whole = EVERYTHING.replace("SELECT *", "CONSTRUCT { ?s ?p ?o . ?g ?g ?g }", 1)
        found.append(asked("", whole if is_graph else EVERYTHING, format=format_.name))
        if is_graph:
            found += [f"{path}?format={format_.name}" for path in ("/sparql", "/.well-known/void")]
            found.append(f"/download/china-llm-landscape.{format_.extension}")
        else:
            found += [f"/queries/{name}?format={format_.name}" for name in questions]
            found.append(
                asked("", "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
            )
    for graph in graphs:
        for parameter in ("default-graph-uri", "named-graph-uri"):
            found.append(asked("", EVERYTHING, **{parameter: graph}))
        dataset = f"FROM <{graph}> FROM NAMED <{graph}> WHERE"
        found.append(asked("", EVERYTHING.replace("WHERE", dataset, 1)))
    found += [asked("", f"DESCRIBE <{thing}>") for thing in things if NAMED.search(thing)]
    found.append(asked("", "SELECT {"))
    found.append("/queries/models-by-developer?organization=organization:kanary-house")
    return found


def traces(address: str, paths: list[str]) -> set[str]:
    """The paths whose answers, as data or as a page, have a trace of the secret.

    The names that were asked for come back in errors and forms, which tells nobody anything.
    """
    return {
        path
        for path in paths
        for accept in ("*/*", "text/html")
        if (SAID if NAMED.search(urllib.parse.unquote(path)) else NAMED).search(
            request(f"{address}{path}", Accept=accept)[1].decode()
        )
    }


def test_s24_a_hidden_source_is_nowhere(with_secret: Project, tmp_path: Path) -> None:
    """No route has a trace of what a graph says; without hiding, most of the same routes have."""
    versions = Versions(tmp_path / "store")
    built = published(with_secret, versions)
    store = build.in_memory(built)
    things = sorted(str(row[0]) for row in store.query(SUBJECTS).rows()[1])
    questions = sorted(path.stem for path in with_secret.query_files())
    paths = routes(things, questions)
    assert len(things) > 100
    assert len(questions) > 50
    options = ["--store", str(versions.root)]
    from_disk = {"KG_COPIES_SHARE": "0"}  # where what RDF/XML cannot hold always comes early

    with serving_with(options, root=with_secret.root, **from_disk) as address:
        open_ones = traces(address, paths)
    assert {"/ontology", "/nothing"}.isdisjoint(open_ones)
    assert {
        "/sparql",
        "/rdf-graph-store?default",
        "/graph/settled",
        "/graph/inferred",
        "/graph/claims",
        "/graph/catalog",
        "/graph/findings",
        "/graph/secret/notes/1-1",
        "/id/run/first",
        "/id/decision/secret",
        *(f"/download/china-llm-landscape.{format_.extension}" for format_ in formats("graph")),
    } <= open_ones

    with serving_with(
        [*options, "--hide", "graph:secret"], root=with_secret.root, **from_disk
    ) as address:
        assert traces(address, paths) == set()
        for path in (
            "/graph/secret/notes/1-1",
            "/graph/secret/notes",
            "/id/organization/canary-house",
        ):
            assert get(address + path)[0] == 404
        count = get(asked(address, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", format="csv"))[1]
        assert int(count.split()[1]) > 1_000


def test_what_is_left_is_what_a_build_without_it_makes(
    with_secret: Project, built: build.Built, store: EmbeddedStore, tmp_path: Path
) -> None:
    """The same content and so the same version; and hiding nothing leaves all as it was."""
    secret = build.in_memory(published(with_secret, Versions(tmp_path / "store")))
    rest = build.make(
        with_secret, unwatched, sources_left(secret, Hidden("graph:secret")), without=()
    )
    for name in SECRET:
        (with_secret.root / "data" / name).unlink()
    decisions = with_secret.root / "data" / "curation" / "decisions.ttl"
    public = decisions.read_text("utf-8")
    decisions.write_text(public[: public.index("decision:secret")])
    # of a curation without findings a graph without a triple is left
    (with_secret.root / "data" / "curation" / "findings.ttl").write_text(
        PREFIXES + SECRET["curation/findings.ttl"].partition("finding:secret")[0], "utf-8"
    )
    assert rest.version == build.make(with_secret, unwatched, []).version

    project = Project(Path(__file__).resolve().parents[1])
    same = build.in_memory(
        build.make(project, unwatched, sources_left(store, Hidden("")), without=())
    )
    lines = [set(s.dump(named("nquads", "graph")).splitlines()) for s in (store, same)]
    assert len(lines[0]) > 30_000
    (line,) = lines[0] - lines[1]
    assert built.version.encode() in line
    assert len(lines[1] - lines[0]) == 1


def test_s24_a_hidden_graph_of_files(tmp_path: Path) -> None:
    """The graph, those below it and what mentions one are left out, as graphs and as terms."""
    (tmp_path / "some.trig").write_text(
        "<http://a/s> <http://a/p> 'known' , <http://a/secret> , <http://a/secret/1> , "
        "<http://a/secretary> .\n"
        "<http://a/secret/1> <http://a/p> 'of canaries' .\n"
        "<http://a/s> <http://a/secret> 'a canary property' .\n"
        "<http://a/secret> { <http://a/x> <http://a/p> 'a canary' }\n"
        "<http://a/secret/1> { <http://a/y> <http://a/p> 'another canary' }\n"
        "<http://a/secretary> { <http://a/z> <http://a/p> 'public' }\n"
    )
    paths = ["/", "/sparql", "/.well-known/void", "/rdf-graph-store?default", "/nothing"]
    graphs = ["http://a/secret", "http://a/secret/1", "http://a/secretary"]
    paths += [f"/rdf-graph-store?graph={name}" for name in graphs]
    paths += [f"/download/data.{format_.extension}" for format_ in formats("graph")]
    paths += [asked("", EVERYTHING, format=format_.name) for format_ in formats("rows")]
    paths += [asked("", EVERYTHING, **{"named-graph-uri": name}) for name in graphs]
    paths.append(asked("", "DESCRIBE <http://a/secret> <http://a/x>"))
    traces = re.compile(rb"canar|secret\b")

    def found(address: str) -> set[str]:
        return {
            path
            for path in paths
            for accept in ("*/*", "text/html")
            if "http://a/secret" not in urllib.parse.unquote(path)
            and traces.search(request(address + path, Accept=accept)[1])
        }

    options = ["--data", str(tmp_path / "some.trig")]
    with serving_with(options) as address:
        assert len(found(address)) >= 12
    with serving_with([*options, "--hide", "http://a/secret"]) as address:
        assert found(address) == set()
        for name in graphs[:2]:
            assert get(f"{address}/rdf-graph-store?graph={name}")[0] == 404
            for parameter in ("default-graph-uri", "named-graph-uri"):
                path = asked(address, EVERYTHING, format="csv", **{parameter: name})
                assert len(get(path)[1].splitlines()) == 1
        ordered = EVERYTHING.replace("SELECT *", "SELECT ?s ?p ?o ?g", 1)
        rows = get(asked(address, ordered, format="csv"))[1].split()
        assert sorted(rows[1:]) == [
            b"http://a/s,http://a/p,http://a/secretary,",
            b"http://a/s,http://a/p,known,",
            b"http://a/z,http://a/p,public,http://a/secretary",
        ]


def test_a_version_that_is_built_meanwhile(with_secret: Project, tmp_path: Path) -> None:
    """It is served without what is hidden, and so is one that is gone back to."""
    versions = Versions(tmp_path / "store")
    before = published(with_secret, versions).version
    question = "SELECT ?l { ?m <http://www.w3.org/2000/01/rdf-schema#label> ?l FILTER (?l = %s) }"
    hidden, new = (question % f'"{name}"@en' for name in ("House of Xyzzy", "Fourth"))
    (tmp_path / "temporary").mkdir()
    environment = {
        "KG_HIDE": " graph:secret/things,graph:secret/notes ",
        "KG_STORE": str(versions.root),
        "TMPDIR": str(tmp_path / "temporary"),
    }
    with serving_with([], root=with_secret.root, **environment) as address:

        def rows(query: str) -> int:
            return len(get(asked(address, query, format="csv"))[1].splitlines()) - 1

        def version() -> str:
            return str(json.loads(get(f"{address}/ready")[1])["version"])

        first = version()
        assert first != before
        assert (rows(hidden), rows(new)) == (0, 0)
        assert get(f"{address}/dataset?version={before}")[0] == 410
        things = with_secret.root / "data" / "registry" / "things.ttl"
        text = things.read_text("utf-8")
        things.write_text(f'{text}\nmodel:fourth a cllm:Model ; rdfs:label "Fourth"@en .\n')
        after = published(with_secret, versions).version
        until(lambda: version() != first)
        assert version() != after
        assert (rows(hidden), rows(new)) == (0, 1)
        versions.rollback(before)
        until(lambda: version() == first)
        assert (rows(hidden), rows(new)) == (0, 0)
        assert len(list((tmp_path / "temporary").glob("kg-hide-*/versions/*"))) == 2
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("graph:paper/tabel", "Did you mean https://w3id.org/china-llm/graph/paper/table"),
        ("http://a/none", "There is no graph <http://a/none> to hide."),
        ("graph:settled", "graph:settled is made of what the sources say"),
        ("graph:catalog", "graph:catalog is made of what the sources say"),
    ],
)
def test_what_cannot_be_hidden(tiny: Project, tmp_path: Path, name: str, said: str) -> None:
    """One sentence, and nothing is served: a slip in a name must not show what it names."""
    versions = Versions(tmp_path / "store")
    published(tiny, versions)
    command = words(tiny, versions, "serve", "--hide", "graph:paper/text", "--hide", name)
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_graphs_that_a_build_makes_apart(tiny: Project, tmp_path: Path) -> None:
    """Claims and the audit can be left out by themselves; the catalog does not list them."""
    versions = Versions(tmp_path / "store")
    published(tiny, versions)
    options = ["--store", str(versions.root), "--hide", "graph:claims", "--hide", "graph:audit"]
    with serving_with(options, root=tiny.root) as address:
        for name, status in (("claims", 404), ("audit", 404), ("settled", 200)):
            graph = urllib.parse.quote(f"{BASE}/graph/{name}")
            assert get(f"{address}/rdf-graph-store?graph={graph}")[0] == status
            described = get(f"{address}/sparql?format=ntriples")[1]
            assert (f"/graph/{name}>".encode() in described) == (status == 200)


def test_what_is_hidden_cannot_be_written(tmp_path: Path) -> None:
    """Changes would go into a copy that is thrown away, so they are refused at the start."""
    (tmp_path / "some.nq").write_text("<http://a/s> <http://a/p> 'x' <http://a/g> .\n")
    options = ["--data", str(tmp_path / "some.nq"), "--hide", "http://a/g", "--writable"]
    command = [sys.executable, "-c", "from kg.cli import main; main()", "serve", *options]
    environment = {**os.environ, "KG_TOKEN": "x"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "it cannot be --writable" in done.stderr

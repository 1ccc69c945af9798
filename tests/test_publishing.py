"""A build published to engines of others, by ``kg build --store URL``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from kg import build
from kg.errors import BadInput, ServiceError
from kg.namespaces import CATALOG, DEFAULT_GRAPHS, GRAPHS
from kg.project import Project
from kg.queries import Catalogue
from kg.results import named
from kg.sources import of_store
from kg.store import EmbeddedStore
from kg.store.remote import Addresses, Capabilities, Published, RemoteStore, probe, probed, publish
from kg.store.remote.connection import Connection
from kg.store.remote.writing import GraphStore, as_sparql_data, in_pieces, writing
from kg.store.written import Written
from tests.conftest import unwatched
from tests.engines import between, virtuoso, writable_oxigraph
from tests.test_cli import kg

LINES = named("ntriples", "graph")
FOREIGN = "https://example.org/graph"
OWN, UNION, VIRTUOSO = "Oxigraph", "Oxigraph with a union", "Virtuoso"
ENGINES = (OWN, UNION, VIRTUOSO)
MORE = """
@prefix cllm: <https://w3id.org/china-llm/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix organization: <https://w3id.org/china-llm/id/organization/> .
@prefix place: <https://w3id.org/china-llm/id/place/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix reference: <https://w3id.org/china-llm/id/reference/> .
@prefix registry: <https://w3id.org/china-llm/graph/registry/> .
registry:more a cllm:Passage ; dcterms:source reference:paper ; cllm:stance cllm:stated .
organization:more a cllm:Company ; rdfs:label "More"@en ; cllm:country place:china ;
    dcterms:source reference:paper .
"""
IRIS = [
    "https://w3id.org/china-llm/id/model/glm-130b",
    "https://w3id.org/china-llm/id/organization/baai",
    "https://w3id.org/china-llm/ontology#Model",
]


@contextlib.contextmanager
def shown(_what: str, _total: int) -> Iterator[Callable[[int], None]]:
    """A bar that nobody looks at."""
    yield lambda _count: None


@pytest.fixture(scope="module")
def engines(
    built: build.Built, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Addresses, Published]]]:
    """Starts an engine of some name, with a graph that is not ours, and publishes all to it."""
    with contextlib.ExitStack() as stack:
        started: dict[str, tuple[Addresses, Published]] = {}

        def engine(name: str) -> tuple[Addresses, Published]:
            if name not in started:
                if name == VIRTUOSO:
                    entered = virtuoso(tmp_path_factory.mktemp("virtuoso"))
                else:
                    entered = writable_oxigraph(*["--union-default-graph"][: name == UNION])
                addresses = stack.enter_context(entered)
                _put(addresses, FOREIGN, b"<urn:s> <urn:p> <urn:o> .\n")
                started[name] = addresses, _publish(built, addresses)
            return started[name]

        yield engine


def _publish(built: build.Built, addresses: Addresses, anew: bool = False) -> Published:
    return publish(cast("Written", built.graphs), addresses, shown, anew)


def _put(addresses: Addresses, graph: str, lines: bytes) -> None:
    connection = Connection(addresses.user, addresses.password)
    assert [*writing(addresses, connection, prefers_update=False).put(graph, [lines])] == [1]


@pytest.mark.parametrize("name", ENGINES)
def test_everything_is_there(
    name: str,
    engines: Callable[[str], tuple[Addresses, Published]],
    built: build.Built,
    store: EmbeddedStore,
) -> None:
    """Each graph as it was built, and what is not ours as it was."""
    addresses, published = engines(name)
    engine = probed(RemoteStore(addresses))
    found = cast("Capabilities", engine.capabilities)

    names = {graph for graph in built.graphs if graph or name == OWN}
    assert (set(published.sent), published.kept, published.removed) == (names, [], [])
    assert published.sent[-1] == CATALOG
    assert (found.is_ours, found.data_version) == (True, built.version)
    assert found.default_graphs == (() if name == OWN else DEFAULT_GRAPHS)
    assert engine.data_version() == built.version
    assert engine.graph_names() == store.graph_names()
    plain = RemoteStore(addresses)
    assert list(plain.triples(FOREIGN)) == [("<urn:s>", "<urn:p>", "<urn:o>")]
    assert [engine.has_graph(g) for g in (CATALOG, f"{GRAPHS}none")] == [True, False]
    assert engine.count("") == len(list(store.quads("")))

    other = {g for g in ["", *names] if engine.dump(LINES, g) != store.dump(LINES, g)}
    if name == VIRTUOSO:  # which keeps six digits of a double
        assert 0 < len(other) < 8
        assert len(published.altered) == 4
        assert all("#double" in said for said in published.altered)
    else:
        assert (other, published.altered) == (set(), [])


@pytest.mark.parametrize("name", ENGINES)
def test_the_same_is_read(
    name: str, engines: Callable[[str], tuple[Addresses, Published]], store: EmbeddedStore
) -> None:
    """What pages look up, of an engine and of a store of ours."""
    engine = probed(RemoteStore(engines(name)[0]))

    def of_values(quads: object) -> list[str]:
        said = map(str, cast("list[object]", quads))
        return sorted(quad for quad in said if "#double" not in quad and "'_:" not in quad)

    for iri in IRIS:
        node = f"<{iri}>"
        for graph in ("", None, f"{GRAPHS}settled", f"{GRAPHS}none"):
            for pattern in ((node, None, None), (None, None, node), (None, node, None)):
                there = of_values(engine.matching(*pattern, graph))
                assert there == of_values(store.matching(*pattern, graph)), (pattern, graph)
            there = of_values(engine.statements(iri, None, graph))
            assert there == of_values(store.statements(iri, None, graph))
        for _, subject, predicate, value in list(store.matching(node))[:5]:
            for graph in ("", None):
                there = of_values(engine.matching(subject, predicate, value, graph))
                assert there == of_values(store.matching(subject, predicate, value, graph))
            said = of_values(engine.statements(iri, predicate[1:-1]))
            assert said == of_values(store.statements(iri, predicate[1:-1]))
    assert list(engine.matching("_:b0")) == []


def test_every_question_of_a_union(
    engines: Callable[[str], tuple[Addresses, Published]], project: Project, store: EmbeddedStore
) -> None:
    """The canned questions have their answers where the default graph is all there is."""
    engine = probed(RemoteStore(engines(UNION)[0]))
    csv, asked = named("csv", "rows"), 0
    for query in Catalogue.read(project.query_files()):
        answer = engine.ask(query, {}).serialize(csv)
        assert answer == store.ask(query, {}).serialize(csv), query.name
        asked += 1
    assert asked > 40


@pytest.mark.parametrize("name", ENGINES)
def test_nothing_is_sent_twice(
    name: str, engines: Callable[[str], tuple[Addresses, Published]], built: build.Built
) -> None:
    """The same build sends nothing."""
    addresses, published = engines(name)
    again = _publish(built, addresses)
    assert (again.sent, again.removed, set(again.kept)) == ([], [], set(published.sent))


@pytest.mark.parametrize("name", [VIRTUOSO, "a version"])
def test_what_is_found_in_a_store(
    name: str,
    engines: Callable[[str], tuple[Addresses, Published]],
    project: Project,
    built: build.Built,
    store: EmbeddedStore,
) -> None:
    """What follows, is odd and is found in what a store was built of is that of the files."""
    stored = of_store(store if name == "a version" else probed(RemoteStore(engines(name)[0])))
    assert [source.graph for source in stored] == [file.graph for file in project.data_files()]
    again = build.make(project, unwatched, stored, without=())

    assert len(built.items) > 40
    assert [item.as_dict() for item in again.items] == [item.as_dict() for item in built.items]
    assert len(built.results) > 100
    found = [result.as_dict() for result in again.results]
    assert found == [result.as_dict() for result in built.results]
    assert {*again.inferred} == {*built.inferred}


def test_commands_on_a_store(tiny: Project, tmp_path: Path) -> None:
    """They say the same of a store as of the files, and one sentence where there is none."""
    made = build.make(tiny, unwatched, [])
    with writable_oxigraph() as addresses:
        empty = kg("audit", "--store", addresses.query, project=tiny)
        assert (empty.exit_code, empty.stdout) == (2, "")
        assert "holds no graph of a source" in empty.stderr
        _publish(made, addresses)
        explain = ["explain", "model:first", "a", "cllm:Model"]
        for words in (["reason", "--format", "ntriples"], explain, ["audit", "--format", "json"]):
            found = kg(*words, "--store", addresses.query, project=tiny)
            wanted = kg(*words, project=tiny)
            assert (found.exit_code, found.stdout) == (wanted.exit_code, wanted.stdout)
            assert found.stdout
    both = kg("reason", str(tmp_path / "none.ttl"), "--store", str(tmp_path))
    assert (both.exit_code, both.stdout) == (2, "")
    assert "give one of them" in both.stderr


def test_what_is_different_is_sent(tiny: Project) -> None:
    """A new version sends the graphs that changed, and takes away those that are gone."""
    extra = tiny.root / "data" / "registry" / "more.ttl"
    extra.write_text(MORE, "utf-8")
    first = build.make(tiny, unwatched, [])
    assert first.report.violations == ()
    extra.unlink()
    second = build.make(tiny, unwatched, [])
    differing = {
        name for name in second.graphs if second.graphs[name] != first.graphs.get(name) != b""
    }
    wanted = {name for name in differing if second.graphs[name]}
    assert 1 < len(wanted) < len(first.graphs) / 2

    with writable_oxigraph() as addresses:
        _publish(first, addresses)
        published = _publish(second, addresses)
        engine = probed(RemoteStore(addresses))
        assert set(published.sent) == wanted | {CATALOG}
        assert published.removed == [f"{GRAPHS}registry/more"]
        assert engine.graph_names() == build.in_memory(second).graph_names()
        assert len(_publish(second, addresses, anew=True).sent) > len(wanted)


def test_it_goes_on_after_a_failure(tiny: Project) -> None:
    """What was sent is on record; until the end there is no catalog."""
    made = build.make(tiny, unwatched, [])
    with writable_oxigraph() as addresses:
        for writes in range(3, 12, 4):
            left = [writes]

            def judge(method: str, _path: str, left: list[int] = left) -> str:
                left[0] -= method in ("PUT", "POST", "DELETE")
                return "pass" if left[0] > 0 else "hang up"

            with (
                between(addresses, judge) as failing,
                pytest.raises(ServiceError, match="cannot be asked"),
            ):
                _publish(made, failing)
            assert RemoteStore(addresses).data_version() == ""
        published = _publish(made, addresses)
        assert len(published.kept) > 1
        assert published.sent[-1] == CATALOG
        engine = probed(RemoteStore(addresses))
        local = build.in_memory(made)
        for name in ["", *local.graph_names()]:
            assert engine.dump(LINES, name) == local.dump(LINES, name)


@pytest.mark.parametrize("by", ["graph store", "update"])
def test_what_is_not_there_is_an_error(by: str, tiny: Project) -> None:
    """An engine that counts other than what it was sent."""
    made = build.make(tiny, unwatched, [])
    lost = "settled"
    with writable_oxigraph() as addresses:
        if by == "update":
            addresses = replace(addresses, graph_store="")

        def judge(method: str, path: str) -> str:
            is_lost = lost in path if by == "graph store" else path.startswith("/update")
            return "swallow" if method in ("PUT", "POST") and is_lost else "pass"

        with (
            between(addresses, judge) as swallowing,
            pytest.raises(
                ServiceError, match=r"statements for .* and counts 0\. \d+ of \d+ graphs"
            ),
        ):
            _publish(made, swallowing)
        assert not RemoteStore(addresses).has_graph(CATALOG)


def test_what_was_loaded_otherwise(tiny: Project) -> None:
    """Graphs that an engine's own loader put there are looked at, not sent."""
    made = build.make(tiny, unwatched, [])
    loaded = {name for name in made.graphs if "/graph/paper/" in name}
    assert len(loaded) > 1
    with writable_oxigraph() as addresses:
        for name in loaded:
            _load(addresses, name, made.graphs[name])
        wrong = f"{GRAPHS}settled"
        lines = made.graphs[wrong].splitlines(keepends=True)
        _load(addresses, wrong, b"".join(lines[:-1]) + b"<urn:s> <urn:p> <urn:o> .\n")
        _load(addresses, "", made.graphs[""])
        published = _publish(made, addresses)

    assert set(published.kept) == loaded | {""}
    assert wrong in published.sent


def _load(addresses: Addresses, graph: str, lines: bytes) -> None:
    graph_store = GraphStore(addresses.graph_store, Connection())
    assert sum(graph_store.put(graph, [lines])) == lines.count(b"\n")


def test_a_default_graph_of_others(tiny: Project) -> None:
    """It is left alone, and queries are sent with the graphs that ours is made of."""
    made = build.make(tiny, unwatched, [])
    with writable_oxigraph() as addresses:
        other = made.graphs[f"{GRAPHS}ontology"] + b"<urn:s> <urn:p> <urn:o> .\n"
        _load(addresses, "", other)
        assert _publish(made, addresses).leaves_default
        found = probe(RemoteStore(addresses))
        engine = RemoteStore(addresses).having(found)
        assert (found.default_graph, found.default_graphs) == ("empty", DEFAULT_GRAPHS)
        assert engine.dump(LINES) == build.in_memory(made).dump(LINES)
        assert list(RemoteStore(addresses).matching("<urn:s>", graph="")) != []


def test_the_command(tiny: Project) -> None:
    """It says what it did, and what does not conform is not sent."""
    with writable_oxigraph() as addresses:
        given = ["--store", addresses.query, "--store-gsp-url", addresses.graph_store]
        first = kg("build", *given, project=tiny)
        again = kg("build", *given, "--format", "json", project=tiny)
        assert (first.exit_code, again.exit_code) == (0, 0), first.stderr
        assert f"is at {addresses.query}." in first.stdout
        assert "two versions mixed" in first.stderr
        told = json.loads(again.stdout)
        engine = told["engine"]
        assert (engine["sent"], engine["removed"], len(engine["kept"]) > 5) == ([], [], True)

        found = json.loads(kg("probe", addresses.query, "--format", "json").stdout)
        assert (found["name"], found["data_version"]) == ("Oxigraph", told["version"])
        assert {"json", "xml", "ntriples", "turtle"} <= set(found["formats"])
        assert "Oxigraph" in kg("probe", addresses.query).stdout

        registry = tiny.root / "data" / "registry" / "more.ttl"
        registry.write_text(MORE.replace("cllm:Company", "cllm:Undeclared"), "utf-8")
        wrong = kg("build", *given, project=tiny)
        assert (wrong.exit_code, "Nothing was published." in wrong.stdout) == (1, True)
        assert probe(RemoteStore(addresses)).data_version == told["version"]
        nowhere = kg("build", *given[:2], project=tiny)
        assert (nowhere.exit_code, nowhere.stdout) == (2, "")
        assert nowhere.stderr.startswith("kg: To publish to an engine")
    gone = kg("stats", "--store", addresses.query)
    assert (gone.exit_code, "Connection refused" in gone.stderr) == (2, True)
    nothing = kg("probe")
    assert (nothing.exit_code, "Name the address of an engine" in nothing.stderr) == (2, True)


def test_a_wrong_password(
    engines: Callable[[str], tuple[Addresses, Published]], built: build.Built, tiny: Project
) -> None:
    """One sentence, which does not say it, and nothing is changed."""
    right = engines(VIRTUOSO)[0]
    secret = "not-a-secret-of-anybody"  # noqa: S105
    for wrong in (replace(right, password=secret), replace(right, user="", password=secret)):
        with pytest.raises(ServiceError) as caught:
            _publish(build.make(tiny, unwatched, []), wrong)
        said = str(caught.value)
        assert "answered with status 401 Unauthorized. Say who asks with KG_STORE_USER" in said
        assert secret not in said + repr(wrong)
    assert probe(RemoteStore(right)).data_version == built.version


def test_an_engine_that_only_asks() -> None:
    """Nothing can be sent to it."""
    with pytest.raises(BadInput, match="KG_STORE_GSP_URL"):
        Addresses("http://127.0.0.1:1/sparql").writable()


def test_blank_nodes_stay_together() -> None:
    """No piece has a part of what they hold together, and nothing is lost."""
    lines = [f'<urn:s{n}> <urn:p> "_:b{n % 7} _:c"@en .\n' for n in range(50)]
    lines += [f"_:b{n % 5} <urn:p> _:c{n % 3 if n % 5 else 9} .\n" for n in range(30)]
    lines += [f"<urn:x{n}> <urn:p> _:d{n // 2} .\n" for n in range(10)]
    pieces = [*in_pieces(["".join(lines).encode()], 20, 4)]

    assert sorted(b"".join(pieces).splitlines()) == sorted("".join(lines).encode().splitlines())
    assert [piece.count(b"\n") for piece in pieces[:3]] == [20, 20, 10]
    assert len(pieces) > 6
    for label in ("_:b1 ", "_:c9 ", "_:d3 "):
        assert sum(label.encode() in piece for piece in pieces[3:]) == 1


def test_a_backslash_before_a_u() -> None:
    """A text that has one comes to an engine as it is, whenever that replaces escapes."""
    line = b'<urn:s> <urn:p> "\\\\u0041 \\\\\\\\U0001F600 \\n \\\\n" .\n'
    with writable_oxigraph() as addresses:
        by_update = replace(addresses, graph_store="")
        _put(by_update, "urn:g", line)
        (found,) = RemoteStore(addresses).triples("urn:g")
    assert f"{' '.join(found)} .\n".encode() == line
    assert b"\\\\u" not in as_sparql_data(line)

"""The questions and findings give the same answers on engines of others, or it is said which not.

Answers are compared row by row in their order, terms by what they are: a number by its value,
whatever its datatype and form (Virtuoso gives integers beyond 32 bits as decimals, and 1.0E20 as
1e+20; rdflib divides doubles to a decimal), a language tag without its case (Virtuoso writes small
letters).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Final, cast

import pyoxigraph as ox
import pytest
import rdflib
import requests
from flask.testing import FlaskClient

from kg import build
from kg.namespaces import BASE, CATALOG, PREFIXES, TERMS
from kg.project import Project
from kg.queries import Catalogue, Query
from kg.results import named
from kg.store import Answer, EmbeddedStore
from kg.store.remote import Addresses, RemoteStore, probed, publish
from kg.store.written import Written
from tests.conftest import run_kg
from tests.engines import oxigraph, virtuoso, writable_oxigraph
from tests.test_front import PATIENCE, asked, get, serving_with, until
from tests.test_front import request as sent

Asking = Callable[[Query, dict[str, str]], Answer]
DIGITS: Final = "it writes doubles with six digits"
DIFFERENT: Final = {
    "compute-ranking": DIGITS,
    "more-compute-than": DIGITS,
    "pangu-compute-796": DIGITS,
    "plug-compute-427": DIGITS,
    "some-match-gpt3-compute": DIGITS,
    "titan-compute-3634": DIGITS,
    "training-time": DIGITS,
    "yuan-compute-4095": DIGITS,
}
"""What Virtuoso 7.2.5 answers in another way, and why."""
_XSD: Final = PREFIXES["xsd"]
_NUMBERS: Final = [f"{_XSD}{kind}" for kind in ("integer", "decimal", "double")]


def questions(project: Project) -> Iterator[tuple[Query, dict[str, str]]]:
    """The canned questions with each example of their parameters, and those of the findings."""
    for query in (*Catalogue.read(project.query_files()), *Catalogue.read(project.finding_files())):
        yield query, {}
        for parameter in query.parameters:
            for example in parameter.examples:
                yield query, {parameter.name: example}


def rows(answer: Answer, is_exact: bool) -> tuple[list[str], list[list[object]]]:
    """The columns and rows of an answer, each term as it is compared."""
    columns, _ = answer.rows()
    compared = (lambda term: term) if is_exact else _compared
    return columns, [[compared(term) for term in row] for row in answer.solutions()]


def _compared(term: object) -> object:
    if not isinstance(term, ox.Literal):
        return term
    datatype = term.datatype.value
    if datatype in _NUMBERS:
        return float(term.value)
    if datatype == f"{_XSD}boolean":
        return {"true": "true", "1": "true", "false": "false", "0": "false"}[term.value], datatype
    return term.value, (term.language or "").lower(), datatype


@pytest.fixture(scope="module")
def published(built: build.Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Virtuoso, to which the project is published."""

    @contextlib.contextmanager
    def shown(_what: str, _total: int) -> Iterator[Callable[[int], None]]:
        yield lambda _count: None

    with virtuoso(tmp_path_factory.mktemp("virtuoso")) as addresses:
        publish(cast("Written", built.graphs), addresses, shown)
        yield addresses


@pytest.fixture(scope="module")
def loaded(store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Oxigraph's own server, into which the project is loaded."""
    quads = store.dump(named("nquads", "graph"))
    with oxigraph(quads, tmp_path_factory.mktemp("oxigraph")) as address:
        yield Addresses(address)


@contextlib.contextmanager
def _oxigraph(store: EmbeddedStore, request: pytest.FixtureRequest) -> Iterator[Asking]:
    del store
    yield RemoteStore(request.getfixturevalue("loaded")).ask


@contextlib.contextmanager
def _virtuoso(store: EmbeddedStore, request: pytest.FixtureRequest) -> Iterator[Asking]:
    del store
    yield probed(RemoteStore(request.getfixturevalue("published"))).ask


@contextlib.contextmanager
def _rdflib(store: EmbeddedStore, request: pytest.FixtureRequest) -> Iterator[Asking]:
    del request
    dataset = rdflib.Dataset()
    dataset.parse(data=store.dump(named("nquads", "graph")).decode(), format="nquads")

    def ask(query: Query, given: dict[str, str]) -> Answer:
        terms = {
            name: rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype))
            if term.datatype
            else rdflib.URIRef(term.value)
            for name, term in query.bind(given).items()
        }
        found = dataset.query(query.text, initBindings=terms)
        return Answer.read(cast("bytes", found.serialize(format="json")), "json")

    yield ask


ENGINES: Final = {"Oxigraph": _oxigraph, "rdflib": _rdflib, "Virtuoso": _virtuoso}


@pytest.mark.parametrize("name", ENGINES)
def test_every_question(
    name: str, project: Project, store: EmbeddedStore, request: pytest.FixtureRequest
) -> None:
    """Each has the same columns and rows as here; Virtuoso's exceptions are exactly those above."""
    asked, different = set(), set()
    with ENGINES[name](store, request) as ask:
        for query, given in questions(project):
            if given and name == "rdflib":  # takes a hundred times as long
                continue
            wanted, found = store.ask(query, given), ask(query, given)
            asked.add(query.name)
            is_exact = name == "Oxigraph"
            if rows(found, is_exact) != rows(wanted, is_exact):
                different.add(query.name)

    assert len(asked) >= 149
    assert different == (set(DIFFERENT) if name == "Virtuoso" else set())
    assert len(different) <= len(asked) / 10


BROWSER: Final = "text/html,*/*;q=0.8"
SITE: Final = (
    ("/queries/domestic-hardware?format=csv", ""),
    ("/queries/trained-without", BROWSER),
    ("/id/model/glm-130b", BROWSER),
    ("/id/organization/baai?format=json", ""),
    ("/search?q=ERNIE", BROWSER),
    ("/context.jsonld", ""),
    (asked("", f"SELECT * {{ ?s a <{TERMS}Model> }} ORDER BY ?s LIMIT 5", format="tsv"), ""),
    ("/sparql?query=SELECT+%7B", ""),
    ("/sparql?query=SELECT+*+%7B+SERVICE+%3Ca:b%3E+%7B%7D+%7D", ""),
    ("/id/model/nothing", BROWSER),
)


@pytest.mark.parametrize("name", ["loaded", "published"])
def test_the_site_of_an_engine(
    name: str, client: FlaskClient, request: pytest.FixtureRequest
) -> None:
    """Pages, questions, things and errors are those of a folder, and what is kept is kept."""
    engine: Addresses = request.getfixturevalue(name)
    login = {"KG_STORE_USER": engine.user, "KG_STORE_PASSWORD": engine.password}
    with serving_with(["--store", engine.query], **login) as address:
        ready = json.loads(get(f"{address}/ready")[1])
        assert (ready["status"], ready["data"]) == ("ready", "engine")
        for path, accept in SITE:
            expected = client.get(path, headers={"Accept": accept} if accept else {})
            body = expected.get_data().replace(b"http://127.0.0.1:8000", address.encode())
            for _ in range(3):
                found = sent(f"{address}{path}", **({"Accept": accept} if accept else {}))
                assert found == (expected.status_code, body), path
        _, _, headers = get(f"{address}{SITE[0][0]}")
        assert "x-kg-query-id" not in headers
        assert headers["x-kg-data-version"] == ready["version"]


def test_an_engine_that_changes_and_goes() -> None:
    """Without a version nothing is kept; with one what it answers, until it has another one."""
    with contextlib.ExitStack() as held:
        engine = held.enter_context(writable_oxigraph())
        with serving_with(["--store", engine.query], KG_DEADLINE="5") as address:
            numbers = asked(address, "SELECT ?o { GRAPH <a:g> { <a:s> <a:p> ?o } }", format="csv")
            assert get(f"{address}/queries")[0] == 404
            for number in (1, 2):
                change(engine, number)
                assert get(numbers)[:2] == (200, f"o\r\n{number}\r\n".encode())
                assert "etag" not in get(numbers)[2]
            for number, version in ((3, "three"), (4, "four")):
                change(engine, number, version)
                until(lambda now=version: get(numbers)[2].get("x-kg-data-version") == now)
                until(lambda: "x-kg-query-id" not in get(numbers)[2])
                assert get(numbers)[1] == f"o\r\n{number}\r\n".encode()
            status, body, _ = get(asked(address, "SELECT ?s { ?s ?p }"))
            assert (status, json.loads(body)["line"]) == (400, 1)
            held.close()
            until(lambda: get(f"{address}/ready")[0] == 503)
            assert json.loads(get(f"{address}/ready")[1])["status"] == "unreachable"
            assert get(asked(address, "ASK { ?s ?p 9 }"))[0] == 502


def change(engine: Addresses, number: int, version: str = "") -> None:
    """Have an engine hold another number, and say that this is a version, if it has a name."""
    place = f"GRAPH <{CATALOG}> {{ <{BASE}dataset> <{PREFIXES['dcat']}version>"
    text = (
        f"DELETE WHERE {{ GRAPH <a:g> {{ ?s ?p ?o }} }};"
        f"INSERT DATA {{ GRAPH <a:g> {{ <a:s> <a:p> {number} }} }}"
    )
    if version:
        text += f"; DELETE WHERE {{ {place} ?v }} }}; INSERT DATA {{ {place} '{version}' }} }}"
    data = {"update": text}
    assert requests.post(engine.update, data=data, timeout=PATIENCE).status_code == 204


def test_what_an_engine_is_not_served_with() -> None:
    """One sentence says so, and nothing is started."""
    nobody = ["serve", "--store", "http://127.0.0.1:9/sparql"]
    for options in (["--services", "http://a/b"], ["--data", "x.ttl"], ["--hide", "graph:a"]):
        done = run_kg(*nobody, *options)
        assert (done.returncode, "for a folder" in done.stderr) == (2, True)
    done = run_kg(*nobody)
    assert (done.returncode, "cannot be asked" in done.stderr) == (2, True)

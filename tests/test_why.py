"""Why a statement follows: proofs by a process of its own, over what is served."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from kg.errors import Busy, Exceeded
from kg.namespaces import GRAPHS, IDS, PREFIXES, TERMS
from kg.project import Project
from kg.queries import Catalogue
from kg.reason import Explainer, materialize, says_something
from kg.serve import create_app
from kg.serve.context import KEY
from kg.settings import Settings
from kg.store import Current, EmbeddedStore, Versions
from kg.terms import Triple, iri
from kg.why import Explanations
from kg.why.near import around, axioms, everything
from tests.test_front import get, serving, until

MEMORY = 768_000_000
TYPE = iri("rdf:type")
DOMESTIC: Triple = (f"<{IDS}model/bagualu>", TYPE, f"<{TERMS}DomesticHardwareModel>")


def address(triple: Triple) -> str:
    """Where a statement is explained."""
    names = ("subject", "predicate", "object")
    terms = (term[1:-1] if term[0] == "<" else term for term in triple)
    return f"/why?{urllib.parse.urlencode(dict(zip(names, terms, strict=True)))}"


def leaves(proof: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a proof rests on."""
    if "rule" not in proof:
        yield proof
    for premise in proof.get("premises", ()):
        yield from leaves(premise)


def test_the_page_tells_the_proof_down_to_the_passages(client: FlaskClient) -> None:
    """A nested list from the conclusion by rules and axioms to statements with their sources."""
    response = client.get(address(DOMESTIC), headers={"Accept": "text/html"})
    text = response.get_data(as_text=True)
    assert response.status_code == 200
    assert text.count("<ul>") == text.count("</ul>") >= 8
    plain = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    assert "BaGuaLu is a domestic-hardware model because" in plain
    assert "Training of BaGuaLu uses hardware New Generation Sunway Supercomputer" in plain
    assert "an axiom of the ontology" in plain
    assert re.search(r"country of origin China \d", plain)
    assert 'href="/graph/ding-xiao-2023/table-1"' in text
    assert "https://www.w3.org/TR/owl2-profiles/" in text


def test_the_proof_as_json(client: FlaskClient) -> None:
    """Each step with its rule, each leaf an axiom or with the passages that state it."""
    found = client.get(f"{address(DOMESTIC)}&format=json").json
    proof = found["proof"]
    assert proof["triple"] == [*DOMESTIC]
    assert proof["words"] == "BaGuaLu kind domestic-hardware model"
    assert proof["rule"] == "cax-sco"
    rest = list(leaves(proof))
    assert len(rest) >= 8
    assert all(leaf["axiom"] or leaf["saidIn"] for leaf in rest)
    said = {one["passage"] for leaf in rest for one in leaf["saidIn"]}
    assert f"{GRAPHS}ding-xiao-2023/table-1" in said
    assert f"{GRAPHS}registry/hardware" in said
    (country,) = [leaf for leaf in rest if leaf["words"].endswith("country of origin China")]
    assert {one["paragraph"] for one in country["saidIn"]} >= {3}


def test_what_is_stated_needs_no_proof(client: FlaskClient) -> None:
    """A statement has its passages; the number of a figure those of the figure."""
    stated = client.get(
        "/why?subject=model:bagualu&predicate=cllm:releasedBy&object=organization:baai&format=json"
    ).json["proof"]
    assert "rule" not in stated
    assert len(stated["saidIn"]) == 2
    number = f'"207000000000"^^<{PREFIXES["xsd"]}integer>'
    derived: Triple = (f"<{IDS}model/pangu-alpha>", f"<{TERMS}parameterCount>", number)
    proof = client.get(f"{address(derived)}&format=json").json["proof"]
    assert [one["passage"].rpartition("2023/")[2] for one in proof["saidIn"]] == [
        "performance/1-4",
        "table-1",
    ]


def test_what_does_not_hold_or_is_no_statement(client: FlaskClient) -> None:
    """404 or 400, and one sentence."""
    false = (f"<{IDS}model/glm-130b>", *DOMESTIC[1:])
    for status, path, said in (
        (404, address(false), "It does not hold, as far as the graph knows: GLM-130B kind"),
        (400, "/why", "named by subject, predicate, object, each given once"),
        (400, f"{address(DOMESTIC)}&object=x", "each given once"),
        (400, "/why?subject=%22a%22&predicate=a:b&object=a:c", "are IRIs"),
        (400, "/why?subject=a:b&predicate=a:b&object=%22", "is no term"),
        (400, "/why?subject=a:b&predicate=a:b&object=not%20an%20iri", "is no term"),
        (400, f"{address(DOMESTIC)}&format=turtle", "as json, or as a page"),
    ):
        response = client.get(path, headers={"Accept": "application/json"})
        assert response.status_code == status, path
        assert said in response.json["detail"], path


def with_explanations(project: Project, versions: Versions, made: Explanations) -> FlaskClient:
    """A client of the app with other limits on proofs."""
    catalogue = Catalogue.read(project.query_files())
    app = create_app(Current(versions), catalogue, Settings.load({}))
    app.extensions[KEY] = dataclasses.replace(app.extensions[KEY], explanations=made)
    return app.test_client()


@pytest.mark.parametrize(
    ("made", "limit"),
    [
        (Explanations(2, 0.001, MEMORY), "deadline"),
        (Explanations(2, 60, 2_000_000), "memory"),
        (Explanations(0, 60, MEMORY), "busy"),
    ],
    ids=["deadline", "memory", "busy"],
)
def test_limits(project: Project, versions: Versions, made: Explanations, limit: str) -> None:
    """Too long, too large, too many at once: 503, and which it was."""
    client = with_explanations(project, versions, made)
    response = client.get(address(DOMESTIC), headers={"Accept": "application/json"})
    assert response.status_code == 503
    assert response.json["type"].endswith(f"/{limit}")
    assert ("Retry-After" in response.headers) == (limit == "busy")


def test_a_client_may_ask_for_less_time(project: Project, versions: Versions) -> None:
    """As of queries."""
    client = with_explanations(project, versions, Explanations(1, 60, MEMORY))
    response = client.get(f"{address(DOMESTIC)}&timeout=0.001")
    assert response.status_code == 503
    assert response.json["limit"] == "deadline"


def test_a_proof_is_kept_for_its_version(versions: Versions) -> None:
    """The second time no process is started, so that none may be is no hindrance."""
    reading = versions.open()
    made = Explanations(1, 60, MEMORY)
    first = asyncio.run(made.proof(reading, DOMESTIC))
    assert first
    assert json.loads(json.dumps(first)) == first
    full = Explanations(0, 60, MEMORY)
    full._kept = made._kept
    assert asyncio.run(full.proof(reading, DOMESTIC)) == first
    other = dataclasses.replace(reading, name="another")
    with pytest.raises(Busy):
        asyncio.run(full.proof(other, DOMESTIC))


def test_who_gives_up_ends_the_process(versions: Versions) -> None:
    """A cancelled question leaves no process behind, and its place is free again."""
    made = Explanations(1, 60, MEMORY)

    async def left() -> None:
        asked = asyncio.ensure_future(made.proof(versions.open(), DOMESTIC))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(left())
    assert asyncio.run(made.proof(versions.open(), DOMESTIC))
    with pytest.raises(Exceeded):
        asyncio.run(made.proof(versions.open(), (DOMESTIC[0], TYPE, f"<{TERMS}Model>"), 0.001))


def test_proofs_from_around_are_those_from_everything(store: EmbeddedStore) -> None:
    """What is near a statement gives the proof that the whole graph gives."""
    schema = axioms(store)
    whole = Explainer(materialize([*everything(store), *schema], says_something))
    inferred = sorted(store.triples(f"{GRAPHS}inferred"))
    assert len(inferred) > 800
    differing = []
    for triple in inferred[::20]:
        near = around(store, triple)
        proof = Explainer(materialize([*near, *schema], says_something)).proof(triple)
        if proof is None or proof != whole.proof(triple):
            differing.append(triple)
    assert differing == []


def test_what_aligns_the_ontology_is_no_axiom(store: EmbeddedStore) -> None:
    """Proofs rest on the axioms that the build reasons with."""
    all_of_them = set(store.triples(f"{GRAPHS}ontology"))
    aligned = all_of_them - set(axioms(store))
    assert any(value == "<https://schema.org/Organization>" for _, _, value in aligned)
    assert all(value[0] == "<" for _, _, value in aligned)


def test_behind_the_front(versions: Versions) -> None:
    """The real server explains several at once, says who is too many, and stays at it."""
    kinds = ("AcademicModel", "IndustryModel", "DomesticHardwareModel", "IndustryAcademiaModel")
    triples: list[Triple] = [(DOMESTIC[0], TYPE, f"<{TERMS}{kind}>") for kind in kinds]
    with serving(versions.root, KG_THREADS="1") as server:
        answers: list[int] = []
        asked = [
            threading.Thread(target=lambda t=t: answers.append(get(server + address(t))[0]))  # type: ignore[misc]
            for t in triples
        ]
        for thread in asked:
            thread.start()
        for thread in asked:
            thread.join()
        assert set(answers) <= {200, 503}
        assert 200 in answers
        for triple in triples:
            until(lambda t=triple: get(server + address(t))[0] == 200)
        status, _, headers = get(server + address((f"<{IDS}model/glm-130b>", *DOMESTIC[1:])))
        assert status == 404
        assert headers["content-type"] == "application/problem+json"

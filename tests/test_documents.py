"""JSON-LD for others: a context, one object for each thing, schema.org in pages.

PyLD, which has no part in making them, says which triples they are.
"""

from __future__ import annotations

import json
import random
import urllib.request
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyld
import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from kg import build
from kg.documents import context, document, documents
from kg.namespaces import BASE, GRAPHS, IDS, PREFIXES, TERMS
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import create_app, things
from kg.settings import Settings
from kg.store import Current, EmbeddedStore, Versions
from tests.conftest import BROWSER, run_kg, unwatched
from tests.test_front import serving

XSD = PREFIXES["xsd"]
LABEL = f"{PREFIXES['rdfs']}label"
Triple = tuple[Any, Any, Any]


def no_network(address: str, _options: object) -> None:
    """A document loader that loads nothing."""
    raise AssertionError(address)


def triples_of(text: str | bytes) -> set[Triple]:
    """What PyLD makes of a document that has its context inside, and Oxigraph does as well."""
    options = {"format": "application/n-quads", "documentLoader": no_network}
    lines = pyld.jsonld.to_rdf(json.loads(text), options)
    found = {q.triple for q in ox.parse(lines, format=ox.RdfFormat.N_QUADS)}
    exact = {q.triple for q in ox.parse(text, format=ox.RdfFormat.JSON_LD)}
    assert {rounded(triple) for triple in found} == {rounded(triple) for triple in exact}
    return {(*triple,) for triple in exact}


def rounded(triple: ox.Triple) -> Triple:
    """A triple with 16 digits of a double, which is what PyLD leaves even of one in a text."""
    s, p, o = triple
    if isinstance(o, ox.Literal) and o.datatype.value == f"{XSD}double":
        return s, p, ox.Literal(f"{float(o.value):.15E}", datatype=o.datatype)
    return s, p, o


def stated(store: EmbeddedStore, *graphs: str) -> dict[ox.NamedNode, set[Triple]]:
    """The triples of some graphs by subject."""
    found: dict[ox.NamedNode, set[Triple]] = {}
    for graph in graphs:
        for quad in store.quads(graph):
            triple = quad.subject, quad.predicate, quad.object
            found.setdefault(quad.subject, set()).add(triple)
    return found


def test_every_thing_is_the_same_rdf(client: FlaskClient, store: EmbeddedStore) -> None:
    """All that is stated and linked of it, and nothing that is not stated of anything."""
    links = f"{GRAPHS}links"
    ours = stated(store, "", links)
    everywhere = stated(store, "", *store.graph_names())
    settled = {subject for subject in stated(store, "") if str(subject.value).startswith(IDS)}
    assert len(settled) > 800
    everything = {subject for subject in everywhere if str(subject.value).startswith(IDS)}
    assert len(everything - settled) > 800
    for thing in everything:
        address = f"/{thing.value.removeprefix(BASE)}"
        response = client.get(address, headers={"Accept": "application/ld+json"})
        if response.status_code == 301:
            continue
        assert response.status_code == 200, address
        assert response.mimetype == "application/ld+json"
        body = json.loads(response.data)
        assert [*body][:2] == ["@context", "id"], address
        assert body["id"] == thing.value
        found = triples_of(response.data)
        about = (ours if thing in settled else everywhere)[thing]
        assert {triple for triple in found if triple[0] == thing} == about, address
        assert all(triple in everywhere[triple[0]] for triple in found), address


def test_a_model_reads_as_an_object(client: FlaskClient) -> None:
    """Plain names, labels of what it refers to, figures inside, links elsewhere."""
    model = client.get("/id/model/pangu-alpha?format=jsonld").json
    assert model["label"] == {"en": "PanGu-α"}
    assert model["parameterCount"] == 207_000_000_000
    assert model["released"] == "2021-04-26"
    huawei, *_ = model["hasDeveloper"]
    assert huawei == {
        "id": f"{IDS}organization/huawei",
        "type": ["Company", "Organization"],
        "label": {"en": "Huawei"},
    }
    figure, *_ = model["hasFigure"]
    assert figure["asPrinted"] == "207B"
    assert figure["figureOf"] == [{"id": model["id"]}]
    assert figure["quantity"][0]["label"]["en"] == "parameter count"
    assert {"id": "https://arxiv.org/abs/2104.12369"} in model["relatedMatch"]
    assert len(model["@context"]) < 100

    organization = client.get("/id/organization/baidu?format=jsonld").json
    assert {"id": "https://ror.org/03vs3wt56"} in organization["exactMatch"]


OWL = PREFIXES["owl"]
SMALL = context(
    [
        (f"{TERMS}Model", f"{OWL}Class", None),
        (f"{TERMS}hasDeveloper", f"{OWL}ObjectProperty", None),
        (f"{TERMS}hasFigure", f"{OWL}ObjectProperty", None),
        (f"{TERMS}reference", f"{OWL}ObjectProperty", None),
        (f"{TERMS}parameterCount", f"{OWL}DatatypeProperty", f"{XSD}integer"),
        (f"{TERMS}high", f"{OWL}DatatypeProperty", f"{XSD}double"),
        (f"{TERMS}row", f"{OWL}DatatypeProperty", None),
        (f"{TERMS}asPrinted", f"{OWL}DatatypeProperty", None),
    ]
)
"""The context of an ontology of eight terms, two of which are called like prefixes."""
WHERE = st.sampled_from(
    [
        LABEL,
        f"{PREFIXES['rdf']}type",
        f"{PREFIXES['rdf']}value",
        f"{PREFIXES['sssom']}confidence",
        "http://example.org/p",
        *(f"{TERMS}{name}" for name in ("hasDeveloper", "hasFigure", "reference", "ghost")),
        *(f"{TERMS}{name}" for name in ("parameterCount", "high", "row", "asPrinted")),
    ]
)
IRIS = st.sampled_from(["urn:x:1", "http://example.org/o", f"{IDS}model/m", f"{TERMS}Model"])
LITERALS = st.one_of(
    st.builds(ox.Literal, st.text('a0."<\\\n\u2028研', max_size=4)),
    st.builds(
        lambda text, language: ox.Literal(text, language=language),
        st.text("b研", max_size=2),
        st.sampled_from(["en", "zh-hans"]),
    ),
    st.builds(
        lambda text, name: ox.Literal(text, datatype=ox.NamedNode(XSD + name)),
        st.sampled_from(
            ["1", "01", "-0", "0", "true", "1.50", "1E3", "9007199254740993", "1" * 25]
        ),
        st.sampled_from(["integer", "decimal", "boolean", "date", "int"]),
    ),
    st.sampled_from(["1", "1.50", "1E3", "1" * 25]).map(
        lambda text: ox.Literal(text, datatype=ox.NamedNode(f"{XSD}double"))
    ),
)
TRIPLES = st.lists(
    st.tuples(IRIS.map(ox.NamedNode), WHERE.map(ox.NamedNode), IRIS.map(ox.NamedNode) | LITERALS),
    max_size=12,
)


def cell(term: ox.NamedNode | ox.Literal) -> dict[str, str]:
    """A term as SPARQL's results in JSON have it."""
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    said = {"type": "literal", "value": term.value}
    if term.language:
        return said | {"xml:lang": term.language}
    return (
        said if term.datatype.value == f"{XSD}string" else said | {"datatype": term.datatype.value}
    )


@given(TRIPLES, st.randoms(use_true_random=False))
def test_any_statements_are_the_same_rdf(triples: list[Triple], shuffling: random.Random) -> None:
    """Odd numbers, types that the ontology does not expect, things that refer to each other."""
    thing = ox.NamedNode("urn:x:1")

    def made(triples: Iterable[Triple]) -> bytes:
        cells = [(s.value, p.value, cell(o)) for s, p, o in triples]
        return document(thing.value, cells, SMALL)

    text = made(triples)
    found = triples_of(text)
    wanted = set(triples)
    assert {triple for triple in found if triple[0] == thing} == {
        triple for triple in wanted if triple[0] == thing
    }
    assert found <= wanted
    again = [*triples, *triples[:2]]
    shuffling.shuffle(again)
    assert made(again) == text

    cells = [(s.value, p.value, cell(o)) for s, p, o in triples]
    flat = documents(cells, SMALL)
    assert triples_of(flat) == set(triples)
    shuffling.shuffle(cells)
    assert documents([*cells, *cells[:2]], SMALL) == flat


def test_a_prefix_that_the_ontology_takes_is_not_used() -> None:
    """A term called like a prefix keeps its name; what had the prefix has its whole IRI."""
    taken = context([(f"{TERMS}sssom", f"{OWL}DatatypeProperty", None)])
    confidence = f"{PREFIXES['sssom']}confidence"
    said = {"type": "literal", "value": "x"}
    text = document("urn:a", [("urn:a", confidence, said), ("urn:a", f"{TERMS}sssom", said)], taken)
    assert {p.value for _, p, _ in triples_of(text)} == {confidence, f"{TERMS}sssom"}
    assert json.loads(text)[confidence] == "x"


def test_the_context_is_one(client: FlaskClient, versions: Versions) -> None:
    """The server, the export of it and the export of the graph have the same, which is JSON-LD."""
    response = client.get("/context.jsonld")
    assert response.mimetype == "application/ld+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    served = json.loads(response.data)

    store = ("--store", str(versions.root))
    alone = run_kg("export", "--format", "context", *store)
    assert alone.stdout.encode() == response.data
    whole = run_kg("export", "--format", "jsonld", *store).stdout
    inside = json.loads(whole)["@context"]
    assert inside == served["@context"]
    assert {"hasDeveloper", "label", "exactMatch", "Model"} <= inside.keys()

    example = {**served, "id": "urn:m", "hasDeveloper": "urn:o", "label": {"en": "M"}}
    found = {(p.value, str(o)) for _, p, o in triples_of(json.dumps(example))}
    assert found == {(f"{TERMS}hasDeveloper", "<urn:o>"), (LABEL, '"M"@en')}

    refused = run_kg("export", "--format", "context", "--graph", "links", *store)
    assert (refused.returncode, "leave --graph out" in refused.stderr) == (2, True)


def test_an_export_is_the_same_rdf(versions: Versions, tmp_path: Path) -> None:
    """PyLD finds all triples of the default graph in it, but that it renames blank nodes."""
    for format_ in ("jsonld", "ntriples"):
        place = ("--store", str(versions.root), "-o", str(tmp_path / format_))
        assert run_kg("export", "--format", format_, *place).returncode == 0
    wanted = {q.triple for q in ox.parse(path=tmp_path / "ntriples", format=ox.RdfFormat.N_TRIPLES)}
    assert len(wanted) > 5000
    found = pyld.jsonld.to_rdf(
        json.loads((tmp_path / "jsonld").read_bytes()),
        {"format": "application/n-quads", "documentLoader": no_network},
    )
    triples = {q.triple for q in ox.parse(found, format=ox.RdfFormat.N_QUADS)}
    assert len(triples) == len(wanted)
    assert {rounded(t) for t in triples if "_:" not in str(t)} == {
        rounded(t) for t in wanted if "_:" not in str(t)
    }


@pytest.mark.parametrize("address", ["/context.jsonld", "/id/model/m6?format=jsonld"])
def test_a_document_is_known_by_its_tag(client: FlaskClient, address: str) -> None:
    """A client that has it is told so; in another encoding it is another one."""
    response = client.get(address)
    tag = response.headers["ETag"]
    assert len(response.headers["X-KG-Data-Version"]) == 16
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(address, headers={"Accept-Encoding": "gzip"}).headers["ETag"] != tag
    head = client.head(address)
    assert (head.status_code, head.headers["ETag"], head.data) == (200, tag, b"")
    version = "&version=ghost" if "?" in address else "?version=ghost"
    assert client.get(address + version).status_code == 410


def test_of_too_much_there_are_plain_triples(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thing of which more is said than a page's thread should gather is answered by a worker."""
    address = "/id/model/m6?format=jsonld"
    assert "hasDeveloper" in client.get(address).json
    monkeypatch.setattr(things, "_MOST", 10)
    response = client.get(address)
    assert response.status_code == 200
    assert f"{TERMS}hasDeveloper" in response.text
    assert len(triples_of(response.data)) > 10
    assert client.get("/id/model/ghost?format=jsonld").status_code == 404


class Blocks(HTMLParser):
    """The blocks of data in a page, as a browser finds them, and the other scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.data: list[str] = []
        self.scripts = 0
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a script element."""
        if tag == "script":
            self._inside = ("type", "application/ld+json") in attrs
            self.scripts += not self._inside and ("type", "module") not in attrs

    def handle_endtag(self, tag: str) -> None:
        """Leave it."""
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        """Note what is inside."""
        if self._inside:
            self.data.append(data)


def markup(client: FlaskClient, address: str) -> dict[str, Any] | None:
    """What a page says to search engines."""
    response = client.get(address, headers={"Accept": BROWSER})
    assert response.status_code == 200, address
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
    blocks = Blocks(response.text)
    assert blocks.scripts == 0
    assert len(blocks.data) <= 1
    return json.loads(blocks.data[0]) if blocks.data else None


def test_pages_say_what_a_thing_is_to_schema_org(client: FlaskClient) -> None:
    """By the alignment, with the same things elsewhere, and never a row of a dataset."""
    kinds = {
        "organization/baidu": ["Organization"],
        "organization/tsinghua-university": ["CollegeOrUniversity", "Organization"],
        "organization/baai": ["Organization", "ResearchOrganization"],
        "person/jeffrey-ding": ["Person"],
        "model/pangu-alpha": ["CreativeWork"],
        "reference/17": ["CreativeWork"],
    }
    found = {name: markup(client, f"/id/{name}") for name in kinds}
    for name, kind in kinds.items():
        about = found[name]
        assert about
        assert about["@context"] == "https://schema.org"
        assert about["@id"] == f"{IDS}{name}"
        assert about["url"] == f"http://127.0.0.1:8000/id/{name}"
        assert about["@type"] == kind, name
        assert about["name"]
        said = {**about, "@context": {"@vocab": "https://schema.org/"}}
        terms = {p.value for _, p, _ in triples_of(json.dumps(said))}
        assert all(t.startswith(("https://schema.org/", PREFIXES["rdf"])) for t in terms)
    baidu, model, reference = (
        found[n] for n in ("organization/baidu", "model/pangu-alpha", "reference/17")
    )
    assert baidu
    assert model
    assert reference
    assert "https://ror.org/03vs3wt56" in baidu["sameAs"]
    assert reference["sameAs"] == ["https://arxiv.org/abs/2104.12369"]
    assert "sameAs" not in model  # it has one exact match: a row
    assert markup(client, "/id/figure/table-1-pangu-alpha-compute") is None


def test_the_dataset_is_one_to_schema_org(client: FlaskClient, built: build.Built) -> None:
    """With licence, version, and each file that can be downloaded, which can be."""
    about = markup(client, "/dataset")
    assert about
    assert about["@type"] == "Dataset"
    assert about["name"] == "China LLM Landscape"
    assert about["description"]
    assert about["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert about["version"] == built.version
    assert len(about["distribution"]) == 6
    for file in about["distribution"]:
        assert client.head(file["contentUrl"]).mimetype == file["encodingFormat"]


def test_a_label_does_not_end_the_block(tiny: Project, tmp_path: Path) -> None:
    """Markup in a name stays text, in the page and in the data."""
    evil = "</script><script>alert(1)</script><!-- <script> & 'x'"
    path = tiny.root / "data" / "registry" / "things.ttl"
    path.write_text(path.read_text("utf-8").replace('"First"@en', f'"{evil}"@en'), "utf-8")
    versions = Versions(tmp_path / "store")
    build.publish(build.make(tiny, unwatched, []), versions, 3, unwatched)
    client = create_app(Current(versions), Catalogue([]), Settings.load({})).test_client()

    about = markup(client, "/id/model/first")

    assert about
    assert about["name"] == evil
    assert about["alternateName"] == ["第一"]
    assert client.get("/id/model/first?format=jsonld").json["label"]["en"] == evil


def test_a_server_answers_with_documents(versions: Versions) -> None:
    """Over the wire, through the front: the context, and a thing as whoever follows it gets it."""
    with serving(versions.root) as address:
        for path in ("/context.jsonld", "/id/organization/baai"):
            wish = {"Accept": "application/ld+json", "Accept-Encoding": "identity"}
            request = urllib.request.Request(address + path, headers=wish)
            with urllib.request.urlopen(request, timeout=60) as response:
                assert response.headers["Content-Type"] == "application/ld+json"
                assert response.headers["Access-Control-Allow-Origin"] == "*"
                body = response.read()
                tag = response.headers["ETag"]
            assert "@context" in json.loads(body)
            request.add_header("If-None-Match", tag)
            with pytest.raises(urllib.error.HTTPError) as told:
                urllib.request.urlopen(request, timeout=60)
            with told.value:
                assert told.value.code == 304
    about = (ox.NamedNode(f"{IDS}organization/baai"), ox.NamedNode(LABEL))
    assert (*about, ox.Literal("BAAI", language="en")) in triples_of(body)

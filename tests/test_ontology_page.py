"""The documentation of the ontology says what the ontology says, in the language of the page."""

from __future__ import annotations

import re
import urllib.parse
from pathlib import Path

import flask
import pytest
import rdflib
from flask.testing import FlaskClient
from rdflib import OWL, RDF, RDFS, SKOS

from kg import build
from kg.namespaces import ONTOLOGY, TERMS
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import create_app, holdings
from kg.serve.terms import Expression, Terms
from kg.settings import Settings
from kg.sources import read_graph
from kg.store import Current, EmbeddedStore, Versions
from tests.conftest import BROWSER, unwatched
from tests.looking import Look

HTML = {"Accept": BROWSER}
CHINESE = {"Accept": BROWSER, "Accept-Language": "zh-CN,zh;q=0.9"}
FOLDER = Path(__file__).resolve().parents[1] / "ontology"
MODULES = sorted(p.relative_to(FOLDER).with_suffix("").as_posix() for p in FOLDER.rglob("*.ttl"))


@pytest.fixture(scope="module")
def page(app: flask.Flask) -> Look:
    """The page of the whole ontology, in English."""
    return Look(app.test_client().get("/ontology", headers=HTML).text)


@pytest.fixture(scope="module")
def chinese(app: flask.Flask) -> Look:
    """The same in Chinese."""
    return Look(app.test_client().get("/ontology", headers=CHINESE).text)


@pytest.fixture(scope="module")
def terms(ontology: rdflib.Graph) -> list[rdflib.URIRef]:
    """The terms that the modules define."""
    found = [t for t in ontology.subjects(RDFS.isDefinedBy) if isinstance(t, rdflib.URIRef)]
    assert len(found) > 300
    return sorted(found)


def label(ontology: rdflib.Graph, term: rdflib.term.Node, tag: str) -> str:
    """What a term is called in a language."""
    return next(
        str(o)
        for o in ontology.objects(term, RDFS.label)
        if isinstance(o, rdflib.Literal) and str(o.language).lower() == tag.lower()
    )


def test_each_term_has_its_place(
    page: Look, chinese: Look, terms: list[rdflib.URIRef], ontology: rdflib.Graph
) -> None:
    """At the fragment of its IRI: both labels, the definition, the notes, the examples."""
    assert len(page.ids) == len(set(page.ids))
    told = (SKOS.definition, SKOS.editorialNote, SKOS.example, SKOS.scopeNote)
    for term in terms:
        name = term.rpartition("#")[2]
        names = [label(ontology, term, tag) for tag in ("en", "zh-Hans")]
        assert page.text(name).startswith(f"{names[0]} {names[1]}"), name
        assert chinese.text(name).startswith(f"{names[1]} {names[0]}"), name
        texts = [str(text) for what in told for text in ontology.objects(term, what)]
        for look in (page, chinese):
            assert f"cllm:{name}" in look.text(name)
            for text in texts:
                assert text in look.text(name), name


def test_the_other_language_is_marked(page: Look, chinese: Look) -> None:
    """So that it is read aloud as what it is: Chinese on an English page, and English texts."""
    assert page.languages["Model"] == {"zh-hans"}
    assert chinese.languages["Model"] == {"en"}
    assert "定义和注释为英文。" in chinese.text("main")
    assert "Definitions and notes are in English." not in page.text("main")
    assert "the project’s own translation" in page.text("main")
    assert "由本项目自行翻译" in chinese.text("main")


def test_every_link_leads_somewhere(page: Look, client: FlaskClient) -> None:
    """Fragments are on the page, addresses of ours answer, others are of the web."""
    addresses = {address for address, _ in page.links}
    assert len(addresses) > 300
    for address in sorted(addresses):
        path, _, fragment = address.partition("#")
        if not path:
            assert fragment in page.ids, address
        elif path.startswith("/") and not path.startswith("/sparql?"):
            assert client.get(path, headers=HTML).status_code == 200, address
        else:
            assert path.startswith(("/", "http", "?")), address
    for address in sorted(a for a in addresses if a.startswith("/ontology/")):
        assert client.get(address, headers=HTML).status_code == 200, address


def test_how_often_terms_are_used(
    page: Look, terms: list[rdflib.URIRef], store: EmbeddedStore, client: FlaskClient
) -> None:
    """The number is that of the graph, and leads to a query that lists them."""
    listed = {
        re.search(r"cllm:(\w+) ", urllib.parse.unquote_plus(address) + " ")[1]: (address, text)
        for address, text in page.links
        if address.startswith("/sparql?") and re.match(r"[\d,]+ (thing|statement)s?$", text)
    }
    assert len(listed) > 150
    for term in terms:
        name = term.rpartition("#")[2]
        count = f"SELECT (COUNT(*) AS ?n) {{ ?s a <{term}> }}"
        if name[0].islower():
            count = f"SELECT (COUNT(*) AS ?n) {{ ?s <{term}> ?o }}"
        number = int(str(next(store.query(count).rows()[1])[0]))
        if name in listed:
            assert listed[name][1].split()[0] == f"{number:,}", name
    for name in ("Model", "hasDeveloper", "parameterCount"):
        answer = client.get(f"{listed[name][0]}&format=csv")
        assert answer.status_code == 200
        rows = answer.text.splitlines()
        assert len(rows) - 1 == int(listed[name][1].split()[0])
    assert "not used" in page.text("Row")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("IndustryModel", "Is a kind of model"),
        ("IndustryModel", "Kinds of it industry-academia model"),
        ("IndustryModel", "Inferred of what has as has developer some company"),
        ("IndustryAcademiaModel", "Is the same as industry model and academic model"),
        ("DomesticHardware", "hardware and what has as country of origin the value China"),
        ("hasDeveloperOrParent", "Follows from has developer ›then part of"),
        ("evaluatedOn", "; or "),
        ("variantOf", "transitive"),
        ("variantOf", "Inverse has variant"),
        ("hasVariant", "Inverse variant of"),
        ("parameterCount", "Value is xsd:integer"),
        ("parameterCount", "compared as one value"),
        ("hasDeveloper", "compared as whole list"),
        ("hasDeveloper", "Is a case of has developer or its parent"),
        ("Architecture", "Values dense, mixture of experts"),
        ("dense", "Is one of architecture"),
        ("Model", "is a kind of schema:CreativeWork (Alignment to schema.org)"),
        ("Model", "Disjoint with 39 other classes"),
        ("hasDeveloper", "model → to organization (60)"),
        ("released", "model → to xsd:date"),
    ],
)
def test_what_axioms_say(page: Look, name: str, said: str) -> None:
    """In words, with the names of the terms."""
    assert said in page.text(name)


def test_classes_are_a_tree(page: Look, ontology: rdflib.Graph) -> None:
    """Each class is in it, with the number of its things."""
    classes = {c for c in ontology.subjects(RDF.type, OWL.Class) if isinstance(c, rdflib.URIRef)}
    text = page.text("main").partition("The number is that of things")[2]
    assert len(classes) >= 80
    for one in classes:
        assert label(ontology, one, "en") in text


def test_relations_between_kinds_are_a_table(page: Look) -> None:
    """It is what the drawing beside it draws, the most common first, each way once."""
    head, *rows = page.tables["Relations between kinds of things"]
    assert head == ["From", "Relation", "To", "Statements"]
    assert len(rows) > 20
    assert ["organization", "developed", "model", "60"] in rows
    assert not [row for row in rows if row[1] == "has developer"]
    numbers = [int(row[3].replace(",", "")) for row in rows]
    assert numbers == sorted(numbers, reverse=True)


def test_the_modules_were_found() -> None:
    """The root, what it imports, and the alignments."""
    assert len(MODULES) >= 24


@pytest.mark.parametrize("name", MODULES)
def test_each_module_has_a_page(client: FlaskClient, project: Project, name: str) -> None:
    """With its title, its version, and the terms that it defines, and no others."""
    graph = read_graph([project.root / "ontology" / f"{name}.ttl"], project)
    iri = rdflib.URIRef(ONTOLOGY if name == "china-llm" else f"{ONTOLOGY}/{name}")
    address = "/ontology" if name == "china-llm" else f"/ontology/{name}"
    look = Look(client.get(address, headers=HTML).text)
    title = next(o for o in graph.objects(iri, rdflib.DCTERMS.title) if o.language == "en")
    version = str(graph.value(iri, OWL.versionIRI))
    assert str(title) in look.text("main")
    assert version.rpartition("/")[2] in look.text("main")
    own = {str(t).rpartition("#")[2] for t in graph.subjects(RDFS.isDefinedBy, iri)}
    assert own <= set(look.ids)
    if own:
        sections = {id_ for id_ in look.ids if f"cllm:{id_}" in look.text(id_)}
        assert sections == own
    if name.startswith("alignments/"):
        assert len(look.tables) == 1
        (rows,) = look.tables.values()
        assert len(rows) > 1
    permanent = client.get("/" + version.removeprefix("https://w3id.org/china-llm/"), headers=HTML)
    assert Look(permanent.text).text("main") == look.text("main")


@pytest.mark.parametrize("address", ["/ontology", "/ontology/models", "/ontology/alignments/org"])
@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("turtle", "text/turtle"),
        ("jsonld", "application/ld+json"),
        ("rdfxml", "application/rdf+xml"),
        ("ntriples", "application/n-triples"),
    ],
)
def test_raw_formats(client: FlaskClient, address: str, name: str, media_type: str) -> None:
    """By Accept and by parameter, with links to them on the page and in its headers."""
    by_accept = client.get(address, headers={"Accept": media_type})
    assert by_accept.content_type.partition(";")[0] == media_type
    assert by_accept.data == client.get(f"{address}?format={name}").data
    page = client.get(address, headers=HTML)
    assert f'href="?format={name}"' in page.text
    assert any(f'type="{media_type}"' in link for link in page.headers.getlist("Link"))


def test_what_is_no_module(client: FlaskClient) -> None:
    """It is not found, as page or as data."""
    for address in ("/ontology/ghost", "/ontology/models/ghost", "/ontology/%3Cscript%3E"):
        assert client.get(address, headers=HTML).status_code == 404
        assert client.get(address, headers={"Accept": "text/turtle"}).status_code == 404


def test_a_term_without_a_label_in_a_language(tiny: Project, tmp_path: Path) -> None:
    """It is called by its label in the other one, and listed."""
    module = tiny.root / "ontology" / "models.ttl"
    text = module.read_text("utf-8")
    assert '"benchmark"@en , "评测基准"@zh-Hans' in text
    module.write_text(
        text.replace('"benchmark"@en , "评测基准"@zh-Hans', '"benchmark"@en'), "utf-8"
    )
    versions = Versions(tmp_path / "store")
    build.publish(build.make(tiny, unwatched, []), versions, 3, unwatched)
    catalogue = Catalogue.read(tiny.query_files())
    client = create_app(Current(versions), catalogue, Settings.load({})).test_client()
    look = Look(client.get("/ontology", headers=CHINESE).text)
    assert look.text("Benchmark").startswith("benchmark # cllm:Benchmark")
    assert "1 个术语没有“简体中文”标签" in look.text("main")
    assert look.text("main").count("个术语没有") == 1


def test_a_large_graph_is_not_counted(versions: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page says so, and has the sizes that the catalog knows."""
    monkeypatch.setattr(holdings, "MOST", 1000)
    fresh = create_app(Current(versions), Catalogue([]), Settings.load({})).test_client()
    look = Look(fresh.get("/ontology", headers=HTML).text)
    assert "too large to count" in look.text("main")
    assert "40 things" in look.text("Model")
    assert "In the graph" not in look.text("hasDeveloper")


def test_without_an_ontology(tmp_path: Path) -> None:
    """There is a page that has no terms."""
    versions = Versions(tmp_path)
    versions.publish("empty", {"": b""}, {}, keep=3)
    client = create_app(Current(versions), Catalogue([]), Settings.load({})).test_client()
    response = client.get("/ontology", headers=HTML)
    assert response.status_code == 200
    assert "The graph has no relations between things." in response.text
    assert client.get("/ontology/models", headers=HTML).status_code == 404


def read(turtle: str) -> Terms:
    """The vocabulary of some Turtle."""
    graph = rdflib.Graph().parse(
        data=f"""
        @prefix : <{TERMS}> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        <{ONTOLOGY}> a owl:Ontology .
        {turtle}
        """
    )
    store = EmbeddedStore.in_memory({"": graph.serialize(format="nt").encode()})
    return Terms(store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }").triples())


@pytest.mark.parametrize(
    ("expression", "form", "parts"),
    [
        ("[ owl:unionOf ( :A :B ) ]", "or", 2),
        ("[ owl:oneOf ( :A :B :A ) ]", "one of", 3),
        ("[ owl:complementOf :A ]", "not", 1),
        ("[ a owl:Restriction ; owl:onProperty :p ; owl:allValuesFrom :A ]", "only", 1),
        ("[ a owl:Restriction ; owl:onProperty :p ; owl:hasValue 3 ]", "value", 1),
        ("[ a owl:Restriction ; owl:onProperty :p ; owl:maxCardinality 1 ]", "?", 0),
        (":B", "", 0),
    ],
)
def test_forms_of_classes(expression: str, form: str, parts: int) -> None:
    """Those that OWL has for a class; of others that there is something."""
    vocabulary = read(
        f":A a owl:Class ; rdfs:isDefinedBy <{ONTOLOGY}> ; owl:equivalentClass {expression} ."
    )
    (found,) = vocabulary.terms[f"{TERMS}A"].same
    assert (found.form, len(found.parts)) == (form, parts)


def test_lists_and_classes_without_an_end() -> None:
    """They end."""
    vocabulary = read(
        f":A a owl:Class ; rdfs:isDefinedBy <{ONTOLOGY}> ; owl:equivalentClass _:x ; "
        "rdfs:subClassOf :A . _:x owl:intersectionOf _:l . _:l rdf:first _:x ; rdf:rest _:l ."
    )
    found = vocabulary.terms[f"{TERMS}A"].same[0]
    for _ in range(8):
        assert found.form == "and"
        (found,) = found.parts
    assert found == Expression("?")

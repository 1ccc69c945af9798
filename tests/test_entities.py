"""Pages of things: facts with their sources, conflicts, what is left out, and the same as JSON."""

from __future__ import annotations

import html
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox
import pytest
import rdflib
from flask.testing import FlaskClient
from rdflib import DCTERMS, RDF, RDFS

from kg import build
from kg.encodings import encoded
from kg.graph import CLLM
from kg.namespaces import BASE, GRAPHS, IDS, TERMS
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import create_app
from kg.serve.entities import around, facts, layout, page
from kg.serve.entities.incoming import incoming
from kg.serve.labels import Labels
from kg.settings import Settings
from kg.store import Current, EmbeddedStore, Versions
from kg.terms import iri
from tests.conftest import unwatched

PAPER = "Recent Trends in China's Large Language Model Landscape"
RDF_TYPE = str(RDF.type)
HTML = {"Accept": "text/html"}
SPACE = "http://www.w3.org/2000/svg"
SVG = f"{{{SPACE}}}"


def read(client: FlaskClient, path: str, **headers: str) -> str:
    """A page as text."""
    response = client.get(path, headers=HTML | headers)
    assert response.status_code == 200, path
    return response.get_data(as_text=True)


def words(text: str) -> str:
    """What a page or a part of it says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def section(text: str, title: str) -> str:
    """The section of a page with a title."""
    found = re.search(rf"<h2>{title}</h2>(.*?)</section>", text, re.DOTALL)
    assert found, title
    return found[1]


def known(client: FlaskClient, path: str) -> dict[str, Any]:
    """What is known of a thing, as our JSON."""
    response = client.get(f"{path}?format=json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    found: dict[str, Any] = response.json
    return found


def of(found: Mapping[str, Any], name: str, about: str = "") -> list[dict[str, Any]]:
    """The facts of a property by its local name, of one subject if that is given."""
    return [
        fact
        for fact in found["facts"]
        if fact["property"]["id"] == TERMS + name and about in ("", fact["about"])
    ]


def served(project: Project, folder: Path) -> FlaskClient:
    """A client of the app on a project that is built for it."""
    built = build.make(project, unwatched, [])
    assert built.report.violations == ()
    versions = Versions(folder)
    build.publish(built, versions, 3, unwatched)
    catalogue = Catalogue.read(project.query_files())
    return create_app(Current(versions), catalogue, Settings.load({})).test_client()


def test_a_fact_has_its_source(client: FlaskClient) -> None:
    """Value as printed, number, interval; the passage with its place, speakers, primary source."""
    (compute, *_) = [
        fact
        for fact in of(known(client, "/id/model/pangu-alpha"), "trainingCompute")
        if fact["value"]["asPrinted"] == "796"
    ]

    assert compute["about"] == f"{IDS}run/pangu-alpha"
    assert compute["group"]["en"] == "Training"
    assert compute["rank"] == "open"
    assert compute["value"]["unit"]["id"] == f"{TERMS}petaflopPerSecondDay"
    assert float(compute["value"]["minimum"]) == 796 * 8.64e19
    assert float(compute["value"]["low"]) == 795.5 * 8.64e19
    assert compute["value"]["canonicalUnit"] == "flop"
    (said,) = compute["saidIn"]
    assert said["passage"] == f"{GRAPHS}ding-xiao-2023/compute/2-2"
    assert said["part"]["label"] == {"en": "Compute"}
    assert (said["paragraph"], said["sentence"]) == (2, 2)
    assert said["source"]["label"]["en"] == PAPER
    assert {one["label"]["en"] for one in said["speakers"]} == {"Jeffrey Ding", "Jenny W. Xiao"}
    assert (said["stance"], said["rank"]) == ("stated", "open")
    assert [source["id"] for source in said["primarySources"]] == [f"{IDS}reference/17"]


def test_the_same_on_the_page(client: FlaskClient) -> None:
    """The number of a footnote beside a value leads to the passage that says it."""
    text = read(client, "/id/model/pangu-alpha")

    printed = re.search(r"40 billion</bdi>.*?<sup.*?</sup>", text, re.DOTALL)
    assert printed
    assert "40 billion" in words(printed[0])
    assert "[39.5 billion – 40.5 billion]" in words(text).replace(" ]", "]").replace(
        "40 billion 39.5 billion – 40.5 billion", "40 billion [39.5 billion – 40.5 billion]"
    )
    (number,) = re.findall(r'href="#source-(\d+)"', printed[0])
    note = re.search(rf'<li id="source-{number}">(.*?)</li>', text, re.DOTALL)
    assert note
    said = words(note[1])
    assert said.startswith(f"Compute , paragraph 2, sentence 2 of {PAPER}")
    assert "said by Jeffrey Ding , Jenny W. Xiao stated which rests on" in said
    assert 'href="/graph/ding-xiao-2023/compute/2-2"' in note[1]


def test_contradicting_claims_stand_side_by_side(client: FlaskClient) -> None:
    """Accepted and rejected, with the decision, its reason and date, and how far they are apart."""
    found = known(client, "/id/model/pangu-alpha")
    (conflict,) = [c for c in found["conflicts"] if c["property"]["id"] == f"{TERMS}parameterCount"]
    claims = {(one["value"], one["rank"], one["passage"]) for one in conflict["claims"]}
    paper = f"{GRAPHS}ding-xiao-2023"
    assert claims == {
        ("207B", "accepted", f"{paper}/performance/1-4"),
        ("207B", "accepted", f"{paper}/table-1"),
        ("200B", "rejected", f"{paper}/compute/2-2"),
    }
    assert conflict["decision"]["id"] == f"{IDS}decision/pangu-alpha-parameters"
    assert conflict["decision"]["date"] == "2026-11-24"
    assert conflict["decision"]["because"]["value"].startswith("Table 1 and the section on perf")
    assert [one["ratio"] for one in conflict["measured"]] == ["1.035"]

    text = section(read(client, "/id/model/pangu-alpha"), "Design and size")
    sides = re.findall(r'<div class="side (\w*)">(.*?)</div>', text, re.DOTALL)
    said = [(kind, words(side)) for kind, side in sides]
    assert [kind for kind, _ in said] == ["good", "bad"]
    assert "207B" in said[0][1]
    assert "= 207 billion" in said[0][1]
    assert "206.5 billion – 207.5 billion" in said[0][1]
    assert "200B" in said[1][1]
    assert "199.5 billion – 200.5 billion" in said[1][1]
    assert "Decided 2026-11-24 : Table 1 and the section on performance agree" in words(text)
    assert "1.035×" in words(text)
    rects = re.findall(r'<rect class="(\w+)" x="([\d.]+)%"', text)
    assert [rank for rank, _ in rects] == ["accepted", "rejected"]
    assert float(rects[0][1]) > float(rects[1][1])


def test_a_list_that_conflicts_is_told_passage_by_passage(client: FlaskClient) -> None:
    """Developers: those of the accepted passages, and the whole list of the one not followed."""
    text = section(read(client, "/id/model/bagualu"), "Who is behind it")
    sides = dict(re.findall(r'<div class="side (\w*)">(.*?)</div>', text, re.DOTALL))

    def names(side: str) -> set[str]:
        return {words(item) for item in re.findall(r"<li>(.*?)</li>", side, re.DOTALL)}

    shared = {"BAAI", "Tsinghua University"}
    assert names(sides["good"]) == shared | {"Alibaba", "Zhejiang Lab"}
    assert names(sides["bad"]) == shared | {"Alibaba DAMO Academy", "Zhejiang University"}


def test_an_open_conflict_says_so(client: FlaskClient) -> None:
    """Two figures of compute that nobody has decided about."""
    text = section(read(client, "/id/model/pangu-alpha"), "Training")
    kinds = re.findall(r'<div class="side (\w*)">', text)
    assert kinds == ["warn", "warn"]
    assert "Nobody has decided which to follow." in text


def test_what_is_no_fact_of_the_settled_view_has_its_stance(client: FlaskClient) -> None:
    """That a system could have trained more is shown as a capability, not as a size."""
    (could,) = [
        fact
        for fact in of(known(client, "/id/model/bagualu"), "parameterCount")
        if fact["value"]["qualifier"] == "atMost"
    ]
    assert (could["settled"], could["rank"]) == (False, "rejected")
    assert [one["stance"] for one in could["saidIn"]] == ["capability"]
    text = words(section(read(client, "/id/model/bagualu"), "Design and size"))
    assert re.search(r"up to 174T ≤ 174.5 trillion capability", text)


def test_what_a_source_leaves_out_is_said(client: FlaskClient) -> None:
    """Empty, unspecified, vague and generic are told apart, in words, with the passage."""
    found = known(client, "/id/model/bagualu")
    omitted = {one["property"]["id"].removeprefix(TERMS): one["kind"] for one in found["omissions"]}
    assert omitted == {
        "acceleratorCount": "leavesEmpty",
        "trainingCompute": "leavesEmpty",
        "trainingHours": "leavesEmpty",
        "usesAccelerator": "statesGenerically",
    }
    assert {one["about"] for one in found["omissions"]} == {f"{IDS}run/bagualu"}
    said = {p["passage"] for one in found["omissions"] for p in one["saidIn"]}
    assert said == {f"{GRAPHS}ding-xiao-2023/table-1"}

    text = words(section(read(client, "/id/model/bagualu"), "Training"))
    assert "training hours The source leaves this empty. " in text
    equipment = words(section(read(client, "/id/model/bagualu"), "Hardware and software used"))
    assert "uses accelerator The source names only a wider kind" in equipment
    m6 = words(section(read(client, "/id/model/m6"), "Training"))
    assert "training hours The source says that this is not specified." in m6


def test_inferred_facts_are_marked_and_have_a_why(client: FlaskClient) -> None:
    """An inferred class leads to its proof; a stated one has its passage."""
    found = known(client, "/id/model/bagualu")
    kinds = {
        fact["value"]["id"]: fact for fact in found["facts"] if fact["property"]["id"] == RDF_TYPE
    }
    inferred = kinds[f"{TERMS}DomesticHardwareModel"]
    assert inferred["inferred"]
    assert inferred["saidIn"] == []
    asked = parse_qs(urlsplit(inferred["why"]).query)
    assert asked == {
        "subject": [f"{IDS}model/bagualu"],
        "predicate": [RDF_TYPE],
        "object": [f"{TERMS}DomesticHardwareModel"],
    }
    stated = kinds[f"{TERMS}Model"]
    assert not stated["inferred"]
    assert [one["passage"] for one in stated["saidIn"]] == [f"{GRAPHS}registry/models"]
    text = section(read(client, "/id/model/bagualu"), "Name and kind")
    assert re.search(r"domestic-hardware model.*?inferred.*?why\?", words(text))


def test_what_follows_and_says_no_more_is_left_out(client: FlaskClient) -> None:
    """The wider property and the way back are in the JSON, and not on the page."""
    found = known(client, "/id/model/bagualu")
    assert of(found, "hasDeveloperOrParent")
    assert of(found, "trainingRunOf")
    text = read(client, "/id/model/bagualu")
    assert "has developer or its parent" not in text
    assert "training run of" not in text


def test_what_belongs_to_a_thing_is_told_in_place(client: FlaskClient) -> None:
    """Accelerators of a hardware use of a run, in a group of the page of the model."""
    text = words(
        section(read(client, "/id/model/wudao-wen-yuan-1-0"), "Hardware and software used")
    )
    assert re.search(r"hardware use accelerator Nvidia V100 .* accelerator count 64", text)
    training = words(section(read(client, "/id/model/wudao-wen-yuan-1-0"), "Training"))
    assert re.search(r"training hours two week = 336 hour", training)


def test_groups_come_from_the_shapes(tiny: Project, tmp_path: Path) -> None:
    """A shape moves a property, and names a group, in two languages; without one it comes last."""
    pages = tiny.root / "shapes" / "pages.ttl"
    shape = "shape:Page-released\n"
    before = pages.read_text("utf-8")
    assert shape in before
    blocks = [
        b for b in before.split("\n\n") if not b.startswith(("shape:Page-nameAsPrinted", shape))
    ]
    blocks.append(
        'shape:Section-own\n    a sh:PropertyGroup ;\n    rdfs:label "Own"@en , "自己"@zh-Hans ;\n'
        "    sh:order 0 ."
    )
    blocks.append(
        "shape:Page-released\n    a sh:PropertyShape ;\n    sh:path cllm:released ;\n"
        "    sh:group shape:Section-own ;\n    sh:order 1 ."
    )
    pages.write_text("\n\n".join(blocks), "utf-8")
    client = served(tiny, tmp_path / "store")

    titles = re.findall(r"<h2>(.*?)</h2>", read(client, "/id/model/first"))
    assert titles[0] == "Own"
    assert "2021-01-02" in section(read(client, "/id/model/first"), "Own")
    assert titles.index("More") > titles.index("In the source")
    assert "name as printed" in words(section(read(client, "/id/model/first"), "More"))
    assert "<h2>自己</h2>" in read(client, "/id/model/first?lang=zh-Hans")


def test_every_property_of_the_data_has_a_place(store: EmbeddedStore) -> None:
    """Of what is said of things in the real graph, nothing is in the last group."""
    placed = layout.read(store)
    rows = store.query(
        f"SELECT DISTINCT ?p {{ ?s ?p ?o FILTER (STRSTARTS(STR(?s), '{IDS}')) }}"
    ).rows()[1]
    properties = {f"<{row[0]}>" for row in rows}
    assert len(properties) > 120
    apart = {*placed.omissions, iri("cllm:hasFigure"), iri("dcterms:isReplacedBy")}
    assert {p for p in properties - apart if placed.group(p) is None} == set()


def test_groups_and_names_are_in_both_languages(shapes: rdflib.Graph) -> None:
    """Each group and each name that a shape gives a property."""
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    groups = set(shapes.subjects(RDF.type, sh.PropertyGroup))
    assert len(groups) >= 10
    for subject, predicate in [
        *((group, RDFS.label) for group in groups),
        *((shape, sh.name) for shape in set(shapes.subjects(sh.name))),
    ]:
        tags = sorted(str(text.language) for text in shapes.objects(subject, predicate))
        assert tags == ["en", "zh-hans"], subject
    used = set(shapes.objects(None, sh.group))
    assert used == groups


def test_what_refers_to_a_thing(client: FlaskClient, store: EmbeddedStore) -> None:
    """By property, with how many; some dozens, and a query that finds them all."""
    text = read(client, "/id/person/jeffrey-ding")
    spoken = re.search(r"<dt><a[^>]*>speaker</a>.*?</dd>", text, re.DOTALL)
    assert spoken
    assert len(re.findall(r"<li>", spoken[0])) == 24
    (address,) = re.findall(r'href="(/sparql\?[^"]*)"', spoken[0])
    (query,) = parse_qs(urlsplit(address.replace("&amp;", "&")).query)["query"]
    count = len({row[0] for row in store.query(query).rows()[1]})
    assert f"all {count}" in words(spoken[0])
    assert count > 100


def test_a_thing_without_a_name_is_told_by_what_it_belongs_to(client: FlaskClient) -> None:
    """Hardware uses refer to a chip; they are called by their run."""
    text = words(section(read(client, "/id/hardware/huawei-ascend-910"), "What refers to it"))
    assert "accelerator 2 Training of ERNIE 3.0 Titan Training of PanGu-α" in text


def test_links_elsewhere(client: FlaskClient) -> None:
    """Each with its relation, confidence and evidence; what is denied is marked."""
    text = section(read(client, "/id/model/pangu-alpha"), "The same elsewhere")
    said = words(text)
    assert re.search(r"related to .*arxiv.org/abs/2104.12369 \(paper\) confidence 1", said)
    assert 'href="https://arxiv.org/abs/2104.12369"' in text
    denied = re.search(r'<div class="denied">(.*?)</div>', text, re.DOTALL)
    assert denied
    assert words(denied[1]).startswith("not the same as row:epoch-pangu-sigma PanGu-Σ")
    links = known(client, "/id/model/pangu-alpha")["links"]
    assert [one["not"] for one in links if one["label"] == "PanGu-Σ"] == [True]
    assert all(one["evidence"] for one in links)


def drawings(text: str) -> list[ET.Element]:
    """The neighbourhood graphs of a page."""
    found = re.findall(r'<figure class="around.*?(<svg.*?</svg>)', text, re.DOTALL)
    return [
        ET.fromstring(one.replace("<svg", f"<svg xmlns={SPACE!r}"))  # noqa: S314 (ours)
        for one in found
    ]


@pytest.mark.parametrize("name", ["model/pangu-alpha", "organization/baai", "place/china"])
def test_the_neighbourhood_is_drawn(client: FlaskClient, name: str) -> None:
    """At most 14 neighbours, each a link with a title; no label meets another or is cut off."""
    pictures = drawings(read(client, f"/id/{name}"))
    assert len(pictures) == 2
    for picture in pictures:
        width, height = (float(n) for n in picture.attrib["viewBox"].split()[2:])
        assert picture.find(f"{SVG}title") is not None
        links = picture.findall(f"{SVG}a")
        assert 4 < len(links) <= around.MOST
        boxes = []
        for link in links:
            assert link.attrib["href"].startswith("/id/")
            title = link.find(f"{SVG}title")
            assert title is not None
            assert title.text
            for label in link.findall(f"{SVG}text"):
                size = 11.5 if label.attrib.get("class") == "relation" else 14
                long = around.text_width(label.text or "", size)
                x, y = float(label.attrib["x"]), float(label.attrib["y"])
                left = x - long if label.attrib["text-anchor"] == "end" else x
                boxes.append((left, y - size * 0.8, left + long, y))
        for place, (left, top, right, bottom) in enumerate(boxes):
            assert left >= 0
            assert right <= width
            assert top >= 0
            assert bottom <= height
            for other in boxes[place + 1 :]:
                apart = right <= other[0] or other[2] <= left
                assert apart or bottom <= other[1] or other[3] <= top


def test_more_neighbours_than_are_drawn_are_counted(store: EmbeddedStore) -> None:
    """A country has more than there is room for."""
    laid, labels = layout.read(store), Labels(store)
    china = facts.thing(store, laid, f"<{IDS}place/china>", 30)
    referring = incoming(store, laid, labels, china.node, 24)
    found, left = around.neighbours(store, china, referring, laid)
    assert len(found) == around.MOST
    assert left > 10


def test_a_thing_in_every_format(client: FlaskClient) -> None:
    """By ending, by parameter and by Accept; the RDF is the same, whichever way it is asked for."""
    path = "/id/model/glm-130b"
    cases = {
        "ttl": ("turtle", "text/turtle"),
        "nt": ("ntriples", "application/n-triples"),
        "rdf": ("rdfxml", "application/rdf+xml"),
        "jsonld": ("jsonld", "application/ld+json"),
        "json": ("json", "application/json"),
        "html": ("html", "text/html"),
    }
    for ending, (name, media_type) in cases.items():
        by_ending = client.get(f"{path}.{ending}", headers={"Accept": "text/html"})
        assert (by_ending.status_code, by_ending.mimetype) == (200, media_type), ending
        by_name = client.get(f"{path}?format={name}")
        by_accept = client.get(path, headers={"Accept": media_type})
        assert by_name.mimetype == by_accept.mimetype == media_type
        if ending != "html":  # which has its own address in it
            assert by_ending.data == by_name.data == by_accept.data, ending
    assert client.get(f"{path}.json").json["label"] == {"en": "GLM-130B"}
    assert client.get(f"{path}.jsonld").json["@context"]
    graph = rdflib.Graph().parse(data=client.get(f"{path}.ttl").data, format="turtle")
    assert (rdflib.URIRef(f"{IDS}model/glm-130b"), RDF.type, CLLM.Model) in graph


def test_formats_that_are_not_there_or_contradict(client: FlaskClient) -> None:
    """One sentence each, and the right status."""
    for status, path, said in (
        (404, "/id/model/glm-130b.pdf", "Nothing has the ending .pdf"),
        (404, "/id/model/ghost.ttl", "says nothing about"),
        (400, "/id/model/glm-130b.ttl?format=json", "ends with .ttl, and asks for the format json"),
        (400, "/id/model/glm-130b?format=pdf", "There is no format 'pdf'"),
    ):
        response = client.get(path, headers={"Accept": "application/json"})
        assert response.status_code == status, path
        assert said in response.json["detail"]
    assert client.get("/id/model/glm-130b.ttl?format=turtle").status_code == 200


def test_alternates_are_linked(client: FlaskClient) -> None:
    """Link headers lead from any form of a thing to the others."""
    for path in ("/id/model/glm-130b", "/id/model/glm-130b.html"):
        links = client.get(path, headers=HTML).headers.getlist("Link")
        own = '</id/model/glm-130b?format=json>; rel="alternate"; type="application/json"'
        assert own in links
        assert sum("alternate" in link for link in links) == 7
    links = client.get("/dataset").headers.getlist("Link")
    assert not any('rel="alternate"; type="application/json"' in link for link in links)


def test_a_retired_name_leads_on_with_its_ending(tiny: Project, tmp_path: Path) -> None:
    """An IRI that is replaced redirects, whatever form is asked for."""
    with (tiny.root / "data" / "registry" / "things.ttl").open("a", encoding="utf-8") as file:
        file.write(f"<{IDS}model/old-first> <{DCTERMS.isReplacedBy}> <{IDS}model/first> .\n")
    client = served(tiny, tmp_path / "store")
    for asked, heir in (
        ("/id/model/old-first", "/id/model/first"),
        ("/id/model/old-first.json?version=", "/id/model/first.json?version="),
    ):
        response = client.get(asked)
        assert (response.status_code, response.headers["Location"]) == (301, heir)


def test_json_has_a_tag(client: FlaskClient) -> None:
    """What a client has is not sent again."""
    first = client.get("/id/model/m6.json")
    again = client.get("/id/model/m6.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert first.headers["ETag"] != client.get("/id/model/m6.jsonld").headers["ETag"]


def test_every_fact_of_the_graph_is_in_the_json(client: FlaskClient, store: EmbeddedStore) -> None:
    """Nothing that the default graph states of a model is lost, and nothing is added."""
    found = known(client, "/id/model/bagualu")
    told = set()
    for fact in found["facts"]:
        if fact["about"] == found["id"] and fact["settled"]:
            value = fact["value"]
            if "asPrinted" in value:
                told.add((fact["property"]["id"], value["minimum"]))
                told |= {(f"{TERMS}hasFigure", one["figure"]) for one in fact["saidIn"]}
            else:
                told.add((fact["property"]["id"], value.get("id") or value["value"]))
    rows = store.query(f"SELECT ?p ?o {{ <{found['id']}> ?p ?o }}").rows()[1]
    assert told == {(str(p), str(o)) for p, o in rows}


def test_the_page_of_a_passage(client: FlaskClient) -> None:
    """Who says it, where, in which stance, and what: figures beside their properties."""
    text = words(read(client, "/graph/ding-xiao-2023/compute/2-3"))
    assert f"Compute , paragraph 2, sentence 3 of {PAPER}" in text
    assert "said by Jeffrey Ding , Jenny W. Xiao stated" in text
    assert (
        "PLUG name as printed PLUG has developer Alibaba has training run Training of PLUG" in text
    )
    assert "training hours 35 day = 840 hour" in text
    planned = words(read(client, "/graph/ding-xiao-2023/compute/2-3-planned"))
    assert "planned" in planned.partition("What it states")[0]
    for name, is_whole in (("ding-xiao-2023/table-1", True), ("settled", False)):
        shown = read(client, f"/graph/{name}")
        assert ("The first of them are shown." in shown) != is_whole
    assert client.get("/graph/ding-xiao-2023/ghost").status_code == 404


@pytest.mark.parametrize("name", ["inferred", "claims", "settled", "shapes", "ontology"])
def test_the_page_of_a_graph_that_the_build_makes(client: FlaskClient, name: str) -> None:
    """It says how much there is, and shows some."""
    assert re.search(r"This graph holds [\d,]+ statements", read(client, f"/graph/{name}"))


def test_no_page_is_heavy(client: FlaskClient, store: EmbeddedStore) -> None:
    """The pages of the things of which most is said, with their style sheets and scripts."""
    rows = store.query(
        f"SELECT ?s (COUNT(*) AS ?n) {{ {{ ?s ?p ?o }} UNION {{ ?x ?q ?s }} "
        f"FILTER (STRSTARTS(STR(?s), '{IDS}')) }} GROUP BY ?s ORDER BY DESC(?n) LIMIT 12"
    ).rows()[1]
    names = [str(name) for name, _ in rows]
    assert len(names) == 12
    static = Path(page.__file__).parents[1] / "static"
    shared = [static / "style.css", static / "entity.css", *static.glob("built/site.js")]
    others = sum(len(encoded(path.read_bytes(), "gzip")) for path in shared)
    for name in names:
        text = read(client, "/" + name.removeprefix(BASE)).encode()
        assert len(encoded(text, "gzip")) + others < 60_000, name


EVIL = '"</script><script>alert(1)</script><b>' + "w" * 10_000 + "\u202e"


def test_poison_stays_text(tiny: Project, tmp_path: Path) -> None:
    """A label full of tags, ten thousand letters and a mark that turns text round."""
    made = build.make(tiny, unwatched, [])
    graphs = {name: _poisoned(made.graphs[name], b'"First"@en') for name in made.graphs}
    folder = tmp_path / "versions"
    versions = Versions(folder)
    versions.publish("poisoned", graphs, {}, 3)
    client = create_app(Current(versions), Catalogue([]), Settings.load({})).test_client()
    text = read(client, "/id/model/first")
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert len(drawings(text)) == 2
    assert "\u202e" in client.get("/id/model/first.json").json["label"]["en"]


def _poisoned(text: bytes, target: bytes) -> bytes:
    """N-Triples with something else in the place of a literal."""
    out = io.BytesIO()
    ox.serialize(
        (
            ox.Triple(
                quad.subject,
                quad.predicate,
                ox.Literal(EVIL, language="en")
                if str(quad.object).encode() == target
                else quad.object,
            )
            for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)
        ),
        out,
        format=ox.RdfFormat.N_TRIPLES,
    )
    return out.getvalue()

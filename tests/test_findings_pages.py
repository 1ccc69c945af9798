"""The pages of the findings and of the audit say what the build found, and draw its arithmetic."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections import Counter
from pathlib import Path

import pytest
import rdflib
from flask.testing import FlaskClient

from kg import audit, build
from kg.audit import Grade
from kg.findings import Verdict
from kg.namespaces import BASE, IDS, PREFIXES
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import checks, create_app
from kg.settings import Settings
from kg.store import Current, EmbeddedStore, Versions
from tests.conftest import BROWSER, unwatched

HEADERS = {"Accept": BROWSER}
ARTICLE = re.compile(r'<article class="item" id="(\w+)".*?</article>', re.DOTALL)
KINDS = {"conflicting-claims", "described-as-another-kind", "open-and-screened"} | {
    "member-without-the-series-maker",
    "outside-the-sample",
    "works-without-a-place",
    "sample-definition",
    "counts-against-members",
}
"""Rules that find what has nothing to do with numbers, beside what may have."""


def page(client: FlaskClient, address: str) -> str:
    """A page as a browser gets it."""
    response = client.get(address, headers=HEADERS)
    assert response.status_code == 200, response.text
    return response.text


def words(markup: str) -> str:
    """What a person reads of some markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def charts(markup: str) -> list[dict[str, str]]:
    """What the figures of a page are drawn by."""
    return [json.loads(html.unescape(c)) for c in re.findall(r'data-chart="([^"]*)"', markup)]


def numbers(markup: str) -> list[list[str]]:
    """The values of the cells of a table, row by row, as a drawing reads them."""
    rows = re.findall(r'<tr><th scope="row" lang="en">.*?</tr>', markup)
    return [re.findall(r'data-value="([^"]*)"', row) for row in rows]


def of_item(client: FlaskClient, built: build.Built, rule: str, slug: str) -> str:
    """The page of the item that a rule found of a thing, and that can be judged."""
    (found,) = (
        item
        for item in built.items
        if item.rule == rule and item.subject == f"{IDS}{slug}" and item.grade.judged
    )
    return page(client, f"/id/audit/{found.iri.rpartition('/')[2]}")


def test_the_lists_are_what_the_commands_print(client: FlaskClient, built: build.Built) -> None:
    """The store keeps all of it: the same JSON, to the last digit, in the same order."""
    assert len(built.results) > 100
    assert len(built.items) > 50

    findings = client.get("/findings?format=json")
    assert findings.content_type == "application/json"
    assert findings.get_json() == [result.as_dict() for result in built.results]
    items = client.get("/audit", headers={"Accept": "application/json"})
    assert items.get_json() == [item.as_dict() for item in built.items]


def test_the_lists_as_csv(client: FlaskClient, built: build.Built) -> None:
    """A row for each, without what is a list itself but the passages."""
    response = client.get("/findings", headers={"Accept": "text/csv"})
    assert response.content_type == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [row["id"] for row in rows] == [r.finding.name for r in built.results]
    (three,) = (row for row in rows if row["id"] == "three-without-nvidia")
    assert (three["expected"], three["computed"], three["verdict"]) == ("3", "3", "holds")
    assert three["tolerance"] == ""

    rows = list(csv.DictReader(io.StringIO(client.get("/audit?format=csv").text, newline="")))
    assert [row["id"] for row in rows] == [item.iri for item in built.items]
    (titan,) = (
        r
        for r in rows
        if r["kind"] == "cllm:trainingCompute" and r["name"].endswith("3.0 Titan")
        if r["rule"] == "conflicting-claims"
    )
    assert titan["passages"].split(" | ") == [
        f"{BASE}graph/ding-xiao-2023/compute/1-5",
        f"{BASE}graph/ding-xiao-2023/table-1",
    ]
    assert float(titan["ratio"]) == pytest.approx(7.4757, rel=1e-4)

    rows = list(
        csv.DictReader(io.StringIO(client.get("/findings/three-without-nvidia?format=csv").text))
    )
    assert [row["name"] for row in rows] == ["BaGuaLu", "PanGu-α", "Zidong Taichu"]


def test_every_item_is_on_the_page(client: FlaskClient, built: build.Built) -> None:
    """Heaviest first, each drawn from a table of its own, or with nothing to compare."""
    text = page(client, "/audit")

    articles = {match[1]: match[0] for match in ARTICLE.finditer(text)}
    assert list(articles) == [item.iri.rpartition("/")[2] for item in built.items]
    drawn = 0
    for item in built.items:
        article = articles[item.iri.rpartition("/")[2]]
        assert f'href="/id/audit/{item.iri.rpartition("/")[2]}"' in article
        assert item.arithmetic in words(article)
        for statement in item.statements:
            assert f'href="/{statement.passage.removeprefix(BASE)}"' in article
        figures = charts(article)
        assert len(figures) == bool(item.compared)
        if item.compared:
            drawn += 1
            assert figures[0]["mark"] == "compared"
            (table,) = re.findall(r'data-table="([^"]*)"', article)
            assert article.count(f'<table id="{table}">') == 1
            assert len(numbers(article)) == len(item.compared)
        else:
            assert item.ratio is None
            assert item.rule in KINDS or not item.grade.judged
    assert drawn == 23
    heads = re.findall(r'<h2 class="grade" id="([\w-]+)"', text)
    assert heads == ["impossible", "contradiction", "tension", "oddity", "cannot-be-judged"]


def test_compute_against_hardware_is_drawn(client: FlaskClient, built: build.Built) -> None:
    """Chips, peak and time make a product; what is stated is beyond it by the ratio."""
    text = of_item(client, built, "compute-against-hardware", "run/taiyi-stable-diffusion")

    (chart,) = charts(text)
    assert chart["scale"] == "zero"
    assert chart["gap"] == "× 7.095"
    assert chart["axis"] == "FLOP"
    product, stated = numbers(text)
    assert product[0] == "3.59424e+21/3.59424e+21"
    assert stated == ["2.55e+22/2.55e+22", "2.545e+22/2.555e+22"]
    (reckoned,) = re.findall(r'<p class="reckoned">.*?</p>', text, re.DOTALL)
    assert words(reckoned) == (
        "32 Nvidia A100 for 100 hours at peak : 32 Nvidia A100 [ Table 1 ] × "
        "3.12E14 FLOP/s each at peak [ epoch:hardware ] × "
        "100 hours [ Table 1 ] × 3,600 seconds in an hour = 3.594E21 FLOP"
    )
    assert 'href="/graph/epoch/hardware"' in reckoned


def test_large_ratios_are_on_an_axis_of_powers(client: FlaskClient, built: build.Built) -> None:
    """Six operations for each parameter and token, and a four-digit ratio."""
    text = of_item(client, built, "compute-against-tokens", "run/ernie-3-0")

    (chart,) = charts(text)
    assert (chart["scale"], chart["gap"]) == ("log", "× 9,375")
    assert [row[0] for row in numbers(text)] == ["2.4e+18/2.4e+18", "2.25e+22/2.25e+22"]
    assert "375 billion" in words(text)


def test_close_figures_are_drawn_close_up(client: FlaskClient, built: build.Built) -> None:
    """So that the gap which the printed digits leave can be seen."""
    (item,) = (
        i
        for i in built.items
        if (i.rule, i.subject) == ("conflicting-claims", f"{IDS}model/pangu-alpha")
    )
    text = page(client, f"/id/audit/{item.iri.rpartition('/')[2]}")

    (chart,) = charts(text)
    assert (chart["scale"], chart["gap"], chart["axis"]) == ("linear", "× 1.035", "")
    assert numbers(text)[0] == ["200000000000.0/200000000000.0", "199500000000.0/200500000000.0"]
    settled = re.search(r'<p class="decision">.*?</p>', text, re.DOTALL)
    assert settled
    assert 'href="/id/decision/pangu-alpha-parameters"' in settled[0]
    assert 'href="/graph/ding-xiao-2023/' in settled[0]
    ranks = re.findall(r"<b>(2\d\dB)</b>\s*<span class=\"badge[^>]*>(\w+)<", text)
    assert Counter(ranks) == {("200B", "rejected"): 1, ("207B", "accepted"): 2}


def test_dates_are_on_an_axis_of_time(client: FlaskClient, built: build.Built) -> None:
    """A day beside a period, with the days between."""
    text = of_item(client, built, "release-against-events", "model/yuan-1-0")

    (chart,) = charts(text)
    assert (chart["scale"], chart["gap"]) == ("time", "132 days")
    assert numbers(text) == [["2020-05-01/2021-05-31"], ["2021-10-10/2021-10-10"]]
    assert 'data-column="admitted"' not in text


def test_what_an_item_rests_on_is_told_by_passage(client: FlaskClient, built: build.Built) -> None:
    """Speakers, how they mean it, what they say, and whether the settled view follows."""
    text = of_item(client, built, "described-as-another-kind", "series/wudao-2-0")
    places = re.findall(r'<li>\s*<p><a class="passage".*?</ul>', text, re.DOTALL)
    said = [words(place) for place in places]
    assert said[0].startswith("Performance ¶4.2 Jeffrey Ding, Jenny W. Xiao")
    assert "described as: model" in said[0]
    assert "denied" in said[1]

    chinese = client.get(f"{page_of(built)}?lang=zh-Hans", headers=HEADERS).text
    assert "训练计算量" in chinese
    assert "不可能" in chinese


def page_of(built: build.Built) -> str:
    """Where the heaviest item is."""
    assert built.items[0].grade is Grade.IMPOSSIBLE
    return f"/id/audit/{built.items[0].iri.rpartition('/')[2]}"


def test_the_list_is_filtered(client: FlaskClient, built: build.Built) -> None:
    """By grade and by rule, in the address; the form says what was chosen."""
    text = page(client, "/audit?grade=contradiction&rule=conflicting-claims")
    wanted = [
        i for i in built.items if i.grade is Grade.CONTRADICTION and i.rule == "conflicting-claims"
    ]
    assert len(wanted) == 5
    assert [match[1] for match in ARTICLE.finditer(text)] == [
        item.iri.rpartition("/")[2] for item in wanted
    ]
    assert re.findall(r'<option value="([\w-]+)" selected>', text) == [
        "contradiction",
        "conflicting-claims",
    ]
    assert "5 of 60 items" in words(text)
    answer = client.get("/audit?format=json&grade=cannot-be-judged").get_json()
    assert {item["grade"] for item in answer} == {"cannot be judged"}
    assert page(client, "/audit?grade=&rule=").count('<article class="item"') == len(built.items)
    none = page(client, "/audit?rule=sample-size")
    assert "0 of 60 items" in words(none)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/audit?grade=heavy", "There is no grade 'heavy' (there are: impossible, contradiction"),
        ("/audit?rule=sample-weight", "There is no rule 'sample-weight' (there are: "),
        ("/audit?page=2", "The parameter page is a number from 1 to 1."),
        ("/audit?page=-1", "The parameter page is a number from 1 to 1."),
        ("/audit?page=²", "The parameter page is a number from 1 to 1."),
        ("/audit?verdict=holds", "There is no parameter 'verdict' (there are: grade, rule, page)."),
        ("/audit?grade=oddity&grade=tension", "The parameter 'grade' came twice."),
        ("/audit?format=turtle", "This can be had as json or csv (?format=), or as a page."),
        (
            "/audit?format=json&format=csv",
            "This can be had as json or csv (?format=), or as a page.",
        ),
        (
            "/findings?verdict=true",
            "There is no verdict 'true' (there are: holds, differs, partly-",
        ),
        ("/findings/plug-compute-427?verdict=holds", "There is no parameter 'verdict'."),
    ],
)
def test_what_is_not_understood_is_said(client: FlaskClient, address: str, said: str) -> None:
    """With one sentence, whatever the client wants."""
    response = client.get(address, headers={"Accept": "text/csv, application/problem+json"})
    assert response.status_code == 400
    assert said in response.get_json()["detail"]


def test_impossible_wishes(client: FlaskClient) -> None:
    """Neither a page nor JSON nor CSV."""
    for address in ("/findings", "/audit", "/findings/three-without-nvidia"):
        assert client.get(address, headers={"Accept": "image/png"}).status_code == 406


def test_findings_by_section(client: FlaskClient, built: build.Built) -> None:
    """In the order of the paper, each with what is expected and recomputed, and the verdict."""
    text = page(client, "/findings")

    sections = re.findall(r'<h2 id="section-\d+">(.*?)</h2>', text)
    assert sections == list(dict.fromkeys(r.finding.section for r in built.results))
    assert sections[:2] == ["Abstract", "Background"]
    entries = {
        match[1]: words(match[0])
        for match in re.finditer(r'<li id="([\w-]+)">.*?</dl>\s*</li>', text, re.DOTALL)
    }
    assert list(entries) == [r.finding.name for r in built.results]
    for result in built.results:
        entry = entries[result.finding.name]
        assert entry.startswith(result.verdict.words)
        assert result.finding.statement in entry
        assert (result.finding.lacks in entry) if result.finding.lacks else "Lacks" not in entry
    assert entries["plug-compute-427"] == (
        "differs Training PLUG took an estimated 427 petaFLOP/s-days. Compute ¶2.3 "
        "expected 427 ± 1 recomputed 416.7"
    )
    assert entries["twelve-of-26-ethics"].endswith("expected 12 recomputed 4, 22 unknown")

    counted = Counter(result.verdict for result in built.results)
    rows = re.findall(r'verdict=([\w-]+)">.*?data-value="(\d+)"', text, re.DOTALL)
    assert [(name, int(count)) for name, count in rows[:4]] == [
        (verdict.words.replace(" ", "-"), counted[verdict]) for verdict in Verdict
    ]
    assert charts(text) == [{"mark": "bar", "x": "findings", "y": "verdict", "unit": ""}]


def test_findings_of_one_verdict(client: FlaskClient, built: build.Built) -> None:
    """The counts stay those of all."""
    text = page(client, "/findings?verdict=differs")
    differing = [r.finding.name for r in built.results if r.verdict is Verdict.DIFFERS]
    assert len(differing) == 12
    assert re.findall(r'<li id="([\w-]+)">', text) == differing
    assert f"12 of {len(built.results)} findings" in words(text)
    answer = client.get("/findings?verdict=differs&format=json").get_json()
    assert [finding["id"] for finding in answer] == differing
    assert all(finding["rows"] for finding in answer)


def test_a_finding_has_its_query_and_its_rows(
    client: FlaskClient, built: build.Built, project: Project
) -> None:
    """As the build had them, with all that is known of it."""
    queries = Catalogue.read(project.finding_files())
    text = page(client, "/findings/bagualu-parameters-14-5t")
    (result,) = (r for r in built.results if r.finding.name == "bagualu-parameters-14-5t")
    query = queries.get("bagualu-parameters-14-5t")

    facts = words(re.findall(r'<dl class="facts">.*?</dl>', text, re.DOTALL)[0])
    assert facts.startswith("Verdict holds Expected 1.45E13 Recomputed 1.45E13 Tolerance ± 5E10")
    assert "Stated in Performance ¶1.5" in facts
    assert query.text in html.unescape(text)
    (draft,) = re.findall(r'href="(/sparql\?draft=[^"]*)"', text)
    editor = client.get(html.unescape(draft), headers=HEADERS).text
    assert "PREFIX model:" in html.unescape(editor)
    columns = re.findall(r'data-column="(\w+)"', text)
    assert columns == list(result.columns)
    assert columns[:3] == ["item", "name", "value"]
    body = text[text.index('id="rows"') :]
    assert body.count("<tr>") - 1 == len(result.rows) > 0
    assert 'href="/graph/ding-xiao-2023/table-1"' in body

    lacking = words(page(client, "/findings/bagualu-first-brain-scale"))
    assert "Lacks: From which size on a model is of brain scale" in lacking
    without = words(page(client, "/findings/baai-partners"))
    assert "No query recomputes it." in without


def test_the_names_of_things_lead_to_their_pages(client: FlaskClient, built: build.Built) -> None:
    """A finding to its page, a rule to what it found; programs get data."""
    name = "three-without-nvidia"
    moved = client.get(f"/id/finding/{name}?version={built.version}", headers=HEADERS)
    assert moved.status_code == 303
    assert moved.location == f"/findings/{name}?version={built.version}"
    assert client.get("/id/finding/none", headers=HEADERS).status_code == 404
    assert client.get("/findings/none", headers=HEADERS).status_code == 404
    data = client.get(f"/id/finding/{name}?format=turtle")
    assert data.status_code == 200
    assert rdflib.URIRef(f"{IDS}finding/{name}") in set(
        rdflib.Graph().parse(data=data.text).subjects()
    )

    rule = client.get("/id/audit/sample-size", headers=HEADERS)
    assert (rule.status_code, rule.location) == (303, "/audit?rule=sample-size")
    assert client.get("/id/audit/none", headers=HEADERS).status_code == 404
    assert client.get(f"{page_of(built)}?format=json").get_json() == built.items[0].as_dict()
    described = rdflib.Graph().parse(data=client.get(f"{page_of(built)}?format=turtle").text)
    assert rdflib.URIRef(built.items[0].iri) in set(described.subjects())


def test_answers_are_tagged_and_lead_to_others(client: FlaskClient) -> None:
    """A client that has it is told so; the headers say in which formats it can be had."""
    for address in ("/audit?rule=identical-figures", "/findings?verdict=holds"):
        first = client.get(f"{address}&format=json")
        again = client.get(
            f"{address}&format=json", headers={"If-None-Match": first.headers["ETag"]}
        )
        assert (again.status_code, again.data) == (304, b"")
        other = client.get(f"{address}&format=csv")
        assert other.headers["ETag"] != first.headers["ETag"]
        alternates = [link for link in first.headers.getlist("Link") if 'rel="alternate"' in link]
        assert [re.search(r'type="(.*)"', link)[1] for link in alternates] == [  # type: ignore[index]
            "application/json",
            "text/csv",
        ]
        assert alternates[1].startswith(f"<{address}&format=csv>")
    tags = {client.get(a).headers["ETag"] for a in ("/audit", "/audit?grade=oddity", "/findings")}
    assert len(tags) == 3


def test_a_long_list_goes_on(
    client: FlaskClient, built: build.Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On further pages, which keep what was chosen; JSON has all of it."""
    monkeypatch.setattr(checks, "ON_A_PAGE", 7)
    wanted = [i.iri.rpartition("/")[2] for i in built.items if i.grade is Grade.ODDITY]
    assert 14 < len(wanted) <= 21
    found: list[str] = []
    for number in (1, 2, 3):
        text = page(client, f"/audit?grade=oddity&page={number}")
        found += [match[1] for match in ARTICLE.finditer(text)]
        onward = html.unescape("".join(re.findall(r'<a rel="next" href="([^"]*)"', text)))
        assert onward == (f"/audit?grade=oddity&page={number + 1}" if number < 3 else "")
    assert found == wanted
    assert len(client.get("/audit?grade=oddity&format=json").get_json()) == len(wanted)


def app_on(graphs: dict[str, bytes], folder: Path, project: Project) -> FlaskClient:
    """A client of the app on some graphs."""
    versions = Versions(folder)
    versions.publish("some", graphs, {}, keep=1)
    catalogue = Catalogue.read(project.query_files())
    return create_app(Current(versions), catalogue, Settings.load({})).test_client()


@pytest.fixture
def bare(built: build.Built, project: Project, tmp_path: Path) -> FlaskClient:
    """A client of the real graph without what was judged of it."""
    apart = {f"{BASE}graph/{name}" for name in ("audit", "claims", "findings")}
    left = {name: built.graphs[name] for name in built.graphs if name not in apart}
    return app_on(left, tmp_path, project)


def test_without_the_graphs_of_judgements(bare: FlaskClient, built: build.Built) -> None:
    """What the source says is told, without verdicts; the audit says that nothing is there."""
    text = page(bare, "/findings")
    assert "The verdicts are not served here" in text
    assert len(re.findall(r'<li id="([\w-]+)">', text)) == len(built.results)
    told = bare.get("/findings?format=json").get_json()
    assert len(told) == len(built.results)
    assert {(one["verdict"], one["computed"]) for one in told} == {(None, None)}
    assert "not served here" in words(page(bare, "/findings/three-without-nvidia"))
    assert bare.get("/findings/three-without-nvidia?format=csv").text == "\r\n"
    assert bare.get("/audit?format=json").get_json() == []
    assert "The audit found nothing" in page(bare, "/audit")
    assert bare.get(page_of(built), headers=HEADERS).status_code == 404


def test_the_miniature(tiny: Project, tmp_path: Path) -> None:
    """A graph without findings says so; what its audit found is there."""
    made = build.make(tiny, unwatched, [])
    assert made.report.conforms
    assert made.results == []
    client = app_on({name: made.graphs[name] for name in made.graphs}, tmp_path / "store", tiny)

    assert "This graph has no findings." in page(client, "/findings")
    assert client.get("/findings?format=json").get_json() == []
    assert client.get("/findings?format=csv").text.startswith("id,section,")
    assert made.items
    assert page(client, "/audit").count('<article class="item"') == len(made.items)
    assert client.get("/audit?format=json").get_json() == [i.as_dict() for i in made.items]


def test_rows_can_be_asked_for(store: EmbeddedStore, built: build.Built) -> None:
    """Which models a finding counted is a query of two lines, and so is by what it was counted."""
    _, rows = store.query(
        """PREFIX cllm: <https://w3id.org/china-llm/ontology#>
        PREFIX column: <https://w3id.org/china-llm/id/column/>
        PREFIX finding: <https://w3id.org/china-llm/id/finding/>
        PREFIX graph: <https://w3id.org/china-llm/graph/>
        PREFIX sh: <http://www.w3.org/ns/shacl#>
        SELECT ?item ?text WHERE { GRAPH graph:findings {
          finding:three-without-nvidia cllm:recomputedBy/sh:select ?text ; cllm:hasResult ?row .
          ?row column:item ?item ; column:counts true
        } } ORDER BY ?item"""
    ).rows()
    found = list(rows)
    assert [str(item) for item, _ in found] == [
        f"{IDS}model/{name}" for name in ("bagualu", "pangu-alpha", "zidong-taichu")
    ]
    assert "organization:nvidia cllm:country ?home" in str(found[0][1])

    _, rows = store.query(
        """PREFIX cllm: <https://w3id.org/china-llm/ontology#>
        PREFIX graph: <https://w3id.org/china-llm/graph/>
        SELECT (COUNT(?row) AS ?n) WHERE { GRAPH graph:findings { ?f cllm:hasResult ?row } }"""
    ).rows()
    assert int(str(next(rows)[0])) == sum(len(result.rows) for result in built.results) > 500


def test_the_arithmetic_can_be_asked_for(store: EmbeddedStore) -> None:
    """Which stated compute is above what is possible, and the factors of that, in SPARQL."""
    _, rows = store.query(
        """PREFIX cllm: <https://w3id.org/china-llm/ontology#>
        PREFIX graph: <https://w3id.org/china-llm/graph/>
        PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?figure ?low ?most (COUNT(DISTINCT ?factor) AS ?factors) WHERE { GRAPH graph:audit {
          ?item cllm:grade cllm:impossible ; cllm:compares ?stated , ?product .
          ?stated cllm:basedOn/rdf:object ?figure ; cllm:low ?low ; cllm:unit cllm:flop .
          ?product cllm:productOf ?factor ; cllm:high ?most ; cllm:unit cllm:flop
          FILTER (?low > ?most)
        } } GROUP BY ?figure ?low ?most"""
    ).rows()
    ((figure, low, most, factors),) = rows
    assert str(figure) == f"{IDS}figure/table-1-taiyi-stable-diffusion-compute"
    assert float(str(low)) == 2.545e22
    assert float(str(most)) == pytest.approx(3.612e21, rel=1e-3)
    assert int(str(factors)) == 3


def test_rules_have_names_in_both_languages(ontology: rdflib.Graph) -> None:
    """And a sentence that says what each does; the ontology has those of the code and no other."""
    kind = rdflib.URIRef(f"{PREFIXES['cllm']}AuditRule")
    found = {
        str(rule).removeprefix(f"{IDS}audit/") for rule in ontology.subjects(rdflib.RDF.type, kind)
    }
    assert found == set(audit.RULES)
    for name in audit.RULES:
        rule = rdflib.URIRef(f"{IDS}audit/{name}")
        labels = sorted(str(label.language) for label in ontology.objects(rule, rdflib.RDFS.label))  # type: ignore[attr-defined]
        assert [label.lower() for label in labels] == ["en", "zh-hans"]
        (definition,) = ontology.objects(rule, rdflib.SKOS.definition)
        assert str(definition).startswith("Rule that ")

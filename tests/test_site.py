"""The pages that people begin with: the front page, the search, the questions, and their words."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kg import build
from kg.errors import BadSource
from kg.project import Project
from kg.queries import Catalogue, parse
from kg.serve import assets
from tests.conftest import BROWSER, unwatched

HEADERS = {"Accept": BROWSER}
CHART = "#+ summary: s\n#+ description: d\n#+ tags: [t]\n#+ chart:\n{}\nSELECT ?x ?y {{}}"


def found(client: FlaskClient, text: str) -> list[str]:
    """The ids of what a search finds, in its order."""
    answer = client.get("/search", query_string={"q": text, "format": "json"})
    return [one["id"] for one in answer.get_json()["results"]]


@pytest.mark.parametrize(
    ("texts", "thing"),
    [
        (("文心", "ERNIE", "ernie", "Wenxin", "wen xin", "ＥＲＮＩＥ"), "series/ernie"),
        (("PanGu-α", "pangu alpha", "PANGU-ALPHA", "pan-gu α"), "model/pangu-alpha"),
        (("紫东太初", "zidong taichu", "Zidong-Taichu"), "model/zidong-taichu"),
        (("NÜWA", "nuwa", "Nu-Wa"), "model/nuwa"),
        (("V100", "nvidia-v100", "hardware/nvidia-v100"), "hardware/nvidia-v100"),
        (("tsinghua univresity",), "organization/tsinghua-university"),
    ],
)
def test_a_thing_is_found_by_any_of_its_names(
    client: FlaskClient, texts: tuple[str, ...], thing: str
) -> None:
    """In either language, in any case, with or without hyphens, in Greek letters or their names."""
    for text in texts:
        assert found(client, text)[0] == thing, text


def test_the_search_page(client: FlaskClient) -> None:
    """It lists what is found with what it is; for nothing it says so, and repeats the text."""
    page = client.get("/search?q=ernie", headers=HEADERS).text
    assert '<a href="/id/series/ernie">ERNIE series</a>' in page
    assert "series · ERNIE" in page
    none = client.get("/search", query_string={"q": "<b>xyzzy"}, headers=HEADERS).text
    assert "Nothing in the graph is called “&lt;b&gt;xyzzy”" in none
    assert client.get("/search", headers=HEADERS).status_code == 200
    for wrong in ("q=a&q=b", f"q={'a' * 201}", "q=a&format=csv"):
        assert client.get(f"/search?{wrong}").status_code == 400


def test_the_front_page(client: FlaskClient, project: Project) -> None:
    """It has the numbers of the graph, and what the headers of questions put on it, in order."""
    page = client.get("/", headers=HEADERS).text
    counts = dict(re.findall(r"<dt>([\w ]+)</dt><dd>([\d,]+)</dd>", page))
    assert (counts["models"], counts["developers"]) == ("26", "24")
    chosen = sorted(
        (query.home, query.name) for query in Catalogue.read(project.query_files()) if query.home
    )
    assert len(chosen) > 8
    places = [page.index(f'href="/queries/{name}"') for _, name in chosen]
    assert places == sorted(places)
    charts = [json.loads(html.unescape(c)) for c in re.findall(r'data-chart="([^"]*)"', page)]
    assert [chart["mark"] for chart in charts] == ["dot", "intervals", "network"]
    for table in re.findall(r'data-table="([^"]*)"', page):
        assert f'<table id="{table}"' in page


def test_a_question_has_its_form_its_answer_and_what_to_do_with_it(client: FlaskClient) -> None:
    """Pick lists from the graph, a permalink with the version, and the query with its values."""
    address = "/queries/models-by-developer?organization=organization:baidu"
    response = client.get(address, headers=HEADERS)
    page = response.text
    assert re.search(r'<option value="[^"]*/organization/baidu" selected>Baidu<', page)
    version = response.headers["X-KG-Data-Version"]
    permalink = re.search(r'<a href="(http[^"]*version=[^"]*)">', page)
    assert permalink
    path = html.unescape(permalink[1]).removeprefix("http://127.0.0.1:8000")
    assert path.endswith(f"?organization=organization%3Abaidu&version={version}")
    assert client.get(path, headers=HEADERS).text.count("<tr>") == page.count("<tr>") > 3
    draft = re.search(r'href="(/sparql\?draft=[^"]*)"', page)
    assert draft
    editor = client.get(html.unescape(draft[1]), headers=HEADERS).text
    assert "VALUES ?organization { &lt;https://w3id.org/china-llm/id/organization/baidu&gt; }" in (
        editor
    )
    assert "#+" not in editor


def test_every_question_is_in_its_theme(client: FlaskClient, project: Project) -> None:
    """Once, under the first of its tags."""
    page = client.get("/queries", headers=HEADERS).text
    sections = dict(re.findall(r'<h2 id="([\w-]+)">.*?(<ul.*?</ul>)', page, re.DOTALL))
    questions = list(Catalogue.read(project.query_files()))
    assert len(questions) > 50
    for query in questions:
        link = f'href="/queries/{query.name}"'
        assert link in sections[query.tags[0]], query.name
        assert page.count(link) == 1


@pytest.mark.parametrize(
    ("chart", "message"),
    [
        ("#+   mark: pie", "the chart's mark is none of"),
        ("#+   mark: dot\n#+   x: x", "the chart lacks 'y'"),
        ("#+   mark: dot\n#+   x: x\n#+   y: y\n#+   source: x", "an unknown entry 'source'"),
        ("#+   mark: dot\n#+   x: x\n#+   y: y\n#+   scale: root", "the chart's scale is none of"),
        ("#+   mark: matrix\n#+   label: x\n#+ home: first", "home is not a whole number"),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_an_error_of_the_file(chart: str, message: str) -> None:
    """It is said when the file is read."""
    with pytest.raises(BadSource, match=message):
        parse("x", CHART.format(chart), "x.rq")


def test_a_chart_draws_columns_of_the_answer(tiny: Project) -> None:
    """Of any other the build says in which file it is named."""
    path = tiny.root / "queries" / "models-by-year.rq"
    text = path.read_text("utf-8")
    assert "#+   x: models\n" in text
    path.write_text(text.replace("#+   x: models\n", "#+   x: ghosts\n"), "utf-8")
    with pytest.raises(BadSource, match=r"models-by-year\.rq.*'ghosts'"):
        build.make(tiny, unwatched, [])


def test_language(client: FlaskClient) -> None:
    """By the address, which is kept, then what was kept, then what the browser prefers."""
    chinese = client.get("/?lang=zh-Hans", headers=HEADERS)
    assert '<html lang="zh-Hans"' in chinese.text
    assert "问题" in chinese.text
    assert {"Accept-Language", "Cookie"} <= {*chinese.vary}
    assert '<html lang="zh-Hans"' in client.get("/queries", headers=HEADERS).text
    assert '<html lang="en"' in client.get("/queries?lang=en", headers=HEADERS).text
    client.delete_cookie("lang")
    for wish, language in (("zh-CN,en;q=0.5", "zh-Hans"), ("fr,de;q=0.5", "en"), ("", "en")):
        page = client.get("/", headers={**HEADERS, "Accept-Language": wish}).text
        assert f'<html lang="{language}"' in page, wish
    assert '<html lang="en"' in client.get("/?lang=x%22y", headers=HEADERS).text
    assert client.get("/queries/developers?lang=zh-Hans&format=csv").status_code == 200
    page = client.get("/id/organization/baai?lang=zh-Hans", headers=HEADERS).text
    assert "政府资助实验室" in page  # the label of its class


def test_theme(client: FlaskClient) -> None:
    """It is that of the system unless one was chosen, which is kept."""
    assert "data-theme=" not in client.get("/", headers=HEADERS).text
    assert 'data-theme="dark"' in client.get("/?theme=dark", headers=HEADERS).text
    assert 'data-theme="dark"' in client.get("/queries", headers=HEADERS).text
    page = client.get("/queries?theme=light&a=%22%3E", headers=HEADERS).text
    assert 'data-theme="light"' in page
    assert 'href="/queries?a=%22%3E&amp;theme=dark"' in page
    client.delete_cookie("theme")


def test_static_files(client: FlaskClient) -> None:
    """They are compressed, known by what they hold, and nothing beside them can be had."""
    address = assets.asset("style.css")
    first = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert (first.status_code, first.content_encoding) == (200, "gzip")
    assert first.cache_control.immutable
    assert first.mimetype == "text/css"
    tag = first.headers["ETag"]
    again = client.get(address, headers={"Accept-Encoding": "gzip", "If-None-Match": tag})
    assert again.status_code == 304
    assert not client.get("/static/style.css?v=old").cache_control.immutable
    for path in ("../app.py", "%2e%2e/app.py", "built/../../app.py", "none.css", ".hidden", "a/b"):
        assert client.get(f"/static/{path}").status_code == 404, path
    built = sorted(Path(assets.FOLDER, "built").glob("*.js"))
    assert built, "make web has not run"
    for file in built:
        response = client.get(f"/static/built/{file.name}")
        assert response.mimetype == "text/javascript", file
        assert response.get_data() == file.read_bytes()

"""Pages of a graph with poison in every text: nothing of it runs, hides, lies or breaks a page."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.parse

import pytest
from bench.browser import PAGES, PHONE
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.poison import IN_AN_ADDRESS, LONG, RUNS, TEXTS
from tests.browser.test_pages import too_wide
from tests.test_front import get

ODD = """() => {
    const all = [...document.querySelectorAll("*")];
    const ours = new URL("/static/", location).href;
    const isOurs = (script) =>
        script.src ? script.src.startsWith(ours) : /^application\\/(ld\\+)?json$/.test(script.type);
    return [
        ...all.filter((element) => [...element.attributes].some(({name}) => name.startsWith("on"))),
        ...[...document.scripts].filter((script) => !isOurs(script)),
        ...[...document.links].filter((link) => !["http:", "https:"].includes(link.protocol)),
        ...document.querySelectorAll("iframe, object, embed, base, style"),
        ...[...document.forms].filter((form) => new URL(form.action).host !== location.host),
    ].map((element) => element.outerHTML.slice(0, 200));
}"""
"""What has no place in a page of ours, wherever it came from."""
UNSEEN = r"""() => [...document.body.innerText.matchAll(
    /.{0,20}[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069].{0,20}/gu)].map(String)"""
"""Characters that nobody sees: they control a terminal, or turn round what stands beside them."""
REFLECTED = {
    "search": "/search?q={}",
    "error": "/queries/{}",
    "entity": "/id/model/{}",
    "format": "/queries/table-1?format={}",
    "parameter": "/queries/models-by-developer?organization={}",
    "query": "/sparql?query={}",
    "version": "/?version={}",
    "language": "/?lang={}&theme={}",
}
"""Addresses that say what a visitor sent back to whoever follows a link."""
DATA = tuple(
    name for name in PAGES if name not in ("home", "questions", "editor", "answer", "problem")
)


def damage(page: Page) -> list[str]:
    """What of a page is not as it was meant: foreign, hidden, or beside the screen."""
    return [*page.evaluate(ODD), *page.evaluate(UNSEEN), *too_wide(page)]


@pytest.mark.parametrize("name", PAGES)
def test_s14_s29_a_poisoned_page(visit: Visit, poisoned: str, name: str) -> None:
    """It is intact, and shows the poison as the text that it is."""
    page = visit(PAGES[name], address=poisoned)
    assert damage(page) == []
    page.set_viewport_size(PHONE)
    assert too_wide(page) == []
    if name in DATA:
        assert RUNS in page.locator("main").inner_text()


def test_s14_s29_poisoned_suggestions(visit: Visit, poisoned: str) -> None:
    """They are text that can be seen, and lead to pages of ours."""
    page = visit("/queries", size=PHONE, address=poisoned)
    for text in ("script", "WWW", "long", "two", "SUM", "ernie", "wudao", "university"):
        page.get_by_role("combobox").fill(text)
        expect(page.get_by_role("option").first).to_be_visible()
        assert damage(page) == []
        for option in page.get_by_role("option").all():
            expect(option).to_have_attribute("data-address", re.compile("^/id/"))
        page.get_by_role("combobox").fill("")
        expect(page.get_by_role("option").first).to_be_hidden()


def test_s14_s29_poison_in_the_editor(visit: Visit, poisoned: str) -> None:
    """Each view of an answer that a script makes shows it as text, and leads only to the web."""
    query = "SELECT * { ?thing ?property ?value . FILTER (!ISBLANK(?value)) } LIMIT 3000"
    page = visit(f"/sparql?{urllib.parse.urlencode({'query': query})}", address=poisoned)
    for view in ("Table", "Chart", "Text"):
        page.get_by_role("tab", name=view).click()
        expect(page.get_by_role("tabpanel", name=view)).not_to_be_empty()
        if view == "Table":
            page.get_by_role("button", name="value", exact=True).click()
            expect(page.get_by_role("columnheader", name="value")).to_have_attribute(
                "aria-sort", "ascending"
            )
            assert RUNS in page.get_by_role("tabpanel", name=view).inner_text()
        assert damage(page) == []


@pytest.mark.parametrize("name", REFLECTED)
def test_s14_s29_what_is_sent_back(visit: Visit, address: str, name: str) -> None:
    """It is text, also in the sentence that refuses it."""
    paths = [REFLECTED[name].replace("{}", urllib.parse.quote(p, safe="")) for p in IN_AN_ADDRESS]
    refused = any(get(f"{address}{path}")[0] >= 400 for path in paths)
    page = visit(paths[0], expecting=("the server responded with a status of",) * refused)
    for path in paths:
        page.goto(path)
        assert damage(page) == []


def test_s30_csv_keeps_what_is_there(poisoned: str) -> None:
    """RFC 4180, as SPARQL's CSV has it: every text is whole, also what a spreadsheet would run."""
    query = "SELECT DISTINCT ?text { ?s ?p ?text FILTER (ISLITERAL(?text)) } ORDER BY STR(?text)"
    asked = f"{poisoned}/sparql?{urllib.parse.urlencode({'query': query})}"
    answer = json.loads(get(f"{asked}&format=json")[1])
    expected = [row["text"]["value"] for row in answer["results"]["bindings"]]
    for poison in TEXTS:
        assert sum(text.startswith(poison) for text in expected) > 20

    body = get(f"{asked}&format=csv")[1].decode()
    header, *rows = csv.reader(io.StringIO(body, newline=""), strict=True)
    assert header == ["text"]
    assert [row[0] if row else "" for row in rows] == expected
    assert max(map(len, expected)) > LONG

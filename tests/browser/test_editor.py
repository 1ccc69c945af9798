"""The SPARQL editor: a query is written, mended, run, looked at, sent on, and ended."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import Any

from bench.browser import PHONE, SCHEMES
from playwright.sync_api import Locator, Page, Route, expect

from kg.namespaces import GRAPHS, TERMS
from tests.browser.conftest import Visit
from tests.browser.poison import RUNS, TEXTS
from tests.browser.test_accessible import source, violations
from tests.browser.test_pages import too_wide
from tests.browser.test_poisoned import damage

MODELS = f"""PREFIX cllm: <{TERMS}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?name ?released ?row {{
  ?model cllm:row ?row ; rdfs:label ?name ; cllm:released ?released . FILTER (LANG(?name) = "en")
}} ORDER BY ?name"""
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
MANY = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 250"


def path(query: str, name: str = "query") -> str:
    """Where a query is asked, or shown as a draft."""
    return f"/sparql?{urllib.parse.urlencode({name: query})}"


def code(page: Page) -> Locator:
    """The field in which the query is written."""
    return page.locator(".cm-content")


def write(page: Page, text: str) -> None:
    """Type a query in place of what is there; brackets close by themselves."""
    code(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


def offered(page: Page) -> Locator:
    """What may be written where the cursor is."""
    return page.get_by_role("listbox", name="Completions").get_by_role("option")


def status(page: Page) -> Locator:
    """The line that says what has become of the query."""
    return page.locator("main").get_by_role("status")


def test_run_a_query_by_keyboard(visit: Visit) -> None:
    """The answer is below it, the address follows, and a heading sorts."""
    page = visit(path(MODELS, "draft"))
    code(page).click()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(status(page)).to_have_text(re.compile(r"26 rows · [\d.]+ s · complete"))
    expect(page).to_have_url(re.compile(r"/sparql\?query="))
    expect(page.get_by_role("tab", name="Table")).to_have_attribute("aria-selected", "true")
    rows = page.locator("#answer tbody tr")
    expect(rows).to_have_count(26)
    expect(rows.first).to_contain_text("ALM 1.0")
    head = page.get_by_role("columnheader", name="row")
    for direction, first in (("ascending", "1"), ("descending", "26")):
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", direction)
        expect(rows.first.get_by_role("cell").last).to_have_text(first)
    head.get_by_role("button").click()
    expect(rows.first).to_contain_text("ALM 1.0")


def test_complete_a_query(visit: Visit) -> None:
    """Classes, properties and things by any name, each with the prefix that it needs."""
    page = visit("/sparql")
    write(page, "SELECT * {\n?m a 模")
    expect(offered(page).first).to_contain_text("cllm:Model")
    expect(offered(page).first).to_contain_text("模型")
    offered(page).first.click()
    expect(code(page)).to_contain_text(f"PREFIX cllm: <{TERMS}>")
    page.keyboard.type(" ; hasDeveloper")
    expect(offered(page).first).to_contain_text("cllm:hasDeveloper")
    offered(page).first.click()
    page.keyboard.type(" 百度")
    expect(offered(page)).to_contain_text(["organization:baidu"])
    offered(page).first.click()
    expect(code(page)).to_contain_text("cllm:hasDeveloper organization:baidu")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(status(page)).to_contain_text("4 rows")


def test_mistakes_are_marked_and_mended(visit: Visit) -> None:
    """While one writes: what it is, where, and how to mend it."""
    page = visit("/sparql")
    write(page, "SELECT * { ?m a cllm:Modle }")
    problems = page.get_by_role("list", name="Mistakes").get_by_role("listitem")
    expect(problems.first).to_contain_text("The prefix cllm: is not declared.")
    problems.get_by_role("button", name=re.compile("Add PREFIX cllm:")).click()
    expect(problems).to_have_text([re.compile("has no term cllm:Modle")])
    problems.get_by_role("button", name="Write cllm:Model").click()
    expect(problems).to_have_text(["No mistakes"])
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type("}")
    expect(problems.first).to_contain_text("“}” is not expected here.")
    page.keyboard.press("ControlOrMeta+Home")
    page.keyboard.press("F8")
    expect(page.locator(".cm-tooltip")).to_contain_text("not expected")


def test_what_the_server_refuses_is_marked(visit: Visit) -> None:
    """With its line, and what it said; a link to such a query says it, too."""
    query = "SELECT ?s {\n?s ?p ?o }\nGROUP BY ?o"
    page = visit(path(query, "draft"), expecting=("status of 400",))
    page.get_by_role("button", name="Run").click()
    expect(status(page)).to_have_text("There is no answer.")
    alert = page.locator("#answer").get_by_role("alert")
    expect(alert).to_contain_text("The SELECT contains a variable that is unbound")
    problems = page.get_by_role("list", name="Mistakes").get_by_role("listitem")
    expect(problems).to_contain_text(["Line 3"])
    code(page).click()
    page.keyboard.type(" ")
    expect(problems).to_have_text(["No mistakes"])
    again = visit(path(query), expecting=("status of 400",))
    expect(again.locator("#answer").get_by_role("alert")).to_contain_text("unbound")
    expect(again.get_by_role("list", name="Mistakes")).to_contain_text("Line 3")
    plain = visit(path(query), has_scripts=False, expecting=("status of 400",))
    expect(plain.get_by_role("alert")).to_contain_text("unbound")
    expect(plain.get_by_role("textbox", name="Query")).to_have_value(query)


def test_cancel_a_slow_query(visit: Visit) -> None:
    """By Escape or the button; that it was is said, and the server goes on with others."""
    page = visit(path(SLOW, "draft"))
    run, cancel = (page.get_by_role("button", name=name) for name in ("Run", "Cancel"))
    for end in (lambda: page.keyboard.press("Escape"), cancel.click):
        run.click()
        expect(cancel).to_be_visible()
        expect(status(page)).to_have_text("Running…")
        end()
        expect(status(page)).to_contain_text("Cancelled")
        expect(cancel).to_be_hidden()
    write(page, "ASK { }")
    run.click()
    expect(status(page)).to_contain_text("Answered")
    expect(page.locator("#answer .truth")).to_contain_text("true")


def test_a_query_is_cancelled_by_name_once_it_has_one(visit: Visit) -> None:
    """Since a proxy may hide that whoever asked has left."""
    page = visit(path("SELECT * { ?a ?b ?c . ?d ?e ?f }", "draft"))
    with page.expect_response(re.compile(r"/sparql\?query=")) as asked:
        page.get_by_role("button", name="Run").click()
    held: list[Route] = []  # else the server may end the answer before the page has left it
    page.route(re.compile("/running/"), lambda route: held.append(route))
    with (
        page.expect_event("requestfailed", lambda failed: "/sparql?" in failed.url),
        page.expect_request(re.compile("/running/")) as ended,
    ):
        page.get_by_role("button", name="Cancel").click()
    held[0].continue_()
    assert ended.value.method == "DELETE"
    assert ended.value.url.endswith(f"/running/{asked.value.headers['x-kg-query-id']}")
    expect(status(page)).to_contain_text("Cancelled")


def test_too_much_for_a_page_is_said_aloud(visit: Visit) -> None:
    """The beginning is shown, and the rest can be taken away."""
    page = visit(path("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 150000", "draft"))
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer").get_by_role("alert")).to_contain_text("not the whole answer")
    expect(status(page)).to_contain_text("not complete")
    expect(page.locator("#answer tbody tr")).to_have_count(100)


def test_what_the_server_cuts_is_said_aloud(visit: Visit) -> None:
    """JSON that ends after a whole row, with a word that this is not all."""
    page = visit(path(MODELS, "draft"))
    body: dict[str, Any] = {
        "head": {"vars": ["a"]},
        "results": {"bindings": [{"a": {"type": "literal", "value": "<b>one</b>"}}]},
        "x-complete": False,
    }
    page.route(
        re.compile(r"/sparql\?query="),
        lambda route: route.fulfill(
            body=json.dumps(body), content_type="application/sparql-results+json"
        ),
    )
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer").get_by_role("alert")).to_contain_text("limit of time or memory")
    expect(page.locator("#answer tbody td")).to_have_text("<b>one</b>")


def test_back_and_forward(visit: Visit) -> None:
    """The address is that of what was run, with the version if that is pinned."""
    page = visit(path(MODELS))
    expect(status(page)).to_contain_text("26 rows")
    write(page, "ASK { ?none ?of ?these }")
    page.get_by_role("checkbox", name="Keep to data version").check()
    page.get_by_role("button", name="Run").click()
    expect(status(page)).to_contain_text("Answered")
    expect(page).to_have_url(re.compile("ASK.*&version=[0-9a-f]{16}"))
    pinned = page.url
    page.go_back()
    expect(status(page)).to_contain_text("26 rows")
    expect(code(page)).to_contain_text("ORDER BY ?name")
    expect(page.get_by_role("checkbox", name="Keep to data version")).not_to_be_checked()
    page.go_forward()
    expect(page.locator("#answer .truth")).to_be_visible()
    again = visit(f"/sparql{pinned.partition('/sparql')[2]}")
    expect(again.get_by_role("checkbox", name="Keep to data version")).to_be_checked()
    expect(again.locator("#answer .truth")).to_contain_text("true")


def test_the_graphs_of_a_link_are_asked_again(visit: Visit) -> None:
    """By the script too, also when one comes back to them."""
    link = f"{path('SELECT * { ?s ?p ?o } LIMIT 5')}&default-graph-uri={GRAPHS}none"
    page = visit(link)
    expect(status(page)).to_contain_text("0 rows")
    page.get_by_role("button", name="Run").click()
    expect(status(page)).to_contain_text(re.compile("0 rows · .* s"))
    page.goto(path("SELECT * { ?s ?p ?o } LIMIT 5"))
    expect(status(page)).to_contain_text("5 rows")


def test_a_long_table_has_pages(visit: Visit) -> None:
    """A hundred rows at a time, with how many there are."""
    page = visit(path(MANY))
    table, pages = page.locator("#answer tbody tr"), page.get_by_role("navigation", name="Pages")
    expect(table).to_have_count(100)
    expect(pages).to_contain_text("Rows 1 to 100 of 250")
    pages.get_by_role("button", name="Last rows").click()
    expect(table).to_have_count(50)
    expect(pages).to_contain_text("Rows 201 to 250 of 250")
    expect(pages.get_by_role("button", name="Next rows")).to_be_disabled()


def test_draw_an_answer(visit: Visit) -> None:
    """As the columns suggest, or as one chooses."""
    page = visit(path(MODELS))
    page.get_by_role("tab", name="Chart").click()
    marks = page.locator("#answer figure.chart svg [aria-label=dot] > *")
    expect(marks).to_have_count(26)
    page.get_by_label("Drawn as").select_option("bar")
    expect(page.get_by_label("across")).to_have_value("row")
    expect(page.get_by_label("up")).to_have_value("name")
    names = page.locator("#answer figure.chart svg [aria-label='y-axis tick label'] > *")
    expect(names).to_have_count(26)


def test_draw_a_graph(visit: Visit) -> None:
    """What a CONSTRUCT makes is a network at first; the table has all of it."""
    query = f"CONSTRUCT {{ ?m <{TERMS}hasDeveloper> ?d }} WHERE {{ ?m <{TERMS}hasDeveloper> ?d }}"
    page = visit(path(query))
    expect(page.locator("#answer figure.network canvas").first).to_be_visible()
    page.get_by_role("tab", name="Graph").press("ArrowLeft")
    expect(page.get_by_role("tab", name="Table")).to_be_focused()
    expect(page.locator("#answer tbody tr").first).to_contain_text("has developer")
    page.get_by_role("tab", name="Text").click()
    page.get_by_label("Format").first.select_option("ntriples")
    expect(page.locator("#answer pre")).to_contain_text(f"<{TERMS}hasDeveloper>")


def test_take_an_answer_away_from_the_editor(visit: Visit) -> None:
    """As a file of any format, also where the query is too long for a link."""
    for comment in ("", "# " + "long " * 2_000):
        page = visit(path(MODELS, "draft"))
        code(page).click()
        page.keyboard.press("ControlOrMeta+End")
        page.keyboard.press("Enter")
        page.keyboard.insert_text(comment)
        page.get_by_role("button", name="Run").click()
        expect(status(page)).to_contain_text("26 rows")
        with page.expect_download() as saved:
            page.locator("#answer .formats").get_by_text("csv", exact=True).click()
        assert saved.value.suggested_filename == "answer.csv"
        assert len(saved.value.path().read_text("utf-8").splitlines()) == 27


def test_begin_with_a_question(visit: Visit) -> None:
    """It is looked for, put into the editor with its parameters, and run."""
    page = visit("/sparql")
    page.get_by_role("searchbox", name="Look for a question").fill("developer organization")
    links = page.locator("[data-gallery]").get_by_role("link")
    expect(links).to_contain_text([re.compile("Which models did an organization develop")])
    links.filter(has_text="Which models did an organization develop").click()
    expect(code(page)).to_contain_text("VALUES ?organization")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer tbody tr").first).to_be_visible()
    page.get_by_role("searchbox", name="Look for a question").fill("no question has this")
    expect(page.get_by_text("No question has these words.")).to_be_visible()


def test_open_a_question_in_the_editor(visit: Visit) -> None:
    """From its own page, with what was chosen there; it is not run by that."""
    page = visit("/queries/models-by-developer?organization=organization:baidu")
    page.get_by_text("The query in SPARQL").click()
    page.get_by_role("link", name="Open in the editor").click()
    expect(code(page)).to_contain_text("organization/baidu> }")
    expect(page.locator("#answer")).to_be_empty()


def test_the_last_draft_is_offered(visit: Visit) -> None:
    """What was written and not run is there when one comes back."""
    page = visit("/sparql")
    write(page, "ASK { ?what ?was ?written }")
    page.wait_for_function("() => localStorage.getItem('sparql-draft')?.includes('written }')")
    page.goto("/sparql")
    expect(code(page)).not_to_contain_text("?written")
    page.get_by_role("button", name="Go on with it").click()
    expect(code(page)).to_contain_text("?written")


def test_the_keyboard_leaves_the_editor(visit: Visit) -> None:
    """Tab does; and the list of keys says so."""
    page = visit("/sparql")
    code(page).focus()
    expect(code(page)).to_be_focused()
    page.keyboard.press("F1")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("leave the editor")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("Tab")
    expect(code(page)).not_to_be_focused()


def test_every_state_of_the_editor_is_accessible(visit: Visit) -> None:
    """With mistakes, offers, an answer in each view, and the keys; in light and in dark."""
    page = visit(path(f"CONSTRUCT {{ ?m <{TERMS}hasDeveloper> ?d }} {{ ?m ?p ?d }} LIMIT 9"))
    page.evaluate(source())
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found[f"{state}, {scheme}"] = violations(page)

    for view in ("Table", "Graph", "Text"):
        page.get_by_role("tab", name=view).click()
        expect(page.get_by_role("tabpanel", name=view)).not_to_be_empty()
        look(view)
    write(page, "SELECT * { ?m a nope:no ; nam")
    expect(page.get_by_role("list", name="Mistakes")).to_contain_text("nope:")
    expect(offered(page).first).to_be_visible()
    look("writing")
    page.goto(path(MODELS))
    page.evaluate(source())
    page.get_by_role("tab", name="Chart").click()
    expect(page.locator("#answer figure.chart svg").first).to_be_visible()
    look("Chart")
    page.get_by_role("button", name="Keys").click()
    look("keys")
    assert len(found) == 12
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_the_editor_speaks_chinese_names(visit: Visit) -> None:
    """Labels of answers are in the language of the page."""
    page = visit(path(f"SELECT ?c {{ VALUES ?c {{ <{TERMS}Model> }} }}"), language="zh-CN")
    expect(page.locator("#answer tbody td")).to_have_text("模型")


def test_write_over_several_lines(visit: Visit) -> None:
    """They are replaced by the editor: a browser would join them by styles, against our policy."""
    page = visit(path("SELECT * {\n?s ?p ?o\n}", "draft"))
    code(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("ASK {}")
    expect(code(page)).to_have_text(re.compile(r"^ASK \{\}+$"))


def test_s14_s29_a_poisoned_answer(visit: Visit, poisoned: str) -> None:
    """In each view it is text; an address that would run leads nowhere."""
    values = " ".join(json.dumps(text, ensure_ascii=False) for text in TEXTS if "\0" not in text)
    addresses = f"<javascript:{RUNS}> <data:text/html,{RUNS}> <https://example.org/a>"
    for query in (
        f"SELECT * {{ VALUES ?text {{ {values} }} VALUES ?address {{ {addresses} }} }}",
        "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 200",
        "SELECT * { ?s ?p ?o } LIMIT 200",
    ):
        page = visit(path(query, "draft"), address=poisoned)
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("tab").first).to_be_visible()
        for tab in page.get_by_role("tab").all():
            tab.click()
            assert damage(page) == []
        page.set_viewport_size(PHONE)
        assert too_wide(page) == []

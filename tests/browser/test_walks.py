"""What people come for, walked from the front page on, with scripts and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit

with_and_without = pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])


def heading(page: Page) -> Locator:
    """The one that says what a page is."""
    return page.get_by_role("heading", level=1)


@pytest.mark.parametrize("name", ["紫东太初", "zidong TAICHU", "Zidong-Taichu"])
@with_and_without
def test_find_a_model_by_its_name(visit: Visit, name: str, has_scripts: bool) -> None:
    """In Chinese or English, in any spelling, it is what is found first."""
    page = visit("/", has_scripts=has_scripts)
    page.locator("main").get_by_role("search").locator("input").fill(name)
    page.get_by_role("button", name="Search").click()
    expect(heading(page)).to_have_text("Search")
    first = page.locator("main").get_by_role("listitem").first
    expect(first).to_contain_text("紫东太初")
    first.get_by_role("link").click()
    expect(heading(page)).to_contain_text("Zidong Taichu")


def test_choose_a_suggestion_by_keyboard(visit: Visit) -> None:
    """Names are proposed while one is written, and read out by whoever needs that."""
    page = visit("/queries")
    field = page.get_by_role("search").get_by_role("combobox")
    field.fill("紫东")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("Zidong Taichu")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    chosen = options.first.get_attribute("id")
    assert chosen
    expect(field).to_have_attribute("aria-activedescendant", chosen)
    field.press("Enter")
    expect(heading(page)).to_contain_text("Zidong Taichu")


def test_suggestions_go_away(visit: Visit) -> None:
    """By Escape, and when there is nothing of that name."""
    page = visit("/queries")
    field = page.get_by_role("search").get_by_role("combobox")
    for ends in (lambda: field.press("Escape"), lambda: field.fill("no thing is called so")):
        field.fill("pangu")
        expect(page.get_by_role("option").first).to_be_visible()
        ends()
        expect(page.get_by_role("option").first).to_be_hidden()
        expect(field).to_have_attribute("aria-expanded", "false")


@with_and_without
def test_fill_a_form(visit: Visit, has_scripts: bool) -> None:
    """Choose from the names of the graph; the address is a link to the same answer."""
    page = visit("/queries", has_scripts=has_scripts)
    page.get_by_role("link", name="Which models did an organization develop").click()
    page.locator("main form").get_by_role("combobox").select_option(label="Baidu")
    page.get_by_role("button", name="Ask").click()
    expect(page).to_have_url(re.compile("organization="))
    expect(page.locator("main form").locator("option:checked")).to_have_text("Baidu")
    rows = page.locator("#answer tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("ERNIE 3.0")
    there = page.url.partition("/queries/")[2]
    again = visit(f"/queries/{there}", has_scripts=has_scripts)
    expect(again.locator("#answer tbody tr")).to_have_text(rows.all_text_contents())


@with_and_without
def test_the_permalink_names_the_version(visit: Visit, has_scripts: bool) -> None:
    """What is cited leads to the answer of the version that it names."""
    page = visit("/queries/table-1", has_scripts=has_scripts)
    page.get_by_text("Cite this answer").click()
    link = page.locator("main details[open] a").first
    expect(link).to_be_visible()
    expect(link).to_have_text(re.compile(r"/queries/table-1\?.*version=[0-9a-f]{16}"))
    cited = link.inner_text()
    again = visit(f"/queries/{cited.partition('/queries/')[2]}", has_scripts=has_scripts)
    expect(again.locator("#answer tbody tr")).to_have_count(26)


def test_read_the_table_of_a_chart(visit: Visit) -> None:
    """What is drawn is also a table, which can be opened, with as many rows as there are marks."""
    page = visit("/queries/parameters-over-time")
    rows = page.locator("#answer tbody tr")
    marks = page.locator("figure[data-chart] svg [aria-label=dot] path")
    expect(marks).to_have_count(rows.count())
    assert rows.count() > 15

    home = visit("/")
    summary = home.get_by_text("The same as a table").first
    summary.focus()
    home.keyboard.press("Enter")
    expect(home.locator("details[open] tbody tr").first).to_be_visible()


@with_and_without
def test_read_chinese(visit: Visit, has_scripts: bool) -> None:
    """The language is chosen once, and kept on the next page; a browser's own wish is followed."""
    page = visit("/queries", has_scripts=has_scripts)
    page.get_by_role("link", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.get_by_role("link", name="China LLM Landscape").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    chinese = visit("/queries", language="zh-CN", has_scripts=has_scripts)
    expect(chinese.locator("html")).to_have_attribute("lang", "zh-Hans")


@with_and_without
def test_read_in_the_dark(visit: Visit, has_scripts: bool) -> None:
    """The theme is chosen once, over what the system says, and kept on the next page."""
    page = visit("/queries", has_scripts=has_scripts)
    paper = page.locator("body")
    light = paper.evaluate("body => getComputedStyle(body).backgroundColor")
    page.get_by_role("link", name="Dark theme").click()
    expect(paper).not_to_have_css("background-color", light)
    page.get_by_role("link", name="China LLM Landscape").click()
    expect(paper).not_to_have_css("background-color", light)
    page.get_by_role("link", name="Light theme").click()
    expect(paper).to_have_css("background-color", light)
    dark = visit("/queries", scheme="dark", has_scripts=has_scripts)
    expect(dark.locator("body")).not_to_have_css("background-color", light)


def test_skip_to_the_content(visit: Visit) -> None:
    """The first thing that the keyboard reaches leads past the navigation."""
    page = visit("/queries")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@with_and_without
def test_take_an_answer_away(visit: Visit, has_scripts: bool) -> None:
    """Each format of an answer is a link, which keeps what was asked."""
    path = "/queries/models-by-developer?organization=organization:baidu"
    page = visit(path, has_scripts=has_scripts)
    link = page.locator(".formats").get_by_role("link", name="csv")
    response = page.request.get(f"{link.evaluate('link => link.href')}")
    assert response.headers["content-type"].startswith("text/csv")
    assert response.text().count("\r\n") == 5

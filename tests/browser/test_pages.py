"""Each page as it is opened: nothing fails, nothing is wider than the screen, nothing is hidden."""

from __future__ import annotations

import re

import pytest
from bench.browser import ENTITIES, LANGUAGES, PAGES, PHONE, WIDE, draw_all
from bench.pages import BUDGETS, measured
from playwright.sync_api import Browser, Page, ViewportSize, expect

from kg.project import Project
from kg.queries import Catalogue
from tests.browser.conftest import Visit

TOO_WIDE = """async (frames) => {
    const isTooWide = () => document.scrollingElement.scrollWidth > innerWidth;
    for (; isTooWide() && frames; frames -= 1) await new Promise(requestAnimationFrame);
    return !isTooWide() ? [] : [...document.querySelectorAll("body *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.outerHTML.slice(0, 80))
        .slice(0, 10);
}"""
UNREADABLE = """() => [...document.querySelectorAll("figure[data-chart] svg")].flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    // a font may keep room above and below its letters
    const inked = ({left, right, top, bottom, height}) =>
        ({left, right, top: top + 0.2 * height, bottom: bottom - 0.2 * height});
    const lines = [...svg.querySelectorAll("text:not([transform*=rotate])")]
        .flatMap((text) => (text.children.length ? [...text.children] : [text]))
        .filter((line) => line.textContent.trim())
        .map((line) => [line.textContent, inked(line.getBoundingClientRect())]);
    const cut = lines.filter(([, box]) =>
        box.left < frame.left - 1 || box.right > frame.right + 1 ||
        box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
    const overlaps = ([, one], [, other]) =>
        Math.min(one.right, other.right) - Math.max(one.left, other.left) > 2 &&
        Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 2;
    return [
        ...cut.map(([text]) => `cut: ${text}`),
        ...lines.flatMap((one, place) => lines.slice(place + 1)
            .filter((other) => overlaps(one, other))
            .map((other) => `over each other: ${one[0]}, ${other[0]}`)),
    ];
})"""
"""Words of a chart that are cut off by its frame, or stand over each other."""


def too_wide(page: Page, frames: int = 120) -> list[str]:
    """What is beyond the right side of a page that has to be scrolled sideways.

    Figures that are drawn again in another size have ``frames`` pictures of the screen for it.
    """
    found: list[str] = page.evaluate(TOO_WIDE, frames)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page(visit: Visit, name: str) -> None:
    """It has a title, one heading and its navigation, can be read, and fits a screen and a phone.

    All tables and forms are there, with the same rows, before any script has run.
    """
    page = visit(PAGES[name])
    expect(page).to_have_title(re.compile(r"\S · China LLM Landscape$"))
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("navigation").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert too_wide(page) == []
    assert page.evaluate(UNREADABLE) == []
    page.set_viewport_size(PHONE)
    assert too_wide(page) == []

    plain = visit(PAGES[name], has_scripts=False)
    assert too_wide(plain, frames=0) == []
    for part in ("h1", "main table", "main form", "main tr"):
        expect(page.locator(part)).to_have_count(plain.locator(part).count())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_charts_can_be_read(
    visit: Visit, project: Project, size: ViewportSize, language: str
) -> None:
    """Each question that is drawn: no word is cut off, or stands over another one."""
    drawn = [query for query in Catalogue.read(project.query_files()) if query.chart]
    assert len(drawn) >= 8
    page = visit("/", size=size, language=language)
    assert page.evaluate(UNREADABLE) == []
    for query in drawn:
        page.goto(f"/queries/{query.name}")
        draw_all(page)
        assert page.locator("figure[data-drawn]").count() == 1, query.name
        assert page.evaluate(UNREADABLE) == [], query.name


def test_what_is_not_there(visit: Visit) -> None:
    """It is said on a page that leads back."""
    page = visit("/id/model/none", expecting=("status of 404",))
    expect(page.locator("main")).to_contain_text("says nothing about")
    page.get_by_role("link", name="questions").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Questions")


@pytest.mark.parametrize("name", BUDGETS)
def test_a_page_is_light(browser: Browser, address: str, name: str) -> None:
    """All that is transferred for it stays within its budget."""
    page = measured(browser, address, PAGES[name])
    assert 1 < page.requests < 60
    assert 1_000 < page.transferred <= BUDGETS[name]


def test_each_entity_has_a_budget() -> None:
    """And so have the front page and the editor."""
    assert BUDGETS.keys() == {"home", "editor", *ENTITIES}
    assert len(ENTITIES) >= 10

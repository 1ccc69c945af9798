"""Each page as it is opened: nothing fails, nothing is wider than the screen, nothing is hidden."""

from __future__ import annotations

import re

import pytest
from bench.browser import ENTITIES, PAGES, PHONE, WIDE
from bench.pages import BUDGETS, measured
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import Visit

TOO_WIDE = """() => {
    if (document.scrollingElement.scrollWidth <= innerWidth) return [];
    return [...document.querySelectorAll("body *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.outerHTML.slice(0, 80))
        .slice(0, 10);
}"""


def too_wide(page: Page) -> list[str]:
    """What is beyond the right side of a page that has to be scrolled sideways."""
    found: list[str] = page.evaluate(TOO_WIDE)
    return found


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page(visit: Visit, name: str, size: ViewportSize) -> None:
    """It has a title, one heading and its navigation, says its language, and fits the screen."""
    page = visit(PAGES[name], size=size)
    expect(page).to_have_title(re.compile(r"\S · China LLM Landscape$"))
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("navigation").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert too_wide(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_scripts(visit: Visit, name: str) -> None:
    """All tables and forms are there, with the same rows, before any script has run."""
    plain, full = visit(PAGES[name], has_scripts=False), visit(PAGES[name])
    for part in ("h1", "main table", "main form", "main tr"):
        expect(full.locator(part)).to_have_count(plain.locator(part).count())
    assert too_wide(plain) == []


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

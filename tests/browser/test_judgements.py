"""Findings and audit in a browser: filtered, drawn, read as numbers, followed to their queries."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_walks import heading, with_and_without

ENDS = """figure => [...figure.querySelectorAll("svg circle")].map(circle => {
    const {x, width} = circle.getBoundingClientRect();
    return Math.round(x + width / 2 - figure.getBoundingClientRect().x);
})"""


def places(page: Page) -> list[int]:
    """Where the ends of what is compared are drawn, from the left, in pixels."""
    found: list[int] = page.locator("figure[data-drawn=compared]").first.evaluate(ENDS)
    return sorted(set(found))


@with_and_without
def test_from_a_grade_to_the_arithmetic(visit: Visit, has_scripts: bool) -> None:
    """Choose a grade, read what is compared in numbers, and go on to the item and its source."""
    page = visit("/audit", has_scripts=has_scripts)
    page.get_by_role("combobox", name="Grade").select_option("impossible")
    page.get_by_role("button", name="Show").click()
    items = page.locator("article.item")
    expect(items).to_have_count(2)
    first = items.first
    expect(first).to_contain_text("7.095 times the most that is possible")
    first.get_by_text("The same in numbers").click()
    expect(first.locator("tbody tr")).to_have_count(2)
    expect(first.locator("p.reckoned")).to_contain_text("3,600 seconds in an hour")
    first.get_by_role("link", name="Training of Taiyi-Stable Diffusion").click()
    expect(heading(page)).to_have_text("Training of Taiyi-Stable Diffusion")
    expect(page).to_have_url(re.compile(r"/id/audit/[0-9a-f]{16}$"))
    page.locator("main .said a").first.click()
    expect(page).to_have_url(re.compile("/graph/ding-xiao-2023/table-1$"))


def test_what_is_compared_is_drawn_to_scale(visit: Visit) -> None:
    """From zero one is seven times as far as the other; on an axis of powers decades are even."""
    page = visit("/audit?rule=compute-against-hardware&grade=impossible")
    grid = page.locator("figure[data-drawn=compared] [aria-label='x-axis tick label'] text").first
    expect(grid).to_have_text("0")
    figure = page.locator("figure[data-drawn=compared]").first
    expect(figure).to_contain_text("× 7.095")
    least, most = places(page)
    left = 8 + figure.locator(".drawing").evaluate("drawing => drawing.offsetLeft")
    assert abs((most - left) / (least - left) - 7.095) < 0.4

    page = visit("/audit?rule=conflicting-claims&grade=tension")
    expect(page.locator("figure[data-drawn=compared]")).to_have_count(2)
    assert len(places(page)) == 2


def test_days_are_drawn(visit: Visit) -> None:
    """A period has two ends, a day one, and what is between is written at it."""
    page = visit("/audit?rule=release-against-events")
    figure = page.locator("figure[data-drawn=compared]")
    expect(figure).to_contain_text("132 days")
    assert len(places(page)) == 3


@with_and_without
def test_from_a_verdict_to_the_query(visit: Visit, has_scripts: bool) -> None:
    """Choose a verdict, open a finding, see which rows were counted, and take its query along."""
    page = visit("/findings", has_scripts=has_scripts)
    page.get_by_role("combobox", name="Verdict").select_option("holds")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status")).to_contain_text("46 of 131 findings")
    page.get_by_role("link", name="Three of the models studied say that").click()
    rows = page.locator("#rows tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("BaGuaLu")
    page.get_by_text("The query in SPARQL").click()
    expect(page.locator("details[open] pre")).to_contain_text("organization:nvidia")
    page.get_by_role("link", name="Open in the editor").click()
    expect(page).to_have_url(re.compile(r"/sparql\?draft="))
    expect(page.locator("main")).to_contain_text("organization:nvidia")


def test_drawings_are_as_high_as_their_room(visit: Visit) -> None:
    """So that nothing moves when they come, and a link to an item stays where it led."""
    plain, page = visit("/audit", has_scripts=False), visit("/audit")
    rooms = plain.locator("svg.room").evaluate_all(
        "all => all.map(one => one.getAttribute('height'))"
    )
    drawn = page.locator("figure[data-drawn] > .drawing > svg").evaluate_all(
        "all => all.map(one => one.getAttribute('height'))"
    )
    assert len(rooms) == 24
    assert drawn == rooms

"""The page of a thing, walked: to a source, a proof, a neighbour, with scripts and without."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_walks import heading, with_and_without

MODEL = "/id/model/bagualu"


def why_of(page: Page, name: str) -> Locator:
    """The link to the proof that the thing is of a kind."""
    kinds = page.locator(".facts li").filter(has_text=name).first
    return kinds.get_by_role("link", name="why?")


def test_why_opens_in_place(visit: Visit) -> None:
    """With scripts the proof is in a dialog, which goes away by Escape and gives the focus back."""
    page = visit(MODEL)
    link = why_of(page, "domestic-hardware model")
    link.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("New Generation Sunway Supercomputer is a supercomputer")
    expect(page).to_have_url(re.compile(f"{MODEL}$"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(link).to_be_focused()
    link.press("Enter")
    page.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def test_why_without_scripts(visit: Visit) -> None:
    """The link leads to a page that tells the same, and back."""
    page = visit(MODEL, has_scripts=False)
    why_of(page, "domestic-hardware model").click()
    expect(heading(page)).to_have_text("Why?")
    proof = page.locator(".proof > ul")
    expect(proof).to_contain_text("New Generation Sunway Supercomputer is a supercomputer")
    expect(proof.locator("ul").first).to_be_visible()
    page.get_by_role("link", name="Back to BaGuaLu").click()
    expect(heading(page)).to_have_text("BaGuaLu")


@with_and_without
def test_from_a_fact_to_its_passage(visit: Visit, has_scripts: bool) -> None:
    """The number beside a value leads to the source below, and that to the passage."""
    page = visit("/id/model/pangu-alpha", has_scripts=has_scripts)
    row = page.locator(".facts li").filter(has_text="40 billion")
    row.get_by_role("link", name="Source").click()
    source = page.locator("li:target")
    expect(source).to_contain_text("Compute, paragraph 2, sentence 2")
    source.get_by_role("link", name="Compute").click()
    expect(heading(page)).to_have_text("Compute ¶2.2")
    expect(page.locator("main")).to_contain_text("796 petaFLOP/s-day")


@with_and_without
def test_to_a_neighbour(visit: Visit, has_scripts: bool) -> None:
    """What stands around a thing in the drawing leads there."""
    page = visit("/id/model/pangu-alpha", has_scripts=has_scripts)
    page.locator("figure.around.broad a").filter(has_text="MindSpore").click()
    expect(heading(page)).to_have_text("MindSpore")

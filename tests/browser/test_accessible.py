"""Every page by axe-core (https://github.com/dequelabs/axe-core): nothing serious is wrong."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from bench.browser import LANGUAGES, PAGES
from playwright.sync_api import Page

from tests.browser.conftest import Visit

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
OF_COLOUR = ["color-contrast", "link-in-text-block"]
"""The rules by which a page may differ in another colour scheme."""
RUN = """(rules) => axe.run(document, {
    ...(rules.length ? {runOnly: {type: "rule", values: rules}} : {}),
    resultTypes: ["violations"],
})"""


@functools.cache
def source() -> str:
    """The text of axe-core, which comes with the packages of ``web/``."""
    assert AXE.is_file(), "axe-core is not there: run npm ci in web/."
    return AXE.read_text("utf-8")


def violations(page: Page, *rules: str) -> list[str]:
    """What is seriously wrong with a page by some rules, by all if none is given."""
    found: dict[str, Any] = page.evaluate(RUN, list(rules))
    return [
        f"{violation['id']}: {violation['help']}: {node['html']} ({node['failureSummary']})"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible(visit: Visit, name: str, language: str) -> None:
    """In both languages, in light and in dark."""
    page = visit(PAGES[name], language=language)
    page.evaluate(source())
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    assert found + violations(page, *OF_COLOUR) == []


def test_what_is_seriously_wrong_is_found(visit: Visit) -> None:
    """A picture without a text, and a text that cannot be read, are."""
    page = visit("/")
    page.evaluate(source())
    page.evaluate("""() => {
        document.querySelector("main").append(document.createElement("img"));
        document.querySelector("h1").style.color = "light-dark(#bbb, #444)";
    }""")
    assert [one.partition(":")[0] for one in violations(page)] == ["color-contrast", "image-alt"]
    page.emulate_media(color_scheme="dark")
    assert len(violations(page, *OF_COLOUR)) == 1

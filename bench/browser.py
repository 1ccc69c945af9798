"""A real browser, found on this machine and driven by Playwright, and the pages to look at.

Playwright (https://playwright.dev/python/) only drives it: no browser is ever downloaded.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Final, Literal

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

VARIABLE: Final = "KG_CHROMIUM"
"""The environment variable that names the browser where it has another name."""
PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
MISSING: Final = (
    f"There is no Chromium here: run apt-get install chromium, or name one with {VARIABLE}."
)
FLAGS: Final = (
    *("--disable-gpu", "--disable-quic", "--disable-sync"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""So that nothing but what a page asks for is asked, and of no other machine."""

Scheme = Literal["light", "dark"]
ENGLISH: Final = "en"
CHINESE: Final = "zh-Hans"
LANGUAGES: Final = (ENGLISH, CHINESE)
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
WIDE: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}

ENTITIES: Final = {
    "model": "/id/model/pangu-alpha",
    "run": "/id/run/ernie-3-0-titan",
    "organization": "/id/organization/baai",
    "hardware": "/id/hardware/huawei-ascend-910",
    "concern": "/id/concern/bias-and-fairness",
    "platform": "/id/platform/wenxin-platform",
    "dataset": "/id/dataset/wudaocorpora",
    "event": "/id/event/access-applications",
    "person": "/id/person/jeffrey-ding",
    "reference": "/id/reference/ding-xiao-2023",
}
"""Things of several kinds; nothing is referred to more often than the last two."""
PAGES: Final = {
    "home": "/",
    "questions": "/queries",
    "question": "/queries/table-1",
    "chart": "/queries/parameters-over-time",
    "matrix": "/queries/silence-map",
    "network": "/queries/developers-working-together",
    "search": "/search?q=wudao",
    "form": "/queries/models-by-developer?organization=organization:baidu",
    **ENTITIES,
    "findings": "/findings",
    "finding": "/findings/three-without-nvidia",
    "audit": "/audit",
    "item": "/id/audit/0efb17780a38dace",
    "why": "/why?subject=model:bagualu&predicate=rdf:type&object=cllm:DomesticHardwareModel",
    "graph": "/graph/ding-xiao-2023/table-1",
    "passage": "/graph/ding-xiao-2023/compute/2-2",
    "data": "/dataset",
    "ontology": "/ontology",
    "module": "/ontology/models",
    "alignment": "/ontology/alignments/schema",
    "download": "/download",
    "editor": "/sparql",
    "answer": "/sparql?query=SELECT+*+%7B+%3Fs+a+%3Fclass+%7D+LIMIT+20",
    "problem": "/problem/deadline",
}
"""One page of each kind: a name, and where it is."""


_UNDRAWN: Final = "figure[data-chart]:not([data-drawn]):visible"
_TO_BEGIN: Final = (
    "form[data-suggest] input:not([role=combobox])",
    "form#ask:not(:has(.cm-content))",
)
"""What is there of a page before its scripts have begun: a field, an editor."""


def found() -> str | None:
    """The browser of this machine: what the environment names, else the first by a usual name."""
    named = os.environ.get(VARIABLE)
    return shutil.which(named) if named else next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """A browser with a profile of its own, until the block ends.

    Raises ``FileNotFoundError``, in one sentence, where there is none. While it runs, no event loop
    of ``asyncio`` can be started in the same thread, since Playwright has one there.
    """
    program = found()
    if program is None:
        raise FileNotFoundError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def visiting(
    browser: Browser,
    address: str,
    *,
    scheme: Scheme = "light",
    language: str = ENGLISH,
    size: ViewportSize = WIDE,
    has_scripts: bool = True,
) -> BrowserContext:
    """A visitor with nothing in cache, to whom paths are of the server at ``address``."""
    return browser.new_context(
        base_url=address,
        color_scheme=scheme,
        locale=language,
        viewport=size,
        java_script_enabled=has_scripts,
        reduced_motion="reduce",
    )


def begun(page: Page) -> None:
    """Wait until the scripts of a page do their work, and look at each figure that they draw.

    A figure is drawn when it comes into view, and may move the others then.
    """
    for selector in _TO_BEGIN:
        expect(page.locator(selector)).to_have_count(0)
    undrawn = page.locator(_UNDRAWN)
    while left := undrawn.count():
        undrawn.evaluate_all("all => all[0]?.scrollIntoView()")
        expect(undrawn).not_to_have_count(left)
    page.evaluate("scrollTo(0, 0)")

"""A browser, a server for it to look at, and visitors whose pages are watched.

The browser is the package's and not the session's: while it runs, no other test of the process
could start an event loop of its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Protocol

import pytest
from bench.browser import ENGLISH, MISSING, WIDE, Scheme, draw_all, found, launched, visiting
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from kg import build
from kg.store import Versions
from tests.browser.poison import Poison
from tests.browser.watching import Watch
from tests.test_front import get, serving, until

PATIENCE = 20_000
"""Milliseconds within which whatever is waited for has to come."""


class Visit(Protocol):
    """Opens pages, each by a visitor who has nothing in cache."""

    def __call__(
        self,
        path: str,
        *,
        scheme: Scheme = "light",
        language: str = ENGLISH,
        size: ViewportSize = WIDE,
        has_scripts: bool = True,
        expecting: tuple[str, ...] = (),
        address: str = "",
    ) -> Page:
        """The page at a path, loaded, with its figures drawn.

        ``expecting`` are patterns of the faults that it is meant to have; any other, and one that
        does not come, fails the test at its end. ``address`` is of another server.
        """


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A real Chromium; without one the tests are skipped, and fail in continuous integration."""
    if found() is None:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse(MISSING)
    expect.set_options(timeout=PATIENCE)
    with launched() as started:
        yield started


@contextlib.contextmanager
def showing(versions: Versions) -> Iterator[str]:
    """The address of a server that has read the names of its things."""
    with serving(versions.root) as started:
        until(lambda: get(f"{started}/search?q=a")[0] == 200)
        yield started


@pytest.fixture(scope="package")
def address(versions: Versions) -> Iterator[str]:
    """A server on the real graph."""
    with showing(versions) as started:
        yield started


@pytest.fixture(scope="package")
def poisoned(built: build.Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on the poisoned graph."""
    versions = Versions(tmp_path_factory.mktemp("poisoned"))
    versions.publish("poisoned", Poison().graphs(built.graphs), built.summary(), keep=1)
    with showing(versions) as started:
        yield started


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Opens pages; what they did wrong is said at the end of the test."""
    watched: list[tuple[BrowserContext, Watch, tuple[str, ...]]] = []

    def visited(
        path: str,
        *,
        scheme: Scheme = "light",
        language: str = ENGLISH,
        size: ViewportSize = WIDE,
        has_scripts: bool = True,
        expecting: tuple[str, ...] = (),
        address: str = "",
    ) -> Page:
        address = address or request.getfixturevalue("address")
        context = visiting(
            browser, address, scheme=scheme, language=language, size=size, has_scripts=has_scripts
        )
        context.set_default_timeout(PATIENCE)
        watch = Watch(context, address)
        watched.append((context, watch, expecting))
        page = context.new_page()
        page.goto(path)
        if has_scripts:
            draw_all(page)
        return page

    yield visited
    faults: list[str] = []
    for context, watch, expecting in watched:
        for page in context.pages:
            page.evaluate("1")  # what has happened is heard of before this is answered
        faults += watch.beyond(expecting)
        context.close()
    assert faults == []

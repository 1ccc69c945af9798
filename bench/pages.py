"""What a page weighs and how soon it is seen, in a real Chromium.

    python bench/pages.py
    python bench/pages.py --only home editor --times 9

Builds the project into a folder of its own, serves it on loopback, and opens each page with nothing
in cache, on a wide screen and on a phone. Ends with 1 if a page is beyond its budget.

=============  =====================================================================================
kB             all that is transferred for the page, heads included, compressed as it is sent
requests       how many resources that is
first ms       until the first text or image is painted (https://www.w3.org/TR/paint-timing/)
largest ms     until the largest one is (https://www.w3.org/TR/largest-contentful-paint/)
shift          how much moves after it was painted (https://web.dev/articles/cls)
=============  =====================================================================================

Bytes, requests and shift are the most of all times, milliseconds those in the middle.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from browser import ENTITIES, PAGES, PHONE, WIDE, draw_all, launched, visiting
from server import KG, Server, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, ViewportSize

BUDGETS: Final = {"home": 300_000, "editor": 700_000, **dict.fromkeys(ENTITIES, 100_000)}
"""Bytes that a page may take."""
MOST_SHIFT: Final = 0.05
_OBSERVE: Final = """
window.seen = {largest: 0, shift: 0};
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.largest = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
_READ: Final = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done({
    first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    ...window.seen,
}))))"""


@dataclass(frozen=True)
class Measured:
    """One page as it was opened: bytes, requests, milliseconds, and layout shift without a unit."""

    transferred: int
    requests: int
    first: float
    largest: float
    shift: float


def measured(browser: Browser, address: str, path: str, size: ViewportSize = WIDE) -> Measured:
    """Open a page with nothing in cache, look at all of it, wait until it asks for nothing more."""
    context = visiting(browser, address, size=size)
    try:
        context.add_init_script(_OBSERVE)
        page = context.new_page()
        received: list[int] = []
        session = context.new_cdp_session(page)
        session.on(
            "Network.loadingFinished", lambda e: received.append(int(e["encodedDataLength"]))
        )
        session.send("Network.enable")
        page.goto(path)
        draw_all(page)
        page.wait_for_load_state("networkidle")
        seen = page.evaluate(_READ)
        return Measured(sum(received), len(received), seen["first"], seen["largest"], seen["shift"])
    finally:
        context.close()


def of_all(times: Sequence[Measured]) -> Measured:
    """The same page several times as one: the most of what is no time, the median of what is."""
    return Measured(
        max(one.transferred for one in times),
        max(one.requests for one in times),
        statistics.median(one.first for one in times),
        statistics.median(one.largest for one in times),
        max(one.shift for one in times),
    )


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The address of a server on the project as it is now, built anew."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*KG, "build", "--store", folder], check=True, capture_output=True)  # noqa: S603
        server = Server(["--store", folder])
        server.start()
        try:
            if not until(server.is_ready):
                raise RuntimeError("The server did not start.")
            yield f"http://127.0.0.1:{server.port}"
        finally:
            server.stop()


def main() -> int:
    """Measure the pages, print a table; 1 if one is beyond its budget."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PAGES, default=list(PAGES), metavar="PAGE")
    parser.add_argument("--times", type=int, default=3, help="how often each page is opened")
    chosen = parser.parse_args()
    print("| page | screen | kB | budget | requests | first ms | largest ms | shift |")
    print("|---|---|---|---|---|---|---|---|")
    beyond = []
    with served() as address, launched() as browser:
        measured(browser, address, "/")  # what only the first visitor of a server waits for
        for name in chosen.only:
            for screen, size in (("wide", WIDE), ("phone", PHONE)):
                times = [measured(browser, address, PAGES[name], size) for _ in range(chosen.times)]
                page = of_all(times)
                budget = BUDGETS.get(name)
                print(
                    f"| {name} | {screen} | {page.transferred / 1000:,.1f} | "
                    f"{budget // 1000 if budget else ''} | {page.requests} | {page.first:.0f} | "
                    f"{page.largest:.0f} | {page.shift:.3f} |",
                    flush=True,
                )
                if page.transferred > (budget or page.transferred) or page.shift > MOST_SHIFT:
                    beyond.append(f"{name} ({screen})")
    if beyond:
        print(f"Beyond the budget: {', '.join(beyond)}.", file=sys.stderr)
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())

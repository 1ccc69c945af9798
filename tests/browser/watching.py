"""What no page of ours does, written down while a test looks at pages."""

from __future__ import annotations

import re
import urllib.parse
from typing import Final

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, WebError

_WORSE_THAN_NEWS: Final = ("error", "warning", "assert")
_LEFT: Final = "net::ERR_ABORTED"
"""The failure of what a page did not wait for, since it was left, or gave it up itself."""
_REPORT: Final = """
addEventListener("securitypolicyviolation", (event) => {
    console.error("policy violated:", event.effectiveDirective, event.blockedURI);
});
"""
"""Chromium says some violations on the console by itself, and this says all of them."""


class Watch:
    """The faults of all pages of a context, as sentences."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.faults: list[str] = []
        self._address = address
        context.add_init_script(_REPORT)
        context.on("console", self._hear)
        context.on("weberror", self._note_error)
        context.on("dialog", self._dismiss)
        context.on("request", self._look_where)
        context.on("requestfailed", self._note_failure)

    def beyond(self, expected: tuple[str, ...]) -> list[str]:
        """The faults that match none of some patterns, and the patterns that match none."""
        others = [fault for fault in self.faults if not any(re.search(p, fault) for p in expected)]
        idle = [p for p in expected if not any(re.search(p, fault) for fault in self.faults)]
        return others + [f"expected, but it did not happen: {pattern}" for pattern in idle]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in _WORSE_THAN_NEWS:
            place = message.location
            where = f"{place['url']}:{place['lineNumber']}"
            self.faults.append(f"console {message.type}: {message.text} ({where})")

    def _note_error(self, error: WebError) -> None:
        self.faults.append(f"error: {error.error}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _look_where(self, request: Request) -> None:
        url = urllib.parse.urlsplit(request.url)
        is_here = f"{url.scheme}://{url.netloc}" == self._address
        if not is_here and url.scheme not in ("blob", "data"):
            self.faults.append(f"request to elsewhere: {request.url}")

    def _note_failure(self, request: Request) -> None:
        if request.failure != _LEFT:
            self.faults.append(f"failed request: {request.method} {request.url}: {request.failure}")

"""What a page has, for tests to look at: its ids, its links, and the texts of its parts."""

from __future__ import annotations

import html.parser
from collections import defaultdict
from typing import Final

_INLINE: Final = {"a", "abbr", "b", "code", "em", "i", "small", "span", "strong"}
_EMPTY: Final = {"br", "hr", "img", "input", "link", "meta"}


class Look(html.parser.HTMLParser):
    """A page, read once: ``texts`` is by id of the innermost element that has one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[tuple[str, str]] = []
        """Address and text of each link."""
        self.tables: dict[str, list[list[str]]] = {}
        """Rows of cells by the table's caption."""
        self.texts: defaultdict[str, str] = defaultdict(str)
        self.languages: defaultdict[str, set[str]] = defaultdict(set)
        """The languages that are marked within an element that has an id."""
        self._open: list[tuple[str, str]] = []
        self._rows: list[list[str]] = []
        self._caption = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = dict(attrs)
        if tag in _EMPTY:
            return
        inner = self._open[-1][1] if self._open else ""
        self._open.append((tag, given.get("id") or inner))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if given.get("lang"):
            self.languages[self._open[-1][1]].add(str(given["lang"]))
        if tag == "a":
            self.links.append((given.get("href") or "", ""))
        elif tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, with those in it that nothing has ended."""
        if tag not in _INLINE:
            self.handle_data(" ")
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag == "table":
            self.tables[self._caption.strip()] = [
                [" ".join(cell.split()) for cell in row] for row in self._rows
            ]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        tags = [tag for tag, _ in self._open]
        self.texts[self._open[-1][1] if self._open else ""] += data
        if "caption" in tags:
            self._caption += data
        elif ("td" in tags or "th" in tags) and self._rows and self._rows[-1]:
            self._rows[-1][-1] += data
        if "a" in tags:
            address, text = self.links[-1]
            self.links[-1] = address, text + data

    def text(self, id_: str = "") -> str:
        """The text of an element that has an id, without those in it that have one, too."""
        return " ".join(self.texts[id_].split())

"""Pictures of each page to look at: light and dark, wide and phone, English and Chinese.

    python bench/screenshots.py
    python bench/screenshots.py --only home model --out /tmp/pictures

Builds the project into a folder of its own, serves it on loopback, and writes a PNG of each whole
page, and an ``index.html`` that shows all of a page side by side. They go to ``build/screenshots``.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from browser import LANGUAGES, PAGES, PHONE, SCHEMES, WIDE, draw_all, launched, visiting
from pages import served

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playwright.sync_api import Browser

OUT: Final = Path(__file__).resolve().parents[1] / "build" / "screenshots"
SIZES: Final = {"wide": WIDE, "phone": PHONE}
_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Screenshots</title>
<style>
body { margin: 1rem; font: 1rem system-ui, sans-serif; }
div { display: flex; gap: 0.5rem; align-items: start; overflow-x: auto; }
figure { flex: none; margin: 0; }
img { max-height: 60rem; border: 1px solid #888; }
</style>
</head>
<body>
"""


def pictures(browser: Browser, address: str, name: str, folder: Path) -> Iterable[str]:
    """Make all pictures of a page; their names."""
    for (screen, size), scheme, language in itertools.product(SIZES.items(), SCHEMES, LANGUAGES):
        context = visiting(browser, address, scheme=scheme, language=language, size=size)
        try:
            page = context.new_page()
            page.goto(PAGES[name])
            draw_all(page)
            picture = f"{name}-{screen}-{scheme}-{language}.png"
            page.screenshot(path=folder / picture, full_page=True)
            yield picture
        finally:
            context.close()


def index(made: Mapping[str, Iterable[str]]) -> str:
    """A page of all pictures, a row for each page of the site."""
    rows = [
        f"<h2>{escape(name)} <code>{escape(PAGES[name])}</code></h2>\n<div>"
        + "".join(
            f'<figure><a href="{one}"><img src="{one}" alt="{one}" loading="lazy"></a>'
            f"<figcaption>{one}</figcaption></figure>"
            for one in pictures
        )
        + "</div>\n"
        for name, pictures in made.items()
    ]
    return f"{_HEAD}{''.join(rows)}</body>\n</html>\n"


def main() -> int:
    """Make the pictures, and say where they are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PAGES, default=list(PAGES), metavar="PAGE")
    parser.add_argument("--out", type=Path, default=OUT, help="the folder, made if there is none")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    made: dict[str, list[str]] = {}
    with served() as address, launched() as browser:
        for name in chosen.only:
            print(name, file=sys.stderr)
            made[name] = list(pictures(browser, address, name, chosen.out))
    file = chosen.out / "index.html"
    file.write_text(index(made), "utf-8")
    print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What nobody could see in a page stands there as a mark; all that is a letter stays."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from markupsafe import Markup

from kg.serve.visible import visible

UNSEEN = ["\0", "\b", "\x1b", "\x7f", "\x9b", "\u2028", "\u202a", "\u202e", "\u2066", "\ufffe"]
SEEN = ["", "a\tb\r\nc", "文心", "שלום", "مرحبا\u200f", "e\u0301", "👩\u200d👧", "\ufffd", 7, None]


@pytest.mark.parametrize("character", UNSEEN)
def test_s29_what_is_not_seen(client: FlaskClient, character: str) -> None:
    """It is marked, in text, in what is markup already, and on a page that says it back."""
    assert visible(f"a{character}b") == "a\ufffdb"
    marked = visible(Markup("<b>%s</b>") % f"a{character}b")
    assert (marked, type(marked)) == ("<b>a\ufffdb</b>", Markup)

    asked = {"version": f"a{character}b"}
    page = client.get("/", query_string=asked, headers={"Accept": "text/html"}).text
    assert "a\ufffdb" in page
    assert character not in page


@pytest.mark.parametrize("value", SEEN)
def test_what_is_seen(value: object) -> None:
    """It stays as it is."""
    assert visible(value) is value

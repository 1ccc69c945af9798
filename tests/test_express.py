"""The parameters of an address, read faster than the standard library reads them."""

from __future__ import annotations

import urllib.parse

from hypothesis import example, given
from hypothesis import strategies as st

from kg.serve.express import parameters

PIECES = ("%", "=", "+", "a", "F", "0", "&", "\n", "\r", "%C3%A9", "%e4%bd%a0", "%zz", "%0A", "%ff")


@given(
    st.sampled_from(("query=", "query", "", "x=1&query=")),
    st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
)
@example("query=", "SELECT%20%2A%20%7B%20%3Fs%20?p+%22%25%3D%22%20%7D")
@example("query=", "%%41")
@example("query=", "a%\nb")
def test_parameters(name: str, value: str) -> None:
    """They are those of ``urllib.parse``, whatever is escaped well or badly."""
    query_string = name + value
    try:
        expected = urllib.parse.parse_qsl(query_string, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        expected = None

    try:
        found = parameters(query_string.encode())
    except UnicodeDecodeError:
        found = None

    assert found == expected

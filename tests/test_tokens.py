"""The tokenizer sees what a SPARQL or Turtle parser sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.tokens import Lines, tokens, without_codepoint_escapes

CASES = {
    "SELECT * WHERE { ?s ?p ?o }": "SELECT * WHERE { ?s ?p ?o }",
    "# SERVICE in a comment\nASK {}": "ASK { }",
    'SELECT ("SERVICE <x>" AS ?a) {}': 'SELECT ( "SERVICE <x>" AS ?a ) { }',
    "'''it's \"SERVICE\" ''' ?x": "'''it's \"SERVICE\" ''' ?x",
    '"a\\"b" "c"@zh-Hans': '"a\\"b" "c" @zh-Hans',
    "<http://a/#SERVICE>": "<http://a/#SERVICE>",
    "FILTER(?a<?b&&?c>?d)": "FILTER ( ?a <?b&&?c> ?d )",
    "FILTER(?a < ?b && ?c >= 1.5e-3)": "FILTER ( ?a < ?b && ?c >= 1.5e-3 )",
    "ex:a.b ex:a. ex:SERVICE :x p:%41\\(": "ex:a.b ex:a . ex:SERVICE :x p:%41\\(",
    "ding-xiao-2023:table-1": "ding-xiao-2023:table-1",
    "_:b1 [] () ^ex:p/ex:q+|!ex:r": "_:b1 [ ] ( ) ^ ex:p / ex:q + | ! ex:r",
    "@prefix a: <http://a/> .": "@prefix a: <http://a/> .",
    '"never ends': '"never ends',
    "SERVICE<http://a/>": "SERVICE <http://a/>",
}


@pytest.mark.parametrize("text", CASES)
def test_terminals(text: str) -> None:
    """Strings, comments, IRIs and names are one token each, whatever they hold."""
    assert len(CASES) == 14

    assert " ".join(token.text for token in tokens(text)) == CASES[text]


@given(st.text(alphabet="abSERVICE \"'<>#\\{}()?:@._-\n^&|=1e", max_size=60))
def test_nothing_is_lost(text: str) -> None:
    """Every character that is neither white space nor comment is in exactly one token."""
    covered = set()
    for token in tokens(text):
        span = range(token.start, token.start + len(token.text))
        assert text[token.start : span.stop] == token.text
        assert not covered & set(span)
        covered |= set(span)
    for position in set(range(len(text))) - covered:
        before = text[: position + 1].splitlines(keepends=True)[-1]
        assert text[position].isspace() or "#" in before


def test_codepoint_escapes_hide_nothing() -> None:
    r"""``\u0053ERVICE`` is SERVICE, and what is no character stays as it is."""
    assert without_codepoint_escapes(r"\u0053ERVIC\U00000045 \uZZZZ \UFFFFFFFF") == (
        r"SERVICE \uZZZZ \UFFFFFFFF"
    )


def test_a_long_text_is_quick() -> None:
    """A hundred kilobytes that almost match are tokenized without backtracking without end."""
    texts = (
        '"' * 100_000,
        '"\\' * 50_000,
        '"""\\' * 25_000,
        "'''" + "''x" * 30_000,
        "<" + "a" * 100_000,
        "<a" * 50_000,
        "a." * 50_000,
        "a:." * 30_000,
        "1." * 50_000,
        "_:a." * 25_000,
    )
    for text in texts:
        assert sum(len(token.text) for token in tokens(text)) == len(text)


def test_lines() -> None:
    """A position belongs to the line that its newline ends, for each kind of newline."""
    lines = Lines("a\nb\r\nc\rd")

    assert [lines.at(position) for position in (0, 1, 2, 3, 4, 5, 6, 7)] == [1, 1, 2, 2, 2, 3, 3, 4]
    assert lines.start(3) == 5

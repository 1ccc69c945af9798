"""Hand-written Turtle and queries are as a reader expects them; checked, never rewritten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import rdflib

from kg.namespaces import IDS, KINDS, prefixes_with_sources
from kg.project import Project
from kg.tokens import tokens

ROOT = Path(__file__).resolve().parents[1]
TURTLE = sorted(
    path
    for folder in ("ontology", "data", "shapes", "tests/tiny/data")
    for suffix in ("ttl", "trig")
    for path in (ROOT / folder).rglob(f"*.{suffix}")
)
QUERIES = sorted((ROOT / "queries").rglob("*.rq"))
TABLE = prefixes_with_sources([*Project(ROOT).sources(), "paper", "curation"])
PREFIX = re.compile(r"^(?:@prefix|PREFIX) ([\w-]*): <([^>]*)>", re.MULTILINE)


def shown(path: Path) -> str:
    """A path as test ids have it."""
    return str(path.relative_to(ROOT))


def test_what_was_collected() -> None:
    """The globs still find the files."""
    assert len(TURTLE) > 40
    assert len(QUERIES) >= 12


@pytest.mark.parametrize("path", [*TURTLE, *QUERIES], ids=shown)
def test_text(path: Path) -> None:
    """A comment first, LF, no blanks at line ends, one newline last; prefixes of the one table."""
    text = path.read_bytes().decode("utf-8")

    assert text.startswith("#")
    assert "\r" not in text
    assert "\t" not in text
    assert not re.search(r" +$", text, re.MULTILINE)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    declared = PREFIX.findall(text)
    names = [name for name, _ in declared]
    assert names == sorted(set(names))
    used = {token.text.partition(":")[0] for token in tokens(text) if token.kind == "name"}
    assert set(names) <= used, "declared and not used"
    body = [t for t in tokens(PREFIX.sub("", text)) if t.kind == "name"]
    assert {token.text.partition(":")[0] for token in body} == set(names)
    for name, namespace in declared:
        own_passages = path.suffix == ".trig" and name == "p"
        assert own_passages or TABLE[name] == namespace


@pytest.mark.parametrize("path", TURTLE, ids=shown)
def test_subjects(path: Path) -> None:
    """Each subject begins its line and stands once in a file or a passage."""
    outside, *passages = re.split(r"^\S+ \{$", path.read_text("utf-8"), flags=re.MULTILINE)
    assert path.suffix == ".trig" or not passages
    for text, indent in ((outside, ""), *((passage, "    ") for passage in passages)):
        subjects = re.findall(rf"^{indent}([a-z][\w-]*:[\w.-]+|<[^>]+>)(?: |$)", text, re.MULTILINE)
        assert subjects
        assert len(subjects) == len(set(subjects))


@pytest.mark.parametrize("path", [p for p in TURTLE if p.parent.parent.name == "data"], ids=shown)
def test_data(path: Path) -> None:
    """No blank nodes, kinds of the table only, and every value as it was meant, in one form."""
    graph = rdflib.Dataset().parse(path)
    for subject, _, value, _ in graph.quads():
        assert not isinstance(subject, rdflib.BNode)
        assert not isinstance(value, rdflib.BNode)
        for term in (subject, value):
            if str(term).startswith(IDS):
                assert str(term).removeprefix(IDS).partition("/")[0] in KINDS
        if isinstance(value, rdflib.Literal) and value.datatype is not None:
            assert value.ill_typed is not True
    for number in re.findall(r'"([^"]*)"\^\^xsd:double', path.read_text("utf-8")):
        assert re.fullmatch(r"-?[1-9]\.(?:\d*[1-9]|0)E-?\d+|0\.0E0", number), number


@pytest.mark.parametrize("path", QUERIES, ids=shown)
def test_query(path: Path) -> None:
    """A question with a question mark, an order, and no engine's own extensions."""
    text = path.read_text("utf-8")
    words = [token.text.upper() for token in tokens(text) if token.kind == "word"]

    assert re.search(r"^#\+ summary: .*\?$", text, re.MULTILINE)
    assert "ORDER" in words
    assert ("SERVICE" in words) == (path.parent.name == "federated")

"""The bench beside other servers: its queries never repeat, and no wrong answer passes it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from kg.store import EmbeddedStore, Versions
from tests.conftest import ROOT
from tests.test_front import until

sys.path.append(str(ROOT / "bench"))  # which is no package
from serving.answers import GRAPH, ROWS, alike, difference, evaluated
from serving.checking import checked
from serving.landscape import Landscape
from serving.loading import Checker
from serving.peers import PEERS
from serving.questions import SHAPES, Constants, pool

XSD = "http://www.w3.org/2001/XMLSchema#"
MANY = 2_000
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@pytest.fixture(scope="module")
def constants(store: EmbeddedStore) -> Constants:
    """Those of the real graph."""
    return Constants.of(store)


def test_the_queries_of_the_pool_never_repeat(constants: Constants) -> None:
    """Each shape in turn, no text twice; another seed gives others, but for what is described."""
    assert len(SHAPES) == 12
    found = [
        list(itertools.islice(pool(constants, list(SHAPES), seed), MANY * len(SHAPES)))
        for seed in (0, 1)
    ]

    for questions in found:
        assert Counter(one.name for one in questions) == dict.fromkeys(SHAPES, MANY)
        assert len({one.text for one in questions}) == MANY * len(SHAPES)
    texts = [{one.text for one in some if one.name != "describe"} for some in found]
    assert not texts[0] & texts[1]


def test_they_have_answers_of_their_own(constants: Constants, store: EmbeddedStore) -> None:
    """All parse, most find something, and what they find is different each time."""
    answers: dict[str, list[Counter[tuple[str, ...]]]] = {name: [] for name in SHAPES}
    for question in itertools.islice(pool(constants, list(SHAPES)), 20 * len(SHAPES)):
        answers[question.name].append(evaluated(store, question.text)[0])

    truths = {next(iter(one)) for one in answers.pop("ask")}
    assert truths == {("True",), ("False",)}
    for name, some in answers.items():
        told = [one for one in some if one]
        assert len(told) >= 10, name
        assert len({frozenset(one.items()) for one in told}) == len(told), name


def rows(*values: tuple[str, str]) -> bytes:
    """An answer in JSON with a column of literals."""
    bindings = [
        {"x": {"type": "literal", "value": value, "datatype": XSD + kind}} for value, kind in values
    ]
    return json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": bindings}}).encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (rows(("1", "integer"), ("2", "integer")), rows(("2.0", "decimal"), ("1", "integer"))),
        (rows(("1.50", "decimal")), rows(("1.5E0", "double"))),
        (rows(("true", "boolean")), rows(("1", "boolean"))),
        (
            rows(("2020-01-01T00:00:00.000Z", "dateTime")),
            rows(("2020-01-01T00:00:00Z", "dateTime")),
        ),
        (b'{"head": {}, "boolean": false}', rows().replace(b'"x"', b'"__ASK_RETVAL"')),
    ],
)
def test_what_is_the_same(one: bytes, other: bytes) -> None:
    """Other orders and other ways of writing the same values."""
    assert difference(alike(ROWS, one), alike(ROWS, other)) == ""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (rows(("-20000000908428", "integer")), "1 missing of 2"),
        (rows(("-20000000908428", "integer"), ("-20000000908429", "integer")), "1 missing and 1"),
        (rows(*[("-20000000908428", "integer")] * 3), "1 not expected of 2"),
        (b'{"head": {}, "boolean": true}', "2 missing and 1 not expected of 2"),
    ],
)
def test_what_is_different(other: bytes, said: str) -> None:
    """A row less, another value in the last of many digits, a row more, another kind of answer."""
    wanted = alike(ROWS, rows(*[("-20000000908428", "integer")] * 2))

    assert difference(wanted, wanted) == ""
    assert difference(wanted, alike(ROWS, other)).startswith(said)


def test_graphs() -> None:
    """Triples are a set; a language tag is the same in either case, a text is not."""
    one = b'<urn:a> <urn:b> "c"@zh-Hans .'
    assert difference(alike(GRAPH, one), alike(GRAPH, one + one.replace(b"H", b"h"))) == ""
    assert difference(alike(GRAPH, one), alike(GRAPH, one.replace(b'"c"', b'"d"')))


def landscape(versions: Versions, folder: Path) -> Landscape:
    """The real graph, with the canned queries."""
    root, files = folder / "root", folder / "files"
    root.mkdir()
    files.mkdir()
    (root / "build").symlink_to(versions.root)
    (root / "queries").symlink_to(ROOT / "queries")
    return Landscape.made(26, root, files)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are in /proc")
def test_a_server_that_answers_otherwise(versions: Versions, tmp_path: Path) -> None:
    """It is found out before the load, and by the client that compares during it."""
    server = PEERS["Oxigraph"]
    found = landscape(versions, tmp_path)
    found.judge(slowest=5, largest=1_000_000)
    questions = found.asked("unique")
    assert len(questions) == 3 * len(SHAPES)
    lookup = next(one for one in questions if one.name == "lookup")
    found.expected[lookup.text] += Counter([("x=1",)])

    taking_part = checked([server], found, ["unique"], slowest=5, cores=CORES)

    assert taking_part == {"unique": ["Oxigraph"]}
    why = "Oxigraph answers otherwise (1 missing of 2)"
    assert found.left_out["unique"] == {"lookup": why}
    with server.running(found.data, CORES) as running:
        others = [one for one in questions if one.name != "lookup"]
        asked = itertools.cycle([lookup, *others[:3]])
        checker = Checker(server, running, asked, found.answer)
        checker.start()
        until(lambda: checker.answered >= 4)
        number = checker.stop()
    assert checker.problems == {"answers that differ": -(-number // 4)}
    assert not running.pids()


def test_help() -> None:
    """The command says what it does."""
    command = [sys.executable, str(ROOT / "bench" / "serve.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "--quick" in done.stdout
    assert "Oxigraph behind nginx" in done.stdout

"""The graph from Python: opened in every way, asked with typed parameters, handed to libraries."""

from __future__ import annotations

import concurrent.futures
import csv
import datetime as dt
import doctest
import io
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import rdflib.compare

import kg
import kg.api
from kg import build
from kg.errors import BadInput, BadQuery, NotFound, Refused, StoreError
from kg.namespaces import TERMS
from kg.project import Project
from kg.results import formats
from kg.store import Versions
from tests.conftest import unwatched
from tests.test_front import serving

ROOT = Path(__file__).resolve().parents[1]
XSD = "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>"


@pytest.fixture(autouse=True)
def stored(monkeypatch: pytest.MonkeyPatch, versions: Versions) -> None:
    """The real graph is the default one."""
    monkeypatch.setenv("KG_STORE", str(versions.root))


@pytest.fixture(scope="module")
def endpoint(versions: Versions) -> Iterator[str]:
    """The endpoint of a server on the real graph."""
    with serving(versions.root) as address:
        yield f"{address}/sparql"


def test_importing_costs_nothing() -> None:
    """No library is loaded before something is opened."""
    script = """
import sys
before = {*sys.modules}
import kg
heavy = {"numpy", "pandas", "pyoxigraph", "rdflib", "SPARQLWrapper", "yaml", "click", "flask"}
print(sorted(heavy & {*sys.modules}), sorted(m for m in sys.modules if m.startswith("kg.")))
print(kg.Graph.__name__, kg.Result.__name__, hasattr(kg, "Grahp"))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == ["[] []", "Graph Result False"]


def test_the_examples_are_true() -> None:
    """Of the docstrings, and of the page about it."""
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    blocks = re.findall(r"^```pycon\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    written = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "python.md", None, 0)
    runner = doctest.DocTestRunner()
    for test in [written, *doctest.DocTestFinder().find(kg), *doctest.DocTestFinder().find(kg.api)]:
        runner.run(test)
    assert runner.summarize().failed == 0
    assert runner.tries >= 20


def table(graph: kg.Graph) -> str:
    """What a graph says of Table 1."""
    return graph.query("table-1").to_csv()


def test_every_way_to_open(
    versions: Versions, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting, a folder, memory, an endpoint: the same answer and the same version."""
    graphs = [kg.open(), kg.open(versions.root), kg.open("memory"), kg.open(endpoint)]
    assert len({table(graph) for graph in graphs}) == 1
    assert {graph.version for graph in graphs} == {versions.current_name()}
    monkeypatch.setenv("KG_STORE", endpoint)
    assert kg.query("table-1").to_csv() == table(graphs[0])


def test_the_first_one_builds(
    tiny: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was never built is built where `kg build` would, and opened from then on."""
    monkeypatch.delenv("KG_STORE")
    monkeypatch.chdir(tiny.root / "data")
    first = kg.open()
    (version,) = Versions(tiny.default_store).all()
    assert (first.version, len(first.query("models-by-year"))) == (version.name, 2)

    path = tiny.root / "data" / "paper" / "table.ttl"
    path.write_text(path.read_text("utf-8").replace("2021-01-02", "2020-01-02"), "utf-8")
    assert kg.open().version == version.name
    built = build.make(tiny, unwatched, [])
    build.publish(built, Versions(tiny.default_store), 1, unwatched)
    assert kg.open(project=tiny.root).version == built.version
    assert first.version == version.name  # which is open still, and so not cleared away

    path.write_text("model:first a cllm:Model", "utf-8")
    with pytest.raises(BadInput, match=r"data/paper/table\.ttl:1: "):
        kg.open("memory")
    with pytest.raises(StoreError, match="Nothing is built in"):
        kg.open(tmp_path / "nothing")


def test_what_does_not_conform(tiny: Project) -> None:
    """It is said where to look, and nothing is opened."""
    path = tiny.root / "data" / "paper" / "table.ttl"
    path.write_text(path.read_text("utf-8").replace("cllm:released", "cllm:relaesed"), "utf-8")
    with pytest.raises(BadInput, match=r"does not conform: `kg validate` says what is wrong\."):
        kg.open("memory", project=tiny.root)


def test_questions_are_listed() -> None:
    """Each with what a program needs."""
    queries = kg.open().queries()
    assert len(queries) >= 40
    (found,) = [query for query in queries if query.name == "models-by-developer"]
    assert found.summary.endswith("?")
    assert [parameter.name for parameter in found.parameters] == ["organization"]


TYPED = f"""#+ summary: What is given?
#+ description: A row with each of it.
#+ tags: [types]
#+ parameters:
#+   truth: {{type: boolean, description: One., default: false}}
#+   whole: {{type: integer, description: One., default: 0}}
#+   part: {{type: decimal, description: One., default: 0}}
#+   real: {{type: double, description: One., default: 0}}
#+   day: {{type: date, description: One., default: 2000-01-01}}
#+   text: {{type: string, description: One., default: none}}
#+   iri: {{type: iri, description: One., default: "urn:x"}}
{XSD}
SELECT ?truth ?whole ?part ?real ?day ?text ?iri {{ FILTER (?whole < xsd:integer(100)) }}
"""


def test_values_have_types(tmp_path: Path) -> None:
    """What goes in as a value of Python comes out as it, whether the query is a text or a file."""
    path = tmp_path / "typed.rq"
    path.write_text(TYPED)
    given = {
        "truth": True,
        "whole": 7,
        "part": Decimal("1.50"),
        "real": 6.5e20,
        "day": dt.date(2021, 2, 28),
        "text": '" } #',
        "iri": rdflib.URIRef("http://a/b"),
    }
    for question in (TYPED, path):
        (row,) = kg.query(question, **given)
        assert row == {**given, "iri": "http://a/b"}
        assert [type(value) for value in row.values()][:5] == [bool, int, Decimal, float, dt.date]
    for name, wrong in (("day", dt.datetime(2021, 2, 28, 12)), ("real", float("inf"))):
        with pytest.raises(BadInput, match=f"{name} must be of type"):
            kg.query(TYPED, **{name: wrong})


def test_an_endpoint_takes_the_same_values(endpoint: str) -> None:
    """They are bound in the text there."""
    graph = kg.open(endpoint)
    assert [*graph.query(TYPED, text='" } #', whole=7)] == [*kg.query(TYPED, text='" } #', whole=7)]


def test_columns_of_pandas() -> None:
    """A type for each column, gaps and all."""
    frame = kg.query(f"""{XSD} SELECT * {{
      VALUES (?whole ?real ?mixed ?truth ?day ?time ?zoned ?text ?huge ?both ?none) {{
        (1 1.5e0 1 true "2021-02-28"^^xsd:date "2021-02-28T12:00:00"^^xsd:dateTime
         "2021-02-28T12:00:00+08:00"^^xsd:dateTime "a" 9223372036854775808 1 UNDEF)
        (UNDEF UNDEF 2.5 UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF "b"@en UNDEF)
      }} }}""").to_pandas()
    assert {column: str(dtype) for column, dtype in frame.dtypes.items()} == {
        "whole": "Int64",
        "real": "Float64",
        "mixed": "Float64",
        "truth": "boolean",
        "day": "datetime64[s]",
        "time": "datetime64[us]",
        "zoned": "datetime64[us, UTC]",
        "text": "string",
        "huge": "object",
        "both": "object",
        "none": "string",
    }
    assert frame["mixed"].tolist() == [1.0, 2.5]
    assert frame["zoned"][0] == pd.Timestamp("2021-02-28T04:00:00Z")
    assert frame["huge"][0] == 2**63
    assert frame.loc[1].isna().sum() == 9

    empty = kg.query("SELECT ?a ?b { FILTER(false) }").to_pandas()
    assert (list(empty.columns), len(empty)) == (["a", "b"], 0)


def test_table_1_for_pandas() -> None:
    """The contract's columns, with the types that its numbers have."""
    frame = kg.query("table-1").to_pandas()
    types = {column: str(dtype) for column, dtype in frame.dtypes.items()}
    assert len(frame) == 26
    assert types["parameters"] == types["acceleratorCount"] == types["reference"] == "Int64"
    assert types["computeMin"] == types["computeMax"] == types["trainingHours"] == "Float64"
    assert (types["released"], types["mixtureOfExperts"]) == ("datetime64[s]", "boolean")


def test_a_result_is_read_again_and_elsewhere() -> None:
    """By another thread and another process, as often as one likes."""
    result = kg.query("table-1")
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        texts = [*threads.map(lambda _: result.to_csv(), range(4))]
    assert len({*texts, result.to_csv(), pickle.loads(pickle.dumps(result)).to_csv()}) == 1  # noqa: S301
    assert [*result] == [*result]
    assert len(result) == 26
    assert repr(result).startswith("<Result: 26 × name, released, ")
    assert "<td>PanGu-α</td>" in result._repr_html_()


def test_csv_into_a_file(tmp_path: Path) -> None:
    """The bytes of the standard."""
    path = tmp_path / "table.csv"
    text = kg.query("table-1").to_csv(path)
    assert path.read_bytes() == text.encode()
    assert len([*csv.reader(io.StringIO(text))]) == 27


def test_truth_is_that_of_ask() -> None:
    """No is false, though it is a row; of SELECT a row is true."""
    assert kg.query("ASK {}")
    assert not kg.query("ASK { FILTER(false) }")
    assert kg.query("SELECT (false AS ?a) (1 AS ?b) {}")
    assert not kg.query("SELECT ?a { FILTER(false) }")
    assert [*kg.query("ASK {}")] == [{"answer": True}]


def test_graphs() -> None:
    """CONSTRUCT is a graph for rdflib, in every format of graphs, and rows of triples, too."""
    result = kg.query(f"CONSTRUCT {{ ?m <urn:p> [ <urn:q> ?row ] }} {{ ?m <{TERMS}row> ?row }}")
    made = result.to_rdflib()
    assert len(made) == len(result) == 52
    assert result.columns == ["subject", "predicate", "object"]
    for format_ in formats("graph"):
        text = result.serialize(format_.name)
        read = rdflib.Dataset() if format_.of_datasets else rdflib.Graph()
        read.parse(data=text, format=format_.media_type)
        default = read.default_graph if isinstance(read, rdflib.Dataset) else read
        assert rdflib.compare.isomorphic(default, made)
    with pytest.raises(BadInput, match="ask with CONSTRUCT or DESCRIBE"):
        kg.query("ASK {}").to_rdflib()
    with pytest.raises(BadInput, match="There is no format 'csv' for the answer of CONSTRUCT"):
        result.to_csv()


def test_what_cannot_be_asked() -> None:
    """Each is one sentence."""
    graph = kg.open()
    with pytest.raises(NotFound, match="There is no query 'ghost'"):
        graph.query("ghost")
    with pytest.raises(BadQuery, match="line 1, column"):
        graph.query("SELECT {")
    with pytest.raises(BadInput, match="has no parameter 'x'"):
        graph.query("ASK {}", x=1)
    with pytest.raises(BadInput, match="There is no query file"):
        graph.query(Path("nowhere.rq"))
    with pytest.raises(Refused, match="SERVICE is not allowed here"):
        graph.query("ASK { SERVICE <http://a/> {} }")
    with pytest.raises(BadInput, match="has an address like"):
        kg.open("ftp://a/b")
    with pytest.raises(BadInput, match="is not a project"):
        kg.open(project="/")

"""Each canned question gives the answer that was derived from the paper by hand."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import BadInput, BadQuery, BadSource, NotFound, Refused
from kg.namespaces import PREFIXES
from kg.project import Project
from kg.queries import AUDIENCES, Catalogue, Parameter, judge, parse
from kg.results import named
from kg.store import EmbeddedStore, Store

ANSWERS = Path(__file__).parent / "answers"
NAMES = sorted(path.stem for path in (ANSWERS.parents[1] / "queries").glob("*.rq"))
HEADER = "#+ summary: Why?\n#+ description: So.\n#+ tags: [a]\n"


def same(first: str, second: str, tolerance: float) -> bool:
    """Whether two cells are equal, numbers within a relative tolerance."""
    try:
        return math.isclose(float(first), float(second), rel_tol=tolerance)
    except ValueError:
        return first == second


def test_every_question_has_an_answer(project: Project) -> None:
    """At least forty, each with its expected answer and with whom it is for."""
    questions = list(Catalogue.read(project.query_files()))
    assert [query.name for query in questions] == NAMES
    assert len(NAMES) >= 40
    assert sorted(path.stem for path in ANSWERS.glob("*.csv")) == NAMES
    assert all(query.audience for query in questions)
    assert {who for query in questions for who in query.audience} == set(AUDIENCES)


@pytest.mark.parametrize(
    "name", ["foreign-developers", "larger-than", "models-by-developer", "trained-without"]
)
def test_a_parameter_is_a_thing_of_its_class(
    name: str, project: Project, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that are listed may be given, without a look at the list; no thing of another class."""
    query = Catalogue.read(project.query_files()).get(name)
    (parameter,) = query.parameters
    things = [iri for iri, _ in store.members(parameter)]
    assert things
    with pytest.raises(BadInput, match="must be one of the graph's things of the class"):
        store.bound(query, {parameter.name: "concern:bias"})

    monkeypatch.delattr(Store, "members")
    for iri in things:
        assert store.bound(query, {parameter.name: iri})[parameter.name].value == iri


@pytest.mark.parametrize("name", NAMES)
def test_answer(name: str, project: Project, store: EmbeddedStore) -> None:
    """Columns, rows, order and values are those of the answer derived by hand."""
    query = Catalogue.read(project.query_files()).get(name)
    with (ANSWERS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.reader(file))

    answer = store.query(query.text, query.bind({})).serialize(named("csv", "rows"))

    found = list(csv.reader(io.StringIO(answer.decode())))
    assert found[0] == expected[0]
    assert len(found) == len(expected)
    for row, wanted in zip(found[1:], expected[1:], strict=True):
        assert len(row) == len(wanted)
        # figures by hand were rounded where they were divided; the table itself is exact
        tolerance = 1e-12 if name == "table-1" else 1e-3
        assert all(same(a, b, tolerance) for a, b in zip(row, wanted, strict=True)), (row, wanted)


def test_table_1_is_the_contract(store: EmbeddedStore, project: Project) -> None:
    """26 rows, and the columns that users rely on, numbers as integers where they are counts."""
    query = Catalogue.read(project.query_files()).get("table-1")
    columns, rows = store.query(query.text).rows()

    assert ",".join(columns) == (
        "name,released,developers,parameters,mixtureOfExperts,computeMin,computeMax,"
        "accelerators,acceleratorCount,trainingHours,reference"
    )
    found = list(rows)
    assert len(found) == 26
    parameters = [row[3] for row in found if row[3]]
    assert all(value.isdigit() for value in parameters)
    assert {row[4] for row in found} == {"true", None}


FIGURES = re.compile(
    r"cllm:(?:minimum|maximum|low|high|asPrinted|released|notBefore|notAfter|"
    r"peakThroughput|processNanometres|parameterCount|trainingCompute|trainingHours)\b"
)


def test_every_figure_and_date_has_its_passage(project: Project) -> None:
    """A question that reads figures or dates gives the passages; the table's is in its name."""
    reading = [q for q in Catalogue.read(project.query_files()) if FIGURES.search(q.text)]
    assert len(reading) > 15
    for query in reading:
        projected = query.text.partition("WHERE")[0]
        own = query.name in ("table-1", "silence-map")
        assert own or "?source" in projected, query.name


def test_every_combination_of_examples_answers(project: Project, store: EmbeddedStore) -> None:
    """Each example of each parameter gives an answer, and the answer holds what was asked."""
    asked = 0
    for query in Catalogue.read(project.query_files()):
        for parameter in query.parameters:
            for example in (parameter.default, *parameter.examples):
                bindings = query.bind({parameter.name: example})
                columns, rows = store.ask(query, {parameter.name: example}).rows()
                place = columns.index(parameter.name)
                assert {row[place] for row in rows} == {bindings[parameter.name].value}
                asked += 1
    assert asked >= 6


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("iri", "organization:baai", "baai"),
        ("iri", "https://example.org/a?b#c", "https://example.org/a b"),
        ("iri", "urn:x", "x:> } #"),
        ("integer", "-12", "1.5"),
        ("decimal", "1.50", "1e5"),
        ("double", "6.5E+20", "many"),
        ("date", "2021-02-28", "2021-02-30"),
        ("boolean", "true", "TRUE"),
        ("string", 'any "thing" } #', "\x00"),
    ],
)
def test_parameters_are_typed(kind: str, good: str, bad: str) -> None:
    """A text of the type becomes a term, another one is refused in a sentence."""
    parameter = Parameter("value", kind, "", good)

    assert parameter.term(good).datatype == (None if kind == "iri" else PREFIXES["xsd"] + kind)
    with pytest.raises(BadInput, match="value must be"):
        parameter.term(bad)


@given(st.text(max_size=40) | st.sampled_from(["x:>", 'x:"', "x:\\u003E", "a:b}", "a:b\n#"]))
def test_no_text_becomes_sparql(text: str) -> None:
    """Whatever is given for an IRI, the answer is that of the query with that term, or none."""
    store = EmbeddedStore.in_memory({"": b"<http://a/s> <http://a/p> <http://a/o> ."})
    parameter = Parameter("s", "iri", "", "urn:x")

    try:
        term = parameter.term(text)
    except BadInput:
        return
    try:
        _, rows = store.query("SELECT ?s ?o { ?s <http://a/p> ?o }", {"s": term}).rows()
    except BadQuery:
        return
    assert list(rows) == []


def test_unknown_names_are_refused(project: Project) -> None:
    """An unknown question and an unknown parameter each get a sentence with what there is."""
    catalogue = Catalogue.read(project.query_files())
    with pytest.raises(NotFound, match="`kg queries`"):
        catalogue.get("ghost")
    with pytest.raises(BadInput, match=r"no parameter 'ghost' \(it has: organization\)"):
        catalogue.get("models-by-developer").bind({"ghost": "1"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT * {}", "the header lacks 'description'"),
        ("#+ summary: [", "the header is not YAML"),
        (HEADER + "#+ extra: 1\n", "an unknown entry 'extra'"),
        (HEADER + "#+ parameters:\n#+   x:\n#+     type: iri\n", "lacks 'default'"),
        (
            HEADER + "#+ parameters: {x: {type: odd, description: a, default: b}}\n",
            "an unknown type 'odd'",
        ),
        (
            HEADER + "#+ parameters: {x: {type: date, description: a, default: b}}\n",
            "x must be of type date",
        ),
    ],
)
def test_a_wrong_header_names_the_file(text: str, said: str) -> None:
    """What is missing or unknown in a header is said with the file's name."""
    with pytest.raises(BadSource) as caught:
        parse("name", text, "name.rq")

    assert str(caught.value).startswith("name.rq: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://a/> { ?s ?p ?o } }",
        "SELECT * { service silent ?where { ?s ?p ?o } }",
        "SELECT * { { SELECT * { ?s ?p ?o . SERVICE<http://a/>{} } } }",
        "ASK { FILTER EXISTS { SERVICE <http://a/> {} } }",
        r"ASK { \u0053\U00000045RVICE <http://a/> {} }",
        "ASK { SERVICESILENT<http://a/>{} }",
        "PREFIX ex: <http://a/> ASK { SERVICEex:a {} }",
        "PREFIX : <http://a/> ASK { SERVICE:a {} }",
        "PREFIX ex: <http://a/> ASK { SERVICESILENTex:a {} }",
        "ASK { FILTER(?a<?b)SERVICE#>\n<http://a/> {} }",
        "ASK { BIND(1 AS ?a) FILTER(?a<?b+'#>')SERVICE <http://a/># } x y\n{} }",
        "ASK { SERVICE # a { b\n ?z\n # c d\n {} }",
        "ASK { # comment \n SERVICE <http://a/> {} }",
        "ASK { ?s ?p 'quote' . SERVICE <http://a/> {} }",
    ],
)
def test_service_is_refused(text: str) -> None:
    """Wherever it stands and however it is written."""
    with pytest.raises(Refused, match="SERVICE"):
        judge(text)


def test_deep_nesting_is_refused() -> None:
    """Before an engine sees it, with the place where it becomes too deep."""
    judge("ASK {" + "{" * 198 + "}" * 199)
    judge("SELECT * { VALUES (?a ?b) { " + "(1 2) " * 20_000 + "} }")
    judge("SELECT * { " + "?s ?p ?o . " * 1_000 + "}")
    with pytest.raises(BadQuery, match="more than 5000 patterns"):
        judge("SELECT * { " + "?s ?p ?o . " * 6_000 + "}")
    with pytest.raises(BadQuery) as caught:
        judge("ASK\n{" + "(" * 100_000)
    assert (caught.value.line, caught.value.column) == (2, 201)


@pytest.mark.parametrize(
    "repeated",
    [
        "BIND(1 AS ?v{}) ",
        "MINUS {{ ?s ?p ?o }} ",
        "{{ SELECT * {{}} }} ",
        "|| true ",
        "! ",
        "(1 AS ?v{}) ",
    ],
)
def test_endless_repetition_is_refused(repeated: str) -> None:
    """What would take an engine's stack is refused; a tenth of it is answered."""
    store = EmbeddedStore.in_memory({"": b"<http://a/s> <http://a/p> <http://a/o> ."})

    def query(times: int) -> str:
        inner = "".join(repeated.format(number) for number in range(times))
        if repeated[0] in "|!":
            start, end = ("true ", "") if repeated[0] == "|" else ("", "true")
            return f"ASK {{ FILTER({start}{inner}{end}) }}"
        if repeated[0] == "(":
            return f"SELECT {inner} {{}}"
        return f"ASK {{ ?s ?p ?o {inner} }}"

    with pytest.raises(BadQuery, match="more than 500 clauses or operators"):
        judge(query(3000))
    judge(query(100))
    store.query(query(100))

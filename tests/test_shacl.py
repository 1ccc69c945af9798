"""The compiled shapes judge as SHACL says, and as pySHACL does where that is right."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
import rdflib
from click.testing import CliRunner, Result
from rdflib import RDF, XSD

from kg import graph, sources, validate
from kg.cli import main
from kg.columns import Index
from kg.namespaces import IDS
from kg.reason import settled as reasoning
from kg.tables import as_term, as_triple, rows_of
from kg.terms import iri, literal
from kg.validate import Validated, with_pyshacl
from kg.validate.prebinding import prebound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rdflib.term import Node

    from kg.project import Project
    from kg.sources import Source
    from kg.terms import Term, Triple

CASES = sorted((Path(__file__).parent / "cases" / "shacl").glob("*.ttl"))
NAMES = [path.stem for path in CASES]
DEVIATES = "# pySHACL: "
FEWEST = 80

Row = tuple[object, ...]


def read(path: Path) -> set[Triple]:
    """The triples of a case, literals and labels of blank nodes as they are written."""
    quads = ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE)
    return {(str(quad.subject), str(quad.predicate), str(quad.object)) for quad in quads}


def shape_of_path(node: Term | None, index: Index) -> object:
    """A path by its structure, since two blank nodes may be one path."""
    if node is None or node[0] != "_":
        return node
    members = next(iter(index.lists(node)), None)
    if members:
        return [shape_of_path(member, index) for member in members]
    return sorted(
        (predicate, str(shape_of_path(value, index)))
        for _, predicate, value in index.candidates((node, "?", "?"))
    )


def rows(validated: Iterable[validate.Result], index: Index) -> Counter[str]:
    """Results as text that can be compared, with how often each is given."""
    return Counter(
        str(
            (
                result.focus,
                shape_of_path(result.path, index),
                result.value,
                result.component,
                result.shape,
                result.severity,
                sorted(result.messages),
                result.constraint,
            )
        )
        for result in validated
    )


def expected(triples: set[Triple]) -> tuple[bool, list[validate.Result]]:
    """What the report in a case says."""
    index = Index(triples)

    def one(node: Term, name: str) -> Term | None:
        return next((v for _, _, v in index.candidates((node, iri(f"sh:{name}"), "?"))), None)

    ((report, _, _),) = index.candidates(("?", iri("rdf:type"), iri("sh:ValidationReport")))
    found = [
        validate.Result(
            one(node, "focusNode") or "",
            one(node, "resultPath"),
            one(node, "value"),
            one(node, "sourceConstraintComponent") or "",
            one(node, "sourceShape") or "",
            one(node, "resultSeverity") or "",
            tuple(v for _, _, v in index.candidates((node, iri("sh:resultMessage"), "?"))),
            one(node, "sourceConstraint"),
        )
        for _, _, node in index.candidates((report, iri("sh:result"), "?"))
    ]
    return (one(report, "conforms") or "").startswith('"true"'), found


def test_there_are_cases() -> None:
    """Enough of them, each beginning with what it shows."""
    assert len(CASES) >= FEWEST
    for path in CASES:
        assert path.read_text("utf-8").startswith("# "), path.name


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_case(path: Path) -> None:
    """The report is the one that the specification asks for, result for result."""
    triples = read(path)
    conforms, results = expected(triples)

    validated = validate.validate(triples, triples)

    assert rows(validated.results, Index(triples)) == rows(results, Index(triples))
    assert validated.conforms == conforms


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_pyshacl_says_the_same(path: Path) -> None:
    """But where a case says that it does not, and what the specification has instead."""
    triples = read(path)
    _, results = expected(triples)
    deviates = path.read_text("utf-8").splitlines()[1].startswith(DEVIATES)

    try:
        found = with_pyshacl.judge(triples, triples)
    except Exception:
        assert deviates
        return

    agrees = rows(found, Index(triples)) == rows(results, Index(triples))
    assert agrees != deviates


def mutated(found: list[Source], seed: int) -> list[Source]:
    """The sources with a mistake in every fortieth statement: lost, misspelt, of another kind."""
    chance = random.Random(seed)  # noqa: S311
    changed = []
    for source in found:
        graphs = {}
        for name, content in source.graphs.items():
            copy = rdflib.Graph()
            for triple in sorted(content, key=as_triple):
                for wrong in mistakes(triple, chance) if chance.random() < 1 / 40 else [triple]:
                    copy.add(wrong)
            graphs[name] = copy
        changed.append(replace(source, rows=rows_of(graphs)))
    return changed


def mistakes(
    triple: tuple[Node, Node, Node], chance: random.Random
) -> list[tuple[Node, Node, Node]]:
    """What becomes of a statement: nothing, another one, or two."""
    subject, predicate, value = triple
    kind = chance.choice(["lost", "misspelt", "literal", "twice", "kind", "property"])
    if kind == "lost":
        return []
    if kind == "misspelt" and str(value).startswith(IDS):
        return [(subject, predicate, rdflib.URIRef(f"{value}-x"))]
    if kind == "twice":
        return [triple, (subject, predicate, rdflib.Literal("2", datatype=XSD.integer))]
    if kind == "kind":
        return [triple, (subject, RDF.type, graph.CLLM.Place)]
    if kind == "property":
        return [(subject, graph.CLLM.noSuchProperty, value)]
    return [(subject, predicate, rdflib.Literal(str(value), lang="en"))]


COMPARES_ANYTHING = {"PassagePlace-within", "Dated-not-before"}
"""Rules that compare values where the mistakes put a text or a number beside a number or a date.

That is a type error (https://www.w3.org/TR/sparql11-query/#OperatorMapping); rdflib, on which
pySHACL works, orders any two literals.
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_engines_agree_on_sources_with_mistakes(
    project: Project, shapes: rdflib.Graph, ontology: rdflib.Graph, seed: int
) -> None:
    """Every violation is the same: file, line, subject, message, rule and severity."""
    wrong = mutated(sources.read_all(project), seed)

    ours = validate.validate_sources(wrong, shapes, ontology)

    assert len(ours.findings) > 100
    assert len({finding.rule for finding in ours.findings}) > 15
    theirs = validate.validate_sources(wrong, shapes, ontology, "pyshacl")
    differing = set(ours.findings) ^ set(theirs.findings)
    assert {finding.rule for finding in differing} <= COMPARES_ANYTHING
    assert {engine.partition(",")[0] for engine in ours.engines.values()} == {"columns"}


@pytest.mark.parametrize("seed", [3])
def test_engines_agree_on_a_settled_view_with_mistakes(
    project: Project, shapes: rdflib.Graph, ontology: rdflib.Graph, seed: int
) -> None:
    """The same of the shapes for the settled view."""
    found = sources.read_all(project)
    settled = graph.merge(mutated(found, seed), ontology).settled
    passages = graph.Passages(found)

    ours = validate.validate_settled(settled, (), ontology, shapes, passages)

    assert len(ours.findings) > 100
    assert len({finding.rule for finding in ours.findings}) > 30
    theirs = validate.validate_settled(settled, (), ontology, shapes, passages, "pyshacl")
    differing = set(ours.findings) ^ set(theirs.findings)
    assert {finding.rule for finding in differing} <= COMPARES_ANYTHING


def test_the_real_shapes_are_all_compiled(
    project: Project, shapes: rdflib.Graph, ontology: rdflib.Graph
) -> None:
    """Nothing of the project needs pySHACL."""
    found = sources.read_all(project)
    merged = graph.merge(found, ontology)
    inferred = reasoning.reason(merged.settled, ontology, merged.passages).triples

    report = validate.validate_sources(found, shapes, ontology)
    report += validate.validate_settled(merged.settled, inferred, ontology, shapes, merged.passages)

    assert len(report.engines) > 60
    assert set(report.engines.values()) == {"columns"}
    assert report.findings == ()


def test_a_violation_names_every_file_that_states_it(tiny: Project) -> None:
    """Two files give a model a second training run: each is told."""
    ontology = sources.read_graph(tiny.ontology_files(), tiny)
    shapes = sources.read_graph(tiny.shape_files(), tiny)
    for part in ("one", "two"):
        path = tiny.root / "data" / "other" / f"{part}.ttl"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"@prefix cllm: <{graph.CLLM}> . @prefix model: <{IDS}model/> .\n"
            f"@prefix run: <{IDS}run/> .\n"
            f"<https://w3id.org/china-llm/graph/other/{part}> cllm:stance cllm:stated .\n"
            f"model:first cllm:hasTrainingRun run:{part} .\n"
            f"run:{part} a cllm:TrainingRun .\n"
        )
    merged = graph.merge(sources.read_all(tiny), ontology)

    report = validate.validate_settled(merged.settled, (), ontology, shapes, merged.passages)

    files = {f.file: f.line for f in report.findings if f.rule == "Model-run"}
    assert files["data/other/one.ttl"] == files["data/other/two.ttl"] == 4
    assert len(files) >= 3


QUERIES = {
    "SELECT $this WHERE { $this <urn:p> ?x }": "SELECT  (1 AS ?found) WHERE { <urn:a> <urn:p> ?x }",
    "SELECT DISTINCT ?this ?value { { SELECT $this ?value { ?this ?p ?value } } }": (
        "SELECT DISTINCT  ?value { { SELECT  ?value { <urn:a> ?p ?value } } }"
    ),
    "SELECT $this (COUNT(?x) AS ?n) { $this ?p ?x } GROUP BY $this HAVING (COUNT(?x) > 1)": (
        "SELECT  (COUNT(?x) AS ?n) { <urn:a> ?p ?x } GROUP BY (<urn:a> AS ?group56) "
        "HAVING (COUNT(?x) > 1)"
    ),
    "SELECT $this { FILTER (BOUND($this) && ?x = '$this') } ORDER BY $this": (
        "SELECT  (1 AS ?found) { FILTER (true && ?x = '$this') } ORDER BY (<urn:a>)"
    ),
    "SELECT (STR($this) AS ?value) { }": "SELECT (STR(<urn:a>) AS ?value) { }",
}


@pytest.mark.parametrize("query", QUERIES)
def test_this_is_bound_before_a_query_is_evaluated(query: str) -> None:
    """The term stands wherever the variable does, but where the grammar allows none."""
    assert prebound(query, {"this": "<urn:a>"}) == QUERIES[query]


DATA = """@prefix ex: <http://example.org/> .
ex:good a ex:Model ; ex:size 12 . ex:bad a ex:Model ; ex:size "large" ."""
SHAPES = """@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:Model-shape a sh:NodeShape ; sh:targetClass ex:Model ; sh:property ex:Model-size .
ex:Model-size sh:path ex:size ; sh:datatype xsd:integer ; sh:message "A size is a number." .
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    """The arguments that name a file of data and one of shapes."""
    (tmp_path / "data.ttl").write_text(DATA)
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    return str(tmp_path / "data.ttl"), "--shapes", str(tmp_path / "shapes.ttl")


def run(*arguments: str) -> Result:
    """What ``kg validate`` does with some arguments."""
    return CliRunner().invoke(main, ["validate", *arguments])


@pytest.mark.parametrize("engine", validate.ENGINES)
def test_any_data_by_any_shapes(files: tuple[str, ...], engine: str) -> None:
    """A line for each result, exit code 1, and which engine judged on standard error."""
    done = run(*files, "--engine", engine)

    assert done.exit_code == 1
    assert done.stdout == (
        "violation: http://example.org/bad http://example.org/size: A size is a number. "
        'Found: "large". [http://example.org/Model-size]\n'
        "The data do not conform, 1 result.\n"
    )
    assert done.stderr == f"Judged: 1 shape by {engine}.\n"


def test_a_report_in_rdf_and_in_json(files: tuple[str, ...]) -> None:
    """The validation report of the specification, or the same for a program."""
    report = rdflib.Graph().parse(data=run(*files, "--format", "turtle").stdout, format="turtle")
    found = Validated(with_pyshacl.judge(read(Path(files[0])), read(Path(files[2]))), {})
    (result,) = report.objects(None, rdflib.SH.result)
    assert as_term(report.value(result, rdflib.SH.value) or result) == found.results[0].value
    assert (None, rdflib.SH.conforms, rdflib.Literal(False)) in report

    told = json.loads(run(*files, "--format", "json").stdout)
    assert told["conforms"] is False
    assert told["results"][0]["focus"] == "http://example.org/bad"
    assert told["engines"] == {"<http://example.org/Model-shape>": "columns"}


def test_a_report_keeps_values_and_is_the_same_every_time(files: tuple[str, ...]) -> None:
    """A number comes back as it was written; what has no name has the same one again."""
    Path(files[0]).write_text(f"{DATA} ex:odd a ex:Model ; ex:size 01 , [ ex:of 1 ] , 007 .")
    Path(files[2]).write_text(
        f"{SHAPES} ex:Model-shape sh:property [ sh:path [ sh:alternativePath ( ex:size ex:n ) ] ; "
        "sh:maxInclusive 0 ] ."
    )

    report = run(*files, "--format", "turtle").stdout

    assert "sh:value 01 " in report
    assert "sh:value 007 " in report
    assert report == run(*files, "--format", "turtle").stdout
    assert run(*files).stdout == run(*files).stdout


def test_what_is_not_compiled_is_judged_by_pyshacl(files: tuple[str, ...]) -> None:
    """And the report says which shape that was, and why."""
    path = Path(files[2])
    path.write_text(
        SHAPES + "ex:Loop a sh:NodeShape ; sh:targetNode ex:good ; sh:property ex:Loop-size .\n"
        'ex:Loop-size sh:path ex:partOf ; sh:minCount 1 ; sh:message "It has a whole." ; '
        "sh:node ex:Loop ."
    )

    done = run(*files)

    assert done.exit_code == 1
    assert "It has a whole." in done.stdout
    assert "A size is a number." in done.stdout
    assert done.stderr == (
        "<http://example.org/Loop>: judged by pyshacl, since a shape refers to itself.\n"
        "Judged: 1 shape by columns and 1 shape by pyshacl.\n"
    )


TAG = '"模型"@zh-Hans'


@pytest.mark.parametrize(
    ("test", "engine", "found"),
    [
        ('LANG(?value) = "zh-Hans"', "pyshacl", [TAG]),
        ('LCASE(LANG(?value)) = "zh-hans"', "columns", [TAG]),
        ('LANGMATCHES(LANG(?value), "zh")', "columns", [TAG]),
        ('STR(?value) = "01"', "pyshacl", [f'"01"^^{iri("xsd:integer")}']),
        ("?value = 1", "columns", [f'"01"^^{iri("xsd:integer")}']),
        ("DATATYPE(?value) = xsd:byte", "pyshacl", [f'"7"^^{iri("xsd:byte")}']),
    ],
)
def test_a_query_sees_literals_as_they_are_written(
    test: str, engine: str, found: list[str]
) -> None:
    """What the store would change is judged where it stays, and comes back as it was."""
    model, title = "<http://example.org/model>", "<http://example.org/title>"
    written = [TAG, '"model"@en', f'"01"^^{iri("xsd:integer")}', f'"7"^^{iri("xsd:byte")}']
    data = {(model, title, value) for value in written}
    prefixes = "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>"
    query = f"{prefixes} SELECT $this ?value WHERE {{ $this {title} ?value FILTER ({test}) }}"
    shapes = {
        ("<urn:shape>", iri("rdf:type"), iri("sh:NodeShape")),
        ("<urn:shape>", iri("sh:targetSubjectsOf"), title),
        ("<urn:shape>", iri("sh:sparql"), "<urn:constraint>"),
        ("<urn:constraint>", iri("sh:select"), literal(query)),
        ("<urn:constraint>", iri("sh:message"), '"Found."'),
    }

    validated = validate.validate(data, shapes)

    assert [result.value for result in validated.results] == found
    assert validated.engines["<urn:shape>"].startswith(engine)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ("this is no Turtle", "syntax error"),
        (
            SHAPES + "ex:Model-shape sh:sparql [ sh:select 'SELECT $this WHERE { broken' ] .",
            "of <http://example.org/Model-shape> cannot be asked: error at 1:",
        ),
    ],
)
def test_shapes_that_cannot_be_used(files: tuple[str, ...], shapes: str, said: str) -> None:
    """One sentence and exit code 2."""
    Path(files[2]).write_text(shapes)

    done = run(*files)

    assert done.exit_code == 2
    assert said in done.stderr


ILL_FORMED = {
    "sh:property [ sh:path ex:p ; sh:minCount 1.0 ]": "sh:minCount is not a whole number",
    "sh:property [ sh:path ex:p ; sh:minCount -1 ]": "sh:minCount is not a whole number",
    "sh:property [ sh:path ex:p ; sh:maxCount 1 , 2 ]": "sh:maxCount is given more than once",
    "sh:property [ sh:path ex:p ; sh:datatype 'x' ]": "sh:datatype is not an IRI",
    "sh:property [ sh:path ex:p ; sh:nodeKind ex:IRI ]": "sh:nodeKind is not one of the six",
    "sh:property [ sh:path ex:p ; sh:minInclusive ex:x ]": "sh:minInclusive is not a literal",
    "sh:property [ sh:path ex:p ; sh:pattern '(' ]": 'sh:pattern "(" is not a regular expression',
    "sh:property [ sh:path ex:p ; sh:uniqueLang 'true' ]": "sh:uniqueLang is not true or false",
    "sh:property [ sh:minCount 1 ]": "sh:property names a shape without sh:path",
    "sh:property 'x'": "sh:property is not a node",
    "sh:minCount 1": "sh:minCount is only for a property shape",
    "sh:message ex:m ; sh:nodeKind sh:IRI": "sh:message is not a text",
    "sh:in ex:x": "A list of the shapes is ill-formed",
    "sh:property [ sh:path ( ex:p ) ; sh:minCount 1 ]": "a list of paths has two or more",
    "sh:property [ sh:path [ sh:inversePath ex:p ; sh:zeroOrMorePath ex:q ] ]": "of no one form",
    "sh:js [ ]": "sh:js is not supported",
    "sh:sparql [ ]": "has no query",
    "sh:sparql [ sh:select 'SELECT $this { $this ?p ?o MINUS { ?o ?q ?r } }' ]": "it uses MINUS",
    "sh:sparql [ sh:select 'SELECT $this { SERVICE <urn:x> { ?o ?q ?r } }' ]": "it uses SERVICE",
    "sh:sparql [ sh:select 'SELECT $this { VALUES ?x { 1 } }' ]": "it uses VALUES",
    "sh:sparql [ sh:select 'SELECT $this { BIND (1 AS $this) }' ]": "it assigns $this",
    "sh:sparql [ sh:select 'SELECT ?o { $this ?p ?o }' ]": "it does not select $this",
    "sh:sparql [ sh:select 'SELECT $this { { SELECT ?o { ?s ?p ?o } } }' ]": (
        "a subquery does not select $this"
    ),
    "sh:sparql [ sh:select 'SELECT $this { FILTER ($this = $shapesGraph) }' ]": "shapes graph",
}
"""What is said of a shape, and what is wrong with it."""


@pytest.mark.parametrize("said", ILL_FORMED)
def test_an_ill_formed_shape_is_refused(files: tuple[str, ...], said: str) -> None:
    """It neither passes in silence nor fails as if the data did not conform."""
    shape = f"ex:Odd a sh:NodeShape ; sh:targetClass ex:Model ; {said} ."
    Path(files[2]).write_text(SHAPES + shape)

    done = run(*files)

    assert done.exit_code == 2
    assert ILL_FORMED[said] in done.stderr


def test_long_lists_long_chains_and_queries_with_a_head(files: tuple[str, ...]) -> None:
    """Thousands of members and of steps, and an ASK behind a PREFIX, are judged all the same."""
    links = "\n".join(f"ex:n{n} ex:next ex:n{n + 1} ." for n in range(1500))
    members = " ".join(f"ex:n{n}" for n in range(1501))
    Path(files[0]).write_text(f"{DATA}\n{links}")
    Path(files[2]).write_text(
        SHAPES + "ex:Own a sh:ConstraintComponent ; sh:parameter [ sh:path ex:only ] ; "
        "sh:validator [ sh:message 'Not it.' ; sh:ask "
        "'PREFIX ex: <http://example.org/> ASK { FILTER ($value = ex:good && $only = 1) }' ] .\n"
        "ex:Chain a sh:NodeShape ; sh:targetNode ex:n0 ; sh:property ex:Chain-next .\n"
        f"ex:Chain-next sh:path [ sh:zeroOrMorePath ex:next ] ; sh:in ( {members} ) ; "
        "sh:maxCount 1500 ; sh:message 'It is long.' .\n"
        "ex:Only a sh:NodeShape ; sh:targetClass ex:Model ; ex:only 1 ."
    )

    done = run(*files)

    assert done.exit_code == 1
    assert done.stdout.count("It is long.") == 1
    assert done.stdout.count("Not it.") == 1


def test_a_nested_property_is_of_the_node_that_has_it() -> None:
    """A node that points to itself and to another is at fault for the other."""
    ex = "http://example.org/"
    text = (
        f"@prefix ex: <{ex}> . @prefix sh: <http://www.w3.org/ns/shacl#> . "
        "ex:S a sh:NodeShape ; sh:targetNode ex:a , ex:b ; sh:node ex:N ; sh:message 'No.' . "
        "ex:N sh:property ex:P . ex:P sh:path ex:p ; sh:property ex:Q . "
        "ex:Q sh:path ex:q ; sh:minCount 1 . ex:a ex:p ex:a , ex:b ; ex:q 1 ."
    )
    quads = ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)
    triples = {(str(quad.subject), str(quad.predicate), str(quad.object)) for quad in quads}

    found = validate.validate(triples, triples).results

    assert [result.focus for result in found] == [f"<{ex}a>"]


def test_turtle_is_for_files_with_shapes(files: tuple[str, ...]) -> None:
    """The project's own report has no form in RDF, and shapes need something to check."""
    assert run("--format", "turtle").exit_code == 2
    assert run(*files[1:]).exit_code == 2

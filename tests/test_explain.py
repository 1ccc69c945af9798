"""Every inferred triple has a proof that replays; of one that does not hold it is said why."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest
import rdflib
from click.testing import CliRunner, Result
from rdflib import PROV, RDF

from kg import graph, reason, sources
from kg.cli import main
from kg.columns import FIRST, REST, Index
from kg.graph.claims import CLLM
from kg.namespaces import IDS, TERMS
from kg.reason import settled as reasoning
from kg.reason.oracle import apply
from kg.reason.rules import TYPE, rules
from kg.tables import as_term

if TYPE_CHECKING:
    from pathlib import Path

    from kg.project import Project
    from kg.reason import Closed, Explainer, Proof, Triple

RULES = {rule.name: rule for rule in rules()}
SAMPLE = 40
"""Number of proofs that are broken by taking a leaf away."""


def term(name: str) -> str:
    """The IRI of a term of the ontology, or of an entity, as the engine has it."""
    prefix, _, local = name.partition(":")
    return f"<{TERMS}{local}>" if prefix == "cllm" else f"<{IDS}{prefix}/{local}>"


@pytest.fixture(scope="module")
def closed(project: Project, ontology: rdflib.Graph) -> Closed:
    """The closure of the real graph."""
    settled = graph.merge(sources.read_all(project), ontology).settled
    return reasoning.close(settled, ontology)


@pytest.fixture(scope="module")
def explainer(closed: Closed) -> Explainer:
    """What explains the real graph."""
    return reason.Explainer(closed)


@pytest.fixture(scope="module")
def proofs(closed: Closed, explainer: Explainer) -> list[Proof]:
    """A proof of every inferred triple of the real graph."""
    inferred = sorted(filter(reason.says_something, closed.derived()))
    found = [explainer.proof(triple) for triple in inferred]
    assert len(found) > 500
    proved = [proof for proof in found if proof is not None]
    assert len(proved) == len(found)
    return proved


def test_every_proof_rests_on_what_is_stated(closed: Closed, proofs: list[Proof]) -> None:
    """No leaf is inferred, no step is stated, and nothing rests on itself."""
    for proof in proofs:
        assert all(leaf.triple in closed.given for leaf in proof.leaves())
        assert all(step.triple not in closed.given for step in proof.steps())
        _assert_no_circle(proof, frozenset())


def _assert_no_circle(proof: Proof, above: frozenset[Triple]) -> None:
    assert proof.triple not in above
    for premise in proof.premises:
        _assert_no_circle(premise, above | {proof.triple})


def test_every_step_replays(closed: Closed, proofs: list[Proof]) -> None:
    """The rule that a step names concludes it from the premises of the step alone."""
    lists = [triple for triple in closed.given if triple[1] in (FIRST, REST)]
    steps = {
        (step.triple, step.rule, tuple(premise.triple for premise in step.premises))
        for proof in proofs
        for step in proof.steps()
    }
    assert len(steps) > 500
    for triple, rule, premises in steps:
        concluded = apply(RULES[rule], Index((*premises, *lists)))
        assert any(triple in conclusions for conclusions, _ in concluded), (rule, triple)


def test_a_triple_falls_with_a_leaf_of_its_only_proof(closed: Closed, proofs: list[Proof]) -> None:
    """Where each step is the only way, what is taken away takes the triple with it."""
    unique = [
        (proof, [t.triple for t in proof.leaves() if t.triple[0].startswith(f"<{IDS}")])
        for proof in proofs
        if all(step.ways == 1 for step in proof.steps())
    ]
    unique = [(proof, facts) for proof, facts in unique if facts]
    assert len(unique) > SAMPLE
    for proof, facts in unique[:: len(unique) // SAMPLE]:
        leaf = facts[len(proof.triple[0]) % len(facts)]

        without = reason.materialize(closed.given - {leaf}, reason.says_something)

        assert proof.triple not in set(without.derived()), leaf


def test_a_proof_is_the_smallest() -> None:
    """Of a long way and a short one the short one is told."""
    far, near = "<http://example.org/far>", "<http://example.org/near>"
    steps = [f"<http://example.org/{name}>" for name in "abcd"]
    broader = f"<{rdflib.RDFS.subPropertyOf}>"
    ways = [(near, broader, steps[3]), *zip(steps, [broader] * 3, steps[1:], strict=False)]
    given = {
        (far, broader, steps[0]),
        *ways,
        ("<urn:x>", far, "<urn:y>"),
        ("<urn:x>", near, "<urn:y>"),
    }

    proof = reason.Explainer(reason.materialize(given)).proof(("<urn:x>", steps[3], "<urn:y>"))

    assert proof is not None
    assert proof.size == 1
    assert {premise.triple for premise in proof.premises} == {
        (near, broader, steps[3]),
        ("<urn:x>", near, "<urn:y>"),
    }


def test_a_long_proof_is_built() -> None:
    """Four hundred things along a chain, each a member since the one before it is."""
    steps = [f"<urn:{n}>" for n in range(400)]
    chain = {(one, "<urn:p>", two) for one, two in itertools.pairwise(steps)}
    range_ = [("<urn:M>", f"<{rdflib.RDFS.subClassOf}>", "_:m"), ("<urn:0>", TYPE, "<urn:M>")]
    only = [
        ("_:m", f"<{rdflib.OWL.onProperty}>", "<urn:p>"),
        ("_:m", f"<{rdflib.OWL.allValuesFrom}>", "<urn:M>"),
    ]
    explainer = reason.Explainer(reason.materialize({*chain, *range_, *only}))

    proof = explainer.proof((steps[-1], TYPE, "<urn:M>"))

    assert proof is not None
    depth = 0
    while proof.rule:
        depth += 1
        proof = next(p for p in proof.premises if p.rule or p.triple[0] == "<urn:0>")
    assert depth > 700


def test_what_is_missing_is_named(explainer: Explainer) -> None:
    """Why a model is no domestic-hardware model: its chip is not from the country."""
    wanted = (term("model:glm-130b"), TYPE, term("cllm:DomesticHardwareModel"))
    assert explainer.proof(wanted) is None

    (way,) = explainer.missing(wanted)

    lacking = []
    while way.ways:
        (way,) = way.ways
        lacking.append(way)
    chip = term("hardware:nvidia-a100")
    assert (term("model:glm-130b"), term("cllm:trainedOnHardware"), chip) in lacking[0].held
    assert lacking[-1].missing == ((chip, term("cllm:countryOfOrigin"), term("place:china")),)


def test_what_no_axiom_concludes_has_no_way(explainer: Explainer) -> None:
    """A name can only be stated."""
    name = (term("model:glm-130b"), f"<{rdflib.RDFS.label}>", '"Another name"@en')

    assert explainer.proof(name) is None
    assert explainer.missing(name) == []


def run(project: Project, *arguments: str) -> Result:
    """What ``kg`` does with some arguments."""
    return CliRunner().invoke(main, ["--project", str(project.root), *arguments])


def test_the_command_draws_a_proof_with_its_passages(tiny: Project) -> None:
    """A line for each triple, by which rule or stated where; class expressions in words."""
    done = run(tiny, "explain", "model:first", "a", "cllm:DomesticHardwareModel")

    assert done.exit_code == 0
    assert done.stdout.startswith("model:first a cllm:DomesticHardwareModel  [by cax-sco")
    assert "model:first a (cllm:trainedOnHardware some cllm:DomesticHardware)" in done.stdout
    assert "[stated in paper/table]" in done.stdout
    assert "[stated in ontology/training]" in done.stdout


def test_the_command_tells_where_a_number_comes_from(tiny: Project) -> None:
    """A number that the build derives is stated where its accepted figure is."""
    compute = graph.merge(
        sources.read_all(tiny), sources.read_graph(tiny.ontology_files(), tiny)
    ).settled.value(rdflib.URIRef(f"{IDS}run/first"), CLLM.trainingCompute)
    literal = as_term(compute)

    done = run(tiny, "explain", "run:first", "cllm:trainingCompute", literal)

    assert done.exit_code == 0
    assert "[stated in paper/text/1-1]" in done.stdout


def test_the_command_says_what_is_missing_and_fails(tiny: Project) -> None:
    """Exit code 1, and each premise with whether it holds."""
    done = run(tiny, "explain", "model:second", "a", "cllm:DomesticHardwareModel")

    assert done.exit_code == 1
    assert "[does not hold; it would]" in done.stdout
    assert "[is missing]" in done.stdout

    told = json.loads(
        run(tiny, "explain", "model:second", "a", "cllm:IndustryModel", "--format", "json").stdout
    )
    assert told["holds"] is False
    assert told["ways"][0]["missing"]


def test_a_proof_as_json_and_as_turtle(tiny: Project) -> None:
    """The same tree for programs: nested, or statements derived from statements."""
    asked = ("explain", "organization:company", "cllm:developed", "model:first", "--format")

    told = json.loads(run(tiny, *asked, "json").stdout)
    assert told["rule"] == "prp-inv1"
    assert [premise["rule"] for premise in told["premises"]] == [None, None]
    assert told["premises"][1]["passages"]

    described = rdflib.Graph().parse(data=run(tiny, *asked, "turtle").stdout, format="turtle")
    (top,) = described.subjects(CLLM.byRule, None)
    assert described.value(top, RDF.predicate) == CLLM.developed
    premises = list(described.objects(top, PROV.wasDerivedFrom))
    assert len(premises) == 2
    assert any(described.value(premise, CLLM.statedIn) for premise in premises)


@pytest.mark.parametrize(
    "asked",
    [
        ("model:first", "<http://www.w3.org/2002/07/owl#sameAs>", "model:first"),
        ("model:first", "<http://www.w3.org/2000/01/rdf-schema#label>", '"First"@EN'),
        ("model:first", "cllm:nameAsPrinted", '"First"^^<http://www.w3.org/2001/XMLSchema#string>'),
    ],
)
def test_what_holds_is_said_to_hold(tiny: Project, asked: tuple[str, str, str]) -> None:
    """Also what is never written down, and a literal in another way of writing."""
    assert run(tiny, "explain", *asked).exit_code == 0


@pytest.mark.parametrize("word", ['"open', '"x"@', "<http://a", "<x y>"])
def test_a_term_that_n_triples_does_not_write(tiny: Project, word: str) -> None:
    """One sentence, not a traceback."""
    done = run(tiny, "explain", "model:first", "cllm:nameAsPrinted", word)

    assert done.exit_code == 2
    assert "is no term as N-Triples writes it" in done.stderr


@pytest.mark.parametrize("word", ["glm-130b", "modl:first", "first"])
def test_a_word_that_is_no_term_is_said_so(tiny: Project, word: str) -> None:
    """In a sentence that shows what a term looks like."""
    done = run(tiny, "explain", word, "a", "cllm:Model")

    assert done.exit_code == 2
    assert f"'{word}' is no term" in done.stderr


def test_files_of_any_syntax_are_reasoned_about(tiny: Project, tmp_path: Path) -> None:
    """Data and axioms from two files; what follows on standard output, sorted."""
    data, axioms = tmp_path / "data.nt", tmp_path / "axioms.ttl"
    data.write_text("<urn:a> <urn:p> <urn:b> .\n<urn:b> <urn:p> <urn:c> .\n")
    axioms.write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . <urn:p> a owl:TransitiveProperty ."
    )
    asked = ("reason", str(data), "--ontology", str(axioms), "--format")

    done = run(tiny, *asked, "ntriples")

    assert done.exit_code == 0
    assert done.stdout == "<urn:a> <urn:p> <urn:c> .\n"
    assert "<urn:a> <urn:p> <urn:c>" in run(tiny, *asked, "turtle").stdout


def test_a_contradiction_in_files_fails_with_what_follows(tiny: Project, tmp_path: Path) -> None:
    """Exit code 1 and the rule; what follows is printed all the same."""
    data = tmp_path / "data.ttl"
    data.write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . "
        "<urn:p> a owl:AsymmetricProperty ; owl:inverseOf <urn:q> . "
        "<urn:a> <urn:p> <urn:b> . <urn:b> <urn:p> <urn:a> ."
    )

    done = run(tiny, "reason", str(data), "--format", "ntriples")

    assert done.exit_code == 1
    assert "[prp-asyp]" in done.stderr
    assert "<urn:b> <urn:q> <urn:a> .\n" in done.stdout


def test_n_triples_is_read_alike_however_it_is_written(tiny: Project, tmp_path: Path) -> None:
    """Split or parsed, a term is the same: a tab, an escape, a comment, ends of lines."""
    axioms = tmp_path / "axioms.ttl"
    axioms.write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix : <urn:> . "
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
        '[ owl:onProperty :p ; owl:hasValue "a\\tb" ] rdfs:subClassOf :C .'
    )
    line = '<urn:x> <urn:p> "a{}b" .'
    for text in (
        line.format("\\t") + "\n",
        line.format("\t") + "\n",
        line.format("\\u0009") + " # said\n\n",
        line.format("\\t") + "\r\n",
        line.format("\\t"),
    ):
        data = tmp_path / "data.nt"
        data.write_bytes(text.encode())
        done = run(tiny, "reason", str(data), "--ontology", str(axioms), "--format", "ntriples")
        assert f"<urn:x> <{RDF.type}> <urn:C> .\n" in done.stdout, text


def test_aliases_of_the_members_of_a_list_are_no_product(tiny: Project, tmp_path: Path) -> None:
    """Thirty members with an alias each: reasoning ends, and two that are one are found once."""
    data = tmp_path / "data.ttl"
    members = " ".join(f":a{n}" for n in range(30))
    same = " ".join(f":a{n} owl:sameAs :b{n} ." for n in range(30))
    data.write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix : <urn:> . "
        f"[] a owl:AllDifferent ; owl:distinctMembers ( {members} ) . {same}"
    )
    assert run(tiny, "reason", str(data), "--format", "ntriples").exit_code == 0

    data.write_text(data.read_text() + " :a1 owl:sameAs :a2 .")
    done = run(tiny, "reason", str(data), "--format", "ntriples")
    assert done.exit_code == 1
    assert "urn:a1 owl:sameAs urn:a2" in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("odd.txt", "", "the ending says of no RDF syntax"),
        ("wrong.ttl", "<urn:a> <urn:b> ;", "wrong.ttl:1: syntax error"),
        (
            "outside.ttl",
            "<urn:p> a <http://www.w3.org/2002/07/owl#ReflexiveProperty> .",
            "leaves OWL 2 RL: urn:p rdf:type owl:ReflexiveProperty",
        ),
    ],
)
def test_a_file_that_cannot_be_reasoned_about(
    tiny: Project, tmp_path: Path, name: str, text: str, said: str
) -> None:
    """One sentence and exit code 2."""
    path = tmp_path / name
    path.write_text(text)

    done = run(tiny, "reason", str(path))

    assert done.exit_code == 2
    assert said in done.stderr
    assert run(tiny, "reason", str(tmp_path / "missing.ttl")).exit_code == 2
    assert run(tiny, "reason", str(path), "--engine", "owlrl").exit_code == 2

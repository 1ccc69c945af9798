"""Every sentence of the source is accounted for, and what it leaves out adds up."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import rdflib
from click.testing import CliRunner

from kg import graph, sources
from kg.cli import main
from kg.coverage import STATES, By, places, silence
from kg.given import read_given
from kg.graph.claims import CLLM
from kg.namespaces import GRAPHS, IDS
from kg.project import Project
from kg.sources import Source
from kg.tables import rows_of

ANSWERS = Path(__file__).parent / "answers"


@pytest.fixture(scope="module")
def read(project: Project) -> list[Source]:
    """The real sources."""
    return sources.read_all(project)


def merged(read: list[Source], ontology: rdflib.Graph) -> graph.Landscape:
    """The landscape of some sources."""
    return graph.merge(read, ontology)


def test_every_sentence_is_accounted_for(read: list[Source], ontology: rdflib.Graph) -> None:
    """By part, in the order of the paper: 151 sentences, 26 rows, 50 references, none lost."""
    found = places(merged(read, ontology))

    with (ANSWERS / "parts.csv").open(encoding="utf-8", newline="") as file:
        expected = {row["part"]: row for row in csv.DictReader(file)}
    counted = Counter(place.part for place in found)
    assert list(counted) == list(expected)
    assert len(counted) == 26
    for part, row in expected.items():
        assert counted[part] == int(row["sentences"] or row["entries"]), part
    assert len(found) == 227
    assert [place for place in found if not place.accounted] == []
    for place in found:
        assert bool(place.statements) != bool(place.reason)
        assert place.passages


def test_a_sentence_that_nobody_wrote_down_is_found(
    read: list[Source], ontology: rdflib.Graph
) -> None:
    """In the middle of a paragraph it has its number; at the end it is known to be missing."""
    name = f"{GRAPHS}ding-xiao-2023/compute"
    for lost, number in ((f"{name}/1-3", (1, 3)), (f"{name}/3-6", (0, 1))):
        changed = []
        for source in read:
            graphs = {key: value for key, value in source.graphs.items() if key != lost}
            if source.graph == name:
                about = rdflib.Graph()
                for triple in source.graphs[name]:
                    if str(triple[0]) != lost:
                        about.add(triple)
                graphs[name] = about
            changed.append(replace(source, rows=rows_of(graphs)))

        missing = [p for p in places(merged(changed, ontology)) if not p.accounted]

        assert [(p.part, (p.paragraph, p.number)) for p in missing] == [("Compute", number)]


def test_a_reason_accounts_for_a_sentence(tmp_path: Path, ontology: rdflib.Graph) -> None:
    """A sentence without statements has a reason, or is not accounted for."""
    text = f"""@prefix cllm: <{CLLM}> . @prefix dcterms: <http://purl.org/dc/terms/> .
    @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
    <{IDS}part/one> a cllm:Part ; rdfs:label "One"@en ; cllm:position 1 ;
        cllm:paragraphCount 1 ; cllm:sentenceCount 2 .
    <{GRAPHS}case/one/1-1> a cllm:Passage ; dcterms:isPartOf <{IDS}part/one> ;
        cllm:paragraph 1 ; cllm:sentence 1 ; cllm:holdsNoFact "It announces the next." .
    <{GRAPHS}case/one/1-2> a cllm:Passage ; dcterms:isPartOf <{IDS}part/one> ;
        cllm:paragraph 1 ; cllm:sentence 2 .
    """
    path = tmp_path / "case" / "one.ttl"
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    source = read_given(path, Project(Path(__file__).parents[1])).source

    first, second = places(merged([source], ontology))

    assert (first.accounted, first.reason) == (True, "It announces the next.")
    assert not second.accounted


@pytest.mark.parametrize("by", get_args(By))
def test_silence_adds_up(read: list[Source], ontology: rdflib.Graph, by: By) -> None:
    """Each group has the same number of rows for each property; together they are the table's."""
    found = silence(merged(read, ontology), ontology, by)

    groups: dict[str, set[int]] = {}
    for row in found:
        assert tuple(row.states) == STATES
        groups.setdefault(row.group, set()).add(sum(row.states.values()))
    assert {len(totals) for totals in groups.values()} == {1}
    rows = sum(totals.copy().pop() for totals in groups.values())
    assert len({row.property for row in found}) == 5
    # a model with several developers counts with each
    assert rows == {"model": 26, "year": 26, "developer": 53}[by]


def test_silence_of_models_is_the_silence_map(read: list[Source], ontology: rdflib.Graph) -> None:
    """The command says what the canned question says, which a reader derived from the table."""
    with (ANSWERS / "silence-map.csv").open(encoding="utf-8", newline="") as file:
        expected = {row["name"]: row for row in csv.DictReader(file)}
    columns = {
        "parameter count": "parameterCount",
        "training compute": "trainingCompute",
        "uses accelerator": "accelerator",
        "accelerator count": "acceleratorCount",
        "training hours": "trainingHours",
    }
    found = silence(merged(read, ontology), ontology, "model")
    assert len(found) == 26 * 5
    for row in found:
        (state,) = (name for name, count in row.states.items() if count)
        assert state == expected[row.group][columns[row.property]], row


def test_the_command(project: Project, tiny: Project) -> None:
    """A table and JSON, with exit code 0 where everything is accounted for and 1 where not."""
    done = CliRunner().invoke(main, ["--project", str(project.root), "coverage"])
    assert done.exit_code == 0
    assert "227 places with statements, 0 with a reason, 0 not accounted for." in done.output
    as_json = CliRunner().invoke(
        main, ["--project", str(project.root), "coverage", "--by", "year", "--format", "json"]
    )
    assert {row["year"] for row in json.loads(as_json.stdout)} == {"2020", "2021", "2022"}

    parts = tiny.root / "data" / "registry" / "parts.ttl"
    parts.write_text(
        f'<{IDS}part/one> a <{CLLM.Part}> ; <http://www.w3.org/2000/01/rdf-schema#label> "One"@en ;'
        f" <{CLLM.position}> 1 ; <{CLLM.paragraphCount}> 1 ; <{CLLM.sentenceCount}> 1 .\n",
        "utf-8",
    )
    lost = CliRunner().invoke(main, ["--project", str(tiny.root), "coverage"])
    assert lost.exit_code == 1
    assert "not accounted for" in lost.stdout

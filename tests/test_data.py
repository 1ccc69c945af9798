"""The data as a whole: what one passage alone knows, and names that the registry should know."""

from __future__ import annotations

import re
from collections import defaultdict

import rdflib
from rdflib import RDF, RDFS, SKOS

from kg import sources
from kg.graph.claims import CLLM
from kg.namespaces import GRAPHS, IDS
from kg.project import Project

SHARED = re.compile(rf"{IDS}(?:run|dataset|event)/")
"""Kinds of things of which several passages speak: their names belong in the registry."""


def test_runs_datasets_and_events_are_in_the_registry(project: Project) -> None:
    """None is known to one passage alone."""
    registered: set[str] = set()
    used: dict[str, set[str]] = defaultdict(set)
    for source in sources.read_all(project):
        for name, graph in source.graphs.items():
            if name.startswith(f"{GRAPHS}registry/"):
                registered |= {str(subject) for subject in graph.subjects(RDF.type)}
                continue
            for triple in graph:
                for term in triple:
                    if SHARED.match(str(term)):
                        used[str(term)].add(name)
    assert len(used) > 40

    alone = {thing: passages for thing, passages in used.items() if thing not in registered}
    assert alone == {}


def test_every_printed_name_is_a_label(project: Project) -> None:
    """Each spelling that a passage prints is a label, another label, or the title of a thing."""
    known: dict[rdflib.term.Node, set[str]] = defaultdict(set)
    printed = []
    for source in sources.read_all(project):
        for graph in source.graphs.values():
            for predicate in (RDFS.label, SKOS.altLabel, rdflib.DCTERMS.title):
                for thing, label in graph.subject_objects(predicate):
                    known[thing].add(str(label).lower())
            printed += graph.subject_objects(CLLM.nameAsPrinted)
    assert len(printed) > 200

    strange = {
        (thing, str(name)) for thing, name in printed if str(name).lower() not in known[thing]
    }
    assert strange == set()

"""Commands that reason: what follows, and why."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kg.cli.group import engine_option, main, setting, stored_sources
from kg.cli.output import print_findings, print_json, print_tree, progress, write_bytes
from kg.errors import BadInput
from kg.namespaces import PREFIXES, passage_name
from kg.results import named
from kg.store import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.cli.output import Branch
    from kg.project import Project
    from kg.reason import Explainer, Missing, Proof, Triple
    from kg.reason import settled as reasoning

# spelt out, so that commands which need no rdflib do not wait for it
ENGINES: Final = ("columns", "owlrl")
_NUMBERS: Final = {
    "integer": re.compile(r"[+-]?\d+"),
    "decimal": re.compile(r"[+-]?\d*\.\d+"),
    "boolean": re.compile("true|false"),
}
_SHOWN: Final = 5
"""Number of ways to follow that are shown of a triple that does not."""


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--ontology",
    "ontologies",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file with axioms, beside FILES; may be repeated.",
)
@engine_option(ENGINES, "Our own, or owlrl as a cross-check (slow; only for the project).")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["turtle", "ntriples"]),
    default="turtle",
    show_default=True,
)
@setting("store", metavar="FOLDER|URL")
@click.pass_obj
def reason(
    project: Project,
    files: tuple[Path, ...],
    ontologies: tuple[Path, ...],
    engine: str,
    format_: str,
    store: str | None,
) -> None:
    """Print what follows by the ontology's axioms.

    Only the triples that are new. Without FILES: of the settled view of the project, or with
    --store of what that store was built of, and those that say something. With FILES (.ttl, .nt,
    .n3, .rdf, .owl, .xml, .jsonld, .trig, .nq): all
    that RDF can write. Exit code 1 if something contradicts the axioms.

    \b
    Example:
      kg reason --format ntriples | wc -l
      kg reason data.ttl --ontology axioms.owl
    """
    if (files or ontologies) and store is not None:
        raise BadInput("--store and FILES are two things to reason about: give one of them.")
    if (files or ontologies) and engine != "columns":
        raise BadInput("--engine owlrl works on the project; with FILES there is one engine.")
    if files or ontologies:
        lines, wrong = _of_files((*files, *ontologies))
        for said in wrong:
            click.echo(said, err=True)
    else:
        lines, consistent = _of_project(project, engine, store)
        wrong = [] if consistent else ["inconsistent"]
    text = "".join(lines)
    if format_ == "ntriples":
        write_bytes(text.encode())
    else:
        inferred = EmbeddedStore.in_memory({"": text.encode()})
        write_bytes(inferred.dump(named("turtle", "graph")))
    click.echo(f"{len(lines):,} triples inferred.", err=True)
    sys.exit(1 if wrong else 0)


def _of_files(paths: tuple[Path, ...]) -> tuple[list[str], list[str]]:
    """What follows from some files, as sorted lines of N-Triples, and each contradiction."""
    from kg.reason import contradiction, materialize, writable
    from kg.store.grouped import read_groups

    with progress("read"):
        groups = read_groups(paths)
    with progress("reason"):
        closed = materialize(groups)
        new = sorted(triple for triple in closed.derived() if writable(triple))
        wrong = sorted({contradiction(*met, closed) for met in closed.contradictions()})
    return [f"{' '.join(triple)} .\n" for triple in new], wrong


def _of_project(project: Project, engine: str, store: str | None) -> tuple[list[str], bool]:
    """What follows from the settled view, as sorted lines, and whether it is consistent."""
    from kg import build as recipe
    from kg.columns import decoded

    chosen: reasoning.Engine = "owlrl" if engine == "owlrl" else "columns"
    stored = stored_sources(store, project)
    inferences = recipe.inferences(project, progress, chosen, stored)
    print_findings(inferences.report)
    triples = decoded(inferences.triples.relations, inferences.triples.nodes.terms)
    return sorted(f"{' '.join(triple)} .\n" for triple in triples), inferences.report.conforms


@main.command("explain")
@click.argument("subject")
@click.argument("predicate")
@click.argument("object_", metavar="OBJECT")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "turtle"]),
    default="text",
    show_default=True,
    help="A tree, for a program, or RDF (PROV).",
)
@setting("store", metavar="FOLDER|URL")
@click.pass_obj
def explain_command(
    project: Project,
    subject: str,
    predicate: str,
    object_: str,
    format_: str,
    store: str | None,
) -> None:
    """Say why a triple holds, down to the passages that state it.

    Terms are prefixed names, IRIs, numbers or literals as N-Triples writes them; "a" is rdf:type.
    Of a triple that does not hold, say what is missing; exit code 1.

    \b
    Example:
      kg explain model:pangu-alpha a cllm:DomesticHardwareModel
      kg explain model:glm-130b a cllm:DomesticHardwareModel
    """
    from kg import build as recipe
    from kg.reason.settled import describe

    triple = _term(subject), _term(predicate), _term(object_)
    explained = recipe.explainer(project, progress, stored_sources(store, project))
    proof = explained.explainer.proof(triple)
    if proof is None:
        ways = explained.explainer.missing(triple)
        _print_missing(triple, ways, explained.explainer, format_)
        sys.exit(1)
    if format_ == "json":
        print_json(_as_dict(proof, explained.explainer, explained.passages))
    elif format_ == "turtle":
        graph = describe(proof, explained.passages)
        for prefix, namespace in PREFIXES.items():
            graph.bind(prefix, namespace)
        write_bytes(graph.serialize(format="turtle", encoding="utf-8"))
    else:
        print_tree(_branch(proof, explained.explainer, explained.passages))


def _term(text: str) -> str:
    """A term as N-Triples writes it, from what a person writes."""
    from kg.store.files import term_of

    if text == "a":
        return f"<{PREFIXES['rdf']}type>"
    if text[:1] in ("<", '"'):
        return term_of(text)
    for kind, form in _NUMBERS.items():
        if form.fullmatch(text):
            return f'"{text}"^^<{PREFIXES["xsd"]}{kind}>'
    prefix, colon, local = text.partition(":")
    if colon and prefix in PREFIXES:
        return term_of(f"<{PREFIXES[prefix]}{local}>")
    if text.startswith(("http://", "https://", "urn:")):
        return term_of(f"<{text}>")
    raise BadInput(f"{text!r} is no term: write a prefixed name such as model:glm-130b, or an IRI.")


def _branch(proof: Proof, explainer: Explainer, passages: Callable[[Triple], list[str]]) -> Branch:
    from kg.reason import spells_out

    if proof.rule:
        said = f"by {proof.rule}" + (f", one of {proof.ways} ways" if proof.ways > 1 else "")
    else:
        places = [passage_name(name) for name in passages(proof.triple)]
        said = f"stated in {', '.join(places)}" if places else "stated"
    below = [
        _branch(premise, explainer, passages)
        for premise in proof.premises
        if not spells_out(premise.triple)
    ]
    return explainer.sentence(proof.triple), said, below


def _as_dict(
    proof: Proof, explainer: Explainer, passages: Callable[[Triple], list[str]]
) -> dict[str, Any]:
    return {
        "triple": list(proof.triple),
        "words": explainer.sentence(proof.triple),
        "rule": proof.rule or None,
        "ways": proof.ways or None,
        "passages": [] if proof.rule else passages(proof.triple),
        "premises": [_as_dict(premise, explainer, passages) for premise in proof.premises],
    }


def _print_missing(triple: Triple, ways: list[Missing], explainer: Explainer, format_: str) -> None:
    """Print what a triple lacks, the nearest ways first."""
    words = explainer.sentence(triple)
    if format_ == "json":
        print_json(
            {
                "triple": list(triple),
                "words": words,
                "holds": False,
                "ways": [_way_as_dict(way, explainer) for way in ways],
            }
        )
        return
    if format_ == "turtle":
        raise BadInput(f"{words} does not hold, and what is missing has no form in RDF.")
    if not ways:
        said = "nothing states it, and no axiom concludes it of anything"
        print_tree((words, f"does not hold: {said}", []))
        return
    left = len(ways) - _SHOWN
    branches = [_missing_branch(way, explainer) for way in ways[:_SHOWN]]
    if left > 0:
        branches.append((f"{left} more ways; --format json has them all", "", []))
    print_tree((words, "does not hold; it would", branches))


def _missing_branch(way: Missing, explainer: Explainer) -> Branch:
    from kg.reason import spells_out

    below: list[Branch] = [
        *(
            (explainer.sentence(axiom), "an axiom", [])
            for axiom in way.axioms
            if not spells_out(axiom)
        ),
        *((explainer.sentence(held), "holds", []) for held in way.held),
        *(
            (
                explainer.sentence(missing),
                "is missing",
                [_missing_branch(w, explainer) for w in way.ways if w.triple == missing][:_SHOWN],
            )
            for missing in way.missing
        ),
    ]
    return f"by {way.rule}", "", below


def _way_as_dict(way: Missing, explainer: Explainer) -> dict[str, Any]:
    return {
        "rule": way.rule,
        "axioms": [explainer.sentence(axiom) for axiom in way.axioms],
        "holds": [explainer.sentence(held) for held in way.held],
        "missing": [explainer.sentence(missing) for missing in way.missing],
        "ways": [_way_as_dict(other, explainer) for other in way.ways],
    }

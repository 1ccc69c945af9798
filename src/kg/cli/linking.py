"""Commands that find links to other datasets, and record what a person decides about them."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kg.cli.group import json_option, main, opened_store, setting, versions_of
from kg.cli.output import each_with_progress, print_json, print_table, progress, write_file
from kg.errors import BadInput
from kg.namespaces import shorten
from kg.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from kg.link.proposals import Proposal
    from kg.link.reviews import Suggestion
    from kg.link.things import Thing
    from kg.project import Project
    from kg.store import Store

_DATASETS: Final = ("epoch", "ror", "wikidata")
_FROM: Final = click.option(
    "--from",
    "saved",
    type=click.Path(path_type=Path),
    help="A saved file to look in, instead of asking.",
)


@main.group("link")
def link() -> None:
    """Find what is the same in other datasets, for review.

    What is found is written beside the store as proposals, and becomes a link only when a person
    accepts it.

    \b
    Example:
      kg link epoch --from all_ai_models.csv
      kg link review epoch
      kg build
    """


@link.command("epoch")
@click.option(
    "--from",
    "saved",
    type=click.Path(path_type=Path),
    required=True,
    help="Epoch AI's table of models (CSV), to be had from https://epoch.ai/data/ai-models.",
)
@setting("store", metavar="FOLDER")
@click.pass_obj
def link_epoch(project: Project, saved: Path, store: str | None) -> None:
    """Propose rows of Epoch AI's dataset of models.

    \b
    Example:
      kg link epoch --from all_ai_models.csv
    """
    from kg.link.rows import things

    if not saved.is_file():
        raise BadInput(f"There is no file {saved}.")
    with progress("read"):
        theirs = things(saved.read_bytes(), str(saved))
    _propose(project, store, "epoch", "model", "row", lambda _: theirs)


@link.command("ror")
@_FROM
@click.option("--address", default=None, help="Of the API, if it is not ROR's own.")
@setting("store", metavar="FOLDER")
@click.pass_obj
def link_ror(project: Project, saved: Path | None, address: str | None, store: str | None) -> None:
    """Propose organizations of the Research Organization Registry.

    Its API is asked for each organization that has no link to it yet; answers are kept beside the
    store, so that what was interrupted goes on. A saved file has records, a folder several.

    \b
    Example:
      kg link ror
      kg link ror --from ror-records/
    """
    from kg.link import ror
    from kg.link.answers import Answers

    def found(ours: list[Thing]) -> list[Thing]:
        if saved is not None:
            with progress("read"):
                return ror.read(saved)
        api = address or ror.API
        names = dict.fromkeys(thing.label for thing in ours)
        kept = Answers(_path(project, store, "ror").with_suffix(".answers"), api)
        found = kept.all(list(names), lambda name: ror.asked(name, api), each_with_progress)
        return ror.unique(record for records in found for record in records)

    _propose(project, store, "ror", "organization", "organization", found)


@link.command("wikidata")
@_FROM
@click.option("--endpoint", default=None, help="Another SPARQL endpoint with Wikidata's data.")
@setting("store", metavar="FOLDER")
@click.pass_obj
def link_wikidata(
    project: Project, saved: Path | None, endpoint: str | None, store: str | None
) -> None:
    """Propose items of Wikidata by the identifiers that are held.

    The endpoint is asked for fifty identifiers at a time; answers are kept beside the store, so
    that what was interrupted goes on. A saved file is an answer in SPARQL JSON.

    \b
    Example:
      kg link wikidata
      kg link wikidata --endpoint http://localhost:7001/sparql
      kg link wikidata --from answer.srj
    """
    from kg.link import wikidata
    from kg.link.answers import Answers
    from kg.link.reviews import Suggestion
    from kg.store.remote import RemoteStore

    with opened_store(Settings.load(store=store), project) as opened:
        identifiers = wikidata.held(opened)
        names = _labels(opened)
    if saved is not None:
        items = wikidata.read(saved)
    else:
        remote = RemoteStore(endpoint or wikidata.ENDPOINT)
        texts = dict(wikidata.queries(identifiers))
        kept = Answers(_path(project, store, "wikidata").with_suffix(".answers"), remote.url)
        answers = kept.all(
            list(texts),
            lambda name: list(map(list, remote.query(texts[name]).rows()[1])),
            each_with_progress,
        )
        items = [wikidata.found(row) for rows in answers for row in rows]
    suggestions = [
        Suggestion(
            one.ours,
            names.get(one.ours, shorten(one.ours)),
            one.relation.rpartition("#")[2],
            item.item,
            item.label,
            one.what,
            0.9,
            evidence,
            "MappingChaining",
        )
        for one, item, evidence in wikidata.matches(identifiers, items)
    ]
    _write(project, store, "wikidata", suggestions)


@link.command("review")
@click.argument("dataset", type=click.Choice(_DATASETS))
@click.option("--list", "only_list", is_flag=True, help="Print the proposals and decide nothing.")
@click.option("--accept", multiple=True, metavar="IRI", help="Accept the proposal of this thing.")
@click.option("--reject", multiple=True, metavar="IRI", help="Reject the proposal of this thing.")
@click.option("--reviewer", default=None, help="Who decides; by default the user of this machine.")
@json_option
@setting("store", metavar="FOLDER")
@click.pass_obj
def review(
    project: Project,
    dataset: str,
    accept: tuple[str, ...],
    reject: tuple[str, ...],
    reviewer: str | None,
    format_: str,
    store: str | None,
    *,
    only_list: bool,
) -> None:
    """Decide about proposals, one after the other.

    What is accepted or rejected is written into data/links/ at once; what is skipped stays
    proposed. A proposal is named by the IRI of the thing elsewhere, or a prefixed name.

    \b
    Example:
      kg link review epoch
      kg link review ror --list
      kg link review epoch --accept row:epoch-m6-100b --reviewer "A. Person"
    """
    from kg.link import reviews
    from kg.namespaces import expand

    path = _path(project, store, dataset)
    waiting = reviews.proposed(path, project.shown(path))
    if only_list or format_ == "json":
        _show(waiting, format_)
        return
    who = reviewer or os.environ.get("KG_REVIEWER") or getpass.getuser()
    named = {**{expand(n): "accept" for n in accept}, **{expand(n): "reject" for n in reject}}
    if both := {expand(n) for n in accept} & {expand(n) for n in reject}:
        raise BadInput(f"{min(both)} cannot be accepted and rejected.")
    if strangers := set(named) - {suggestion.theirs for suggestion in waiting}:
        raise BadInput(f"{min(strangers)} is not proposed.")
    decided = 0
    for number, suggestion in enumerate(waiting, 1):
        if named:
            choice = named.get(suggestion.theirs, "skip")
        else:
            choice = _asked(suggestion, number, len(waiting))
        if choice == "quit":
            break
        if choice != "skip":
            relation = _relation(suggestion, choice)
            _decide(project, dataset, suggestion, relation, who)
            waiting = [one for one in waiting if one is not suggestion]
            write_file(path, reviews.text(dataset, waiting, _today()).encode())
            decided += 1
    click.echo(f"{decided} decided, {len(waiting)} still proposed.")
    if decided:
        click.echo("`kg build` makes a version with the links.", err=True)


@link.command("evaluate")
@json_option
@setting("store", metavar="FOLDER|memory")
@click.pass_obj
def evaluate(project: Project, format_: str, store: str | None) -> None:
    """Measure precision and recall on labelled pairs, and print each error.

    The pairs are those of data/links/labelled-pairs.tsv; the rules were chosen looking at one
    half.

    \b
    Example:
      kg link evaluate
    """
    from kg.link import evaluation, things

    path = project.root / "data" / "links" / "labelled-pairs.tsv"
    pairs = things.pairs(path, project.shown(path))
    with opened_store(Settings.load(store=store), project) as opened:
        ours = {kind: things.ours(opened, kind) for kind in evaluation.KINDS.values()}
    measured = {half: evaluation.measure(pairs, ours, half) for half in evaluation.HALVES}
    if format_ == "json":
        print_json({half: found.as_dict() for half, found in measured.items()})
        return
    columns = ["half", "pairs", "same", "matched", "right", "precision", "recall"]
    rows: Iterator[list[str | None]] = (
        [
            half,
            *map(str, (found.pairs, found.same, found.matched, found.right)),
            f"{found.precision:.3f}",
            f"{found.recall:.3f}",
        ]
        for half, found in measured.items()
    )
    print_table(columns, rows)
    for half, found in measured.items():
        for error in found.errors:
            what = "missed" if error.is_missed else "wrongly matched"
            pair = error.pair
            theirs = f"{pair.theirs.label} ({shorten(pair.theirs.iri)})"
            click.echo(f"{half}: {what}: {shorten(pair.ours)} and {theirs}: {error.said}")


def _propose(
    project: Project,
    store: str | None,
    dataset: str,
    kind: str,
    what: str,
    find: Callable[[list[Thing]], list[Thing]],
) -> None:
    """Hold what is found against ours, and write the proposals."""
    from kg.link import things
    from kg.link.proposals import propose

    with opened_store(Settings.load(store=store), project) as opened:
        ours = things.ours(opened, kind)
    theirs = find(ours)
    with progress("compare"):
        found = [_suggestion(proposal, what) for proposal in propose(ours, theirs)]
    _write(project, store, dataset, found)


def _suggestion(proposal: Proposal, what: str) -> Suggestion:
    from kg.link.reviews import Suggestion

    return Suggestion(
        proposal.ours.iri,
        proposal.ours.label,
        proposal.predicate.partition(":")[2],
        proposal.theirs.iri,
        proposal.theirs.label,
        what,
        proposal.confidence,
        "; ".join(proposal.evidence),
    )


def _write(project: Project, store: str | None, dataset: str, found: list[Suggestion]) -> None:
    """Write what nobody has decided about, and say how much that is."""
    from kg.link import reviews
    from kg.link.mappings import read

    known = [m for file in project.link_files() for m in read(file, project.shown(file)).mappings]
    left = reviews.undecided(dataset, found, known)
    path = _path(project, store, dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, reviews.text(dataset, left, _today()).encode())
    exact = sum(suggestion.relation == "exactMatch" for suggestion in left)
    click.echo(
        f"Matches: {len(found)}, of which {len(found) - len(left)} were decided about "
        f"before, and {len(left)} are proposed, {exact} of them as the same: {project.shown(path)}."
    )
    if left:
        click.echo(f"`kg link review {dataset}` shows them for you to decide.", err=True)


def _decide(
    project: Project, dataset: str, suggestion: Suggestion, relation: str, who: str
) -> None:
    from kg.link import reviews

    path = project.root / "data" / "links" / f"{dataset}.sssom.tsv"
    if not path.is_file():
        raise BadInput(f"{project.shown(path)} is missing, which would have the link.")
    said = reviews.decided(path, dataset, suggestion, relation=relation, reviewer=who, day=_today())
    write_file(path, said.encode())


def _relation(suggestion: Suggestion, choice: str) -> str:
    """The relation that holds by a choice; empty for none."""
    if choice == "accept":
        is_match = suggestion.relation in ("exactMatch", "closeMatch")
        return "exactMatch" if is_match else suggestion.relation
    return "closeMatch" if choice == "close" else ""


def _asked(suggestion: Suggestion, number: int, of: int) -> str:
    """What a person decides about a proposal."""
    click.echo(
        f"\n{number} of {of}: {suggestion.ours_label} ({shorten(suggestion.ours)})\n"
        f"  {suggestion.relation} {suggestion.theirs_label} ({suggestion.what}, "
        f"{suggestion.theirs})\n  {suggestion.confidence:g}: {suggestion.evidence}"
    )
    choices = {"a": "accept", "c": "close", "r": "reject", "s": "skip", "q": "quit"}
    said = ", ".join(f"{key} {word}" for key, word in choices.items())
    asked: str = click.prompt(f"  {said}", type=click.Choice([*choices]), show_choices=False)
    return choices[asked]


def _show(waiting: list[Suggestion], format_: str) -> None:
    if format_ == "json":
        print_json([vars(suggestion) for suggestion in waiting])
        return
    columns = ["ours", "relation", "theirs", "name", "confidence", "evidence"]
    rows: Iterator[list[str | None]] = (
        [
            shorten(one.ours),
            one.relation,
            shorten(one.theirs),
            one.theirs_label,
            f"{one.confidence:g}",
            one.evidence,
        ]
        for one in waiting
    )
    print_table(columns, rows)


def _labels(opened: Store) -> dict[str, str]:
    from kg.link import things

    kinds = ("model", "organization")
    return {one.iri: one.label for kind in kinds for one in things.ours(opened, kind)}


def _path(project: Project, store: str | None, dataset: str) -> Path:
    folder = versions_of(Settings.load(store=store), project).root / "proposals"
    return folder / f"{dataset}.sssom.tsv"


def _today() -> date:
    return datetime.now(UTC).date()

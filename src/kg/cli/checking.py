"""Commands that check a source against itself: audit, findings, coverage."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, cast

import click

from kg.cli.group import json_option, main, setting, stored_sources
from kg.cli.output import plural, print_findings, print_json, print_table, progress, write_bytes
from kg.errors import NotFound
from kg.namespaces import PREFIXES, passage_name, shorten
from kg.turtle import document

if TYPE_CHECKING:
    from kg.audit import Grade, Item
    from kg.build import Built
    from kg.coverage import By
    from kg.findings import Result
    from kg.project import Project

# spelt out, so that commands which need no rdflib do not wait for it
GRADES: Final = ("impossible", "contradiction", "tension", "oddity", "cannot-be-judged")
VERDICTS: Final = ("holds", "differs", "partly-recomputable", "not-recomputable")
GROUPINGS: Final = ("model", "developer", "year")


@main.command("audit")
@click.argument("rule", required=False)
@click.option(
    "--grade",
    "grade",
    type=click.Choice(GRADES),
    help="Only items of this weight or heavier; by default all that can be judged.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "text", "json", "turtle"]),
    default="table",
    show_default=True,
    help="A line each, everything in words, for a program, or RDF (DQV).",
)
@setting("store", metavar="FOLDER|URL")
@click.pass_obj
def audit_command(
    project: Project, rule: str | None, grade: str | None, format_: str, store: str | None
) -> None:
    """Find what contradicts itself or cannot be.

    Contradictions between passages, figures that no machine could have reached, dates and counts
    that do not fit, and what should be looked at; each with its statements and its arithmetic.
    With RULE only what that rule finds. Of the project's files, or of what a store holds, which has
    no files and lines.

    \b
    Example:
      kg audit --grade contradiction
      kg audit compute-against-hardware --format text
    """
    from kg.audit import RULES, Grade, describe
    from kg.tables import as_triple

    if rule is not None and rule not in RULES:
        raise NotFound(f"There is no rule {rule!r} (there are: {', '.join(sorted(RULES))}).")
    built = _made(project, store)
    least = list(Grade)[GRADES.index(grade)] if grade else None
    chosen = [item for item in built.items if _wanted(item, rule, least, format_)]
    if format_ == "json":
        print_json([item.as_dict() for item in chosen])
    elif format_ == "turtle":
        # rdflib's writer would round the numbers
        said = {"": sorted(map(as_triple, describe(chosen)))}
        write_bytes(document(["What the audit found."], said, PREFIXES).encode())
    elif format_ == "text":
        click.echo("\n\n".join(map(_in_words, chosen)))
    else:
        print_table(
            ["grade", "subject", "rule", "ratio", "what"],
            iter([[i.grade.words, i.name, i.rule, _ratio(i), i.arithmetic] for i in chosen]),
        )
    unjudged = sum(not item.grade.judged for item in built.items)
    click.echo(f"{len(chosen)} of {len(built.items)} items; {unjudged} cannot be judged.", err=True)


def _wanted(item: Item, rule: str | None, least: Grade | None, format_: str) -> bool:
    if rule is not None and item.rule != rule:
        return False
    if least is not None:
        return item.grade.weight <= least.weight
    return item.grade.judged or rule is not None or format_ in ("json", "turtle")


def _ratio(item: Item) -> str | None:
    return None if item.ratio is None else f"{item.ratio:.4g}"


def _in_words(item: Item) -> str:
    ratio = f" (ratio {_ratio(item)})" if item.ratio is not None else ""
    said = "".join(
        f"\n  - {s.text} [{passage_name(s.passage)}; {', '.join(s.speakers) or 'no speaker'}]"
        for s in item.statements
    )
    settled = f"\n  settled by {shorten(item.decision)}" if item.decision else ""
    return (
        f"{item.grade.words}: {item.name} [{item.rule}]{ratio}\n  {item.arithmetic}{said}{settled}"
    )


@main.command("findings")
@click.argument("name", required=False)
@click.option(
    "--verdict",
    type=click.Choice(VERDICTS),
    help="Only findings with this verdict.",
)
@json_option
@setting("store", metavar="FOLDER|URL")
@click.pass_obj
def findings_command(
    project: Project, name: str | None, verdict: str | None, format_: str, store: str | None
) -> None:
    """Recompute what the source concludes.

    Each countable statement of the source, what it leads one to expect, what the graph gives
    without the statement itself, and the verdict. With NAME also the rows. Of the project's files,
    or of what a store holds.

    \b
    Example:
      kg findings --verdict differs
      kg findings three-without-nvidia
    """
    built = _made(project, store)
    chosen = [
        result
        for result in built.results
        if name in (None, result.finding.name)
        and verdict in (None, result.verdict.words.replace(" ", "-"))
    ]
    if name and not any(result.finding.name == name for result in built.results):
        raise NotFound(f"There is no finding {name!r}; `kg findings` lists them.")
    if format_ == "json":
        print_json([result.as_dict() for result in chosen])
    elif name:
        for result in chosen:
            _print_finding(result)
    else:
        rows: list[list[str | None]] = [
            [
                result.verdict.words,
                result.finding.expectation,
                result.computed,
                result.finding.name,
                result.finding.statement,
            ]
            for result in chosen
        ]
        print_table(["verdict", "expected", "computed", "name", "statement"], iter(rows))
    warnings = [w for w in built.report.warnings if w.rule == "Finding-verdict"]
    for warning in warnings:
        click.echo(str(warning), err=True)
    sys.exit(1 if warnings else 0)


def _print_finding(result: Result) -> None:
    from kg.judged.findings import digits

    finding = result.finding
    click.echo(f"{finding.statement}\n[{passage_name(finding.passage)}]\n")
    within = f", within {digits(finding.tolerance)}" if finding.tolerance else ""
    click.echo(f"expected  {finding.expectation}{within}")
    click.echo(f"computed  {result.computed or 'nothing'}")
    click.echo(f"verdict   {result.verdict.words}")
    for label, text in (("lacks", finding.lacks), ("unmoved", finding.unmoved)):
        if text:
            click.echo(f"{label:<10}{text}")
    if result.columns:
        click.echo("")
        print_table(list(result.columns), iter([list(row) for row in result.rows]))


@main.command("coverage")
@click.option(
    "--by",
    type=click.Choice(GROUPINGS),
    help="Instead: what each model, developer or year leaves unsaid in the table.",
)
@json_option
@click.pass_obj
def coverage_command(project: Project, by: str | None, format_: str) -> None:
    """Account for every sentence of the source.

    Each sentence, row and reference by number, with how many statements the graph has of it, or
    the reason why it has none.

    \b
    Example:
      kg coverage
      kg coverage --by year
    """
    from kg import build as recipe
    from kg.coverage import STATES, places, silence

    landscape, ontology = recipe.landscape(project, progress)
    if by:
        groups = silence(landscape, ontology, cast("By", by))
        if format_ == "json":
            print_json([{by: s.group, "property": s.property, **s.states} for s in groups])
        else:
            rows: list[list[str | None]] = [
                [s.group, s.property, *(str(s.states[state]) for state in STATES)] for s in groups
            ]
            print_table([by, "property", *STATES], iter(rows))
        return
    found = places(landscape)
    lost = [place for place in found if not place.accounted]
    if format_ == "json":
        print_json([place.as_dict() for place in found])
    else:
        print_table(
            ["part", "place", "statements", "passages"],
            iter(
                [
                    [
                        place.part,
                        f"{place.paragraph}-{place.number}".removeprefix("0-"),
                        str(place.statements) if place.statements else "",
                        place.reason
                        or ", ".join(passage_name(passage) for passage in place.passages)
                        or "not accounted for",
                    ]
                    for place in found
                ]
            ),
        )
    stated = sum(bool(place.statements) for place in found)
    reasons = sum(bool(place.reason) for place in found)
    click.echo(
        f"{stated} {plural('place', stated)} with statements, {reasons} with a reason, "
        f"{len(lost)} not accounted for.",
        err=True,
    )
    sys.exit(1 if lost else 0)


def _made(project: Project, store: str | None) -> Built:
    """A build of the project, not published; exit code 1 with what is wrong if it fails.

    From a store that is named come its sources, which were held against the shapes when it was
    built.
    """
    from kg import build as recipe

    stored = stored_sources(store, project)
    if stored is not None:
        return recipe.make(project, progress, stored, without=())
    built = recipe.make(project, progress, [])
    if not built.report.conforms:
        print_findings(built.report)
        sys.exit(1)
    return built

"""Names of rows: the table has no identifiers, so a row gets one that stays as long as it can."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from kg.link.names import slug
from kg.namespaces import IDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kg.link.epoch.table import Entry

    Level = Callable[[Entry], str]

ESTIMATED: Final = "-compute"
"""What the name of the passage with a row's estimates ends in."""
_LEVELS: Final[tuple[Level, ...]] = (
    lambda entry: slug(entry["date"]) or "undated",
    lambda entry: slug(entry["parameters"].partition(".")[0]) or "unsized",
)
"""What tells rows of one slug apart, one after the other."""


def row_iri(name: str) -> str:
    """The IRI of the row that has a name."""
    return f"{IDS}row/epoch-{name}"


def named(entries: Iterable[Entry]) -> dict[str, Entry]:
    """The rows by their names, each unlike all others, in the order of the table.

    A name is the slug of the model's. Where several rows have one slug, each of them adds its date;
    where these are the same, its number of parameters; where these are, its place among such rows.
    So does a row whose slug would be the name of the passage of another's estimates. A row of whose
    name no letter is left in a slug is not among them.
    """
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[slug(entry.name)].append(entry)
    groups.pop("", None)
    found: dict[str, Entry] = {}
    apart: list[tuple[str, Entry]] = []
    for name, group in groups.items():
        if len(group) == 1 and name.removesuffix(ESTIMATED) not in groups.keys() - {name}:
            found[name] = group[0]
        else:
            apart += _apart(name, group, _LEVELS)
    for name, entry in apart:
        names = chain([name], (f"{name}-{number}" for number in count(2)))
        found[next(free for free in names if free not in found)] = entry
    return dict(sorted(found.items(), key=lambda item: item[1].number))


def _apart(
    name: str, group: Sequence[Entry], levels: Sequence[Level]
) -> Iterator[tuple[str, Entry]]:
    """The rows of one slug, with what tells them apart at the end of it."""
    if not levels:
        yield from ((f"{name}-{place}", entry) for place, entry in enumerate(group, 1))
        return
    level, *others = levels
    alike: dict[str, list[Entry]] = defaultdict(list)
    for entry in group:
        alike[f"{name}-{level(entry)}"].append(entry)
    for longer, same in alike.items():
        if len(same) == 1:
            yield longer, same[0]
        else:
            yield from _apart(longer, same, others)

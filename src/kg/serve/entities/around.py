"""A thing among its neighbours, as a drawing: where each stands, so that no label meets another.

The thing is in the middle, its neighbours are on an ellipse around it, half of them on either side
at equal heights, each with its label outside. On a narrow screen they stand below each other.
"""

from __future__ import annotations

import math
import unicodedata
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.namespaces import IDS
from kg.serve.entities.model import REJECTED
from kg.serve.visible import visible
from kg.terms import Term, iri

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kg.serve.entities.incoming import Incoming
    from kg.serve.entities.layout import Layout
    from kg.serve.entities.model import Thing
    from kg.store import Store

MOST: Final = 14
_AT_A_TIME: Final = 2
"""Number of neighbours by one property that are taken before those by another have their turn."""
_NAMES: Final = (iri("rdfs:label"), iri("dcterms:title"))
_ROW: Final = 40
_SIZE: Final = 14.0
"""Of the letters, in the units of the drawing, which are the pixels of a screen as wide as it."""
_SMALL: Final = 11.5


@dataclass(frozen=True)
class Neighbour:
    """A thing that is next to another by a property, in one or the other direction."""

    node: Term
    predicate: Term
    is_incoming: bool


@dataclass(frozen=True)
class Spot:
    """Where a neighbour stands, and its label and what it is to the thing, cut to the room."""

    neighbour: Neighbour
    x: float
    y: float
    text_x: float
    anchor: str
    label: str
    relation: str
    full: str


@dataclass(frozen=True)
class Drawing:
    """A drawing: its size, the middle with a label as wide as that, and the neighbours."""

    width: int
    height: int
    x: float
    y: float
    label: str
    label_width: float
    spots: Sequence[Spot]


def neighbours(
    store: Store, thing: Thing, incoming: Iterable[Incoming], layout: Layout
) -> tuple[list[Neighbour], int]:
    """The most telling neighbours of a thing, and how many there are beside them.

    Those that have a name, by each property in turn, in the order of the layout.
    """
    found: dict[tuple[Term, bool], list[Term]] = {}
    for fact in thing.facts:
        is_told = not (fact.restates or fact.rank == REJECTED or fact.predicate in layout.details)
        if is_told and fact.value.startswith(f"<{IDS}") and fact.value not in thing.subjects:
            found.setdefault((fact.predicate, False), []).append(fact.value)
    for one in incoming:
        for other in one.first:
            node = other.owner or other.node
            found.setdefault((one.predicate, True), []).append(node)
    queues = deque(
        (property_, is_incoming, deque(nodes)) for (property_, is_incoming), nodes in found.items()
    )
    chosen: dict[Term, Neighbour] = {}
    left = 0
    while queues:
        property_, is_incoming, nodes = queues.popleft()
        for _ in range(min(_AT_A_TIME, len(nodes))):
            node = nodes.popleft()
            if node not in chosen and node != thing.node and _has_name(store, node):
                if len(chosen) < MOST:
                    chosen[node] = Neighbour(node, property_, is_incoming)
                else:
                    left += 1
        if nodes:
            queues.append((property_, is_incoming, nodes))
    order = {key: number for number, key in enumerate(found)}
    ordered = sorted(chosen.values(), key=lambda n: order[n.predicate, n.is_incoming])
    return ordered, left


def _has_name(store: Store, node: Term) -> bool:
    return any(any(store.matching(node, name)) for name in _NAMES)


def broad(label: str, named: Sequence[tuple[Neighbour, str, str]]) -> Drawing:
    """The thing in the middle. ``named`` has the neighbours with label and what they are to it."""
    width = 760
    half = math.ceil(len(named) / 2)
    height = max(half, 3) * _ROW + 30
    x, y = width / 2, height / 2
    room = 170.0
    short = cut(label, room, _SIZE)
    label_width = text_width(short, _SIZE) + 28
    spots = []
    for place, (neighbour, name, relation) in enumerate(named):
        is_right = place < half
        count = half if is_right else len(named) - half
        step = place if is_right else len(named) - 1 - place
        offset = (step - (count - 1) / 2) * _ROW
        reach = 105 + 45 * math.sqrt(max(0.0, 1 - (offset / (height / 2)) ** 2))
        side = 1 if is_right else -1
        at = x + side * reach
        space = width / 2 - reach - 16
        spots.append(
            Spot(
                neighbour,
                round(at, 1),
                round(y + offset, 1),
                round(at + side * 11, 1),
                "start" if is_right else "end",
                cut(name, space, _SIZE),
                cut(relation, space, _SMALL),
                f"{relation}: {name}",
            )
        )
    return Drawing(width, height, x, y, short, round(label_width, 1), spots)


def tall(label: str, named: Sequence[tuple[Neighbour, str, str]]) -> Drawing:
    """The thing above its neighbours."""
    width = 340
    top = 62
    height = top + len(named) * _ROW + 6
    short = cut(label, width - 40.0, _SIZE)
    spots = [
        Spot(
            neighbour,
            46,
            top + 14 + place * _ROW,
            60,
            "start",
            cut(name, width - 64.0, _SIZE),
            cut(relation, width - 64.0, _SMALL),
            f"{relation}: {name}",
        )
        for place, (neighbour, name, relation) in enumerate(named)
    ]
    label_width = round(text_width(short, _SIZE) + 28, 1)
    return Drawing(width, height, 20, 22, short, label_width, spots)


def text_width(text: str, size: float) -> float:
    """About how wide a text is, in the units of ``size``; rather more than less."""
    return size * sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.63 for c in text)


def cut(text: str, room: float, size: float) -> str:
    """As much of a text as there is room for."""
    plain = str(visible(text))
    if text_width(plain, size) <= room:
        return plain
    kept = ""
    for letter in plain:
        if text_width(f"{kept}{letter}…", size) > room:
            break
        kept += letter
    return f"{kept.rstrip()}…"

"""What the graph has by name, for an outside dataset to be read against.

Only what is written in passages counts: nothing is inferred, and a name that several things have
stands for none of them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rdflib import DCTERMS, RDF, RDFS, SKOS

from kg.graph import CLLM
from kg.link.names import folded
from kg.namespaces import IDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rdflib.term import Node

    from kg.graph import Passages

    Index = Mapping[str, frozenset[str]]

_FACILITIES: Final = frozenset(
    str(kind) for kind in (CLLM.Facility, CLLM.Supercomputer, CLLM.CloudService)
)
_LABELS: Final = (RDFS.label, SKOS.altLabel, SKOS.hiddenLabel)


@dataclass(frozen=True)
class Registered:
    """Things of the graph, all by IRI.

    ``organizations`` and ``models`` are by folded name, ``hardware`` by label or printed name to
    the letter; ``runs`` by model, ``uses`` by run and ``accelerators`` by hardware use; ``wholes``
    has what a piece of hardware is a version of, and ``facilities`` the hardware that is no
    processor. ``sample`` are the models that a source of the graph studies, ``works`` those
    sources, and ``references`` all works that are described.
    """

    organizations: Index
    models: Index
    hardware: Index
    runs: Index
    uses: Index
    accelerators: Index
    wholes: Index
    facilities: frozenset[str]
    sample: frozenset[str]
    works: frozenset[str]
    references: frozenset[str]

    @classmethod
    def of(cls, passages: Passages) -> Registered:
        """What ``passages`` have."""

        def pairs(*predicates: Node) -> list[tuple[str, str]]:
            return [
                (str(subject), str(value))
                for predicate in predicates
                for _, subject, value in passages.pairs(predicate)
            ]

        def of_kind(kind: str, found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
            return [pair for pair in found if pair[0].startswith(f"{IDS}{kind}/")]

        labels = pairs(*_LABELS)
        names = pairs(RDFS.label, CLLM.nameAsPrinted)
        works = of_kind("sample", pairs(DCTERMS.source))
        return cls(
            organizations=_by_folded(of_kind("organization", labels)),
            models=_by_folded(of_kind("model", labels + pairs(CLLM.nameAsPrinted))),
            hardware=_grouped((name, thing) for thing, name in of_kind("hardware", names)),
            runs=_grouped(pairs(CLLM.hasTrainingRun)),
            uses=_grouped(pairs(CLLM.hasHardwareUse)),
            accelerators=_grouped(pairs(CLLM.accelerator)),
            wholes=_grouped(pairs(CLLM.versionOf)),
            facilities=frozenset(thing for thing, kind in pairs(RDF.type) if kind in _FACILITIES),
            sample=frozenset(model for model, _ in pairs(CLLM.inSample)),
            works=frozenset(work for _, work in works),
            references=frozenset(thing for thing, _ in of_kind("reference", pairs(DCTERMS.title))),
        )


def _by_folded(pairs: Iterable[tuple[str, str]]) -> Index:
    return _grouped((folded(name), thing) for thing, name in pairs)


def _grouped(pairs: Iterable[tuple[str, str]]) -> Index:
    found: dict[str, set[str]] = defaultdict(set)
    for key, value in pairs:
        if key:
            found[key].add(value)
    return {key: frozenset(values) for key, values in found.items()}


def only(found: Iterable[str]) -> str | None:
    """The one thing of some; None if there is none, or several."""
    things = set(found)
    return things.pop() if len(things) == 1 else None

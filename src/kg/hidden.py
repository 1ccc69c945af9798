"""What is left of a version when some of its graphs are hidden.

A built graph is more than its passages: what they say is settled, reasoned about, counted, judged.
So what is left of one is made again, from the passages that are left, as a build makes it.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from kg.columns import Rows
from kg.errors import BadInput
from kg.namespaces import BUILT_GRAPHS, GRAPHS, expand, shorten
from kg.sources import Source, parts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kg.store import EmbeddedStore

_BUILT: Final = frozenset(GRAPHS + name for name in BUILT_GRAPHS)


class Hidden:
    """Some graphs, each with those below it: ``<graph>/...``, as passages are below their part.

    They are named by their IRIs or by prefixed names, separated by blanks or commas.
    """

    def __init__(self, names: str) -> None:
        self.names = sorted({expand(name) for name in names.replace(",", " ").split()})
        self._below = tuple(f"{name.rstrip('/')}/" for name in self.names)

    def __contains__(self, iri: str) -> bool:
        return iri in self.names or iri.startswith(self._below)

    def check(self, graphs: Collection[str], apart: Collection[str]) -> None:
        """Raise ``BadInput`` for a name that hides none of ``graphs``.

        Also for one of a graph that a build makes, unless it is ``apart``: the others are in the
        default graph or describe what there is.
        """
        for name in self.names:
            if not any(graph in Hidden(name) for graph in graphs):
                close = difflib.get_close_matches(name, graphs, n=1)
                hint = f" Did you mean {close[0]}?" if close else ""
                raise BadInput(f"There is no graph <{name}> to hide.{hint}")
            if name in _BUILT and name not in apart:
                raise BadInput(
                    f"{shorten(name)} is made of what the sources say: hide the graphs of sources."
                )


def sources_left(store: EmbeddedStore, hidden: Hidden) -> list[Source]:
    """The sources of a built store without what is hidden, one for each part.

    Without the hidden graphs, without statements that name one, and without all that is said of
    what refers to one, as decisions and findings do.
    """
    graphs = store.graph_names()
    left = [name for name in graphs if name not in _BUILT and name not in hidden]
    referring = {
        subject
        for graph in left
        for subject, _, value in store.triples(graph)
        if value[1:-1] in hidden and subject[1:-1] not in graphs
    }

    def quads(names: list[str]) -> Iterator[tuple[str, str, str, str]]:
        for name in names:
            for triple in store.triples(name):
                if referring.isdisjoint(triple) and not any(t[1:-1] in hidden for t in triple):
                    yield f"<{name}>", *triple

    return [Source(part, part, Rows.of(quads(names))) for part, names in parts_of(left).items()]

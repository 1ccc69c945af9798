"""What is to be changed: a SPARQL update, or a graph as the Graph Store Protocol has it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kg.errors import Outdated
from kg.workers import frames

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from kg.store.draft import Draft

Kind = Literal["update", "put", "post", "delete"]


def _new_name() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Document:
    """A part of a graph as it was sent: its bytes, the short name of their format, a base IRI."""

    body: bytes
    format: str
    base: str


@dataclass(frozen=True)
class Order:
    """One change: ``put`` replaces a graph, ``post`` adds to it, ``delete`` takes it away.

    The default graph has no name. ``version`` will be the name of what comes of it.
    """

    kind: Kind
    text: str = ""
    """The update, judged before."""
    base: str = "http://localhost/"
    """What the update's relative IRIs are relative to."""
    graph: str = ""
    documents: Sequence[Document] = ()
    only_after: str = ""
    """The version that it may be made from; any if there is no name."""
    must_exist: bool | None = None
    """Whether the graph has to be there, or not to be, if that matters."""
    version: str = field(default_factory=_new_name)

    def carry_out(self, draft: Draft) -> bool:
        """Change a draft; whether there is a graph now that there was not.

        Raises as the methods of ``Draft`` do, ``Outdated`` if the graph has to be there and is not,
        or the other way round.
        """
        if self.must_exist not in (None, draft.has_graph(self.graph)):
            is_there = "is not there" if self.must_exist else "is there"
            raise Outdated(f"The graph <{self.graph}> {is_there}: nothing is changed.")
        if self.kind == "update":
            draft.update(self.text, self.base)
            return False
        if self.kind == "delete":
            draft.remove(self.graph)
            return False
        is_new = not draft.has_graph(self.graph)
        if self.kind == "put":
            draft.clear(self.graph)
        for document in self.documents:
            draft.add(self.graph, document.body, document.format, document.base)
        return is_new

    def packed(self) -> bytes:
        """The messages for the writer: one that says what is to be done, one for each document."""
        facts = {
            "kind": self.kind,
            "text": self.text,
            "base": self.base,
            "graph": self.graph,
            "only_after": self.only_after,
            "must_exist": self.must_exist,
            "version": self.version,
            "documents": [(document.format, document.base) for document in self.documents],
        }
        bodies = [frames.pack(frames.DATA, document.body) for document in self.documents]
        return b"".join([frames.pack(frames.JOB, json.dumps(facts).encode()), *bodies])

    @classmethod
    def received(cls, orders: BinaryIO) -> Order | None:
        """The next order; None once the other side has closed."""
        head = frames.receive(orders)
        if head is None:
            return None
        facts = json.loads(head[1])
        documents = []
        for format_, base in facts.pop("documents"):
            message = frames.receive(orders)
            if message is None:
                return None
            documents.append(Document(message[1], format_, base))
        return cls(**facts, documents=documents)

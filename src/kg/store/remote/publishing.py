"""A build published to an engine: one graph after the other, each looked at when it is there.

The catalog is removed first and written last: an engine without it is between two versions, and
whoever asks it then may see both. What an engine was sent is on record in it (``receipts``), so
that the next run sends what is different, be it the same build after a failure or another one. What
has no receipt and is no graph of the build is not ours, and is left alone.
"""

from __future__ import annotations

import array
import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyoxigraph as ox

from kg.columns import value_of
from kg.errors import Exceeded, ServiceError
from kg.namespaces import CATALOG, ONTOLOGY, PREFIXES, RECEIPTS, shorten
from kg.store.canonical import canonical_nquads, parse_graph
from kg.store.remote import receipts
from kg.store.remote.capabilities import default_graph_of, is_true, probe
from kg.store.remote.receipts import Receipt
from kg.store.remote.store import RemoteStore
from kg.store.remote.writing import in_pieces, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from kg.store.remote.connection import Addresses
    from kg.store.written import Written

    Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
    """Shows how many of a number of statements are done, as it is told of each few."""

SECONDS: Final = 600
"""How long an engine may take to count a graph, or for a piece of one that is read."""
_STRING: Final = f"{PREFIXES['xsd']}string"
_OF_DEFAULT: Final = f"ASK {{ <{ONTOLOGY}> ?p ?o }}"


@dataclass
class Published:
    """What was done: the graphs that were sent, found to be there, and removed.

    ``altered`` says, a sentence for each graph, what the engine made of it. The default graph has
    an empty name.
    """

    sent: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    leaves_default: bool = False
    """Whether the engine has a default graph of its own that holds what is not ours."""


def publish(graphs: Written, addresses: Addresses, bar: Bar, anew: bool = False) -> Published:
    """Make an engine hold some graphs; ``anew`` sends those, too, that it has.

    Raises ``ServiceError`` or ``Exceeded`` if the engine cannot be asked or changed, or counts
    other than what it was sent: what was done until then stays, and the next call goes on.
    """
    return _Publishing(graphs, addresses, bar, anew).run()


class _Publishing:
    """One run."""

    def __init__(self, graphs: Written, addresses: Addresses, bar: Bar, anew: bool) -> None:
        self._graphs = graphs
        self._bar = bar
        self._anew = anew
        asked = RemoteStore(addresses, SECONDS)
        found = probe(asked)
        self._store = asked.having(replace(found, is_ours=False, default_graphs=()))
        self._writing = writing(addresses, asked.connection, found.is_virtuoso)
        self._receipts: dict[str, Receipt] = {}
        self._done = Published()

    def run(self) -> Published:
        known = receipts.read(self._store)
        if not known:
            self._put({})
        wanted = self._wanted(known)
        if not self._anew:
            with self._bar("compare", sum(w.triples for w in wanted.values())) as advance:
                for name, receipt in wanted.items():
                    if self._has(name, receipt, known.get(name)):
                        self._receipts[name] = receipt
                    advance(receipt.triples)
        gone = sorted({*known} - {*wanted, ""})
        sent = [name for name in wanted if name not in self._receipts]
        self._done.kept = [*self._receipts]
        if not (sent or gone):
            return self._done
        if CATALOG in self._receipts:
            del self._receipts[CATALOG]
            self._done.kept.remove(CATALOG)
            sent.append(CATALOG)
        begun = dict.fromkeys((*sent, *gone), Receipt())
        self._put({**begun, **self._receipts})
        self._writing.remove(CATALOG)
        self._change(sent, gone, wanted)
        self._put(self._receipts)
        return self._done

    def _put(self, told: Mapping[str, Receipt]) -> None:
        """Make the graph of receipts these."""
        for _ in self._writing.put(RECEIPTS, self._pieces([receipts.lines(told)])):
            pass

    def _pieces(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        return in_pieces(chunks, self._writing.lines, self._writing.lines_with_blanks)

    def _wanted(self, known: Mapping[str, Receipt]) -> dict[str, Receipt]:
        """The graphs that the engine is to hold, the catalog as the last of them."""
        names = sorted(set(self._graphs) - {"", CATALOG})
        if self._is_default_ours(known):
            names.append("")
        wanted = {name: self._receipt(name) for name in (*names, CATALOG)}
        return {name: receipt for name, receipt in wanted.items() if receipt.triples}

    def _is_default_ours(self, known: Mapping[str, Receipt]) -> bool:
        """Whether the default graph is for us to write: one of its own that has nothing else."""
        kind = default_graph_of(self._store, receipts.OF_RECEIPTS, _OF_DEFAULT)
        if kind == "union":
            return False
        if "" in known or kind == "own" or not is_true(self._store, "ASK { ?s ?p ?o }"):
            return True
        self._done.leaves_default = True
        return False

    def _receipt(self, name: str) -> Receipt:
        hashed, seen, count = hashlib.sha256(), array.array("q"), 0
        for piece in self._graphs.pieces(name):
            hashed.update(piece)
            if name:
                count += piece.count(b"\n")
            else:  # a union, whose parts may say the same
                seen.extend(map(hash, piece.splitlines()))
        return Receipt(hashed.hexdigest(), count or len(np.unique(np.array(seen))))

    def _has(self, name: str, wanted: Receipt, known: Receipt | None) -> bool:
        """Whether the engine has a graph: it was sent and is as long, or was loaded otherwise."""
        if known is not None and known.digest != wanted.digest:
            return False
        if self._store.count(name) != wanted.triples:
            return False
        return known is not None or not self._altered(name)

    def _change(self, sent: list[str], gone: list[str], wanted: Mapping[str, Receipt]) -> None:
        try:
            for name in gone:
                self._writing.remove(name)
                self._done.removed.append(name)
            with self._bar("send", sum(wanted[name].triples for name in sent)) as advance:
                for name in sent:
                    self._send(name, wanted[name], advance)
        except (ServiceError, Exceeded) as error:
            raise ServiceError(
                f"{error} {len(self._receipts)} of {len(wanted)} graphs are there; the same "
                "command goes on with the others."
            ) from None

    def _send(self, name: str, receipt: Receipt, advance: Callable[[int], None]) -> None:
        pieces = self._pieces(self._graphs.pieces(name))
        for count in self._writing.put(name, pieces):
            advance(count)
        found = self._store.count(name)
        if found != receipt.triples:
            raise ServiceError(
                f"The endpoint <{self._writing.url}> was sent {receipt.triples} statements for "
                f"{_shown(name)} and counts {found}."
            )
        if altered := self._altered(name):
            self._done.altered.append(altered)
        if name != CATALOG:
            self._writing.add(RECEIPTS, receipts.lines({name: receipt}))
        self._receipts[name] = receipt
        self._done.sent.append(name)

    def _altered(self, name: str) -> str:
        """A sentence about what the engine has in the place of what it was sent; empty if nothing.

        Only hashes are held of what both have, and the statements with blank nodes.
        """
        ours = _hashes(self._triples(name))
        theirs = _hashes(quad.triple for quad in self._store.quads(name))
        lost = np.setdiff1d(ours, theirs)
        if not len(lost):
            return ""
        said = f"{len(lost)} of {len(ours)} statements of {_shown(name)} are not as they were sent"
        chosen = set(lost.tolist())
        example = next(
            (t for t in self._triples(name) if hash(_in_one_spelling(t)) in chosen), None
        )
        if example is None:
            return f"{said}: those with blank nodes."
        subject, predicate, value = map(str, example)
        found = self._store.matching(subject, predicate, None, name)
        now = " ".join(sorted(other for *_, other in found)) or "nothing"
        return f"{said}, such as {value} of {predicate} of {subject}, now {now}."

    def _triples(self, name: str) -> Iterator[ox.Triple]:
        for piece in self._graphs.pieces(name):
            for quad in parse_graph(piece):
                yield quad.triple


def _hashes(triples: Iterable[ox.Triple]) -> NDArray[np.int64]:
    """A number of 64 bits for each triple, the same for all spellings of its value.

    Blank nodes have the labels of RDFC-1.0, which follow from the statements that have some: only
    these are held.
    """
    with_blanks, found = [], array.array("q")
    for triple in map(_in_one_spelling, triples):
        if isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode):
            with_blanks.append(ox.Quad(triple.subject, triple.predicate, triple.object))
        else:
            found.append(hash(triple))
    found.extend(map(hash, canonical_nquads(with_blanks).splitlines()))
    return np.unique(np.array(found, np.int64))


def _in_one_spelling(triple: ox.Triple) -> ox.Triple:
    """A triple whose literal has a text that is the same for all which are of its value."""
    value = triple.object
    if not isinstance(value, ox.Literal) or value.datatype.value == _STRING or value.language:
        return triple
    read = value_of(str(value))
    if read is None:
        return triple
    spelt = ox.Literal(str(hash(read)), datatype=value.datatype)
    return ox.Triple(triple.subject, triple.predicate, spelt)


def _shown(name: str) -> str:
    return shorten(name) if name else "the default graph"

"""Clients that change graphs of their own on a server that is disturbed, and know what is in them.

A change that was acknowledged is there, one that was refused is not, and one whose answer never
came is there as a whole or not at all; which of the two is seen later.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import random
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from server import Server

TOKEN: Final = "of-this-bench"  # noqa: S105
HEADERS: Final = {"Authorization": f"Bearer {TOKEN}"}
UPDATE: Final = {"Content-Type": "application/sparql-update", **HEADERS}
TRIPLES: Final = {"Content-Type": "text/turtle", **HEADERS}
INTEGER: Final = "http://www.w3.org/2001/XMLSchema#integer"
WRITERS: Final = 3
GRAPHS: Final = 3
READERS: Final = 3
ROWS: Final = 2_200
LONG: Final = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d FILTER (?b + ?d >= 0) }"
LOST: Final = "graphs with an acknowledged change lost, a refused one made, or half of one"
THINKING: Final = 0.02
PAUSE: Final = 0.1

Lines = frozenset[str]
"""What is in a graph: lines of N-Triples, without their ends."""


class Graph:
    """A graph that one client changes: each state that it may have had, the newest last."""

    def __init__(self, iri: str) -> None:
        self.iri = iri
        self.path = "/rdf-graph-store?" + urllib.parse.urlencode({"graph": iri})
        self.states: list[Lines] = [frozenset()]
        self.settled = 0
        """The place of the last state that is known to have been true."""

    @property
    def is_settled(self) -> bool:
        """Whether it is known what is in it."""
        return self.settled == len(self.states) - 1

    def become(self, state: Lines) -> None:
        """Note what is in it."""
        self.states.append(state)
        self.settled = len(self.states) - 1


@dataclass
class Tally:
    """What was counted."""

    kills: Counter[str] = field(default_factory=Counter)
    early: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    """What must not be, by what it is."""
    seconds: list[float] = field(default_factory=list)
    """From the last kill of a pair to an answer."""


class Client(threading.Thread):
    """One who does the same again and again, until told to stop; nothing while its lock is held."""

    def __init__(self, act: Callable[[random.Random], None], seed: str) -> None:
        super().__init__(daemon=True)
        self._act = act
        self._chance = random.Random(seed)  # noqa: S311
        self.lock = threading.Lock()
        self.has_to_stop = False

    def run(self) -> None:
        """Act."""
        while not self.has_to_stop:
            with self.lock:
                self._act(self._chance)
            time.sleep(THINKING)


class Load:
    """Clients that write and read, and the model of what they wrote."""

    def __init__(self, server: Server, tally: Tally, seed: int) -> None:
        self._server = server
        self._tally = tally
        self._number = 0
        self.graphs = [
            [Graph(f"urn:writer:{writer}:{graph}") for graph in range(GRAPHS)]
            for writer in range(WRITERS)
        ]
        acts: list[Callable[[random.Random], None]] = [
            *(self._writing(own) for own in self.graphs),
            *(self._read for _ in range(READERS)),
            self._ask_long,
        ]
        self.clients = [Client(act, f"{seed} {number}") for number, act in enumerate(acts)]

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        """Have the clients act until the block ends."""
        for client in self.clients:
            client.start()
        try:
            yield
        finally:
            for client in self.clients:
                client.has_to_stop = True
            for client in self.clients:
                client.join()

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Have those who write wait, with nothing under way, until the block ends."""
        with contextlib.ExitStack() as held:
            for client in self.clients[:WRITERS]:
                held.enter_context(client.lock)
            yield

    def _writing(self, own: list[Graph]) -> Callable[[random.Random], None]:
        def act(chance: random.Random) -> None:
            settled = [graph for graph in own if graph.is_settled]
            if settled:
                self.change(chance.choice(settled), chance)

        return act

    def change(self, graph: Graph, chance: random.Random) -> None:
        """Change a graph in some way, and note what came of it."""
        before = graph.states[-1]
        size = chance.choice((1, 5, 200))
        numbers = (chance.randrange(10**9) for _ in range(size))
        fresh = frozenset(f'<{graph.iri}:{n}> <urn:number> "{n}"' for n in numbers)
        text = " .\n".join([*sorted(fresh), ""])
        inside = f"GRAPH <{graph.iri}> {{ {text} }}"
        emptied = f"DELETE WHERE {{ GRAPH <{graph.iri}> {{ ?s ?p ?o }} }} ; "
        after, method, path, body, headers = chance.choice(
            [
                (fresh, "PUT", graph.path, text, TRIPLES),
                (before | fresh, "POST", graph.path, text, TRIPLES),
                (before | fresh, "POST", "/sparql", f"INSERT DATA {{ {inside} }}", UPDATE),
                (fresh, "POST", "/sparql", f"{emptied} INSERT DATA {{ {inside} }}", UPDATE),
                (frozenset[str](), "DELETE", graph.path, "", HEADERS),
            ][: 5 if before else 4]
        )
        graph.states.append(after)
        try:
            status = self._server.ask(method, path, body, headers)[0]
        except ConnectionRefusedError:
            graph.become(before)
            self._tally.seen["changes while nobody listened"] += 1
            time.sleep(PAUSE)
            return
        except (OSError, http.client.HTTPException):
            self._tally.seen["changes without an answer"] += 1
            return
        if status in (201, 204):
            graph.settled = len(graph.states) - 1
            self._tally.seen["changes acknowledged"] += 1
        else:
            graph.become(before)
            self._tally.seen[f"changes refused with {status}"] += 1

    def _read(self, chance: random.Random) -> None:
        """Read a graph; it has to be in the last state that is known, or a later one."""
        graph = chance.choice(chance.choice(self.graphs))
        first = graph.settled
        try:
            status, body = self._server.ask("GET", f"{graph.path}&format=ntriples")
        except ConnectionRefusedError:
            self._tally.seen["reads while nobody listened"] += 1
            time.sleep(PAUSE)
            return
        except (OSError, http.client.HTTPException):
            self._tally.seen["reads without a whole answer"] += 1
            return
        if status not in (200, 404):
            self._tally.seen[f"reads refused with {status}"] += 1
            return
        self._tally.seen["reads answered"] += 1
        held = lines_of(body if status == 200 else b"")
        self._tally.wrong["reads that saw what was not"] += held not in graph.states[first:]

    def _ask_long(self, _: random.Random) -> None:
        """Ask what takes seconds."""
        path = f"/sparql?format=csv&query={urllib.parse.quote(LONG)}"
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, body = self._server.ask("GET", path)
            if status == 200:
                self._tally.seen["long queries answered"] += 1
                right = body.split() == [b"n", str(ROWS**2).encode()]
                self._tally.wrong["long queries answered wrong"] += not right

    def settle(self, quads: Lines) -> None:
        """Compare what is served with the model, and note which changes without answer were made.

        Nobody may write meanwhile.
        """
        found: dict[str, set[str]] = {}
        for line in quads:
            triple, _, name = line.rpartition(" ")
            found.setdefault(name, set()).add(triple)
        for graph in (graph for own in self.graphs for graph in own):
            held = frozenset(found.get(f"<{graph.iri}>", ()))
            if not graph.is_settled:
                made = "made" if held == graph.states[-1] else "not made"
                self._tally.seen[f"changes without an answer, {made}"] += 1
            self._tally.wrong[LOST] += held not in graph.states[graph.settled :]
            graph.become(held)

    def model(self) -> Lines:
        """The N-Quads that have to be served."""
        written = (
            f"{triple} <{graph.iri}>"
            for own in self.graphs
            for graph in own
            for triple in graph.states[-1]
        )
        return frozenset(written) | lines_of("".join(data()).encode())


def data() -> Iterator[str]:
    """The data that are served at first."""
    return (f'<urn:thing:{n}> <urn:size> "{n}"^^<{INTEGER}> .\n' for n in range(ROWS))


def lines_of(body: bytes) -> Lines:
    """Lines of N-Triples or N-Quads without their ends."""
    return frozenset(line.removesuffix(" .") for line in body.decode().splitlines())


def hash_of(lines: Lines) -> str:
    """The SHA-256 of sorted lines."""
    return hashlib.sha256("".join(f"{line} .\n" for line in sorted(lines)).encode()).hexdigest()

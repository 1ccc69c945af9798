"""A server beneath which versions change: no request fails, and each answer is of one version.

    python bench/reloads.py
    python bench/reloads.py --reloads 200

Each version says its own number in every row. While one after the other is published into the
folder that the server reads, clients ask over connections that stay: for a number, for all rows,
for a whole graph, for what they have already (``If-None-Match``), and for an earlier version. The
rows of an answer have to be all of the one version that its header ``X-KG-Data-Version`` names, and
what is asked after a version was published has to be answered from that or a later one. Ends with 1
if anything is wrong.
"""

from __future__ import annotations

import argparse
import http.client
import random
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from kg.store import Versions
from kg.store.plain import load
from server import Server, until

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS: Final = 2_000
CLIENTS: Final = 4
KEEP: Final = 3
NUMBER: Final = "SELECT DISTINCT ?n { ?s <urn:version> ?n }"
WRONGLY: Final = "answered that it is unchanged although it is not"
OTHERS: Final = "earlier versions that were others"
ALL: Final = "SELECT ?n { ?s <urn:version> ?n }"


@dataclass
class Said:
    """What one answer said: the version of its header, the numbers of its rows, and how many."""

    version: str
    numbers: frozenset[str]
    rows: int
    least: int
    """The number of the last version that was published when it was asked."""


@dataclass
class Seen:
    """What clients saw."""

    said: list[Said] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


class Client(threading.Thread):
    """One who asks one question after the other over one connection."""

    def __init__(self, server: Server, seen: Seen, published: list[str], number: int) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._seen = seen
        self._published = published
        self._chance = random.Random(number)  # noqa: S311
        self._known: tuple[str, str] = ("", "")
        self.answers = 0
        self.has_to_stop = False

    def run(self) -> None:
        """Ask; a connection that breaks is a failure, and replaced."""
        while not self.has_to_stop:
            try:
                with self._server.connected() as connection:
                    while not self.has_to_stop:
                        self._ask(connection)
            except (OSError, http.client.HTTPException) as error:
                self._seen.failures[type(error).__name__] += 1

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        kind = self._chance.choice(("number", "number", "rows", "graph", "known", "earlier"))
        least = len(self._published) - 1
        query = {"number": NUMBER, "known": NUMBER, "earlier": NUMBER}.get(kind, ALL)
        asked = {"query": query, "format": "csv"}
        headers: dict[str, str] = {}
        if kind == "earlier":
            asked["version"] = self._published[max(0, least - self._chance.randrange(1, 5))]
        if kind == "known":
            headers["If-None-Match"] = self._known[0]
        path = f"/sparql?{urllib.parse.urlencode(asked)}"
        if kind == "graph":
            path = "/rdf-graph-store?default&format=ntriples"
        began = time.monotonic()
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
        self._seen.seconds.append(time.monotonic() - began)
        version = response.headers["X-KG-Data-Version"]
        self.answers += 1
        if kind == "earlier":
            self._note_earlier(asked["version"], response.status, version, body)
        elif response.status == 304 and kind == "known":
            self._seen.counts["answered that it is unchanged"] += 1
            self._seen.counts[WRONGLY] += version != self._known[1]
        elif response.status == 200:
            lines = body.split()[2::4] if kind == "graph" else body.split()[1:]
            numbers = frozenset(line.strip('"') for line in lines)
            rows = len(lines) if kind in ("rows", "graph") else ROWS
            self._seen.said.append(Said(version, numbers, rows, least))
            if kind in ("number", "known"):
                self._known = response.headers["ETag"], version
        else:
            self._seen.failures[f"{response.status} for {kind}: {body.strip()}"] += 1

    def _note_earlier(self, asked: str, status: int, version: str, body: str) -> None:
        """Note what came of a question about an earlier version."""
        if status == 410:
            self._seen.counts["earlier versions that were gone"] += 1
        elif status == 200:
            self._seen.counts["earlier versions that were held"] += 1
            number = body.split()[-1]
            right = version == asked and self._published.index(asked) == int(number)
            self._seen.counts[OTHERS] += not right
        else:
            self._seen.failures[f"{status} for an earlier version: {body.strip()}"] += 1


def publish(versions: Versions, number: int) -> str:
    """Publish the version of a number; its name."""
    file = versions.root / "data.nt"
    file.write_text("".join(f'<urn:row:{n}> <urn:version> "{number}" .\n' for n in range(ROWS)))
    return load(versions, [file], KEEP).name


def main() -> int:
    """Publish one version after the other beneath a server that is asked; print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--reloads", type=int, default=50)
    chosen = parser.parse_args()
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        versions = Versions(Path(folder))
        published = [publish(versions, 0)]
        server = Server(["--store", folder])
        server.start()
        try:
            if not until(server.is_ready):
                raise RuntimeError("The server did not start.")
            clients = [Client(server, seen, published, number) for number in range(CLIENTS)]
            for client in clients:
                client.start()
            for number in range(1, chosen.reloads + 1):
                let_ask(clients)
                published.append(publish(versions, number))
                print(f"{number} of {chosen.reloads}", dict(seen.failures) or "", file=sys.stderr)
            let_ask(clients)
            for client in clients:
                client.has_to_stop = True
            for client in clients:
                client.join()
            publish(versions, chosen.reloads + 1)  # after which nobody needs what was before
            held = len(versions.all())
        finally:
            left = server.stop()
    return report(seen, {name: str(number) for number, name in enumerate(published)}, held, left)


def let_ask(clients: list[Client]) -> None:
    """Wait until each has had some answers more."""
    wanted = [client.answers + 3 for client in clients]
    if not until(lambda: all(c.answers >= w for c, w in zip(clients, wanted, strict=True))):
        raise RuntimeError("The server does not answer any more.")


def report(seen: Seen, known: Mapping[str, str], held: int, left: int) -> int:
    """Print what was counted; 1 if anything is wrong."""
    by_version = Counter(one.version for one in seen.said)
    disagreeing = sum(
        one.numbers != {known.get(one.version)} or one.rows != ROWS for one in seen.said
    )
    late = sum(int(known.get(one.version, -1)) < one.least for one in seen.said)
    numbers = [by_version[name] for name in known]
    print(f"reloads: {len(known) - 1}")
    print(f"answers: {len(seen.seconds):,} to {CLIENTS} clients")
    print(f"with rows: {len(seen.said):,}, of each version from {min(numbers)} to {max(numbers)}")
    for said, count in sorted(seen.counts.items()):
        print(f"{said}: {count:,}")
    middle, most = statistics.median(seen.seconds), max(seen.seconds)
    print(f"seconds of an answer: {middle:.3f} in the middle, {most:.2f} at most")
    print(f"failed requests and broken connections: {seen.failures.total()} {dict(seen.failures)}")
    print(f"answers whose rows and version disagree: {disagreeing}")
    print(f"answers of a version before the one that was current: {late}")
    print(f"versions held at the end: {held}; processes left behind: {left}")
    wrong = seen.counts[WRONGLY] + seen.counts[OTHERS]
    wrong += seen.failures.total() + disagreeing + late + left + (min(numbers) == 0)
    return int(bool(wrong) or held > KEEP + 1)


if __name__ == "__main__":
    sys.exit(main())

"""A server whose processes are killed at random moments: what is lost, and what is left behind.

    python bench/kills.py
    python bench/kills.py --kills 20 --seed 1

It serves data that can be changed, on loopback, to clients that change graphs of their own and to
others that read them, and kills by SIGKILL, in turn: the supervisor (``kg serve``), the front, a
worker, the process that forks workers, the one that writes, and a ``kg build`` in another folder.
Kills come in pairs: one when the process has worked for a while, one within a second of the start
of the next. After each pair everything that is served is compared with what the clients know: a
change that was acknowledged is there, one that was refused is not, and one whose answer never came
is there as a whole or not at all. At the end the SHA-256 of the sorted N-Quads has to be that of
the model. Ends with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from kg import build
from kg.project import Project
from kg.results import named
from kg.store import Versions
from load import TOKEN, Load, Tally, data, hash_of, lines_of
from server import PATIENCE, Server, members, orphans, process_of, started, until

if TYPE_CHECKING:
    import subprocess

    from load import Lines
    from server import Process

ROOT: Final = Path(__file__).resolve().parents[1]
VICTIMS: Final = ("supervisor", "front", "worker", "spawner", "writer", "build")
KEEP: Final = 3
STATES: Final = 5
AGES: Final = {"build": 4, "worker": 1.5}
"""Seconds within which a process is killed that is not killed early, where it is not 2."""
EXPORT: Final = "/download/data.nq"


class Builds:
    """Builds of a small project that changes, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "project"
        self.versions = Versions(folder / "built")
        for name in ("ontology", "shapes"):
            shutil.copytree(ROOT / name, self._root / name)
        shutil.copytree(ROOT / "tests" / "tiny" / "data", self._root / "data")
        (self._root / "queries").mkdir()
        self._table = self._root / "data" / "paper" / "table.ttl"
        self._text = self._table.read_text("utf-8")
        self._known: dict[int, tuple[str, str]] = {}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def is_going_on(self) -> bool:
        """Whether a build has not ended."""
        return self.process is not None and self.process.poll() is None

    def start(self, number: int) -> subprocess.Popen[bytes]:
        """Start a build of one of the states of the project."""
        self._table.write_text(self._text.replace('"First"', f'"First {number}"'), "utf-8")
        if number not in self._known:
            made = build.make(Project(self._root), lambda _: contextlib.nullcontext(), [])
            quads = build.in_memory(made).dump(named("nquads", "graph"))
            self._known[number] = made.version, hash_of(lines_of(quads))

        options = ["--store", str(self.versions.root), "--keep-versions", str(KEEP)]
        self.process = started(["--project", str(self._root), "build", *options])
        return self.process

    def is_right(self) -> bool:
        """Whether what is current, if there is anything, is whole and a state of the project."""
        if self.versions.current_name() is None:
            return not self.versions.root.joinpath("current").is_symlink()
        reading = self.versions.open()
        quads = reading.store.dump(named("nquads", "graph"))
        return (reading.name, hash_of(lines_of(quads))) in self._known.values()


class Kills:
    """The kills, and what is looked at after them."""

    def __init__(self, folder: Path, seed: int) -> None:
        file, self.versions = folder / "data.nt", Versions(folder / "store")
        file.write_text("".join(data()), "utf-8")
        options = ["--data", str(file), "--store", str(self.versions.root), "--writable"]
        options += ["--deadline", "10", "--keep-versions", str(KEEP)]
        self.server = Server(options, {"KG_TOKEN": TOKEN})
        self.tally = Tally()
        self.load = Load(self.server, self.tally, seed)
        self.builds = Builds(folder)
        self.chance = random.Random(seed)  # noqa: S311

    def two(self, victim: str) -> None:
        """Kill a process that has worked for a while, then the one that takes its place."""
        before = self._kill(victim, (1, AGES.get(victim, 2)), set())
        self._kill(victim, (0, 0.95), before)
        if victim == "build":
            self.tally.wrong["folders of builds that are not whole"] += not self.builds.is_right()
        else:
            self.look()

    def _kill(self, victim: str, ages: tuple[float, float], before: set[int]) -> set[int]:
        """Kill a process of some age between two that was not there before; which there were."""
        age = self.chance.uniform(*ages)
        end = time.monotonic() + PATIENCE
        killed = False
        while not killed:
            if time.monotonic() > end:
                raise RuntimeError(f"There is no {victim} to be killed.")
            self._look_after()
            if victim == "build" and not self.builds.is_going_on:
                self.tally.seen["builds started"] += 1
                self.builds.start(self.chance.randrange(STATES))
                age = self.chance.uniform(*ages)
            found = self._found(victim)
            able = [one for one in found if one.pid not in before and one.age >= age]
            if able:
                chosen = self.chance.choice(able)
                is_early = chosen.age < 1
                killed = chosen.kill()
            else:
                time.sleep(0.01)
        self.tally.kills[victim] += 1
        self.tally.early[victim] += is_early
        if process := self._first(victim):
            process.wait()
            self.tally.wrong["processes left behind"] += orphans(process)
        if victim == "supervisor":
            self.server.start()
        return {one.pid for one in found}

    def _first(self, victim: str) -> subprocess.Popen[bytes] | None:
        """The process that was started by this one, if such are the victims."""
        return {"build": self.builds.process, "supervisor": self.server.process}.get(victim)

    def _found(self, victim: str) -> list[Process]:
        """The processes that are such victims now."""
        if process := self._first(victim):
            found = process_of(process.pid)
            return [found] if found else []
        mine = members(self.server.process.pid)
        fronts = {one.pid for one in mine if one.parent == self.server.process.pid}
        if victim == "front":
            return [one for one in mine if one.pid in fronts]
        module = "kg.writing" if victim == "writer" else "kg.workers"
        return [
            one
            for one in mine
            if one.runs(module) and (one.parent in fronts) == (victim != "worker")
        ]

    def _look_after(self) -> None:
        """Start a server that has ended by itself again, which is wrong."""
        if self.server.process.poll() is not None:
            self.tally.wrong["servers that ended by themselves"] += 1
            self.server.start()

    def look(self) -> None:
        """Wait until the server answers, and compare everything that it serves with the model."""
        began = time.monotonic()

        def is_ready() -> bool:
            self._look_after()
            return self.server.is_ready()

        if not until(is_ready):
            raise RuntimeError("The server does not answer any more.")
        self.tally.seconds.append(time.monotonic() - began)
        with self.load.quiet():
            quads = self.exported()
            self.load.settle(quads)
            self.tally.wrong["exports that differ from the model"] += quads != self.load.model()
        self.tally.wrong["processes left behind"] += orphans(self.server.process)

    def exported(self) -> Lines:
        """All that is served."""
        status, body = self.server.ask("GET", EXPORT)
        if status != 200:
            raise RuntimeError(f"The export is answered with {status}.")
        return lines_of(body)

    def end_all(self) -> None:
        """End whatever is left."""
        for process in filter(None, map(self._first, VICTIMS)):
            process.kill()
            process.wait()
            orphans(process, seconds=0)

    def end(self) -> tuple[str, str]:
        """Change something once more and stop: the hashes of what was served and of the model."""
        self.load.change(self.load.graphs[0][0], self.chance)
        unsettled = sum(not graph.is_settled for own in self.load.graphs for graph in own)
        self.tally.wrong["changes without an answer although nothing was killed"] += unsettled
        hashes = hash_of(self.exported()), hash_of(self.load.model())
        self.tally.wrong["versions left behind"] += left_in(self.versions)
        self.tally.wrong["processes left behind"] += self.server.stop()
        if self.tally.kills["build"]:
            code = self.builds.start(0).wait(PATIENCE)
            self.tally.wrong["builds that fail"] += code != 0 or not self.builds.is_right()
            self.tally.wrong["versions left behind"] += left_in(self.builds.versions)
        return hashes


def left_in(versions: Versions) -> int:
    """Number of versions, and of parts of one, that nothing will clear away."""
    names = [
        path.name for path in (*versions.root.iterdir(), *(versions.root / "versions").iterdir())
    ]
    parts = [name for name in names if name.startswith(".")]
    return len(parts) + max(0, len(versions.all()) - KEEP - 1)


def main() -> int:
    """Kill under load, and print what was counted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds-at-most", type=int, default=1_800)
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)  # noqa: S311
    rounds = [chance.sample(VICTIMS, len(VICTIMS)) for _ in range(chosen.kills)]
    victims = [victim for one in rounds for victim in one][: chosen.kills // 2]
    with tempfile.TemporaryDirectory() as folder:
        kills = Kills(Path(folder), chosen.seed)
        end = time.monotonic() + chosen.seconds_at_most
        kills.server.start()
        try:
            kills.look()
            with kills.load.going_on():
                for victim in victims:
                    kills.two(victim)
                    said = f"{kills.tally.kills.total()} of {chosen.kills} kills: {victim}"
                    print(said, dict(+kills.tally.wrong) or "", file=sys.stderr)
                    if time.monotonic() > end:
                        kills.tally.wrong["kills that there was no time for"] += 1
                        break
                time.sleep(1)
            hashes = kills.end()
        finally:
            kills.end_all()
    return report(kills.tally, *hashes)


def report(tally: Tally, served: str, model: str) -> int:
    """Print what was counted; 1 if anything is wrong."""
    print("| process | kills | of which within a second of its start |")
    print("|---|---|---|")
    for victim in VICTIMS:
        print(f"| {victim} | {tally.kills[victim]} | {tally.early[victim]} |")
    print(f"| all | {tally.kills.total()} | {tally.early.total()} |")
    for said, count in sorted(tally.seen.items()):
        print(f"{said}: {count:,}")
    middle, most = statistics.median(tally.seconds), max(tally.seconds)
    print(f"seconds until it answers again: {middle:.2f} in the middle, {most:.2f} at most")
    for said, count in tally.wrong.items():
        print(f"{said}: {count}")
    is_equal = served == model
    print(f"SHA-256 of the sorted N-Quads: {served}, {'' if is_equal else 'NOT '}that of the model")
    return int(bool(+tally.wrong) or not is_equal)


if __name__ == "__main__":
    sys.exit(main())

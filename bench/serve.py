"""Our server beside others, on the same data and machine: speed, memory, and equal answers.

    python bench/serve.py --quick
    python bench/serve.py --models 26 10000 --json build/serve.json --plot build/serve.svg
    python bench/serve.py --models 100000 --servers ours Oxigraph

The data are made up (``--worlds`` keeps what was built). Each server is started with them, asked by
wrk over loopback, and ended, one after the other, again in each round. ``canned`` are the canned
queries, again and again; ``unique`` are queries of twelve shapes that never repeat. Beforehand each
server is asked all canned queries and some of each shape: what one cannot answer, answers otherwise
than Oxigraph in this process, or answers late is left out for all and named; one that fails most is
left out itself. During the load another client goes on comparing answers; everything but a right
answer is a failure. CPU is seconds of the server's processes in a second, MB their share of memory,
start is until the first right answer. ``x`` is ours as a multiple of the other's, "equal" if the
rounds overlap. The command ends with 1 if there was a failure.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))
from machine import about
from serving import tables
from serving.checking import checked, is_right
from serving.landscape import KINDS, Landscape
from serving.loading import Asked, Checker, load
from serving.peers import LOADING, OURS, PEERS, program, said
from serving.questions import pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from serving.loading import Cell
    from serving.peers import Peer, Running
    from serving.questions import Question

RATE: Final = 30_000
"""Queries of the pool for a second of load."""
_CHECKED: Final = 1
"""The seed of the pool of the client that compares."""


def main() -> int:
    """Compare the servers on landscapes of some sizes, and print tables."""
    chosen = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that servers are ended
    names = [name for name in PEERS if name in chosen.servers]
    missing = {name: PEERS[name].missing for name in names if PEERS[name].missing}
    servers = [PEERS[name] for name in names if name not in missing]
    if program("wrk") is None:
        print("wrk is not installed: apt-get install wrk", file=sys.stderr)
        return 2
    told = header(servers)
    print("\n".join(told))
    for name, programs in missing.items():
        print(f"- {name} is missing ({', '.join(programs)}): {PEERS[name].install}")
    measured: list[tables.Measured] = []
    left_out: list[dict[str, object]] = []
    is_well = True
    try:
        for models in chosen.models:
            with tempfile.TemporaryDirectory(prefix="kg-serve-") as folder:
                is_well &= compare(models, servers, chosen, Path(folder), measured, left_out)
    except KeyboardInterrupt:
        return 2
    finally:
        if chosen.json:
            raw = {
                "about": told,
                "left out": left_out,
                "cells": [asdict(one) for one in measured],
            }
            chosen.json.write_text(json.dumps(raw, indent=1) + "\n", "utf-8")
    if chosen.plot:
        tables.plot(measured, chosen.plot)
    return int(not is_well)


def options() -> argparse.Namespace:
    """What the command line wishes for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--models", type=int, nargs="+", default=[26])
    add("--servers", nargs="+", choices=PEERS, metavar="NAME", help=", ".join(PEERS))
    add("--rounds", type=int, default=2)
    add("--seconds", type=int, default=3, help="of a cell")
    add("--connections", type=int, nargs="+", default=[1, 8, 32])
    add("--queries", nargs="+", choices=KINDS, default=list(KINDS))
    cores = parser.add_mutually_exclusive_group()
    cores.add_argument("--pinned", action="store_true", help="only server and load on a core each")
    cores.add_argument("--unpinned", action="store_true", help="only both on all cores")
    add("--slowest", type=float, help="seconds of a canned query; by default a tenth of a cell")
    add("--largest", type=int, default=1_000_000, help="bytes of an answer to a canned query")
    add("--pool", type=int, help="number of unique queries; by default enough for a start")
    add("--worlds", type=Path, help="folder that keeps what was built, and has it")
    add("--json", type=Path, help="file for the numbers of each cell")
    add("--plot", type=Path, help="file for a picture (SVG or PNG)")
    add(
        "--quick",
        action="store_true",
        help="less than a minute: 26 models, Oxigraph, 8 connections",
    )
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.models, chosen.connections, chosen.seconds = [26], [8], 2
        chosen.unpinned, chosen.servers = not chosen.pinned, chosen.servers or [OURS, "Oxigraph"]
    if min(chosen.rounds, chosen.seconds, *chosen.connections, *chosen.models) < 1:
        parser.error("rounds, seconds, connections and models are at least 1")
    if not chosen.unpinned and len(os.sched_getaffinity(0)) < 2:
        parser.error("one core cannot be shared out between server and load: say --unpinned")
    chosen.are_named = chosen.servers is not None
    chosen.servers = chosen.servers or list(PEERS)
    chosen.slowest = chosen.slowest or chosen.seconds / 10
    chosen.pool = chosen.pool or RATE * chosen.seconds * len(chosen.connections)
    return chosen


def header(servers: Sequence[Peer]) -> list[str]:
    """What was compared, where, when and how."""
    wrk = said(program("wrk") or "wrk", "--version").split(" [")[0]
    versions = [f"- {server.name}: {server.version()}" for server in servers]
    return [*about(), f"- {wrk}", *versions]


def compare(
    models: int,
    servers: Sequence[Peer],
    chosen: argparse.Namespace,
    folder: Path,
    measured: list[tables.Measured],
    left_out: list[dict[str, object]],
) -> bool:
    """Compare the servers on a landscape of one size, and print its tables; whether all went."""
    root = (chosen.worlds or folder) / f"{models}-models"
    landscape = Landscape.made(models, root, folder)
    print(f"\n### {models:,} models, {len(landscape.store):,} quads\n", flush=True)
    taking_part = []
    for one in servers:
        if chosen.are_named or one.most is None or models <= one.most:
            taking_part.append(one)
        else:
            print(f"- {one.name} is asked up to {one.most:,} models, unless it is named.")
    landscape.judge(chosen.slowest, chosen.largest)
    every = sorted(os.sched_getaffinity(0))
    kinds = checked(taking_part, landscape, chosen.queries, chosen.slowest, every)
    files = landscape.write(chosen.pool)
    starts: tables.Starts = {}
    found: list[tables.Measured] = []
    is_well = True
    for number, pinned, server in itertools.product(
        range(1, chosen.rounds + 1), _pinned(chosen), taking_part
    ):
        cores = "a core each" if pinned else "all cores"
        of_server, of_load = ([every[0]], [every[1]]) if pinned else (every, every)
        asked = [
            kind for kind in chosen.queries if server.name in kinds[kind] and landscape.asked(kind)
        ]
        if not asked:
            continue
        print(f"round {number}, {cores}, {server.name}", file=sys.stderr, flush=True)
        began = time.monotonic()
        try:
            with server.running(landscape.data, of_server) as running:
                first = landscape.asked(asked[-1])[0]
                running.wait(partial(is_right, server, running, first, landscape))
                starts.setdefault((cores, server.name), []).append(time.monotonic() - began)
                server.settle(running)
                os.sched_setaffinity(0, of_load)
                try:
                    for kind in asked:
                        found += (
                            tables.Measured(models, cores, kind, count, server.name, number, cell)
                            for count, cell in cells(
                                server, running, kind, files[kind], landscape, chosen
                            )
                        )
                finally:
                    os.sched_setaffinity(0, every)
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            print(f"- failed: {server.name}, {cores}, round {number}: {error!r}", flush=True)
            is_well = False
    show(found, starts, landscape, chosen)
    measured += found
    left_out.append({"models": models, **landscape.left_out})
    return is_well and not any(one.cell.problems for one in found)


def _pinned(chosen: argparse.Namespace) -> list[bool]:
    return [True] * (not chosen.unpinned) + [False] * (not chosen.pinned)


def cells(
    peer: Peer,
    running: Running,
    kind: str,
    path: Path,
    landscape: Landscape,
    chosen: argparse.Namespace,
) -> Iterator[tuple[int, Cell]]:
    """Loads of one kind over each number of connections; unique ones go on where one ended."""
    questions = landscape.asked(kind)
    asked = Asked(path, again=kind == "canned")
    if kind == "canned":
        for question in itertools.chain.from_iterable([questions] * 3):
            peer.ask(running, question, LOADING)  # those who keep what is asked again have it now
    checking: Iterator[Question] = (
        itertools.cycle(questions)
        if kind == "canned"
        else pool(landscape.constants, landscape.shapes(), _CHECKED)
    )
    for connections in chosen.connections:
        checker = Checker(peer, running, checking, landscape.answer)
        yield connections, load(peer, running, asked, connections, chosen.seconds, checker)


def show(
    measured: Sequence[tables.Measured],
    starts: tables.Starts,
    landscape: Landscape,
    chosen: argparse.Namespace,
) -> None:
    """Print what was left out, the tables, and what failed."""
    for kind in chosen.queries:
        whole = len({question.name for question in landscape.questions[kind]})
        left = len({question.name for question in landscape.asked(kind)})
        print(f"- {kind}: {left} of {whole}.", end="")
        for why, group in itertools.groupby(
            sorted(landscape.left_out[kind].items(), key=lambda item: item[::-1]),
            key=lambda item: item[1],
        ):
            print(f" Left out, {why}: {', '.join(name for name, _ in group)}.", end="")
        print()
    for pinned, kind in itertools.product(_pinned(chosen), chosen.queries):
        cores = "a core each" if pinned else "all cores"
        some = [one for one in measured if (one.cores, one.queries) == (cores, kind)]
        if some:
            print(f"\n{landscape.models:,} models, {kind} queries, {cores}:\n")
            print(tables.markdown(tables.rows(some, starts)))
    for line in tables.problems(measured):
        print(f"- failed: {line}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

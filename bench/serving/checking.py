"""What the servers answer before the load: what one of them cannot answer is left out for all."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING, Final

from serving.answers import alike, difference
from serving.landscape import KINDS
from serving.peers import LOADING
from serving.questions import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serving.landscape import Landscape
    from serving.peers import Peer, Running

ENOUGH: Final = 0.5
"""Share of the questions of a kind that a server has to answer, else it is left out of that."""
ANYTHING: Final = Question("anything", "SELECT ?s WHERE { ?s ?p ?o } LIMIT 1")

Failed = dict[str, dict[str, str]]
"""By kind and name: why a server has no right answer in time."""


def checked(
    servers: Sequence[Peer], landscape: Landscape, slowest: float, cores: Sequence[int]
) -> dict[str, list[str]]:
    """The names of the servers that take part, by kind, after each was asked everything.

    Notes in the landscape what is left out for all.
    """
    failed = {server.name: failures(server, landscape, slowest, cores) for server in servers}
    taking_part: dict[str, list[str]] = {}
    for kind in KINDS:
        names = {question.name for question in landscape.asked(kind)}
        taking_part[kind] = []
        for name, of in failed.items():
            if len(names) - len(of[kind]) >= ENOUGH * len(names):
                taking_part[kind].append(name)
            else:
                print(
                    f"- {kind}: {name} is left out: it answers {len(names) - len(of[kind])} of "
                    f"{len(names)} ({next(iter(of[kind].values()))}, ...)."
                )
        for name in taking_part[kind]:
            for question, why in failed[name][kind].items():
                landscape.left_out[kind].setdefault(question, f"{name}: {why}")
    return taking_part


def failures(server: Peer, landscape: Landscape, slowest: float, cores: Sequence[int]) -> Failed:
    """What a server does not answer as it should; it is started anew after what took too long."""
    left = [(kind, question) for kind in KINDS for question in landscape.asked(kind)]
    found: Failed = {kind: {} for kind in KINDS}
    server.prepare(landscape.data)
    while left:
        with server.running(landscape.data, cores) as running:
            running.wait(lambda running=running: server.ask(running, ANYTHING, LOADING)[0] == 200)
            while left:
                kind, question = left.pop(0)
                why, is_stuck = tried(server, running, question, landscape, slowest)
                if why:
                    found[kind].setdefault(question.name, why)
                if is_stuck:
                    break
    return found


def tried(
    server: Peer, running: Running, question: Question, landscape: Landscape, slowest: float
) -> tuple[str, bool]:
    """Why a server does not answer a question well, if so; and whether it may still be at it.

    The better of two times counts, since the first may be for what is done once.
    """
    seconds = []
    for _ in range(2):
        began = time.monotonic()
        try:
            status, body = server.ask(running, question, 5 * slowest + 2)
        except TimeoutError:
            return f"takes longer than {slowest:g} s", True
        except (OSError, http.client.HTTPException) as error:
            return f"gives no answer ({type(error).__name__})", True
        seconds.append(time.monotonic() - began)
        if status != 200:
            return f"answers with status {status}", False
        try:
            differs = difference(landscape.answer(question), alike(question.media_type, body))
        except (ValueError, SyntaxError, KeyError):
            return "gives what cannot be read", False
        if differs:
            return f"answers otherwise ({differs})", False
    if min(seconds) > slowest:
        return f"takes longer than {slowest:g} s", False
    return "", False


def is_right(server: Peer, running: Running, question: Question, landscape: Landscape) -> bool:
    """Whether a server gives the right answer."""
    status, body = server.ask(running, question, 60)
    return status == 200 and not difference(
        landscape.answer(question), alike(question.media_type, body)
    )

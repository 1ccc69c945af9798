"""What the servers answer before the load: what one of them cannot answer is left out for all."""

from __future__ import annotations

import http.client
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from serving.answers import UNREADABLE, alike, difference
from serving.peers import LOADING
from serving.questions import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serving.landscape import Landscape
    from serving.peers import Peer, Running

ENOUGH: Final = 0.5
"""Share of the questions of a kind that a server has to answer, else it is left out of that."""
STUCK: Final = 3
"""Times that a server takes far too long for a question, after which it is left out of the kind."""
ANYTHING: Final = Question("anything", "SELECT ?s WHERE { ?s ?p ?o } LIMIT 1")


@dataclass
class Failed:
    """What a server has no right answer to in time: why, by the name of the question."""

    why: dict[str, str] = field(default_factory=dict)
    stuck: int = 0

    def leaves(self, questions: Sequence[Question]) -> bool:
        """Whether there is enough of some questions in which the server can be compared."""
        names = {question.name for question in questions}
        return self.stuck < STUCK and len(names) - len(self.why) >= ENOUGH * len(names)


def checked(
    servers: Sequence[Peer],
    landscape: Landscape,
    kinds: Sequence[str],
    slowest: float,
    cores: Sequence[int],
) -> dict[str, list[str]]:
    """The names of the servers that take part, by kind, after each was asked everything.

    Notes in the landscape what is left out for all.
    """
    failed = {}
    for server in servers:
        try:
            failed[server.name] = failures(server, landscape, kinds, slowest, cores)
        except RuntimeError as error:
            print(f"- failed: {server.name} is left out: {error}", flush=True)
    taking_part: dict[str, list[str]] = {}
    for kind in kinds:
        questions = landscape.asked(kind)
        taking_part[kind] = []
        for name, of in failed.items():
            if of[kind].leaves(questions):
                taking_part[kind].append(name)
            else:
                why = "; ".join(f"{question} {what}" for question, what in of[kind].why.items())
                print(f"- {kind}: {name} is left out, since it fails in too many: {why}.")
        for name in taking_part[kind]:
            for question, why in failed[name][kind].why.items():
                landscape.left_out[kind].setdefault(question, f"{name} {why}")
    return taking_part


def failures(
    server: Peer,
    landscape: Landscape,
    kinds: Sequence[str],
    slowest: float,
    cores: Sequence[int],
) -> dict[str, Failed]:
    """What a server does not answer as it should, by kind, as far as that is needed.

    It is started anew after what took too long, which it may go on with.
    """
    print(f"comparing the answers of {server.name}", file=sys.stderr, flush=True)
    questions = {kind: landscape.asked(kind) for kind in kinds}
    patience = 5 * slowest + 2
    limits = {"canned": slowest, "unique": patience}  # many unique ones are asked in any time
    left = [(kind, question) for kind in kinds for question in questions[kind]]
    found = {kind: Failed() for kind in kinds}
    server.prepare(landscape.data)
    while left:
        with server.running(landscape.data, cores) as running:
            running.wait(partial(_answers, server, running))
            while left:
                kind, question = left.pop(0)
                failed = found[kind]
                if question.name in failed.why or not failed.leaves(questions[kind]):
                    continue
                why, is_stuck = tried(server, running, question, landscape, limits[kind], patience)
                if why:
                    failed.why[question.name] = why
                if is_stuck:
                    failed.stuck += 1
                    break
    return found


def _answers(server: Peer, running: Running) -> bool:
    return server.ask(running, ANYTHING, LOADING)[0] == HTTPStatus.OK


def tried(
    server: Peer,
    running: Running,
    question: Question,
    landscape: Landscape,
    slowest: float,
    patience: float,
) -> tuple[str, bool]:
    """Why a server does not answer a question well, if so; and whether it may still be at it.

    It is asked again if it took too long, since that may have been for what is done once.
    """
    for _ in range(2):
        began = time.monotonic()
        try:
            status, body = server.ask(running, question, patience)
        except TimeoutError:
            return f"takes longer than {patience:g} s", True
        except (OSError, http.client.HTTPException) as error:
            return f"gives no answer ({type(error).__name__})", True
        seconds = time.monotonic() - began
        if status != HTTPStatus.OK:
            return f"answers with status {status}", False
        try:
            differs = difference(landscape.answer(question), alike(question.media_type, body))
        except UNREADABLE:
            return "gives what cannot be read", False
        if differs:
            return f"answers otherwise ({differs})", False
        if seconds <= slowest:
            return "", False
    return f"takes longer than {slowest:g} s", False


def is_right(server: Peer, running: Running, question: Question, landscape: Landscape) -> bool:
    """Whether a server gives the right answer."""
    status, body = server.ask(running, question, 60)
    return status == HTTPStatus.OK and not difference(
        landscape.answer(question), alike(question.media_type, body)
    )

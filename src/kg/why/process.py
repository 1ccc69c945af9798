"""The process that finds a proof, with no more memory and time than it is given.

It has no network, unless the version is in an engine.

The question is a line of JSON: ``place``, where a version is, ``triple``, terms as
N-Triples writes them, and ``memory``, bytes. So is the answer: the proof as an object with
``triple``, ``words`` and, unless it is stated, ``rule``, ``ways`` and ``premises``; null if the
triple does not follow; or ``exceeded``, the limit that was passed.
"""

from __future__ import annotations

import json
import signal
from typing import IO, TYPE_CHECKING, Any, Final

from kg.reason import Explainer, materialize, says_something, spells_out
from kg.store import opened
from kg.why.near import around, axioms, everything
from kg.workers import end_with_parent
from kg.workers.process import leave_network, limit_data

if TYPE_CHECKING:
    from kg.reason import Proof
    from kg.store import Store
    from kg.terms import Triple

MOST_STEPS: Final = 1_000
"""Number of steps of a proof that is told."""


def answer(question: IO[bytes], out: IO[bytes]) -> None:
    """Answer the question that is read."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends this process
    asked = json.loads(question.readline())
    if "engine" not in asked["place"]:
        leave_network()
    store = opened(asked["place"])
    limit_data(asked["memory"])
    subject, predicate, value = asked["triple"]
    try:
        found = _proof(store, (subject, predicate, value))
    except MemoryError:
        found = {"exceeded": "memory"}
    out.write(json.dumps(found).encode() + b"\n")


def _proof(store: Store, triple: Triple) -> dict[str, Any] | None:
    schema = axioms(store)
    for facts in (around(store, triple), everything(store)):
        explainer = Explainer(materialize([*facts, *schema], says_something))
        proof = explainer.proof(triple)
        if proof is not None:
            if proof.size > MOST_STEPS:
                return {"exceeded": "size"}
            return _told(proof, explainer)
    return None


def _told(proof: Proof, explainer: Explainer) -> dict[str, Any]:
    told: dict[str, Any] = {"triple": proof.triple, "words": explainer.sentence(proof.triple)}
    if proof.rule:
        premises = [p for p in proof.premises if not spells_out(p.triple)]
        told |= {
            "rule": proof.rule,
            "ways": proof.ways,
            "premises": [_told(premise, explainer) for premise in premises],
        }
    return told

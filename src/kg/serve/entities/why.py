"""Why a statement holds: its proof, from rule to rule, down to the passages that state it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import flask

from kg.errors import BadInput, NotFound
from kg.namespaces import GRAPHS, PREFIXES
from kg.serve.awaited import awaited
from kg.serve.context import accepted, asked_formats, asked_seconds, context, reading
from kg.serve.entities.as_json import Writer
from kg.serve.entities.figures import figure
from kg.serve.entities.model import REJECTED
from kg.serve.entities.page import Sources
from kg.serve.entities.sources import Passages
from kg.serve.entities.told import BUILT, claims
from kg.serve.labels import labels
from kg.serve.wording import language
from kg.store.files import term_of

if TYPE_CHECKING:
    from kg.serve.entities.sources import Passage
    from kg.terms import Term, Triple

blueprint = flask.Blueprint("why", __name__)

_ONTOLOGY: Final = f"{GRAPHS}ontology"
_INFERRED: Final = f"{GRAPHS}inferred"
_PARAMETERS: Final = ("subject", "predicate", "object")
_LONGEST: Final = 10_000
"""Characters of a term."""


@dataclass
class Step:
    """A statement of a proof: the rule that concludes it, if any, from which, or who states it."""

    triple: Triple
    words: str = ""
    rule: str = ""
    ways: int = 0
    premises: list[Step] = field(default_factory=list)
    passages: list[str] = field(default_factory=list)
    is_axiom: bool = False
    """Whether the ontology states it."""


@blueprint.get("/why")
def why() -> flask.Response | str:
    """Why ``subject``, ``predicate`` and ``object`` hold, as a page or as JSON."""
    triple = _asked()
    graphs = {graph for graph, *_ in reading().store.matching(*triple)}
    if "" not in graphs:
        called = " ".join(labels().text(term, language()) for term in triple)
        raise NotFound(f"It does not hold, as far as the graph knows: {called}.")
    if graphs & {_INFERRED}:
        version, seconds, explanations = reading(), asked_seconds(), context().explanations
        return awaited(lambda: explanations.proof(version, triple, seconds), _told)
    return _told({"triple": triple, "words": ""})


def _asked() -> Triple:
    """The statement that the parameters name. Raises ``BadInput`` if they do not name one."""
    terms = []
    for name in _PARAMETERS:
        given = flask.request.args.getlist(name)
        if len(given) != 1 or not given[0] or len(given[0]) > _LONGEST:
            listed = ", ".join(_PARAMETERS)
            raise BadInput(f"A statement is named by {listed}, each given once.")
        terms.append(_term(given[0]))
    subject, predicate, value = terms
    if subject[0] != "<" or predicate[0] != "<":
        raise BadInput("The subject and the predicate of a statement are IRIs.")
    return subject, predicate, value


def _term(text: str) -> Term:
    """An IRI, a prefixed name of ours, or a literal as N-Triples writes it."""
    prefix, colon, name = text.partition(":")
    if text[0] not in '<"':
        is_short = colon and prefix in PREFIXES and not name.startswith("//")
        text = f"<{PREFIXES[prefix]}{name}>" if is_short else f"<{text}>"
    return term_of(text)


def _told(found: dict[str, Any] | None) -> flask.Response | str:
    if found is None:
        raise NotFound("Nothing is known from which it follows.")
    store = reading().store
    passages = Passages(store)
    step = _step(found)
    asked = asked_formats()
    if asked - {"html", "json"}:
        raise BadInput("A proof can be had as json, or as a page.")
    offered = ["text/html", "application/json"]
    if not asked and accepted().best_match(offered, offered[0]) == offered[1]:
        asked = {"json"}
    if "json" in asked:
        layout = context().layouts.of(reading())
        writer = Writer(labels(), passages, layout, context().address)
        return flask.jsonify({"version": reading().name, "proof": _as_json(step, writer, passages)})
    return flask.render_template(
        "why.html", step=step, sources=Sources(), passage=passages.of, version=reading().name
    )


def _step(found: dict[str, Any]) -> Step:
    subject, predicate, value = found["triple"]
    step = Step((subject, predicate, value), found["words"])
    if "rule" in found:
        step.rule, step.ways = found["rule"], found["ways"]
        step.premises = [_step(premise) for premise in found["premises"]]
        return step
    graphs = {graph for graph, *_ in reading().store.matching(subject, predicate, value)}
    step.is_axiom = _ONTOLOGY in graphs
    step.passages = sorted(graphs - BUILT - {""})
    if not (step.passages or step.is_axiom):
        step.passages = _of_figures(step.triple)
    return step


def _of_figures(triple: Triple) -> list[str]:
    """The passages whose figures give a number that the build states."""
    subject, predicate, value = triple
    store = reading().store
    found = set()
    for (quantity, node), several in claims(store, subject).items():
        read = figure(store, node) if quantity == predicate else None
        if read and read.value == value:
            found |= {claim.passage for claim in several if claim.rank != REJECTED}
    return sorted(found)


def _as_json(step: Step, writer: Writer, passages: Passages) -> dict[str, Any]:
    found: dict[str, Any] = {"triple": [*step.triple], "words": _words(step)}
    if step.rule:
        return found | {
            "rule": step.rule,
            "ways": step.ways,
            "premises": [_as_json(premise, writer, passages) for premise in step.premises],
        }
    said: list[Passage] = [passages.of(name) for name in step.passages]
    return found | {"axiom": step.is_axiom, "saidIn": [writer.passage(one) for one in said]}


def _words(step: Step) -> str:
    """The statement as a person reads it; what has no name as the reasoner writes it."""
    if any(term[0] == "_" for term in step.triple):
        return step.words
    return " ".join(labels().text(term, language()) for term in step.triple)

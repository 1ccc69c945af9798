"""What the servers are asked: the canned queries, and a pool of queries that never repeat.

A query of the pool is one of twelve shapes with constants from the data and a number. The number
stands in what is selected or, for ASK, in the condition, so that each query of a shape has an
answer of its own and none can be answered from that of another; what is described is another set
of things each time.
"""

from __future__ import annotations

import random
import re
import urllib.parse
from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING, Final

from kg.project import Project
from kg.queries import Catalogue, bound, form_of
from serving.answers import media_type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kg.store import EmbeddedStore

PREFIXES: Final = (
    "PREFIX cllm: <https://w3id.org/china-llm/ontology#> "
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
    "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
)
SHAPES: Final = {
    name: PREFIXES + text
    for name, text in {
        "lookup": """SELECT ?name ?released (?size - $number AS ?more) {
            $model rdfs:label ?name ; cllm:released ?released ; cllm:parameterCount ?size }""",
        "join": """SELECT ?name ?chip (?size - $number AS ?more) {
            ?model cllm:hasDeveloper $developer ; rdfs:label ?name ; cllm:parameterCount ?size ;
            cllm:hasTrainingRun ?run .
            ?run cllm:hasHardwareUse ?use . ?use cllm:hardware ?chip }""",
        "top": """SELECT ?model (?size - $number AS ?more) {
            ?model cllm:parameterCount ?size FILTER (?size <= $threshold)
            } ORDER BY DESC(?size) ?model LIMIT $limit OFFSET $offset""",
        "optional": """SELECT ?name ?hours (?size - $number AS ?more) {
            ?model cllm:released ?released ; rdfs:label ?name ; cllm:parameterCount ?size
            FILTER (?released >= "$day"^^xsd:date && ?released <= "$later"^^xsd:date)
            OPTIONAL { ?model cllm:hasTrainingRun ?run . ?run cllm:trainingHours ?hours } }""",
        "path": """SELECT ?model (?size - $number AS ?more) {
            $developer cllm:partOf*/cllm:developed ?model . ?model cllm:parameterCount ?size }""",
        "regex": """SELECT ?name (?size - $number AS ?more) {
            ?model cllm:parameterCount ?size ; rdfs:label ?name
            FILTER REGEX(STR(?name), "$fragment.?$$", "i") }""",
        "contains": """SELECT ?name (?size - $number AS ?more) {
            ?model cllm:parameterCount ?size ; rdfs:label ?name
            FILTER CONTAINS(STR(?name), "$fragment") }""",
        "describe": "DESCRIBE $things",
        "construct": """CONSTRUCT {
            ?model cllm:hasDeveloper $developer ; rdfs:label ?name ; cllm:row ?more } {
            ?model cllm:hasDeveloper $developer ; rdfs:label ?name ; cllm:parameterCount ?size
            BIND (?size - $number AS ?more) }""",
        "ask": """ASK { $model cllm:parameterCount ?size FILTER (?size - $number > $threshold) }""",
        "group": """SELECT ?developer (COUNT(?model) AS ?models) (MAX(?size) - $number AS ?more) {
            ?model cllm:hasDeveloper ?developer ; cllm:parameterCount ?size
            FILTER (?size >= $threshold) } GROUP BY ?developer""",
        "union": """SELECT ?model (?size - $number AS ?more) {
            { ?model cllm:hasDeveloper $developer } UNION { ?model cllm:hasDeveloper $other }
            ?model cllm:parameterCount ?size }""",
    }.items()
}
"""ASK has two answers; each other shape has as many as there are numbers, or sets of things."""

_TEMPLATES: Final = {name: Template(" ".join(text.split())) for name, text in SHAPES.items()}
_APART: Final = 10**13
"""Between the numbers of pools; a hundred of them are integers that JavaScript has, too."""
_WINDOW: Final = 4
"""Days of a release, beyond the first, among which a query looks."""


@dataclass(frozen=True)
class Question:
    """A query by the name of what it is: a canned question, or a shape."""

    name: str
    text: str

    @property
    def media_type(self) -> str:
        """In which its answer is asked for."""
        return media_type_of(form_of(self.text))

    @property
    def names_graphs(self) -> bool:
        """Whether it looks into named graphs."""
        return re.search(r"\bGRAPH\b", self.text) is not None

    def line(self) -> str:
        """How ``wrk.lua`` reads it."""
        kind = "named" if self.names_graphs else "plain"
        return f"{self.media_type}\t{kind}\t{urllib.parse.quote(self.text, safe='')}\n"


def canned(root: Path) -> list[Question]:
    """The canned queries of a project without their headers, with the defaults of parameters."""
    found = []
    for query in Catalogue.read(Project(root).query_files()):
        text = bound(query.text, query.bind({}))
        body = "\n".join(line for line in text.split("\n") if not line.startswith("#+"))
        if not query.services:
            found.append(Question(query.name, body.strip("\n")))
    return found


@dataclass(frozen=True)
class Constants:
    """What the data have, from which the pool is made."""

    models: list[str]
    developers: list[str]
    things: list[str]
    endings: list[str]
    """Of names, without what is not ASCII."""
    days: list[str]
    sizes: list[int]

    @classmethod
    def of(cls, store: EmbeddedStore) -> Constants:
        """Those of a store. Raises ``ValueError`` if it has no model with all of them."""

        def values(pattern: str) -> list[str]:
            text = f"{PREFIXES} SELECT DISTINCT ?x WHERE {{ {pattern} }}"
            return sorted(str(value) for (value,) in store.query(text).rows()[1])

        model = "?model cllm:parameterCount ?size ; rdfs:label ?name ; cllm:released ?day"
        names = values(f"{model} BIND (STR(?name) AS ?x)")
        endings = {re.sub(r"[^\w -]", "", name[-3:], flags=re.ASCII) for name in names}
        found = cls(
            values(f"{model} BIND (?model AS ?x)"),
            values(f"{model} ; cllm:hasDeveloper ?x"),
            values("?x a ?class ; rdfs:label ?name FILTER isIRI(?x)"),
            sorted(endings - {""}),
            values(f"{model} BIND (?day AS ?x)"),
            sorted(map(int, values(f"{model} BIND (?size AS ?x)"))),
        )
        if not found.models or not found.developers:
            raise ValueError("The data have no model with a developer, a date and a size.")
        return found


def pool(constants: Constants, names: Sequence[str], seed: int = 0) -> Iterator[Question]:
    """Queries of the shapes of these names in turn, without end, no two of which are equal.

    Those of another seed are others, but for what is described.
    """
    chance = random.Random(seed)  # noqa: S311
    described: set[frozenset[str]] = set()
    number = seed * _APART + chance.randrange(1_000_000)
    while True:
        for name in names:
            number += 1 + chance.randrange(1_000)
            if name == "describe":
                things = _unlike(chance, constants.things, described)
                drawn: dict[str, object] = {
                    "things": " ".join(f"<{one}>" for one in sorted(things))
                }
            else:
                drawn = _drawn(chance, constants, number)
            yield Question(name, _TEMPLATES[name].substitute(drawn))


def _unlike(chance: random.Random, things: list[str], drawn: set[frozenset[str]]) -> frozenset[str]:
    """Three things, or more where few are left, that were not drawn together before."""
    size = 3.0
    while (found := frozenset(chance.sample(things, int(size)))) in drawn:
        size = min(size + 0.01, len(things))
    drawn.add(found)
    return found


def _drawn(chance: random.Random, constants: Constants, number: int) -> dict[str, object]:
    day = chance.randrange(len(constants.days))
    return {
        "number": number,
        "model": f"<{chance.choice(constants.models)}>",
        "developer": f"<{chance.choice(constants.developers)}>",
        "other": f"<{chance.choice(constants.developers)}>",
        "threshold": chance.choice(constants.sizes),
        "limit": 5 + chance.randrange(20),
        "offset": chance.randrange(5),
        "day": constants.days[day],
        "later": constants.days[min(day + _WINDOW, len(constants.days) - 1)],
        "fragment": chance.choice(constants.endings),
    }

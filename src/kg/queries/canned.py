"""Canned queries and their typed parameters.

A ``.rq`` file begins with a header in grlc's form, YAML behind ``#+``:

    #+ summary: Which models did an organization develop?
    #+ description: One row for each model.
    #+ tags: [models, developers]
    #+ audience: [analyst]
    #+ parameters:
    #+   organization:
    #+     type: iri
    #+     class: cllm:Organization
    #+     description: The developer.
    #+     default: organization:baai
    #+     examples: [organization:baidu]
    #+ chart:
    #+   mark: bar
    #+   x: parameters
    #+   y: name
    #+ home: 1

``chart`` says how the answer is drawn, beside its table: a mark, and which column plays which role
in it. ``home`` puts the question on the front page, in the order of these numbers, with its drawing
if it has one.

A parameter is a variable of the query. Its value becomes a term that the engine binds; a visitor's
text never becomes SPARQL.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from kg.errors import BadInput, BadQuery, BadSource, NotFound, Refused
from kg.namespaces import PREFIXES, expand
from kg.queries.judging import form_of, is_iri, judge
from kg.services import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Set
    from pathlib import Path

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same in C, where there is one: a start takes a tenth of its time without."""
_XSD: Final = PREFIXES["xsd"]
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LITERALS: Final = {
    "string": re.compile(r"[^\x00\ud800-\udfff]*", re.DOTALL),
    "integer": re.compile(r"[+-]?\d{1,18}"),
    "decimal": re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?"),
    "double": re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{1,18})?)(?:[eE][+-]?\d{1,3})?"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "boolean": re.compile(r"true|false"),
}
AUDIENCES: Final = ("analyst", "researcher", "engineer")
"""Whom a question is for: who looks and cites, who recomputes, who queries and links."""
_HEADER_KEYS: Final = frozenset(
    {"summary", "description", "tags", "audience", "parameters", "chart", "home"}
)
MARKS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "dot": (frozenset({"x", "y"}), frozenset({"color", "symbol", "label"})),
    "bar": (frozenset({"x", "y"}), frozenset()),
    "intervals": (frozenset({"from", "to", "label"}), frozenset({"color"})),
    "matrix": (frozenset({"label"}), frozenset()),
    "network": (frozenset({"source", "target"}), frozenset({"weight", "label"})),
    "map": (frozenset({"country"}), frozenset({"value"})),
}
"""The marks of charts, each with the roles that a column must play in it, and that one may."""
_SCALES: Final = ("linear", "log")
_NO_ROLES: Final = frozenset({"mark", "scale", "unit"})
"""What a chart says beside which columns it draws."""
_PARAMETER_KEYS: Final = frozenset({"type", "class", "description", "default", "examples"})


@dataclass(frozen=True)
class Term:
    """An RDF term to bind to a variable: an IRI, or a literal if it has a datatype."""

    value: str
    datatype: str | None = None


@dataclass(frozen=True)
class Parameter:
    """A variable that a visitor may set; ``kind`` is ``iri`` or the name of a literal's type."""

    name: str
    kind: str
    description: str
    default: str
    of_class: str = ""
    examples: tuple[str, ...] = ()

    def term(self, text: str) -> Term:
        """The term that ``text`` stands for; an IRI may be written as a prefixed name.

        Raises ``BadInput`` if the text is not of the parameter's type.
        """
        if self.kind == "iri":
            iri = expand(text)
            if not is_iri(iri):
                raise BadInput(
                    f"{self.name} must be an IRI or a name like {self.default}, not {text!r}."
                )
            return Term(iri)
        if not _LITERALS[self.kind].fullmatch(text) or not _is_date(self.kind, text):
            raise BadInput(f"{self.name} must be of type {self.kind}, not {text!r}.")
        return Term(text, _XSD + self.kind)


@dataclass(frozen=True)
class Query:
    """One canned question, by the name of its file."""

    name: str
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    text: str
    audience: tuple[str, ...] = ()
    chart: Mapping[str, str] | None = None
    """The ``mark``, the column for each role, and the ``scale`` and the ``unit`` of the axis."""
    home: int | None = None
    """Its place on the front page."""

    @property
    def services(self) -> tuple[str, ...]:
        """The endpoints that the query calls, and that have to be listed for that."""
        return tuple(dict.fromkeys(call.service for call in calls(self.text)))

    @property
    def drawn(self) -> frozenset[str]:
        """The columns that its chart draws."""
        roles = (self.chart or {}).items()
        return frozenset(column for role, column in roles if role not in _NO_ROLES)

    @property
    def form(self) -> str:
        """The query's form: SELECT, ASK, CONSTRUCT or DESCRIBE."""
        return form_of(self.text)

    def as_dict(self) -> dict[str, Any]:
        """The question for a program to read."""
        parameters = [
            {
                "name": parameter.name,
                "type": parameter.kind,
                "class": expand(parameter.of_class),
                "description": parameter.description,
                "default": parameter.default,
                "examples": list(parameter.examples),
            }
            for parameter in self.parameters
        ]
        return {
            "name": self.name,
            "summary": self.summary,
            "description": self.description,
            "tags": list(self.tags),
            "audience": list(self.audience),
            "parameters": parameters,
            "chart": dict(self.chart) if self.chart else None,
            "services": list(self.services),
            "query": self.text,
        }

    def bind(self, given: Mapping[str, str]) -> dict[str, Term]:
        """The term of each parameter, from ``given`` texts or the defaults.

        Raises ``BadInput`` for a parameter that the query does not have or a text of another type.
        """
        known = {parameter.name for parameter in self.parameters}
        if unknown := sorted(set(given) - known):
            names = ", ".join(sorted(known)) or "none"
            raise BadInput(
                f"The query {self.name} has no parameter {unknown[0]!r} (it has: {names})."
            )
        return {p.name: p.term(given.get(p.name, p.default)) for p in self.parameters}


class Catalogue:
    """The canned queries by name, in the order of their names."""

    def __init__(self, queries: list[Query]) -> None:
        self._queries = {query.name: query for query in sorted(queries, key=lambda q: q.name)}

    @classmethod
    def read(
        cls,
        paths: Sequence[Path],
        shown: Callable[[Path], str] = str,
        federated: Sequence[Path] = (),
    ) -> Catalogue:
        """Read query files; ``shown`` gives a path as messages name it.

        Those that are ``federated`` may call services. Raises ``BadSource`` if a file is not UTF-8
        or its header is missing or wrong, if the query is one that ``judge`` refuses, or if two
        have one name.
        """
        queries: list[Query] = []
        for path in (*paths, *federated):
            try:
                query = parse(path.stem, path.read_text("utf-8"), shown(path))
                judge(query.text, query.services if path in federated else ())
            except UnicodeDecodeError:
                raise BadSource(shown(path), None, "this is not UTF-8 text.") from None
            except (Refused, BadQuery) as error:
                raise BadSource(shown(path), None, str(error)) from None
            if any(query.name == other.name for other in queries):
                raise BadSource(shown(path), None, f"there are two queries {query.name!r}.")
            queries.append(query)
        return cls(queries)

    def __iter__(self) -> Any:  # noqa: ANN401
        return iter(self._queries.values())

    def __len__(self) -> int:
        return len(self._queries)

    def get(self, name: str) -> Query:
        """The query of that name; raises ``NotFound`` if there is none."""
        if name not in self._queries:
            raise NotFound(
                f"There is no query {name!r}; `kg queries` and the page /queries list them."
            )
        return self._queries[name]


def parse(name: str, text: str, shown: str) -> Query:
    """Read a query file's ``text``; ``shown`` is how messages name the file."""
    header = "\n".join(line[2:] for line in text.splitlines() if line.startswith("#+"))
    try:
        fields = yaml.load(header, _LOADER) or {}  # noqa: S506 (which makes what safe_load makes)
    except yaml.YAMLError as error:
        raise BadSource(shown, None, f"the header is not YAML: {error}.") from None
    if not is_name(name):
        raise BadSource(shown, None, "a query's name has only a-z, 0-9 and hyphens.")
    _check_keys(shown, "header", fields, _HEADER_KEYS, {"summary", "description", "tags"})
    if not isinstance(fields["tags"], list) or not fields["tags"]:
        raise BadSource(shown, None, "the header's tags are not a list.")
    audience = fields.get("audience") or []
    if not isinstance(audience, list) or not set(audience) <= set(AUDIENCES):
        known = ", ".join(AUDIENCES)
        raise BadSource(shown, None, f"the header's audience is not a list of: {known}.")
    parameters = fields.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise BadSource(shown, None, "the header's parameters are not names with descriptions.")
    return Query(
        name=name,
        summary=str(fields["summary"]),
        description=str(fields["description"]),
        tags=tuple(map(str, fields["tags"])),
        parameters=tuple(
            _parameter(shown, key, value) for key, value in (fields.get("parameters") or {}).items()
        ),
        text=text,
        audience=tuple(audience),
        chart=_chart(shown, fields["chart"]) if "chart" in fields else None,
        home=_home(shown, fields.get("home")),
    )


def from_file(path: Path) -> Query:
    """The query in a ``.rq`` file, with a header or without one.

    Raises ``BadInput`` if it cannot be read, ``BadSource`` if its header is wrong.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"There is no query file {path}, or it is not UTF-8.") from None
    return parse(path.stem, text, str(path)) if text.startswith("#+") else ad_hoc(text)


def ad_hoc(text: str) -> Query:
    """A query without a header, and so without parameters."""
    return Query("ad-hoc", "", "", (), (), text)


def is_name(text: str) -> bool:
    """Whether a text is what a canned query may be called, and so no SPARQL."""
    return _NAME.fullmatch(text) is not None


def _chart(shown: str, fields: object) -> Mapping[str, str]:
    """How an answer is drawn."""
    mark = str(fields.get("mark")) if isinstance(fields, dict) else ""
    if not isinstance(fields, dict) or mark not in MARKS:
        raise BadSource(shown, None, f"the chart's mark is none of: {', '.join(MARKS)}.")
    needed, possible = MARKS[mark]
    _check_keys(shown, "chart", fields, needed | possible | _NO_ROLES, {*needed})
    if fields.get("scale", "linear") not in _SCALES:
        raise BadSource(shown, None, f"the chart's scale is none of: {', '.join(_SCALES)}.")
    return {str(key): str(value) for key, value in fields.items()}


def _home(shown: str, place: object) -> int | None:
    if place is not None and (not isinstance(place, int) or isinstance(place, bool)):
        raise BadSource(shown, None, "the header's home is not a whole number.")
    return place


def _parameter(shown: str, name: str, fields: Mapping[str, Any]) -> Parameter:
    _check_keys(
        shown, f"parameter {name}", fields, _PARAMETER_KEYS, {"type", "description", "default"}
    )
    kind = str(fields["type"])
    if kind != "iri" and kind not in _LITERALS:
        raise BadSource(shown, None, f"parameter {name} has an unknown type {kind!r}.")
    parameter = Parameter(
        name=name,
        kind=kind,
        description=str(fields["description"]),
        default=_written(fields["default"]),
        of_class=str(fields.get("class", "")),
        examples=tuple(map(_written, fields.get("examples", ()))),
    )
    for text in (parameter.default, *parameter.examples):
        try:
            parameter.term(text)
        except BadInput as error:
            raise BadSource(shown, None, str(error)) from None
    return parameter


def _written(value: object) -> str:
    """A value of the header as SPARQL has it: YAML reads ``true`` as what Python calls True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_keys(
    shown: str,
    what: str,
    fields: object,
    known: Set[str],
    needed: Set[str],
) -> None:
    if not isinstance(fields, dict):
        raise BadSource(shown, None, f"the {what} is not a list of names and values.")
    if missing := sorted(needed - set(fields)):
        raise BadSource(shown, None, f"the {what} lacks {missing[0]!r}.")
    if unknown := sorted(set(fields) - known):
        raise BadSource(shown, None, f"the {what} has an unknown entry {unknown[0]!r}.")


def _is_date(kind: str, text: str) -> bool:
    if kind != "date":
        return True
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True

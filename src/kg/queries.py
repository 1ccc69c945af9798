"""Questions: a canned query, its typed parameters, and what a query may not do.

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

A parameter is a variable of the query. Its value becomes a term that the engine binds; a visitor's
text never becomes SPARQL.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from kg.errors import BadInput, BadQuery, BadSource, NotFound, Refused
from kg.namespaces import PREFIXES, expand
from kg.services import calls
from kg.tokens import Lines, tokens, without_codepoint_escapes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

_XSD: Final = PREFIXES["xsd"]
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LITERALS: Final = {
    "string": re.compile(r"[^\x00\ud800-\udfff]*", re.DOTALL),
    "integer": re.compile(r"[+-]?\d{1,18}"),
    "decimal": re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?"),
    "double": re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{1,18})?)(?:[eE][+-]?\d{1,3})?"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "boolean": re.compile(r"true|false"),
}
_FORMS: Final = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_CHANGES: Final = re.compile(r"(?:RAND|NOW|UUID|BNODE)\s*\(", re.IGNORECASE)
_MOST_NESTED: Final = 200
_MOST_CLAUSES: Final = 500
_MOST_PATTERNS: Final = 5_000
_MOST_TOKENS: Final = 100_000
_SEPARATORS: Final = frozenset(".;,")
_BRACKET: Final = re.compile(r"<<|>>|[(){}\[\]]")
_OPERATORS: Final = frozenset({"||", "&&", "!", "=", "!=", "<", ">", "<=", ">=", *"+-*/|^"})
_CLAUSE: Final = re.compile(r"\{|BIND|FILTER|AS\s*[?$]", re.IGNORECASE)
_SERVICE_WORD: Final = re.compile(r"SERVICE", re.IGNORECASE)
_SERVICE: Final = re.compile(
    r"""SERVICE (?:\s|\#[^\n\r]*)*+ (?:SILENT)?+ (?:\s|\#[^\n\r]*)*+
    (?: <[^<>\s]*+> | [?$]\w++ | (?:[^\s{}<\#\\]|\\.)++ )
    (?:\s|\#[^\n\r]*)*+ \{""",
    re.IGNORECASE | re.VERBOSE,
)
_NO_SERVICE: Final = (
    "SERVICE is not allowed here: this endpoint calls no other server unless its operator lists it "
    "(--services, KG_SERVICES). Ask the other endpoint directly, or query both from your own "
    "engine."
)
_THESE_SERVICES: Final = (
    "SERVICE is allowed here only with one of these IRIs, written out and without escapes: {}. "
    "The operator lists them (--services, KG_SERVICES)."
)
AUDIENCES: Final = ("analyst", "researcher", "engineer")
"""Whom a question is for: who looks and cites, who recomputes, who queries and links."""
_HEADER_KEYS: Final = frozenset({"summary", "description", "tags", "audience", "parameters"})
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
    def read(cls, paths: list[Path], shown: Callable[[Path], str] = str) -> Catalogue:
        """Read query files; ``shown`` gives a path as messages name it.

        Raises ``BadSource`` if a file is not UTF-8 or its header is missing or wrong, or if the
        query is one that ``judge`` refuses.
        """
        queries = []
        for path in paths:
            try:
                query = parse(path.stem, path.read_text("utf-8"), shown(path))
                judge(query.text)
            except UnicodeDecodeError:
                raise BadSource(shown(path), None, "this is not UTF-8 text.") from None
            except (Refused, BadQuery) as error:
                raise BadSource(shown(path), None, str(error)) from None
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
        fields = yaml.safe_load(header) or {}
    except yaml.YAMLError as error:
        raise BadSource(shown, None, f"the header is not YAML: {error}.") from None
    if not _NAME.fullmatch(name):
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
    )


def form_of(text: str) -> str:
    """SELECT, ASK, CONSTRUCT or DESCRIBE, as a query's text has it; empty if it has none."""
    words = (token.text.upper() for token in tokens(text) if token.kind == "word")
    return next((word for word in words if word in _FORMS), "")


def normalised(text: str) -> str:
    """A query's tokens with one blank between them: equal for texts that differ in layout only."""
    return " ".join(token.text for token in tokens(text))


def is_repeatable(text: str) -> bool:
    """Whether the answer of a query has the same bytes each time, if the data stay the same.

    Judged on the bare characters, since engines that read without a tokenizer see ``BYRAND()``. A
    graph in which a query makes blank nodes has other labels each time.
    """
    if _CHANGES.search(text) or any(True for _ in calls(text)):
        return False
    is_new = form_of(text) == "CONSTRUCT"
    return not (
        is_new and any(token.kind == "blank" or token.text == "[" for token in tokens(text))
    )


def is_iri(text: str) -> bool:
    """Whether a text is an absolute IRI, as a query may write it."""
    return _IRI.fullmatch(text) is not None


def judge(text: str, allowed: Collection[str] = ()) -> tuple[str, ...]:
    """The services that a query calls; refuse one that leaves the store otherwise, or is too deep.

    Judged on tokens, so that a string, a comment or a name may hold any word, and again on the bare
    characters: engines that read without a tokenizer take ``SERVICESILENT<...>`` for a keyword, or
    end an IRI where none began. Both with code point escapes resolved and not. Raises ``Refused``
    for SERVICE with anything but an IRI that is ``allowed``, and ``BadQuery`` for what nests or
    repeats more than any question needs.
    """
    versions = {text, without_codepoint_escapes(text)}
    found = {called(version, allowed) for version in versions}
    if len(found) > 1:
        raise _refused(allowed)
    for version in versions:
        check_depth(version)
        operators = separators = 0
        for number, token in enumerate(tokens(version)):
            if number > _MOST_TOKENS:
                raise BadQuery(f"the query has more than {_MOST_TOKENS:,} words and marks.")
            operators += token.kind == "mark" and token.text in _OPERATORS
            separators += token.kind == "mark" and token.text in _SEPARATORS
        clauses = sum(1 for _ in itertools.islice(_CLAUSE.finditer(version), _MOST_CLAUSES + 1))
        if operators > _MOST_CLAUSES or clauses > _MOST_CLAUSES:
            raise BadQuery(f"the query has more than {_MOST_CLAUSES} clauses or operators.")
        if separators > _MOST_PATTERNS:
            raise BadQuery(f"the query has more than {_MOST_PATTERNS} patterns or list members.")
    return tuple(dict.fromkeys(found.pop()))


def called(text: str, allowed: Collection[str] = ()) -> tuple[str, ...]:
    """The services that a text calls, in order. Raises ``Refused`` if it calls any other."""
    words = [*itertools.islice(_SERVICE_WORD.finditer(text), _MOST_CLAUSES + 1)]
    found = [*calls(text)] if words else []
    doubtful = {match.start() for match in words} - {call.start for call in found}
    if (
        len(words) > _MOST_CLAUSES
        or any(call.service not in allowed for call in found)
        or any(_SERVICE.match(text, at) for at in doubtful)
    ):
        raise _refused(allowed)
    return tuple(call.service for call in found)


def _refused(allowed: Collection[str]) -> Refused:
    names = ", ".join(f"<{service}>" for service in allowed)
    return Refused(_THESE_SERVICES.format(names) if names else _NO_SERVICE)


def check_depth(text: str) -> None:
    """Raise ``BadQuery`` for brackets that nest too deep, counted in the bare characters."""
    depth = 0
    for match in _BRACKET.finditer(text):
        depth += 1 if match.group() in ("(", "[", "{", "<<") else -1
        if depth > _MOST_NESTED:
            lines = Lines(text)
            line = lines.at(match.start())
            column = match.start() - lines.start(line) + 1
            raise BadQuery(f"more than {_MOST_NESTED} brackets are nested.", line, column)
        depth = max(depth, 0)


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
        default=str(fields["default"]),
        of_class=str(fields.get("class", "")),
        examples=tuple(map(str, fields.get("examples", ()))),
    )
    for text in (parameter.default, *parameter.examples):
        try:
            parameter.term(text)
        except BadInput as error:
            raise BadSource(shown, None, str(error)) from None
    return parameter


def _check_keys(
    shown: str,
    what: str,
    fields: object,
    known: frozenset[str],
    needed: set[str],
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

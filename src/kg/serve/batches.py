"""What clients of the reconciliation service send as JSON: batches of queries, and extensions.

Read as https://reconciliation-api.github.io/specs/0.2/ has it, and bounded: what is too much is
refused as a whole, in one sentence.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from werkzeug.exceptions import RequestEntityTooLarge

from kg.errors import BadInput
from kg.link.agreement import Given
from kg.link.reconciliation import Constraint, Query, Strictness, term_id

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_QUERIES: Final = 50
MOST_CHARACTERS: Final = 500
"""Length of a text that is sought, and of a value."""
MOST_CANDIDATES: Final = 25
MOST_TYPES: Final = 5
MOST_PROPERTIES: Final = 10
MOST_GIVEN: Final = 20
"""Number of values that may be given for a property."""
MOST_IDS: Final = 200
MOST_COLUMNS: Final = 20
_DEFAULT_LIMIT: Final = 10
_MOST_SHOWN: Final = 40
"""Number of characters of what was sent that a message repeats."""
_EMPTY: Final = Given("")
_WHOLE: Final = re.compile(r"\d{1,6}", re.ASCII)
CONTENTS: Final = {"literal": "Names and values", "id": "Addresses (IRIs) of things"}
"""What the values of a property may come as, by the name of the setting."""


@dataclass(frozen=True)
class Column:
    """A property whose values are asked for, by the id that it was asked by."""

    id: str
    property: str
    limit: int
    """The most values of each thing; 0 for all."""
    as_iris: bool
    """Whether what has an IRI comes as that, and not by its name."""


@dataclass(frozen=True)
class Extension:
    """Things, and the properties that are asked for of each."""

    ids: tuple[str, ...]
    columns: tuple[Column, ...]


def read_queries(text: str) -> dict[str, Query]:
    """The queries of a batch, each by its key. Raises ``BadInput``, or 413 for too many."""
    batch = _read(text, "queries")
    _check_number("queries", len(batch), MOST_QUERIES, "send them in several batches")
    return {key: _query(key, query) for key, query in batch.items()}


def read_extension(text: str) -> Extension:
    """What is asked for of which things. Raises ``BadInput``, or 413 for too much."""
    sent = _read(text, "extend")
    ids, columns = _list(sent.get("ids"), "ids"), _list(sent.get("properties"), "properties")
    _check_number("ids", len(ids), MOST_IDS, "ask for them in several requests")
    _check_number("properties", len(columns), MOST_COLUMNS, "ask for them in several requests")
    if not all(isinstance(id_, str) for id_ in ids):
        raise BadInput("extend: each of the ids is a text.")
    asked = [_column(column) for column in columns]
    if len({column.property for column in asked}) < len(asked):
        raise BadInput("extend: a property came twice.")
    return Extension(tuple(dict.fromkeys(ids)), tuple(asked))


def _read(text: str, name: str) -> dict[str, Any]:
    """The object in a parameter. Raises ``BadInput`` if it is none, or no Unicode."""
    try:
        sent = json.loads(text, parse_constant=_refuse)
        json.dumps(sent, ensure_ascii=False).encode()  # fails for halves of surrogate pairs
    except RecursionError:
        raise BadInput(f"{name} nests too deep.") from None
    except ValueError as error:
        raise BadInput(f"{name} is no JSON: {error}.") from None
    if not isinstance(sent, dict):
        raise BadInput(f"{name} is to be a JSON object.")
    return sent


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no value")


def _query(key: str, sent: object) -> Query:
    where = f"query {key[:_MOST_SHOWN]!r}"
    if not isinstance(sent, dict):
        raise BadInput(f"{where} is to be a JSON object.")
    text, properties = sent.get("query"), _list(sent.get("properties") or [], where)
    if text is None and not properties:
        raise BadInput(f"{where} has neither a query nor properties.")
    if not isinstance(text, str | None):
        raise BadInput(f"{where}: the query is to be a text.")
    try:
        strictness = Strictness(sent.get("type_strict") or Strictness.SHOULD)
    except ValueError:
        raise BadInput(f"{where}: type_strict is one of {', '.join(Strictness)}.") from None
    return Query(
        text=_bounded((text or "").strip(), where),
        limit=_limit(sent.get("limit"), where),
        types=tuple(_types(sent.get("type"), where)),
        constraints=_constraints(properties, where),
        strictness=strictness,
    )


def _limit(sent: object, where: str) -> int:
    if sent is None:
        return _DEFAULT_LIMIT
    limit = _whole(sent)
    if limit is None or not 1 <= limit <= MOST_CANDIDATES:
        raise BadInput(f"{where}: the limit is a whole number from 1 to {MOST_CANDIDATES}.")
    return limit


def _whole(sent: object) -> int | None:
    """A number from zero on, which may be written as 5.0 or in quotes; None if it is none."""
    if isinstance(sent, float) and sent.is_integer():
        sent = int(sent)
    if isinstance(sent, int) and not isinstance(sent, bool):
        sent = str(sent)
    return int(sent) if isinstance(sent, str) and _WHOLE.fullmatch(sent) else None


def _types(sent: object, where: str) -> Iterator[str]:
    """The types asked for: one or a list, by id or as objects with one."""
    types = sent if isinstance(sent, list) else [] if sent in (None, "") else [sent]
    _check_number(f"types in {where}", len(types), MOST_TYPES, "ask for fewer")
    for type_ in types:
        id_ = type_.get("id") if isinstance(type_, dict) else type_
        if not isinstance(id_, str):
            raise BadInput(f"{where}: a type is to be its id.")
        yield term_id(id_)


def _constraints(sent: list[Any], where: str) -> tuple[Constraint, ...]:
    """The properties, with all values that are given for each; an empty one asks for nothing."""
    _check_number(f"properties in {where}", len(sent), MOST_PROPERTIES, "give fewer")
    given: dict[str, list[Given]] = {}
    for property_ in sent:
        if not isinstance(property_, dict) or not isinstance(property_.get("pid"), str):
            raise BadInput(f"{where}: a property is to be an object with pid and v.")
        values = property_.get("v")
        for value in values if isinstance(values, list) else [values]:
            if (read := _given(value, where)) != _EMPTY:
                given.setdefault(term_id(property_["pid"]), []).append(read)
    for name, values in given.items():
        _check_number(f"values of {name[:_MOST_SHOWN]!r}", len(values), MOST_GIVEN, "give fewer")
    return tuple(Constraint(name, tuple(values)) for name, values in given.items())


def _given(value: object, where: str) -> Given:
    """A value: a text, a number, a boolean, or a thing with its id."""
    if isinstance(value, bool):
        return Given(str(value).lower())
    if isinstance(value, str | int | float):
        return Given(_bounded(str(value).strip(), where))
    if isinstance(value, dict):
        id_, name = value.get("id"), value.get("name", "")
        if isinstance(id_, str) and isinstance(name, str):
            return Given(_bounded(name.strip(), where), _bounded(id_.strip(), where))
    raise BadInput(f"{where}: a value is to be a text, a number, a boolean or an object with id.")


def _column(sent: object) -> Column:
    if not isinstance(sent, dict) or not isinstance(sent.get("id"), str):
        raise BadInput("extend: each of the properties is an object with an id.")
    settings = sent.get("settings") or {}
    if not isinstance(settings, dict):
        raise BadInput("extend: the settings of a property are an object.")
    limit = _whole(settings.get("limit") or 0)
    if limit is None:
        raise BadInput("extend: the setting limit is a whole number, 0 for all values.")
    content = settings.get("content") or "literal"
    if not isinstance(content, str) or content not in CONTENTS:
        raise BadInput(f"extend: the setting content is one of {', '.join(CONTENTS)}.")
    return Column(sent["id"], term_id(sent["id"]), limit, as_iris=content == "id")


def _list(sent: object, where: str) -> list[Any]:
    if not isinstance(sent, list):
        raise BadInput(f"{where}: a list is missing, or is none.")
    return sent


def _bounded(text: str, where: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise BadInput(f"{where}: a text has more than {MOST_CHARACTERS} characters.")
    return text


def _check_number(what: str, number: int, most: int, remedy: str) -> None:
    """Raise 413 for too many, as the specification has it for batches."""
    if number > most:
        raise RequestEntityTooLarge(f"There are {number} {what}, and may be {most}: {remedy}.")

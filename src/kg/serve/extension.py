"""Data extension: the values of properties of things, as reconciliation clients take them.

https://reconciliation-api.github.io/specs/0.2/#data-extension-service
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from werkzeug.exceptions import RequestEntityTooLarge

from kg.link.agreement import NUMBERS, as_number
from kg.namespaces import IDS, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.link.agreement import Value
    from kg.serve.batches import Column, Extension
    from kg.serve.reconcilable import Reconcilable

_XSD: Final = PREFIXES["xsd"]
_MOST_VALUES: Final = 20_000
"""Number of values in one answer."""
_MOST_INTEGER: Final = 2**31 - 1
"""Beyond it an integer comes as a float: OpenRefine reads one into 32 bits."""
_MOST_EXACT: Final = 2**53
"""Beyond it an integer comes as a text, since no float has all of its digits."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TOO_MUCH: Final = (
    f"The answer has more than {_MOST_VALUES:,} values: ask for fewer ids or properties at a time, "
    "or set a limit for each property."
)


def extended(extension: Extension, reconcilable: Reconcilable) -> dict[str, Any]:
    """The answer: ``meta`` for each property, and ``rows`` of cells by thing and property.

    Of a thing or a property that is not known each cell is empty. Raises 413 for too many values.
    """
    left = _MOST_VALUES
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
    seen: dict[str, list[Value]] = {column.property: [] for column in extension.columns}
    for id_ in extension.ids:
        row = rows[id_] = {}
        for column in extension.columns:
            most = min(column.limit or left + 1, left + 1)
            values = reconcilable.values(id_, column.property, most)
            left -= len(values)
            if left < 0:
                raise RequestEntityTooLarge(_TOO_MUCH)
            seen[column.property] += values
            row[column.id] = [_cell(v, reconcilable, as_iri=column.as_iris) for v in values]
    meta = [_meta(column, seen[column.property], reconcilable) for column in extension.columns]
    return {"meta": meta, "rows": rows}


def _meta(column: Column, values: Sequence[Value], reconcilable: Reconcilable) -> dict[str, Any]:
    """What a property is called, and the type that all things have that are its values here."""
    known = reconcilable.properties.things.get(column.property)
    meta: dict[str, Any] = {
        "id": column.id,
        "name": known.name if known else column.id,
    }
    things = reconcilable.things.things
    found = [things.get(value.text.removeprefix(IDS)) for value in values if not value.datatype]
    kinds = [thing.types for thing in found if thing]
    if kinds and len(kinds) == len(values) and not column.as_iris:
        shared = (kind for kind in kinds[0] if all(kind in other for other in kinds))
        if widest := next(shared, None):
            meta["type"] = described(widest, reconcilable)
    return meta


def described(type_: str, reconcilable: Reconcilable) -> dict[str, Any]:
    """A type as clients have it."""
    return {"id": type_, "name": reconcilable.types.things[type_].name}


def _cell(value: Value, reconcilable: Reconcilable, *, as_iri: bool) -> dict[str, Any]:
    """A value as a cell: a thing, a number, a date, else a text."""
    if not value.datatype:
        id_ = value.text.removeprefix(IDS)
        thing = reconcilable.things.things.get(id_)
        if as_iri or value.text == id_ or thing is None:
            return {"str": value.text if as_iri else reconcilable.label(value.text)}
        return {"id": id_, "name": thing.name}
    number = as_number(value.text) if value.datatype in NUMBERS else None
    if number is not None:
        is_integer = value.datatype == f"{_XSD}integer"
        if is_integer and abs(number) <= _MOST_INTEGER:
            return {"int": int(number)}
        if not is_integer or abs(number) <= _MOST_EXACT:
            return {"float": float(number)}
    if value.datatype == f"{_XSD}date" and _DAY.fullmatch(value.text):
        return {"date": f"{value.text}T00:00:00Z"}
    return {"str": value.text}

"""Mappings, judged before they run: YARRRML (https://rml.io/yarrrml/spec/) and RML.

What was judged is what runs: YARRRML goes on as JSON, in which every scalar is a text, and RML as
N-Triples. RML is that of https://rml.io/specs/rml/ or of http://w3id.org/rml/core/spec, without
what reads anything but a file of CSV, and without functions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from kg.errors import BadInput, BadSource
from kg.store.files import NOWHERE, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_YARRRML: Final = (".yml", ".yaml")
_RML: Final = ".ttl"
_FUNCTION_KEYS: Final = ("function", "fn", "f")
_JOIN: Final = "equal"
"""The function of a condition on which rows are joined; morph-kgc calls none for it."""
_SOURCE_KEYS: Final = {"access", "referenceFormulation"}
_TERM: Final = re.compile(
    r"<http://(?:www\.w3\.org/ns/r2rml#|semweb\.mmlab\.be/ns/(?:rml|fnml)#|w3id\.org/rml/)([^>]*)>"
)
"""A term of R2RML, of the older or the newer RML, or of the functions of the older."""
_TERMS: Final = frozenset(
    (
        *("logicalSource", "source", "referenceFormulation", "subjectMap", "predicateObjectMap"),
        *("predicateMap", "objectMap", "graphMap", "subject", "predicate", "object", "graph"),
        *("class", "template", "constant", "reference", "column", "termType"),
        *("datatype", "datatypeMap", "language", "languageMap"),
        *("parentTriplesMap", "joinCondition", "child", "parent"),
    )
)
"""The properties that a mapping of one table needs."""
_FORMULATIONS: Final = ("<http://semweb.mmlab.be/ns/ql#csv>", "<http://w3id.org/rml/csv>")
"""How a source of CSV is read, in small letters."""


@dataclass(frozen=True)
class Mapping:
    """The text of a mapping that may run, and the ending that says in which language it is."""

    text: bytes
    suffix: str


class _Loader(yaml.BaseLoader):
    """Reads texts, lists and dictionaries, in which no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The dictionary of a node. Raises ``ConstructorError`` for a key that it has already."""
        met: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in met:
                said = f"the key {key.value!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
            met.add(key.value)
        return super().construct_mapping(node, deep)


def judged(data: bytes, path: Path, table: Path) -> Mapping:
    """The mapping that the text of a file is, if it reads one table and nothing else.

    Raises ``BadInput`` if the ending of the file says of no mapping, ``BadSource`` if the text is
    malformed, reads something else, or calls a function.
    """
    suffix = path.suffix.lower()
    if suffix in _YARRRML:
        return Mapping(_yarrrml(data, path, table), ".yml")
    if suffix == _RML:
        return Mapping(_rml(data, path, table), ".nt")
    raise BadInput(f"{path} is neither YARRRML (.yml, .yaml) nor RML in Turtle (.ttl).")


def _check_source(named: str, path: Path, table: Path) -> None:
    """Raise unless a source is the table, by its name or as seen from the mapping."""
    if named != table.name and (path.parent / named).resolve() != table.resolve():
        said = f"it reads {named!r}, and may read {table.name} alone: name that as its source."
        raise BadSource(str(path), None, said)


def _check_formulation(named: str, path: Path) -> None:
    if named.lower() not in ("csv", *_FORMULATIONS):
        raise BadSource(str(path), None, f"its source must be read as csv, not as {named!r}.")


def _function(name: str, path: Path) -> BadSource:
    said = f"it calls a function ({name}), and those of morph-kgc run cells as programs: do without"
    return BadSource(str(path), None, f"{said}.")


def _yarrrml(data: bytes, path: Path, table: Path) -> bytes:
    """The JSON of a mapping in YARRRML."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(data)):
            raise BadSource(
                str(path), None, "it has an alias (*name), which may grow: write it out."
            )
        rules = yaml.load(data, _Loader)  # noqa: S506 (which makes texts, lists and dicts)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or "it cannot be read"
        raise BadSource(str(path), mark and mark.line + 1, f"this is not YAML: {said}.") from None
    except RecursionError:
        raise BadSource(str(path), None, "it nests too deep.") from None
    listed = _under(rules, ("mappings", "mapping", "m"))
    if not isinstance(listed, dict) or not listed:
        raise BadSource(str(path), None, "it has no mappings: it is no YARRRML.")
    for key, value in _pairs(rules):
        if key in _FUNCTION_KEYS and value != _JOIN:
            raise _function(f"{key}: {value}" if isinstance(value, str) else key, path)
    shared = _under(rules, ("sources",)) or {}
    if not isinstance(shared, dict):
        raise BadSource(
            str(path), None, "its sources have no names: write sources: {table: [...]}."
        )
    for source in shared.values():
        _check_yarrrml_source(source, (), path, table)
    for name, rule in listed.items():
        sources = _under(rule, ("sources",))
        if not sources:
            said = f"its mapping {name!r} has no sources: write sources: [['{table.name}~csv']]."
            raise BadSource(str(path), None, said)
        for source in sources if isinstance(sources, list) else [sources]:
            _check_yarrrml_source(source, shared, path, table)
    return json.dumps(rules).encode()


def _check_yarrrml_source(source: Any, shared: Any, path: Path, table: Path) -> None:  # noqa: ANN401
    """Raise unless a source is the table, or the name of one of the ``shared`` ones."""
    if isinstance(source, str) and source in shared:
        return
    if isinstance(source, dict) and set(source) == _SOURCE_KEYS:
        named, formulation = source["access"], source["referenceFormulation"]
    elif isinstance(source, list) and len(source) == 1 and isinstance(source[0], str):
        named, _, formulation = source[0].partition("~")
    else:
        shown = json.dumps(source, ensure_ascii=False)
        said = f"its source {shown} is no file of CSV: write ['{table.name}~csv']."
        raise BadSource(str(path), None, said)
    _check_source(str(named), path, table)
    _check_formulation(str(formulation), path)


def _under(rules: Any, keys: tuple[str, ...]) -> Any:  # noqa: ANN401
    """What a dictionary has under one of the names of a key; None if it is none."""
    found = [rules[key] for key in keys if key in rules] if isinstance(rules, dict) else []
    return found[0] if len(found) == 1 else None


def _pairs(rules: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """All keys and their values, at whatever depth."""
    waiting = [rules]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield from part.items()
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _rml(data: bytes, path: Path, table: Path) -> bytes:
    """The N-Triples of a mapping in RML."""
    lines: list[str] = []
    sources = 0
    for _, subject, predicate, value in parse(data, _RML, str(path), NOWHERE):
        lines.append(f"{subject} {predicate} {value} .\n")
        term = _TERM.fullmatch(predicate)
        if term is None:
            continue
        name = term[1]
        if "/fnml#" in predicate or name.lower().startswith("function"):
            raise _function(name, path)
        if name not in _TERMS:
            said = f"it has {predicate}, which no mapping of one CSV file needs: leave it out."
            raise BadSource(str(path), None, said)
        if name == "source":
            sources += 1
            _check_source(value[1:-1] if value[0] == '"' else value, path, table)
        elif name == "referenceFormulation":
            _check_formulation(value, path)
    if not sources:
        said = f'it names no source: it is no RML, which would have rml:source "{table.name}".'
        raise BadSource(str(path), None, said)
    return "".join(lines).encode()

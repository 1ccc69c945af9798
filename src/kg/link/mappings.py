"""Mappings: what of ours is, or is not, the same as a thing elsewhere, and on what evidence.

They stand in files of SSSOM/TSV (https://mapping-commons.github.io/sssom/), one set for each
outside dataset, and are read and written with the ``sssom`` library. Subjects are ours. What is
mapped to, be it a paper, code, weights or the thing itself, is said in ``object_category``; the
evidence is in ``comment``, and ``predicate_modifier`` Not keeps look-alikes apart.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import logging
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kg.errors import BadSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Mapping as Mapping_
    from pathlib import Path

    from pandas import DataFrame

    Row = dict[str, str]

EXACT: Final = "http://www.w3.org/2004/02/skos/core#exactMatch"
SUFFIX: Final = ".sssom.tsv"
_NEEDED: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_IRIS: Final = (*_NEEDED, "object_source")
_MATCHES: Final = ("skos:exactMatch", "skos:closeMatch")
_ORDER: Final = ("subject_id", "object_id", "predicate_id", "predicate_modifier")
_COLUMNS: Final = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "predicate_modifier",
    "object_id",
    "object_label",
    "object_category",
    "mapping_justification",
    "reviewer_label",
    "mapping_date",
    "confidence",
    "comment",
)


@dataclass(frozen=True)
class Mapping:
    """One mapping; ``subject``, ``predicate``, ``object`` and ``justification`` are IRIs.

    ``confidence`` is a number from 0 to 1 as it is written, ``line`` the place in the file.
    """

    subject: str
    predicate: str
    object: str
    justification: str
    negated: bool = False
    confidence: str = ""
    subject_label: str = ""
    object_label: str = ""
    object_category: str = ""
    object_source: str = ""
    date: str = ""
    comment: str = ""
    line: int = 0

    @property
    def name(self) -> str:
        """What tells the mapping from all others, whatever is said of it."""
        about = f"{self.subject} {self.predicate} {self.object} {self.negated}"
        return hashlib.sha256(about.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class MappingSet:
    """A file of mappings: its IRI, and what holds of all of them."""

    shown: str
    iri: str
    title: str
    licence: str
    object_source_version: str
    mappings: Sequence[Mapping]


def digest(paths: Iterable[Path]) -> str:
    """What tells the content of some files from any other."""
    hashed = hashlib.sha256()
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise BadSource(str(path), None, f"cannot be read: {error.strerror}.") from None
        hashed.update(f"{path.name} {len(data)} ".encode() + data)
    return hashed.hexdigest()


def read(path: Path, shown: str) -> MappingSet:
    """Read a file; ``shown`` is how messages name it.

    Raises ``BadSource``, with the line where there is one, for what is no SSSOM, lacks what a
    mapping has to have, or has a prefix that its ``curie_map`` does not.
    """
    try:
        text = path.read_text("utf-8")
        with quiet():
            from sssom.parsers import parse_sssom_table  # with pandas and LinkML: two seconds

            found = parse_sssom_table(path)
    except OSError as error:
        raise BadSource(shown, None, f"cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadSource(shown, None, "this is not UTF-8 text.") from None
    except Exception as error:  # whatever pandas, PyYAML, curies and LinkML raise
        raise BadSource(shown, None, f"this is no SSSOM/TSV: {_first_line(error)}.") from None
    lines = [n for n, line in enumerate(text.split("\n"), 1) if line.strip() and line[0] != "#"]
    rows = _rows(found.df)
    if len(rows) != len(lines) - 1:  # those that the library takes for no mappings are left out
        raise BadSource(shown, *_incomplete(text, lines))
    mappings = [
        _mapping(row, found.converter, shown, line)
        for row, line in zip(rows, lines[1:], strict=True)
    ]
    said = found.metadata
    return MappingSet(
        shown,
        str(said.get("mapping_set_id", "")),
        str(said.get("mapping_set_title", "")),
        str(said.get("license", "")),
        _common(rows, "object_source_version"),
        mappings,
    )


def _mapping(row: Row, converter: Any, shown: str, line: int) -> Mapping:  # noqa: ANN401
    iris: dict[str, str] = {}
    for column in _IRIS:
        given = row.get(column, "")
        if not given and column in _NEEDED:
            raise BadSource(shown, line, f"the mapping has no {column}.")
        iris[column] = given
        if given and not given.startswith(("http://", "https://")):
            expanded = converter.expand(given)
            if expanded is None:
                raise BadSource(shown, line, f"the curie_map has no prefix for {given!r}.")
            iris[column] = expanded
    return Mapping(
        iris["subject_id"],
        iris["predicate_id"],
        iris["object_id"],
        iris["mapping_justification"],
        row.get("predicate_modifier", "") == "Not",
        row.get("confidence", ""),
        row.get("subject_label", ""),
        row.get("object_label", ""),
        row.get("object_category", ""),
        iris["object_source"],
        row.get("mapping_date", ""),
        row.get("comment", ""),
        line,
    )


def _incomplete(text: str, lines: Sequence[int]) -> tuple[int | None, str]:
    """The first line that is no mapping, and why."""
    raw = text.split("\n")
    table = [raw[number - 1] for number in lines]
    for line, row in zip(lines[1:], csv.DictReader(table, delimiter="\t"), strict=False):
        for column in _NEEDED:
            if not row.get(column):
                return line, f"the mapping has no {column}."
    return None, "a row has what its column cannot have, such as a confidence in words."


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Have nothing said of what sssom warns of: we say it ourselves, or it is about pandas."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _rows(frame: DataFrame) -> list[Row]:
    """The rows of a table, in which nothing is an empty text."""
    records = frame.fillna("").astype(str).to_dict("records")
    return [{str(column): str(value) for column, value in row.items()} for row in records]


def _common(rows: Sequence[Row], column: str) -> str:
    """The value that all rows have in a column, else nothing."""
    values = {row.get(column, "") for row in rows}
    return values.pop() if len(values) == 1 else ""


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


class Places:
    """In which files and lines mappings stand, by the names of mappings."""

    def __init__(self, paths: Iterable[Path], shown: Callable[[Path], str]) -> None:
        self._lines: dict[str, list[tuple[str, int]]] = {}
        for path in paths:
            for mapping in read(path, shown(path)).mappings:
                self._lines.setdefault(mapping.name, []).append((shown(path), mapping.line))

    def places_of(
        self,
        subject: object,
        predicate: object,  # noqa: ARG002
        value: object,  # noqa: ARG002
    ) -> list[tuple[str, int]]:
        """File and line of a mapping, by its IRI; ("", 0) if nowhere."""
        return self._lines.get(str(subject).rpartition("/")[2], [("", 0)])


def rewritten(
    path: Path, more: Sequence[Row] = (), prefixes: Mapping_[str, str] | None = None
) -> str:
    """The text of a file as the library writes it, rows in order, with ``more`` rows.

    Rows are slots of SSSOM by name, with CURIEs of the file's ``curie_map`` or of ``prefixes``. One
    that says how two things match takes the place of what was said of that before.
    """
    with quiet():
        from sssom.parsers import parse_sssom_table

        found = parse_sssom_table(path)
    said = {(row["subject_id"], row["object_id"]) for row in more}
    rows = [
        row
        for row in _rows(found.df)
        if (row["subject_id"], row["object_id"]) not in said or row["predicate_id"] not in _MATCHES
    ]
    known = {**(prefixes or {}), **found.converter.bimap}
    return written([*rows, *more], found.metadata, known)


def written(
    rows: Sequence[Row], metadata: Mapping_[str, object], prefixes: Mapping_[str, str]
) -> str:
    """Some mappings as the library writes them, in the order of what they are about.

    What holds of all is written once, above the table, with those of ``prefixes`` that are used.
    """
    with quiet():
        import pandas as pd
        from curies import Converter
        from sssom import MappingSetDataFrame
        from sssom.writers import write_table

        ordered = sorted(rows, key=lambda row: [row.get(key, "") for key in _ORDER])
        for row in ordered:
            row["confidence"] = f"{float(row['confidence']):g}" if row.get("confidence") else ""
        columns = [c for c in _COLUMNS if c in _NEEDED or any(row.get(c) for row in ordered)]
        columns += sorted({c for row in ordered for c in row if row[c]} - {*columns})
        cells = [[row.get(column, "") for column in columns] for row in ordered]
        frame = pd.DataFrame(cells, columns=columns)
        used = {
            value.partition(":")[0]
            for row in ordered
            for column in _IRIS
            if (value := row.get(column, "")) and "://" not in value
        }
        kept = {prefix: space for prefix, space in prefixes.items() if prefix in used}
        table = MappingSetDataFrame(frame, Converter.from_prefix_map(kept), dict(metadata))
        out = io.StringIO()
        write_table(table, out)
    return out.getvalue()

"""Triples of RDF files by predicate, for what works on columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.columns import Groups, grouped
from kg.store.files import read_triples, syntax_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def read_groups(paths: Iterable[Path]) -> Groups:
    """The triples of some files by predicate, as ``kg.columns`` groups them.

    Canonical N-Triples (https://www.w3.org/TR/n-triples/#canonical-ntriples) is taken apart at its
    blanks and each different term is looked at once; any other file is parsed. Raises as
    ``read_triples`` does.
    """
    groups: Groups = {}
    for number, path in enumerate(paths):
        found = _split(path, f"f{number}") if syntax_of(path) == ox.RdfFormat.N_TRIPLES else None
        for predicate, (subjects, values) in (found or grouped(read_triples(path))).items():
            group = groups.setdefault(predicate, ([], []))
            group[0].extend(subjects)
            group[1].extend(values)
    return groups


_IRI: Final = r"<[A-Za-z][A-Za-z0-9+.-]*+:(?:[^\x00-\x20<>\"{}|^`\\%\[\]]++|%[0-9A-Fa-f]{2})*+>"
_BLANK: Final = r"_:[A-Za-z0-9]+"
_PLAIN: Final = "|".join(
    re.escape(f"http://www.w3.org/{name}>")
    for name in (
        "2001/XMLSchema#string",
        "1999/02/22-rdf-syntax-ns#langString",
        "1999/02/22-rdf-syntax-ns#dirLangString",
    )
)
"""Datatypes that canonical N-Triples does not write."""
_LITERAL: Final = (
    r'"(?:[^"\\\x00-\x1f\x7f\ufffe\uffff]++|\\["\\nrtbf])*+"'
    rf"(?:\^\^(?!<(?:{_PLAIN})){_IRI}|@[a-z]{{1,8}}(?:-[a-z0-9]{{1,8}})*)?"
)
_SUBJECT: Final = re.compile(f"{_IRI}|{_BLANK}")
_PREDICATE: Final = re.compile(_IRI)
_VALUE: Final = re.compile(f"{_IRI}|{_BLANK}|{_LITERAL}")


def _split(path: Path, mark: str) -> Groups | None:
    """The triples of canonical N-Triples, ``mark`` added to blank nodes; None of anything else."""
    groups: Groups = {}
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                subject, predicate, value = line.split(" ", 2)
                if value[-3:] != " .\n":
                    return None
                group = groups.get(predicate)
                if group is None:
                    group = groups[predicate] = ([], [])
                group[0].append(subject)
                group[1].append(value[:-3])
    except (ValueError, OSError):  # too few terms, no UTF-8, no file: the parser says what is wrong
        return None
    if not all(map(_PREDICATE.fullmatch, groups)):
        return None
    for place, form in enumerate((_SUBJECT, _VALUE)):
        known: set[str] = set()
        blank: set[str] = set()
        for group in groups.values():
            met = set(group[place])
            new = met - known
            if not all(map(form.fullmatch, new)):
                return None
            known |= new
            blank.update(term for term in new if term[0] == "_")
            if not met.isdisjoint(blank):
                group[place][:] = [f"{t}{mark}" if t[0] == "_" else t for t in group[place]]
    return groups

"""CSV to statements, by a mapping in YARRRML or RML and by morph-kgc, in a process of its own.

morph-kgc (https://morph-kgc.readthedocs.io) asks for older versions of libraries than are used
here, so it lives in an environment of its own, and a setting says where. It would open any file,
address or database that a mapping names, and run cells as programs where one calls its functions:
``mapping`` lets only those through that read the one table, and ``process`` gives it nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.errors import BadSource
from kg.mapper.mapping import judged
from kg.mapper.process import run
from kg.mapper.table import check_table
from kg.store.files import parse_whole

if TYPE_CHECKING:
    from pathlib import Path

    Quad = tuple[str, str, str, str]

__all__ = ["mapped"]


def mapped(
    table: bytes, path: Path, rules: bytes, mapping: Path, python: str, seconds: float = 300
) -> list[Quad]:
    """The quads that a mapping makes of a table, as ``kg.store.files.parse`` gives them.

    ``table`` and ``rules`` are the texts of the files ``path``, CSV, and ``mapping``, both without
    a mark of byte order; ``python`` is the program that has morph-kgc. An empty cell makes no
    statement. Raises ``BadInput`` if there is no such program, if it fails, or if it takes longer
    than ``seconds``; ``BadSource`` if the table or the mapping is malformed, or the mapping reads
    anything but the table or calls a function.
    """
    check_table(table, str(path))
    made = run(python, table, judged(rules, mapping, path), f"{mapping} to {path}", seconds)
    try:
        return list(parse_whole(made, ".nq", str(path)))
    except BadSource as error:
        said = f"what {mapping} makes of it cannot be read: {error.message}"
        raise BadSource(str(path), None, said) from None

"""Rows as RDF, in the vocabulary of the Data Access Working Group's tests, in Turtle.

https://www.w3.org/2001/sw/DataAccess/tests/result-set: a set has variables and solutions, a
solution a binding for each variable that has a value, and its place among the others.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HEAD: Final = "@prefix rs: <http://www.w3.org/2001/sw/DataAccess/tests/result-set#> .\n\n"
_SET: Final = "_:set"


def write_truth(truth: bool, out: IO[bytes]) -> None:
    """Write the answer of an ASK."""
    out.write(f"{_HEAD}{_SET} a rs:ResultSet ;\n    rs:boolean {str(truth).lower()} .\n".encode())


def write_result_set(
    variables: Sequence[str], rows: Iterable[Sequence[object]], out: IO[bytes]
) -> None:
    """Write rows as they come; each value is written as its text is, which is that of N-Triples."""
    names = ", ".join(f'"{name}"' for name in variables)
    of_variables = f" ;\n    rs:resultVariable {names}" if names else ""
    out.write(f"{_HEAD}{_SET} a rs:ResultSet{of_variables} .\n".encode())
    for number, row in enumerate(rows, 1):
        bindings = "".join(
            f' ;\n    rs:binding [ rs:variable "{name}" ; rs:value {value} ]'
            for name, value in zip(variables, row, strict=True)
            if value is not None
        )
        out.write(f"{_SET} rs:solution [ rs:index {number}{bindings} ] .\n".encode())

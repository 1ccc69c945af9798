"""What shapes say of data that are about to be published."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.errors import Rejected
from kg.store.files import read_triples
from kg.store.grouped import read_groups
from kg.tables import as_graph
from kg.terms import iri
from kg.validate import report_of, spoken, validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.store import EmbeddedStore

_VIOLATION: Final = iri("sh:Violation")
_COLUMNS: Final = ("severity", "focus", "path", "message", "shape")
_MOST_SAID: Final = 100
"""Number of results that an error lists; the report has all."""


class Shapes:
    """Shapes (https://www.w3.org/TR/shacl/) that all data have to meet."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Read the shapes. Raises ``BadInput`` for a file that cannot be read."""
        self._shapes = {triple for path in files for triple in read_triples(path)}

    def __call__(self, store: EmbeddedStore) -> None:
        """Raise ``Rejected`` for a violation in the union of all graphs; warnings are none.

        Raises ``BadInput`` if the shapes cannot be used.
        """
        with tempfile.TemporaryDirectory(prefix="kg-check-") as folder:
            path = Path(folder) / "data.nt"
            store.write_lines(path)
            validated = validate(read_groups([path]), self._shapes)
        broken = [result for result in validated.results if result.severity == _VIOLATION]
        if not broken:
            return
        said = sorted(map(spoken, broken))
        results = [dict(zip(_COLUMNS, result, strict=True)) for result in said[:_MOST_SAID]]
        report = as_graph(report_of(validated, self._shapes)).serialize(format="turtle")
        worst = f"{said[0][1]} {said[0][2]}".strip()
        raise Rejected(
            f"The data would break the shapes in {len(broken)} "
            f"{'place' if len(broken) == 1 else 'places'}, first {worst}: {said[0][3]}",
            results,
            report,
        )

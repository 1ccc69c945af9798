"""The form of a CSV file (RFC 4180), before a mapping reads it."""

from __future__ import annotations

import csv
import io

from kg.errors import BadSource


def check_table(data: bytes, shown: str) -> None:
    """Raise ``BadSource`` unless a text is CSV with a header and rows of as many cells.

    morph-kgc drops cells beyond the header's, and takes missing ones as empty.
    """
    reader = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    try:
        header = next(reader, [])
        if not header:
            raise BadSource(shown, None, "it has no line with the names of its columns.")
        for name in header:
            if header.count(name) > 1:
                raise BadSource(shown, 1, f"two columns have the name {name!r}.")
        for row in reader:
            if row and len(row) != len(header):
                said = f"this row has {len(row)} cells, and the header {len(header)}."
                raise BadSource(shown, reader.line_num, said)
    except csv.Error as error:
        raise BadSource(shown, reader.line_num, f"this is not CSV: {error}.") from None

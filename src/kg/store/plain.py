"""Any RDF files as a version to serve, without the pipeline of a build."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyoxigraph as ox

from kg.store.files import refuse_deep, refuse_doctype, syntax_error, syntax_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kg.store.versions import Version, Versions


def load(versions: Versions, files: Sequence[Path], keep: int) -> Version:
    """Publish what some files hold: triples in the default graph, quads in the graphs they name.

    Relative IRIs are those of the file's own address. The version is named by the files' endings
    and bytes. Raises ``BadInput`` for a file that is missing or of no known ending, ``BadSource``
    for one that cannot be parsed.
    """
    digest = hashlib.sha256()
    for path in files:
        syntax_of(path)
        with path.open("rb") as file:
            digest.update(
                f"{path.suffix} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode()
            )

    def write(folder: Path) -> None:
        store = ox.Store(str(folder))
        for path in files:
            _load(store, path)
        store.flush()
        store.optimize()

    return versions.publish_written(
        digest.hexdigest()[:16], write, {"plain": True, "files": len(files)}, keep
    )


def _load(store: ox.Store, path: Path) -> None:
    syntax = syntax_of(path)
    refuse_doctype(path, syntax)
    refuse_deep(path, syntax)
    try:
        store.bulk_load(path=str(path), format=syntax, base_iri=path.resolve().as_uri())
    except (SyntaxError, ValueError) as error:
        raise syntax_error(str(path), error) from None

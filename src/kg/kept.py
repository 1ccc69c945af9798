"""What a build keeps for the next one, which then only works on what is different.

    <store>/kept/terms.nt       every term by its number, a line each
    <store>/kept/columns.npz    quads, settled view, what followed, every built graph
    <store>/kept/kept.json      files and their digests, findings, the key and the version

Nothing depends on it: without it, or with that of other code, another ontology or other shapes, a
build starts anew and comes to the same.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kg.columns import NONE, Relation, Relations, Rows, Terms, columns_of, looked_up, without
from kg.namespaces import DEFAULT_GRAPHS
from kg.reason.seminaive import Followed
from kg.reason.settled import Reasoned
from kg.report import Severity, Violation
from kg.sources import Source
from kg.store import Change
from kg.tables import Nodes
from kg.validate import Data, Judged, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Column = NDArray[np.int64]


_TERMS: Final = "terms.nt"
_COLUMNS: Final = "columns.npz"
_REST: Final = "kept.json"
_SMALL: Final = 1 / 5
"""Up to this share of the asserted triples a change is written by itself."""
_CODE: Final = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Kept:
    """A build as the next one needs it; all relations are numbered by the terms of ``nodes``.

    ``key`` tells code, ontology and shapes, ``links`` the files of links; ``findings`` are those of
    the shapes for source graphs, by file; ``named`` are the built graphs, and ``data`` is what the
    shapes for the settled view looked at.
    """

    key: str
    links: str
    version: str
    nodes: Nodes
    sources: Sequence[Source]
    findings: Mapping[str, Sequence[Violation]]
    reasoned: Reasoned
    judged: Judged
    named: Mapping[str, Relations]

    def save(self, folder: Path) -> None:
        """Write everything into a new folder."""
        folder.mkdir()
        text = "\n".join(self.nodes.terms.names)
        (folder / _TERMS).write_text(text, "utf-8", newline="\n")
        tables = [source.rows.numbered(self.nodes.terms) for source in self.sources]
        columns = {"quads": np.concatenate(tables) if tables else np.empty((0, 4), np.int64)}
        for name, relations in self._relations().items():
            columns |= _packed(name, relations)
        np.savez(folder / _COLUMNS, allow_pickle=False, **columns)
        files = [(s.shown, s.graph, s.digest, len(s.rows)) for s in self.sources]
        rest = {
            "key": self.key,
            "links": self.links,
            "version": self.version,
            "has_equals": self.reasoned.has_equals,
            "files": files,
            "findings": {
                file: [asdict(violation) for violation in found]
                for file, found in self.findings.items()
            },
            "signature": self.reasoned.signature,
            "owned": {
                shape: [(owner, asdict(result)) for owner, result in owned]
                for shape, owned in self.judged.owned.items()
            },
            "named": list(self.named),
        }
        text = json.dumps(rest)
        (folder / _REST).write_text(f"{_digest(folder, text)}\n{text}", "utf-8")

    def change_since(self, before: Kept) -> Change | None:
        """What turns the store of an earlier build into that of this one.

        None if that would be a large part of it, which is quicker written anew. ``before`` is
        numbered by the same terms.
        """
        removed, added = self._beyond(before), before._beyond(self)
        size = sum(len(source.rows) for source in self.sources)
        if len(removed) + len(added) > size * _SMALL:
            return None
        added = np.concatenate((added, self._spelt_otherwise(removed)))
        return Change(before.version, self._nquads(removed), self._nquads(added))

    def _beyond(self, other: Kept) -> Column:
        """The quads of another build that are not in this one; the default graph is ``NONE``."""
        own = {source.shown: source.rows for source in self.sources}
        found = [
            _less(source.rows, own.get(source.shown))
            for source in other.sources
            if source.rows is not own.get(source.shown)
        ]
        for name, relations in other.named.items():
            beyond = without(relations, self.named.get(name, {}))
            found.append(_in_graph(self.nodes.terms.number(f"<{name}>"), beyond))
            if name in DEFAULT_GRAPHS:
                for part in DEFAULT_GRAPHS:
                    beyond = without(beyond, self.named[part])
                found.append(_in_graph(NONE, beyond))
        return np.concatenate(found)

    def _spelt_otherwise(self, removed: Column) -> Column:
        """What this build has beside quads that are gone, where a literal may have two spellings.

        A store may take ``true`` and ``1`` for one, and has to be told again of what stays.
        """
        literal = self.nodes.terms.beginning('"')
        found = [np.empty((0, 4), np.int64)]
        graphs = {self.nodes.terms.number(f"<{name}>"): [r] for name, r in self.named.items()}
        graphs[NONE] = [self.named[name] for name in DEFAULT_GRAPHS]
        for graph, subject, predicate, value in removed.tolist():
            if not literal[value]:
                continue
            for relations in graphs.get(graph, ()):
                if predicate in relations:
                    _, values = looked_up(np.array([subject]), relations[predicate].pairs)
                    row = (np.full(len(values), n, np.int64) for n in (graph, subject, predicate))
                    found.append(np.stack([*row, values], axis=1))
            if graph not in graphs:
                about = np.array([graph, subject, predicate], np.int64)
                for source in self.sources:
                    if source.rows.terms[graph].startswith(f"<{source.graph}"):
                        table = source.rows.table
                        found.append(table[(table[:, :3] == about).all(axis=1)])
        return np.concatenate(found)

    def _nquads(self, table: Column) -> bytes:
        names = [*self.nodes.terms.names, ""]  # the last one is that of ``NONE``
        rows = table.tolist()
        return "".join(
            f"{names[s]} {names[p]} {names[o]} {names[g]} .\n" for g, s, p, o in rows
        ).encode()

    def _relations(self) -> dict[str, Relations]:
        followed = self.reasoned.followed
        return {
            "given": followed.given,
            "stated": followed.stated,
            "relations": followed.relations,
            "inferred": self.reasoned.inferred,
            "data": self.judged.data.relations,
            **{f"named:{name}": relations for name, relations in self.named.items()},
        }


def load(folder: Path, key: str) -> Kept | None:
    """What was kept under a key; None if there is nothing, or it is of another key or damaged."""
    try:
        digest, text = (folder / _REST).read_text("utf-8").split("\n")
        rest = json.loads(text)
        if rest["key"] != key or digest != _digest(folder, text):
            return None
        with (
            (folder / _COLUMNS).open("rb") as file,
            np.load(file, allow_pickle=False) as columns,
        ):
            return _loaded(rest, (folder / _TERMS).read_text("utf-8"), columns)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def _loaded(rest: Mapping[str, Any], text: str, columns: Mapping[str, Any]) -> Kept:
    terms = Terms.of(text.split("\n"))
    sources, start = [], 0
    quads = columns["quads"]  # an array is read whenever it is asked for
    for shown, graph, digest, size in rest["files"]:
        rows = Rows(terms.names, quads[start : start + size])
        sources.append(Source(shown, graph, rows, None, digest))
        start += size
    followed = Followed(*(_unpacked(name, columns) for name in ("given", "stated", "relations")))
    owned = {
        shape: [
            (owner, Result(**{**result, "messages": tuple(result["messages"])}))
            for owner, result in found
        ]
        for shape, found in rest["owned"].items()
    }
    return Kept(
        rest["key"],
        rest["links"],
        rest["version"],
        Nodes(terms),
        sources,
        {file: list(map(_violation, found)) for file, found in rest["findings"].items()},
        Reasoned(rest["signature"], followed, _unpacked("inferred", columns), rest["has_equals"]),
        Judged(Data.of(_unpacked("data", columns), terms), owned),
        {name: _unpacked(f"named:{name}", columns) for name in rest["named"]},
    )


def _in_graph(graph: int, relations: Relations) -> Column:
    """The rows of some relations in one graph."""
    columns = columns_of(relations)
    return np.stack([np.full(len(columns[0]), graph, np.int64), *columns], axis=1)


def _less(rows: Rows, other: Rows | None) -> Column:
    """The rows of a file that another state of it has not, both by the same numbers."""
    if other is None or not len(other):
        return rows.table
    keys = [np.ascontiguousarray(table).view("V32").ravel() for table in (rows.table, other.table)]
    less: Column = rows.table[~np.isin(keys[0], keys[1])]
    return less


def _violation(said: Mapping[str, Any]) -> Violation:
    return Violation(**{**said, "severity": Severity(said["severity"])})


def _packed(name: str, relations: Relations) -> dict[str, NDArray[np.int64]]:
    sizes = [len(relation) for relation in relations.values()]
    pairs = [np.empty(0, np.int64), *(relation.pairs for relation in relations.values())]
    return {
        f"{name} predicates": np.array(list(relations), np.int64),
        f"{name} sizes": np.array(sizes, np.int64),
        f"{name} pairs": np.concatenate(pairs),
    }


def _unpacked(name: str, columns: Mapping[str, Any]) -> Relations:
    predicates = columns[f"{name} predicates"].tolist()
    stops = np.cumsum(columns[f"{name} sizes"])
    parts = np.split(columns[f"{name} pairs"], stops[:-1]) if predicates else []
    return {p: Relation(pairs) for p, pairs in zip(predicates, parts, strict=True)}


def _digest(folder: Path, text: str) -> str:
    """What tells three files that were written together from any others."""
    hashed = hashlib.blake2b(text.encode(), digest_size=16)
    for name in (_TERMS, _COLUMNS):
        with (folder / name).open("rb") as file:
            while piece := file.read(1 << 22):
                hashed.update(piece)
    return hashed.hexdigest()


def key_of(files: Iterable[Path]) -> str:
    """What tells this code with these files of ontology and shapes from any other."""
    hashed = hashlib.sha256()
    for path in (*sorted(_CODE.rglob("*.py")), *files):
        data = path.read_bytes()
        hashed.update(f"{path.name} {len(data)} ".encode() + data)
    return hashed.hexdigest()

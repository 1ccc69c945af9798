"""Where the content is: the only module that knows the project's folders.

    ontology/   OWL modules; alignments/ one file for each outside vocabulary
    data/       <source>/<part>.ttl or .trig; registry/ and curation/ are sources of our own;
                links/ one set of mappings for each outside dataset
    shapes/     SHACL, one file for each class
    queries/    one question in each .rq file; federated/ those that ask other endpoints, too
    CITATION.cff  how all of it is cited

A project is a checkout, any folder laid out like one, or the copy inside the installed package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.errors import BadInput
from kg.namespaces import GRAPHS

SUFFIXES: Final = (".ttl", ".trig")
FOLDERS: Final = ("ontology", "data", "shapes", "queries")
_GRAPH_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*/[a-z0-9]+(?:-[a-z0-9]+)*")
_PACKAGE: Final = Path(__file__).resolve().parent
_BUNDLED: Final = _PACKAGE / "content"
_CHECKOUT: Final = _PACKAGE.parents[1]


@dataclass(frozen=True)
class SourceFile:
    """A file of statements and the IRI of the named graph, or family of graphs, that it is."""

    path: Path
    graph: str


@dataclass(frozen=True)
class Project:
    """The folders of one project; ``root`` holds the four of them."""

    root: Path

    @classmethod
    def at(cls, path: Path | None = None) -> Project:
        """The project in ``path``; without one: around here, of the checkout, or the bundled one.

        Raises ``BadInput`` if ``path`` lacks one of the folders.
        """
        if path is not None:
            missing = [name for name in FOLDERS if not (path / name).is_dir()]
            if missing:
                raise BadInput(
                    f"{path} is not a project: it has no folder {missing[0]}/ "
                    f"(a project has {', '.join(f'{name}/' for name in FOLDERS)})."
                )
            return cls(path.resolve())
        here = Path.cwd()
        for folder in (here, *here.parents, _CHECKOUT):
            if all((folder / name).is_dir() for name in FOLDERS):
                return cls(folder)
        return cls(_BUNDLED)

    @property
    def default_store(self) -> Path:
        """Where versions are built unless a setting says otherwise."""
        if self.root == _BUNDLED:
            import platformdirs

            return Path(platformdirs.user_data_path("china-llm-landscape"))
        return self.root / "build"

    def ontology_files(self) -> list[Path]:
        """The ontology's modules, without the alignments, sorted by name."""
        return sorted((self.root / "ontology").glob("*.ttl"))

    def alignment_files(self) -> list[Path]:
        """The alignments to outside vocabularies, sorted by name."""
        return sorted((self.root / "ontology" / "alignments").glob("*.ttl"))

    def shape_files(self) -> list[Path]:
        """The files of shapes, sorted by name."""
        return sorted((self.root / "shapes").glob("*.ttl"))

    def link_files(self) -> list[Path]:
        """The files of mappings to outside datasets, sorted by name."""
        return sorted((self.root / "data" / "links").glob("*.sssom.tsv"))

    def query_files(self) -> list[Path]:
        """The files of canned queries, sorted by name."""
        return sorted((self.root / "queries").glob("*.rq"))

    def federated_files(self) -> list[Path]:
        """The files of canned queries that call other endpoints, sorted by name."""
        return sorted((self.root / "queries" / "federated").glob("*.rq"))

    def finding_files(self) -> list[Path]:
        """The files of queries that recompute findings, sorted by name."""
        return sorted((self.root / "queries" / "findings").glob("*.rq"))

    def data_files(self) -> list[SourceFile]:
        """The source files, sorted by graph, with the IRIs that their paths give them.

        Raises ``BadInput`` for a file that lies elsewhere in ``data/`` or has a name that no graph
        can have, since it would be passed over in silence.
        """
        data = self.root / "data"
        files: list[SourceFile] = []
        for suffix in SUFFIXES:
            for path in data.rglob(f"*{suffix}"):
                name = path.relative_to(data).with_suffix("").as_posix()
                if not _GRAPH_NAME.fullmatch(name):
                    raise BadInput(
                        f"{self.shown(path)}: a source file is data/<source>/<part>{suffix}, "
                        "both in lower-case letters, digits and hyphens."
                    )
                if any(file.graph == GRAPHS + name for file in files):
                    raise BadInput(f"{self.shown(path)}: two files have this name and one graph.")
                files.append(SourceFile(path, GRAPHS + name))
        return sorted(files, key=lambda file: file.graph)

    def place_of(self, graph: str, suffix: str) -> Path:
        """The path of the file that has a graph.

        Raises ``BadInput`` for the IRI of a graph that no file has, or another ending.
        """
        name = graph.removeprefix(GRAPHS)
        if not graph.startswith(GRAPHS) or not _GRAPH_NAME.fullmatch(name):
            raise BadInput(
                f"No file of the project is the graph <{graph}>: name it <source>/<part>{suffix} "
                "(or --as <source>/<part>), both in lower-case letters, digits and hyphens."
            )
        if suffix not in SUFFIXES:
            raise BadInput(f"A source file ends in {' or '.join(SUFFIXES)}, not in {suffix!r}.")
        return self.root / "data" / f"{name}{suffix}"

    @property
    def citation_file(self) -> Path:
        """The file that says how the content is cited; a project need not have one."""
        return self.root / "CITATION.cff"

    def sources(self) -> list[str]:
        """The names of the source folders, sorted."""
        return sorted({file.path.parent.name for file in self.data_files()})

    def shown(self, path: Path) -> str:
        """``path`` as a person knows it: from the project's root where it lies within."""
        path = path.resolve()
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

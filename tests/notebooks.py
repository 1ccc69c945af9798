"""The notebook of the docs, executed.

    python -m tests.notebooks [FILE]

writes it with new outputs, of the default graph, or writes what that gives into another file.
Nothing in the outputs depends on the machine or the time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "notebook.ipynb"
_SECONDS = 120
_NO_PORT = Config(ConnectionFileMixin={"transport": "ipc"})


def read(path: Path = NOTEBOOK) -> NotebookNode:
    """A notebook as it is in its file."""
    found: NotebookNode = nbformat.read(path, as_version=4)
    return found


def executed() -> NotebookNode:
    """The notebook with its outputs made now. Raises ``CellExecutionError`` if a cell fails."""
    notebook = read()
    NotebookClient(notebook, timeout=_SECONDS, record_timing=False, config=_NO_PORT).execute()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata.clear()
    return notebook


def texts(notebook: NotebookNode) -> list[str]:
    """What the outputs say as text, in order."""
    return [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]


if __name__ == "__main__":
    nbformat.write(executed(), Path(sys.argv[1]) if len(sys.argv) > 1 else NOTEBOOK)

"""The notebook of the docs runs, and shows what it says."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

from kg.store import Versions
from tests.conftest import ROOT
from tests.notebooks import NOTEBOOK, read, texts
from tests.test_front import PATIENCE


def test_the_notebook_runs(versions: Versions, tmp_path: Path) -> None:
    """Every cell, on a graph that was built now, to the outputs that are in the file."""
    made = tmp_path / "made.ipynb"
    environment = {**os.environ, "KG_STORE": str(versions.root)}
    command = [sys.executable, "-m", "tests.notebooks", str(made)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=PATIENCE)
    now = read(made)
    assert len(texts(now)) >= 4
    assert texts(now) == texts(read()), "make notebook renews the outputs"
    (picture,) = [
        output.data["image/png"]
        for cell in now.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert base64.b64decode(picture).startswith(b"\x89PNG")


def test_the_file_is_of_no_machine() -> None:
    """No path, no clock, no message of a library; small enough to be read as a page."""
    text = NOTEBOOK.read_text("utf-8")
    assert len(text) < 150_000
    pictures = re.compile(r'"image/png": "[^"]*"')
    bare = pictures.sub("", text)
    for folder in {ROOT, Path.home(), Path("/tmp"), Path("/usr")}:  # noqa: S108
        assert f"{folder}/" not in bare
    assert not re.search(r"\d\d:\d\d:\d\d|iopub|\"stderr\"|python_version|\d+\.\d+\.\d+rc", bare)
    notebook = read()
    assert [cell.metadata for cell in notebook.cells] == [{}] * len(notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.execution_count


def test_the_outside_table_is_the_developers() -> None:
    """Each record of it is one that the registry of the graph names."""
    (source,) = [cell.source for cell in read().cells if "ror,established" in cell.source]
    records = re.findall(r"^(https://ror\.org/\w{9}),(\d{4})?,\w+,v\d\.\d+$", source, re.MULTILINE)
    assert len(records) == len({record for record, _ in records}) == 17
    known = (ROOT / "data" / "registry" / "organizations.ttl").read_text("utf-8")
    for record, _ in records:
        assert f"<{record}>" in known

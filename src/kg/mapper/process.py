"""The process of morph-kgc: what it is given, how long it may take, and how it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.errors import BadInput

if TYPE_CHECKING:
    from kg.mapper.mapping import Mapping

_HOW: Final = (
    "make one with `python -m venv mapper && mapper/bin/pip install morph-kgc`, "
    "and set KG_MAPPER=mapper/bin/python (or --mapper)."
)
_PASSED_ON: Final = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
"""What a Python may need of the environment; no setting, and no secret, is among it."""
_TABLE: Final = "table.csv"
_OUTPUT: Final = "statements.nq"
_CONFIGURATION: Final = f"""\
[CONFIGURATION]
output_file = {_OUTPUT}
output_format = N-QUADS
number_of_processes = 1
logging_level = ERROR
na_values =

[table]
mappings = mapping{{suffix}}
file_path = {_TABLE}
"""
"""Only an empty cell says nothing, and whatever source a mapping names, the table is read."""


def run(python: str, table: bytes, mapping: Mapping, what: str, seconds: float) -> bytes:
    """The N-Quads that a mapping makes of a table.

    Both are in a folder of their own, which goes away. Raises ``BadInput`` if there is no such
    Python, it has no morph-kgc, or this fails or takes too long; messages say ``what`` it does.
    """
    if not python:
        raise BadInput(f"A CSV file is mapped by a Python that has morph-kgc: {_HOW}")
    program = shutil.which(python)
    if program is None:
        raise BadInput(f"There is no program {python} that could apply {what}: {_HOW}")
    with tempfile.TemporaryDirectory(prefix="kg-mapper-") as name:
        folder = Path(name)
        (folder / _TABLE).write_bytes(table)
        (folder / f"mapping{mapping.suffix}").write_bytes(mapping.text)
        (folder / "settings.ini").write_text(_CONFIGURATION.format(suffix=mapping.suffix))
        code, said = _result(Path(program).absolute(), folder, what, seconds)
        output = folder / _OUTPUT
        if code == 0 and output.is_file():
            return output.read_bytes()
    if "No module named morph_kgc" in said:
        raise BadInput(f"{python} has no morph-kgc: {_HOW}")
    reason = said or f"it ended with exit code {code} and wrote nothing"
    raise BadInput(f"morph-kgc could not apply {what}: {reason.rstrip('.')}.")


def _result(program: Path, folder: Path, what: str, seconds: float) -> tuple[int, str]:
    """The exit code, and the last line of what was said on standard error."""
    # isolated (-I), so that no variable and no module in the folder changes what runs
    command = [str(program), "-I", "-X", "utf8", "-m", "morph_kgc", "settings.ini"]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    errors = folder / "errors.txt"
    with errors.open("wb") as file:
        try:
            done = subprocess.run(  # noqa: S603 (a program that the user names, without a shell)
                command,
                cwd=folder,
                env=environment | {"HOME": str(folder), "TMPDIR": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=file,
                timeout=seconds,
                check=False,
            )
        except OSError as error:
            raise BadInput(f"{program} cannot be run: {error.strerror}.") from None
        except subprocess.TimeoutExpired:
            raise BadInput(
                f"To apply {what} took morph-kgc more than {seconds:g} seconds."
            ) from None
    lines = errors.read_text("utf-8", "replace").split("\n")
    told = [line.strip() for line in lines if line.strip()]
    return done.returncode, "".join(c for c in told[-1] if c.isprintable()) if told else ""

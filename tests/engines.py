"""Engines of others, as servers on loopback that hold what a test gives them."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.test_front import PATIENCE, asked, get, until


@contextlib.contextmanager
def oxigraph(quads: bytes, folder: Path) -> Iterator[str]:
    """The address of the endpoint of Oxigraph's own server, which holds some N-Quads."""
    program = Path(sys.executable).parent / "oxigraph"
    file, location = folder / "data.nq", folder / "oxigraph"
    file.write_bytes(quads)
    place = ["--location", str(location)]
    load = [program, "load", *place, "--file", str(file)]
    subprocess.run(load, check=True, capture_output=True, timeout=PATIENCE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = [program, "serve-read-only", *place, "--bind", f"127.0.0.1:{port}"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(serve, stdout=quiet, stderr=quiet) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            until(lambda: get(asked(address, "ASK {}").replace("/sparql?", "/query?"))[0] == 200)
            yield f"{address}/query"
        finally:
            process.terminate()
            process.wait(PATIENCE)

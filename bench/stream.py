"""A million rows, read at 1 MB/s: when the first byte comes, and what the front holds.

    python bench/stream.py
    python bench/stream.py --rows 100000 --seconds 5

It serves made-up triples on loopback (``kg serve --data``) and asks for all of them in each format,
compressed and not. For ``--seconds`` it reads 1 MB a second, then the rest as fast as it comes, and
compares the number of rows. Of the first bytes the largest of three is given, and of the front's
memory what it had most beyond what it had before.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator

SELECT: Final = "SELECT * { ?s ?p ?o }"
CONSTRUCT: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
CASES: Final = {
    "json": (SELECT, rb'"o":\{'),
    "xml": (SELECT, rb"<result>"),
    "csv": (SELECT, rb"value \d+,"),
    "ntriples": (CONSTRUCT, rb" \.\n"),
}
ENCODINGS: Final = ("identity", "gzip", "zstd")
RATE: Final = 1_000_000
PATIENCE: Final = 120


@contextlib.contextmanager
def serving(data: Path, port: int) -> Iterator[int]:
    """A server of a file that gives queries time, by the number of its front's process."""
    kg = Path(sys.executable).with_name("kg")
    command = [str(kg), "serve", "--data", str(data), "--port", str(port), "--deadline", "3600"]
    with subprocess.Popen(  # noqa: S603
        [*command, "--log", os.devnull], stdout=subprocess.DEVNULL
    ) as process:
        try:
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                if process.poll() is not None:
                    raise RuntimeError("the server did not start")
                time.sleep(0.1)
            yield front_of(process.pid)
        finally:
            process.terminate()


def front_of(server: int) -> int:
    """The process that a server started to face the network."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            rest = path.read_text("utf-8").rpartition(")")[2].split()
            words = path.with_name("cmdline").read_bytes()
            if int(rest[1]) == server and b"resource_tracker" not in words:
                return int(path.parent.name)
    raise RuntimeError("the server has no front")


def megabytes(pid: int) -> float:
    """The resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(re.findall(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)[0]) / 1024


@contextlib.contextmanager
def answered(port: int, name: str, encoding: str) -> Iterator[http.client.HTTPResponse]:
    """An answer, over a connection that takes in little ahead of time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.sock = socket.socket()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    connection.sock.settimeout(PATIENCE)
    connection.sock.connect(("127.0.0.1", port))
    query = urllib.parse.quote(CASES[name][0])
    with contextlib.closing(connection):
        wish = {"Accept-Encoding": encoding}
        connection.request("GET", f"/sparql?query={query}&format={name}", headers=wish)
        yield connection.getresponse()


def first_byte(port: int, name: str, encoding: str) -> float:
    """Seconds until the first byte of a body."""
    began = time.monotonic()
    with answered(port, name, encoding) as response:
        response.read(1)
        return time.monotonic() - began


def read(port: int, name: str, encoding: str, seconds: float, front: int) -> tuple[int, float]:
    """The rows of an answer that is read slowly at first, and the front's most memory.

    Raises ``http.client.IncompleteRead`` if the answer is cut.
    """
    began, most = time.monotonic(), 0.0
    body = bytearray()
    with answered(port, name, encoding) as response:
        while piece := response.read1(65_536):
            body += piece
            elapsed = time.monotonic() - began
            most = max(most, megabytes(front))
            if elapsed < seconds and len(body) > elapsed * RATE:
                time.sleep(len(body) / RATE - elapsed)
    decode = {"identity": bytes, "gzip": gzip.decompress, "zstd": zstd.decompress}[encoding]
    return len(re.findall(CASES[name][1], decode(bytes(body)))), most


def main() -> int:
    """Read each answer, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20, help="of reading slowly, each")
    chosen = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.nt"
        with data.open("w") as file:
            for number in range(chosen.rows):
                subject = f"<http://example.org/thing/{number}>"
                file.write(f'{subject} <http://example.org/property> "value {number}" .\n')
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        print("| format | encoding | rows | first byte ms | front MB more |")
        print("|---|---|---|---|---|")
        for name in CASES:
            for encoding in ENCODINGS:
                with serving(data, port) as front:
                    first = max(first_byte(port, name, encoding) for _ in range(3))
                    before = megabytes(front)
                    rows, most = read(port, name, encoding, chosen.seconds, front)
                wrong += rows != chosen.rows
                cells = f"{rows:,} | {first * 1000:.0f} | {most - before:.1f}"
                print(f"| {name} | {encoding} | {cells} |", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

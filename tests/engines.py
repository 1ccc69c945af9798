"""Engines of others, as servers on loopback that hold what a test gives them."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from kg.store.remote import Addresses
from tests.test_front import PATIENCE, asked, get, until

_QUIET: Final = subprocess.DEVNULL
_OF_ONE_CONNECTION: Final = ("connection", "content-length", "transfer-encoding", "keep-alive")
_VIRTUOSO: Final = "virtuoso-t"
_SETTINGS: Final = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200

[Parameters]
ServerPort = 127.0.0.1:{port}
CheckpointInterval = 0
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
DirsAllowed = .

[HTTPServer]
ServerPort = 127.0.0.1:{http_port}
ServerThreads = 10
MaxKeepAlives = 10
KeepAliveTimeout = 10

[SPARQL]
ResultSetMaxRows = {most_rows}
"""


@contextlib.contextmanager
def oxigraph(quads: bytes, folder: Path) -> Iterator[str]:
    """The address of the endpoint of Oxigraph's own server, which holds some N-Quads."""
    program = Path(sys.executable).parent / "oxigraph"
    file, location = folder / "data.nq", folder / "oxigraph"
    file.write_bytes(quads)
    place = ["--location", str(location)]
    load = [program, "load", *place, "--file", str(file)]
    subprocess.run(load, check=True, capture_output=True, timeout=PATIENCE)
    with _oxigraph("serve-read-only", *place) as address:
        yield f"{address}/query"


@contextlib.contextmanager
def writable_oxigraph(*options: str) -> Iterator[Addresses]:
    """The addresses of Oxigraph's own server, which holds nothing and takes everything."""
    with _oxigraph("serve", *options) as address:
        yield Addresses(f"{address}/query", f"{address}/update", f"{address}/store")


@contextlib.contextmanager
def virtuoso(folder: Path, most_rows: int = 10_000) -> Iterator[Addresses]:
    """The addresses of Virtuoso, with graphs of its own, and the user who may change it.

    It cuts answers at ``most_rows``. Without the program the test is skipped, but fails in CI.
    """
    if not shutil.which(_VIRTUOSO) and not os.environ.get("CI"):
        pytest.skip(f"{_VIRTUOSO} (Debian's virtuoso-opensource) is not installed")
    port, http_port = _free_ports(2)
    file = folder / "virtuoso.ini"
    file.write_text(_SETTINGS.format(port=port, http_port=http_port, most_rows=most_rows), "utf-8")
    start = [_VIRTUOSO, "+foreground", "+configfile", file.name]
    with subprocess.Popen(start, cwd=folder, stdout=_QUIET, stderr=_QUIET) as process:
        address = f"http://127.0.0.1:{http_port}"
        try:
            until(lambda: get(asked(address, "ASK {}"))[0] == 200)
            yield Addresses(
                f"{address}/sparql",
                f"{address}/sparql-auth",
                f"{address}/sparql-graph-crud-auth",
                "dba",
                "dba",
            )
        finally:
            process.kill()  # which leaves nothing that anybody needs
            process.wait(PATIENCE)


@contextlib.contextmanager
def between(addresses: Addresses, judge: Callable[[str, str], str]) -> Iterator[Addresses]:
    """The addresses of something that stands before an engine and passes requests on.

    ``judge`` says of each, by its method and path, what becomes of it: "pass", "swallow" for one
    that is answered as if it had been, or "hang up".
    """
    target = urllib.parse.urlsplit(addresses.query).netloc

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            verdict = judge(self.command, self.path)
            if verdict == "hang up":
                self.close_connection = True
                return
            if verdict == "swallow":
                self.send_response(204)
                self.end_headers()
                return
            connection = http.client.HTTPConnection(target, timeout=PATIENCE)
            headers = {n: v for n, v in self.headers.items() if n.lower() != "connection"}
            connection.request(self.command, self.path, body, {**headers, "Connection": "close"})
            with connection.getresponse() as answer:
                data = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _OF_ONE_CONNECTION:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            connection.close()

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        place = f"127.0.0.1:{server.server_address[1]}"
        urls = (addresses.query, addresses.update, addresses.graph_store)
        moved = (url.replace(target, place) for url in urls)
        try:
            yield Addresses(*moved, addresses.user, addresses.password)
        finally:
            server.shutdown()


@contextlib.contextmanager
def _oxigraph(*words: str) -> Iterator[str]:
    (port,) = _free_ports(1)
    program = Path(sys.executable).parent / "oxigraph"
    serve = [program, *words, "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(serve, stdout=_QUIET, stderr=_QUIET) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            until(lambda: get(asked(address, "ASK {}").replace("/sparql?", "/query?"))[0] == 200)
            yield address
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        free = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in free:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in free]

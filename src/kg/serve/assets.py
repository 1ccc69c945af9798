"""Style sheets, images, and what the front-end build makes of ``web/``: compressed once, kept long.

An address holds a digest of the content (``?v=``, or in the name where the build puts it there), so
a browser may keep what it names for good.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import flask

from kg.encodings import encoded
from kg.errors import NotFound
from kg.serve.context import encoding

blueprint = flask.Blueprint("assets", __name__)

FOLDER: Final = Path(__file__).parent / "static"
_NAME: Final = re.compile(r"(?:built/)?[A-Za-z0-9_-]+(?:\.[a-z0-9]+)+", re.ASCII)
_HASHED: Final = re.compile(r"-[A-Z0-9]{8}\.")
"""What esbuild puts into the names of the parts that it splits off."""
_FOR_GOOD: Final = 31_536_000
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_MOST: Final = 200


def asset(name: str) -> str:
    """The address of a file, with a digest of its content; empty if there is no such file."""
    found = _read(name, "")
    return f"/static/{name}?v={found[1]}" if found else ""


@blueprint.get("/static/<path:name>")
def static(name: str) -> flask.Response:
    """One file, in the encoding that the browser likes best."""
    code = encoding()
    found = _read(name, code) if _NAME.fullmatch(name) else None
    if found is None:
        raise NotFound(f"There is no file /static/{name}.")
    body, digest = found
    kind = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
    response = flask.Response(body, mimetype=kind or "application/octet-stream")
    if code:
        response.content_encoding = code
    response.set_etag(f"{digest}{code}")
    response.cache_control.public = True
    if flask.request.args.get("v") == digest or _HASHED.search(name):
        response.cache_control.max_age = _FOR_GOOD
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    return response.make_conditional(flask.request)  # type: ignore[return-value]


def _read(name: str, code: str) -> tuple[bytes, str] | None:
    """The content of a file in an encoding, and the digest of it as it is; None without the file.

    What was read is kept while the file stays as it is.
    """
    path = FOLDER / name
    try:
        state = path.stat()
    except OSError:
        return None
    return _kept(path, state.st_mtime_ns, state.st_size, code)


@lru_cache(_MOST)
def _kept(path: Path, _changed: int, _size: int, code: str) -> tuple[bytes, str]:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()[:12]
    return (encoded(data, code) if code else data), digest

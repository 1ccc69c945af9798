"""Changes that come over HTTP: who may make them, what they are, and what becomes of them.

A view says what is to be changed and how to answer once it is. Behind the front it returns at once,
and the front has the writer carry it out. Under any other server it is carried out on the spot.
"""

from __future__ import annotations

import codecs
import hmac
import urllib.parse
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import flask
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.urls import iri_to_uri

from kg.encodings import ENCODINGS, decoded
from kg.errors import BadInput, Refused
from kg.results import formats, media_types
from kg.serve.context import context
from kg.serve.deferred import handed, resuming
from kg.writing import Document, Order, perform

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.errors import KgError

_BUILT: Final = (
    "A built graph is not written to: put a file into the project's data with `kg import` and run "
    "`kg build`, so that what it says is checked and has its source."
)
_READ_ONLY: Final = (
    "These data are served read only: `kg serve --data FILE --writable` with KG_TOKEN set would "
    "let whoever has the token change them."
)
_UNAUTHORIZED: Final = "Changes need the operator's token (KG_TOKEN) as Authorization: Bearer."
_PARTS: Final = "multipart/form-data"


@dataclass(frozen=True)
class DeferredWrite:
    """A change that the front has the writer make, and how to go on from there."""

    order: Order
    resume: Callable[[Callable[[], Any]], flask.Response]
    """Runs a view as if the request were still being handled."""
    made: Callable[[bool], flask.Response]

    def written(self, was_made: bool) -> flask.Response:
        """What the client is told of a change that is made."""
        return self.resume(lambda: self.made(was_made))

    def failed(self, error: KgError) -> flask.Response:
        """What the client is told of an error."""
        return self.resume(lambda: flask.current_app.handle_user_exception(error))


def has_token(authorization: str, token: str) -> bool:
    """Whether a header has the operator's token; never if there is none."""
    scheme, _, given = authorization.partition(" ")
    wanted = f"Bearer {token}".encode()
    return bool(token) and hmac.compare_digest(f"{scheme.title()} {given}".encode(), wanted)


def begin() -> None:
    """Look whether the client may change anything, before its body is read.

    Raises ``Refused`` if nothing can be changed here, or not by this client.
    """
    writing = context().writing
    if writing is None:
        raise Refused(_BUILT if context().is_ours else _READ_ONLY)
    if not has_token(flask.request.headers.get("Authorization", ""), writing.token):
        raise Refused(_UNAUTHORIZED)
    if "Content-Range" in flask.request.headers:
        raise BadInput("A graph is sent as a whole, without Content-Range.")
    flask.request.max_content_length = writing.max_bytes
    flask.request.max_form_memory_size = writing.max_bytes


def body() -> bytes:
    """The request's body, decoded, without a mark of byte order.

    Raises ``BadInput`` if it is damaged, 413 if it is too large, 415 for an unknown encoding or a
    charset other than UTF-8.
    """
    charset = flask.request.mimetype_params.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(f"A body is UTF-8 text, not {charset}.")
    return _plain().removeprefix(codecs.BOM_UTF8)


def _plain() -> bytes:
    data = flask.request.get_data(parse_form_data=False)
    name = flask.request.headers.get("Content-Encoding", "identity").strip().lower()
    if name == "identity":
        return data
    if name not in ENCODINGS:
        raise UnsupportedMediaType(f"A body is sent as it is, or as {' or '.join(ENCODINGS)}.")
    try:
        return decoded(data, name, flask.request.max_content_length or 0)
    except OverflowError:
        raise RequestEntityTooLarge from None
    except ValueError as error:
        raise BadInput(f"The body is no whole {name}: {error}.") from None


def body_is_plain() -> None:
    """Look whether a form came as it is. Raises 415 if it is compressed."""
    if flask.request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("A form is sent as it is, not compressed.")


def documents(base: str) -> list[Document]:
    """What was sent of a graph: the body, or the parts of a form.

    Raises as ``body`` does, and 415 for a media type that is no graph's.
    """
    if flask.request.mimetype == _PARTS:
        body_is_plain()
        if flask.request.form:
            raise BadInput("Each part of the form is a file, with a name and a Content-Type.")
        found = flask.request.files.items(multi=True)
        parts = [Document(file.read(), _format(file.mimetype), base) for _, file in found]
        if not parts:
            raise BadInput("The form has no file.")
        return parts
    format_ = _format(flask.request.mimetype)
    return [Document(body(), format_, base)]


def _format(media_type: str) -> str:
    known = {name: f.name for name, f in media_types("graph").items() if not f.of_datasets}
    if media_type not in known:
        offered = ", ".join(f.media_type for f in formats("graph") if not f.of_datasets)
        raise UnsupportedMediaType(f"Say with Content-Type what a graph is sent as: {offered}.")
    return known[media_type]


def address_of(path: str) -> str:
    """The IRI of what is at a path of this server."""
    return context().address + urllib.parse.quote(path, safe="/:@!$&'()*+,;=~")


def carried_out(order: Order, location: str = "") -> flask.Response:
    """Have an order carried out, and say that it is: 204, or 201 where a graph was made."""

    def made(was_made: bool) -> flask.Response:
        status = HTTPStatus.CREATED if was_made else HTTPStatus.NO_CONTENT
        response = flask.Response(status=status)
        del response.headers["Content-Type"]
        response.headers["X-KG-Data-Version"] = order.version
        if was_made and location:
            response.headers["Location"] = iri_to_uri(location)
        return response

    waiting = handed()
    if waiting is None:
        writing = context().writing
        if writing is None:
            raise Refused(_READ_ONLY)
        return made(perform(writing.versions, order, writing.keep, writing.check()))
    waiting.work = DeferredWrite(order, resuming(), made)
    return flask.Response()

"""Requests to an engine: connections that are kept, its challenge answered, a time when it is over.

Nobody is asked who was not named: a redirect is told, not followed. What an engine says is bounded
in size and shown in one line. A password goes to the engine that asks for it, by Basic or Digest
(https://www.rfc-editor.org/rfc/rfc7617, https://www.rfc-editor.org/rfc/rfc7616), and nowhere else.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import threading
import time
import urllib.parse
from concurrent.futures import Future
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

import requests
import requests.auth
import SPARQLWrapper
import urllib3

from kg import __version__
from kg.errors import BadInput, Exceeded, ServiceError
from kg.namespaces import BASE
from kg.services import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kg.settings import Settings

AGENT: Final = (
    f"china-llm-landscape/{__version__} (+{BASE}) SPARQLWrapper/{SPARQLWrapper.__version__}"
)
"""Who asks, and where to read about it, as public endpoints want to know."""
_MOST_BYTES: Final = 500_000_000
_TOO_LONG: Final = f"The answer has more than {_MOST_BYTES // 1_000_000} MB: ask for less of it."
_CUT: Final = "did not answer to the end."
_PIECE: Final = 65_536
_SAID: Final = ("detail", "exception", "message", "error", "title")
"""Members in which engines say in JSON what is wrong; the first is of RFC 9457."""
_MOST_SAID: Final = 300
_ENGINE: Final = "An endpoint (--endpoint, --store)"


@dataclass(frozen=True)
class Addresses:
    """Where an engine is asked, changed by SPARQL Update, and sent graphs, and who asks.

    Those that an engine does not have are empty. A password of no user is a token, which is sent as
    ``Bearer`` without being asked for (https://www.rfc-editor.org/rfc/rfc6750).
    """

    query: str
    update: str = ""
    graph_store: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Raises ``BadInput`` for what is no address."""
        Address.of(self.query, _ENGINE)
        for name, url in (("UPDATE", self.update), ("GSP", self.graph_store)):
            if url:
                Address.of(url, f"KG_STORE_{name}_URL")

    @classmethod
    def of(cls, settings: Settings) -> Addresses:
        """Those that the settings name."""
        return cls(
            settings.store,
            settings.store_update_url,
            settings.store_gsp_url,
            settings.store_user,
            settings.store_password,
        )

    def writable(self) -> Addresses:
        """These, if the engine can be changed at one. Raises ``BadInput`` if none is named."""
        if not (self.update or self.graph_store):
            raise BadInput(
                "To publish to an engine, name the address of its Graph Store Protocol with "
                "KG_STORE_GSP_URL, or that of its updates with KG_STORE_UPDATE_URL."
            )
        return self


@dataclass(frozen=True)
class Response:
    """An answer as it came, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type, without its parameters."""
        return media_type_of(self.headers)


class Unusable(Exception):
    """What an engine did, as the end of a sentence about it; ``status`` is 0 if it is not one."""

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status


class Connection:
    """Connections to one engine, kept between requests; threads may share them."""

    def __init__(self, user: str = "", password: str = "") -> None:
        self._session = requests.Session()
        self._session.headers = requests.structures.CaseInsensitiveDict(
            {"User-Agent": AGENT, "Accept-Encoding": "identity"}
        )
        self._auth = _Auth(user, password)
        self._has_kept = False

    def fetch(
        self,
        method: str,
        url: str,
        deadline: float,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = True,
    ) -> Response:
        """The whole answer to a request, which is over by the clock ``time.monotonic``.

        One that is repeatable is sent again if a connection that was kept is closed meanwhile.
        Raises ``Unusable`` for a status that is no success, and ``Exceeded`` for one too long.
        """
        with self.opened(method, url, deadline, data, headers, is_repeatable) as incoming:
            body = bytearray()
            while piece := incoming.read(_PIECE):
                body += piece
                if len(body) > _MOST_BYTES:
                    raise Exceeded("size", _TOO_LONG)
            return Response(incoming.status, incoming.headers, bytes(body))

    @contextlib.contextmanager
    def opened(
        self,
        method: str,
        url: str,
        deadline: float,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = True,
        patience: float = 0,
    ) -> Iterator[Incoming]:
        """The answer to a request, to be read piece by piece; raises ``Unusable`` as ``fetch``.

        With ``patience`` each piece may take so many seconds, and all of them as long as it takes.
        """
        with self._sent(method, url, deadline, data, headers, is_repeatable) as response:
            if not 200 <= response.status_code < 300:
                raise Unusable(_of_status(response), response.status_code)
            yield Incoming(response, deadline, patience)

    def _sent(
        self,
        method: str,
        url: str,
        deadline: float,
        data: bytes | None,
        headers: Mapping[str, str] | None,
        is_repeatable: bool,
    ) -> requests.Response:
        def send() -> requests.Response:
            return self._session.request(
                method,
                url,
                data=data,
                headers=dict(headers or {}),
                auth=self._auth,
                timeout=_left(deadline),
                allow_redirects=False,
                stream=True,
            )

        try:
            response = send()
        except requests.ConnectionError as error:
            if not (is_repeatable and self._has_kept and _is_hung_up(error)):
                raise
            response = send()  # the engine closed a connection that was kept
        self._has_kept = True
        if response.status_code == HTTPStatus.UNAUTHORIZED and self._auth.answers(response):
            response.close()
            response = send()
        return response


class Incoming(io.RawIOBase):
    """The body of an answer while it comes.

    Reading raises ``Unusable`` if it ends too early, and ``TimeoutError`` when its time is over.
    """

    def __init__(self, response: requests.Response, deadline: float, patience: float) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._raw = cast("urllib3.HTTPResponse", response.raw)
        self._deadline = deadline
        self._patience = patience

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401
        """What has come, at most as much as there is room for."""
        connection = self._raw.connection
        sock = connection.sock if connection else None
        if sock:
            sock.settimeout(_left(self._deadline))
        try:
            piece = self._raw.read1(len(buffer)) or b""
        except (urllib3.exceptions.ProtocolError, http.client.IncompleteRead):
            raise Unusable(_CUT) from None
        except urllib3.exceptions.TimeoutError:
            raise TimeoutError from None
        _left(self._deadline)
        if self._patience:
            self._deadline = time.monotonic() + self._patience
        buffer[: len(piece)] = piece
        return len(piece)


class _Auth(requests.auth.AuthBase):
    """Says who asks once an engine has asked for that, in the way that it asked for.

    It also keeps a password of the user's own file of them (``.netrc``) from being sent.
    """

    def __init__(self, user: str, password: str) -> None:
        self._said = user, password
        self._chosen: requests.auth.AuthBase | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        user, password = self._said
        if password and not user:
            request.headers["Authorization"] = f"Bearer {password}"
        return self._chosen(request) if self._chosen else request

    def answers(self, response: requests.Response) -> bool:
        """Whether a challenge can be answered that was not before."""
        if self._chosen or not self._said[0]:
            return False
        asked = response.headers.get("WWW-Authenticate", "").lower()
        if "digest" in asked:
            self._chosen = requests.auth.HTTPDigestAuth(*self._said)
        elif "basic" in asked:
            user, password = (text.encode() for text in self._said)
            self._chosen = requests.auth.HTTPBasicAuth(user, password)
        return self._chosen is not None


@contextlib.contextmanager
def in_one_sentence(url: str, seconds: float) -> Iterator[None]:
    """Raise ``ServiceError`` or ``Exceeded``, which say what went wrong with the engine at ``url``.

    ``seconds`` are those that it had.
    """
    try:
        yield
    except Unusable as error:
        raise ServiceError(f"The endpoint <{url}> {error}") from None
    except (OSError, http.client.HTTPException, ValueError, urllib3.exceptions.HTTPError) as error:
        cause = _cause(error)
        if isinstance(cause, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError):
            said = f"The endpoint <{url}> did not answer within {seconds:g} seconds"
            raise Exceeded("deadline", f"{said} (--timeout).") from None
        said = shown(getattr(cause, "strerror", None) or str(cause)) or type(cause).__name__
        raise ServiceError(f"The endpoint <{url}> cannot be asked: {said}.") from None


def within(seconds: float, work: Callable[[], Response]) -> Response:
    """What ``work`` returns. Raises ``TimeoutError`` if it takes longer.

    It goes on in a thread of its own until it finds out, which the look-up of a name cannot.
    """
    done: Future[Response] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # is raised where it is waited for
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result(seconds)


def media_type_of(headers: Mapping[str, str]) -> str:
    """The media type of an answer, without its parameters."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def shown(text: str) -> str:
    """The beginning of a text from elsewhere in one line, with nothing that steers a terminal."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _MOST_SAID else f"{line[:_MOST_SAID]} ..."


def _left(deadline: float) -> float:
    """The seconds that are left. Raises ``TimeoutError`` if there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _cause(error: BaseException) -> BaseException:
    """What went wrong first, which libraries wrap into errors of their own."""
    while True:
        wrapped = [getattr(error, "reason", None), *error.args, error.__cause__]
        inner = next((one for one in wrapped if isinstance(one, BaseException)), None)
        if inner is None:
            return error
        error = inner


def _is_hung_up(error: requests.ConnectionError) -> bool:
    kinds = http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError
    return isinstance(_cause(error), kinds)


def _of_status(response: requests.Response) -> str:
    """What an engine said with a status that is no success."""
    code = response.status_code
    location = response.headers.get("Location", "")
    if location and 300 <= code < 400:
        where = urllib.parse.urljoin(response.url, location).partition("?query=")[0]
        return f"is at another address: ask <{shown(where)}>, if you trust it."
    try:
        phrase = f" {HTTPStatus(code).phrase}"
    except ValueError:
        phrase = ""
    said = _said(response)
    seconds = response.headers.get("Retry-After", "")
    again = f" Try again in {seconds} seconds." if seconds.isdecimal() else ""
    if code == HTTPStatus.UNAUTHORIZED:
        again = " Say who asks with KG_STORE_USER and KG_STORE_PASSWORD, or correct them."
    end = f": {said.rstrip('.')}." if said else "."
    return f"answered with status {code}{phrase}{end}{again}"


def _said(response: requests.Response) -> str:
    """What the body of an error says, in one line; nothing if it is a page or cannot be read."""
    errors = OSError, http.client.HTTPException, ValueError, RecursionError
    with contextlib.suppress(*errors, urllib3.exceptions.HTTPError):
        body = response.raw.read(_PIECE).decode("utf-8", "replace")
        media_type = media_type_of(response.headers)
        if media_type.endswith("json"):
            document = json.loads(body)
            members = document if isinstance(document, dict) else {}
            texts = (members.get(name) for name in _SAID)
            return shown(next((text for text in texts if isinstance(text, str)), ""))
        if media_type == "text/plain":
            return shown(body)
    return ""

"""Requests that are refused before anything looks at them closer."""

from __future__ import annotations

import re
import urllib.parse
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_HOST: Final = re.compile(rb"[A-Za-z0-9._~:\[\]%!$&'()*+,;=-]+")
_WISHES: Final = (b"accept", b"accept-encoding", b"accept-language", b"if-none-match", b"if-match")
_MOST_WISHES: Final = 8_192


def malformed(scope: MutableMapping[str, Any]) -> tuple[HTTPStatus, str] | None:
    """The status and the reason with which a request is refused; None for one that is not.

    A request of HTTP/1.1 names one host (https://www.rfc-editor.org/rfc/rfc9112#section-3.2). What
    a client wishes for is compared with what there is in time that grows with the square of it.
    """
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if scope["http_version"] == "1.1" and (len(hosts) != 1 or not _HOST.fullmatch(hosts[0])):
        return HTTPStatus.BAD_REQUEST, "The request names no host, or more than one."
    try:
        for part in (scope["query_string"], scope.get("raw_path") or b""):
            urllib.parse.unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        return HTTPStatus.BAD_REQUEST, "The address is percent-encoded, but not as UTF-8."
    if sum(len(value) for name, value in scope["headers"] if name in _WISHES) > _MOST_WISHES:
        said = f"The headers of what is accepted have more than {_MOST_WISHES} bytes."
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, said
    return None

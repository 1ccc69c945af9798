"""Endpoints that queries may call with SERVICE, and where a query's text calls one.

A call is a keyword, an IRI and a group, as tokens: SPARQL 1.1 Federated Query,
https://www.w3.org/TR/sparql11-federated-query/. Only an IRI that is written out can be compared
with what an operator lists; a variable or a prefixed name cannot.
"""

from __future__ import annotations

import itertools
import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.errors import BadInput
from kg.tokens import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Services = Mapping[str, bool]
    """The endpoints that may be called, and whether each may be at a private address."""

_ADDRESS: Final = re.compile(
    r"""(?P<scheme>https?)://
    (?P<host>\[[0-9A-Fa-f:.]+\] | [A-Za-z0-9._\-]+)
    (?: :(?P<port>\d{1,5}) )?
    (?P<path>(?: [/?] [^\x00-\x20\x7f-\U0010ffff<>"{}|^`\\\#]* )?)""",
    re.VERBOSE,
)
_END: Final = Token("end", "", 0)
PORTS: Final = {"http": 80, "https": 443}
"""The port of an address that names none, by its scheme."""


@dataclass(frozen=True)
class Address:
    """The address of an endpoint in its parts; a host in numbers has no brackets."""

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str, what: str = "A service (--services, --private-services)") -> Address:
        """The parts of ``url``, which messages call ``what``.

        Raises ``BadInput`` for what is not HTTP, or says who asks.
        """
        found = _ADDRESS.fullmatch(url)
        port = int(found["port"] or PORTS[found["scheme"]]) if found else 0
        if not found or not 0 < port < 65_536:
            raise BadInput(
                f"{what} has an address like "
                f"https://example.org/sparql, without user, password and fragment, not {url!r}."
            )
        path = found["path"] if found["path"].startswith("/") else f"/{found['path']}"
        return cls(url, found["scheme"], found["host"].strip("[]").lower(), port, path)


def listed(public: str, private: str) -> dict[str, bool]:
    """The endpoints of two lists with blanks or commas: those of the second may be private.

    Raises ``BadInput`` for what cannot be one.
    """
    found = dict.fromkeys(_urls(public), False) | dict.fromkeys(_urls(private), True)
    for url in found:
        Address.of(url)
    return found


def _urls(text: str) -> list[str]:
    return re.findall(r"[^\s,]+", text)


@dataclass(frozen=True)
class Call:
    """A place in a text that calls a service: where the keyword starts, and the IRI's token.

    There is no token if anything but an IRI stands there, or no group follows. One that is silent
    may fail.
    """

    start: int
    iri: Token | None
    is_silent: bool

    @property
    def service(self) -> str:
        """The endpoint that is called; empty for one that is not written out."""
        return self.iri.text[1:-1] if self.iri else ""


def calls(text: str) -> Iterator[Call]:
    """The places in ``text`` that call a service, in order."""
    found = itertools.chain(tokens(text), [_END] * 3)
    window = deque(itertools.islice(found, 3), 4)
    for token in found:
        window.append(token)
        if not _is_word(window[0], "SERVICE"):
            continue
        keyword, *rest = window
        if is_silent := _is_word(rest[0], "SILENT"):
            del rest[0]
        is_call = rest[0].kind == "iri" and rest[1].text == "{"
        yield Call(keyword.start, rest[0] if is_call else None, is_silent)


def _is_word(token: Token, word: str) -> bool:
    return token.kind == "word" and token.text.upper() == word


def uncalled(text: str) -> str:
    """``text`` with a graph in the place of each service: what can be parsed, and calls nobody."""
    pieces, end = [], 0
    for call in calls(text):
        if call.iri:
            pieces += [text[end : call.start], "GRAPH ".ljust(call.iri.start - call.start)]
            end = call.iri.start
    return "".join([*pieces, text[end:]])


def redirected(text: str, addresses: Mapping[str, str]) -> str:
    """``text`` with the services that it calls at other ``addresses``, and otherwise as it is."""
    pieces, end = [], 0
    for call in calls(text):
        if call.iri and call.service in addresses:
            pieces += [text[end : call.iri.start], f"<{addresses[call.service]}>"]
            end = call.iri.start + len(call.iri.text)
    return "".join([*pieces, text[end:]])

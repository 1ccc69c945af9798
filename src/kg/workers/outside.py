"""Requests to the endpoints that a query calls: to addresses that were checked, and to no others.

A name may come to mean an address inside the operator's own network, at any time. So all addresses
of a host are looked up once, every one of them is checked, and the connection goes to one of those,
while the host's name stays what the certificate is checked against. A redirect is a new address.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import ipaddress
import socket
import ssl
import threading
import urllib.parse
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kg import __version__
from kg.errors import BadInput, ServiceError
from kg.results import media_types
from kg.services import PORTS, Address
from kg.store.files import DOCTYPE

if TYPE_CHECKING:
    from kg.services import Services

    _Network = ipaddress.IPv4Network | ipaddress.IPv6Network
    _Place = tuple[socket.AddressFamily, tuple[Any, ...]]

_Socket = TypeVar("_Socket", bound=socket.socket)

_MOST_BYTES: Final = 10_000_000
"""Bytes that the answers of services to one query may have together."""
_MOST_CALLS: Final = 100
_MOST_REDIRECTS: Final = 3
_PIECE: Final = 65_536
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
_HEADERS: Final = {
    "Accept": "application/sparql-results+json, application/sparql-results+xml;q=0.9",
    "Accept-Encoding": "identity",
    "Content-Type": "application/sparql-query",
    "User-Agent": f"china-llm-landscape/{__version__}",
}
_NOT_CALLED: Final = (
    "The service's host {} has an address that is not called: only public ones are, and private "
    "ones of what the operator lists as such (--private-services, KG_PRIVATE_SERVICES)."
)
_READABLE: Final = ("json", "xml", "tsv")


def _networks(*texts: str) -> tuple[_Network, ...]:
    return tuple(map(ipaddress.ip_network, texts))


_PRIVATE: Final = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
)
_UNICAST: Final = _networks("0.0.0.0/0", "2000::/3")
_SPECIAL: Final = _networks(
    "192.0.0.0/24",  # IETF protocol assignments
    "192.88.99.0/24",  # relays of 6to4
    "2001::/23",  # IETF protocol assignments, with Teredo
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4
    "3fff::/20",  # documentation
)


@functools.cache
def _tls() -> ssl.SSLContext:
    """What the certificates of services are checked against: the system's authorities."""
    return ssl.create_default_context()


def is_public(address: str) -> bool:
    """Whether an address is one host's that all of the internet reaches, and hides no other.

    https://www.iana.org/assignments/iana-ipv4-special-registry/ and the same for IPv6; mapped and
    translated IPv4 is outside of 2000::/3.
    """
    found = ipaddress.ip_address(address)
    return (
        found.is_global
        and not found.is_multicast
        and any(found in network for network in _UNICAST)
        and not any(found in network for network in _SPECIAL)
    )


def is_private(address: str) -> bool:
    """Whether an address is in a private network or this machine's own; link-local is neither."""
    return any(ipaddress.ip_address(address) in network for network in _PRIVATE)


@dataclass(frozen=True)
class _Target:
    address: Address
    may_be_private: bool

    def places(self) -> list[_Place]:
        """Where to connect to.

        Raises ``ServiceError`` if the host has no address, or any that is not allowed.
        """
        host = self.address.host
        try:
            found = socket.getaddrinfo(host, self.address.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise ServiceError(f"The address of the service's host {host} is not known.") from None
        for *_, place in found:
            text = str(place[0])
            if not is_public(text) and not (self.may_be_private and is_private(text)):
                raise ServiceError(_NOT_CALLED.format(host))
        return [(family, place) for family, _, _, _, place in found]


class Errand:
    """What one query asks of services: bounded, and given up as a whole.

    ``seconds`` are those that its services have together.
    """

    def __init__(self, services: Services, seconds: float) -> None:
        self.seconds = seconds
        self.calls = 0
        """Number of times that a service was called."""
        self._services = services
        self._bytes = 0
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_over = False

    @property
    def is_exhausted(self) -> bool:
        """Whether more calls were tried than one query may make."""
        return self.calls > _MOST_CALLS

    def ask(self, service: str, query: bytes) -> tuple[str, bytearray]:
        """The media type and the bytes of a service's answer. Raises ``ServiceError``."""
        self.calls += 1
        if self.is_exhausted:
            raise ServiceError(f"A query may call services {_MOST_CALLS} times, and not once more.")
        target = self._target(service)
        for _ in range(1 + _MOST_REDIRECTS):
            try:
                answer = self._asked(target, query)
            except (ServiceError, OSError, http.client.HTTPException, ValueError) as error:
                raise self._failure(service, error) from None
            if isinstance(answer, tuple):
                return answer
            target = self._redirected(target, answer)
        raise ServiceError(f"The service <{service}> redirects more than {_MOST_REDIRECTS} times.")

    def give_up(self) -> None:
        """End what is under way, and begin nothing any more."""
        with self._lock:
            self._is_over = True
            for connection in self._connections:
                with contextlib.suppress(OSError):  # the other side may have closed it
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)  # TLS would say goodbye

    def hold(self, connection: socket.socket) -> None:
        """Have a connection end when this is given up. Raises ``TimeoutError`` if it has been."""
        with self._lock:
            if self._is_over:
                raise TimeoutError
            self._connections.add(connection)

    def _target(self, service: str) -> _Target:
        return _Target(Address.of(service), self._services[service])

    def _failure(self, service: str, error: Exception) -> ServiceError:
        if self._is_over or isinstance(error, TimeoutError):
            return ServiceError(
                f"The service <{service}> did not answer within {self.seconds:g} seconds, the half "
                "of a query's time that services have."
            )
        if isinstance(error, ServiceError):
            return error
        said = str(error) or type(error).__name__
        return ServiceError(f"The service <{service}> could not be asked: {said}.")

    def _asked(self, target: _Target, query: bytes) -> tuple[str, bytearray] | str:
        """The media type and the bytes of an answer, or where it is to be had instead."""
        connection = _Connection(target, self)
        try:
            connection.request("POST", target.address.path, query, _HEADERS)
            with connection.getresponse() as response:
                if response.status in _REDIRECTS:
                    return response.headers.get("Location", "")
                return self._read(target.address.url, response)
        finally:
            with self._lock:
                self._connections -= set(connection.held)
            for one in connection.held:
                one.close()

    def _read(self, url: str, response: http.client.HTTPResponse) -> tuple[str, bytearray]:
        if response.status != HTTPStatus.OK:
            raise ServiceError(f"The service <{url}> answered with status {response.status}.")
        format_ = media_types("rows").get(response.headers.get_content_type())
        encoding = response.headers.get("Content-Encoding", "identity")
        if not format_ or format_.name not in _READABLE or encoding != "identity":
            raise ServiceError(
                f"The service <{url}> answered with something else than SPARQL results in JSON, "
                "XML or TSV, or compressed them without being asked to."
            )
        body = bytearray()
        while piece := response.read1(_PIECE):
            body += piece
            self._bytes += len(piece)
            if self._bytes > _MOST_BYTES:
                raise ServiceError(
                    f"Services answered with more than {_MOST_BYTES // 1_000_000} MB, the most "
                    "that one query may get: ask for less, such as with LIMIT."
                )
        if response.length or self._is_over:
            raise ServiceError(f"The service <{url}> did not answer to the end.")
        if format_.name == "xml" and DOCTYPE.search(body):
            raise ServiceError(
                f"The service <{url}> answered with XML that has a DOCTYPE, whose entities may "
                "grow without end."
            )
        return format_.media_type, body

    def _redirected(self, target: _Target, location: str) -> _Target:
        """Where a redirect leads: to a service that is listed too, or to the same host."""
        before = target.address
        try:
            after = Address.of(urllib.parse.urljoin(before.url, location))
        except (BadInput, ValueError):
            after = None
        if after and not (before.scheme == "https" and after.scheme == "http"):
            if after.url in self._services:
                return self._target(after.url)
            if after.host == before.host and (
                (after.scheme, after.port) in ((before.scheme, before.port), ("https", 443))
            ):
                return _Target(after, target.may_be_private)
        raise ServiceError(
            f"The service <{before.url}> redirects to where it is not followed: it may lead to the "
            "same host or to one that is listed (--services, KG_SERVICES), and never from https to "
            "http."
        )


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked, whatever the host's name means by now."""

    def __init__(self, target: _Target, errand: Errand) -> None:
        address = target.address
        super().__init__(address.host, address.port, timeout=errand.seconds)
        self.default_port = PORTS[address.scheme]
        self.held: list[socket.socket] = []
        self._target = target
        self._errand = errand

    def connect(self) -> None:
        """Connect to the first address that takes it."""
        places = self._target.places()
        for number, (family, place) in enumerate(places, 1):
            connection = self._held(socket.socket(family, socket.SOCK_STREAM))
            connection.settimeout(self._errand.seconds / len(places))
            try:
                connection.connect(place)
            except OSError:
                connection.close()
                if number == len(places):
                    raise
            else:
                break
        connection.settimeout(self._errand.seconds)
        if self._target.address.scheme == "https":
            secured = _tls().wrap_socket(
                connection, server_hostname=self.host, do_handshake_on_connect=False
            )
            self._held(secured).do_handshake()
            connection = secured
        self.sock = connection

    def _held(self, connection: _Socket) -> _Socket:
        self.held.append(connection)
        self._errand.hold(connection)
        return connection

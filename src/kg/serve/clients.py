"""Who asks, as far as an address tells; behind a proxy, as far as the proxy is trusted to tell.

``X-Forwarded-For`` is what proxies write (https://www.rfc-editor.org/rfc/rfc7239#section-1). It is
read for nothing but this.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kg.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Clients:
    """Clients by name: an IPv4 address, or of IPv6 the network of 64 bits.

    ``trusted`` lists the networks of proxies, separated by commas, that are believed when they say
    for whom they ask. Raises ``BadInput`` if one of them is no network.
    """

    def __init__(self, trusted: str = "") -> None:
        self._trusted = [_network(text) for text in trusted.replace(",", " ").split()]

    def name(self, scope: MutableMapping[str, Any]) -> str:
        """The name of the client that a request is from."""
        host = str((scope.get("client") or ("",))[0])
        peer, name = _peer(host)
        if peer is None or not self._trusted or not self._is_trusted(peer):
            return name
        address = self._forwarded(scope)
        return _name(address) if address else name

    def _forwarded(self, scope: MutableMapping[str, Any]) -> Address | None:
        """The nearest address that is no proxy's; None if there is none, or no address before it.

        What stands further left is what that client said, and means nothing.
        """
        given = b",".join(v for name, v in scope["headers"] if name == b"x-forwarded-for")
        for text in reversed(given.decode("latin-1").split(",")):
            address = _address(text.strip())
            if address is None or not self._is_trusted(address):
                return address
        return None

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


@lru_cache(maxsize=1_000)
def _peer(host: str) -> tuple[Address | None, str]:
    """The address of a host, and what a client there is called; None if it is none."""
    address = _address(host)
    return address, _name(address) if address else host


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise BadInput(
            f"KG_TRUSTED_PROXY (--trusted-proxy) must be networks like 10.0.0.0/8 or fd00::/8, "
            f"separated by commas: {error}."
        ) from None


def _address(text: str) -> Address | None:
    """The address of a text, without what makes an IPv4 address look like one of IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _name(address: Address) -> str:
    if address.version == 6:  # a scope, as in fe80::1%eth0, is no part of the network
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)

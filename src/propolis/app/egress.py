"""Where policies may call: which services, and which addresses never.

Follows Kyverno pkg/toggle and kyverno/sdk extensions/cel/libs/http @ v1.19.1. Names are resolved here, all of
their addresses are looked at, and the connection is made to one of those: a name that means something else a
moment later leads nowhere else.
"""

import contextlib
import ipaddress
import posixpath
import socket
from collections.abc import Sequence
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from propolis.core.errors import DocumentError

DEFAULT_BLOCKED = (
    "169.254.169.254/32",
    "169.254.169.253/32",
    "fd00:ec2::254/128",
    "metadata.google.internal",
    "127.0.0.0/8",
    "::1/128",
)
"""Metadata services of clouds, and the pod itself."""
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BlockedError(Exception):
    """A call that is not permitted, with the reason."""


class Egress(msgspec.Struct, frozen=True):
    """What is permitted.

    Attributes:
        networks: Addresses that are never called.
        hosts: Names that are never called.
        prefixes: URLs of which one must be the beginning; empty for any.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def check_url(self, url: str) -> SplitResult:
        """The parts of a URL that may be called, as far as it tells by itself.

        Raises:
            BlockedError: It may not.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BlockedError(f"{url[:200]!r} is no URL: {error}") from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise BlockedError(f"{url[:200]!r} is no http or https URL")
        host = _normal(parts.hostname)
        if self.prefixes and not any(_is_within(parts, port, urlsplit(one)) for one in self.prefixes):
            raise BlockedError(f"URL {url[:200]!r} is not permitted: no matching allowlist entry")
        if host in self.hosts:
            raise BlockedError(f"URL {url[:200]!r} is blocked: hostname {host!r} is on the blocklist")
        with contextlib.suppress(ValueError):  # a name, which the resolver looks at
            self.check_address(host, ipaddress.ip_address(host))
        return parts

    def check_address(self, host: str, address: Address) -> None:
        """Raises `BlockedError` for an address that is never called, however it is written."""
        for one in (address, _embedded(address)):
            for network in self.networks if one is not None else ():
                if one in network:
                    raise BlockedError(f"connection to {host} blocked: {address} falls in {network}")


def egress_of(blocked: Sequence[str] = DEFAULT_BLOCKED, allowed: Sequence[str] = ()) -> Egress:
    """The rules that lists of networks, names and URLs state.

    Raises:
        DocumentError: An entry is none of these.
    """
    networks: list[Network] = []
    hosts: set[str] = set()
    for entry in blocked:
        if "/" not in entry:
            hosts.add(_normal(entry))
            continue
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError as error:
            raise DocumentError(f"{entry!r} is no network: {error}", expected="10.0.0.0/8") from None
    for entry in allowed:
        parts = urlsplit(entry)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise DocumentError(f"{entry!r} is no URL", expected="https://api.example.com/v1/")
    return Egress(tuple(networks), frozenset(hosts), tuple(allowed))


class GuardedResolver(AbstractResolver):
    """Resolves names for a client; one of which any address is blocked has none."""

    def __init__(self, egress: Egress, inner: AbstractResolver | None = None) -> None:
        self._egress = egress
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises `BlockedError`."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            self._egress.check_address(host, ipaddress.ip_address(one["host"].partition("%")[0]))
        return found

    async def close(self) -> None:
        """Lets go of the resolver behind."""
        await self._inner.close()


def _normal(host: str) -> str:
    return host.lower().rstrip(".")


def _embedded(address: Address) -> Address | None:
    """The address of version 4 that one of version 6 stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _is_within(parts: SplitResult, port: int | None, entry: SplitResult) -> bool:
    """Whether a URL begins as an entry of the list does, part by part of its path."""
    if (parts.scheme, _normal(parts.hostname or "")) != (entry.scheme, _normal(entry.hostname or "")):
        return False
    if (port or _PORTS[parts.scheme]) != (entry.port or _PORTS[entry.scheme]):
        return False
    wanted, found = _clean(entry.path), _clean(unquote(parts.path))
    return wanted in ("/", found) or found.startswith(f"{wanted}/")


def _clean(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/"))


DEFAULT_EGRESS = egress_of()
"""Where nothing else is said."""

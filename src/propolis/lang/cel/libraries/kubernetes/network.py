"""``ip`` and ``cidr``: addresses and networks (library/ip.go, library/cidr.go).

Strict: no leading zeros, no zones, no IPv4 addresses in IPv6 notation.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar

import msgspec

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.addresses import (
    V4_BITS,
    V6_BITS,
    AddressError,
    parse_address,
    parse_prefix,
)
from propolis.lang.cel.libraries.kubernetes.declare import call, function, getter, member
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import BOOL, INT, STRING, Type, opaque
from propolis.lang.go_quote import quote

IP_TYPE = opaque("net.IP")
CIDR_TYPE = opaque("net.CIDR")


class IP(msgspec.Struct, frozen=True):
    """An address: its number and its bits, 32 or 128."""

    number: int
    bits: int
    cel_type: ClassVar[Type] = IP_TYPE

    def __str__(self) -> str:
        """The canonical text."""
        return str(IPv4Address(self.number) if self.bits == V4_BITS else IPv6Address(self.number))

    def masked(self, length: int) -> int:
        """The number without the bits that a prefix of a length leaves open."""
        low = self.bits - length
        return self.number >> low << low


class CIDR(msgspec.Struct, frozen=True):
    """A network, with the address as it was written and the length of the prefix."""

    address: IP
    length: int
    cel_type: ClassVar[Type] = CIDR_TYPE

    def __str__(self) -> str:
        """The canonical text."""
        return f"{self.address}/{self.length}"

    def has(self, address: IP, length: int | None = None) -> bool:
        """Whether an address, or the network of a length that begins there, lies within."""
        if address.bits != self.address.bits or (length is not None and length < self.length):
            return False
        return self.address.masked(self.length) == address.masked(self.length)


def parse_ip(text: str) -> IP:
    """The address that a text says.

    Raises:
        EvaluationError: It is none that Kubernetes takes.
    """
    found = _ip(text)
    if isinstance(found, str):
        raise EvaluationError(found)
    return found


def parse_cidr(text: str) -> CIDR:
    """The network that a text says.

    Raises:
        EvaluationError: It is none that Kubernetes takes.
    """
    found = _cidr(text)
    if isinstance(found, str):
        raise EvaluationError(found)
    return found


@lru_cache(maxsize=4096)
def _ip(text: str) -> IP | str:
    try:
        number, bits, zone = parse_address(text)
    except AddressError as problem:
        return f"IP Address {quote(text)} parse error during conversion from string: {problem}"
    if zone:
        return f"IP address {quote(text)} with zone value is not allowed"
    if _is_mapped(number, bits):
        return f"IPv4-mapped IPv6 address {quote(text)} is not allowed"
    return IP(number, bits)


@lru_cache(maxsize=4096)
def _cidr(text: str) -> CIDR | str:
    prefix = "network address parse error during conversion from string: "
    try:
        number, bits, length = parse_prefix(text)
    except AddressError as problem:
        return f"{prefix}{prefix}{problem}"
    if _is_mapped(number, bits):
        return f"{prefix}IPv4-mapped IPv6 address {quote(text)} is not allowed"
    return CIDR(IP(number, bits), length)


def _is_mapped(number: int, bits: int) -> bool:
    return bits == V6_BITS and number >> 32 == 0xFFFF  # noqa: PLR2004  # ::ffff:0:0/96


def _within(*texts: str) -> "tuple[CIDR, ...]":
    return tuple(CIDR(IP(*parse_prefix(text)[:2]), parse_prefix(text)[2]) for text in texts)


_LOOPBACK = _within("127.0.0.0/8", "::1/128")
_LINK_LOCAL = _within("169.254.0.0/16", "fe80::/10")
_LINK_LOCAL_MULTICAST = _within("224.0.0.0/24", *(f"ff{flags:x}2::/16" for flags in range(16)))
_MULTICAST = _within("224.0.0.0/4", "ff00::/8")
_BROADCAST = _within("255.255.255.255/32")


def _is_one_of(networks: tuple[CIDR, ...], address: IP) -> bool:
    return any(network.has(address) for network in networks)


def _is_global(address: IP) -> bool:
    return bool(address.number) and not _is_one_of(_BROADCAST + _LOOPBACK + _MULTICAST + _LINK_LOCAL, address)


def _family(address: IP) -> int:
    return 4 if address.bits == V4_BITS else 6


def _has_network(network: CIDR, other: CIDR) -> bool:
    return network.has(other.address, other.length)


def _masked(network: CIDR) -> CIDR:
    return CIDR(IP(network.address.masked(network.length), network.address.bits), network.length)


IP_LIBRARY = Library(
    "kubernetes.net.ip",
    functions=(
        function("ip", call("string_to_ip", (STRING,), IP_TYPE, parse_ip)),
        function("isIP", call("is_ip", (STRING,), BOOL, lambda text: not isinstance(_ip(text), str))),
        function(
            "ip.isCanonical",
            call("ip_is_canonical", (STRING,), BOOL, lambda text: str(parse_ip(text)) == text),
        ),
        function("string", call("ip_to_string", (IP_TYPE,), STRING, str)),
        getter("family", "ip_family", IP_TYPE, INT, _family),
        getter("isUnspecified", "ip_is_unspecified", IP_TYPE, BOOL, lambda address: address.number == 0),
        getter("isLoopback", "ip_is_loopback", IP_TYPE, BOOL, lambda address: _is_one_of(_LOOPBACK, address)),
        getter(
            "isLinkLocalMulticast",
            "ip_is_link_local_multicast",
            IP_TYPE,
            BOOL,
            lambda address: _is_one_of(_LINK_LOCAL_MULTICAST, address),
        ),
        getter(
            "isLinkLocalUnicast",
            "ip_is_link_local_unicast",
            IP_TYPE,
            BOOL,
            lambda address: _is_one_of(_LINK_LOCAL, address),
        ),
        getter("isGlobalUnicast", "ip_is_global_unicast", IP_TYPE, BOOL, _is_global),
    ),
    types={"net.IP": IP_TYPE},
)

CIDR_LIBRARY = Library(
    "kubernetes.net.cidr",
    functions=(
        function("cidr", call("string_to_cidr", (STRING,), CIDR_TYPE, parse_cidr)),
        function("isCIDR", call("is_cidr", (STRING,), BOOL, lambda text: not isinstance(_cidr(text), str))),
        function("string", call("cidr_to_string", (CIDR_TYPE,), STRING, str)),
        function(
            "containsIP",
            member(
                "cidr_contains_ip_string",
                (CIDR_TYPE, STRING),
                BOOL,
                lambda network, text: network.has(parse_ip(text)),
            ),
            member(
                "cidr_contains_ip_ip",
                (CIDR_TYPE, IP_TYPE),
                BOOL,
                lambda network, address: network.has(address),
            ),
        ),
        function(
            "containsCIDR",
            member(
                "cidr_contains_cidr_string",
                (CIDR_TYPE, STRING),
                BOOL,
                lambda network, text: _has_network(network, parse_cidr(text)),
            ),
            member(
                "cidr_contains_cidr",
                (CIDR_TYPE, CIDR_TYPE),
                BOOL,
                _has_network,
            ),
        ),
        getter("ip", "cidr_ip", CIDR_TYPE, IP_TYPE, lambda network: network.address),
        getter("prefixLength", "cidr_prefix_length", CIDR_TYPE, INT, lambda network: network.length),
        getter("masked", "cidr_masked", CIDR_TYPE, CIDR_TYPE, _masked),
    ),
    types={"net.CIDR": CIDR_TYPE, "net.IP": IP_TYPE},
)

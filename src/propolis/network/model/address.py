"""Blocks of addresses as ``ipBlock`` writes them, kept as ranges of integers."""

import ipaddress
from typing import Any

import msgspec

from propolis.core.errors import DocumentError

_VERSIONS = {4: 32, 6: 128}


class AddressRange(msgspec.Struct, frozen=True):
    """Neighbouring addresses of one IP version, both ends included."""

    version: int
    first: int
    last: int

    @property
    def is_everything(self) -> bool:
        """Whether it holds every address of its version."""
        return self.first == 0 and self.last == (1 << _VERSIONS[self.version]) - 1

    def holds(self, version: int, number: int) -> bool:
        """Whether an address lies in it."""
        return version == self.version and self.first <= number <= self.last


class Block(msgspec.Struct, frozen=True):
    """A range without some of its parts.

    Attributes:
        text: The CIDR as written.
    """

    whole: AddressRange
    holes: tuple[AddressRange, ...]
    text: str

    @property
    def is_everything(self) -> bool:
        """Whether every address of the version is meant, but for holes."""
        return self.whole.is_everything

    def holds(self, version: int, number: int) -> bool:
        """Whether an address is meant."""
        return self.whole.holds(version, number) and not any(
            hole.holds(version, number) for hole in self.holes
        )


def parse_address(text: str) -> tuple[int, int] | None:
    """IP version and number of an address; None when it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.version, int(address)


def parse_block(document: Any, place: str) -> Block:
    """Parses an ``ipBlock``.

    Raises:
        DocumentError: No CIDR, or an exception that does not lie strictly within it.
    """
    if not isinstance(document, dict):
        raise DocumentError(f"{place} is not a map", expected="cidr and, if need be, except")
    whole = _range(document.get("cidr"), f"{place}.cidr")
    excepted = document.get("except")
    if excepted is not None and not isinstance(excepted, list):
        raise DocumentError(f"{place}.except is not a list", expected="a list of CIDRs")
    holes = [_hole(item, whole, f"{place}.except[{index}]") for index, item in enumerate(excepted or ())]
    return Block(whole=whole, holes=tuple(holes), text=document["cidr"])


def _hole(document: Any, whole: AddressRange, place: str) -> AddressRange:
    hole = _range(document, place)
    inside = whole.holds(hole.version, hole.first) and whole.holds(hole.version, hole.last)
    if not inside or (hole.first, hole.last) == (whole.first, whole.last):
        raise DocumentError(
            f"{place}: {document!r} is no smaller part of the cidr", expected="a CIDR within it"
        )
    return hole


def _range(document: Any, place: str) -> AddressRange:
    """A CIDR; host bits may be set, as the API server allows."""
    network = _network(document)
    if network is None:
        raise DocumentError(f"{place}: {document!r} is not a CIDR", expected="an address block as 10.0.0.0/8")
    return AddressRange(network.version, int(network.network_address), int(network.broadcast_address))


def _network(document: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The network of a CIDR with a length of prefix; other notations are none."""
    if not isinstance(document, str) or not document.rpartition("/")[2].isdecimal() or "/" not in document:
        return None
    try:
        return ipaddress.ip_network(document, strict=False)
    except ValueError:
        return None

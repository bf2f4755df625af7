"""Sets of ports over the three protocols of NetworkPolicy, kept as ranges that do not touch."""

from collections.abc import Iterable

import msgspec

from propolis.network.model.parse import LAST_PORT, PROTOCOLS

Range = tuple[str, int, int]
"""Protocol, lowest and highest port."""


class PortSet(msgspec.Struct, frozen=True):
    """Ports that are open.

    Attributes:
        ranges: Sorted, merged where they touch.
    """

    ranges: tuple[Range, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __or__(self, other: "PortSet") -> "PortSet":
        """Ports of either."""
        return port_set((*self.ranges, *other.ranges))

    def __and__(self, other: "PortSet") -> "PortSet":
        """Ports of both."""
        return port_set(
            (protocol, max(first, other_first), min(last, other_last))
            for protocol, first, last in self.ranges
            for other_protocol, other_first, other_last in other.ranges
            if protocol == other_protocol and first <= other_last and other_first <= last
        )

    @property
    def is_everything(self) -> bool:
        """Whether every port of every protocol is open."""
        return self.ranges == EVERY_PORT.ranges

    def __str__(self) -> str:
        """``all ports``, ``no port``, or ``TCP/80, UDP/5000-5010``."""
        if self.is_everything:
            return "all ports"
        return ", ".join(_text(one) for one in self.ranges) or "no port"


def port_set(ranges: Iterable[Range]) -> PortSet:
    """The set of some ranges in any order."""
    found: list[Range] = []
    for protocol, first, last in sorted(ranges):
        if found and found[-1][0] == protocol and first <= found[-1][2] + 1:
            found[-1] = (protocol, found[-1][1], max(last, found[-1][2]))
        else:
            found.append((protocol, first, last))
    return PortSet(tuple(found))


def _text(one: Range) -> str:
    protocol, first, last = one
    if (first, last) == (1, LAST_PORT):
        return protocol
    return f"{protocol}/{first}" if first == last else f"{protocol}/{first}-{last}"


NO_PORT = PortSet()
EVERY_PORT = port_set((protocol, 1, LAST_PORT) for protocol in PROTOCOLS)

"""A NetworkPolicy as data.

Follows networking.k8s.io/v1 NetworkPolicySpec and its defaulting: without ``policyTypes`` a policy
governs ingress, and egress only where it has egress rules.
"""

import msgspec

from propolis.core.resource import ResourceRef
from propolis.lang.label_selector import Selector
from propolis.network.model.address import Block


class PortRange(msgspec.Struct, frozen=True):
    """Ports of one protocol: a range of numbers, or one name that the target's containers give.

    Attributes:
        protocol: TCP, UDP or SCTP.
        first: Lowest number; 0 for a named port.
        last: Highest number, itself included.
        name: The name; empty for numbers.
    """

    protocol: str
    first: int = 1
    last: int = 65535
    name: str = ""

    def __str__(self) -> str:
        """``TCP/80``, ``TCP/8000-8080``, ``UDP/dns`` or ``TCP``."""
        if self.name:
            return f"{self.protocol}/{self.name}"
        if (self.first, self.last) == (1, 65535):
            return self.protocol
        numbers = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol}/{numbers}"


class Peer(msgspec.Struct, frozen=True):
    """Who is on the other side: pods by selectors, or addresses.

    Attributes:
        namespaces: Selects namespaces; None means the policy's own.
        pods: Selects pods in them; None means all.
        block: Addresses; then the other two are None.
    """

    namespaces: Selector | None = None
    pods: Selector | None = None
    block: Block | None = None

    @property
    def is_every_pod(self) -> bool:
        """Whether it selects all pods of all namespaces."""
        everywhere = self.namespaces is not None and self.namespaces.is_empty
        return everywhere and (self.pods is None or self.pods.is_empty)


class PolicyRule(msgspec.Struct, frozen=True):
    """One ingress or egress rule.

    Attributes:
        peers: None when the rule allows every peer.
        ports: None when it allows every port.
        path: Where it stands (``spec.ingress[0]``).
    """

    peers: tuple[Peer, ...] | None
    ports: tuple[PortRange, ...] | None
    path: str


class NetworkPolicy(msgspec.Struct, frozen=True):
    """A policy.

    Attributes:
        ingress: Rules of the direction; None when the policy does not govern it.
        egress: The same for the other direction.
    """

    ref: ResourceRef
    namespace: str
    selector: Selector
    ingress: tuple[PolicyRule, ...] | None
    egress: tuple[PolicyRule, ...] | None

    @property
    def name(self) -> str:
        """The policy's name."""
        return self.ref.name

    def rules(self, direction: str) -> tuple[PolicyRule, ...] | None:
        """Rules of ``ingress`` or ``egress``."""
        return self.ingress if direction == "ingress" else self.egress

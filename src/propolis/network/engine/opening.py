"""How far a direction of a pod's traffic is open: the policies that select it, and what they let through."""

from collections.abc import Iterator

import msgspec

from propolis.network.model.policy import NetworkPolicy, Peer, PolicyRule

ANYWHERE = "anywhere"
ALL_NAMESPACES = "all namespaces"
DNS_PORT = 53


class Opening(msgspec.Struct, frozen=True):
    """A rule that lets everybody, or every pod, through.

    Attributes:
        peers: ``anywhere``, a CIDR that holds every address, or ``all namespaces``.
        ports: What is open to them, as text; empty for every port.
        is_only_dns: Whether port 53 alone is open.
    """

    policy: str
    path: str
    peers: str
    ports: tuple[str, ...]
    is_only_dns: bool

    @property
    def is_cluster_wide(self) -> bool:
        """Whether it is limited to pods of the cluster."""
        return self.peers == ALL_NAMESPACES


class Openness(msgspec.Struct, frozen=True):
    """One direction of one workload.

    Attributes:
        policies: Names of the policies that govern it; empty means that nothing does.
        openings: Rules that let everybody or every pod through.
    """

    direction: str
    policies: tuple[str, ...]
    openings: tuple[Opening, ...]

    @property
    def is_isolated(self) -> bool:
        """Whether any policy governs the direction; without one, all traffic is allowed."""
        return bool(self.policies)

    @property
    def to_anyone(self) -> tuple[Opening, ...]:
        """Openings to every address."""
        return tuple(opening for opening in self.openings if not opening.is_cluster_wide)

    @property
    def to_every_pod(self) -> tuple[Opening, ...]:
        """Openings to every pod of the cluster, and no further."""
        return tuple(opening for opening in self.openings if opening.is_cluster_wide)


def openness(direction: str, selecting: tuple[NetworkPolicy, ...]) -> Openness:
    """How far the policies that select a pod leave a direction open."""
    governing = [policy for policy in selecting if policy.rules(direction) is not None]
    return Openness(
        direction=direction,
        policies=tuple(policy.name for policy in governing),
        openings=tuple(found for policy in governing for found in _openings(policy, direction)),
    )


def _openings(policy: NetworkPolicy, direction: str) -> Iterator[Opening]:
    """The widest opening of each rule of a policy."""
    for rule in policy.rules(direction) or ():
        peers = _widest(rule)
        if peers:
            ports = tuple(str(port) for port in rule.ports or ())
            yield Opening(policy.name, rule.path, peers, ports, is_only_dns=_is_only_dns(rule))


def _widest(rule: PolicyRule) -> str:
    """Everybody whom a rule lets through; empty when it names particular peers."""
    if rule.peers is None:
        return ANYWHERE
    named = [name for name in map(_everybody, rule.peers) if name]
    return next((name for name in named if name != ALL_NAMESPACES), named[0] if named else "")


def _everybody(peer: Peer) -> str:
    if peer.block is not None:
        return peer.block.text if peer.block.is_everything else ""
    return ALL_NAMESPACES if peer.is_every_pod else ""


def _is_only_dns(rule: PolicyRule) -> bool:
    """Whether a rule opens port 53 of TCP or UDP and nothing else."""
    ports = rule.ports or ()
    return bool(ports) and all(
        port.first == port.last == DNS_PORT and port.protocol != "SCTP" for port in ports
    )

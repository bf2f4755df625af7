"""May one pod reach another on a port: NetworkPolicies of both sides, evaluated for single questions.

Follows networking.k8s.io/v1 NetworkPolicy: egress of the source and ingress of the target must both
allow; a direction that no policy governs is open. Policies for a pod are compiled once for all pods
of the same namespace with the same labels. That a pod always reaches itself is left to the caller.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from propolis.core.inventory import Inventory
from propolis.lang.label_selector import text_labels
from propolis.network.engine.policies import Policies
from propolis.network.model.endpoint import Endpoint
from propolis.network.model.policy import Peer, PolicyRule, PortRange
from propolis.network.model.ports import EVERY_PORT, NO_PORT, PortSet, Range, port_set


class Outside(msgspec.Struct, frozen=True):
    """Somebody who is no pod of the cluster.

    Attributes:
        address: IP version and number.
    """

    address: tuple[int, int]


Party = Endpoint | Outside


class Verdict(msgspec.Struct, frozen=True):
    """What both sides say; an outsider's side always allows."""

    ingress: bool
    egress: bool

    @property
    def is_allowed(self) -> bool:
        """Whether the connection comes about."""
        return self.ingress and self.egress


PeerTest = Callable[[Party], bool]
RuleTest = tuple[PeerTest | None, tuple[PortRange, ...] | None]


class Connectivity:
    """The NetworkPolicies of an inventory, ready for questions.

    Kubernetes leaves open whether policies reach pods on the host network; most network plug-ins
    do not apply them. ``governs_host_network`` is for those that do.
    """

    def __init__(
        self, inventory: Inventory, policies: Policies | None = None, *, governs_host_network: bool = False
    ) -> None:
        self._governs_host_network = governs_host_network
        self._inventory = inventory
        self._policies = policies or Policies(inventory)
        self._namespace_labels: dict[str, dict[str, str]] = {}
        self._tests: dict[tuple[str, str, frozenset[tuple[str, str]]], tuple[RuleTest, ...] | None] = {}

    def allowed(self, source: Party, target: Party, port: int | str, protocol: str = "TCP") -> Verdict:
        """Whether policies allow a connection.

        Args:
            source: Who connects.
            target: To whom.
            port: Number, or the name of a port that the target's containers declare.
            protocol: TCP, UDP or SCTP.
        """
        number = port if isinstance(port, int) else named_port(target, port, protocol)
        if number is None:
            return Verdict(ingress=False, egress=False)
        return Verdict(
            ingress=self._permits("ingress", target, source, target, number, protocol),
            egress=self._permits("egress", source, target, target, number, protocol),
        )

    def ports(self, source: Party, target: Party) -> PortSet:
        """All ports on which a source reaches a target."""
        out = self._open_ports("egress", source, target, target)
        return out & self._open_ports("ingress", target, source, target) if out else out

    def _open_ports(self, direction: str, subject: Party, peer: Party, target: Party) -> PortSet:
        """Ports of the target that one side's policies leave open for a peer."""
        if isinstance(subject, Outside) or self._is_ungoverned(subject):
            return EVERY_PORT
        tests = self._tests_of(direction, subject)
        if tests is None:
            return EVERY_PORT
        found = NO_PORT
        for is_meant, ports in tests:
            if is_meant is None or is_meant(peer):
                if ports is None:
                    return EVERY_PORT
                found |= port_set(_resolved(ports, target))
        return found

    def _permits(
        self, direction: str, subject: Party, peer: Party, target: Party, number: int, protocol: str
    ) -> bool:
        """Whether one side's policies let a peer through on the target's port."""
        if isinstance(subject, Outside) or self._is_ungoverned(subject):
            return True
        tests = self._tests_of(direction, subject)
        if tests is None:
            return True
        for is_meant, ports in tests:
            if (is_meant is None or is_meant(peer)) and (
                ports is None or any(_holds(one, target, number, protocol) for one in ports)
            ):
                return True
        return False

    def _is_ungoverned(self, subject: Endpoint) -> bool:
        """Whether no policy reaches these pods."""
        return subject.on_host_network and not self._governs_host_network

    def _tests_of(self, direction: str, endpoint: Endpoint) -> tuple[RuleTest, ...] | None:
        """The rules of all policies that govern a direction; None when no policy does."""
        key = direction, endpoint.namespace, frozenset(endpoint.labels.items())
        if key not in self._tests:
            selecting = self._policies.selecting(endpoint.namespace, endpoint.labels)
            governing = [policy for policy in selecting if policy.rules(direction) is not None]
            tests = (
                self._rule_test(rule, policy.namespace)
                for policy in governing
                for rule in policy.rules(direction) or ()
            )
            self._tests[key] = tuple(tests) if governing else None
        return self._tests[key]

    def _rule_test(self, rule: PolicyRule, namespace: str) -> RuleTest:
        """A rule as a test of its peers, and its ports."""
        if rule.peers is None:
            return None, rule.ports
        tests = [self._peer_test(peer, namespace) for peer in rule.peers]
        return (tests[0] if len(tests) == 1 else lambda party: any(test(party) for test in tests)), rule.ports

    def _peer_test(self, peer: Peer, namespace: str) -> PeerTest:
        """A peer as a test of parties."""
        if peer.block is not None:
            return _block_test(peer)
        pods, namespaces, labels_of = peer.pods, peer.namespaces, self._labels_of

        def test(party: Party) -> bool:
            if isinstance(party, Outside) or (pods is not None and not pods.matches(party.labels)):
                return False
            if namespaces is None:
                return party.namespace == namespace
            return namespaces.matches(labels_of(party.namespace))

        return test

    def _labels_of(self, namespace: str) -> dict[str, str]:
        labels = self._namespace_labels.get(namespace)
        if labels is None:
            labels = text_labels(self._inventory.namespace_labels(namespace))
            self._namespace_labels[namespace] = labels
        return labels


def named_port(target: Party, name: str, protocol: str) -> int | None:
    """The number of a port that the target's containers name; None when none does."""
    if isinstance(target, Outside):
        return None
    return next((one.number for one in target.ports if (one.name, one.protocol) == (name, protocol)), None)


def _block_test(peer: Peer) -> PeerTest:
    block = peer.block

    def test(party: Party) -> bool:
        return block is not None and party.address is not None and block.holds(*party.address)

    return test


def _resolved(ports: Iterable[PortRange], target: Party) -> Iterator[Range]:
    """Entries of a rule's ports as numbers of the target."""
    for one in ports:
        if not one.name:
            yield one.protocol, one.first, one.last
            continue
        number = named_port(target, one.name, one.protocol)
        if number is not None:
            yield one.protocol, number, number


def _holds(ports: PortRange, target: Party, number: int, protocol: str) -> bool:
    """Whether an entry of a rule's ports covers a port of the target."""
    if ports.protocol != protocol:
        return False
    if ports.name:
        return named_port(target, ports.name, protocol) == number
    return ports.first <= number <= ports.last

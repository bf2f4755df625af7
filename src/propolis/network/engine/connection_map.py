"""Who reaches whom on which ports: the connections that the policies of an inventory leave open.

The cost is the square of the number of workloads; it is made for the map of a namespace or a
question of a person, not for every run.
"""

from collections.abc import Iterable, Iterator

import msgspec

from propolis.core.inventory import Inventory
from propolis.network.engine.connectivity import Connectivity, Outside, Party
from propolis.network.engine.policies import Policies
from propolis.network.model.endpoint import endpoints
from propolis.network.model.policy import PolicyRule
from propolis.network.model.ports import PortSet

LAST_ADDRESS = (1 << 32) - 1


class Block(msgspec.Struct, frozen=True):
    """Neighbouring IPv4 addresses outside of the cluster that no policy tells apart."""

    first: int
    last: int

    @property
    def sample(self) -> Outside:
        """One of its addresses, which speaks for all."""
        return Outside((4, self.first))


class Connection(msgspec.Struct, frozen=True):
    """Ports on which one party reaches another."""

    source: Party | Block
    target: Party | Block
    ports: PortSet


def connections(inventory: Inventory, *, governs_host_network: bool = False) -> Iterator[Connection]:
    """Every connection between two workloads, or a workload and a block of addresses."""
    policies = Policies(inventory)
    network = Connectivity(inventory, policies, governs_host_network=governs_host_network)
    workloads = list(endpoints(inventory))
    callers, called = address_blocks(policies, "ingress"), address_blocks(policies, "egress")
    for source in workloads:
        for target in workloads:
            if source is not target:
                yield from _open(source, target, network.ports(source, target))
        for block in called:
            yield from _open(source, block, network.ports(source, block.sample))
        for block in callers:
            yield from _open(block, source, network.ports(block.sample, source))


def _open(source: Party | Block, target: Party | Block, ports: PortSet) -> Iterator[Connection]:
    if ports:
        yield Connection(source, target, ports)


def address_blocks(policies: Policies, direction: str) -> list[Block]:
    """All IPv4 addresses, cut wherever a rule of the direction begins or ends a block."""
    cuts = {0}
    for policy in policies.valid:
        for first, last in _ranges(policy.rules(direction) or ()):
            cuts.update((first, last + 1))
    starts = sorted(cut for cut in cuts if cut <= LAST_ADDRESS)
    ends = [start - 1 for start in starts[1:]] + [LAST_ADDRESS]
    return [Block(first, last) for first, last in zip(starts, ends, strict=True)]


def _ranges(rules: Iterable[PolicyRule]) -> Iterator[tuple[int, int]]:
    """The IPv4 ranges that rules name, holes included."""
    for rule in rules:
        for peer in rule.peers or ():
            if peer.block is not None and peer.block.whole.version == 4:  # noqa: PLR2004  # IPv4
                for one in (peer.block.whole, *peer.block.holes):
                    yield one.first, one.last

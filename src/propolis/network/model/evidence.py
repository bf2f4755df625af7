"""The details of network findings."""

from propolis.core.finding import Evidence


class CoverageEvidence(Evidence, frozen=True):
    """Why a direction of a workload's traffic is open or closed.

    Attributes:
        direction: ``ingress`` or ``egress``.
        labels: Labels of the pods, as ``key=value``, sorted.
        policies: Names of the policies that select the pods for the direction.
        openings: The rules that let everybody through, as ``policy: spec.ingress[0]``.
        peers: Whom they let through: ``anywhere``, a CIDR, or ``all namespaces``.
        ports: The ports that are open to them; empty for all.
    """

    direction: str
    labels: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()


class PolicyEvidence(Evidence, frozen=True):
    """What a NetworkPolicy selects.

    Attributes:
        selector: The pod selector as text; empty when it selects all pods.
        selected: How many workloads it selects.
    """

    selector: str = ""
    selected: int = 0

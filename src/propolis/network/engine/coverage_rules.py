"""The rules of NetworkPolicy coverage. Titles say what holds when a rule passes."""

import msgspec

from propolis.core.finding import Rule, Severity

SOURCE = "network"
POLICY = "network-coverage"


def _rule(
    name: str, severity: Severity, title: str, remediation: str, remedy: str = "add-network-policy"
) -> Rule:
    """A rule of this engine; most are resolved by one more policy."""
    return Rule(
        source=SOURCE,
        policy=POLICY,
        name=name,
        title=title,
        severity=severity,
        category="Network isolation",
        remedy=remedy,
        remediation=remediation,
    )


class CoverageRules(msgspec.Struct, frozen=True):
    """All rules of the coverage engine, by field, so that the engine names each once."""

    ingress_isolated: Rule
    ingress_sources: Rule
    ingress_namespaces: Rule
    egress_isolated: Rule
    egress_destinations: Rule
    host_network: Rule
    policy_selects: Rule
    policy_accepted: Rule

    def all(self) -> tuple[Rule, ...]:
        """Every rule, in the order of the fields."""
        return tuple(getattr(self, field) for field in self.__struct_fields__)


def coverage_rules() -> CoverageRules:
    """The built-in rules."""
    return CoverageRules(
        ingress_isolated=_rule(
            "ingress-isolated",
            Severity.MEDIUM,
            "A NetworkPolicy governs incoming traffic",
            "Add a NetworkPolicy that selects these pods, with policyTypes [Ingress] and its callers.",
        ),
        ingress_sources=_rule(
            "ingress-sources-named",
            Severity.MEDIUM,
            "Incoming traffic is allowed from named sources only",
            "Give every ingress rule a `from` that names pods, namespaces or addresses.",
        ),
        ingress_namespaces=_rule(
            "ingress-namespaces-named",
            Severity.LOW,
            "Incoming traffic is not allowed from every namespace",
            "Replace the empty namespaceSelector by one that names the namespaces of the callers.",
        ),
        egress_isolated=_rule(
            "egress-isolated",
            Severity.LOW,
            "A NetworkPolicy governs outgoing traffic",
            "Add a NetworkPolicy that selects these pods, with policyTypes [Egress], DNS and what they call.",
        ),
        egress_destinations=_rule(
            "egress-destinations-named",
            Severity.LOW,
            "Outgoing traffic is allowed to named destinations only",
            "Give every egress rule a `to` that names pods, namespaces or address blocks; DNS may stay open.",
        ),
        host_network=_rule(
            "pods-on-pod-network",
            Severity.MEDIUM,
            "Pods stand on the pod network, where NetworkPolicies apply",
            "Remove hostNetwork from the pod, or filter the node's own traffic.",
            remedy="leave-host-namespaces",
        ),
        policy_selects=_rule(
            "policy-selects-pods",
            Severity.LOW,
            "The NetworkPolicy selects at least one workload",
            "Correct spec.podSelector so that it holds the labels of the pods, or delete the policy.",
        ),
        policy_accepted=_rule(
            "policy-accepted",
            Severity.MEDIUM,
            "The NetworkPolicy is valid",
            "Correct the field that the message names; the API server refuses the policy as it is.",
        ),
    )

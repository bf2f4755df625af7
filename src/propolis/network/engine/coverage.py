"""Which workloads accept traffic from anywhere, and which may call anywhere.

Follows networking.k8s.io/v1 NetworkPolicy: a pod is isolated for a direction once a policy that
governs the direction selects it; then the union of the rules of all such policies is allowed.
"""

from collections.abc import Iterator
from datetime import datetime

from propolis.core.evaluation import Evaluation, Lookups
from propolis.core.finding import Finding, Outcome, Rule
from propolis.core.inventory import Inventory
from propolis.lang.listing import some
from propolis.network.engine.coverage_rules import CoverageRules
from propolis.network.engine.opening import Opening, Openness, openness
from propolis.network.engine.policies import Policies
from propolis.network.model.endpoint import Endpoint, endpoints
from propolis.network.model.evidence import CoverageEvidence, PolicyEvidence
from propolis.network.model.policy import NetworkPolicy


def evaluate(rules: CoverageRules, subject: Inventory, lookups: Lookups, now: datetime) -> Evaluation:
    """Judges every workload and every NetworkPolicy of an inventory; asks for no look-up."""
    del lookups
    audit = _Audit(rules, Policies(subject), now)
    found = [finding for endpoint in endpoints(subject) for finding in audit.of_endpoint(endpoint)]
    found += audit.of_policies()
    return Evaluation(findings=tuple(found))


class _Audit:
    """One evaluation: the rules, the policies, the time, and how many workloads each policy selected."""

    def __init__(self, rules: CoverageRules, policies: Policies, now: datetime) -> None:
        self._rules = rules
        self._policies = policies
        self._now = now
        self._selected: dict[str, int] = {}

    def of_endpoint(self, endpoint: Endpoint) -> Iterator[Finding]:
        """All findings of one workload, in the order of the rules."""
        selecting = self._policies.selecting(endpoint.namespace, endpoint.labels)
        for policy in selecting:
            self._selected[policy.ref.key] = self._selected.get(policy.ref.key, 0) + 1
        ingress, egress = openness("ingress", selecting), openness("egress", selecting)
        yield self._isolated(self._rules.ingress_isolated, endpoint, ingress)
        yield self._named(self._rules.ingress_sources, endpoint, ingress, ingress.to_anyone)
        yield self._named(self._rules.ingress_namespaces, endpoint, ingress, ingress.to_every_pod)
        yield self._isolated(self._rules.egress_isolated, endpoint, egress)
        beyond_dns = tuple(opening for opening in egress.to_anyone if not opening.is_only_dns)
        yield self._named(self._rules.egress_destinations, endpoint, egress, beyond_dns)
        yield self._on_pod_network(endpoint)

    def _isolated(self, rule: Rule, endpoint: Endpoint, state: Openness) -> Finding:
        """Whether any policy governs the direction."""
        if endpoint.on_host_network:
            return self._finding(rule, endpoint, Outcome.SKIP, _BEYOND_POLICIES, state)
        if state.is_isolated:
            text = f"{state.direction} is governed by NetworkPolicy {some(state.policies)}"
            return self._finding(rule, endpoint, Outcome.PASS, text, state)
        return self._finding(rule, endpoint, Outcome.FAIL, _not_isolated(endpoint, state.direction), state)

    def _named(
        self, rule: Rule, endpoint: Endpoint, state: Openness, openings: tuple[Opening, ...]
    ) -> Finding:
        """Whether no policy opens the direction to everybody; open on some ports only is a warning."""
        if endpoint.on_host_network:
            return self._finding(rule, endpoint, Outcome.SKIP, _BEYOND_POLICIES, state)
        if not state.is_isolated:
            text = f"not judged: no NetworkPolicy governs {state.direction} of these pods"
            return self._finding(rule, endpoint, Outcome.SKIP, text, state)
        if not openings:
            text = f"every {state.direction} rule of NetworkPolicy {some(state.policies)} names its peers"
            return self._finding(rule, endpoint, Outcome.PASS, text, state)
        outcome = Outcome.WARN if all(opening.ports for opening in openings) else Outcome.FAIL
        return self._finding(rule, endpoint, outcome, _too_open(state.direction, openings), state, openings)

    def _on_pod_network(self, endpoint: Endpoint) -> Finding:
        rule = self._rules.host_network
        if not endpoint.on_host_network:
            return Finding(rule, endpoint.ref, Outcome.PASS, "the pods stand on the pod network", self._now)
        return Finding(rule, endpoint.ref, Outcome.FAIL, _HOST_NETWORK, self._now)

    def _finding(
        self,
        rule: Rule,
        endpoint: Endpoint,
        outcome: Outcome,
        message: str,
        state: Openness,
        openings: tuple[Opening, ...] = (),
    ) -> Finding:
        evidence = CoverageEvidence(
            direction=state.direction,
            labels=tuple(sorted(f"{key}={value}" for key, value in endpoint.labels.items())),
            policies=state.policies,
            openings=tuple(f"{opening.policy}: {opening.path}" for opening in openings),
            peers=tuple(dict.fromkeys(opening.peers for opening in openings)),
            ports=_ports(openings),
        )
        return Finding(rule, endpoint.ref, outcome, message, self._now, evidence)

    def of_policies(self) -> Iterator[Finding]:
        """Findings on the policies themselves; call it after all endpoints."""
        for policy in self._policies.valid:
            yield Finding(
                self._rules.policy_accepted, policy.ref, Outcome.PASS, "the policy is valid", self._now
            )
            yield self._selects(policy)
        for resource, error in self._policies.refused:
            text = f"{error}; the policy is left out of all judgements"
            yield Finding(self._rules.policy_accepted, resource.ref, Outcome.ERROR, text, self._now)

    def _selects(self, policy: NetworkPolicy) -> Finding:
        count = self._selected.get(policy.ref.key, 0)
        evidence = PolicyEvidence(selector=policy.selector.text, selected=count)
        if count:
            text = f"selects {count} workload{'s' if count > 1 else ''} of namespace {policy.namespace}"
            return Finding(self._rules.policy_selects, policy.ref, Outcome.PASS, text, self._now, evidence)
        text = (
            f"selects no workload of namespace {policy.namespace}: spec.podSelector"
            f" ({policy.selector.text or 'all pods'}) fits none; correct the labels or delete the policy"
        )
        return Finding(self._rules.policy_selects, policy.ref, Outcome.WARN, text, self._now, evidence)


_BEYOND_POLICIES = (
    "not judged: hostNetwork is true, and NetworkPolicies do not reach pods on the node's network"
)
_HOST_NETWORK = (
    "NetworkPolicies do not reach these pods: hostNetwork is true, so they share the node's addresses"
    " and ports; remove hostNetwork from the pod spec"
)


def _not_isolated(endpoint: Endpoint, direction: str) -> str:
    """What is open because nothing governs the direction, and what to add."""
    labels = some(sorted(f"{key}={value}" for key, value in endpoint.labels.items())) or "no labels"
    opened = "accept connections from anywhere" if direction == "ingress" else "may connect to anywhere"
    return (
        f"pods {opened}, on every port: no NetworkPolicy of namespace {endpoint.namespace} governs"
        f" {direction} of pods with {labels}; add one with policyTypes [{direction.capitalize()}]"
        f" that selects them"
    )


def _too_open(direction: str, openings: tuple[Opening, ...]) -> str:
    """Which rules let everybody through, on which ports, and what to change."""
    verb, field = ("accept connections from", "from") if direction == "ingress" else ("may connect to", "to")
    who = some(dict.fromkeys(opening.peers for opening in openings))
    ports = _ports(openings)
    where = some(f"{opening.path} of NetworkPolicy {opening.policy}" for opening in openings)
    on_ports = f"on {some(ports)}" if ports else "on every port"
    return f"pods {verb} {who} {on_ports}: {where} names no particular peer; list the peers under `{field}`"


def _ports(openings: tuple[Opening, ...]) -> tuple[str, ...]:
    """All opened ports once; empty when one of the rules opens every port."""
    if not all(opening.ports for opening in openings):
        return ()
    return tuple(dict.fromkeys(port for opening in openings for port in opening.ports))

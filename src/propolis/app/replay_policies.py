"""The policies of a replay, compiled as if they were enforced."""

from collections.abc import Iterable, Iterator

import msgspec

from propolis.app.admission_recorder import recorded_policies
from propolis.app.admission_rules import admission_rules, for_requests
from propolis.app.policy_inputs import PolicyInput
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.enforced import enforced, enforced_binding, stated_action
from propolis.policy.engine.policy_set import CompiledRule, Phase, PolicySet
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import KYVERNO, CelPolicy
from propolis.store.review_queries import Kind

PARTS = (
    "", "status", "scale", "exec", "attach", "portforward", "proxy", "log", "eviction", "binding",
    "ephemeralcontainers", "resize", "token", "approval", "finalize",
)  # fmt: skip
"""A whole object, and what Kubernetes serves below objects."""
_CLOCKS = (b"time_", b"now(", b"time.", b"timestamp(", b"random", b"http.", b"expiresAt")
"""Words of policies whose answer may differ from one moment to the next."""


class ReplayPolicies(msgspec.Struct, frozen=True):
    """Compiled policies.

    Attributes:
        policies: As they are evaluated.
        keys: Their names, as findings have them.
        changing: Rules that change requests.
        judging: Rules that judge them.
        actions: What each policy says itself of violations, by its name.
        digests: What each policy says, by its name, as recorded policies have it.
        left_out: Policies that are not for requests, and why.
        is_timeless: Whether alike requests have alike outcomes at any time.
    """

    policies: tuple[AnyPolicy, ...]
    keys: frozenset[str]
    changing: PolicySet
    judging: PolicySet
    actions: dict[str, str]
    digests: dict[str, frozenset[str]]
    left_out: tuple[str, ...]
    is_timeless: bool

    def may_be_for(self, group: str, version: str, kind: str) -> bool:
        """Whether a rule may be for objects of a kind, or for a part of them."""
        sets = (self.changing, self.judging)
        return any(
            rule.may_be_for(group, version, kind, part)
            for one in sets
            for rule in one.rules
            for part in PARTS
        )

    def unseen(self, seen: Iterable[Kind]) -> Iterator[str]:
        """Well-known kinds that rules are for and of which nothing was recorded."""
        known = {kind for _, _, kind in seen}
        rules = [rule for rule in (*self.changing.rules, *self.judging.rules) if not _is_for_all(rule)]
        for (group, version), kinds in _WELL_KNOWN.items():
            for kind in kinds:
                if kind not in known and any(rule.may_be_for(group, version, kind, "") for rule in rules):
                    yield kind


_WELL_KNOWN = {
    ("", "v1"): (
        "Pod", "Service", "ConfigMap", "Secret", "Namespace", "ServiceAccount", "PersistentVolumeClaim",
        "PersistentVolume", "ReplicationController",
    ),
    ("apps", "v1"): ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
    ("batch", "v1"): ("Job", "CronJob"),
    ("networking.k8s.io", "v1"): ("Ingress", "NetworkPolicy"),
    ("rbac.authorization.k8s.io", "v1"): ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
}  # fmt: skip


def _is_for_all(rule: CompiledRule) -> bool:
    return rule.may_be_for("nothing.invalid", "v0", "Nothing", "")


def replay_policies(read: PolicyInput, *, as_is: bool) -> ReplayPolicies:
    """Compiles the policies that are for requests."""
    chosen, left_out = [], []
    for policy in read.policies:
        found = _for_replay(policy)
        if found is None:
            left_out.append(f"{policy.kind} {policy.name} is not for requests")
        else:
            chosen.append(found)
    evaluated = chosen if as_is else [enforced(one) for one in chosen]
    bindings = read.bindings if as_is else [enforced_binding(one) for one in read.bindings]
    rules = compile_policies(evaluated, read.exceptions, bindings)
    text = msgspec.json.encode([one.spec for one in chosen]) + msgspec.json.encode(read.exceptions)
    return ReplayPolicies(
        tuple(evaluated),
        frozenset(rule.rule.policy for rule in rules.rules),
        rules.of_phases(Phase.MUTATE),
        rules.of_phases(Phase.VERIFY, Phase.JUDGE),
        {_key(one): action for one in chosen if (action := stated_action(one))},
        _digests(chosen),
        tuple(left_out),
        not any(word in text for word in _CLOCKS),
    )


def _for_replay(policy: AnyPolicy) -> AnyPolicy | None:
    """Policies of the API server itself are replayed as those that admission enforces."""
    is_of_server = isinstance(policy, CelPolicy) and policy.group != KYVERNO
    return policy if is_of_server else for_requests(policy)


def _digests(policies: list[AnyPolicy]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one in recorded_policies(admission_rules(policies)):
        found.setdefault(one.key, set()).add(one.digest)
    return {key: frozenset(digests) for key, digests in found.items()}


def _key(policy: AnyPolicy) -> str:
    return f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name

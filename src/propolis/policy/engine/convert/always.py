"""What is there whatever a user writes, so that no condition asks for it."""

from propolis.policy.engine.convert.scope import ALWAYS
from propolis.policy.engine.kinds import parse_kind
from propolis.policy.model.rule import PolicyRule

_WITH_TEMPLATE = frozenset({
    "DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet",
})  # fmt: skip
WITH_SPEC = _WITH_TEMPLATE | {"CronJob", "Ingress", "PersistentVolumeClaim", "Pod", "Service"}
"""Kinds that have a ``spec``."""


def always_there(rule: PolicyRule, *, is_moved: bool) -> frozenset[str]:
    """Expressions of objects that every object of the rule's kinds has.

    Args:
        rule: Its match names the kinds.
        is_moved: Whether autogen moves the expressions to templates, whose metadata may be absent.
    """
    kinds = {parse_kind(kind).kind for kind in rule.match.kinds()}
    found = set() if is_moved else set(ALWAYS)
    for holder in ("object", "oldObject"):
        if kinds and kinds <= WITH_SPEC:
            found.add(f"{holder}.spec")
        if kinds and kinds <= _WITH_TEMPLATE:
            found |= {f"{holder}.spec.template", f"{holder}.spec.template.spec"}
    return frozenset(found)

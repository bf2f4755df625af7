"""What Kyverno's metrics say of a rule and its policy.

Follows Kyverno pkg/metrics (parsers.go, policy_rule.go, policy_engine.go, vpol.go, mpol.go, ivpol.go)
@ v1.19.1.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from propolis.app.admission_rules import ALL, AdmissionRules
from propolis.core.finding import Rule
from propolis.policy.engine.policy_set import Phase
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

Family = Literal["rules", "validating", "mutating", "image_validating"]
_FAMILIES: dict[str, Family] = {
    "ValidatingPolicy": "validating",
    "MutatingPolicy": "mutating",
    "ImageValidatingPolicy": "image_validating",
}
_TYPES = {Phase.MUTATE: "mutate", Phase.VERIFY: "imageVerify", Phase.JUDGE: "validate"}
CLUSTER = "-"
"""Stands for the namespace of a policy that has none."""


class RuleLabels(msgspec.Struct, frozen=True):
    """The labels of one rule.

    Attributes:
        family: The metric of its results.
        mode: What a violation does: ``enforce`` or ``audit``; of CEL policies the action.
    """

    family: Family
    policy: str
    namespace: str
    rule: str
    rule_type: str
    policy_type: str
    background: str
    mode: str


def rule_labels(rules: AdmissionRules) -> Iterator[tuple[Rule, RuleLabels]]:
    """The labels of all rules, by the rules that their findings name."""
    everything = rules.sets[ALL]
    policies: dict[tuple[str, bool], AnyPolicy] = {}
    for one in (
        *everything.changing,
        *everything.judging,
    ):  # the rules that judge tell the mode, so they come last
        key = f"{one.namespace}/{one.name}" if one.namespace else one.name
        policies[key, isinstance(one, CelPolicy)] = one
    seen: set[int] = set()
    for compiled in (*everything.mutate.rules, *everything.validate.rules):
        rule = compiled.rule
        if id(rule) not in seen:
            seen.add(id(rule))
            yield rule, _labels(policies[rule.policy, not rule.name], rule, compiled.phase)


def _labels(policy: AnyPolicy, rule: Rule, phase: Phase) -> RuleLabels:
    is_cel = isinstance(policy, CelPolicy)
    return RuleLabels(
        family=_FAMILIES.get(policy.base_kind, "validating") if isinstance(policy, CelPolicy) else "rules",
        policy=policy.name,
        namespace=policy.namespace or ("" if is_cel else CLUSTER),
        rule=rule.name,
        rule_type=_TYPES.get(phase, CLUSTER),
        policy_type="namespaced" if policy.namespace else "cluster",
        background=_background(policy),
        mode=_action(policy) if isinstance(policy, CelPolicy) else _mode(policy),
    )


def _background(policy: AnyPolicy) -> str:
    if isinstance(policy, CelPolicy):
        evaluation = getattr(policy.spec, "evaluation", None)
        stated = evaluation.background.enabled if evaluation and evaluation.background else None
    else:
        stated = policy.spec.background
    return "false" if stated is False else "true"


def _action(policy: CelPolicy) -> str:
    actions = getattr(policy.spec, "validation_actions", None)
    return "Deny" if not actions or "Deny" in actions else "Audit"


def _mode(policy: Policy) -> str:
    """``enforce`` where any rule that validates refuses."""
    return "enforce" if any(_is_enforced(policy, rule) for rule in policy.spec.rules) else "audit"


def _is_enforced(policy: Policy, rule: PolicyRule) -> bool:
    if rule.validation is None:
        return False
    action = rule.validation.failure_action or policy.spec.validation_failure_action or ""
    return action.lower() == "enforce"

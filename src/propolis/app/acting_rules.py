"""Policies with rules that act after a request: they make resources, or change ones that are there."""

import msgspec

from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import KYVERNO, CelPolicy, GeneratingSpec, MutatingSpec


def acting(policy: AnyPolicy) -> AnyPolicy | None:
    """The policy with the rules that act after requests; None where none does."""
    if isinstance(policy, CelPolicy):
        return policy if _acts(policy) else None
    if policy.spec.admission is False:
        return None
    rules = tuple(
        rule
        for rule in policy.spec.rules
        if rule.generate is not None or (rule.mutate is not None and rule.mutate.targets)
    )
    if not rules:
        return None
    return msgspec.structs.replace(policy, spec=msgspec.structs.replace(policy.spec, rules=rules))


def _acts(policy: CelPolicy) -> bool:
    spec = policy.spec
    if policy.group != KYVERNO or not isinstance(spec, GeneratingSpec | MutatingSpec):
        return False
    evaluation = spec.evaluation
    admission = evaluation.admission if evaluation else None
    if admission is not None and admission.enabled is False:
        return False
    if isinstance(spec, GeneratingSpec):
        return True
    existing = evaluation.mutate_existing if evaluation else None
    return spec.target_match_constraints is not None and bool(existing and existing.enabled)

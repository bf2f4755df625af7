"""Policies as they would be if everything that they judge were enforced."""

from collections.abc import Iterable

import msgspec

from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cel.policy import KYVERNO, CelPolicy, ImageValidatingSpec, ValidatingSpec
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

_ENFORCE = "Enforce"
_DENY = ("Deny",)


def enforced(policy: AnyPolicy) -> AnyPolicy:
    """The policy with every failure action ``Enforce``, every validation action ``Deny``."""
    if isinstance(policy, CelPolicy):
        if isinstance(policy.spec, ValidatingSpec | ImageValidatingSpec) and policy.group == KYVERNO:
            return msgspec.structs.replace(
                policy, spec=msgspec.structs.replace(policy.spec, validation_actions=_DENY)
            )
        return policy
    return _enforced(policy)


def _enforced(policy: Policy) -> Policy:
    spec = msgspec.structs.replace(
        policy.spec,
        validation_failure_action=_ENFORCE,
        validation_failure_action_overrides=None,
        rules=tuple(map(_rule, policy.spec.rules)),
    )
    return msgspec.structs.replace(policy, spec=spec)


def _rule(rule: PolicyRule) -> PolicyRule:
    changes: dict[str, object] = {}
    if rule.validation is not None:
        changes["validation"] = msgspec.structs.replace(
            rule.validation, failure_action=_ENFORCE, failure_action_overrides=None
        )
    if rule.verify_images is not None:
        changes["verify_images"] = tuple(
            msgspec.structs.replace(one, failure_action=_ENFORCE) for one in rule.verify_images
        )
    return msgspec.structs.replace(rule, **changes) if changes else rule


def stated_action(policy: AnyPolicy) -> str:
    """What a policy itself says happens to a violation: ``Enforce``, ``Audit``, ``Deny, Warn`` and so on."""
    if isinstance(policy, CelPolicy):
        return ", ".join(getattr(policy.spec, "validation_actions", None) or ())
    found = dict.fromkeys(_actions(policy))
    return ", ".join(found)


def _actions(policy: Policy) -> Iterable[str]:
    for rule in policy.spec.rules:
        if rule.validation is None and rule.verify_images is None:
            continue
        own = rule.validation.failure_action if rule.validation else None
        if rule.verify_images:
            own = rule.verify_images[0].failure_action
        yield (own or policy.spec.validation_failure_action or "Audit").capitalize()


def enforced_binding(binding: Binding) -> Binding:
    """A binding that denies."""
    return msgspec.structs.replace(
        binding, spec=msgspec.structs.replace(binding.spec, validation_actions=_DENY)
    )

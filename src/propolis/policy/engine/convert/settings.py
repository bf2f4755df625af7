"""Settings of policies of kyverno.io in the words of policies in CEL."""

from typing import Any

from propolis.policy.engine.autogen import CRON_JOB, LONGEST_NAME, PREFIX, GeneratedRule, generated_rules
from propolis.policy.engine.cel.autogen import CONTROLLERS
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

_PLURALS = {
    "DaemonSet": "daemonsets", "Deployment": "deployments", "Job": "jobs", "ReplicaSet": "replicasets",
    "StatefulSet": "statefulsets", CRON_JOB: "cronjobs",
}  # fmt: skip
LEFT_OUT = "ReplicationController"


def check_settings(policy: Policy, rule: PolicyRule) -> None:
    """Raises `Refused` for settings of a validate rule that have no counterpart."""
    spec, validation = policy.spec, rule.validation
    if spec.validation_failure_action_overrides or (validation and validation.failure_action_overrides):
        raise Refused("failure actions of single namespaces have no counterpart")
    if spec.apply_rules == "One" and len(spec.rules) > 1:
        raise Refused("applyRules: One has no counterpart")


def controllers_of(policy: Policy, rule: PolicyRule) -> frozenset[str]:
    """The kinds of controllers for which a rule on pods stands too."""
    return frozenset(kind for made in _generated(policy, rule) for kind in made.kinds)


def rules_for_controllers(policy: Policy, rule: PolicyRule) -> list[PolicyRule]:
    """The rules that a rule on pods means for controllers."""
    return [made.rule for made in _generated(policy, rule)]


def _generated(policy: Policy, rule: PolicyRule) -> list[GeneratedRule]:
    names = (f"{PREFIX}{rule.name}"[:LONGEST_NAME], f"{PREFIX}cronjob-{rule.name}"[:LONGEST_NAME])
    return [made for made in generated_rules(policy) if made.rule.name in names]


def autogen_of(controllers: frozenset[str], rules: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """``spec.autogen``; nothing where what is made without it is right."""
    is_for_pods = [(one["apiGroups"], one["apiVersions"], one["resources"]) for one in rules] == [
        ([""], ["v1"], ["pods"])
    ]
    if not is_for_pods:
        return {}
    wanted = sorted(_PLURALS[kind] for kind in controllers if kind in _PLURALS)
    if set(wanted) == set(CONTROLLERS):
        return {}
    return {"autogen": {"podControllers": {"controllers": wanted}}}


def evaluation_of(policy: Policy) -> dict[str, Any]:
    """``spec.evaluation`` where the policy says when it is evaluated."""
    spec = policy.spec
    found: dict[str, Any] = {}
    if spec.admission is not None:
        found["admission"] = {"enabled": spec.admission}
    if spec.background is not None:
        found["background"] = {"enabled": spec.background}
    return {"evaluation": found} if found else {}


def webhook_of(policy: Policy) -> dict[str, Any]:
    """Time-outs and what an error means."""
    spec = policy.spec
    own = spec.webhook_configuration
    failure = spec.failure_policy or (own.failure_policy if own else None)
    timeout = spec.webhook_timeout_seconds or (own.timeout_seconds if own else None)
    found: dict[str, Any] = {"failurePolicy": failure} if failure else {}
    if timeout:
        found["webhookConfiguration"] = {"timeoutSeconds": timeout}
    return found


def actions_of(policy: Policy, rule: PolicyRule) -> list[str]:
    """``validationActions``."""
    own = rule.validation.failure_action if rule.validation else None
    action = own or policy.spec.validation_failure_action or "Audit"
    found = ["Deny"] if action.lower() == "enforce" else ["Audit"]
    return [*found, "Warn"] if policy.spec.emit_warning and found == ["Audit"] else found

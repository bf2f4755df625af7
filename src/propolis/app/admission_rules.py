"""Policies as admission runs them: those that are for requests, split by what their failure means."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.policy_set import Phase, PolicySet
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.model.cel.policy import (
    KYVERNO,
    CelPolicy,
    ImageValidatingSpec,
    MutatingSpec,
    ValidatingSpec,
)
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

FailurePolicy = Literal["fail", "ignore"]
Chosen = Literal["fail", "ignore", "all"]
"""The policies of one failure policy, or all of them."""
FAILURE_POLICIES: tuple[FailurePolicy, ...] = ("fail", "ignore")
DEFAULT_TIMEOUT_SECONDS = 10
LONGEST_TIMEOUT_SECONDS = 30
"""Of a webhook, as the API server has it."""

_ROLE_WORDS = (b'"roles"', b'"clusterRoles"', b"request.roles", b"request.clusterRoles")


class RuleSet(msgspec.Struct, frozen=True):
    """The policies of one failure policy.

    Attributes:
        changing: Policies with rules that change resources or verify images, for the mutating webhook.
        judging: Policies with the others, and those that verify images again after all changes.
        mutate: Compiled rules of the first.
        validate: Compiled rules of the second.
    """

    changing: tuple[AnyPolicy, ...]
    judging: tuple[AnyPolicy, ...]
    mutate: PolicySet
    validate: PolicySet


class AdmissionRules(msgspec.Struct, frozen=True):
    """All policies of an admission server.

    Attributes:
        sets: By failure policy, and all of them.
        warning: Keys of policies whose violations are told as warnings.
        timeout_seconds: The longest that a policy asks for.
        asks_roles: Whether a policy asks which roles the user has.
    """

    sets: dict[Chosen, RuleSet]
    warning: frozenset[str]
    timeout_seconds: int
    asks_roles: bool

    @property
    def policies(self) -> int:
        """How many policies there are."""
        everything = self.sets["all"]
        return len({_key(one) for one in (*everything.changing, *everything.judging)})


def admission_rules(policies: Iterable[AnyPolicy], exceptions: Sequence[AnyException] = ()) -> AdmissionRules:
    """Compiles the policies that are for requests; others are left out."""
    chosen = [one for one in map(for_requests, policies) if one is not None]
    compiled = compile_policies(chosen, exceptions)
    return AdmissionRules(
        {
            "all": _rule_set(chosen, compiled, FAILURE_POLICIES),
            "fail": _rule_set(chosen, compiled, ("fail",)),
            "ignore": _rule_set(chosen, compiled, ("ignore",)),
        },
        frozenset(_key(one) for one in chosen if _warns(one)),
        max([timeout for one in chosen if (timeout := _timeout(one))], default=DEFAULT_TIMEOUT_SECONDS),
        any(_asks_roles(one) for one in chosen),
    )


def _rule_set(chosen: Sequence[AnyPolicy], compiled: PolicySet, failures: Sequence[FailurePolicy]) -> RuleSet:
    numbers = {number for number, one in enumerate(chosen) if _failure_policy(one) in failures}
    own = PolicySet([rule for rule in compiled.rules if rule.policy in numbers])
    mutate, validate = own.of_phases(Phase.MUTATE, Phase.VERIFY), own.of_phases(Phase.VERIFY, Phase.JUDGE)
    return RuleSet(_owners(chosen, mutate), _owners(chosen, validate), mutate, validate)


def _owners(chosen: Sequence[AnyPolicy], rules: PolicySet) -> tuple[AnyPolicy, ...]:
    """The policies of some rules, with those rules alone that such a webhook is for."""
    phases: dict[int, set[Phase]] = {}
    for rule in rules.rules:
        phases.setdefault(rule.policy, set()).add(rule.phase)
    return tuple(_only(chosen[number], found) for number, found in sorted(phases.items()))


def _only(policy: AnyPolicy, phases: set[Phase]) -> AnyPolicy:
    if isinstance(policy, CelPolicy):
        return policy
    return _with_rules(policy, [rule for rule in policy.spec.rules if _phase(rule) in phases])


def _phase(rule: PolicyRule) -> Phase:
    if rule.mutate is not None:
        return Phase.MUTATE
    return Phase.VERIFY if rule.verify_images is not None else Phase.JUDGE


def _with_rules(policy: Policy, rules: Sequence[PolicyRule]) -> Policy:
    return msgspec.structs.replace(policy, spec=msgspec.structs.replace(policy.spec, rules=tuple(rules)))


def for_requests(policy: AnyPolicy) -> AnyPolicy | None:
    """The policy with the rules that decide requests; None where none does.

    Rules that make or change other resources act after the request, not on it; the policies of the API server
    itself are enforced there.
    """
    if isinstance(policy, CelPolicy):
        return policy if _is_for_requests(policy) else None
    if policy.spec.admission is False:
        return None
    rules = [
        rule
        for rule in policy.spec.rules
        if rule.generate is None and not (rule.mutate and rule.mutate.targets)
    ]
    return _with_rules(policy, rules) if rules else None


def _is_for_requests(policy: CelPolicy) -> bool:
    spec = policy.spec
    if policy.group != KYVERNO or not isinstance(spec, ValidatingSpec | MutatingSpec | ImageValidatingSpec):
        return False
    if isinstance(spec, MutatingSpec) and spec.target_match_constraints is not None:
        return False
    evaluation = spec.evaluation
    if evaluation is None:
        return True
    is_on = evaluation.admission is None or evaluation.admission.enabled is not False
    return is_on and evaluation.mode in (None, "", "Kubernetes")


def _failure_policy(policy: AnyPolicy) -> FailurePolicy:
    if isinstance(policy, CelPolicy):
        stated = getattr(policy.spec, "failure_policy", None)
    else:
        webhook = policy.spec.webhook_configuration
        stated = (webhook.failure_policy if webhook else None) or policy.spec.failure_policy
    return "ignore" if stated == "Ignore" else "fail"


def _timeout(policy: AnyPolicy) -> int:
    """What a policy asks for, in seconds; 0 for nothing."""
    webhook = getattr(policy.spec, "webhook_configuration", None)
    stated = (webhook.timeout_seconds if webhook else None) or getattr(
        policy.spec, "webhook_timeout_seconds", None
    )
    return min(max(stated or 0, 0), LONGEST_TIMEOUT_SECONDS)


def _key(policy: AnyPolicy) -> str:
    return f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name


def _warns(policy: AnyPolicy) -> bool:
    if isinstance(policy, CelPolicy):
        return "Warn" in (getattr(policy.spec, "validation_actions", None) or ())
    return bool(policy.spec.emit_warning)


def _asks_roles(policy: AnyPolicy) -> bool:
    """Whether a match or an expression names roles of the user, as its text tells."""
    if isinstance(policy, CelPolicy):
        return False
    text = msgspec.json.encode(policy.spec.rules)
    return any(word in text for word in _ROLE_WORDS)

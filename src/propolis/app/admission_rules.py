"""Policies as admission runs them: those that are for requests, split by their webhooks."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import msgspec

from propolis.app.acting_rules import acting
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.policy_set import CompiledRule, Phase, PolicySet
from propolis.policy.engine.request_filter import RequestFilter
from propolis.policy.engine.webhook_groups import (
    FailurePolicy,
    WebhookGroup,
    acting_group,
    failure_policy,
    group_of,
    shared_group,
)
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.model.cel.policy import (
    KYVERNO,
    CelPolicy,
    ImageValidatingSpec,
    MutatingSpec,
    ValidatingSpec,
)
from propolis.policy.model.kyverno_settings import KyvernoSettings
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

Chosen = str
"""The policies of one webhook, by the key of its group, or ``all``."""
ALL = "all"
FAILURE_POLICIES: tuple[FailurePolicy, ...] = ("fail", "ignore")

Compile = Callable[[Sequence[AnyPolicy], Sequence[AnyException]], PolicySet]

_ROLE_WORDS = (b'"roles"', b'"clusterRoles"', b"request.roles", b"request.clusterRoles")


class RuleSet(msgspec.Struct, frozen=True):
    """The policies of one webhook.

    Attributes:
        group: What the webhook is told.
        changing: Policies with rules that change resources or verify images, for the mutating webhook.
        judging: Policies with the others, and those that verify images again after all changes.
        mutate: Compiled rules of the first.
        validate: Compiled rules of the second.
        acting: Compiled rules that act after requests, in a webhook of their own; None in others.
    """

    group: WebhookGroup
    changing: tuple[AnyPolicy, ...]
    judging: tuple[AnyPolicy, ...]
    mutate: PolicySet
    validate: PolicySet
    acting: PolicySet | None = None


class AdmissionRules(msgspec.Struct, frozen=True):
    """All policies of an admission server.

    Attributes:
        sets: By the keys of their webhooks; `ALL` for all of them.
        whole: All of one failure policy.
        warning: Keys of policies whose violations are told as warnings.
        asks_roles: Whether a policy asks which roles the user has.
        settings: Kyverno's, as far as webhooks have them.
        filter: Requests that no policy is asked about.
    """

    sets: dict[Chosen, RuleSet]
    whole: dict[FailurePolicy, RuleSet]
    warning: frozenset[str]
    asks_roles: bool
    settings: KyvernoSettings
    filter: RequestFilter

    @property
    def policies(self) -> int:
        """How many policies there are."""
        return len({_key(one) for own in self.sets.values() for one in (*own.changing, *own.judging)})

    @property
    def webhooks(self) -> tuple[RuleSet, ...]:
        """The sets that webhooks ask for, in a stable order."""
        return tuple(found for key, found in sorted(self.sets.items()) if key != ALL)

    def set_of(self, chosen: Chosen) -> RuleSet:
        """The policies of a webhook; of one that is none any more, all of its failure policy."""
        found = self.sets.get(chosen)
        return self.whole[failure_of(chosen)] if found is None else found

    def after(self, known: Collection[Chosen]) -> "AdmissionRules":
        """The same for the time until API servers know other webhooks than those they know now.

        Where policies have moved between webhooks, the shared ones stand for all: requests are judged twice
        rather than not at all.
        """
        if self.sets.keys() == set(known):
            return self
        return msgspec.structs.replace(self, sets={**self.sets, **self.whole})


def failure_of(chosen: Chosen) -> FailurePolicy:
    """What a failure means on the path of a webhook."""
    return "ignore" if chosen.partition("/")[0] == "ignore" else "fail"


def admission_rules(
    policies: Iterable[AnyPolicy],
    exceptions: Sequence[AnyException] = (),
    settings: KyvernoSettings = KyvernoSettings(),  # noqa: B008  # frozen
    compiled: Compile = compile_policies,
) -> AdmissionRules:
    """Compiles the policies that are for requests; others are left out.

    Args:
        policies: Of either generation.
        exceptions: To any of them.
        settings: Conditions of theirs are not for policies in CEL, which then have webhooks of their own.
        compiled: Compiles them.
    """
    are_apart = bool(settings.conditions)
    everything = list(policies)
    chosen = [one for one in map(for_requests, everything) if one is not None]
    after = [one for one in map(acting, everything) if one is not None]
    sets = _Sets(chosen, compiled(chosen, exceptions))
    groups = [group_of(one, are_apart=are_apart) for one in chosen]
    numbers: dict[str, list[int]] = {failure: [] for failure in FAILURE_POLICIES}
    for number, group in enumerate(groups):
        numbers.setdefault(group.key, []).append(number)
    of_failure = {
        failure: [number for number, group in enumerate(groups) if group.failure == failure]
        for failure in FAILURE_POLICIES
    }
    return AdmissionRules(
        {
            ALL: sets.of(shared_group("fail"), range(len(chosen))),
            **{key: sets.of(_joined(key, groups, own), own) for key, own in numbers.items()},
            **{found.group.key: found for found in _acting_sets(after, exceptions)},
        },
        {failure: sets.of(shared_group(failure), own) for failure, own in of_failure.items()},
        frozenset(_key(one) for one in chosen if _warns(one)),
        any(map(_asks_roles, chosen)) or bool(after),
        settings,
        RequestFilter(settings),
    )


def _acting_sets(policies: Sequence[AnyPolicy], exceptions: Sequence[AnyException]) -> Iterator[RuleSet]:
    """The sets of policies that act after requests: one for each failure policy that there is."""
    nothing = PolicySet([])
    for failure in FAILURE_POLICIES:
        own = tuple(one for one in policies if failure_policy(one) == failure)
        if own:
            compiled = compile_policies(own, exceptions)
            yield RuleSet(acting_group(failure), (), own, nothing, nothing, compiled)


def _joined(key: str, groups: Sequence[WebhookGroup], numbers: Sequence[int]) -> WebhookGroup:
    """The group of some policies: it waits as long as the most patient of them."""
    if not numbers:
        return shared_group(failure_of(key))
    longest = max(groups[number].timeout_seconds for number in numbers)
    return msgspec.structs.replace(groups[numbers[0]], timeout_seconds=longest)


class _Sets:
    """Makes sets of some of the policies."""

    def __init__(self, policies: Sequence[AnyPolicy], compiled: PolicySet) -> None:
        self._policies = policies
        self._rules: dict[int, list[CompiledRule]] = {}
        for rule in compiled.rules:
            self._rules.setdefault(rule.policy, []).append(rule)

    def of(self, group: WebhookGroup, numbers: Collection[int]) -> RuleSet:
        """The set of policies by their numbers."""
        own = PolicySet([rule for number in numbers for rule in self._rules.get(number, ())])
        mutate = own.of_phases(Phase.MUTATE, Phase.VERIFY)
        validate = own.of_phases(Phase.VERIFY, Phase.JUDGE)
        return RuleSet(
            group, _owners(self._policies, mutate), _owners(self._policies, validate), mutate, validate
        )


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

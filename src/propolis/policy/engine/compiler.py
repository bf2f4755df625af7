"""Policies to compiled rules."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from propolis.core.finding import Outcome, Rule, Severity
from propolis.policy.engine.assertion import compile_assertion
from propolis.policy.engine.autogen import generated_rules
from propolis.policy.engine.cel.compiler import CelExtras, compile_cel_policy
from propolis.policy.engine.cel.policy_conditions import ConditionedRun, compile_conditions
from propolis.policy.engine.cel.programs import PolicyError
from propolis.policy.engine.cel.rule_validation import CelValidation
from propolis.policy.engine.downstream import Maker
from propolis.policy.engine.enforcement import compile_enforcement
from propolis.policy.engine.evidence import UnsupportedEvidence
from propolis.policy.engine.exceptions import compile_exceptions
from propolis.policy.engine.foreach import compile_foreach
from propolis.policy.engine.generate import compile_generation
from propolis.policy.engine.manifests.verification import compile_manifests
from propolis.policy.engine.matching import compile_match, is_decided_by_kind, kind_selectors
from propolis.policy.engine.mutate import compile_mutation
from propolis.policy.engine.pattern_tree import PatternTooDeepError
from propolis.policy.engine.pod_security.rule import compile_pod_security
from propolis.policy.engine.policy_set import CompiledRule, Phase, PolicySet
from propolis.policy.engine.reach import reach_of
from propolis.policy.engine.reported import reported_of
from propolis.policy.engine.result import RuleResult
from propolis.policy.engine.rule_run import PatternRun, RuleRun, is_plain
from propolis.policy.engine.targets import compile_targets
from propolis.policy.engine.validate import Message, Validate, compile_deny
from propolis.policy.engine.validate_pattern import AnyPattern, PatternValidation, SinglePattern
from propolis.policy.engine.verify_images import compile_verification
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.exception import PolicyException
from propolis.policy.model.generation import Generation
from propolis.policy.model.mutation import Mutation
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import Validation

SOURCE = "policy"
REMEDY = "propolis.dev/remedy"
REMEDIATION = "propolis.dev/remediation"


def compile_policies(
    policies: Iterable[AnyPolicy],
    exceptions: Sequence[AnyException] = (),
    bindings: Sequence[Binding] = (),
    *,
    lists_parameters: bool = False,
) -> PolicySet:
    """Compiles policies and the exceptions to them to a set that is evaluated many times.

    A rule that this engine cannot do compiles to one that says so as an error on every resource
    that it is for.

    Args:
        policies: Of either generation.
        exceptions: To any of them.
        bindings: Of policies of the API server.
        lists_parameters: As `CelExtras` has it, for tests of Kyverno.
    """
    rules: list[CompiledRule] = []
    own = [one for one in exceptions if isinstance(one, PolicyException)]
    excepted = [one for one in exceptions if isinstance(one, CelException)]
    extras = CelExtras(excepted, bindings, lists_parameters=lists_parameters)
    for number, policy in enumerate(policies):
        if isinstance(policy, CelPolicy):
            rules += compile_cel_policy(policy, number, extras)
            continue
        rules += _conditioned(policy, _compile_policy(policy, number, own))
    return PolicySet(rules)


def _compile_policy(
    policy: Policy, number: int, exceptions: Sequence[PolicyException]
) -> Iterator[CompiledRule]:
    for rule in policy.spec.rules:
        yield _compile_rule(policy, rule, number, None, exceptions)
    for made in generated_rules(policy):
        yield _compile_rule(policy, made.rule, number, made.kinds, exceptions)


def _conditioned(policy: Policy, rules: Iterator[CompiledRule]) -> Iterator[CompiledRule]:
    """The rules, for what the conditions of the policy allow alone."""
    try:
        conditions = compile_conditions(policy)
    except PolicyError as error:
        told = error.result
        return (msgspec.structs.replace(rule, run=lambda _request, _context_of: told) for rule in rules)
    if not conditions:
        return rules
    return (msgspec.structs.replace(rule, run=ConditionedRun(conditions, rule.run)) for rule in rules)


def _compile_rule(
    policy: Policy,
    rule: PolicyRule,
    number: int,
    only_kinds: frozenset[str] | None,
    exceptions: Sequence[PolicyException],
) -> CompiledRule:
    is_decided = is_decided_by_kind(rule.match) and rule.exclude is None and not policy.namespace
    finding = finding_rule(policy, rule)
    return CompiledRule(
        rule=finding,
        policy=number,
        selectors=kind_selectors(rule.match),
        only_kinds=only_kinds,
        matches=None if is_decided else compile_match(rule.match, rule.exclude, policy.namespace),
        run=_compile_run(policy, rule, f"{finding.policy}/{finding.name}", exceptions),
        phase=_phase(rule),
        enforcement=compile_enforcement(policy, rule),
        stops=policy.spec.apply_rules == "One",
        in_background=_in_background(policy, rule),
        reach=reach_of(rule.match, policy.namespace),
    )


def _compile_run(
    policy: Policy, rule: PolicyRule, label: str, exceptions: Sequence[PolicyException]
) -> RuleRun | PatternRun:
    excepted = compile_exceptions(exceptions, policy, rule.name)
    check = _compile_check(rule, policy, label)
    try:
        cel = CelValidation(rule) if rule.validation and rule.validation.cel else None
    except PolicyError as error:
        cel, check = None, _always(error.result)
    run = RuleRun(rule, check, policy.namespace, excepted, cel)
    if isinstance(check, PatternValidation) and check.is_constant and is_plain(rule, excepted):
        return PatternRun(run, check)
    return run


def _phase(rule: PolicyRule) -> Phase:
    if rule.mutate is not None:
        return Phase.MUTATE
    if rule.verify_images is not None:
        return Phase.VERIFY
    return Phase.GENERATE if rule.generate is not None else Phase.JUDGE


def _in_background(policy: Policy, rule: PolicyRule) -> bool:
    """Whether a rule is for scans: what changes or makes resources only where the policy says so."""
    spec = policy.spec
    if rule.mutate is not None:
        own = rule.mutate.mutate_existing_on_policy_update
        return bool(rule.mutate.targets and (spec.mutate_existing_on_policy_update if own is None else own))
    if rule.generate is not None:
        own = rule.generate.generate_existing
        return bool(spec.generate_existing if own is None else own)
    return spec.background is not False


def finding_rule(policy: Policy, rule: PolicyRule) -> Rule:
    """What the findings of a rule speak for; its texts come from the policy's annotations."""
    return Rule(
        source=SOURCE,
        policy=f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name,
        name=rule.name,
        title=policy.annotation("title") or policy.name,
        severity=_severity(policy.annotation("severity")),
        category=policy.annotation("category"),
        remedy=policy.annotations.get(REMEDY, ""),
        remediation=policy.annotations.get(REMEDIATION, ""),
        scored=policy.annotation("scored") != "false",
        reported=reported_of(policy, rule),
    )


def _severity(text: str) -> Severity:
    try:
        return Severity(text.lower())
    except ValueError:
        return Severity.MEDIUM


def _compile_check(rule: PolicyRule, policy: Policy, label: str) -> Validate:
    feature = unsupported_feature(rule)
    if rule.mutate is not None and not feature:
        return _compile_mutate(label, rule.mutate, policy.namespace)
    if rule.generate is not None and not feature:
        return compile_generation(rule.generate, _maker(policy, rule, rule.generate))
    if rule.verify_images is not None and not feature:
        return compile_verification(rule)
    if feature or rule.validation is None:
        return _unsupported(feature)
    try:
        return _compile_validation(
            rule.validation, Message(rule.name, rule.validation.message), policy.namespace
        )
    except PatternTooDeepError as error:
        return _always(RuleResult(Outcome.ERROR, error.message))


def _compile_mutate(label: str, mutation: Mutation, policy_namespace: str) -> Validate:
    if mutation.targets:
        return compile_targets(label, mutation, policy_namespace)
    return compile_mutation(mutation, policy_namespace)


def _maker(policy: Policy, rule: PolicyRule, generation: Generation) -> Maker:
    operations = [item.resources.operations or () for item in rule.match.filters() if item.resources]
    return Maker(
        policy=policy.name,
        namespace=policy.namespace,
        rule=rule.name,
        synchronizes=bool(generation.synchronize),
        applies=bool(policy.spec.use_server_side_apply),
        on_delete=any("DELETE" in item for item in operations),
    )


def _compile_validation(validation: Validation, message: Message, policy_namespace: str) -> Validate:
    if validation.pattern is not None:
        return SinglePattern(validation.pattern, message)
    if validation.any_pattern is not None:
        return AnyPattern(validation.any_pattern, message)
    if validation.deny is not None:
        return compile_deny(validation.deny, message)
    if validation.assertion is not None:
        return compile_assertion(validation.assertion, message)
    if validation.manifests is not None:
        return compile_manifests(validation.manifests)
    if validation.pod_security is not None:
        return compile_pod_security(message.rule, validation.pod_security)
    return compile_foreach(validation.foreach or (), message, policy_namespace)


def unsupported_feature(rule: PolicyRule) -> str:
    """What a rule asks for that this engine does not do; empty for none."""
    if rule.cel_preconditions and not (rule.validation and rule.validation.cel):
        return "celPreconditions without validate.cel"
    return ""


def _unsupported(feature: str) -> Validate:
    text = f"{feature} is not supported: this rule was not evaluated"
    return _always(RuleResult(Outcome.ERROR, text, UnsupportedEvidence(feature)))


def _always(result: RuleResult) -> Validate:
    return lambda _context, _value: result

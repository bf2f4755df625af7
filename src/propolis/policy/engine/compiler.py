"""Policies to compiled rules."""

from collections.abc import Iterable

from propolis.core.finding import Outcome, Rule, Severity
from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.autogen import PREFIX, generated_rules
from propolis.policy.engine.conditions import Judgement, compile_conditions
from propolis.policy.engine.context import Context
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.evidence import UnsupportedEvidence
from propolis.policy.engine.foreach import compile_foreach
from propolis.policy.engine.matching import compile_match, is_decided_by_kind, kind_selectors
from propolis.policy.engine.merging import merged
from propolis.policy.engine.pattern import PatternTooDeepError
from propolis.policy.engine.policy_set import CompiledRule, ContextOf, PolicySet
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult, error_result
from propolis.policy.engine.validate import Message, Validate, compile_any, compile_deny, compile_single
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import Validation

SOURCE = "policy"
REMEDY = "propolis.dev/remedy"
REMEDIATION = "propolis.dev/remediation"


def compile_policies(policies: Iterable[Policy]) -> PolicySet:
    """Compiles policies to a set that is evaluated many times.

    A rule that this engine cannot do compiles to one that says so as an error on every resource
    that it is for.
    """
    rules: list[CompiledRule] = []
    for number, policy in enumerate(policies):
        rules += [_compile_rule(policy, rule, number, None) for rule in policy.spec.rules]
        rules += [_compile_rule(policy, made.rule, number, made.kinds) for made in generated_rules(policy)]
    return PolicySet(rules)


def _compile_rule(
    policy: Policy, rule: PolicyRule, number: int, only_kinds: frozenset[str] | None
) -> CompiledRule:
    is_decided = is_decided_by_kind(rule.match) and rule.exclude is None and not policy.namespace
    return CompiledRule(
        rule=finding_rule(policy, rule.name),
        policy=number,
        selectors=kind_selectors(rule.match),
        only_kinds=only_kinds,
        matches=None if is_decided else compile_match(rule.match, rule.exclude, policy.namespace),
        run=_compile_run(rule, policy.namespace),
        stops=policy.spec.apply_rules == "One",
        in_background=policy.spec.background is not False,
    )


def finding_rule(policy: Policy, name: str) -> Rule:
    """What the findings of a rule speak for; its texts come from the policy's annotations."""
    return Rule(
        source=SOURCE,
        policy=f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name,
        name=name,
        title=policy.annotation("title") or policy.name,
        severity=_severity(policy.annotation("severity")),
        category=policy.annotation("category"),
        remedy=policy.annotations.get(REMEDY, ""),
        remediation=policy.annotations.get(REMEDIATION, ""),
        scored=policy.annotation("scored") != "false",
    )


def _severity(text: str) -> Severity:
    try:
        return Severity(text.lower())
    except ValueError:
        return Severity.MEDIUM


class _Run:
    """A rule at run time: its entries, its preconditions, its check."""

    def __init__(self, rule: PolicyRule, validate: Validate, policy_namespace: str) -> None:
        self._base_name = rule.name.removeprefix(PREFIX).removeprefix("cronjob-")
        self._entries = compile_entries(rule.context, policy_namespace)
        self._preconditions = compile_conditions(rule.preconditions) if rule.preconditions else None
        self._validate = validate
        validation = rule.validation
        patterns = (validation.pattern, validation.any_pattern) if validation else ()
        self._needs_object = any(pattern is not None for pattern in patterns)

    def __call__(self, request: Request, context_of: ContextOf) -> RuleResult | None:
        """The result; None for a pattern on something that is deleted."""
        context = context_of()
        values = request.subject.rule_values.get(self._base_name) if request.subject.rule_values else None
        if values:
            context = context.child(merged(context.root, values), self._entries, frozenset(values))
        elif self._entries:
            context = context.child({}, self._entries)
        if self._preconditions:
            skipped = self._unless_met(context)
            if skipped is not None:
                return skipped
        if self._needs_object and request.operation == "DELETE":
            return None
        return self._validate(context, request.document)

    def _unless_met(self, context: Context) -> RuleResult | None:
        judgement: Judgement
        try:
            judgement = self._preconditions(context)  # type: ignore[misc]  # called only when there are some
        except ExpressionError as error:
            return error_result("failed to evaluate preconditions", error)
        if judgement.holds:
            return None
        text = "preconditions not met"
        return RuleResult(Outcome.SKIP, f"{text}; {judgement.message}" if judgement.message else text)


def _compile_run(rule: PolicyRule, policy_namespace: str) -> "_Run":
    return _Run(rule, _compile_check(rule, policy_namespace), policy_namespace)


def _compile_check(rule: PolicyRule, policy_namespace: str) -> Validate:
    feature = unsupported_feature(rule)
    if feature or rule.validation is None:
        return _unsupported(feature)
    try:
        return _compile_validation(
            rule.validation, Message(rule.name, rule.validation.message), policy_namespace
        )
    except PatternTooDeepError as error:
        return _always(RuleResult(Outcome.ERROR, error.message))


def _compile_validation(validation: Validation, message: Message, policy_namespace: str) -> Validate:
    if validation.pattern is not None:
        return compile_single(validation.pattern, message)
    if validation.any_pattern is not None:
        return compile_any(validation.any_pattern, message)
    if validation.deny is not None:
        return compile_deny(validation.deny, message)
    return compile_foreach(validation.foreach or (), message, policy_namespace)


_PARTS = {"mutate": "mutate", "generate": "generate", "verify_images": "verifyImages"}
_WAYS = {
    "pod_security": "validate.podSecurity",
    "cel": "validate.cel",
    "manifests": "validate.manifests",
    "assertion": "validate.assert",
}


def unsupported_feature(rule: PolicyRule) -> str:
    """What a rule asks for that this engine does not do; empty for none."""
    if rule.cel_preconditions:
        return "celPreconditions"
    for attribute, name in _PARTS.items():
        if getattr(rule, attribute) is not None:
            return name
    for attribute, name in _WAYS.items():
        if rule.validation and getattr(rule.validation, attribute) is not None:
            return name
    return ""


def _unsupported(feature: str) -> Validate:
    text = f"{feature} is not supported: this rule was not evaluated"
    return _always(RuleResult(Outcome.ERROR, text, UnsupportedEvidence(feature)))


def _always(result: RuleResult) -> Validate:
    return lambda _context, _value: result

"""A rule at run time: its context, its preconditions, its exceptions, its check."""

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.autogen import PREFIX
from propolis.policy.engine.cel.rule_validation import CelValidation
from propolis.policy.engine.conditions import Judge, compile_conditions
from propolis.policy.engine.context import Context
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.evidence import ExceptionEvidence
from propolis.policy.engine.exceptions import CompiledException
from propolis.policy.engine.merging import merged
from propolis.policy.engine.policy_set import ContextOf
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult, error_result
from propolis.policy.engine.validate import Validate
from propolis.policy.engine.validate_pattern import PatternValidation
from propolis.policy.engine.variables import Constant, Resolve, compile_document
from propolis.policy.model.rule import PolicyRule


class RuleRun:
    """Judges a resource by one rule."""

    def __init__(
        self,
        rule: PolicyRule,
        validate: Validate,
        policy_namespace: str,
        exceptions: tuple[CompiledException, ...],
        cel: CelValidation | None = None,
    ) -> None:
        self._base_name = rule.name.removeprefix(PREFIX).removeprefix("cronjob-")
        self._entries = compile_entries(rule.context, policy_namespace)
        self._preconditions = compile_conditions(rule.preconditions) if rule.preconditions else None
        self._validate = validate
        self._cel = cel
        self._exceptions = exceptions
        validation = rule.validation
        ways = (validation.pattern, validation.any_pattern, validation.pod_security) if validation else ()
        properties = compile_document(rule.report_properties or {})
        self._properties = None if isinstance(properties, Constant) else properties
        self._needs_object = any(way is not None for way in ways) or bool(
            rule.verify_images or (rule.mutate and not rule.mutate.targets)
        )

    def __call__(self, request: Request, context_of: ContextOf) -> RuleResult | None:
        """The result; None for a pattern on something that is deleted."""
        context = self.inside(request, context_of())
        if self._preconditions:
            skipped = _unless_met(self._preconditions, context)
            if skipped is not None:
                return skipped
        result = self._judged(request, context)
        if result is None or self._properties is None:
            return result
        return msgspec.structs.replace(result, properties=_filled_in(self._properties, context))

    def _judged(self, request: Request, context: Context) -> RuleResult | None:
        let_off = [item for item in self._exceptions if item.lets_off(request, context)]
        whole = [item.key for item in let_off if not item.pod_security]
        if whole:
            text = f"rule is skipped due to policy exceptions {', '.join(whole)}"
            return RuleResult(Outcome.SKIP, text, ExceptionEvidence(tuple(whole)))
        if self._needs_object and request.operation == "DELETE":
            return None
        if self._cel is not None:
            return self._cel(request, context)
        return self._validate(context.excepting(let_off) if let_off else context, request.document)

    def inside(self, request: Request, context: Context) -> Context:
        """The context with the rule's own entries and the values that the subject brings for it."""
        values = request.subject.rule_values.get(self._base_name) if request.subject.rule_values else None
        if values:
            return context.child(merged(context.root, values), self._entries, frozenset(values))
        return context.child({}, self._entries) if self._entries else context


class PatternRun:
    """A rule that is patterns without variables: a resource that meets them needs no context."""

    __slots__ = ("_judge", "_run")

    def __init__(self, run: RuleRun, validate: PatternValidation) -> None:
        self._run = run
        self._judge = validate.judge

    def __call__(self, request: Request, context_of: ContextOf) -> RuleResult | None:
        """The result of the rule; None for something that is deleted."""
        if request.operation == "DELETE":
            return None
        return self._judge(request.document, lambda: self._run.inside(request, context_of()))


def is_plain(rule: PolicyRule, exceptions: tuple[CompiledException, ...]) -> bool:
    """Whether nothing but its check has a say in a rule."""
    has_variables = any("{{" in text for text in (rule.report_properties or {}).values())
    return not (rule.preconditions or rule.cel_preconditions or exceptions or has_variables)


def _filled_in(properties: Resolve, context: Context) -> dict[str, str] | None:
    """Properties with their variables; None where one has no text, as they stand in the rule then."""
    try:
        found = properties(context)
    except ExpressionError:
        return None
    return found if all(isinstance(text, str) for text in found.values()) else None


def _unless_met(preconditions: Judge, context: Context) -> RuleResult | None:
    try:
        judgement = preconditions(context)
    except ExpressionError as error:
        return error_result("failed to evaluate preconditions", error)
    if judgement.holds:
        return None
    text = "preconditions not met"
    return RuleResult(Outcome.SKIP, f"{text}; {judgement.message}" if judgement.message else text)

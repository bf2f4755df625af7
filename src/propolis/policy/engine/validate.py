"""Validate rules: pattern, anyPattern, deny. Messages are Kyverno's.

Follows Kyverno pkg/engine/handlers/validation/validate_resource.go @ 111e07b.
"""

from collections.abc import Callable, Sequence
from typing import Any

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.context import Context
from propolis.policy.engine.evidence import DenyEvidence, PatternEvidence
from propolis.policy.engine.formatting import shown
from propolis.policy.engine.mismatch import FAIL, NEGATION, SKIP, Mismatch
from propolis.policy.engine.pattern import Check, PatternTooDeepError, compile_pattern, pattern_check
from propolis.policy.engine.pattern_source import meets_later
from propolis.policy.engine.result import RuleResult, error_result
from propolis.policy.engine.variables import Constant, Resolve, compile_document, compile_text
from propolis.policy.model.validation import Deny

Validate = Callable[[Context, Any], RuleResult | None]
"""Judges a resource, or an element of it, in a context."""


def passed(rule: str) -> RuleResult:
    """What a rule says that is met."""
    return RuleResult(Outcome.PASS, f"validation rule '{rule}' passed.")


class Message:
    """The message of a rule, its variables filled in when a rule fails."""

    def __init__(self, rule: str, text: str | None) -> None:
        self.rule = rule
        self.text = text or ""
        self._resolve = compile_text(self.text)

    def filled(self, context: Context) -> str | None:
        """The message; None when a variable of it cannot be resolved."""
        return _filled(self._resolve, context)

    def denied(self, context: Context, reasons: str) -> str:
        """What a deny rule says: its message and those of its conditions."""
        if not self.text and not reasons:
            return f"validation error: rule {self.rule} failed"
        joined = "; ".join(part for part in (self.text, reasons) if part)
        resolve = compile_text(joined) if reasons else self._resolve
        found = _filled(resolve, context)
        return reasons if found is None else found

    def failed(self, context: Context, found: Mismatch, path: str) -> str:
        """What a pattern says: the message and where it failed, or why when there is no path."""
        where = f"failed at path {path}" if path else f"execution error: {found.message()}"
        if not self.text:
            return f"validation error: rule {self.rule} {where}"
        text = self.filled(context)
        if text is None:
            return self._unfilled(found.message())
        return f"validation error: {_sentence(text)} rule {self.rule} {where}"

    def none_matched(self, context: Context, problems: Sequence[str]) -> str:
        """What an anyPattern says when none of its patterns is met."""
        joined = " ".join(problems)
        if not self.text:
            return f"validation error: {joined}"
        found = self.filled(context)
        if found is None:
            return self._unfilled(joined)
        return f"validation error: {_sentence(found)} {joined}"

    def _unfilled(self, problem: str) -> str:
        return (
            f"validation error: variables substitution error in rule {self.rule} execution error: {problem}"
        )


def _filled(resolve: Resolve, context: Context) -> str | None:
    try:
        found = resolve(context)
    except ExpressionError:
        return None
    if isinstance(found, str):
        return found
    return "the produced message didn't resolve to a string, check your policy definition."


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def compile_deny(deny: Deny, message: Message) -> Validate:
    """A deny rule as a function."""
    judge = compile_conditions(deny.conditions)
    result = passed(message.rule)

    def validate(context: Context, value: Any) -> RuleResult:
        del value
        try:
            judgement = judge(context)
        except ExpressionError as error:
            return error_result("failed to check deny conditions", error)
        if not judgement.holds:
            return result
        text = message.denied(context, judgement.message)
        return RuleResult(Outcome.FAIL, text, DenyEvidence(judgement.texts()))

    return validate


def _compile_resolved(pattern: Any) -> Callable[[Context], Check]:
    """The check of a pattern whose variables are filled in first; without variables it is made once."""
    resolve = compile_document(pattern)
    if isinstance(resolve, Constant):
        check = compile_pattern(resolve.value)
        return lambda _: check
    return lambda context: pattern_check(resolve(context))


def compile_single(pattern: Any, message: Message) -> Validate:
    """A pattern as a function."""
    check_of = _compile_resolved(pattern)
    result = passed(message.rule)

    def validate(context: Context, value: Any) -> RuleResult:
        try:
            check = check_of(context)
        except (ExpressionError, PatternTooDeepError) as error:
            return error_result("variable substitution failed", error)
        seen: dict[str, bool] = {}
        found = check(value, seen)
        return result if found is None else _departed(found, seen, context, message)

    return validate


def _departed(found: Mismatch, seen: dict[str, bool], context: Context, message: Message) -> RuleResult:
    """The result of a departure. An anchor whose key is nowhere makes a failure an error."""
    if found.kind is SKIP:
        return RuleResult(Outcome.SKIP, found.message())
    if found.kind is FAIL and not all(seen.values()):
        return RuleResult(Outcome.ERROR, message.failed(context, found, ""), _evidence(found))
    path = found.path()
    return RuleResult(Outcome.FAIL, message.failed(context, found, path), _evidence(found, path))


def _evidence(found: Mismatch, path: str = "") -> PatternEvidence:
    expected = "not there" if found.kind is NEGATION else shown(found.expected)
    return PatternEvidence(path or found.path(), shown(found.value), expected)


def compile_any(patterns: list[Any], message: Message) -> Validate:
    """An anyPattern as a function: the first pattern that is met decides."""
    checks = [_compile_resolved(pattern) for pattern in patterns]
    is_constant = all(isinstance(compile_document(pattern), Constant) for pattern in patterns)
    fast = [meets_later(pattern) for pattern in patterns] if is_constant else []
    name = message.rule
    met = [
        RuleResult(Outcome.PASS, f"validation rule '{name}' anyPattern[{index}] passed.")
        for index in range(len(checks))
    ]

    def validate(context: Context, value: Any) -> RuleResult:
        try:
            ready = [check(context) for check in checks]
        except (ExpressionError, PatternTooDeepError) as error:
            return error_result("variable substitution failed", error)
        failed: list[str] = []
        skipped: list[str] = []
        first: Mismatch | None = None
        for index, check in enumerate(ready):
            if fast and fast[index](value):
                return met[index]
            seen: dict[str, bool] = {}
            found = check(value, seen)
            if found is None:
                return met[index]
            if found.kind is SKIP:
                skipped.append(f"rule {name}[{index}] skipped: {found.message()}")
                continue
            first = first or found
            failed.append(_any_problem(f"rule {name}[{index}]", found, seen))
        if first is None:
            return (
                RuleResult(Outcome.SKIP, " ".join(skipped))
                if skipped
                else RuleResult(Outcome.PASS, message.text)
            )
        return RuleResult(Outcome.FAIL, message.none_matched(context, failed), _evidence(first))

    return validate


def _any_problem(name: str, found: Mismatch, seen: dict[str, bool]) -> str:
    if found.kind is FAIL and not all(seen.values()):
        return f"{name} failed: {found.message()}"
    return f"{name} failed at path {found.path()}"

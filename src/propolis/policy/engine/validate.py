"""Validate rules: their messages, which are Kyverno's, and deny. Patterns are in `validate_pattern`.

Follows Kyverno pkg/engine/handlers/validation/validate_resource.go @ 111e07b.
"""

from collections.abc import Callable, Sequence
from typing import Any

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.context import Context
from propolis.policy.engine.evidence import DenyEvidence
from propolis.policy.engine.mismatch import Mismatch
from propolis.policy.engine.result import RuleResult, error_result
from propolis.policy.engine.variables import Constant, Resolve, compile_text
from propolis.policy.model.validation import Deny

Validate = Callable[[Context, Any], RuleResult | None]
"""Judges a resource, or an element of it, in a context."""


def passed(rule: str) -> RuleResult:
    """What a rule says that is met."""
    return RuleResult(Outcome.PASS, f"validation rule '{rule}' passed.")


class Message:
    """The message of a rule, its variables filled in when a rule fails.

    Attributes:
        is_constant: Whether it has no variables.
    """

    def __init__(self, rule: str, text: str | None) -> None:
        self.rule = rule
        self.text = text or ""
        self._resolve = compile_text(self.text)
        self.is_constant = isinstance(self._resolve, Constant)

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

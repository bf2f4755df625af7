"""Validate rules with pattern and anyPattern. Messages are Kyverno's.

Follows Kyverno pkg/engine/handlers/validation/validate_resource.go @ 111e07b.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.context import Context
from propolis.policy.engine.evidence import PatternEvidence
from propolis.policy.engine.formatting import shown
from propolis.policy.engine.mismatch import FAIL, NEGATION, SKIP, Mismatch
from propolis.policy.engine.pattern_holes import Holes, RulePattern, filled
from propolis.policy.engine.pattern_tree import PatternTooDeepError
from propolis.policy.engine.result import RuleResult, error_result
from propolis.policy.engine.validate import Message, passed

if TYPE_CHECKING:
    from propolis.policy.engine.pattern_labels import Check

ContextOf = Callable[[], Context]
_NOWHERE: Any = None
"""The context of messages and patterns without variables: they look at nothing."""


class PatternValidation:
    """A rule with one pattern, or with several of which one must be met.

    Attributes:
        is_constant: Whether no pattern has variables, so that what meets one needs no context.
    """

    __slots__ = ("is_constant", "message", "patterns")

    def __init__(self, patterns: list[RulePattern], message: Message) -> None:
        self.patterns = patterns
        self.message = message
        self.is_constant = all(pattern.is_constant for pattern in patterns)

    def __call__(self, context: Context, value: Any) -> RuleResult:
        """The result on a value."""
        return self.judge(value, lambda: context)

    def judge(self, value: Any, context_of: ContextOf) -> RuleResult:
        """The result on a value; the context is made only when something needs it."""
        raise NotImplementedError

    def _told_in(self, context_of: ContextOf) -> Context:
        return _NOWHERE if self.message.is_constant else context_of()


class SinglePattern(PatternValidation):
    """A rule with one pattern."""

    __slots__ = ("_check", "_pattern", "_result")

    def __init__(self, pattern: Any, message: Message) -> None:
        self._check: Check | None = None
        self._pattern = RulePattern(pattern)
        self._result = passed(message.rule)
        super().__init__([self._pattern], message)

    def judge(self, value: Any, context_of: ContextOf) -> RuleResult:
        """The result on a value."""
        seen: dict[str, bool] = {}
        holes: Holes = ()
        check = self._check
        if check is not None:
            found = check(value, seen)
        elif self.is_constant:
            self._check = self._pattern.check
            found = self._check(value, seen)
        else:
            try:
                check, holes = self._pattern.ready(context_of())
            except (ExpressionError, PatternTooDeepError) as error:
                return error_result("variable substitution failed", error)
            found = check(value, seen, holes)
        if found is None:
            return self._result
        found.expected = filled(found.expected, holes)
        if found.kind is SKIP:
            return RuleResult(Outcome.SKIP, found.message())
        return _departed(found, seen, self._told_in(context_of), self.message)


def _departed(found: Mismatch, seen: dict[str, bool], context: Context, message: Message) -> RuleResult:
    """The result of a departure. An anchor whose key is nowhere makes a failure an error."""
    path = found.path()
    if found.kind is FAIL and (found.is_placeless or not all(seen.values())):
        return RuleResult(Outcome.ERROR, message.failed(context, found, ""), _evidence(found, path))
    return RuleResult(Outcome.FAIL, message.failed(context, found, path), _evidence(found, path))


def _evidence(found: Mismatch, path: str) -> PatternEvidence:
    expected = "not there" if found.kind is NEGATION else shown(found.expected)
    return PatternEvidence(path, shown(found.value), expected)


class AnyPattern(PatternValidation):
    """A rule with several patterns: the first that is met decides."""

    __slots__ = ("_met", "_ready")

    def __init__(self, patterns: list[Any], message: Message) -> None:
        self._ready: list[tuple[Check, Holes]] = []
        super().__init__([RulePattern(pattern) for pattern in patterns], message)
        self._met = [
            RuleResult(Outcome.PASS, f"validation rule '{message.rule}' anyPattern[{index}] passed.")
            for index in range(len(patterns))
        ]

    def judge(self, value: Any, context_of: ContextOf) -> RuleResult:
        """The result on a value."""
        ready: list[tuple[Check, Holes]]
        if self.is_constant:
            ready = self._ready = self._ready or [(pattern.check, ()) for pattern in self.patterns]
        else:
            try:
                ready = [pattern.ready(context_of()) for pattern in self.patterns]
            except (ExpressionError, PatternTooDeepError) as error:
                return error_result("variable substitution failed", error)
        departures: list[tuple[Mismatch, dict[str, bool]]] = []
        for index, (check, holes) in enumerate(ready):
            seen: dict[str, bool] = {}
            found = check(value, seen, holes)
            if found is None:
                return self._met[index]
            found.expected = filled(found.expected, holes)
            departures.append((found, seen))
        return self._none_met(departures, context_of)

    def _none_met(
        self, departures: list[tuple[Mismatch, dict[str, bool]]], context_of: ContextOf
    ) -> RuleResult:
        name = self.message.rule
        failed = [
            _any_problem(f"rule {name}[{index}]", found, seen)
            for index, (found, seen) in enumerate(departures)
            if found.kind is not SKIP
        ]
        if failed:
            first = next(found for found, _ in departures if found.kind is not SKIP)
            text = self.message.none_matched(self._told_in(context_of), failed)
            return RuleResult(Outcome.FAIL, text, _evidence(first, first.path()))
        skipped = [
            f"rule {name}[{index}] skipped: {found.message()}" for index, (found, _) in enumerate(departures)
        ]
        if skipped:
            return RuleResult(Outcome.SKIP, " ".join(skipped))
        return RuleResult(Outcome.PASS, self.message.text)


def _any_problem(name: str, found: Mismatch, seen: dict[str, bool]) -> str:
    if found.kind is FAIL and (found.is_placeless or not all(seen.values())):
        return f"{name} failed: {found.message()}"
    return f"{name} failed at path {found.path()}"

"""Ways to mend a resource for a validate rule, whatever way of checking the rule has."""

from typing import Any

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.exceptions import CompiledException
from propolis.policy.engine.explain.check_trace import CheckTracer
from propolis.policy.engine.explain.condition_edits import condition_edits
from propolis.policy.engine.explain.edits import Candidate, cheapest, together
from propolis.policy.engine.explain.pattern_edits import pattern_edits
from propolis.policy.engine.explain.pod_security_edits import pod_security_edits
from propolis.policy.engine.explain.recording import RecordingContext
from propolis.policy.engine.explain.trace import Budget, Path
from propolis.policy.engine.foreach import element_values, list_elements
from propolis.policy.engine.pattern_tree import PatternTooDeepError
from propolis.policy.engine.variables import compile_document
from propolis.policy.model.validation import ForEachValidation, Validation

MOST_ELEMENTS = 64
"""Failing elements of one list that are mended."""


class CheckEdits:
    """Ways for one rule on one document; nothing of them is verified."""

    def __init__(self, document: Any, policy_namespace: str, exceptions: list[CompiledException]) -> None:
        self._document = document
        self._namespace = policy_namespace
        self._exceptions = exceptions
        self._tracer = CheckTracer(document, Budget(0), policy_namespace)
        self.failing = 0

    def ways(self, validation: Validation, context: RecordingContext) -> list[Candidate]:
        """Ways to mend the whole resource, or a part of it after which less is wrong."""
        if validation.pod_security is not None:
            return pod_security_edits(validation.pod_security, self._exceptions, self._document)
        if validation.foreach is not None:
            return self._foreach(validation.foreach, context, self._document, 0)
        return self._check(validation, context, self._document, ())

    def _check(
        self, check: Validation, context: RecordingContext, value: Any, target: Path | None
    ) -> list[Candidate]:
        if check.deny is not None:
            return condition_edits(check.deny.conditions, context, self._tracer.place_of)
        patterns = [check.pattern] if check.pattern is not None else check.any_pattern or []
        if target is None:
            return []
        ways: list[Candidate] = []
        for pattern in patterns:
            try:
                ways += pattern_edits(compile_document(pattern)(context), value, target)
            except (ExpressionError, PatternTooDeepError):
                continue
        return sorted(ways, key=lambda way: way.cost)

    def _foreach(
        self, items: tuple[ForEachValidation, ...], context: RecordingContext, value: Any, level: int
    ) -> list[Candidate]:
        """The same way, by rank, for every failing element of a list; and for each of them alone."""
        parts: list[list[Candidate]] = []
        for item in items:
            parts += self._list(item, context, value, level)
        parts = [part for part in parts if part]
        if not parts:
            return []
        ways = [way for part in parts[:8] for way in part]
        most = max(map(len, parts))
        for rank in range(most):
            chosen = [part[min(rank, len(part) - 1) :][:1] for part in parts]
            ways += together(chosen)
        ways += together([cheapest(part) for part in parts])
        return sorted(ways, key=lambda way: way.cost)

    def _list(
        self, item: ForEachValidation, context: RecordingContext, value: Any, level: int
    ) -> list[list[Candidate]]:
        try:
            elements = list_elements(item.list or "", context)
        except ExpressionError:
            return []
        parts: list[list[Candidate]] = []
        for index, element in enumerate(elements):
            if element is None or len(parts) >= MOST_ELEMENTS:
                continue
            made = compile_entries(item.context, self._namespace)
            entries = context.record.entries(made, ("foreach",))
            inner = context.child(element_values(element, index, level), entries)
            if item.preconditions and not _holds(item, inner):
                continue
            parts.append(self._element(item, inner, element, value, level))
        return parts

    def _element(
        self, item: ForEachValidation, context: RecordingContext, element: Any, value: Any, level: int
    ) -> list[Candidate]:
        if item.foreach is not None:
            return self._foreach(item.foreach, context, value, level + 1)
        is_object = isinstance(element, dict)
        is_scoped = is_object if item.element_scope is None else item.element_scope
        patterns = item.any_pattern
        patterns = patterns if patterns is None or isinstance(patterns, list) else [patterns]
        check = Validation(pattern=item.pattern, any_pattern=patterns, deny=item.deny)
        target = self._tracer.place_of(element) if is_scoped else ()
        inside = element if is_scoped else value
        if self._tracer.trace(check, context, inside, (), target).outcome is not Outcome.FAIL:
            return []
        self.failing += 1
        return self._check(check, context, inside, target)


def _holds(item: ForEachValidation, context: RecordingContext) -> bool:
    try:
        return compile_conditions(item.preconditions)(context).holds
    except ExpressionError:
        return False

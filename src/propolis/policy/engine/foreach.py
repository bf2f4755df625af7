"""Foreach in validate rules: every element of some lists, nested lists within them."""

from typing import Any

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError, NotFoundError, compile_expression
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.context import Context, ContextError
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.formatting import go_type
from propolis.policy.engine.questions import Questions
from propolis.policy.engine.result import RuleResult, error_result
from propolis.policy.engine.validate import Message, Validate, compile_deny
from propolis.policy.engine.validate_pattern import AnyPattern, SinglePattern
from propolis.policy.model.validation import ForEachValidation

MOST_ELEMENTS = 100_000
"""Elements that one list may have; a longer one makes the rule an error."""


def compile_foreach(
    items: tuple[ForEachValidation, ...], message: Message, policy_namespace: str = "", level: int = 0
) -> Validate:
    """The function that checks all lists. A list that is not there is left out."""
    loops = [_Loop(item, message, policy_namespace, level) for item in items]
    passed = RuleResult(Outcome.PASS, "rule passed")

    def validate(context: Context, value: Any) -> RuleResult | None:
        applied = 0
        problem: ExpressionError | None = None
        for loop in loops:
            try:
                elements = loop.elements(context)
            except NotFoundError:
                continue
            except ExpressionError as error:
                problem = problem or error
                continue
            result, count = loop.run(elements, context, value)
            if result is not None:
                return result
            applied += count
        if applied:
            return passed
        return error_result("failed to evaluate list", problem) if problem else None

    return validate


def list_elements(text: str, context: Context) -> list[Any]:
    """The elements that an expression gives; a value that is no list is the one element.

    Raises:
        ExpressionError: The list cannot be evaluated or has too many elements.
    """
    found = context.query(compile_expression(text.strip()))
    if isinstance(found, list) and len(found) > MOST_ELEMENTS:
        raise ExpressionError(f"the list has more than {MOST_ELEMENTS} elements")
    return found if isinstance(found, list) else [found]


def element_values(element: Any, index: int, level: int) -> dict[str, Any]:
    """The variables of one element; ``element0`` is that of the outermost list."""
    return {
        "element": element,
        f"element{level}": element,
        "elementIndex": index,
        f"elementIndex{level}": index,
    }


class _Loop:
    """One list and what is checked on each of its elements."""

    def __init__(self, item: ForEachValidation, message: Message, policy_namespace: str, level: int) -> None:
        self._list = item.list or ""
        self._scope = item.element_scope
        self._level = level
        self._entries = compile_entries(item.context, policy_namespace)
        self._preconditions = compile_conditions(item.preconditions) if item.preconditions else None
        self._validate = _compile_element(item, message, policy_namespace, level)

    def elements(self, context: Context) -> list[Any]:
        """The elements; a value that is no list is the one element.

        Raises:
            ExpressionError: The list cannot be evaluated or has too many elements.
        """
        return list_elements(self._list, context)

    def run(self, elements: list[Any], context: Context, value: Any) -> tuple[RuleResult | None, int]:
        """The first result that is no pass, or None, and how many elements were checked."""
        applied = 0
        questions = Questions()
        for index, element in enumerate(elements):
            if element is None:
                continue
            result = None
            with questions:
                try:
                    inner, target = self._inside(context, element, index, value)
                except ExpressionError as error:
                    return error_result("failed to process foreach", error), applied
                result = self._judge(inner, target)
            if result is None or result.outcome is Outcome.SKIP:
                continue
            if result.outcome is not Outcome.PASS:
                message = f"validation failure: {result.message}"
                return RuleResult(result.outcome, message, result.evidence), applied
            applied += 1
        questions.ask()
        return None, applied

    def _inside(self, context: Context, element: Any, index: int, value: Any) -> tuple[Context, Any]:
        """The context of an element and what patterns apply to: the element if it is an object."""
        values = element_values(element, index, self._level)
        is_object = isinstance(element, dict)
        if self._scope and not is_object:
            raise ContextError(
                "cannot use elementScope=true foreach rules for elements that are not maps, "
                f"expected type=map got type={go_type(element)}"
            )
        scoped = is_object if self._scope is None else self._scope
        return context.child(values, self._entries), element if scoped else value

    def _judge(self, context: Context, target: Any) -> RuleResult | None:
        if self._preconditions:
            try:
                judgement = self._preconditions(context)
            except ExpressionError:
                return None
            if not judgement.holds:
                return None
        return self._validate(context, target)


def _compile_element(
    item: ForEachValidation, message: Message, policy_namespace: str, level: int
) -> Validate:
    if item.pattern is not None:
        return SinglePattern(item.pattern, message)
    if item.any_pattern is not None:
        return AnyPattern(
            item.any_pattern if isinstance(item.any_pattern, list) else [item.any_pattern], message
        )
    if item.deny is not None:
        return compile_deny(item.deny, message)
    return compile_foreach(item.foreach or (), message, policy_namespace, level + 1)

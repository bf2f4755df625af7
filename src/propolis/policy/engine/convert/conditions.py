"""Preconditions and deny conditions as CEL, and the operations for which preconditions can hold at all."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from propolis.policy.engine.convert.jmespath import translate
from propolis.policy.engine.convert.operators import compare
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.terms import FALSE, TRUE, Choice, Term, and_, or_
from propolis.policy.engine.convert.values import Constant, Found, Truth
from propolis.policy.engine.operators import OPERATORS
from propolis.policy.model.conditions import AnyAllConditions, Condition, Conditions

_WHOLE = re.compile(r"\s*\{\{((?:[^{}]|\{[^{}]*\}|'\{\{.*?\}\}')*)\}\}\s*", re.DOTALL)
_OPERATION = re.compile(r"\{\{\s*request\.operation\s*(\|\|\s*'[A-Z]*'\s*)?\}\}")


def translate_conditions(conditions: Conditions | None, scope: Scope) -> Truth:
    """Whether conditions hold; without any they do.

    Raises:
        Refused: One has no sure translation.
    """
    if conditions is None:
        return Truth(TRUE)
    if not isinstance(conditions, AnyAllConditions):
        return _all(conditions, scope)
    every = _all(conditions.all or (), scope)
    if conditions.any is None:
        return every
    some = _any(conditions.any, scope)
    return _both([some, every])


def _all(items: Iterable[Condition], scope: Scope) -> Truth:
    return _both([translate_condition(item, scope) for item in items])


def _both(found: Sequence[Truth]) -> Truth:
    """All of some, in order: an error of one is an error, whatever those after it are."""
    term: Term = TRUE
    for number, one in enumerate(reversed(found)):
        is_last = number == 0 or term == TRUE
        term = and_([one.term, term]) if is_last or not one.can_fail else Choice(one.term, term, FALSE)
    return Truth(term, any(one.can_fail for one in found))


def _any(items: Iterable[Condition], scope: Scope) -> Truth:
    """The first that holds; an error before it is an error."""
    found = [translate_condition(item, scope) for item in items]
    term: Term = FALSE
    for number, one in enumerate(reversed(found)):
        is_last = number == 0 or term == FALSE
        term = or_([one.term, term]) if is_last or not one.can_fail else Choice(one.term, TRUE, term)
    return Truth(term, any(one.can_fail for one in found))


def translate_condition(condition: Condition, scope: Scope) -> Truth:
    """One condition. Raises `Refused`."""
    if condition.operator.lower() not in OPERATORS:
        raise Refused(f"the operator {condition.operator!r}")
    return compare(condition.operator, side_of(condition.key, scope), side_of(condition.value, scope))


def side_of(value: Any, scope: Scope) -> Found:
    """A key or value of a condition. Raises `Refused`."""
    if isinstance(value, str) and "{{" in value:
        whole = _WHOLE.fullmatch(value)
        if whole is None:
            raise Refused(f"the text {value!r} is put together of variables")
        return translate(whole[1], scope)
    if has_variables(value):
        raise Refused("a list or object with variables inside")
    return Constant(list(value) if isinstance(value, tuple) else value)


def has_variables(value: Any) -> bool:
    """Whether a variable stands anywhere in a document."""
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, dict):
        return any(has_variables(part) for pair in value.items() for part in pair)
    return isinstance(value, list | tuple) and any(map(has_variables, value))


def split_operations(
    conditions: Conditions | None, operations: Sequence[str]
) -> tuple[Conditions | None, tuple[str, ...]]:
    """What preconditions ask of the operation, and the conditions that are left.

    Args:
        conditions: As they are.
        operations: Those for which the rule is.

    Returns:
        The others, and the operations for which they may hold.
    """
    if conditions is None:
        return None, tuple(operations)
    if not isinstance(conditions, AnyAllConditions):
        kept, left = _split(conditions, operations)
        return kept or None, left
    every, left = _split(conditions.all or (), operations)
    some = conditions.any
    if some and all(map(_is_about_operation, some)):
        left = tuple(one for one in left if any(_holds(item, one) for item in some))
        some = None
    if not every and some is None:
        return None, left
    return AnyAllConditions(some, every or None), left


def _split(
    items: tuple[Condition, ...], operations: Sequence[str]
) -> tuple[tuple[Condition, ...], tuple[str, ...]]:
    about = [item for item in items if _is_about_operation(item)]
    left = tuple(one for one in operations if all(_holds(item, one) for item in about))
    return tuple(item for item in items if item not in about), left


def _is_about_operation(condition: Condition) -> bool:
    return (
        isinstance(condition.key, str)
        and _OPERATION.fullmatch(condition.key.strip()) is not None
        and not has_variables(condition.value)
        and condition.operator.lower() in OPERATORS
    )


def _holds(condition: Condition, operation: str) -> bool:
    value = list(condition.value) if isinstance(condition.value, tuple) else condition.value
    return OPERATORS[condition.operator.lower()](operation, value)

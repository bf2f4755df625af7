"""Conditions of preconditions and deny: any and all, with messages."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.context import Context
from propolis.policy.engine.formatting import shown
from propolis.policy.engine.operators import OPERATORS
from propolis.policy.engine.variables import Constant, Resolve, compile_document
from propolis.policy.model.conditions import AnyAllConditions, Condition, Conditions

Decided: TypeAlias = tuple[Any, str, Any]


class Judgement(msgspec.Struct, frozen=True):
    """Whether conditions hold, their messages, and those that decided as key, operator and value."""

    holds: bool
    message: str = ""
    decided: tuple[Decided, ...] = ()

    def texts(self) -> tuple[str, ...]:
        """The conditions that decided, for people: ``key operator value``."""
        return tuple(f"{shown(key)} {operator} {shown(value)}" for key, operator, value in self.decided)


Judge = Callable[[Context], Judgement]
_One = Callable[[Context], Decided | None]
"""The condition with its values where it holds."""

TRUE = Judgement(holds=True)


def compile_conditions(conditions: Conditions | None) -> Judge:
    """The function that judges conditions; without any they hold.

    The function raises `ExpressionError` when a variable cannot be resolved or an operator is unknown.
    """
    if conditions is None:
        return lambda _: TRUE
    if isinstance(conditions, AnyAllConditions):
        return _compile_any_all(conditions)
    return _compile_list(conditions)


def _compile_one(condition: Condition) -> _One:
    key, value = compile_document(condition.key), compile_document(condition.value)
    operator = OPERATORS.get(condition.operator.lower())
    if operator is None:
        return _unknown(condition.operator)

    name = condition.operator
    if isinstance(value, Constant):
        return _compile_bound(key, name, operator.bind(value.value), value.value)

    def judge(context: Context) -> Decided | None:
        found_key = _resolved(key, context, "key")
        found_value = _resolved(value, context, "value")
        return (found_key, name, found_value) if operator(found_key, found_value) else None

    return judge


def _compile_bound(key: Resolve, name: str, test: Callable[[Any], bool], value: Any) -> _One:
    """A condition whose value is known before any resource is."""

    def judge(context: Context) -> Decided | None:
        found = _resolved(key, context, "key")
        return (found, name, value) if test(found) else None

    return judge


def _resolved(resolve: Callable[[Context], Any], context: Context, part: str) -> Any:
    try:
        return resolve(context)
    except ExpressionError as error:
        raise ExpressionError(
            f"failed to substitute variables in condition {part}: {error.message}"
        ) from error


def _unknown(operator: str) -> _One:
    def judge(context: Context) -> Decided | None:
        del context
        raise ExpressionError(f"unknown condition operator {operator!r}")

    return judge


def _joined(messages: list[str], separator: str) -> str:
    return separator.join(message for message in messages if message)


def _compile_any_all(conditions: AnyAllConditions) -> Judge:
    """One of ``any`` and each of ``all``; a given but empty ``any`` never holds."""
    some = (
        None
        if conditions.any is None
        else [(_compile_one(item), item.message or "") for item in conditions.any]
    )
    every = [(_compile_one(item), item.message or "") for item in conditions.all or ()]

    def judge(context: Context) -> Judgement:
        held: list[str] = []
        failed: list[str] = []
        decided: list[Decided] = []
        is_any = some is None or _first(some, context, held, failed, decided)
        is_all = _each(every, context, held, failed, decided)
        holds = is_any and is_all
        return Judgement(holds, _joined(held if holds else failed, "; "), tuple(decided) if holds else ())

    return judge


def _first(
    checks: list[tuple[_One, str]],
    context: Context,
    held: list[str],
    failed: list[str],
    decided: list[Decided],
) -> bool:
    """Whether one holds; the first ends the search."""
    for check, message in checks:
        found = check(context)
        if found is not None:
            held.append(message)
            decided.append(found)
            return True
        failed.append(message)
    return False


def _each(
    checks: list[tuple[_One, str]],
    context: Context,
    held: list[str],
    failed: list[str],
    decided: list[Decided],
) -> bool:
    """Whether all hold; the first that does not ends the search."""
    for check, message in checks:
        found = check(context)
        if found is None:
            failed.append(message)
            return False
        held.append(message)
        decided.append(found)
    return True


def _compile_list(conditions: tuple[Condition, ...]) -> Judge:
    checks = [(_compile_one(item), item.message or "") for item in conditions]

    def judge(context: Context) -> Judgement:
        held: list[str] = []
        failed: list[str] = []
        decided: list[Decided] = []
        if _each(checks, context, held, failed, decided):
            return Judgement(holds=True, message=_joined(held, ";"), decided=tuple(decided))
        return Judgement(holds=False, message=_joined(failed, ";"))

    return judge

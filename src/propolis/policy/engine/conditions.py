"""Conditions of preconditions and deny: any and all, with messages."""

from collections.abc import Callable
from typing import Any

import msgspec

from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.context import Context
from propolis.policy.engine.formatting import shown
from propolis.policy.engine.operators import OPERATORS
from propolis.policy.engine.variables import compile_document
from propolis.policy.model.conditions import AnyAllConditions, Condition, Conditions


class Judgement(msgspec.Struct, frozen=True):
    """Whether conditions hold, their messages, and those that decided, for people."""

    holds: bool
    message: str = ""
    conditions: tuple[str, ...] = ()


Judge = Callable[[Context], Judgement]
_One = Callable[[Context], tuple[bool, str]]

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

    def judge(context: Context) -> tuple[bool, str]:
        found_key = _resolved(key, context, "key")
        found_value = _resolved(value, context, "value")
        if operator(found_key, found_value):
            return True, f"{shown(found_key)} {condition.operator} {shown(found_value)}"
        return False, ""

    return judge


def _resolved(resolve: Callable[[Context], Any], context: Context, part: str) -> Any:
    try:
        return resolve(context)
    except ExpressionError as error:
        raise ExpressionError(
            f"failed to substitute variables in condition {part}: {error.message}"
        ) from error


def _unknown(operator: str) -> _One:
    def judge(context: Context) -> tuple[bool, str]:
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
        texts: list[str] = []
        is_any = some is None or _first(some, context, held, failed, texts)
        is_all = _each(every, context, held, failed, texts)
        holds = is_any and is_all
        return Judgement(holds, _joined(held if holds else failed, "; "), tuple(texts) if holds else ())

    return judge


def _first(
    checks: list[tuple[_One, str]], context: Context, held: list[str], failed: list[str], texts: list[str]
) -> bool:
    """Whether one holds; the first ends the search."""
    for check, message in checks:
        holds, text = check(context)
        if holds:
            held.append(message)
            texts.append(text)
            return True
        failed.append(message)
    return False


def _each(
    checks: list[tuple[_One, str]], context: Context, held: list[str], failed: list[str], texts: list[str]
) -> bool:
    """Whether all hold; the first that does not ends the search."""
    for check, message in checks:
        holds, text = check(context)
        if not holds:
            failed.append(message)
            return False
        held.append(message)
        texts.append(text)
    return True


def _compile_list(conditions: tuple[Condition, ...]) -> Judge:
    checks = [(_compile_one(item), item.message or "") for item in conditions]

    def judge(context: Context) -> Judgement:
        held: list[str] = []
        failed: list[str] = []
        texts: list[str] = []
        if _each(checks, context, held, failed, texts):
            return Judgement(holds=True, message=_joined(held, ";"), conditions=tuple(texts))
        return Judgement(holds=False, message=_joined(failed, ";"))

    return judge

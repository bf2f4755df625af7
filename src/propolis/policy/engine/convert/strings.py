"""Texts with variables in them as expressions."""

import re
from typing import Any

from propolis.policy.engine.convert.jmespath import translate
from propolis.policy.engine.convert.reading import as_text, kind_of
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.terms import TRUE
from propolis.policy.engine.convert.texts import literal
from propolis.policy.engine.convert.values import Constant, Value

VARIABLE = re.compile(r"\{\{((?:[^{}]|\{[^{}]*\})*)\}\}")


def text_of(text: str, scope: Scope, *, may_fail: bool) -> str:
    """A text with its variables as an expression that gives a string.

    Args:
        text: As the policy has it.
        scope: What variables stand for.
        may_fail: Whether a variable may be absent, so that the expression is an error.

    Raises:
        Refused: A variable has no translation.
    """
    parts: list[str] = []
    for index, part in enumerate(VARIABLE.split(text)):
        if index % 2 == 0:
            parts += [literal(part)] if part else []
            continue
        parts.append(_shown(translate(part, scope), is_only=part == text, may_fail=may_fail))
    return " + ".join(parts) if parts else "''"


def _shown(found: Any, *, is_only: bool, may_fail: bool) -> str:
    if isinstance(found, Constant) and isinstance(found.value, str | int):
        return literal(str(found.value))
    if not isinstance(found, Value) or kind_of(found) in ("list", "map"):
        raise Refused("a list or object within a text")
    if not may_fail and found.there != TRUE and found.default is None:
        raise Refused("a variable that may be absent within a text")
    return as_text(found) if is_only or found.kind == "string" else f"string({as_text(found)})"

"""Evaluating an expression several ways, and comparing what came out."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from propolis.core.evaluation import Answer
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.libraries.extensions import everything
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.types import DYN, INT, STRING, list_of
from propolis.lang.cel.values import OptionalValue

ENVIRONMENT = Environment(
    (STANDARD, *everything()),
    {"object": DYN, "other": DYN, "number": INT, "text": STRING, "texts": list_of(STRING)},
)


def runtime() -> Runtime:
    """A runtime whose world has nothing."""
    return Runtime(datetime(2026, 1, 1, tzinfo=UTC), lambda _: Answer())


class Failed:
    """There was no value."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def outcome(evaluate: Callable[..., Any], variables: dict[str, Any]) -> Any:
    """The value, or `Failed`."""
    try:
        return evaluate(variables, runtime())
    except CostError:
        return Failed("too costly")
    except EvaluationError:
        return Failed("error")


def is_same(one: Any, other: Any) -> bool:
    """Equal, of the same classes all the way down, and entries of maps in the same order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Failed):
        return one.kind == str(other.kind)
    if isinstance(one, float):
        is_equal = one == other and math.copysign(1, one) == math.copysign(1, other)
        return is_equal or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            is_same(key, its) and is_same(one[key], other[its]) for key, its in zip(one, other, strict=True)
        )
    if isinstance(one, OptionalValue):
        return one.has_value == other.has_value and is_same(one.value, other.value)
    return bool(one == other)

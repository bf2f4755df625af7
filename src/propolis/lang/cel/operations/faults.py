"""Errors that several operations raise, with the words that cel-go has."""

from typing import Any, NoReturn

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.values import type_of


def no_overload(function: str, *values: Any) -> NoReturn:
    """No way to call a function with values of these types.

    Raises:
        EvaluationError: Always.
    """
    shown = ", ".join(str(type_of(value)) for value in values)
    raise EvaluationError(f"no such overload: {function}({shown})")


def no_key(key: Any) -> NoReturn:
    """A map without a key.

    Raises:
        EvaluationError: Always.
    """
    raise EvaluationError(f"no such key: {str(key)[:80]}")

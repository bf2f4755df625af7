"""Equality and order of values as CEL defines them, across kinds of numbers.

Follows cel-go common/types: numbers of different kinds compare by value, a boolean is no number, NaN equals
nothing.
"""

from typing import Any

from propolis.core.limits import DEFAULT
from propolis.lang.cel.errors import EvaluationError

NOT_ORDERED = (type(None), list, dict)
"""Values that have no order."""


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same.

    Raises:
        EvaluationError: They have more parts than a document may have.
    """
    return _equal(left, right, [DEFAULT.document_nodes])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(left: Any, right: Any, budget: list[int]) -> bool:
    budget[0] -= 1
    if budget[0] < 0:
        raise EvaluationError(f"the values have more than {DEFAULT.document_nodes} parts")
    if isinstance(left, list):
        return (
            isinstance(right, list)
            and len(left) == len(right)
            and all(_equal(one, other, budget) for one, other in zip(left, right, strict=True))
        )
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and len(left) == len(right)
            and all(key in right and _equal(value, right[key], budget) for key, value in left.items())
        )
    if _is_number(left):
        return _is_number(right) and bool(left == right)
    return type(left) is type(right) and bool(left == right)


def compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; None where the two have no order."""
    is_comparable = (_is_number(left) and _is_number(right)) or type(left) is type(right)
    if not is_comparable or left != left or right != right:  # noqa: PLR0124  # NaN
        return None
    return bool(left > right) - bool(left < right)

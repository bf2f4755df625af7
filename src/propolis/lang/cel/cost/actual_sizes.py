"""Sizes of values, as costs of evaluations count them.

Follows cel-go interpreter/runtimecost.go actualSize and apiserver pkg/cel/library/cost.go traversalCost.
"""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel.cost.units import PER_CHARACTER
from propolis.lang.cel.libraries.kubernetes.network import CIDR, IP
from propolis.lang.cel.values import OptionalValue


def size_of(value: Any) -> int:
    """Characters, bytes, items or entries; 1 for what has no size."""
    measure = _SIZES.get(type(value))
    if measure is not None:
        return measure(value)
    return len(value) if isinstance(value, str | bytes | list | dict) else 1


def _optional(value: OptionalValue) -> int:
    return size_of(value.value) if value.has_value else 1


_SIZES: dict[type, Callable[[Any], int]] = {
    str: len,
    bytes: len,
    list: len,
    dict: len,
    IP: lambda value: value.bits // 8,
    CIDR: lambda value: -(-value.length // 8),
    OptionalValue: _optional,
}


def traversal_cost(value: Any) -> int:
    """Going through a value and all that it has; texts by their bytes, everything else at 1."""
    cost, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            cost += int(len(one.encode("utf-8", "surrogatepass")) * PER_CHARACTER)
        elif isinstance(one, bytes):
            cost += int(len(one) * PER_CHARACTER)
        elif isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            left += one.keys()
            left += one.values()
        else:
            cost += 1
    return cost

"""``isSorted``, ``sum``, ``min``, ``max``, ``indexOf``, ``lastIndexOf``, ``includes`` (library/lists.go).

Version 1, from Kubernetes 1.37, adds ``includes``.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import function, member
from propolis.lang.cel.library import Function, Library, Overload
from propolis.lang.cel.operations.equality import equal
from propolis.lang.cel.operations.ordering import greater, less
from propolis.lang.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    Type,
    list_of,
    param,
)
from propolis.lang.cel.values import Duration, UInt

_A = param("A")
_SUMMABLE: tuple[tuple[Type, Any], ...] = ((INT, 0), (UINT, UInt(0)), (DOUBLE, 0.0), (DURATION, Duration(0)))
_COMPARABLE = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES)
_LARGEST_INT, _LARGEST_UINT = 2**63 - 1, 2**64 - 1


def _is_sorted(items: list[Any]) -> bool:
    for item in items:
        _check_ordered(item)
    return all(_compare(one, other) != 1 for one, other in pairwise(items))


def _check_ordered(item: Any) -> None:
    if item is None or isinstance(item, list | Mapping):
        raise EvaluationError("no such overload")


def _compare(one: Any, other: Any) -> int | None:
    """-1, 0 or 1; None where the two have no order."""
    try:
        return greater(one, other) - less(one, other)
    except EvaluationError:
        return None


def _extreme(name: str, unwanted: int) -> Callable[[list[Any]], Any]:
    """The first of the least or greatest; what cannot be compared is passed over, as in Kubernetes."""

    def find(items: list[Any]) -> Any:
        if not items:
            raise EvaluationError(f"{name} called on empty list")
        for item in items:
            _check_ordered(item)
        found = items[0]
        for item in items[1:]:
            if _compare(found, item) == unwanted:
                found = item
        return found

    return find


def _sum(zero: Any) -> Callable[[list[Any]], Any]:
    def total(items: list[Any]) -> Any:
        found = zero
        for item in items:
            if type(item) is not type(zero):
                raise EvaluationError("no such overload")
            found = _added(found, item)
        return found

    return total


def _added(one: Any, other: Any) -> Any:
    if isinstance(one, float):
        return one + other
    if isinstance(one, Duration):
        return Duration(_within(one.nanoseconds + other.nanoseconds))
    if isinstance(one, UInt):
        if one + other > _LARGEST_UINT:
            raise EvaluationError("unsigned integer overflow")
        return UInt(one + other)
    return _within(one + other)


def _within(number: int) -> int:
    if not -_LARGEST_INT - 1 <= number <= _LARGEST_INT:
        raise EvaluationError("integer overflow")
    return number


def _index(items: list[Any], wanted: Any) -> int:
    return next((index for index, item in enumerate(items) if equal(item, wanted)), -1)


def _last_index(items: list[Any], wanted: Any) -> int:
    return next((index for index in range(len(items) - 1, -1, -1) if equal(items[index], wanted)), -1)


def _includes(target: Any, wanted: Any) -> bool:
    if isinstance(target, list):
        return any(equal(item, wanted) for item in target)
    return equal(target, wanted)


def _each(
    name: str, overload_id: str, run: Callable[[list[Any]], Any], result: Type | None = None
) -> Function:
    """An overload a comparable type; it gives ``result``, or an element."""
    overloads = [
        member(overload_id.replace("*", one.kind), (list_of(one),), result or one, run) for one in _COMPARABLE
    ]
    return Function(name, tuple(overloads))


def _sums() -> tuple[Overload, ...]:
    return tuple(
        member(f"list_{one.kind}_sum_{one.kind}", (list_of(one),), one, _sum(zero)) for one, zero in _SUMMABLE
    )


_FUNCTIONS = (
    _each("isSorted", "list_*_is_sorted_bool", _is_sorted, BOOL),
    Function("sum", _sums()),
    _each("max", "list_*_max_*", _extreme("max", -1)),
    _each("min", "list_*_min_*", _extreme("min", 1)),
    function("indexOf", member("list_a_index_of_int", (list_of(_A), _A), INT, _index)),
    function("lastIndexOf", member("list_a_last_index_of_int", (list_of(_A), _A), INT, _last_index)),
)

LISTS_V0 = Library("kubernetes.lists.v0", functions=_FUNCTIONS)
LISTS_V1 = Library(
    "kubernetes.lists.v1",
    functions=(
        *_FUNCTIONS,
        function("includes", member("list_includes_dyn_dyn", (DYN, DYN), BOOL, _includes)),
    ),
)

"""Lists: slice, flatten, sort, sortBy, range, reverse, distinct.

Follows cel-go ext/lists.go @ v0.30.0.
"""

from typing import Any

from propolis.lang.cel.ast import Call, Comprehension, Expr, Ident, ListExpr, Select
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Function, Library, Overload
from propolis.lang.cel.macros.definition import Arguments, member, variable
from propolis.lang.cel.macros.standard import collected
from propolis.lang.cel.nodes import Nodes
from propolis.lang.cel.operations.equality import identity_of
from propolis.lang.cel.operations.size import limited
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
from propolis.lang.cel.values import Duration, Timestamp, UInt

_T = param("T")
_LIST = list_of(_T)
_COMPARABLE = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES)
_ORDERED = frozenset({int, UInt, float, bool, str, bytes, Timestamp, Duration})
_INPUT = "@__sortBy_input__"
MOST_RANGE = 1_000_000
"""Most elements of ``lists.range``."""


def _slice(values: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise EvaluationError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise EvaluationError(
            f"cannot slice({start}, {end}), start index must be less than or equal to end index"
        )
    if len(values) < end:
        raise EvaluationError(f"cannot slice({start}, {end}), list is length {len(values)}")
    return values[start:end]


def _flatten(values: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise EvaluationError("level must be non-negative")
    limited(values)
    flat: list[Any] = []
    left = [(value, depth) for value in reversed(values)]
    while left:
        value, levels = left.pop()
        if isinstance(value, list) and levels > 0:
            left += [(inner, levels - 1) for inner in reversed(value)]
        else:
            flat.append(value)
    return flat


def _sort(values: list[Any]) -> list[Any]:
    return _sort_by_keys(values, values)


def _sort_by_keys(values: list[Any], keys: list[Any]) -> list[Any]:
    if len(values) != len(keys):
        raise EvaluationError(f"expected {len(values)} keys, but got {len(keys)}")
    if not keys:
        return values
    kind = type(keys[0])
    if kind not in _ORDERED:
        raise EvaluationError("list elements must be comparable")
    if any(type(key) is not kind for key in keys):
        raise EvaluationError("list elements must have the same type")
    return [values[position] for position in sorted(range(len(keys)), key=keys.__getitem__)]


def _range(count: int) -> list[int]:
    if count < 0:
        raise EvaluationError(f"lists.range: size must be non-negative, got {count}")
    if count > MOST_RANGE:
        raise EvaluationError(f"lists.range: size {count} exceeds maximum allowed ({MOST_RANGE})")
    return list(range(count))


def _distinct(values: list[Any]) -> list[Any]:
    limited(values)
    found: dict[Any, Any] = {}
    for value in values:
        found.setdefault(identity_of(value), value)
    return list(found.values())


def _sort_by(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    if not isinstance(target, (ListExpr, Select, Ident, Comprehension, Call)):
        new.fail(target, "sortBy can only be applied to a list")
    keys = collected(new.ident(_INPUT), (variable(arguments[0], new),), None, arguments[1], new)
    return new.bind(_INPUT, target, new.call("@sortByAssociatedKeys", keys, target=new.ident(_INPUT)))


def _member(name: str, *overloads: tuple[str, tuple[Type, ...], Type, Any]) -> Function:
    return Function(
        name,
        tuple(
            Overload(identity, arguments, result, call, is_member=True)
            for identity, arguments, result, call in overloads
        ),
    )


_SLICE = (_member("slice", ("list_slice", (_LIST, INT, INT), _LIST, _slice)),)
_FLATTEN = (
    _member(
        "flatten",
        ("list_flatten", (list_of(_LIST),), _LIST, _flatten),
        ("list_flatten_int", (list_of(DYN), INT), list_of(DYN), _flatten),
    ),
)
_ORDER = (
    _member("sort", *((f"list_{kind}_sort", (list_of(kind),), list_of(kind), _sort) for kind in _COMPARABLE)),
    _member(
        "@sortByAssociatedKeys",
        *(
            (f"list_{kind}_sortByAssociatedKeys", (_LIST, list_of(kind)), _LIST, _sort_by_keys)
            for kind in _COMPARABLE
        ),
    ),
    Function("lists.range", (Overload("lists_range", (INT,), list_of(INT), _range),)),
    _member("reverse", ("list_reverse", (_LIST,), _LIST, lambda values: values[::-1])),
    _member("distinct", ("list_distinct", (_LIST,), _LIST, _distinct)),
)
_ORDER_VERSION = 2


def lists(version: int = 3) -> Library:
    """``slice``; ``flatten`` from version 1; the others from version 2. Version 3 changed costs only."""
    return Library(
        f"lists.v{version}",
        functions=_SLICE + (_FLATTEN if version >= 1 else ()) + (_ORDER if version >= _ORDER_VERSION else ()),
        macros=member("sortBy", (2,), _sort_by) if version >= _ORDER_VERSION else (),
    )

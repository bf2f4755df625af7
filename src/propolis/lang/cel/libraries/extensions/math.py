"""Mathematics: greatest, least, rounding, signs, bits, roots.

Follows cel-go ext/math.go @ v0.30.0.
"""

import math as python
from collections.abc import Callable
from typing import Any

from propolis.lang.cel.ast import Comprehension, Expr, ListExpr, Literal, MapExpr, StructExpr
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Function, Library, Overload
from propolis.lang.cel.macros.definition import Arguments, of_namespace
from propolis.lang.cel.nodes import Nodes
from propolis.lang.cel.operations.arithmetic import int_of
from propolis.lang.cel.operations.ordering import greater, less
from propolis.lang.cel.types import BOOL, DOUBLE, DYN, INT, UINT, Type, list_of
from propolis.lang.cel.values import MAX_INT, MAX_UINT, UInt

_NUMBERS = (DOUBLE, INT, UINT)
_BITS = 64


def _same(value: Any) -> Any:
    return value


def _extreme(is_better: Callable[[Any, Any], bool]) -> tuple[Callable[[Any, Any], Any], Callable[[Any], Any]]:
    def of_pair(one: Any, other: Any) -> Any:
        return other if is_better(other, one) else one

    def of_list(values: list[Any]) -> Any:
        if not values:
            raise EvaluationError("math.@min(list) or math.@max(list): argument must not be empty")
        best = values[0]
        for value in values:
            best = of_pair(best, value)
        return best

    return of_pair, of_list


def _extreme_function(name: str, is_better: Callable[[Any, Any], bool]) -> Function:
    of_pair, of_list = _extreme(is_better)
    overloads = [Overload(f"math_@{name}_{kind}", (kind,), kind, _same) for kind in _NUMBERS]
    overloads += [
        Overload(f"math_@{name}_{one}_{other}", (one, other), one if one is other else DYN, of_pair)
        for one in _NUMBERS
        for other in _NUMBERS
    ]
    overloads += [Overload(f"math_@{name}_list_{kind}", (list_of(kind),), kind, of_list) for kind in _NUMBERS]
    return Function(f"math.@{name}", tuple(overloads))


def _extreme_macro(name: str, function: str) -> Callable[[Arguments, Nodes], Expr]:
    def expand(arguments: Arguments, new: Nodes) -> Expr:
        if not arguments:
            new.fail_at(new.place, f"math.{name}() requires at least one argument")
        if len(arguments) == 1:
            only = arguments[0]
            is_list = isinstance(only, ListExpr) and only.elements and all(map(_may_be_number, only.elements))
            if not is_list and not _may_be_number(only):
                new.fail(only, f"math.{name}() invalid single argument value")
            return new.call(function, only)
        for argument in arguments:
            if not _may_be_number(argument):
                new.fail(argument, f"math.{name}() simple literal arguments must be numeric")
        return new.call(function, *(arguments if len(arguments) == 2 else (new.list(*arguments),)))  # noqa: PLR2004  # a pair

    return expand


def _may_be_number(node: Expr) -> bool:
    if isinstance(node, Literal):
        return isinstance(node.value, (int, float)) and type(node.value) is not bool
    return not isinstance(node, (ListExpr, MapExpr, StructExpr)) or isinstance(node, Comprehension)


def _rounded(number: float) -> float:
    """Half away from zero."""
    if not python.isfinite(number):
        return number
    whole = python.trunc(number)
    away = abs(number - whole) >= 0.5  # noqa: PLR2004  # a half
    return python.copysign(float(abs(whole) + away), number)


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    def call(number: float) -> float:
        return python.copysign(float(function(number)), number) if python.isfinite(number) else number

    return call


def _sign(number: Any) -> Any:
    if number != number:  # noqa: PLR0124  # NaN
        return number
    return type(number)((number > 0) - (number < 0))


def _root(number: float) -> float:
    return python.sqrt(number) if number >= 0 else python.nan


def _signed(bits: int) -> int:
    return bits - 2**_BITS if bits > MAX_INT else bits


def _shift(*, is_left: bool) -> Callable[[Any, int], Any]:
    def shift(number: Any, count: int) -> Any:
        if count < 0:
            raise EvaluationError(f"math.bitShift{'Left' if is_left else 'Right'}() negative offset: {count}")
        bits = int(number) & MAX_UINT
        moved = 0 if count >= _BITS else (bits << count) & MAX_UINT if is_left else bits >> count
        return UInt(moved) if type(number) is UInt else _signed(moved)

    return shift


def _function(name: str, *overloads: tuple[str, tuple[Type, ...], Type, Callable[..., Any]]) -> Function:
    return Function(
        f"math.{name}",
        tuple(
            Overload(f"math_{identity}", arguments, result, call)
            for identity, arguments, result, call in overloads
        ),
    )


def _of_double(name: str, result: Type, call: Callable[..., Any]) -> Function:
    return _function(name, (f"{name}_double", (DOUBLE,), result, call))


def _bits(name: str, call: Callable[[int, int], int]) -> Function:
    return _function(
        name,
        (f"{name}_int_int", (INT, INT), INT, call),
        (f"{name}_uint_uint", (UINT, UINT), UINT, lambda one, other: UInt(call(int(one), int(other)))),
    )


_EXTREMES = (_extreme_function("min", less), _extreme_function("max", greater))
_MACROS = (
    of_namespace("math", "least", None, _extreme_macro("least", "math.@min")),
    of_namespace("math", "greatest", None, _extreme_macro("greatest", "math.@max")),
)
_ROUNDING = (
    _of_double("ceil", DOUBLE, _whole(python.ceil)),
    _of_double("floor", DOUBLE, _whole(python.floor)),
    _of_double("round", DOUBLE, _rounded),
    _of_double("trunc", DOUBLE, _whole(python.trunc)),
    _of_double("isInf", BOOL, python.isinf),
    _of_double("isNaN", BOOL, python.isnan),
    _of_double("isFinite", BOOL, python.isfinite),
    _function(
        "abs",
        ("abs_double", (DOUBLE,), DOUBLE, abs),
        ("abs_int", (INT,), INT, lambda number: int_of(abs(number))),
        ("abs_uint", (UINT,), UINT, _same),
    ),
    _function("sign", *((f"sign_{kind}", (kind,), kind, _sign) for kind in _NUMBERS)),
    _bits("bitAnd", lambda one, other: one & other),
    _bits("bitOr", lambda one, other: one | other),
    _bits("bitXor", lambda one, other: one ^ other),
    _function(
        "bitNot",
        ("bitNot_int_int", (INT,), INT, lambda number: ~number),
        ("bitNot_uint_uint", (UINT,), UINT, lambda number: UInt(~int(number) & MAX_UINT)),
    ),
    _function(
        "bitShiftLeft",
        ("bitShiftLeft_int_int", (INT, INT), INT, _shift(is_left=True)),
        ("bitShiftLeft_uint_int", (UINT, INT), UINT, _shift(is_left=True)),
    ),
    _function(
        "bitShiftRight",
        ("bitShiftRight_int_int", (INT, INT), INT, _shift(is_left=False)),
        ("bitShiftRight_uint_int", (UINT, INT), UINT, _shift(is_left=False)),
    ),
)
_ROOTS = (_function("sqrt", *((f"sqrt_{kind}", (kind,), DOUBLE, _root) for kind in _NUMBERS)),)
_ROOTS_VERSION = 2


def math(version: int = 2) -> Library:
    """``math.greatest`` and ``math.least``; from version 1 rounding, signs and bits; from version 2 roots."""
    return Library(
        f"math.v{version}",
        functions=_EXTREMES
        + (_ROUNDING if version >= 1 else ())
        + (_ROOTS if version >= _ROOTS_VERSION else ()),
        macros=_MACROS,
    )

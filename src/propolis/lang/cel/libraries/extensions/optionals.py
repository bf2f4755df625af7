"""Optional values.

Follows cel-go cel/library.go @ v0.30.0. The interpreter evaluates the other side of ``or`` and ``orValue``
only if it is needed.
"""

from collections.abc import Mapping
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.standard.operator_functions import OPTIONAL_OPERATORS
from propolis.lang.cel.library import Function, Library, Overload
from propolis.lang.cel.macros.bindings import OPTIONAL_FLAT_MAP_MACROS, OPTIONAL_MAP_MACROS
from propolis.lang.cel.types import BOOL, Type, list_of, optional_of, param
from propolis.lang.cel.values import NONE, Duration, OptionalValue, Timestamp

_V = param("V")
_OPTIONAL, _LIST = optional_of(_V), list_of(_V)
_FLAT_MAP_VERSION, _LISTS_VERSION = 1, 2


def is_zero(value: Any) -> bool:
    """Whether a value is the empty one of its type."""
    if value is None or value is False:
        return True
    if isinstance(value, (str, bytes, list, Mapping)):
        return not value
    if isinstance(value, (int, float)):
        return value == 0
    if isinstance(value, (Duration, Timestamp)):
        return value.nanoseconds == 0 and isinstance(value, Duration)
    return isinstance(value, OptionalValue) and (not value.has_value or is_zero(value.value))


def _of_non_zero(value: Any) -> OptionalValue:
    return NONE if is_zero(value) else OptionalValue(value)


def _value(optional: OptionalValue) -> Any:
    if optional.has_value:
        return optional.value
    raise EvaluationError("optional.none() dereference")


def _unwrapped(values: list[Any]) -> list[Any]:
    return [value.value for value in values if type(value) is OptionalValue and value.has_value]


def _first(values: list[Any]) -> OptionalValue:
    return OptionalValue(values[0]) if values else NONE


def _last(values: list[Any]) -> OptionalValue:
    return OptionalValue(values[-1]) if values else NONE


def _member(name: str, identity: str, arguments: tuple[Type, ...], result: Type, call: Any) -> Function:
    return Function(name, (Overload(identity, arguments, result, call, is_member=True),))


_FUNCTIONS = (
    *OPTIONAL_OPERATORS,
    Function("optional.of", (Overload("optional_of", (_V,), _OPTIONAL, OptionalValue),)),
    Function(
        "optional.ofNonZeroValue", (Overload("optional_ofNonZeroValue", (_V,), _OPTIONAL, _of_non_zero),)
    ),
    Function("optional.none", (Overload("optional_none", (), _OPTIONAL, lambda: NONE),)),
    _member("value", "optional_value", (_OPTIONAL,), _V, _value),
    _member("hasValue", "optional_hasValue", (_OPTIONAL,), BOOL, lambda optional: optional.has_value),
    _member(
        "or",
        "optional_or_optional",
        (_OPTIONAL, _OPTIONAL),
        _OPTIONAL,
        lambda optional, other: optional if optional.has_value else other,
    ),
    _member(
        "orValue",
        "optional_orValue_value",
        (_OPTIONAL, _V),
        _V,
        lambda optional, other: optional.value if optional.has_value else other,
    ),
)
_OF_LISTS = (
    _member("first", "list_first", (_LIST,), _OPTIONAL, _first),
    _member("last", "list_last", (_LIST,), _OPTIONAL, _last),
    Function("optional.unwrap", (Overload("optional_unwrap", (list_of(_OPTIONAL),), _LIST, _unwrapped),)),
    _member("unwrapOpt", "optional_unwrapOpt", (list_of(_OPTIONAL),), _LIST, _unwrapped),
)


def optionals(version: int = 2) -> Library:
    """Optional values; with ``optFlatMap`` from version 1, ``first``, ``last``, ``unwrap`` from version 2."""
    return Library(
        f"optionals.v{version}",
        functions=(*_FUNCTIONS, *(_OF_LISTS if version >= _LISTS_VERSION else ())),
        macros=(*OPTIONAL_MAP_MACROS, *(OPTIONAL_FLAT_MAP_MACROS if version >= _FLAT_MAP_VERSION else ())),
        types={"optional_type": _OPTIONAL},
    )

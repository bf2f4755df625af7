"""Operators as functions, with the overloads that the checker chooses from."""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel import operators
from propolis.lang.cel.library import Function, Overload
from propolis.lang.cel.operations import access, arithmetic, equality, ordering
from propolis.lang.cel.operations.faults import no_overload
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
    map_of,
    optional_of,
    param,
)

_A, _B = param("A"), param("B")
_LIST, _MAP = list_of(_A), map_of(_A, _B)

Row = tuple[str, tuple[Type, ...], Type]


def _operator(name: str, call: Callable[..., Any], *rows: Row) -> Function:
    overloads = tuple(Overload(identity, arguments, result, call) for identity, arguments, result in rows)
    return Function(name, overloads, call)


def _lazy(*values: Any) -> Any:
    """``&&``, ``||`` and the ternary are evaluated by themselves; called with values they fit nothing."""
    return no_overload("logical operator", *values)


_NAMES = {INT: "int64", UINT: "uint64", DOUBLE: "double"}


def _relation(name: str, word: str, call: Callable[..., Any]) -> Function:
    rows: list[Row] = [
        (f"{word}_{shown}", (kind, kind), BOOL)
        for kind, shown in (
            (BOOL, "bool"),
            (INT, "int64"),
            (UINT, "uint64"),
            (DOUBLE, "double"),
            (STRING, "string"),
            (BYTES, "bytes"),
            (TIMESTAMP, "timestamp"),
            (DURATION, "duration"),
        )
    ]
    rows += [
        (f"{word}_{_NAMES[one]}_{_NAMES[other]}", (one, other), BOOL)
        for one in _NAMES
        for other in _NAMES
        if one is not other
    ]
    return _operator(name, call, *rows)


def _numeric(word: str, *kinds: Type) -> tuple[Row, ...]:
    return tuple((f"{word}_{_NAMES[kind]}", (kind, kind), kind) for kind in kinds)


OPERATORS = (
    _operator(operators.CONDITIONAL, _lazy, ("conditional", (BOOL, _A, _A), _A)),
    _operator(operators.AND, _lazy, ("logical_and", (BOOL, BOOL), BOOL)),
    _operator(operators.OR, _lazy, ("logical_or", (BOOL, BOOL), BOOL)),
    _operator(operators.NOT, arithmetic.logical_not, ("logical_not", (BOOL,), BOOL)),
    _operator(
        operators.NOT_STRICTLY_FALSE, lambda value: value is not False, ("not_strictly_false", (BOOL,), BOOL)
    ),
    _operator(operators.EQUAL, equality.equal, ("equals", (_A, _A), BOOL)),
    _operator(operators.NOT_EQUAL, equality.not_equal, ("not_equals", (_A, _A), BOOL)),
    _relation(operators.LESS, "less", ordering.less),
    _relation(operators.LESS_OR_EQUAL, "less_equals", ordering.less_or_equal),
    _relation(operators.GREATER, "greater", ordering.greater),
    _relation(operators.GREATER_OR_EQUAL, "greater_equals", ordering.greater_or_equal),
    _operator(
        operators.ADD,
        arithmetic.add,
        ("add_bytes", (BYTES, BYTES), BYTES),
        ("add_double", (DOUBLE, DOUBLE), DOUBLE),
        ("add_duration_duration", (DURATION, DURATION), DURATION),
        ("add_duration_timestamp", (DURATION, TIMESTAMP), TIMESTAMP),
        ("add_timestamp_duration", (TIMESTAMP, DURATION), TIMESTAMP),
        ("add_int64", (INT, INT), INT),
        ("add_list", (_LIST, _LIST), _LIST),
        ("add_string", (STRING, STRING), STRING),
        ("add_uint64", (UINT, UINT), UINT),
    ),
    _operator(
        operators.SUBTRACT,
        arithmetic.subtract,
        ("subtract_double", (DOUBLE, DOUBLE), DOUBLE),
        ("subtract_duration_duration", (DURATION, DURATION), DURATION),
        ("subtract_int64", (INT, INT), INT),
        ("subtract_timestamp_duration", (TIMESTAMP, DURATION), TIMESTAMP),
        ("subtract_timestamp_timestamp", (TIMESTAMP, TIMESTAMP), DURATION),
        ("subtract_uint64", (UINT, UINT), UINT),
    ),
    _operator(operators.MULTIPLY, arithmetic.multiply, *_numeric("multiply", DOUBLE, INT, UINT)),
    _operator(operators.DIVIDE, arithmetic.divide, *_numeric("divide", DOUBLE, INT, UINT)),
    _operator(operators.MODULO, arithmetic.modulo, *_numeric("modulo", INT, UINT)),
    _operator(
        operators.NEGATE,
        arithmetic.negate,
        ("negate_double", (DOUBLE,), DOUBLE),
        ("negate_int64", (INT,), INT),
    ),
    _operator(operators.INDEX, access.index, ("index_list", (_LIST, INT), _A), ("index_map", (_MAP, _A), _B)),
    _operator(operators.IN, access.contains, ("in_list", (_A, _LIST), BOOL), ("in_map", (_A, _MAP), BOOL)),
    _operator(
        operators.MAP_INSERT,
        access.map_insert,
        ("@mapInsert_map_map", (_MAP, _MAP), _MAP),
        ("@mapInsert_map_key_value", (_MAP, _A, _B), _MAP),
    ),
)
OPTIONAL_OPERATORS = (
    _operator(
        operators.OPTIONAL_SELECT,
        access.optional_select,
        ("select_optional_field", (DYN, STRING), optional_of(_B)),
    ),
    _operator(
        operators.OPTIONAL_INDEX,
        access.optional_index,
        ("list_optindex_optional_int", (_LIST, INT), optional_of(_A)),
        ("optional_list_optindex_optional_int", (optional_of(_LIST), INT), optional_of(_A)),
        ("map_optindex_optional_value", (_MAP, _A), optional_of(_B)),
        ("optional_map_optindex_optional_value", (optional_of(_MAP), _A), optional_of(_B)),
    ),
    _operator(
        operators.INDEX,
        access.index,
        ("optional_list_index_int", (optional_of(_LIST), INT), optional_of(_A)),
        ("optional_map_index_value", (optional_of(_MAP), _A), optional_of(_B)),
    ),
)
"""What the optional library adds."""

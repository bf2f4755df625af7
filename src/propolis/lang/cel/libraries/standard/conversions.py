"""Conversions between types, ``dyn`` and ``type``."""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.standard.moments import (
    duration_of_text,
    text_of_duration,
    text_of_timestamp,
    timestamp_of_text,
)
from propolis.lang.cel.libraries.standard.numbers import (
    float_of_text,
    int_of_float,
    int_of_text,
    text_of_float,
    uint_of_float,
    uint_of_text,
)
from propolis.lang.cel.library import Function, Overload
from propolis.lang.cel.operations.arithmetic import int_of, timestamp_of, uint_of
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
    param,
    type_of_type,
)
from propolis.lang.cel.values import NANOS, type_of

_TRUE = frozenset({"1", "t", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "false", "FALSE", "False"})


def _same(value: Any) -> Any:
    return value


def _bool_of_text(text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise EvaluationError(f"cannot convert string to bool: {text[:80]!r}")


def _text_of_bytes(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string") from error


def _bytes_of_text(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EvaluationError("the string has half of a surrogate pair") from error


def _conversion(name: str, result: Type, *rows: tuple[str, Type, Callable[[Any], Any]]) -> Function:
    return Function(name, tuple(Overload(identity, (kind,), result, call) for identity, kind, call in rows))


CONVERSIONS = (
    _conversion("bool", BOOL, ("bool_to_bool", BOOL, _same), ("string_to_bool", STRING, _bool_of_text)),
    _conversion(
        "bytes", BYTES, ("bytes_to_bytes", BYTES, _same), ("string_to_bytes", STRING, _bytes_of_text)
    ),
    _conversion(
        "double",
        DOUBLE,
        ("double_to_double", DOUBLE, _same),
        ("int64_to_double", INT, float),
        ("string_to_double", STRING, float_of_text),
        ("uint64_to_double", UINT, float),
    ),
    _conversion(
        "duration",
        DURATION,
        ("duration_to_duration", DURATION, _same),
        ("string_to_duration", STRING, duration_of_text),
    ),
    _conversion(
        "int",
        INT,
        ("int64_to_int64", INT, _same),
        ("double_to_int64", DOUBLE, int_of_float),
        ("duration_to_int64", DURATION, lambda value: value.nanoseconds),
        ("string_to_int64", STRING, int_of_text),
        ("timestamp_to_int64", TIMESTAMP, lambda value: value.nanoseconds // NANOS),
        ("uint64_to_int64", UINT, lambda value: int_of(int(value))),
    ),
    _conversion(
        "string",
        STRING,
        ("string_to_string", STRING, _same),
        ("bool_to_string", BOOL, lambda value: "true" if value else "false"),
        ("bytes_to_string", BYTES, _text_of_bytes),
        ("double_to_string", DOUBLE, text_of_float),
        ("duration_to_string", DURATION, text_of_duration),
        ("int64_to_string", INT, str),
        ("timestamp_to_string", TIMESTAMP, text_of_timestamp),
        ("uint64_to_string", UINT, lambda value: str(int(value))),
    ),
    _conversion(
        "timestamp",
        TIMESTAMP,
        ("timestamp_to_timestamp", TIMESTAMP, _same),
        ("int64_to_timestamp", INT, lambda value: timestamp_of(value * NANOS)),
        ("string_to_timestamp", STRING, timestamp_of_text),
    ),
    _conversion(
        "uint",
        UINT,
        ("uint64_to_uint64", UINT, _same),
        ("double_to_uint64", DOUBLE, uint_of_float),
        ("int64_to_uint64", INT, uint_of),
        ("string_to_uint64", STRING, uint_of_text),
    ),
    Function("dyn", (Overload("to_dyn", (param("A"),), DYN, _same),), _same),
    Function("type", (Overload("type", (param("A"),), type_of_type(param("A")), type_of),), type_of),
)

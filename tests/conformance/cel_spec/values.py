"""Values and types of the corpus, as ours."""

import base64
import math
from decimal import Decimal
from typing import Any

from propolis.lang.cel.operations.access import make_map
from propolis.lang.cel.operations.equality import equal
from propolis.lang.cel.types import DYN, NULL, Type, list_of, map_of, opaque, optional_of, param, type_of_type
from propolis.lang.cel.values import Duration, Timestamp, UInt, type_of
from propolis.lang.go_time import RFC3339, parse_time


def value_of(told: dict[str, Any]) -> Any:
    (kind, value), *_ = told.items()
    return _VALUES[kind](value)


def _timestamp(text: str) -> Timestamp:
    moment = parse_time(RFC3339, text)
    assert moment is not None
    return Timestamp(moment.nanoseconds)


_VALUES: dict[str, Any] = {
    "int": int,
    "uint": lambda value: UInt(int(value)),
    "double": float,
    "string": str,
    "bytes": base64.b64decode,
    "bool": bool,
    "null": lambda _: None,
    "list": lambda values: list(map(value_of, values)),
    "map": lambda pairs: make_map([(value_of(key), value_of(value), False) for key, value in pairs]),
    "type": lambda name: Type("named", name),
    "duration": lambda text: Duration(int(Decimal(text.removesuffix("s")) * 10**9)),
    "timestamp": _timestamp,
}


def is_same(found: Any, expected: Any) -> bool:
    """Equality that tells numbers of different types apart and takes NaN for itself."""
    if isinstance(expected, Type):
        return isinstance(found, Type) and str(found) == expected.name
    if type(expected) is float and math.isnan(expected):
        return type(found) is float and math.isnan(found)
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(is_same, found, expected))
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and len(found) == len(expected)
            and all(
                any(is_same(key, its) and is_same(value, its_value) for its, its_value in expected.items())
                for key, value in found.items()
            )
        )
    return type_of(found) == type_of(expected) and equal(found, expected)


def type_named(told: Any) -> Type:
    if isinstance(told, str):
        return {"dyn": DYN, "null": NULL, "any": DYN}.get(told, Type(told))
    (kind, value), *_ = told.items()
    if kind == "list":
        return list_of(type_named(value))
    if kind == "map":
        return map_of(*map(type_named, value))
    if kind == "param":
        return param(value)
    if kind == "type":
        return type_of_type(type_named(value))
    if kind == "wrapper":
        return Type("wrapper", parameters=(type_named(value),))
    name, parameters = value
    inner = tuple(map(type_named, parameters))
    return optional_of(*inner) if name == "optional_type" else opaque(name, *inner)

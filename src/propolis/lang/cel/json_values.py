"""Values of CEL as JSON, and JSON as values of CEL by their types.

Follows the JSON form of protocol buffers for what JSON has no values for: timestamps, durations, bytes,
infinities; and apiserver pkg/cel/common/values.go @ v0.36.3 for the way back.
"""

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any

from propolis.lang.cel.environment import Provider
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.extensions.encoders import decoded
from propolis.lang.cel.libraries.standard.moments import (
    duration_of_text,
    text_of_duration,
    text_of_timestamp,
    timestamp_of_text,
)
from propolis.lang.cel.operations.size import limited
from propolis.lang.cel.types import Type
from propolis.lang.cel.values import Duration, OptionalValue, Timestamp, UInt, type_of

MOST_LEVELS = 200
"""Deepest nesting of what becomes JSON."""


def to_json(value: Any) -> Any:
    """The JSON of a value; keys become texts, an optional value what it holds.

    Raises:
        EvaluationError: It has none, or is nested deeper than `MOST_LEVELS`.
        CostError: It has too many parts.
    """
    limited(value)
    return _json(value, 0)


def _json(value: Any, level: int) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if level > MOST_LEVELS:
        raise EvaluationError(f"the value is nested deeper than {MOST_LEVELS} levels")
    if isinstance(value, list):
        return [_json(element, level + 1) for element in value]
    if isinstance(value, Mapping):
        return {_key(key): _json(its, level + 1) for key, its in value.items()}
    written = _WRITTEN.get(type(value))
    if written is None:
        raise EvaluationError(f"a value of type {type_of(value)} has no JSON")
    return written(value)


def _key(key: Any) -> str:
    if type(key) is bool:
        return "true" if key else "false"
    if type(key) in (int, UInt):
        return str(int(key))
    if isinstance(key, str):
        return key
    raise EvaluationError(f"a key of type {type_of(key)} has no JSON")


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _held(value: OptionalValue) -> Any:
    return to_json(value.value) if value.has_value else None


_WRITTEN: dict[type, Callable[[Any], Any]] = {
    UInt: int,
    float: _number,
    bytes: lambda value: base64.b64encode(value).decode(),
    Timestamp: text_of_timestamp,
    Duration: text_of_duration,
    OptionalValue: _held,
    Type: str,
}


def from_json(value: Any, of: Type, provider: Provider | None = None) -> Any:
    """A JSON value as CEL has it for a type: the same object where nothing has to change.

    Raises:
        EvaluationError: A text that is no timestamp, duration or base64 where the type wants one.
    """
    if value is None:
        return None
    read = _READ.get(of.kind)
    if read is not None:
        return read(value)
    if of.kind == "list" and isinstance(value, list):
        element = of.parameters[0]
        return _changed_list(value, [from_json(one, element, provider) for one in value])
    if of.kind in ("map", "object") and isinstance(value, dict):
        return _changed_map(value, _entries(value, of, provider))
    return value


def _entries(value: dict[str, Any], of: Type, provider: Provider | None) -> dict[str, Any]:
    if of.kind == "map":
        element = of.parameters[1]
        return {key: from_json(one, element, provider) for key, one in value.items()}
    fields = (provider.fields(of.name) if provider is not None else None) or {}
    kinds = (
        {provider.key(of.name, name): kind for name, kind in fields.items()} if provider is not None else {}
    )
    return {key: from_json(one, kinds[key], provider) if key in kinds else one for key, one in value.items()}


def _changed_list(old: list[Any], new: list[Any]) -> list[Any]:
    return old if all(one is other for one, other in zip(old, new, strict=True)) else new


def _changed_map(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return old if all(value is new[key] for key, value in old.items()) else new


def _of_text(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: read(value) if type(value) is str else value


_READ: dict[str, Callable[[Any], Any]] = {
    "timestamp": _of_text(timestamp_of_text),
    "duration": _of_text(duration_of_text),
    "bytes": _of_text(decoded),
    "double": lambda value: float(value) if type(value) is int else value,
}

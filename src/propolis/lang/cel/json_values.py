"""Values of CEL as JSON: what a patch, a message or a report holds.

Follows the JSON mapping of protobuf: timestamps and durations as texts, bytes as base64, and Go's JSON
for maps whose keys are no texts.
"""

import base64
from collections.abc import Callable
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.standard.moments import text_of_duration, text_of_timestamp
from propolis.lang.cel.values import Duration, OptionalValue, Timestamp, UInt


def to_json(value: Any) -> Any:
    """The value as JSON has it.

    Raises:
        EvaluationError: It has no form in JSON (a type, a value of a library).
    """
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {_key(key): to_json(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | float | str):
        return value
    way = _WAYS.get(type(value))
    if way is None:
        raise EvaluationError(f"a value of type {type(value).__name__} has no form in JSON")
    return way(value)


_WAYS: dict[type, Callable[[Any], Any]] = {
    int: int,
    UInt: int,
    bytes: lambda data: base64.b64encode(data).decode(),
    Timestamp: text_of_timestamp,
    Duration: text_of_duration,
    OptionalValue: lambda found: to_json(found.value) if found.has_value else None,
}


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(int(key)) if isinstance(key, UInt) else str(key)

"""Merging of values into the root of the variables."""

from typing import Any


def merged(base: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``values`` over it; objects are merged key by key, anything else is replaced.

    Neither argument is changed; parts that do not differ are shared.
    """
    result = dict(base)
    for key, value in values.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def nested(path: list[str], value: Any) -> dict[str, Any]:
    """``a.b.c`` as objects in objects."""
    for part in reversed(path):
        value = {part: value}
    return value  # type: ignore[no-any-return]  # a path is never empty

"""Defaults of a schema, set before an object is judged, as an API server sets them."""

import copy
from collections.abc import Mapping
from typing import Any

MOST_LEVELS = 200


def with_defaults(value: Any, schema: Any, level: int = 0) -> Any:
    """The value with what the schema sets where nothing is; the value itself is not changed.

    A null where the schema allows none counts as nothing if there is a default.
    """
    if not isinstance(schema, Mapping) or level > MOST_LEVELS:
        return value
    if isinstance(value, list):
        return [with_defaults(item, schema.get("items"), level + 1) for item in value]
    if not isinstance(value, dict):
        return value
    properties, more = schema.get("properties"), schema.get("additionalProperties")
    made: dict[str, Any] = {}
    known = properties if isinstance(properties, Mapping) else {}
    for key, item in value.items():
        its = known.get(key, more)
        if item is None and _default(its) is not None and not its.get("nullable"):
            continue
        made[key] = with_defaults(item, its, level + 1)
    for name, its in known.items():
        default = _default(its)
        if name not in made and default is not None:
            made[name] = with_defaults(copy.deepcopy(default), its, level + 1)
    return made


def _default(schema: Any) -> Any:
    return schema.get("default") if isinstance(schema, Mapping) else None

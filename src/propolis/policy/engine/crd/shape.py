"""Types, required fields and limits of a schema: what is wrong with an object before rules see it.

The words are those of an API server (apiextensions-apiserver v0.36.3). ``format``, ``oneOf``, ``anyOf``,
``not`` and ``allOf`` are not looked at; the caller says so.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.regexes import matches
from propolis.policy.engine.crd.field_errors import FieldError, child, shown

MOST_LEVELS = 200
MOST_ERRORS = 100
"""Errors of one object that are told."""
NOT_CHECKED = ("allOf", "anyOf", "oneOf", "not", "format")
"""Keywords of a schema that `shape_errors` leaves out."""

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "number": (int, float),
    "integer": (int, float),
}  # fmt: skip


def shape_errors(value: Any, schema: Any, path: str = "", level: int = 0) -> Iterator[FieldError]:
    """What of a value the schema does not allow, parents before what is in them."""
    if not isinstance(schema, Mapping) or level > MOST_LEVELS:
        return
    if value is None:
        if not schema.get("nullable") and level:
            yield _of_type(value, schema, path)
        return
    if not _is_type(value, schema):
        yield _of_type(value, schema, path)
        return
    yield from _limits(value, schema, path)
    if isinstance(value, dict):
        yield from _of_object(value, schema, path, level)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from shape_errors(item, schema.get("items"), f"{path}[{index}]", level + 1)


def unchecked(schema: Any, level: int = 0) -> bool:
    """Whether a schema has keywords that are not looked at."""
    if not isinstance(schema, Mapping) or level > MOST_LEVELS:
        return False
    below = [schema.get("items"), schema.get("additionalProperties"), *_values(schema.get("properties"))]
    return any(key in schema for key in NOT_CHECKED) or any(unchecked(one, level + 1) for one in below)


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else []


def _is_type(value: Any, schema: Mapping[str, Any]) -> bool:
    if schema.get("x-kubernetes-int-or-string"):
        return isinstance(value, int | str) and not isinstance(value, bool)
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        return True
    if isinstance(value, bool):
        return kind == "boolean"
    is_whole = not isinstance(value, float) or value.is_integer()
    return isinstance(value, _TYPES[kind]) and (kind != "integer" or is_whole)


def _of_type(value: Any, schema: Mapping[str, Any], path: str) -> FieldError:
    found = _type_name(value)
    wanted = "integer,string" if schema.get("x-kubernetes-int-or-string") else schema.get("type")
    detail = f'{path or "<nil>"} in body must be of type {wanted}: "{found}"'
    return FieldError(path, "FieldValueTypeInvalid", found, detail)


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "number"
    names = {dict: "object", list: "array", str: "string", int: "integer"}
    return names.get(type(value), type(value).__name__)


def _of_object(
    value: dict[str, Any], schema: Mapping[str, Any], path: str, level: int
) -> Iterator[FieldError]:
    properties, more = schema.get("properties"), schema.get("additionalProperties")
    known = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if isinstance(name, str) and name not in value:
            yield FieldError(child(path, str(name)), "FieldValueRequired")
    for key, item in value.items():
        at = child(path, str(key)) if key in known else f"{path}[{key}]"
        yield from shape_errors(item, known.get(key, more), at, level + 1)


def _limits(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    listed = schema.get("enum")
    if isinstance(listed, list) and value not in listed:
        supported = ", ".join(map(shown, listed))
        yield FieldError(path, "FieldValueNotSupported", value, f"supported values: {supported}")
    if isinstance(value, str):
        yield from _of_text(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _of_number(value, schema, path)
    elif isinstance(value, dict | list):
        yield from _of_count(value, schema, path)


def _of_text(value: str, schema: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    most, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if isinstance(most, int) and len(value) > most:
        yield FieldError(path, "FieldValueTooLong", value, f"may not be more than {most} bytes")
    if isinstance(least, int) and len(value) < least:
        detail = f"{path} in body should be at least {least} chars long"
        yield FieldError(path, "FieldValueInvalid", value, detail)
    if isinstance(pattern, str) and not _matches(value, pattern):
        detail = f"{path} in body should match '{pattern}'"
        yield FieldError(path, "FieldValueInvalid", value, detail)


def _matches(text: str, pattern: str) -> bool:
    """Whether a pattern is found; one that RE2 does not take finds nothing to blame."""
    try:
        return matches(text, pattern)
    except EvaluationError:
        return True


def _of_number(value: float, schema: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    for key, word, is_strict in (
        ("minimum", "greater", "exclusiveMinimum"),
        ("maximum", "less", "exclusiveMaximum"),
    ):
        limit = schema.get(key)
        if not isinstance(limit, int | float) or isinstance(limit, bool):
            continue
        strict = schema.get(is_strict) is True
        is_beyond = value < limit if word == "greater" else value > limit
        if is_beyond or (strict and value == limit):
            than = f"{word} than" if strict else f"{word} than or equal to"
            yield FieldError(path, "FieldValueInvalid", value, f"{path} in body should be {than} {limit}")


def _of_count(
    value: dict[str, Any] | list[Any], schema: Mapping[str, Any], path: str
) -> Iterator[FieldError]:
    what, of = ("Items", "items") if isinstance(value, list) else ("Properties", "properties")
    most, least = schema.get(f"max{what}"), schema.get(f"min{what}")
    if isinstance(most, int) and len(value) > most:
        yield FieldError(path, "FieldValueTooMany", len(value), f"must have at most {most} items")
    if isinstance(least, int) and len(value) < least:
        detail = f"{path} in body should have at least {least} {of}"
        yield FieldError(path, "FieldValueInvalid", len(value), detail)

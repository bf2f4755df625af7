"""The standard functions of JMESPath (jmespath.org/specification.html, built-in functions)."""

import math
from collections.abc import Callable
from typing import Any

from propolis.core.limits import DEFAULT
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.runtime import Environment, Reference, check_length
from propolis.lang.jmespath.signature import ANY, ARRAY, NUMBER, OBJECT, REFERENCE, STRING, Function, Plain
from propolis.lang.jmespath.values import equal, is_number, to_json, type_name

_NUMBERS = ("array-number",)
_TEXTS = ("array-string",)
_COMPARABLE = ("array-number", "array-string")


def _contains(arguments: list[Any], environment: Environment) -> bool:
    del environment
    where, what = arguments
    if isinstance(where, str):
        return isinstance(what, str) and what in where
    if type(what) is str:  # equal to nothing but a text, so the quick search is exact
        return what in where
    return any(equal(item, what) for item in where)


def _average(arguments: list[Any], environment: Environment) -> float | None:
    del environment
    numbers = arguments[0]
    return sum(numbers) / len(numbers) if numbers else None


def _join(arguments: list[Any], environment: Environment) -> str:
    del environment
    separator, parts = arguments
    if len(separator) * len(parts) + sum(map(len, parts)) > DEFAULT.text_bytes:
        raise ExpressionError(f"join() builds a text of more than {DEFAULT.text_bytes} characters")
    return str(separator.join(parts))


def _map(arguments: list[Any], environment: Environment) -> list[Any]:
    reference, items = arguments
    return [reference(item, environment) for item in items]


def _merge(arguments: list[Any], environment: Environment) -> dict[str, Any]:
    del environment
    merged: dict[str, Any] = {}
    for argument in arguments:
        merged.update(argument)
    return merged


def _keys_of(items: list[Any], reference: Reference, environment: Environment, name: str) -> list[Any]:
    """The sort key of each item: all numbers or all texts.

    Raises:
        ExpressionError: They are mixed or of another type.
    """
    keys = [reference(item, environment) for item in items]
    if not (all(is_number(key) for key in keys) or all(type(key) is str for key in keys)):
        raise ExpressionError(f"{name}(): the expression must give all numbers or all strings")
    return keys


def _extreme_by(choose: Callable[..., int], name: str) -> Callable[[list[Any], Environment], Any]:
    def call(arguments: list[Any], environment: Environment) -> Any:
        items, reference = arguments
        if len(items) < 2:  # noqa: PLR2004  # nothing to compare
            return items[0] if items else None
        keys = _keys_of(items, reference, environment, name)
        return items[choose(range(len(items)), key=keys.__getitem__)]

    return call


def _sort_by(arguments: list[Any], environment: Environment) -> list[Any]:
    items, reference = arguments
    if len(items) < 2:  # noqa: PLR2004  # nothing to compare
        return list(items)
    keys = _keys_of(items, reference, environment, "sort_by")
    return [items[index] for index in sorted(range(len(items)), key=keys.__getitem__)]


def _reverse(arguments: list[Any], environment: Environment) -> Any:
    del environment
    return arguments[0][::-1]


def _to_array(arguments: list[Any], environment: Environment) -> list[Any]:
    del environment
    return arguments[0] if isinstance(arguments[0], list) else [arguments[0]]


def _to_string(arguments: list[Any], environment: Environment) -> str:
    del environment
    return arguments[0] if isinstance(arguments[0], str) else to_json(arguments[0])


def _to_number(arguments: list[Any], environment: Environment) -> int | float | None:
    del environment
    value = arguments[0]
    if is_number(value):
        return value  # type: ignore[no-any-return]  # is_number is no type guard for int | float
    return parse_number(value) if isinstance(value, str) else None


def parse_number(text: str) -> int | float | None:
    """The number that a text spells, whole where it has no fraction; None for other text."""
    try:
        value = float(text) if "_" not in text and text == text.strip() else math.nan
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and "e" not in text.lower() and "." not in text else value


def _type(arguments: list[Any], environment: Environment) -> str:
    del environment
    return type_name(arguments[0])


def _not_null(arguments: list[Any], environment: Environment) -> Any:
    del environment
    return next((argument for argument in arguments if argument is not None), None)


STANDARD = (
    Function("abs", Plain(abs), (NUMBER,)),
    Function("avg", _average, (_NUMBERS,)),
    Function("ceil", Plain(math.ceil), (NUMBER,)),
    Function("contains", _contains, (("array", "string"), ANY)),
    Function("ends_with", Plain(str.endswith), (STRING, STRING)),
    Function("floor", Plain(math.floor), (NUMBER,)),
    Function("join", _join, (STRING, _TEXTS)),
    Function("keys", Plain(list), (OBJECT,)),
    Function("length", Plain(len), (("string", "array", "object"),)),
    Function("map", _map, (REFERENCE, ARRAY)),
    Function("max", Plain(lambda items: max(items, default=None)), (_COMPARABLE,)),
    Function("max_by", _extreme_by(max, "max_by"), (ARRAY, REFERENCE)),
    Function("merge", _merge, (OBJECT,), is_variadic=True),
    Function("min", Plain(lambda items: min(items, default=None)), (_COMPARABLE,)),
    Function("min_by", _extreme_by(min, "min_by"), (ARRAY, REFERENCE)),
    Function("not_null", _not_null, (ANY,), is_variadic=True),
    Function("reverse", _reverse, (("array", "string"),)),
    Function("sort", Plain(sorted), (_COMPARABLE,)),
    Function("sort_by", _sort_by, (ARRAY, REFERENCE)),
    Function("starts_with", Plain(str.startswith), (STRING, STRING)),
    Function("sum", Plain(sum), (_NUMBERS,)),
    Function("to_array", _to_array, (ANY,)),
    Function("to_number", _to_number, (ANY,)),
    Function("to_string", _to_string, (ANY,)),
    Function("type", _type, (ANY,)),
    Function("values", Plain(lambda value: check_length(list(value.values()))), (OBJECT,)),
)

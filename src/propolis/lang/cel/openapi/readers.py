"""JSON values as CEL has them: formats of texts, lists that are sets or maps.

Follows apiserver pkg/cel/common/valuesunstructured.go @ v0.36.3.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.extensions.encoders import decoded
from propolis.lang.cel.libraries.standard.moments import timestamp_of_text
from propolis.lang.cel.openapi.lists import KeyedList, SetList
from propolis.lang.cel.values import MAX_INT, Duration
from propolis.lang.duration import parse_duration

Schema = Mapping[str, Any]
Read = Callable[[Any], Any]


def reader_of_format(name: str) -> Read:
    """What reads a text with a format."""
    return _of_text(_READERS[name])


def _of_text(read: Callable[[str], Any]) -> Read:
    return lambda value: read(value) if type(value) is str else value


def double(value: Any) -> Any:
    """A number of JSON, which may be whole, as a double."""
    return float(value) if type(value) is int else value


def _date(text: str) -> Any:
    return timestamp_of_text(f"{text}T00:00:00Z")


_SPAN = re.compile(r"([0-9]+)\s*([A-Za-zµ]+)")
_SECOND = 1_000_000_000
_UNITS = {
    **dict.fromkeys(("ns", "nano"), 1),
    **dict.fromkeys(("us", "µs", "micro"), 1000),
    **dict.fromkeys(("ms", "milli"), 1_000_000),
    **dict.fromkeys(("s", "sec"), _SECOND),
    **dict.fromkeys(("m", "min"), 60 * _SECOND),
    **dict.fromkeys(("h", "hr", "hour"), 3600 * _SECOND),
    **dict.fromkeys(("d", "day"), 86_400 * _SECOND),
    **dict.fromkeys(("w", "wk", "week"), 7 * 86_400 * _SECOND),
}
_LONGEST_SPAN = 256


def _span(text: str) -> Duration:
    """A duration as Go reads it, or numbers with words: "2 days"."""
    plain = parse_duration(text)
    if plain is not None:
        return Duration(plain)
    parts = _SPAN.findall(text) if len(text) <= _LONGEST_SPAN else []
    units = [_UNITS.get(unit) or _UNITS.get(unit.removesuffix("s")) for _, unit in parts]
    if parts and all(units):
        total = sum(int(count) * unit for (count, _), unit in zip(parts, units, strict=True) if unit)
        if total <= MAX_INT:
            return Duration(total)
    raise EvaluationError(f"invalid duration {text[:80]!r}")


_READERS: dict[str, Callable[[str], Any]] = {
    "byte": decoded,
    "duration": _span,
    "date": _date,
    "date-time": timestamp_of_text,
}


def array_reader(schema: Schema, read: Read | None) -> Read | None:
    """What reads a list; None where it is read as it is."""
    kind = schema.get("x-kubernetes-list-type")
    keys = schema.get("x-kubernetes-list-map-keys")
    named = tuple(key for key in keys if isinstance(key, str)) if isinstance(keys, list) else ()

    def of_list(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        elements = value if read is None else [_or_null(read, element) for element in value]
        if kind == "set":
            return SetList(elements)
        return KeyedList(elements, named) if kind == "map" else elements

    return None if read is None and kind not in ("set", "map") else of_list


def map_reader(read: Read | None) -> Read | None:
    """What reads a map by what reads its values."""
    if read is None:
        return None

    def of_map(value: Any) -> Any:
        return {key: _or_null(read, its) for key, its in value.items()} if isinstance(value, dict) else value

    return of_map


def object_reader(readers: dict[str, Read]) -> Read | None:
    """What reads an object by what reads its fields."""
    if not readers:
        return None

    def of_object(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        changed = {key: _or_null(read, value[key]) for key, read in readers.items() if key in value}
        return {**value, **changed}

    return of_object


def _or_null(read: Read, value: Any) -> Any:
    return None if value is None else read(value)

"""Fields, indices, keys, membership; of optional values too.

Follows cel-go interpreter/attributes.go @ v0.30.0: a number or a text has no fields, so asking whether it has
one gives false and no error, as policies in clusters rely on.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from propolis.lang.cel import operators
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.operations.equality import equal
from propolis.lang.cel.operations.faults import no_key, no_overload
from propolis.lang.cel.values import NONE, MixedMap, OptionalValue, UInt, type_of

_ABSENT: Any = object()
_NUMBERS = frozenset({int, UInt, float})
_KEYS = frozenset({str, int, UInt, bool})


def select(value: Any, field: str) -> Any:
    """``value.field``; of an optional value an optional one."""
    if isinstance(value, Mapping):
        try:
            return value[field]
        except KeyError:
            return no_key(field)
    if type(value) is OptionalValue:
        return optional_select(_held(value, field), field)
    return _in_list(field) if isinstance(value, list) else no_key(field)


def has(value: Any, field: str) -> bool:
    """``has(value.field)``; what has no fields has this one neither."""
    if isinstance(value, Mapping):
        return value.get(field, _ABSENT) is not _ABSENT
    if type(value) is OptionalValue:
        return value.has_value and has(value.value, field)
    return _in_list(field) if isinstance(value, list) else False


def optional_select(value: Any, field: str) -> OptionalValue:
    """``value.?field``."""
    if type(value) is OptionalValue:
        return optional_select(value.value, field) if value.has_value else NONE
    if isinstance(value, Mapping):
        found = value.get(field, _ABSENT)
        return NONE if found is _ABSENT else OptionalValue(found)
    return _in_list(field) if isinstance(value, list) else NONE


def index(value: Any, key: Any) -> Any:
    """``value[key]``; of an optional value an optional one."""
    if isinstance(value, Mapping):
        if type(key) is str:
            return select(value, key)
        found = _found(value, key)
        return no_key(key) if found is _ABSENT else found
    if isinstance(value, list):
        position = _position(key)
        if not 0 <= position < len(value):
            raise EvaluationError(f"index out of bounds: {position}")
        return value[position]
    if type(value) is OptionalValue:
        return optional_index(_held(value, key), key)
    return no_key(key)


def optional_index(value: Any, key: Any) -> OptionalValue:
    """``value[?key]``."""
    if type(value) is OptionalValue:
        return optional_index(value.value, key) if value.has_value else NONE
    if isinstance(value, Mapping):
        found = _found(value, key)
        return NONE if found is _ABSENT else OptionalValue(found)
    if isinstance(value, list):
        position = _position(key)
        return OptionalValue(value[position]) if 0 <= position < len(value) else NONE
    return NONE


def _held(optional: OptionalValue, key: Any) -> OptionalValue:
    """An optional value whose value, if there is one, has fields or elements."""
    if optional.has_value and not isinstance(optional.value, (Mapping, list, OptionalValue)):
        return no_key(key)
    return optional


def _position(key: Any) -> int:
    if type(key) in _NUMBERS and key == (whole := int(key) if key - key == 0 else 0):
        return whole
    return _in_list(key)


def _in_list(key: Any) -> NoReturn:
    raise EvaluationError(f"unsupported index type '{type_of(key)}' in list")


def _found(value: Mapping[Any, Any], key: Any) -> Any:
    """The value of a key of any type; `_ABSENT` when there is none."""
    if type(key) is bool and type(value) is not MixedMap:
        return next((found for its, found in value.items() if its is key), _ABSENT)
    if type(key) in _KEYS or type(key) is float:
        return value.get(key, _ABSENT)
    raise EvaluationError(f"unsupported key type: {type_of(key)}")


def contains(value: Any, container: Any) -> bool:
    """``value in container``."""
    if isinstance(container, list):
        if type(value) is str:
            return value in container
        return any(equal(value, element) for element in container)
    if isinstance(container, Mapping):
        return (type(value) in _KEYS or type(value) is float) and _found(container, value) is not _ABSENT
    return no_overload(operators.IN, value, container)


def make_list(elements: list[Any], optionals: frozenset[int]) -> list[Any]:
    """A list, without the optional elements that are absent."""
    if not optionals:
        return elements
    made: list[Any] = []
    for position, element in enumerate(elements):
        if position not in optionals:
            made.append(element)
        elif type(element) is not OptionalValue:
            raise EvaluationError(
                f"cannot initialize optional list element from non-optional value {element!r:.80}"
            )
        elif element.has_value:
            made.append(element.value)
    return made


def make_map(entries: list[tuple[Any, Any, bool]]) -> Mapping[Any, Any]:
    """A map from keys, values and whether they are optional.

    Raises:
        EvaluationError: A key twice, or of a type that keys cannot have.
    """
    pairs: list[tuple[Any, Any]] = []
    for key, value, is_optional in entries:
        if type(key) not in _KEYS:
            raise EvaluationError(f"unsupported key type: {type_of(key)}")
        if not is_optional:
            pairs.append((key, value))
        elif type(value) is not OptionalValue:
            raise EvaluationError(f"cannot initialize optional entry '{key}' from non-optional value")
        elif value.has_value:
            pairs.append((key, value.value))
    made = map_of_pairs(pairs)
    if len(made) != len(pairs):
        raise EvaluationError("map has a key twice")
    return made


def map_of_pairs(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """A map of keys and values; of a class of its own where a key is a bool."""
    return MixedMap(pairs) if any(type(key) is bool for key, _ in pairs) else dict(pairs)


def map_insert(into: Any, *parts: Any) -> dict[Any, Any]:
    """A map with more entries: a key and a value, or all of another map.

    Raises:
        EvaluationError: A key that is there already.
    """
    more = (
        parts[0]
        if len(parts) == 1
        else {parts[0]: parts[1]}
        if type(parts[0]) is not bool
        else MixedMap([parts])
    )
    if not isinstance(into, Mapping) or not isinstance(more, Mapping):
        return no_overload(operators.MAP_INSERT, into, *parts)
    pairs = [*into.items(), *more.items()]
    made = map_of_pairs(pairs)
    if len(made) != len(pairs):
        raise EvaluationError("insert failed: a key is there already")
    return made

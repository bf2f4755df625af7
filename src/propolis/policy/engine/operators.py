"""Operators of conditions. Follows Kyverno pkg/engine/variables/operator @ 111e07b.

An operator is a function of key and value that is true or false; what cannot be compared is
different, and in no order. Most values are known before any resource is: `Operator.bind` reads a value once.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from propolis.lang.duration import SECOND, parse_duration
from propolis.lang.jmespath.values import equal
from propolis.lang.quantity import parse_quantity
from propolis.lang.semver import parse_version
from propolis.lang.wildcard import compile_wildcard, has_wildcard, matches
from propolis.policy.engine.formatting import go_text
from propolis.policy.engine.scalars import compile_text, float_of, integer_of, operator_of

Test = Callable[[Any], bool]


class Operator:
    """An operator.

    Attributes:
        bind: The test of keys against a value.
    """

    __slots__ = ("bind",)

    def __init__(self, bind: Callable[[Any], Test]) -> None:
        self.bind = bind

    def __call__(self, key: Any, value: Any) -> bool:
        """Whether key and value are as the operator says."""
        return self.bind(value)(key)


def _unread(test: Callable[[Any, Any], bool]) -> Operator:
    """An operator that gains nothing from a value that is known before."""
    return Operator(lambda value: lambda key: test(key, value))


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


def durations(key: Any, value: Any) -> tuple[int, int] | None:
    """Both as nanoseconds when at least one is a duration and the other a duration or seconds."""
    first, second = _duration(key), _duration(value)
    if first is None and second is None:
        return None
    first = _seconds(key) if first is None else first
    second = _seconds(value) if second is None else second
    return None if first is None or second is None else (first, second)


def _duration(value: Any) -> int | None:
    return parse_duration(value) if type(value) is str and value != "0" else None


def _seconds(value: Any) -> int | None:
    return int(value) * SECOND if _is_number(value) and abs(value) < _MOST_SECONDS else None


_MOST_SECONDS = 2**63 // SECOND


def equals(key: Any, value: Any) -> bool:
    """Durations, quantities, wildcards in the value; numbers also against texts that spell them."""
    if type(key) is str:
        return _text_equals(key, value)
    if type(key) is bool:
        return key is value
    if _is_number(key):
        return _number_equals(key, value)
    return isinstance(key, list | dict) and type(key) is type(value) and equal(key, value)


def _text_equals(key: str, value: Any) -> bool:
    pair = durations(key, value)
    if pair:
        return pair[0] == pair[1]
    if type(value) is not str:
        return False
    quantity = parse_quantity(key)
    if quantity is not None:
        other = parse_quantity(value)
        return other is not None and quantity.nano == other.nano
    return matches(value, key)


def _number_equals(key: float, value: Any) -> bool:
    if _is_number(value):
        return bool(key == value)
    if type(value) is not str:
        return False
    found = integer_of(value) if type(key) is int else float_of(value)
    return found == key


def _bind_equals(value: Any) -> Test:
    """Words and wildcards are compared as such, unless the key may be a quantity."""
    if type(value) is not str or _duration(value) is not None or parse_quantity(value) is not None:
        return lambda key: equals(key, value)
    if not has_wildcard(value):
        return lambda key: key == value if type(key) is str else equals(key, value)
    fits = compile_wildcard(value)
    return lambda key: fits(key) and parse_quantity(key) is None if type(key) is str else equals(key, value)


def _bind_not_equals(value: Any) -> Test:
    if value == "" or value is None:
        return lambda key: not_equals(key, value)
    test = _bind_equals(value)
    return lambda key: key is not None and not test(key)


def not_equals(key: Any, value: Any) -> bool:
    """The opposite of `equals`; but null differs from nothing, and any text from the empty one."""
    if key is None:
        return False
    if type(key) is str and value == "" and not durations(key, value):
        return key != ""
    return not equals(key, value)


def _keys(key: Any) -> list[str] | None:
    """The key as texts: a scalar is one, a list gives each element, anything else none."""
    if isinstance(key, list):
        return [go_text(item) for item in key]
    return None if key is None or isinstance(key, dict) else [go_text(key)]


def _either_matches(key: str, value: str) -> bool:
    return matches(value, key) or matches(key, value)


def _among(elements: list[str]) -> Callable[[str], bool]:
    """Whether a key matches an element, or an element the key: both may be wildcards."""
    words = frozenset(element for element in elements if not has_wildcard(element))
    wild = [compile_wildcard(element) for element in elements if has_wildcard(element)]

    def test(key: str) -> bool:
        if key in words or any(fits(key) for fits in wild):
            return True
        return has_wildcard(key) and any(map(compile_wildcard(key), elements))

    return test


def _json_texts(value: str) -> list[str] | None:
    """A text as a JSON list of texts; a text that is no JSON stands for itself; other JSON is None."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    if found is None:
        return []
    is_texts = isinstance(found, list) and all(type(item) is str for item in found)
    return found if is_texts else None


def _bind_one(value: Any) -> Callable[[str], bool | None]:
    """Whether a single key is in a value; None when the value has no elements to be in."""
    if isinstance(value, list):
        return _among([go_text(item) for item in value])
    if type(value) is not str:
        return lambda _: None
    fits = compile_wildcard(value)
    if operator_of(value) == "-":
        in_range = compile_text(value)
        return lambda key: fits(key) or in_range(key)
    texts = _json_texts(value)
    return lambda key: fits(key) or (None if texts is None else key in texts)


def _elements(value: Any, *, takes_scalars: bool) -> list[str] | None:
    if isinstance(value, list):
        return [go_text(item) for item in value]
    if type(value) is str:
        return _json_texts(value)
    return [go_text(value)] if takes_scalars and (_is_number(value) or type(value) is bool) else None


def _is_range(value: Any) -> bool:
    return type(value) is str and operator_of(value) == "-"


Many = Callable[[list[str]], bool]


def _bind_many(
    value: Any, on_range: Callable[[list[str], str], bool], quantifier: str, *, takes_scalars: bool
) -> Many | None:
    """What a list of keys is asked; None when the value has no elements."""
    if _is_range(value):
        return partial(_swapped, on_range, value)
    elements = _elements(value, takes_scalars=takes_scalars)
    if elements is None:
        return None
    among = _among(elements)
    match quantifier:
        case "any":
            return lambda keys: any(map(among, keys))
        case "all":
            return lambda keys: all(map(among, keys))
        case "any not":
            return lambda keys: not all(map(among, keys))
    return lambda keys: not any(map(among, keys))


def _swapped(on_range: Callable[[list[str], str], bool], value: str, keys: list[str]) -> bool:
    return on_range(keys, value)


def _set_operator(
    on_range: Callable[[list[str], str], bool], quantifier: str, *, takes_scalars: bool
) -> Operator:
    """AnyIn, AllIn, AnyNotIn, AllNotIn differ in what they do with one key, a range, several keys."""
    wants_in = not quantifier.endswith("not")

    def bind(value: Any) -> Test:
        one = _bind_one(value)
        many = _bind_many(value, on_range, quantifier, takes_scalars=takes_scalars)

        def test(key: Any) -> bool:
            keys = _keys(key)
            if keys is None:
                return False
            if isinstance(key, list):
                return wants_in if keys == [value] else many is not None and many(keys)
            return one(keys[0]) is wants_in

        return test

    return Operator(bind)


any_in = _set_operator(
    lambda keys, span: any(compile_text(span)(key) for key in keys), "any", takes_scalars=True
)
all_in = _set_operator(
    lambda keys, span: all(compile_text(span)(key) for key in keys), "all", takes_scalars=False
)
any_not_in = _set_operator(
    lambda keys, span: any(compile_text(span.replace("-", "!-", 1))(key) for key in keys),
    "any not",
    takes_scalars=True,
)
all_not_in = _set_operator(
    lambda keys, span: not any(compile_text(span)(key) for key in keys), "not", takes_scalars=False
)


def is_in(key: Any, value: Any) -> bool:
    """The older In: one key with wildcards, or several that must all be there literally."""
    found = _old_in(key, value)
    return found is not None and (found is True)


def is_not_in(key: Any, value: Any) -> bool:
    """The older NotIn: one key that is nowhere, or several of which one is missing."""
    if isinstance(key, list) and len(key) == 1 and key[0] == value:
        return True
    found = _old_in(key, value)
    return found is not None and not found


def _old_in(key: Any, value: Any) -> bool | None:
    if isinstance(key, list):
        texts = _elements(value, takes_scalars=False)
        if texts is None or not all(type(item) is str for item in key):
            return None
        return key == [value] or all(item in texts for item in key)
    if key is None or isinstance(key, dict):
        return None
    text = go_text(key)
    if isinstance(value, list):
        return any(_either_matches(text, go_text(item)) for item in value)
    if type(value) is not str:
        return None
    texts = _json_texts(value)
    return True if matches(value, text) else (None if texts in (None, [value]) else text in (texts or ()))


def _ordering(compare: Callable[[Any, Any], bool]) -> Operator:
    """Durations, then quantities, then numbers, then semantic versions."""

    def ordered(key: Any, value: Any) -> bool:
        if not (_is_number(key) or type(key) is str):
            return False
        pair = (
            durations(key, value) or _quantities(key, value) or _numbers(key, value) or _versions(key, value)
        )
        return pair is not None and compare(*pair)

    def bind(value: Any) -> Test:
        if type(value) is not int or abs(value) > _MOST_EXACT:
            return lambda key: ordered(key, value)
        return lambda key: (
            compare(key, value)
            if type(key) is int and -_MOST_EXACT <= key <= _MOST_EXACT
            else ordered(key, value)
        )

    return Operator(bind)


_MOST_EXACT = 2**53
"""Whole numbers up to it are the same as floats."""


def _quantities(key: Any, value: Any) -> tuple[Any, Any] | None:
    if type(key) is not str or type(value) is not str:
        return None
    first, second = parse_quantity(key), parse_quantity(value)
    return None if first is None or second is None else (first.nano, second.nano)


def _numbers(key: Any, value: Any) -> tuple[Any, Any] | None:
    first, second = _number(key), _number(value)
    return None if first is None or second is None else (first, second)


def _number(value: Any) -> float | None:
    if _is_number(value):
        return float(value) if abs(value) < _MOST_FLOAT else None
    return float_of(value) if type(value) is str else None


_MOST_FLOAT = 1e300


def _versions(key: Any, value: Any) -> tuple[Any, Any] | None:
    if type(key) is not str or type(value) is not str:
        return None
    first, second = parse_version(key), parse_version(value)
    return None if first is None or second is None else (first, second)


def _duration_ordering(compare: Callable[[int, int], bool]) -> Operator:
    """The deprecated operators: texts are durations, numbers are seconds."""

    def ordered(key: Any, value: Any) -> bool:
        first = parse_duration(key) if type(key) is str else _seconds(key)
        second = parse_duration(value) if type(value) is str else _seconds(value)
        return first is not None and second is not None and compare(first, second)

    return _unread(ordered)


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "greaterthan": lambda left, right: left > right,
    "greaterthanorequals": lambda left, right: left >= right,
    "lessthan": lambda left, right: left < right,
    "lessthanorequals": lambda left, right: left <= right,
}

OPERATORS: dict[str, Operator] = {
    "equal": Operator(_bind_equals),
    "equals": Operator(_bind_equals),
    "notequal": Operator(_bind_not_equals),
    "notequals": Operator(_bind_not_equals),
    "in": _unread(is_in),
    "notin": _unread(is_not_in),
    "anyin": any_in,
    "allin": all_in,
    "anynotin": any_not_in,
    "allnotin": all_not_in,
    **{name: _ordering(compare) for name, compare in _ORDER.items()},
    **{f"duration{name}": _duration_ordering(compare) for name, compare in _ORDER.items()},
}
"""Every operator by its name in lower case."""

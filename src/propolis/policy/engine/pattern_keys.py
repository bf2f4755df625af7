"""The keys of a map in a pattern: plain ones, anchors, and wildcards in labels and annotations."""

from collections.abc import Callable
from typing import Any

from propolis.lang.wildcard import compile_wildcard, has_wildcard
from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import Anchor, parse_anchor, plain_key
from propolis.policy.engine.mismatch import FAIL, NEGATION, SKIP, Mismatch, wrapped

Seen = dict[str, bool]
Check = Callable[[Any, Seen], Mismatch | None]
Compile = Callable[[Any], Check]

_FIRST = (anchors.CONDITION, anchors.NEGATION, anchors.EQUALITY, anchors.EXISTENCE)
"""Anchors that are checked before plain keys; a condition before all, since it may end the check."""
_TRACKED = (anchors.CONDITION, anchors.EXISTENCE)
_WILD_FIELDS = ("labels", "annotations")


def compile_keys(pattern: dict[str, Any], compile_value: Compile) -> Check:
    """The function that checks all keys of a map."""
    checks = [_compile_key(key, pattern[key], compile_value) for key in _ordered(pattern)]
    tracked = [
        (key, anchor.key) for key in pattern if (anchor := parse_anchor(key)) and anchor.modifier in _TRACKED
    ]
    if not tracked:
        return checks[0] if len(checks) == 1 else _all_of(checks)
    inner = _all_of(checks)

    def check(value: Any, seen: Seen) -> Mismatch | None:
        for key, plain in tracked:
            seen[key] = seen.get(key, False) or plain in value
        return inner(value, seen)

    return check


SimpleKey = tuple[str, bool, Check]
"""A key, whether it may be absent, and the check of its value."""


def compile_simple_keys(pattern: dict[str, Any], compile_value: Compile) -> list[SimpleKey] | None:
    """The keys of a map that has only plain keys and equality anchors; None for any other."""
    keys: list[SimpleKey] = []
    for key in _ordered(pattern):
        anchor = parse_anchor(key)
        is_plain = anchor is None and pattern[key] != "*"
        if plain_key(key) == "metadata" or not (is_plain or (anchor and anchor.modifier == anchors.EQUALITY)):
            return None
        keys.append((plain_key(key), anchor is not None, compile_value(pattern[key])))
    return keys


def _all_of(checks: list[Check]) -> Check:
    def check(value: Any, seen: Seen) -> Mismatch | None:
        for one in checks:
            found = one(value, seen)
            if found is not None:
                return found
        return None

    return check


def _ordered(pattern: dict[str, Any]) -> list[str]:
    """Anchors, then keys with anchors below them, then the others, each by name."""

    def rank(key: str) -> tuple[int, str]:
        anchor = parse_anchor(key)
        if anchor and anchor.modifier in _FIRST:
            return _FIRST.index(anchor.modifier), key
        if anchor and anchor.modifier == anchors.GLOBAL:
            return len(_FIRST), key
        return len(_FIRST) + (1 if has_anchors(pattern[key]) else 2), key

    return sorted(pattern, key=rank)


def has_anchors(pattern: Any) -> bool:
    """Whether an anchor that checks something stands anywhere below."""
    if isinstance(pattern, dict):
        return any(
            ((anchor := parse_anchor(key)) is not None and anchor.modifier != anchors.ADD)
            or has_anchors(value)
            for key, value in pattern.items()
        )
    return isinstance(pattern, list) and any(has_anchors(item) for item in pattern)


def _compile_key(key: str, pattern: Any, compile_value: Compile) -> Check:
    if plain_key(key) == "metadata" and isinstance(pattern, dict):
        compile_value = _metadata_compiler(compile_value)
    return _handler(parse_anchor(key), key, pattern, compile_value)


def _metadata_compiler(compile_value: Compile) -> Compile:
    """Compiles metadata so that its labels and annotations may have wildcards in their keys."""

    def compile_metadata(pattern: Any) -> Check:
        if not any(_is_wild(key, value) for key, value in pattern.items()):
            return compile_value(pattern)
        wild = [key for key, value in pattern.items() if _is_wild(key, value)]
        plain = {key: value for key, value in pattern.items() if key not in wild}
        checks = [compile_value(plain)] if plain else [compile_value({})]
        checks += [
            _handler(parse_anchor(key), key, pattern[key], _wild_compiler(compile_value)) for key in wild
        ]
        return _all_of(checks)

    return compile_metadata


def _is_wild(key: str, value: Any) -> bool:
    return plain_key(key) in _WILD_FIELDS and isinstance(value, dict) and any(map(has_wildcard, value))


def _wild_compiler(compile_value: Compile) -> Compile:
    """Compiles labels: a key with a wildcard stands for the first label that it matches."""

    def compile_labels(pattern: Any) -> Check:
        matchers = {key: compile_wildcard(plain_key(key)) for key in pattern if has_wildcard(key)}
        cache: dict[tuple[str, ...], Check] = {}

        def check(value: Any, seen: Seen) -> Mismatch | None:
            if type(value) is not dict:
                return compile_value(pattern)(value, seen)
            keys = tuple(_expanded(key, matchers, value) for key in pattern)
            if keys not in cache:
                if len(cache) > MOST_EXPANSIONS:
                    cache.clear()
                cache[keys] = compile_value(dict(zip(keys, pattern.values(), strict=True)))
            return cache[keys](value, seen)

        return check

    return compile_labels


MOST_EXPANSIONS = 1024


def _expanded(key: str, matchers: dict[str, Callable[[str], bool]], labels: dict[str, Any]) -> str:
    matcher = matchers.get(key)
    if matcher is None:
        return key
    plain = plain_key(key)
    found = next((name for name, text in labels.items() if type(text) is str and matcher(name)), plain)
    anchor = parse_anchor(key)
    return f"{anchor.modifier}({found})" if anchor else found


def _handler(anchor: Anchor | None, key: str, pattern: Any, compile_value: Compile) -> Check:
    modifier = anchor.modifier if anchor else None
    if anchor is None or modifier == anchors.ADD:
        return _plain(key, pattern, compile_value)
    if modifier == anchors.NEGATION:
        return _negation(anchor.key)
    if modifier == anchors.EXISTENCE:
        return _existence(anchor.key, pattern, compile_value)
    check = compile_value(pattern)
    if modifier == anchors.EQUALITY:
        return _equality(anchor.key, check)
    return _condition(anchor.key, check) if modifier == anchors.CONDITION else _global(anchor.key, check)


def _plain(key: str, pattern: Any, compile_value: Compile) -> Check:
    if pattern == "*":

        def is_there(value: Any, seen: Seen) -> Mismatch | None:
            del seen
            if value.get(key) is not None:
                return None
            return Mismatch(FAIL, lambda path: f"{path}/{key} not found", None, "*")

        return is_there
    inner = compile_value(pattern)

    def check(value: Any, seen: Seen) -> Mismatch | None:
        found = inner(value.get(key), seen)
        return None if found is None else found.under(key)

    return check


def _equality(key: str, inner: Check) -> Check:
    def check(value: Any, seen: Seen) -> Mismatch | None:
        if key not in value:
            return None
        found = inner(value[key], seen)
        return None if found is None else found.under(key)

    return check


def _negation(key: str) -> Check:
    def check(value: Any, seen: Seen) -> Mismatch | None:
        del seen
        if key not in value:
            return None
        text = "negation anchor matched in resource"
        return Mismatch(NEGATION, lambda path: f"{text}: {path} is not allowed", value[key]).under(key)

    return check


def _condition(key: str, inner: Check) -> Check:
    text = "conditional anchor mismatch"

    def check(value: Any, seen: Seen) -> Mismatch | None:
        if key not in value:
            return Mismatch(
                SKIP, lambda _: f"{text}: conditional anchor key doesn't exist in the resource"
            ).under(key)
        found = inner(value[key], seen)
        return None if found is None else wrapped(found.under(key), SKIP, text)

    return check


def _global(key: str, inner: Check) -> Check:
    def check(value: Any, seen: Seen) -> Mismatch | None:
        if key not in value:
            return None
        found = inner(value[key], seen)
        return None if found is None else wrapped(found.under(key), SKIP, "global anchor mismatch")

    return check


def _existence(key: str, pattern: Any, compile_value: Compile) -> Check:
    """Every map of the pattern's list must be met by at least one element."""
    is_valid = isinstance(pattern, list) and all(isinstance(item, dict) for item in pattern)
    wanted = [compile_value(item) for item in pattern] if is_valid else []

    def check(value: Any, seen: Seen) -> Mismatch | None:
        if key not in value:
            return None
        items = value[key]
        if type(items) is not list or not is_valid:
            return Mismatch(
                FAIL, lambda _: "the existence anchor ^() compares a list with a list of maps", items
            ).under(key)
        for one in wanted:
            if all(one(item, seen) is not None for item in items):
                return Mismatch(
                    FAIL, lambda path: f"existence anchor validation failed at path {path}", items, pattern
                ).under(key)
        return None

    return check

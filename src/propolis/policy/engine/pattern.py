"""Patterns: a tree that a resource must contain.

Follows Kyverno pkg/engine/validate @ 111e07b. Maps are checked key by key, anchors first; a list of
one map checks every element; a scalar checks every element of a list.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from propolis.core.errors import LimitError
from propolis.policy.engine.formatting import go_text, go_type
from propolis.policy.engine.mismatch import FAIL, SKIP, Mismatch
from propolis.policy.engine.pattern_keys import SimpleKey, compile_keys, compile_simple_keys
from propolis.policy.engine.scalars import compile_scalar

Seen = dict[str, bool]
"""Condition and existence anchors of the pattern, and whether the resource has their keys."""
Check = Callable[[Any, Seen], Mismatch | None]

MOST_LEVELS = 100


class PatternTooDeepError(LimitError):
    """The pattern is nested deeper than `MOST_LEVELS`."""


def compile_pattern(pattern: Any, level: int = 0) -> Check:
    """The function that gives the first departure of a value from a pattern.

    Raises:
        PatternTooDeepError: As it says.
    """
    if level > MOST_LEVELS:
        raise PatternTooDeepError(f"the pattern is nested deeper than {MOST_LEVELS} levels")
    if isinstance(pattern, dict):
        return _compile_map(pattern, level)
    if isinstance(pattern, list):
        return _compile_list(pattern, level)
    return _compile_leaf(pattern)


_encode = msgspec.json.Encoder(order="deterministic").encode


def pattern_check(pattern: Any) -> Check:
    """The check of a pattern that is known only now; equal patterns share it.

    Raises:
        PatternTooDeepError: As it says.
    """
    return _check_of_json(_encode(pattern))


@lru_cache(maxsize=4096)
def _check_of_json(encoded: bytes) -> Check:
    return compile_pattern(msgspec.json.decode(encoded))


def _compile_map(pattern: dict[str, Any], level: int) -> Check:
    def compile_value(inner: Any) -> Check:
        return compile_pattern(inner, level + 1)

    simple = compile_simple_keys(pattern, compile_value)
    if simple is not None:
        return _simple_map(pattern, simple)
    check_keys = compile_keys(pattern, compile_value)

    def check(value: Any, seen: Seen) -> Mismatch | None:
        if type(value) is not dict:
            return Mismatch(FAIL, lambda path: _structure(path, pattern, value), value, pattern)
        return check_keys(value, seen)

    return check


def _simple_map(pattern: dict[str, Any], keys: list[SimpleKey]) -> Check:
    """A map whose keys are all plain or equality anchors: one loop instead of a call a key."""

    def check(value: Any, seen: Seen) -> Mismatch | None:
        if type(value) is not dict:
            return Mismatch(FAIL, lambda path: _structure(path, pattern, value), value, pattern)
        for key, is_optional, inner in keys:
            item = value.get(key)
            if item is None and is_optional and key not in value:
                continue
            found = inner(item, seen)
            if found is not None:
                return found.under(key)
        return None

    return check


def _structure(path: str, pattern: Any, value: Any) -> str:
    return (
        f"pattern and resource have different structures. Path: {path}. "
        f"Expected {go_type(pattern)}, found {go_type(value)}"
    )


def _compile_leaf(pattern: Any) -> Check:
    test = compile_scalar(pattern)

    def check(value: Any, seen: Seen) -> Mismatch | None:
        del seen
        if type(value) is list:
            if all(test(item) for item in value):
                return None
        elif test(value):
            return None
        return Mismatch(
            FAIL,
            lambda path: (
                f"resource value '{go_text(value)}' does not match '{go_text(pattern)}' at path {path}"
            ),
            value,
            pattern,
        )

    return check


def _compile_list(pattern: list[Any], level: int) -> Check:
    if not pattern:
        return _only_lists(
            lambda value, _: Mismatch(FAIL, lambda _: "pattern Array empty", value, pattern), pattern
        )
    first = pattern[0]
    if isinstance(first, dict):
        return _only_lists(_each(compile_pattern(first, level + 1)), pattern)
    if isinstance(first, list):
        return _only_lists(_pairwise([compile_pattern(item, level + 1) for item in pattern]), pattern)
    return _only_lists(_compile_leaf(first), pattern)


def _only_lists(inner: Check, pattern: list[Any]) -> Check:
    def check(value: Any, seen: Seen) -> Mismatch | None:
        if type(value) is not list:
            return Mismatch(
                FAIL,
                lambda path: (
                    f"validation rule failed at path {path}, "
                    "resource does not satisfy the expected overlay pattern"
                ),
                value,
                pattern,
            )
        return inner(value, seen)

    return check


def _each(inner: Check) -> Check:
    """Every element; those that a condition leaves out do not count, unless it leaves out all."""

    def check(value: Any, seen: Seen) -> Mismatch | None:
        skipped: list[Mismatch] | None = None
        for index, item in enumerate(value):
            found = inner(item, seen)
            if found is not None:
                skipped = [] if skipped is None else skipped
                found.under(str(index))
                if found.kind is not SKIP:
                    return found
                skipped.append(found)
        return _all_skipped(skipped) if skipped and len(skipped) == len(value) else None

    return check


def _pairwise(inner: list[Check]) -> Check:
    """Lists of lists: element by element."""

    def check(value: Any, seen: Seen) -> Mismatch | None:
        if len(value) < len(inner):
            return Mismatch(FAIL, lambda _: _lengths(len(value), len(inner)), value)
        skipped: list[Mismatch] = []
        for index, one in enumerate(inner):
            found = one(value[index], seen)
            if found is not None:
                found.under(str(index))
                if found.kind is not SKIP:
                    return found
                skipped.append(found)
        return _all_skipped(skipped) if skipped and len(skipped) == len(inner) else None

    return check


def _lengths(found: int, wanted: int) -> str:
    return (
        "validate Array failed, array length mismatch, "
        f"resource Array len is {found} and pattern Array len is {wanted}"
    )


def _all_skipped(skipped: list[Mismatch]) -> Mismatch:
    return Mismatch(SKIP, lambda _: "", inner=tuple(skipped))

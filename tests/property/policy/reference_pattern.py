"""A tree-walking evaluator of patterns: slow, plain, and written apart from the compiled one.

It gives the outcome only: pass, fail or skip. Scalars are compared as texts with wildcards.
"""

import fnmatch
from typing import Any


class Skip(Exception):  # noqa: N818  # control flow of the walker
    """A condition does not hold."""


class Fail(Exception):  # noqa: N818  # control flow of the walker
    """The value departs from the pattern."""


def judge(pattern: Any, value: Any) -> str:
    """pass, fail or skip."""
    try:
        walk(pattern, value)
    except Skip:
        return "skip"
    except Fail:
        return "fail"
    return "pass"


def walk(pattern: Any, value: Any) -> None:
    if isinstance(pattern, dict):
        if not isinstance(value, dict):
            raise Fail
        for key in sorted(pattern, key=order):
            walk_key(key, pattern[key], value)
    elif isinstance(pattern, list):
        if not isinstance(value, list):
            raise Fail
        walk_list(pattern[0], value)
    elif isinstance(value, list):
        if not all(same(pattern, item) for item in value):
            raise Fail
    elif not same(pattern, value):
        raise Fail


def order(key: str) -> tuple[int, str]:
    return ("(", "X", "=", "^").index(key[0]) if key[0] in "(X=^" else 9, key


def walk_list(pattern: Any, items: list[Any]) -> None:
    if not isinstance(pattern, dict):
        for item in items:
            walk(pattern, [item])
        return
    skipped = 0
    for item in items:
        try:
            walk(pattern, item)
        except Skip:
            skipped += 1
    if items and skipped == len(items):
        raise Skip


def walk_key(key: str, pattern: Any, value: dict[str, Any]) -> None:
    name = key.lstrip("X=^").strip("()")
    if key == name:
        if pattern == "*":
            if value.get(name) is None:
                raise Fail
        else:
            walk(pattern, value.get(name))
    elif key[0] == "X":
        if name in value:
            raise Fail
    elif key[0] == "(":
        condition(name, pattern, value)
    elif name in value and key[0] == "=":
        walk(pattern, value[name])
    elif name in value:
        exists(pattern, value[name])


def condition(name: str, pattern: Any, value: dict[str, Any]) -> None:
    if name not in value:
        raise Skip
    try:
        walk(pattern, value[name])
    except Fail as error:
        raise Skip from error


def exists(pattern: Any, items: Any) -> None:
    if not isinstance(items, list):
        raise Fail
    for wanted in pattern:
        if not any(judge(wanted, item) == "pass" for item in items):
            raise Fail


def same(pattern: Any, value: Any) -> bool:
    if isinstance(value, dict | list):
        return False
    if pattern is None:
        return not value
    if isinstance(pattern, bool):
        return value is pattern
    text = str(value).lower() if isinstance(value, bool) else value
    return isinstance(text, str) and fnmatch.fnmatchcase(text, pattern)

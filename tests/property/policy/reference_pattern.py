"""A tree-walking evaluator of the whole pattern language: slow, plain, and apart from the compiled one.

It gives the outcome only: pass, fail or skip.
"""

import re
from typing import Any

from tests.property.policy.reference_scalar import same, wild

ANCHOR = re.compile(r"([+<=X^]?)\((.+)\)", re.DOTALL)
FIRST = ("", "=", "X", "^")
"""Anchors that come before other keys."""


class Skip(Exception):  # noqa: N818  # control flow of the walker
    """A condition does not hold; ``is_direct`` where it is a global anchor that nothing sums up."""

    is_direct = False


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
        walk_anchors([key for key in sorted(pattern) if split(key)[0] in FIRST], pattern, value)
        for key in others(pattern):
            walk_key(key, pattern[key], value)
    elif isinstance(pattern, list):
        if not isinstance(value, list) or not pattern:
            raise Fail
        walk_list(pattern, value)
    elif not all(same(pattern, item) for item in (value if isinstance(value, list) else [value])):
        raise Fail


def split(key: str) -> tuple[str | None, str]:
    """The anchor of a key and what it stands before; no anchor is None."""
    found = ANCHOR.fullmatch(key.strip())
    return (found[1], found[2]) if found else (None, key)


def walk_anchors(keys: list[str], pattern: dict[str, Any], value: dict[str, Any]) -> None:
    """A key of which a condition does not hold ends the map; one that a deeper condition leaves out does not,
    unless all are."""
    left_out, is_direct = 0, False
    for key in keys:
        try:
            walk_key(key, pattern[key], value)
        except Skip as error:
            left_out += 1
            is_direct = is_direct or error.is_direct or split(key)[0] == ""
        except Fail:
            if not is_direct:
                raise
    if is_direct or (left_out and left_out == len(keys)):
        raise Skip


def others(pattern: dict[str, Any]) -> list[str]:
    """Keys with anchors below them and global anchors backwards, then plain ones."""
    keys = [key for key in sorted(pattern) if split(key)[0] not in FIRST]
    deep = [key for key in keys if split(key)[0] == "<" or anchored(pattern[key])]
    return [*reversed(deep), *(key for key in keys if key not in deep)]


def anchored(pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return any(split(key)[0] in (*FIRST, "<") or anchored(value) for key, value in pattern.items())
    return isinstance(pattern, list) and any(map(anchored, pattern))


def walk_list(pattern: list[Any], items: list[Any]) -> None:
    if isinstance(pattern[0], dict):
        walk_elements([(pattern[0], item) for item in items])
    elif isinstance(pattern[0], list):
        if len(items) < len(pattern):
            raise Fail
        walk_elements(list(zip(pattern, items, strict=False)))
    else:
        walk(pattern[0], items)


def walk_elements(pairs: list[tuple[Any, Any]]) -> None:
    """Elements that a condition leaves out do not count, unless it leaves out all."""
    skipped = 0
    for pattern, item in pairs:
        try:
            walk(pattern, item)
        except Skip:
            skipped += 1
    if pairs and skipped == len(pairs):
        raise Skip


def walk_key(key: str, pattern: Any, value: dict[str, Any]) -> None:
    anchor, name = split(key)
    if name == "metadata" and isinstance(pattern, dict):
        inner = value.get(key if anchor in (None, "+") else name)
        pattern = expanded_metadata(pattern, inner if isinstance(inner, dict) else {})
    if anchor in (None, "+"):
        plain(key, pattern, value)
    elif anchor == "X":
        if name in value:
            raise Fail
    elif anchor == "":
        condition(name, pattern, value)
    elif name not in value:
        return
    elif anchor == "=":
        walk(pattern, value[name])
    elif anchor == "<":
        try:
            condition(name, pattern, value)
        except Skip as error:
            error.is_direct = True
            raise
    else:
        exists(pattern, value[name])


def plain(key: str, pattern: Any, value: dict[str, Any]) -> None:
    if pattern == "*":
        if value.get(key) is None:
            raise Fail
    else:
        walk(pattern, value.get(key))


def condition(name: str, pattern: Any, value: dict[str, Any]) -> None:
    if name not in value:
        raise Skip
    try:
        walk(pattern, value[name])
    except Fail as error:
        raise Skip from error


def exists(pattern: Any, items: Any) -> None:
    if not isinstance(items, list) or not isinstance(pattern, list):
        raise Fail
    if not all(isinstance(wanted, dict) for wanted in pattern):
        raise Fail
    for wanted in pattern:
        if not any(judge(wanted, item) == "pass" for item in items):
            raise Fail


def expanded_metadata(pattern: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """Wildcards in the keys of labels and annotations stand for the first label that they match."""
    return {
        key: expanded_labels(inner, metadata.get(split(key)[1]))
        if split(key)[1] in ("labels", "annotations") and isinstance(inner, dict)
        else inner
        for key, inner in pattern.items()
    }


def expanded_labels(pattern: Any, labels: Any) -> Any:
    known = labels if isinstance(labels, dict) else {}
    return {expanded(key, known): pattern[key] for key in pattern}


def expanded(key: str, labels: dict[str, Any]) -> str:
    anchor, name = split(key)
    if "*" not in key and "?" not in key:
        return key
    match = next(
        (label for label, text in labels.items() if isinstance(text, str) and wild(name, label)), name
    )
    return match if anchor is None else f"{anchor}({match})"

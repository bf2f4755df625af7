"""Faults in patterns and scalars: an anchor, a bound, an alternative, a key, a value."""

import re
from collections.abc import Iterator
from typing import Any

from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine.anchors import parse_anchor
from propolis.policy.engine.coverage.faults import DROP, Fault, renamed_key
from propolis.policy.engine.explain.trace import Path
from propolis.policy.engine.scalars import NOT_RANGE, RANGE, operator_of

_OTHER_ANCHOR = {"": "=({})", "=": "{}", "^": "{}", "<": "=({})", "+": "{}"}
_OTHER_BOUND = {">": ">=", ">=": ">", "<": "<=", "<=": "<", "!": ""}
LONGEST_TEXT = 40
_NUMBER = re.compile(r"([-+]?\d{1,15})(.*)", re.DOTALL | re.ASCII)


def pattern_faults(pattern: Any, path: Path, *, patches: bool = False) -> Iterator[Fault]:
    """Faults at every key and leaf; ``patches``: it is what is put in place, not what is asked for."""
    if isinstance(pattern, dict):
        for key, inner in pattern.items():
            yield from _key_faults(pattern, key, path)
            anchor = parse_anchor(key)
            if anchor is None or anchor.modifier != "X":
                yield from pattern_faults(inner, (*path, key), patches=patches)
    elif isinstance(pattern, list):
        for index, item in enumerate(pattern):
            if len(pattern) > 1 and patches:
                yield Fault((*path, index), "drop the item", DROP)
            yield from pattern_faults(item, (*path, index), patches=patches)
    else:
        yield from _patched(pattern, path) if patches else scalar_faults(pattern, path)


def _key_faults(pattern: dict[str, Any], key: str, path: Path) -> Iterator[Fault]:
    anchor = parse_anchor(key)
    forbids = anchor is not None and anchor.modifier == "X"
    if len(pattern) > 1 or forbids:
        yield Fault((*path, key), f"drop {key}", DROP)
    if anchor is not None and not forbids:
        other = _OTHER_ANCHOR[anchor.modifier].format(anchor.key)
        if other not in pattern:
            yield Fault(path, f"{key} becomes {other}", renamed_key(pattern, key, other), (*path, key))


def scalar_faults(value: Any, path: Path) -> Iterator[Fault]:
    """Faults of a leaf: the other boolean, the next number, the other side of a bound."""
    if isinstance(value, bool):
        yield Fault(path, f"{_said(value)} becomes {_said(not value)}", not value)
    elif isinstance(value, int):
        yield Fault(path, f"{value} becomes {value + 1}", value + 1)
    elif isinstance(value, str):
        for what, other in _other_texts(value):
            if other != value:
                yield Fault(path, what, other)


def _said(value: bool) -> str:  # noqa: FBT001  # the value itself
    return str(value).lower()


def _other_texts(text: str) -> Iterator[tuple[str, str]]:
    """What is changed of a text, and what it becomes."""
    for separator in "|&":
        parts = text.split(separator)
        if len(parts) > 1:
            for index, part in enumerate(parts):
                left = [other for number, other in enumerate(parts) if number != index]
                yield f"drop {part.strip()!r} of {_short(text)}", separator.join(left).strip()
            return
    for other in _other_terms(text):
        yield f"{text!r} becomes {other!r}", other


def _short(text: str) -> str:
    return repr(text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}...")


def _other_terms(text: str) -> Iterator[str]:
    operator = operator_of(text)
    span = RANGE.fullmatch(text) or NOT_RANGE.fullmatch(text)
    if span:
        sign = "!-" if operator == "!-" else "-"
        yield f"{_moved(span[1], 1)}{sign}{span[2]}"
        yield f"{span[1]}{sign}{_moved(span[2], -1)}"
    elif operator in _OTHER_BOUND:
        yield f"{_OTHER_BOUND[operator]}{text[len(operator) :].strip()}"
    elif text.strip() == "?*":
        yield "*"
    elif not (has_wildcard(text) and not text.strip("*?")):
        yield f"!{text}"


def _moved(bound: str, by: int) -> str:
    found = _NUMBER.fullmatch(bound)
    return f"{int(found[1]) + by}{found[2]}" if found else bound


def _patched(value: Any, path: Path) -> Iterator[Fault]:
    """What is put in place becomes something else."""
    if isinstance(value, bool | int):
        yield from scalar_faults(value, path)
    elif isinstance(value, str) and value:
        yield Fault(path, f"{value!r} becomes {value + '-changed'!r}", f"{value}-changed")

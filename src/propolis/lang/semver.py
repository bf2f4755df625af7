"""Semantic versions (semver.org 2.0.0), strict: three numbers, no leading zeros.

Follows what github.com/blang/semver accepts. A version is a tuple that sorts in the right order.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int, tuple[tuple[int, int, str], ...]]
"""Major, minor, patch, and pre-release parts that sort below the release."""

_NUMBER = r"(0|[1-9][0-9]{0,18})"
_PART = r"(?:0|[1-9][0-9]{0,18}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_PART}(?:\.{_PART})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_RELEASE = ((2, 0, ""),)
_LONGEST_TEXT = 256


@lru_cache(maxsize=8192)
def parse_version(text: str) -> Version | None:
    """A version, or None for other text."""
    found = _VERSION.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        return None
    major, minor, patch, before = found.groups()
    return int(major), int(minor), int(patch), _before(before) if before else _RELEASE


def _before(text: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers below texts, both below the release."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split("."))


Test = Callable[[Version], bool]

_TERM = re.compile(r"(==|!=|>=|<=|=|!|>|<)?\s*([0-9xX*][^\s|<>=!]*)")

_COMPARE: dict[str, Callable[[Version, Version], bool]] = {
    "": lambda left, right: left == right,
    "=": lambda left, right: left == right,
    "==": lambda left, right: left == right,
    "!": lambda left, right: left != right,
    "!=": lambda left, right: left != right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}


@lru_cache(maxsize=1024)
def parse_range(text: str) -> Test | None:
    """``>=1.2.0 <2.0.0 || 3.x``: whether a version is in a range; None for other text."""
    if len(text) > _LONGEST_TEXT:
        return None
    alternatives = [_conjunction(part) for part in text.split("||")]
    kept = [tests for tests in alternatives if tests is not None]
    if len(kept) != len(alternatives):
        return None
    return lambda version: any(all(test(version) for test in tests) for tests in kept)


def _conjunction(text: str) -> list[Test] | None:
    tests: list[Test] = []
    position = 0
    body = text.strip()
    while position < len(body):
        found = _TERM.match(body, position)
        tests_of_term = _term(found[1] or "", found[2]) if found else None
        if found is None or tests_of_term is None:
            return None
        tests.append(tests_of_term)
        position = found.end()
        position += len(body[position:]) - len(body[position:].lstrip())
    return tests or None


def _term(operator: str, text: str) -> Test | None:
    """One comparison; a wildcard stands for the span of versions below it."""
    if not re.search(r"[xX*]", text):
        version = parse_version(text)
        compare = _COMPARE[operator]
        return None if version is None else lambda found: compare(found, version)
    span = _span(text)
    if span is None:
        return None
    low, high = span
    tests: dict[str, Test] = {
        "": lambda found: low <= found < high,
        "=": lambda found: low <= found < high,
        "==": lambda found: low <= found < high,
        ">": lambda found: found >= high,
        ">=": lambda found: found >= low,
        "<": lambda found: found < low,
        "<=": lambda found: found < high,
        "!": lambda found: not low <= found < high,
        "!=": lambda found: not low <= found < high,
    }
    return tests[operator]


def _span(text: str) -> tuple[Version, Version] | None:
    """From the lowest version of ``1.2.x`` to the lowest that is above all of them."""
    parts = text.split(".")
    numbers = []
    for part in parts:
        if part in ("x", "X", "*"):
            break
        if not re.fullmatch(_NUMBER, part, re.ASCII):
            return None
        numbers.append(int(part))
    if not numbers or len(parts) > 3 or any(part not in ("x", "X", "*") for part in parts[len(numbers) :]):  # noqa: PLR2004  # three numbers
        return None
    low = [*numbers, 0, 0][:3]
    high = [*numbers[:-1], numbers[-1] + 1, 0, 0][:3]
    return (low[0], low[1], low[2], _RELEASE), (high[0], high[1], high[2], _RELEASE)

"""One alternative of an expression: parts such as ``>=1.2`` with commas or spaces between."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from propolis.lang.versions.constraints.model import Test, leading_numbers, wrong
from propolis.lang.versions.constraints.operators import (
    at_least_within,
    caret_prefix,
    comparison,
    pessimistic_prefix,
    prefix_comparison,
)
from propolis.lang.versions.order import VersionOrder

_SIGN = re.compile(r"(~>|[<>!=]=|=[<>]|[<>=~^])?\s*")
_VERSION = re.compile(r"[^\s,|<>=!~^()\[\]][^\s,|<>=!()\[\]]*")
_BETWEEN = re.compile(r"(?:\s*,\s*|\s+and\s+|\s+)")
_HYPHEN_RANGE = re.compile(r"([^\s,|<>=!~^]+)\s+-\s+([^\s,|<>=!~^]+)")
_WILDCARD = re.compile(r"(?:[xX*]|[vV=]*([0-9]+(?:\.[0-9]+)*)\.[xX*](?:\.[xX*])*)")
_BARE_NUMBERS = re.compile(r"[vV=]*[0-9]+(?:\.[0-9]+){0,1}")
_EXPECTED = "a sign (=, !=, <, <=, >, >=) and a version"


@dataclass(frozen=True, slots=True)
class PartStyle:
    """What the parts of an ecosystem's expressions may hold.

    Attributes:
        tilde: What ``~`` lets stay; None where there is no ``~``.
        caret: Whether there is ``^``.
        wildcards: Whether ``1.x`` and ``*`` are understood.
        partial_is_wildcard: Whether ``1.2`` means ``1.2.x``.
        hyphen_ranges: Whether ``1.0 - 2.0`` is a range.
        bare_sign: What a version without a sign means.
        keeps_signs_in_versions: Whether versions may hold ``^`` and ``~`` (distributions).
    """

    tilde: Callable[[tuple[int, ...]], tuple[int, ...]] | None = None
    caret: bool = False
    wildcards: bool = False
    partial_is_wildcard: bool = False
    hyphen_ranges: bool = False
    bare_sign: str = "="
    keeps_signs_in_versions: bool = False


def read_parts(
    order: VersionOrder,
    style: PartStyle,
    is_readable: Callable[[str], bool],
    expression: str,
    start: int,
    end: int,
) -> tuple[tuple[Test, ...], str]:
    """The tests of one alternative, and its text in one spelling.

    Raises:
        DocumentError: for what cannot be read, with the column in the whole expression.
    """
    group = expression[start:end]
    position = len(group) - len(group.lstrip(" \t\n,"))
    tests: list[Test] = []
    texts: list[str] = []
    if position == len(group):
        raise wrong(expression, start + 1, _EXPECTED)
    while position < len(group):
        sign, version, position = _next_part(style, expression, start, group, position)
        test = _test(order, style, is_readable, sign, version)
        if test is None:
            raise wrong(expression, start + position - len(version) + 1, f"a {order.name} version")
        tests.append(test)
        texts.append(f"{sign}{version}")
        position = _skip_between(expression, start, group, position)
    return tuple(tests), ", ".join(texts)


def _next_part(
    style: PartStyle, expression: str, start: int, group: str, position: int
) -> tuple[str, str, int]:
    """Sign, version and where the part ends; a hyphen range has the sign ``-`` and both versions."""
    if style.hyphen_ranges and (found := _HYPHEN_RANGE.match(group, position)):
        return "-", f"{found[1]} - {found[2]}", found.end()
    sign = _SIGN.match(group, position)
    at = sign.end() if sign else position
    version = _VERSION.match(group, at)
    if version is None:
        raise wrong(expression, start + at + 1, _EXPECTED)
    return (sign[1] or "") if sign else "", version[0], version.end()


def _skip_between(expression: str, start: int, group: str, position: int) -> int:
    if position == len(group):
        return position
    between = _BETWEEN.match(group, position)
    if between is None:
        raise wrong(expression, start + position + 1, "a comma or a space before the next part")
    return between.end()


def _test(
    order: VersionOrder, style: PartStyle, is_readable: Callable[[str], bool], sign: str, version: str
) -> Test | None:
    """The test of one part; None where the version cannot be read."""
    if sign == "-":
        low, _, high = version.partition(" - ")
        return _both(
            _test(order, style, is_readable, ">=", low), _test(order, style, is_readable, "<=", high)
        )
    if style.wildcards and (found := _WILDCARD.fullmatch(version)):
        return _wildcard_test(style, sign or "=", leading_numbers(found[1]) if found[1] else ())
    if not is_readable(version):
        return None
    if style.partial_is_wildcard and _BARE_NUMBERS.fullmatch(version):
        return _wildcard_test(style, sign or "=", leading_numbers(version))
    return _signed_test(order, style, sign or style.bare_sign, version)


def _both(low: Test | None, high: Test | None) -> Test | None:
    if low is None or high is None:
        return None
    return lambda candidate: low(candidate) and high(candidate)


def _wildcard_test(style: PartStyle, sign: str, prefix: tuple[int, ...]) -> Test | None:
    """``1.2.x``: only the numbers before the wildcard count; before ``*`` there are none."""
    if sign in {"~", "~>", "^"}:
        allowed = _kept_numbers(style, sign, prefix)
        if allowed is None:
            return None
        floor = prefix_comparison(">=", prefix)
        within = prefix_comparison("=", allowed)
        return lambda candidate: floor(candidate) and within(candidate)
    return prefix_comparison(sign, prefix)


def _signed_test(order: VersionOrder, style: PartStyle, sign: str, version: str) -> Test | None:
    key = order.key(version)
    if sign not in {"~", "~>", "^"}:
        return comparison(sign, key)
    allowed = _kept_numbers(style, sign, leading_numbers(version))
    return None if allowed is None else at_least_within(key, allowed)


def _kept_numbers(style: PartStyle, sign: str, numbers: tuple[int, ...]) -> tuple[int, ...] | None:
    """The numbers that must stay under a sign; None where the style does not know the sign."""
    if sign == "^":
        return caret_prefix(numbers) if style.caret else None
    if sign == "~>":
        return None if style.keeps_signs_in_versions else pessimistic_prefix(numbers)
    return style.tilde(numbers) if style.tilde else None

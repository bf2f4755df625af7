"""Scalars of a pattern: operators, ranges, wildcards, quantities, durations.

Follows Kyverno pkg/engine/pattern and pkg/engine/operator @ 111e07b. Each scalar compiles once to a
function of the resource's value.
"""

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from propolis.lang.duration import parse_duration
from propolis.lang.quantity import parse_quantity
from propolis.lang.wildcard import compile_wildcard

Test = Callable[[Any], bool]

EQUAL = ""
_OPERATORS = (">=", "<=", ">", "<", "!")
_NUMBER = r"([-|\+]?\d+(?:\.\d+)?[A-Za-z]*)"
RANGE = re.compile(rf"{_NUMBER}-{_NUMBER}", re.ASCII)
NOT_RANGE = re.compile(rf"{_NUMBER}!-{_NUMBER}", re.ASCII)

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "": lambda left, right: left == right,
    "!": lambda left, right: left != right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
}


def compile_scalar(pattern: Any) -> Test:
    """The function that tells whether a value meets a scalar pattern."""
    if isinstance(pattern, str):
        return compile_text(pattern)
    if isinstance(pattern, bool):
        return lambda value: value is pattern
    if isinstance(pattern, int):
        return _compile_integer(pattern)
    if isinstance(pattern, float):
        return _compile_float(pattern)
    return _is_nothing


def _is_nothing(value: Any) -> bool:
    """A null pattern: null, zero, false or empty text; never a list or object."""
    return not isinstance(value, list | dict) and not value


def _compile_integer(pattern: int) -> Test:
    def test(value: Any) -> bool:
        if type(value) is int or type(value) is float:
            return bool(value == pattern)
        return type(value) is str and integer_of(value) == pattern

    return test


def _compile_float(pattern: float) -> Test:
    def test(value: Any) -> bool:
        if type(value) is int or type(value) is float:
            return bool(value == pattern)
        return type(value) is str and float_of(value) == pattern

    return test


def integer_of(text: str) -> int | None:
    """A decimal integer of 64 bits, as Go's ParseInt reads it."""
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text, re.ASCII):
        return None
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


def float_of(text: str) -> float | None:
    """A floating point number, as Go's ParseFloat reads it (without hexadecimal ones)."""
    if not _FLOAT.fullmatch(text):
        return None
    return float(text)


_FLOAT = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf|infinity|nan)", re.ASCII | re.IGNORECASE)


@lru_cache(maxsize=16384)
def compile_text(pattern: str) -> Test:
    """``a | >1 & <3 | !x* | 1-5``: alternatives of which each is a conjunction of terms."""
    alternatives = [
        [_compile_term(term.strip(" ")) for term in alternative.strip(" ").split("&")]
        for alternative in pattern.split("|")
    ]
    if len(alternatives) == 1 and len(alternatives[0]) == 1:
        single = alternatives[0][0]
        return lambda value: value == pattern or single(value)
    return lambda value: value == pattern or any(all(term(value) for term in terms) for terms in alternatives)


def operator_of(text: str) -> str:
    """The operator that a text begins with, or ``-`` and ``!-`` for ranges; empty for none."""
    if len(text) < 2:  # noqa: PLR2004  # an operator and something
        return EQUAL
    for operator in _OPERATORS:
        if text.startswith(operator):
            return operator
    if NOT_RANGE.fullmatch(text):
        return "!-"
    return "-" if RANGE.fullmatch(text) else EQUAL


def _compile_term(term: str) -> Test:
    operator = operator_of(term)
    found = RANGE.fullmatch(term) if operator == "-" else None
    if found:
        least, most = _compile_operand(found[1], ">="), _compile_operand(found[2], "<=")
        return lambda value: least(value) and most(value)
    found = NOT_RANGE.fullmatch(term) if operator == "!-" else None
    if found:
        below, above = _compile_operand(found[1], "<"), _compile_operand(found[2], ">")
        return lambda value: below(value) or above(value)
    return _compile_operand(term[len(operator) :].strip(), operator)


def _compile_operand(operand: str, operator: str) -> Test:
    """Durations compare as durations, quantities as quantities, all else as text with wildcards."""
    duration, quantity = parse_duration(operand), parse_quantity(operand)
    text_test = _compile_words(operand, operator)
    if duration is None and quantity is None:
        return text_test
    compare = _COMPARE[operator]

    def test(value: Any) -> bool:
        text = _number_text(value)
        if text is None:
            return text_test(value)
        if duration is not None and (found := parse_duration(text)) is not None:
            return compare(found, duration)
        if quantity is not None and (amount := parse_quantity(text)) is not None:
            return compare(amount.nano, quantity.nano)
        return text_test(value)

    return test


def _compile_words(operand: str, operator: str) -> Test:
    if operator not in ("", "!"):
        return lambda _: False
    matches, wanted = compile_wildcard(operand), operator == ""

    def test(value: Any) -> bool:
        if type(value) is str:
            return matches(value) is wanted
        text = _scalar_text(value)
        return text is not None and matches(text) is wanted

    return test


def _number_text(value: Any) -> str | None:
    """What is read as a duration or quantity; an absent value counts as 0."""
    if type(value) is str:
        return value
    if value is None:
        return "0"
    if type(value) is int:
        return str(value)
    return f"{value:f}" if type(value) is float else None


def _scalar_text(value: Any) -> str | None:
    """What is matched with wildcards; floats in exponent form, as Kyverno has it."""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    return _exponent_text(value) if type(value) is float else None


def _exponent_text(value: float) -> str:
    """A float as Go's FormatFloat(v, 'E', -1, 64): ``1.5E+00``."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:+}".title()
    return next(text for places in range(18) if float(text := f"{value:.{places}E}") == value)

"""Scalars of patterns, read anew at every comparison: slow, plain, and written apart from the engine."""

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

OPERATORS = (">=", "<=", ">", "<", "!")
NUMBER = r"([-|\+]?\d+(?:\.\d+)?[A-Za-z]*)"
QUANTITY = re.compile(r"([+-]?)(\d+)(?:\.(\d*))?(?:([numkMGTPE]|[KMGTPE]i)?|[eE]([+-]?\d{1,3}))", re.ASCII)
DURATION = re.compile(r"([+-]?)((?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+|0)", re.ASCII)
PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)", re.ASCII)
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {name: 10 * (power + 1) for power, name in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "": lambda left, right: bool(left == right),
    "!": lambda left, right: bool(left != right),
    ">": lambda left, right: bool(left > right),
    "<": lambda left, right: bool(left < right),
    ">=": lambda left, right: bool(left >= right),
    "<=": lambda left, right: bool(left <= right),
}


def same(pattern: Any, value: Any) -> bool:
    """Whether a value that is no list meets a scalar."""
    if pattern is None:
        return not isinstance(value, dict | list) and not value
    if isinstance(pattern, bool):
        return value is pattern
    if isinstance(pattern, int | float):
        return is_number(pattern, value)
    return bool(value == pattern) or any(
        all(meets(term.strip(" "), value) for term in alternative.strip(" ").split("&"))
        for alternative in pattern.split("|")
    )


def is_number(pattern: float, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    if isinstance(value, int | float):
        return value == pattern
    wanted = r"[+-]?\d{1,19}" if isinstance(pattern, int) else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
    if not re.fullmatch(wanted, value, re.ASCII):
        return False
    return (int(value) if isinstance(pattern, int) else float(value)) == pattern


def meets(term: str, value: Any) -> bool:
    operator = next((one for one in OPERATORS if term.startswith(one) and len(term) > 1), "")
    if not operator or operator == "!":
        outside = re.fullmatch(f"{NUMBER}!-{NUMBER}", term, re.ASCII)
        if outside:
            return compared(outside[1], "<", value) or compared(outside[2], ">", value)
        inside = re.fullmatch(f"{NUMBER}-{NUMBER}", term, re.ASCII)
        if inside and not operator:
            return compared(inside[1], ">=", value) and compared(inside[2], "<=", value)
    return compared(term[len(operator) :].strip(), operator, value)


def compared(operand: str, operator: str, value: Any) -> bool:
    text = number_text(value)
    for parse in (duration, quantity):
        wanted = parse(operand)
        found = parse(text) if text is not None and wanted is not None else None
        if wanted is not None and found is not None:
            return COMPARE[operator](found, wanted)
    words = scalar_text(value)
    return operator in ("", "!") and words is not None and wild(operand, words) is (operator == "")


def number_text(value: Any) -> str | None:
    if value is None:
        return "0"
    if isinstance(value, bool | dict | list):
        return None
    return f"{value:f}" if isinstance(value, float) else str(value)


def scalar_text(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
        point = len(digits) - 1 + int(exponent)
        rest = "".join(map(str, digits[1:]))
        sign = "-" if value < 0 else ""
        return f"{sign}{digits[0]}{'.' if rest else ''}{rest}E{point:+03d}"
    return str(value)


def wild(pattern: str, text: str) -> bool:
    translated = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(translated, text, re.DOTALL) is not None


def quantity(text: str) -> Fraction | None:
    found = QUANTITY.fullmatch(text)
    if found is None:
        return None
    sign, whole, fraction, suffix, exponent = found.groups()
    value = Fraction(int(whole + (fraction or "")), 10 ** len(fraction or ""))
    power = int(exponent) if exponent else DECIMAL.get(suffix or "", 0)
    value *= Fraction(2) ** BINARY[suffix] if suffix in BINARY else Fraction(10) ** power
    return -value if sign == "-" else value


def duration(text: str) -> int | None:
    found = DURATION.fullmatch(text)
    if found is None:
        return None
    total = sum(int(Fraction(number) * UNITS[unit]) for number, unit in PART.findall(found[2]))
    return -total if found[1] == "-" else total

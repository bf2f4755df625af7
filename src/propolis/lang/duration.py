"""Durations as Go writes them: ``1h30m``, ``250ms``, ``-1.5s``.

Follows Go time.ParseDuration and Duration.String. A duration is a whole number of nanoseconds.
"""

import re
from functools import lru_cache

NANOSECOND = 1
MICROSECOND = 1000 * NANOSECOND
MILLISECOND = 1000 * MICROSECOND
SECOND = 1000 * MILLISECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

_UNITS = {
    "ns": NANOSECOND,
    "us": MICROSECOND,
    "\u00b5s": MICROSECOND,
    "\u03bcs": MICROSECOND,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)")
_LARGEST = 2**63
_LONGEST_TEXT = 128


@lru_cache(maxsize=16384)
def parse_duration(text: str) -> int | None:
    """Nanoseconds of a duration, or None for other text."""
    if not text or len(text) > _LONGEST_TEXT:
        return None
    sign = -1 if text[0] == "-" else 1
    body = text[1:] if text[0] in "+-" else text
    if body == "0":
        return 0
    total = _nanoseconds(body)
    if total is None or total > (_LARGEST if sign < 0 else _LARGEST - 1):
        return None
    return sign * total


def _nanoseconds(body: str) -> int | None:
    position = total = 0
    while position < len(body):
        found = _PART.match(body, position)
        if found is None or not (found[1] or found[2]):
            return None
        unit = _UNITS[found[3]]
        total += int(found[1] or "0") * unit
        if found[2]:
            total += int(found[2]) * unit // 10 ** len(found[2])
        position = found.end()
    return total if body else None


def format_duration(nanoseconds: int) -> str:
    """The text that Go prints: ``1h30m0s``, ``1.5ms``, ``0s``."""
    if nanoseconds == 0:
        return "0s"
    sign = "-" if nanoseconds < 0 else ""
    left = abs(nanoseconds)
    if left < SECOND:
        return sign + _below_second(left)
    minutes, rest = divmod(left, MINUTE)
    text = f"{_decimal(rest, SECOND)}s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{minutes}m{text}"
        if hours:
            text = f"{hours}h{text}"
    return sign + text


def _below_second(left: int) -> str:
    for unit, name in ((MILLISECOND, "ms"), (MICROSECOND, "\u00b5s"), (NANOSECOND, "ns")):
        if left >= unit:
            return f"{_decimal(left, unit)}{name}"
    return "0s"


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    if not rest:
        return str(whole)
    digits = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}"

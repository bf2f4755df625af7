"""Moments and spans of time as texts, and what a calendar says of a moment in a time zone.

Follows Go package time and cel-go common/types/timestamp.go, duration.go @ v0.30.0.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.operations.arithmetic import timestamp_of
from propolis.lang.cel.values import NANOS, Duration, Timestamp
from propolis.lang.duration import parse_duration
from propolis.lang.go_time import RFC3339, parse_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET = re.compile(r"([+-])?([0-9]{1,2}):([0-9]{2})", re.ASCII)
_LONGEST_ZONE = 64
_MOST_HOURS = 23
_MOST_MINUTES = 59


def timestamp_of_text(text: str) -> Timestamp:
    """A moment as RFC 3339 writes it.

    Raises:
        EvaluationError: The text is none, or its year is not one of 1 to 9999.
    """
    moment = parse_time(RFC3339, text)
    if moment is None:
        raise EvaluationError(f"cannot convert string to timestamp: {text[:80]!r}")
    return timestamp_of(moment.nanoseconds)


def duration_of_text(text: str) -> Duration:
    """A span of time as Go writes it: ``1h30m``.

    Raises:
        EvaluationError: The text is none, or longer than 64 bits of nanoseconds.
    """
    nanoseconds = parse_duration(text)
    if nanoseconds is None:
        raise EvaluationError(f"cannot convert string to duration: {text[:80]!r}")
    return Duration(nanoseconds)


def text_of_timestamp(moment: Timestamp) -> str:
    """RFC 3339 in UTC, with as many decimals as it needs."""
    seconds, nanoseconds = divmod(moment.nanoseconds, NANOS)
    local = _EPOCH + timedelta(seconds=seconds)
    text = f"{local.year:04d}-{local.month:02d}-{local.day:02d}T{local:%H:%M:%S}"
    decimals = f"{nanoseconds:09d}".rstrip("0")
    return f"{text}.{decimals}Z" if decimals else f"{text}Z"


def text_of_duration(span: Duration) -> str:
    """Seconds as a decimal number with ``s``; as many decimals as a double has."""
    sign = -1 if span.nanoseconds < 0 else 1
    seconds, nanoseconds = divmod(abs(span.nanoseconds), NANOS)
    number = sign * (seconds + nanoseconds / NANOS)
    text = format(Decimal(repr(number)), "f")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}s"


def calendar(moment: Timestamp, zone: str) -> datetime:
    """What a calendar and a clock show in a time zone: its name, or an offset like ``-02:30``.

    Raises:
        EvaluationError: There is no such zone, or it shows a year that is not one of 1 to 9999.
    """
    try:
        return (_EPOCH + timedelta(seconds=moment.nanoseconds // NANOS)).astimezone(_zone(zone))
    except (OverflowError, ValueError) as error:
        raise EvaluationError("timestamp out of range") from error


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo:
    if name in ("", "UTC"):
        return UTC
    if found := _OFFSET.fullmatch(name):
        hours, minutes = int(found[2]), int(found[3])
        if hours > _MOST_HOURS or minutes > _MOST_MINUTES:
            raise EvaluationError(f"no such time zone: {name}")
        offset = timedelta(hours=hours, minutes=minutes)
        return timezone(-offset if found[1] == "-" else offset)
    try:
        if len(name) <= _LONGEST_ZONE:
            return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        pass
    raise EvaluationError(f"no such time zone: {name[:_LONGEST_ZONE]}")

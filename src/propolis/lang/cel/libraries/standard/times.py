"""Parts of moments and of spans of time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from propolis.lang.cel.libraries.standard.moments import calendar
from propolis.lang.cel.library import Function, Overload
from propolis.lang.cel.types import DURATION, INT, STRING, TIMESTAMP
from propolis.lang.cel.values import NANOS, Duration, Timestamp

_MILLI = NANOS // 1000
Part = Callable[[datetime], int]


def _of_moment(word: str, part: Part, zoned: str) -> tuple[Overload, Overload]:
    def in_utc(moment: Timestamp) -> int:
        return part(calendar(moment, ""))

    def in_zone(moment: Timestamp, zone: str) -> int:
        return part(calendar(moment, zone))

    name = f"timestamp_to_{word}"
    return (
        Overload(name, (TIMESTAMP,), INT, in_utc, is_member=True),
        Overload(f"{name}_{zoned}", (TIMESTAMP, STRING), INT, in_zone, is_member=True),
    )


def _part(name: str, word: str, part: Part, *more: Overload, zoned: str = "with_tz") -> Function:
    return Function(name, (*_of_moment(word, part, zoned), *more))


def _of_span(word: str, part: Callable[[int], int]) -> Overload:
    def of_span(span: Duration) -> int:
        sign = -1 if span.nanoseconds < 0 else 1
        return sign * part(abs(span.nanoseconds))

    return Overload(f"duration_to_{word}", (DURATION,), INT, of_span, is_member=True)


def _milliseconds_of(moment: Timestamp, zone: Any = "") -> int:
    calendar(moment, zone)
    return moment.nanoseconds % NANOS // _MILLI


TIMES = (
    _part("getFullYear", "year", lambda local: local.year),
    _part("getMonth", "month", lambda local: local.month - 1),
    _part("getDayOfYear", "day_of_year", lambda local: local.timetuple().tm_yday - 1),
    _part("getDayOfMonth", "day_of_month", lambda local: local.day - 1),
    _part("getDate", "day_of_month_1_based", lambda local: local.day),
    _part("getDayOfWeek", "day_of_week", lambda local: local.isoweekday() % 7),
    _part(
        "getHours",
        "hours",
        lambda local: local.hour,
        _of_span("hours", lambda count: count // (3600 * NANOS)),
    ),
    _part(
        "getMinutes",
        "minutes",
        lambda local: local.minute,
        _of_span("minutes", lambda count: count // (60 * NANOS)),
    ),
    _part(
        "getSeconds",
        "seconds",
        lambda local: local.second,
        _of_span("seconds", lambda count: count // NANOS),
        zoned="tz",
    ),
    Function(
        "getMilliseconds",
        (
            Overload("timestamp_to_milliseconds", (TIMESTAMP,), INT, _milliseconds_of, is_member=True),
            Overload(
                "timestamp_to_milliseconds_with_tz",
                (TIMESTAMP, STRING),
                INT,
                _milliseconds_of,
                is_member=True,
            ),
            _of_span("milliseconds", lambda count: count % NANOS // _MILLI),
        ),
    ),
)

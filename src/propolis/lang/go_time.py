"""Times as Go reads and writes them: RFC 3339 and layouts like ``Mon Jan _2 15:04:05 MST 2006``.

Follows Go package time. A moment is whole nanoseconds since 1970 in UTC and an offset in seconds.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from propolis.lang.duration import MINUTE, SECOND

RFC3339 = "2006-01-02T15:04:05Z07:00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONGEST = 256
_MOST_NANOSECONDS = 2**63 - 1
_YEAR_ONE = -62_135_596_800 * SECOND
"""Nanoseconds of the first second of the year 1, from which Go truncates."""


class Moment(msgspec.Struct, frozen=True):
    """A point in time and the offset that it is written with."""

    nanoseconds: int
    offset_seconds: int = 0

    def format(self) -> str:
        """RFC 3339 in whole seconds.

        Raises:
            ValueError: The year is not one of 1 to 9999.
        """
        local = _calendar(self)
        if self.offset_seconds == 0:
            return f"{local:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")
        minutes = abs(self.offset_seconds) // 60
        sign = "-" if self.offset_seconds < 0 else "+"
        text = f"{local:%Y-%m-%dT%H:%M:%S}".rjust(19, "0")
        return f"{text}{sign}{minutes // 60:02d}:{minutes % 60:02d}"

    def plus(self, nanoseconds: int) -> "Moment":
        """The moment so much later."""
        return Moment(self.nanoseconds + nanoseconds, self.offset_seconds)

    def minus(self, other: "Moment") -> int:
        """The time between, held to what a duration can be."""
        return max(-_MOST_NANOSECONDS - 1, min(_MOST_NANOSECONDS, self.nanoseconds - other.nanoseconds))

    def truncated(self, nanoseconds: int) -> "Moment":
        """Down to a multiple of a duration since the year 1."""
        if nanoseconds <= 0:
            return self
        return self.plus(-((self.nanoseconds - _YEAR_ONE) % nanoseconds))

    def in_utc(self) -> "Moment":
        """The same moment, written in UTC."""
        return Moment(self.nanoseconds)

    def cron(self) -> str:
        """Minute, hour, day, month and weekday."""
        local = _calendar(self)
        return f"{local.minute} {local.hour} {local.day} {local.month} {local.isoweekday() % 7}"


def _calendar(moment: Moment) -> datetime:
    """The date and time in the moment's own offset, as if it were UTC."""
    seconds = moment.nanoseconds // SECOND + moment.offset_seconds
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError("the year is not one of 1 to 9999") from error


def moment_of(time: datetime) -> Moment:
    """A moment from an aware datetime, in UTC."""
    since = time - _EPOCH
    return Moment((since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 1000)


def parse_time(layout: str, text: str) -> Moment | None:
    """The moment that a text tells by a layout; None when it does not fit."""
    if len(layout) > _LONGEST or len(text) > _LONGEST:
        return None
    found = _pattern(layout).fullmatch(text)
    return _moment(found.groupdict()) if found else None


_TOKENS: dict[str, str] = {
    "January": f"(?P<month_name>{'|'.join(_MONTHS)})",
    "Jan": f"(?P<month_short>{'|'.join(name[:3] for name in _MONTHS)})",
    "Monday": f"(?:{'|'.join(_DAYS)})",
    "Mon": f"(?:{'|'.join(name[:3] for name in _DAYS)})",
    "MST": r"(?P<zone_name>[A-Z]{3,5}|[+-][0-9]{2}|GMT[+-][0-9]{1,2})",
    "2006": "(?P<year>[0-9]{4})",
    "01": "(?P<month>[0-9]{2})",
    "02": "(?P<day>[0-9]{2})",
    "002": "(?P<year_day>[0-9]{3})",
    "03": "(?P<hour12>[0-9]{2})",
    "04": "(?P<minute>[0-9]{2})",
    "05": r"(?P<second>[0-9]{2})(?P<fraction>[.,][0-9]+)?",
    "06": "(?P<year_short>[0-9]{2})",
    "15": "(?P<hour>[0-9]{1,2})",
    "PM": "(?P<half>AM|PM)",
    "pm": "(?P<half_small>am|pm)",
    "-070000": "(?P<zone>[+-][0-9]{6})",
    "-07:00:00": "(?P<zone>[+-][0-9]{2}:[0-9]{2}:[0-9]{2})",
    "-0700": "(?P<zone>[+-][0-9]{4})",
    "-07:00": "(?P<zone>[+-][0-9]{2}:[0-9]{2})",
    "-07": "(?P<zone>[+-][0-9]{2})",
    "Z0700": "(?P<zone>Z|[+-][0-9]{4})",
    "Z07:00": "(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})",
    "Z07": "(?P<zone>Z|[+-][0-9]{2})",
    "_2006": " ?(?P<year>[0-9]{4})",
    "_2": " ?(?P<day>[0-9]{1,2})",
    "1": "(?P<month>[0-9]{1,2})",
    "2": "(?P<day>[0-9]{1,2})",
    "3": "(?P<hour12>[0-9]{1,2})",
    "4": "(?P<minute>[0-9]{1,2})",
    "5": r"(?P<second>[0-9]{1,2})(?P<fraction>[.,][0-9]+)?",
}
_TOKEN = re.compile("|".join(map(re.escape, sorted(_TOKENS, key=len, reverse=True))) + r"|[.,]0+|[.,]9+")


@lru_cache(maxsize=512)
def _pattern(layout: str) -> re.Pattern[str]:
    """A layout as a pattern; a part that comes twice is read once and only skipped then."""
    parts: list[str] = []
    seen: set[str] = set()
    position = 0
    for found in _TOKEN.finditer(layout):
        parts.append(re.escape(layout[position : found.start()]))
        parts.append(_token_pattern(found[0], seen))
        position = found.end()
    parts.append(re.escape(layout[position:]))
    return re.compile("".join(parts), re.ASCII)


def _token_pattern(token: str, seen: set[str]) -> str:
    if token[0] in ".,":
        return "" if "fraction" in seen else r"(?:[.,][0-9]+)?"
    pattern = _TOKENS[token]
    names = re.findall(r"\(\?P<(\w+)>", pattern)
    for name in names:
        if name in seen:
            pattern = pattern.replace(f"?P<{name}>", "?:")
    seen.update(names)
    return pattern


def _moment(parts: dict[str, Any]) -> Moment | None:
    try:
        date = datetime(_year(parts), _month(parts), int(parts.get("day") or 1), tzinfo=UTC)
    except ValueError:
        return None
    if parts.get("year_day"):
        date = datetime(date.year, 1, 1, tzinfo=UTC) + timedelta(days=int(parts["year_day"]) - 1)
    hour, minute, second = _hour(parts), int(parts.get("minute") or 0), int(parts.get("second") or 0)
    offset = _offset(parts.get("zone") or "")
    if hour > 23 or minute > 59 or second > 59 or offset is None:  # noqa: PLR2004  # a clock
        return None
    since = moment_of(date).nanoseconds + (hour * 3600 + minute * 60 + second - offset) * SECOND
    return Moment(since + _fraction(parts.get("fraction") or ""), offset)


def _year(parts: dict[str, Any]) -> int:
    if parts.get("year_short"):
        short = int(parts["year_short"])
        return short + (1900 if short >= 69 else 2000)  # noqa: PLR2004  # as Go and POSIX do
    return int(parts.get("year") or 1)


def _month(parts: dict[str, Any]) -> int:
    if parts.get("month_name"):
        return _MONTHS.index(parts["month_name"]) + 1
    if parts.get("month_short"):
        return [name[:3] for name in _MONTHS].index(parts["month_short"]) + 1
    return int(parts.get("month") or 1)


def _hour(parts: dict[str, Any]) -> int:
    half = (parts.get("half") or parts.get("half_small") or "").upper()
    hour = int(parts.get("hour") or parts.get("hour12") or 0)
    if half == "PM" and hour < 12:  # noqa: PLR2004  # noon
        return hour + 12
    return 0 if half == "AM" and hour == 12 else hour  # noqa: PLR2004  # midnight


def _offset(zone: str) -> int | None:
    if zone in ("", "Z"):
        return 0
    digits = zone[1:].replace(":", "")
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4] or 0), int(digits[4:6] or 0)
    if hours > 24 or minutes > 59:  # noqa: PLR2004  # as Go checks them
        return None
    total = hours * 3600 + minutes * (MINUTE // SECOND) + seconds
    return -total if zone[0] == "-" else total


def _fraction(text: str) -> int:
    return int(text[1:10].ljust(9, "0")) if text else 0

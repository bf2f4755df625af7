"""Schedules in cron's notation: five fields or ``@daily`` and the like. Times are in UTC.

Follows robfig/cron v3 (ParseStandard), which Kubernetes and Kyverno use: where both days are restricted,
either will do; ``*`` and ``?`` do not restrict.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from propolis.core.errors import DocumentError

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_NAMES: tuple[dict[str, int], ...] = (
    {}, {}, {},
    {name: number for number, name in enumerate(_MONTHS, 1)},
    {name: number for number, name in enumerate(_DAYS)},
)  # fmt: skip
_RANGE = re.compile(r"(\*|\?|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/([0-9]+))?", re.ASCII)
MOST_DAYS = 366 * 8
"""Days in which a time is looked for; the 29th of February comes within eight years."""


class Schedule(msgspec.Struct, frozen=True):
    """The minutes at which something is due."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_any_day: bool
    is_any_weekday: bool

    def after(self, moment: datetime) -> datetime | None:
        """The first time after a moment; None when there is none (the 30th of February)."""
        begin = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        day = begin.replace(hour=0, minute=0)
        for _ in range(MOST_DAYS):
            if self._is_day(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        found = day.replace(hour=hour, minute=minute)
                        if found >= begin:
                            return found
            day += timedelta(days=1)
        return None

    def _is_day(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        is_day, is_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.is_any_day or self.is_any_weekday:
            return is_day and is_weekday
        return is_day or is_weekday


@lru_cache(maxsize=1024)
def parse_schedule(text: str) -> Schedule:
    """The schedule that a text says.

    Raises:
        DocumentError: It is none.
    """
    fields = _MACROS.get(text.strip(), text).lower().split()
    if len(fields) != len(_BOUNDS):
        raise DocumentError(f"{text!r} is no schedule", expected="five fields, as in cron")
    sets = [_parse_field(field, index) for index, field in enumerate(fields)]
    minutes, hours, days, months, weekdays = sets
    return Schedule(minutes, hours, days, months, weekdays, _is_any(fields[2]), _is_any(fields[4]))


def _is_any(field: str) -> bool:
    return any(part in ("*", "?", "*/1", "?/1") for part in field.split(","))


def _parse_field(field: str, index: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        found.update(_parse_range(part, index))
    return frozenset(found)


def _parse_range(part: str, index: int) -> range:
    low, high = _BOUNDS[index]
    match = _RANGE.fullmatch(part)
    if match is None:
        raise DocumentError(f"{part!r} in a schedule is no range")
    first, last, step = match.groups()
    if first in ("*", "?"):
        begin, end = low, high
    else:
        begin = _number(first, index)
        end = _number(last, index) if last else high if step else begin
    width = int(step) if step else 1
    if not low <= begin <= end <= high or not width:
        raise DocumentError(f"{part!r} in a schedule is outside of {low} to {high}")
    return range(begin, end + 1, width)


def _number(text: str, index: int) -> int:
    named = _NAMES[index].get(text)
    if named is not None:
        return named
    if not text.isdecimal() or len(text) > 2:  # noqa: PLR2004  # no field has three digits
        raise DocumentError(f"{text!r} in a schedule is no number")
    return int(text)

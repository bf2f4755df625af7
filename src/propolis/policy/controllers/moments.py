"""When judgements change by themselves: dates that are named, for policies that ask the time."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

MOST_DATES = 1_000
"""Of one text; strangers write it."""
_ASKS_TIME = re.compile(rb"time_now|time_since|time\.now\(|jwt")
_DATE = re.compile(rb"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def asks_time(text: bytes) -> bool:
    """Whether the text of a policy has an expression that asks what time it is."""
    return _ASKS_TIME.search(text) is not None


def dates_in(text: bytes) -> Iterator[float]:
    """All moments that a text names as RFC 3339 has them, in seconds since 1970."""
    for number, found in enumerate(_DATE.finditer(text)):
        if number == MOST_DATES:
            return
        try:
            moment = datetime.fromisoformat(found[0].decode().upper())
            seconds = moment.astimezone(UTC).timestamp()
            yield seconds
            yield seconds + 1  # expressions see whole seconds, so what is after a date holds one later
        except (ValueError, OverflowError):
            continue


def next_date(text: bytes, now: float) -> float:
    """The first moment of a text that is still to come; 0 for none."""
    return min((moment for moment in dates_in(text) if moment > now), default=0.0)

"""The only place that reads the clock. Engines take the time as a value; app asks here."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC, with microseconds."""
    return datetime.now(UTC)  # noqa: TID251  # this is the one place


def monotonic() -> float:
    """Seconds of a clock that never goes back, for rates and time-outs."""
    return time.monotonic()

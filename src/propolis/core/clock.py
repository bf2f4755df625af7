"""The only place that reads the clock. Engines take the time as a value; app asks here."""

import time
from datetime import UTC, datetime, timedelta

JUMP = timedelta(seconds=30)
"""Further than clocks are nudged; what depends on the time of day is looked at again after it."""


def now() -> datetime:
    """The present moment, in UTC, with microseconds."""
    return datetime.now(UTC)  # noqa: TID251  # this is the one place


def monotonic() -> float:
    """Seconds of a clock that never goes back, for rates and time-outs."""
    return time.monotonic()


class Jumps:
    """Notices that the time of day has been set: it went on otherwise than the clock that only goes on."""

    def __init__(self) -> None:
        self._begin = _zero()

    def have_happened(self) -> bool:
        """Whether it was set since the last call."""
        before, self._begin = self._begin, _zero()
        return abs(self._begin - before) > JUMP


def _zero() -> datetime:
    """The time of day at which the clock that only goes on stood at zero."""
    return now() - timedelta(seconds=monotonic())

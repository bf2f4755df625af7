"""Times as people say them: ``14d``, ``36h``, ``2026-11-01``, ``2026-11-01T09:30Z``."""

import re
from datetime import UTC, datetime, timedelta

from propolis.core.errors import DocumentError

_AGO = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
EXPECTED = "a time ago (14d, 36h, 90m) or a date (2026-11-01, 2026-11-01T09:30Z)"


def moment(text: str, now: datetime) -> datetime:
    """The time that is meant; dates without a zone are in UTC.

    Raises:
        DocumentError: It is none.
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return now - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise DocumentError(f"{text[:80]!r} is no time", expected=EXPECTED) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

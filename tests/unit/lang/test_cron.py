from datetime import UTC, datetime

import pytest

from propolis.core.errors import DocumentError
from propolis.lang.cron import parse_schedule

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("* * * * *", "2026-01-02T03:05"),
        ("*/15 * * * *", "2026-01-02T03:15"),
        ("4 3 * * *", "2026-01-03T03:04"),
        ("0 0 1 * *", "2026-02-01T00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 12 * * mon-wed", "2026-01-05T12:00"),
        ("0 0 13 * 5", "2026-01-09T00:00"),
        ("0 0 */2 * 1", "2026-01-03T00:00"),
        ("5,10 3 * JAN ?", "2026-01-02T03:05"),
        ("30/10 * * * *", "2026-01-02T03:30"),
        ("@weekly", "2026-01-04T00:00"),
        ("@hourly", "2026-01-02T04:00"),
    ],
)
def test_a_schedule_has_a_next_time(text: str, wanted: str) -> None:
    found = parse_schedule(text).after(NOW)
    assert found is not None
    assert found.isoformat().startswith(wanted)
    assert found > NOW


def test_a_day_that_never_comes_has_no_time() -> None:
    assert parse_schedule("0 0 30 2 *").after(NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* * 0 * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "a * * * *",
        "TZ=x * * * * *",
        "1234 * * * *",
    ],
)
def test_what_is_no_schedule_is_told(text: str) -> None:
    with pytest.raises(DocumentError):
        parse_schedule(text)

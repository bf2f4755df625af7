from datetime import UTC, datetime, timedelta

import pytest

from propolis.core import clock

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("set_by", "jumps"), [(0, False), (20, False), (-20, False), (31, True), (-86_400, True)]
)
def test_the_time_of_day_that_is_set_is_noticed_once(
    monkeypatch: pytest.MonkeyPatch, set_by: int, *, jumps: bool
) -> None:
    passed = [0.0, BEGIN]
    monkeypatch.setattr(clock, "monotonic", lambda: passed[0])
    monkeypatch.setattr(clock, "now", lambda: passed[1])
    watched = clock.Jumps()
    passed[:] = [3_600.0, BEGIN + timedelta(seconds=3_600 + set_by)]
    assert watched.have_happened() is jumps
    passed[:] = [7_200.0, BEGIN + timedelta(seconds=7_200 + set_by)]
    assert not watched.have_happened()

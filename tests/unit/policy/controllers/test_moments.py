"""Dates that policies and resources name."""

from datetime import UTC, datetime

from propolis.policy.controllers.moments import MOST_DATES, asks_time, dates_in, next_date

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()


def test_dates_are_found_wherever_they_stand_and_one_second_after() -> None:
    text = b'{"a": "until 2026-01-01T12:00:00Z", "b": "2026-01-01T14:00:00.5+02:00"}'
    assert list(dates_in(text)) == [NOON, NOON + 1, NOON + 0.5, NOON + 1.5]


def test_what_is_no_date_is_passed_over() -> None:
    assert (
        list(dates_in(b"2026-13-01T12:00:00Z 2026-01-01 0000-00-00T00:00:00Z 0001-01-01T00:00:00+23:59"))
        == []
    )


def test_the_next_date_is_the_first_to_come() -> None:
    text = b"2026-01-01T11:00:00Z 2026-01-01T13:00:00Z 2026-01-01T12:30:00Z"
    assert next_date(text, NOON) == NOON + 1800
    assert next_date(b"2026-01-01T11:00:00Z", NOON) == 0


def test_dates_of_one_text_have_an_end() -> None:
    text = b"2026-01-01T12:00:00Z " * (MOST_DATES + 10)
    assert len(list(dates_in(text))) == 2 * MOST_DATES


def test_policies_that_ask_the_time_are_known_by_their_text() -> None:
    assert asks_time(b"{{ time_now_utc() }}")
    assert asks_time(b"{{ time_since('', a, '') }}")
    assert asks_time(b"object.x < time.now()")
    assert not asks_time(b'{"message": "in time"}')

import pytest

from propolis.lang.duration import HOUR, MILLISECOND, MINUTE, SECOND, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1h30m", HOUR + 30 * MINUTE),
        ("-1.5s", -1_500 * MILLISECOND),
        (".5s", 500 * MILLISECOND),
        ("1.h", HOUR),
        ("2us", 2000),
        ("+3m", 3 * MINUTE),
    ],
)
def test_a_duration_is_whole_nanoseconds(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "5", "h", "1d", "1 h", "-", ".s", "1h2", "9999999h", "1" * 400 + "s"])
def test_other_text_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (90 * MINUTE, "1h30m0s"),
        (1500 * MILLISECOND, "1.5s"),
        (1500, "1.5µs"),
        (-2 * SECOND, "-2s"),
        (HOUR + 1, "1h0m0.000000001s"),
    ],
)
def test_a_duration_prints_as_go_prints_it(nanoseconds: int, text: str) -> None:
    assert format_duration(nanoseconds) == text

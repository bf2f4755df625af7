import math
from typing import Any

import pytest

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kyverno.numbers import MATH_LIBRARY, TIME_LIBRARY, TRANSFORM_LIBRARY
from propolis.lang.cel.values import Duration, Timestamp
from tests.harness.cel import NOW, run

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (3.14159, 2, 3.14),
        (2.5, 0, 3.0),
        (-2.5, 0, -3.0),
        (0.5, 0, 1.0),
        (0.49999999999999994, 0, 0.0),
        (1234.5, -2, 1200.0),
        (1e300, 3, 1e300),
        (-0.2, 0, -0.0),
    ],
)
def test_numbers_are_rounded_half_away_from_zero(value: float, places: int, expected: float) -> None:
    found = run(MATH_LIBRARY, "math_round_float_int", value, places)
    assert found == expected
    assert math.copysign(1, found) == math.copysign(1, expected)


@pytest.mark.parametrize(
    ("value", "places"), [(1.5, 400), (1.5, -400), (math.nan, 1), (math.inf, 2**62), (1.0, -(2**62))]
)
def test_rounding_beyond_what_numbers_have_ends(value: float, places: int) -> None:
    assert not math.isfinite(run(MATH_LIBRARY, "math_round_float_int", value, places))


def test_now_is_the_time_of_the_evaluation() -> None:
    found = run(TIME_LIBRARY, "time_now")
    assert found == Timestamp(int(NOW.timestamp()) * SECOND + 123_456_000)


def test_a_time_is_a_schedule() -> None:
    assert run(TIME_LIBRARY, "time_to_cron", run(TIME_LIBRARY, "time_now")) == "30 10 21 8 5"
    assert run(TIME_LIBRARY, "time_to_cron", Timestamp(0)) == "0 0 1 1 4"


def test_a_time_is_cut_to_a_span() -> None:
    time = Timestamp(1_787_308_215 * SECOND + 5)
    assert run(TIME_LIBRARY, "time_truncate", time, Duration(3600 * SECOND)) == Timestamp(
        1_787_306_400 * SECOND
    )
    assert run(TIME_LIBRARY, "time_truncate", time, Duration(0)) == time


def test_two_lists_become_a_map() -> None:
    keys, values = [{"k": "a"}, {"k": "b"}], [{"v": 1}, {"w": 2}]
    for suffix in ("prefixed", "non_prefixed"):
        found = run(TRANSFORM_LIBRARY, f"list_of_object_to_map_{suffix}", keys, values, "k", "v")
        assert found == {"a": 1, "b": None}


@pytest.mark.parametrize(
    ("keys", "values", "problem"),
    [
        ([{"k": "a"}], [], "lists of equal length. list1: 1, list2: 0"),
        ([{"k": 1}], [{"v": 1}], "cannot be handled as a string"),
        ([3], [{"v": 1}], "cannot be handled as a string"),
        ([{"k": "a"}], [3], "cannot be handled as a map"),
    ],
)
def test_lists_of_something_else_are_an_error(keys: list[Any], values: list[Any], problem: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        run(TRANSFORM_LIBRARY, "list_of_object_to_map_prefixed", keys, values, "k", "v")
    assert problem in caught.value.message

import math
from typing import Any

import pytest

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.lists import LISTS_V0, LISTS_V1
from propolis.lang.cel.values import Duration, Timestamp, UInt
from tests.harness.cel import run


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], True),
        ([1], True),
        ([1, 1, 2], True),
        ([2, 1], False),
        ([1, 2.5, UInt(3)], True),
        (["a", "B"], False),
        ([b"a", b"b"], True),
        ([False, True], True),
        ([True, False], False),
        ([Duration(1), Duration(2)], True),
        ([Timestamp(2), Timestamp(1)], False),
        ([math.nan, 1.0], True),
    ],
)
def test_a_list_is_sorted(items: list[Any], *, expected: bool) -> None:
    assert run(LISTS_V0, "list_int_is_sorted_bool", items) is expected


@pytest.mark.parametrize("items", [[None], [[1]], [{}]])
def test_what_has_no_order_is_no_argument(items: list[Any]) -> None:
    for overload_id in ("list_int_is_sorted_bool", "list_int_max_int", "list_int_min_int"):
        with pytest.raises(EvaluationError, match="no such overload"):
            run(LISTS_V0, overload_id, items)


def test_sums_have_the_kind_of_their_numbers() -> None:
    assert run(LISTS_V0, "list_int_sum_int", [1, 3]) == 4
    assert run(LISTS_V0, "list_int_sum_int", []) == 0
    assert run(LISTS_V0, "list_double_sum_double", [1.0, 3.5]) == 4.5
    assert run(LISTS_V0, "list_duration_sum_duration", [Duration(1), Duration(2)]) == Duration(3)
    total = run(LISTS_V0, "list_uint_sum_uint", [UInt(1), UInt(2)])
    assert (type(total), total) == (UInt, 3)


@pytest.mark.parametrize(
    ("overload_id", "items", "problem"),
    [
        ("list_int_sum_int", [2**63 - 1, 1], "integer overflow"),
        ("list_int_sum_int", [-(2**63), -1], "integer overflow"),
        ("list_uint_sum_uint", [UInt(2**64 - 1), UInt(1)], "unsigned integer overflow"),
        ("list_duration_sum_duration", [Duration(2**63 - 1), Duration(1)], "integer overflow"),
        ("list_int_sum_int", [1, 2.0], "no such overload"),
        ("list_int_sum_int", [True], "no such overload"),
    ],
)
def test_a_sum_that_does_not_fit_is_an_error(overload_id: str, items: list[Any], problem: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        run(LISTS_V0, overload_id, items)
    assert caught.value.message == problem


def test_extremes_are_the_first_of_their_equals() -> None:
    assert run(LISTS_V0, "list_int_min_int", [3, 1, 2]) == 1
    assert run(LISTS_V0, "list_int_max_int", [3, 1, 3.0]) == 3
    assert type(run(LISTS_V0, "list_int_max_int", [3, 1, 3.0])) is int
    assert run(LISTS_V0, "list_string_max_string", ["a", "c", "b"]) == "c"
    assert run(LISTS_V0, "list_bool_min_bool", [True, False]) is False


@pytest.mark.parametrize("name", ["min", "max"])
def test_an_empty_list_has_no_extreme(name: str) -> None:
    with pytest.raises(EvaluationError, match=f"{name} called on empty list"):
        run(LISTS_V0, f"list_int_{name}_int", [])


@pytest.mark.parametrize(
    ("items", "wanted", "first", "last"),
    [
        ([1, 2, 2, 3], 2, 1, 2),
        ([1, 2.0, UInt(2)], 2, 1, 2),
        ([], "x", -1, -1),
        ([True, 1], 1, 1, 1),
        ([1, True], True, 1, 1),
        ([0, False, None], None, 2, 2),
        ([[1], [1.0]], [UInt(1)], 0, 1),
        ([{"a": 1}], {"a": 1.0}, 0, 0),
        ([{"a": 1}], {"b": 1}, -1, -1),
        ([math.nan], math.nan, -1, -1),
        (["1"], 1, -1, -1),
        ([b"a"], "a", -1, -1),
    ],
)
def test_a_value_has_a_place_in_a_list(items: list[Any], wanted: Any, first: int, last: int) -> None:
    assert run(LISTS_V0, "list_a_index_of_int", items, wanted) == first
    assert run(LISTS_V0, "list_a_last_index_of_int", items, wanted) == last
    assert run(LISTS_V1, "list_includes_dyn_dyn", items, wanted) is (first >= 0)


def test_one_value_includes_itself() -> None:
    assert run(LISTS_V1, "list_includes_dyn_dyn", "model-a", "model-a") is True
    assert run(LISTS_V1, "list_includes_dyn_dyn", "model-a", "model") is False
    assert run(LISTS_V1, "list_includes_dyn_dyn", 1, 1.0) is True

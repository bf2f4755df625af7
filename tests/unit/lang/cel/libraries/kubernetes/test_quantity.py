import math

import pytest

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.quantity import MOST_BITS, QUANTITY_LIBRARY, parse_amount
from tests.harness.cel import run


@pytest.mark.parametrize(
    ("text", "integer"),
    [
        ("0", 0),
        ("50k", 50_000),
        ("50.703k", 50_703),
        ("-3", -3),
        ("12Mi", 12 * 2**20),
        ("99Ti", 99 * 2**40),
        ("100Ti", None),
        ("1E", 10**18),
        ("9e18", 9 * 10**18),
        ("10E", None),
        ("1.0", None),
        ("1000m", None),
        ("1.5Gi", None),
        ("1Pi", None),
        ("123456789012345678901", None),
    ],
)
def test_an_amount_is_an_integer_where_kubernetes_holds_it_in_64_bits(text: str, integer: int | None) -> None:
    amount = parse_amount(text)
    assert run(QUANTITY_LIBRARY, "quantity_is_integer", amount) is (integer is not None)
    if integer is not None:
        assert run(QUANTITY_LIBRARY, "quantity_get_int", amount) == integer
        return
    with pytest.raises(EvaluationError, match="cannot convert value to integer"):
        run(QUANTITY_LIBRARY, "quantity_get_int", amount)


@pytest.mark.parametrize("text", ["", "1,5", "1.5.5", "10Mo", "1KI", "1 ", "\u0661"])
def test_a_text_of_another_shape_is_no_quantity(text: str) -> None:
    with pytest.raises(EvaluationError, match="quantities must match the regular expression"):
        parse_amount(text)
    assert run(QUANTITY_LIBRARY, "is_quantity_string", text) is False


@pytest.mark.parametrize("text", ["10Mm", "--1", "10K", "1e", "1e999999999999"])
def test_an_unknown_suffix_is_told(text: str) -> None:
    with pytest.raises(EvaluationError, match="unable to parse quantity's suffix"):
        parse_amount(text)


def test_a_huge_exponent_is_no_quantity() -> None:
    assert run(QUANTITY_LIBRARY, "is_quantity_string", "1e129") is False


def test_arithmetic_cannot_build_an_endless_number() -> None:
    amount = parse_amount("9" * 80 + "e128")
    with pytest.raises(EvaluationError, match="too large"):
        for _ in range(MOST_BITS):
            amount = run(QUANTITY_LIBRARY, "quantity_add", amount, amount)


@pytest.mark.parametrize(
    ("one", "other", "total", "difference"),
    [
        ("50k", "20", "50020", "49980"),
        ("1Gi", "1Mi", "1025Mi", "1023Mi"),
        ("0", "1Gi", "1Gi", "-1Gi"),
        ("100m", "1", "1100m", "-900m"),
        ("9223372036854775807", "1", "9223372036854775808", "9223372036854775806"),
    ],
)
def test_amounts_are_added_and_subtracted(one: str, other: str, total: str, difference: str) -> None:
    pair = parse_amount(one), parse_amount(other)
    assert str(run(QUANTITY_LIBRARY, "quantity_add", *pair)) == total
    assert str(run(QUANTITY_LIBRARY, "quantity_sub", *pair)) == difference


def test_a_sum_beyond_64_bits_is_no_integer_any_more() -> None:
    largest = parse_amount("9223372036854775807")
    assert run(QUANTITY_LIBRARY, "quantity_is_integer", largest) is False
    near = parse_amount("900000000000000000")
    total = run(QUANTITY_LIBRARY, "quantity_add_int", near, 2**63 - 1)
    assert run(QUANTITY_LIBRARY, "quantity_is_integer", total) is False
    back = run(QUANTITY_LIBRARY, "quantity_sub", total, total)
    assert run(QUANTITY_LIBRARY, "quantity_is_integer", back) is False


def test_a_sum_has_the_finer_decimals() -> None:
    total = run(QUANTITY_LIBRARY, "quantity_add", parse_amount("1.5"), parse_amount("1.5"))
    assert str(total) == "3"
    assert run(QUANTITY_LIBRARY, "quantity_is_integer", total) is False


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("50.703k", 50703.0),
        ("100m", 0.1),
        ("1.5Gi", 1610612736.0),
        ("1e3", 1000.0),
        ("0", 0.0),
        ("-1n", -1e-09),
    ],
)
def test_an_amount_is_nearly_a_float(text: str, number: float) -> None:
    assert run(QUANTITY_LIBRARY, "quantity_get_float", parse_amount(text)) == pytest.approx(number, rel=1e-15)


def test_an_amount_beyond_floats_is_infinite() -> None:
    amount = parse_amount("9" * 100 + "e128")
    for _ in range(700):
        amount = run(QUANTITY_LIBRARY, "quantity_add", amount, amount)
    assert run(QUANTITY_LIBRARY, "quantity_get_float", amount) == math.inf


def test_amounts_compare_by_value() -> None:
    assert parse_amount("200M") == parse_amount("0.2G")
    assert hash(parse_amount("200M")) == hash(parse_amount("0.2G"))
    assert parse_amount("1Gi") != parse_amount("1G")
    assert run(QUANTITY_LIBRARY, "quantity_compare_to", parse_amount("1Gi"), parse_amount("1G")) == 1
    assert run(QUANTITY_LIBRARY, "quantity_is_less_than", parse_amount("1Gi"), parse_amount("1G")) is False
    assert run(QUANTITY_LIBRARY, "quantity_is_greater_than", parse_amount("1Gi"), parse_amount("1G")) is True
    assert [run(QUANTITY_LIBRARY, "quantity_sign", parse_amount(one)) for one in ("-1", "0", "1m")] == [
        -1,
        0,
        1,
    ]

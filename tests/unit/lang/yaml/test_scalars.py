"""Expected values were taken from sigs.k8s.io/yaml v1.6.0."""

from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.core.limits import DEFAULT
from propolis.lang.yaml import reference


def value_of(text: str) -> Any:
    return reference.load(f"k: {text}\n".encode(), DEFAULT)["k"]


def key_of(text: str) -> str:
    (key,) = reference.load(f"{text}: v\n".encode(), DEFAULT)
    assert isinstance(key, str)
    return key


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True), ("Yes", True), ("on", True), ("TRUE", True), ("N", False), ("no", False), ("Off", False),
        ("tRue", "tRue"), ("yEs", "yEs"), ("~", None), ("Null", None), ("", None), ("nULL", "nULL"),
        ("''", ""),
        ("0777", 511), ("0o777", 511), ("-0777", -511), ("08", 8), ("0o8", "0o8"), ("0x1F", 31), ("-0x1", -1),
        ("0b11", 3), ("+1", 1), ("1_000", 1000), ("1__0_", 10), ("0x_1", 1), ("-0", 0), ("00", 0),
        ("12:30:45", "12:30:45"), ("2001-01-01", "2001-01-01"), ("1.2.3", "1.2.3"), ("100m", "100m"),
        ("0.5", 0.5), (".5", 0.5), ("._5", "._5"), (".1_0", 0.1), (".e1", ".e1"), (".", "."),
        ("1_000.5", 1000.5),
        ("1.0", 1), ("1e3", 1000), ("5.", 5), ("-0.0", 0), ("1e21", 1e21), ("1e20", 1e20), ("1e-7", 1e-7),
        ("0.1e-400", 0), ("1e400", "1e400"), ("-1e400", "-1e400"),
        ("18446744073709551615", 18446744073709551615), ("18446744073709551616", 1.8446744073709552e19),
        ("-9223372036854775808", -9223372036854775808), ("-9223372036854775809", -9.223372036854776e18),
        ("9223372036854775808.", 9223372036854776000),
        ("infinity", "infinity"), ("=", "="), ("<<", "<<"), ("'12'", "12"), ('"yes"', "yes"),
        ("!!str 12", "12"), ("!!int '12'", 12), ("!!float 12", 12), ("!!bool yes", True), ("!!null ''", None),
        ("!!timestamp 2001-01-01", "2001-01-01"), ("!foo 12", "12"), ("! 12", "12"), ("!foo [1]", [1]),
        ("!!set {x}", {"x": None}), ("!!binary aGVsbG8=", "hello"), ("!!binary gIGC", "\ufffd\ufffd\ufffd"),
    ],
)  # fmt: skip
def test_a_word_means_what_go_yaml_takes_it_for(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".inf", "no number that JSON can hold"), ("-.INF", "no number"), (".NaN", "no number"),
        ("!!int x", "'x' is not of the type !!int"), ("!!int yes", "not of the type !!int"),
        ("!!binary '*'", "not base64"),
    ],
)  # fmt: skip
def test_what_json_cannot_hold_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as raised:
        value_of(text)
    assert (raised.value.place.line, raised.value.place.column) == (1, 4)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("y", "true"), ("no", "false"), ("0x10", "16"), ("1.5", "1.5"), ("1.10", "1.1"), ("1.0", "1"),
        ("123456789.123", "1.2345679e+08"), ("1e5", "100000"), ("1e6", "1e+06"), ("1e30", "1e+30"),
        ("0.0001", "0.0001"), ("0.00001", "1e-05"), ("0.000123456789", "0.00012345679"), ("-1.5", "-1.5"),
        ("1e300", ".inf"), ("-1e300", "-.inf"), (".nan", ".nan"), ("-0.0", "-0"), ("1e-50", "0"),
        ("2001-01-01", "2001-01-01"), ("''", ""), ("!!binary aGVsbG8=", "hello"),
    ],
)  # fmt: skip
def test_a_key_becomes_text_as_sigs_yaml_writes_it(text: str, key: str) -> None:
    assert key_of(text) == key


@pytest.mark.parametrize("text", ["null", "~", "? [a]\n", "? {a: b}\n", "18446744073709551615"])
def test_what_has_no_text_cannot_be_a_key(text: str) -> None:
    with pytest.raises(DocumentError, match="cannot be a key"):
        key_of(text)


def test_a_run_of_digits_that_nobody_means_as_a_number_stays_text() -> None:
    assert value_of("1" * 5000) == "1" * 5000

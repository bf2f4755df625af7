import fnmatch
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.lang.duration import format_duration, parse_duration
from propolis.lang.quantity import Quantity, parse_quantity
from propolis.lang.wildcard import matches

pytestmark = pytest.mark.engine

globs = st.lists(st.sampled_from("ab*?"), max_size=10).map("".join)
SUFFIXES: dict[str, Fraction | int] = {
    "": 1,
    "m": Fraction(1, 1000),
    "k": 1000,
    "Ki": 1024,
    "Mi": 1024**2,
    "G": 10**9,
    "e2": 100,
}


@given(globs, st.lists(st.sampled_from("ab\n"), max_size=10).map("".join))
def test_a_wildcard_is_what_the_shell_says(pattern: str, text: str) -> None:
    assert matches(pattern, text) is (re.fullmatch(fnmatch.translate(pattern), text) is not None)


@given(st.integers(-(2**62), 2**62))
def test_a_duration_survives_its_text(nanoseconds: int) -> None:
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds


@given(st.integers(0, 10**9), st.sampled_from(sorted(SUFFIXES)))
def test_a_quantity_is_its_number_times_its_suffix(number: int, suffix: str) -> None:
    found = parse_quantity(f"{number}{suffix}")
    assert found is not None
    assert Fraction(found.nano, 10**9) == number * SUFFIXES[suffix]


@given(st.integers(-(10**30), 10**30), st.sampled_from(["DecimalSI", "BinarySI", "DecimalExponent"]))
def test_a_quantity_survives_its_canonical_text(nano: int, notation: str) -> None:
    written = str(Quantity(nano, notation))
    found = parse_quantity(written)
    assert found is not None
    assert found.nano == nano or (notation == "BinarySI" and abs(nano) > (2**63 - 1) * 10**9)


@given(st.lists(st.sampled_from("0123456789.eEinumkKMGTPhs+- x\u0663"), max_size=20).map("".join))
def test_no_text_breaks_a_parser(text: str) -> None:
    assert parse_quantity(text) is None or str(parse_quantity(text))
    assert parse_duration(text) is None or format_duration(parse_duration(text) or 0)

"""``quantity``: amounts of resources and arithmetic on them (library/quantity.go).

An amount is exact: a whole number times a power of ten, held "small" as long as Kubernetes would hold it in
64 bits, because ``isInteger`` and ``asInteger`` take no others. Follows apimachinery
pkg/api/resource @ v0.36.
"""

import math
import re
from functools import lru_cache
from typing import ClassVar

import msgspec

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function, getter, member
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import BOOL, DOUBLE, INT, STRING, Type, object_type
from propolis.lang.quantity import DECIMAL_EXPONENT, NANO, Quantity, format_quantity, parse_quantity

QUANTITY_TYPE = object_type("kubernetes.Quantity")
_NANO_PLACES = 9
_LARGEST_INT, _SMALLEST_INT = 2**63 - 1, -(2**63)
_SHAPE = re.compile(r"[+-]?[0-9]*(?:\.[0-9]*)?[eEinumkKMGTP]*[-+]?[0-9]*", re.ASCII)
_WRONG_SHAPE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_LARGEST_TEXT = 128
MOST_BITS = 16_384
"""Largest amount that arithmetic may build, in bits of billionths."""


class Amount(msgspec.Struct, frozen=True, eq=False):
    """A quantity as an expression sees it; equal when the amounts are, whatever the notation.

    Attributes:
        quantity: The amount in billionths, and the notation.
        places: Decimal places that Kubernetes keeps it with; negative for multiples of a power of ten.
        is_small: Whether Kubernetes holds it in 64 bits.
    """

    quantity: Quantity
    places: int = 0
    is_small: bool = True
    cel_type: ClassVar[Type] = QUANTITY_TYPE

    def __eq__(self, other: object) -> bool:
        """By amount."""
        return isinstance(other, Amount) and self.quantity.nano == other.quantity.nano

    def __hash__(self) -> int:
        """By amount."""
        return hash(self.quantity.nano)

    def __str__(self) -> str:
        """The canonical text."""
        return format_quantity(self.quantity)

    @property
    def unscaled(self) -> int:
        """The number whose ``places`` last digits are decimals."""
        return _shifted(self.quantity.nano, self.places - _NANO_PLACES)


def _shifted(number: int, places: int) -> int:
    factor: int = 10 ** abs(places)
    return number * factor if places >= 0 else number // factor


def parse_amount(text: str) -> Amount:
    """The amount that a text says.

    Raises:
        EvaluationError: It is no quantity.
    """
    found = _parsed(text)
    if found is None:
        is_shaped = bool(text) and len(text) <= _LARGEST_TEXT and _SHAPE.fullmatch(text)
        raise EvaluationError("unable to parse quantity's suffix" if is_shaped else _WRONG_SHAPE)
    return found


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Amount | None:
    quantity = parse_quantity(text)
    if quantity is None:
        return None
    is_small, places = _kept(text, quantity)
    return Amount(quantity, places if is_small else _NANO_PLACES, is_small)


_PARTS = re.compile(r"[+-]?0*([0-9]*)(?:\.([0-9]*))?(.*)", re.ASCII)
_MOST_DIGITS = 18
_BINARY_PLACES = {"Ki": 3, "Mi": 6, "Gi": 9, "Ti": 12, "Pi": 15, "Ei": 18}
"""Decimal digits that the factor of a suffix takes, as Kubernetes estimates them."""


def _kept(text: str, quantity: Quantity) -> tuple[bool, int]:
    """Whether Kubernetes keeps the parsed text in 64 bits, and with which decimal places."""
    whole, fraction, suffix = _PARTS.fullmatch(text).groups()  # type: ignore[union-attr]  # it parsed
    whole, fraction = whole or "0", fraction or ""
    if suffix in _BINARY_PLACES:
        is_small = not fraction and 14 - len(whole) - _BINARY_PLACES[suffix] >= 0
        return is_small and abs(quantity.nano) <= _LARGEST_INT * NANO, 0
    places = len(fraction) - _exponent(suffix, quantity)
    return len(whole) + len(fraction) <= _MOST_DIGITS and places <= _NANO_PLACES, places


_EXPONENTS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def _exponent(suffix: str, quantity: Quantity) -> int:
    return int(suffix[1:]) if quantity.notation == DECIMAL_EXPONENT else _EXPONENTS[suffix]


def _sum(one: Amount, other: Amount, sign: int = 1) -> Amount:
    """The sum or difference; the notation is that of the first that is not zero."""
    nano = one.quantity.nano + sign * other.quantity.nano
    if nano.bit_length() > MOST_BITS:
        raise EvaluationError("the quantity is too large")
    notation = (one if one.quantity.nano else other).quantity.notation
    is_small, places = _places_of_sum(one, other, nano)
    return Amount(Quantity(nano, notation), places, is_small)


def _places_of_sum(one: Amount, other: Amount, nano: int) -> tuple[bool, int]:
    """A sum keeps the finer places of both; it stays small while its number has 64 bits."""
    if one.is_small and other.is_small:
        if not other.quantity.nano:
            return True, one.places
        if not one.quantity.nano:
            return True, other.places
    places = max(one.places, other.places)
    parts = [nano, one.quantity.nano, other.quantity.nano]
    fits = all(_SMALLEST_INT <= _shifted(part, places - _NANO_PLACES) <= _LARGEST_INT for part in parts)
    return one.is_small and other.is_small and fits, places


def _of_int(number: int) -> Amount:
    return Amount(Quantity(number * NANO, DECIMAL_EXPONENT))


def _compare(one: Amount, other: Amount) -> int:
    return (one.quantity.nano > other.quantity.nano) - (one.quantity.nano < other.quantity.nano)


def _integer(amount: Amount) -> int | None:
    if not amount.is_small or amount.places > 0:
        return None
    number = amount.quantity.nano // NANO
    return number if _SMALLEST_INT <= number <= _LARGEST_INT else None


def _as_integer(amount: Amount) -> int:
    number = _integer(amount)
    if number is None:
        raise EvaluationError("cannot convert value to integer")
    return number


def _as_float(amount: Amount) -> float:
    """As Kubernetes multiplies: the number without its point, then a power of ten."""
    try:
        number = float(amount.unscaled)
    except OverflowError:
        return math.inf if amount.quantity.nano > 0 else -math.inf
    return number * float(f"1e{-amount.places}") if amount.places else number


_TWO = (QUANTITY_TYPE, QUANTITY_TYPE)
_WITH_INT = (QUANTITY_TYPE, INT)

QUANTITY_LIBRARY = Library(
    "kubernetes.quantity",
    functions=(
        function("quantity", call("string_to_quantity", (STRING,), QUANTITY_TYPE, parse_amount)),
        function(
            "isQuantity", call("is_quantity_string", (STRING,), BOOL, lambda text: _parsed(text) is not None)
        ),
        function("sign", call("quantity_sign", (QUANTITY_TYPE,), INT, lambda one: _compare(one, _of_int(0)))),
        function(
            "isGreaterThan",
            member("quantity_is_greater_than", _TWO, BOOL, lambda one, other: _compare(one, other) > 0),
        ),
        function(
            "isLessThan",
            member("quantity_is_less_than", _TWO, BOOL, lambda one, other: _compare(one, other) < 0),
        ),
        function("compareTo", member("quantity_compare_to", _TWO, INT, _compare)),
        getter("asApproximateFloat", "quantity_get_float", QUANTITY_TYPE, DOUBLE, _as_float),
        getter("asInteger", "quantity_get_int", QUANTITY_TYPE, INT, _as_integer),
        getter(
            "isInteger", "quantity_is_integer", QUANTITY_TYPE, BOOL, lambda one: _integer(one) is not None
        ),
        function(
            "add",
            member("quantity_add", _TWO, QUANTITY_TYPE, _sum),
            member(
                "quantity_add_int", _WITH_INT, QUANTITY_TYPE, lambda one, number: _sum(one, _of_int(number))
            ),
        ),
        function(
            "sub",
            member("quantity_sub", _TWO, QUANTITY_TYPE, lambda one, other: _sum(one, other, -1)),
            member(
                "quantity_sub_int",
                _WITH_INT,
                QUANTITY_TYPE,
                lambda one, number: _sum(one, _of_int(number), -1),
            ),
        ),
    ),
    types={"kubernetes.Quantity": QUANTITY_TYPE},
)

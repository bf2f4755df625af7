"""Kubernetes quantities: ``100m``, ``1.5Gi``, ``12e6``.

Follows k8s.io/apimachinery/pkg/api/resource @ v0.34. Values are exact: whole billionths (nano),
which is the finest step that a quantity may have; finer ones round away from zero.
"""

import re
from functools import lru_cache

import msgspec

NANO = 10**9

DECIMAL_SI = "DecimalSI"
BINARY_SI = "BinarySI"
DECIMAL_EXPONENT = "DecimalExponent"

_TEXT = re.compile(r"([+-]?)0*([0-9]*)(?:(\.)([0-9]*))?([eEinumkKMGTP]*[+-]?[0-9]*)", re.ASCII)
_DECIMAL_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_SUFFIXES = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_LARGEST_BINARY = (2**63 - 1) * NANO
_LARGEST_EXPONENT = 128
_LONGEST_TEXT = 128


class Quantity(msgspec.Struct, frozen=True):
    """A value in billionths and the notation it was written in.

    Attributes:
        places: Decimal places that a division keeps, as Kubernetes counts them for this text.
    """

    nano: int
    notation: str = DECIMAL_SI
    places: int = 0

    def __str__(self) -> str:
        """The canonical text: the largest suffix that needs no fraction."""
        return format_quantity(self)


@lru_cache(maxsize=16384)
def parse_quantity(text: str) -> Quantity | None:
    """A quantity, or None for other text.

    An exponent beyond 128 is refused: no resource has such an amount, and it would cost memory.
    """
    found = _TEXT.fullmatch(text) if 0 < len(text) <= _LONGEST_TEXT else None
    if found is None:
        return None
    sign, whole, _, fraction, suffix = found.groups()
    scale = _scale(suffix)
    if scale is None:
        return None
    base, exponent, notation = scale
    value = _nano(int((whole or "0") + (fraction or "")), len(fraction or ""), base, exponent)
    if notation == BINARY_SI:
        value = min(value, _LARGEST_BINARY)
        if 0 < value < NANO:
            notation = DECIMAL_SI
    places = _places(len(whole), len(fraction or ""), base, exponent)
    return Quantity(-value if sign == "-" else value, notation, places)


def _places(whole: int, fraction: int, base: int, exponent: int) -> int:
    """The scale that the value gets: exact for short texts, the finest for all others."""
    if base == 2:  # noqa: PLR2004  # a binary suffix
        return 0 if not fraction and _INT64_DIGITS - 4 - whole - exponent * 3 // 10 >= 0 else _FINEST
    places = fraction - exponent
    return places if _INT64_DIGITS - whole - fraction >= 0 and places <= _FINEST else _FINEST


_INT64_DIGITS = 18
_FINEST = 9


def _scale(suffix: str) -> tuple[int, int, str] | None:
    """Base, exponent and notation of a suffix, or None when it has no meaning."""
    if suffix in _DECIMAL_SUFFIXES:
        return 10, _DECIMAL_SUFFIXES[suffix], DECIMAL_SI
    if suffix in _BINARY_SUFFIXES:
        return 2, _BINARY_SUFFIXES[suffix], BINARY_SI
    exponent = re.fullmatch(r"[eE]([+-]?[0-9]{1,4})", suffix, re.ASCII)
    if exponent is None or abs(int(exponent[1])) > _LARGEST_EXPONENT:
        return None
    return 10, int(exponent[1]), DECIMAL_EXPONENT


def _nano(digits: int, places: int, base: int, exponent: int) -> int:
    """``digits / 10**places * base**exponent`` in billionths, rounded up."""
    factor: int = base ** abs(exponent)
    denominator: int = 10**places
    numerator = digits * NANO
    if exponent >= 0:
        numerator *= factor
    else:
        denominator *= factor
    return -(-numerator // denominator)


def format_quantity(quantity: Quantity) -> str:
    """The canonical text of a quantity, as Kubernetes prints it."""
    if quantity.nano == 0:
        return "0"
    if quantity.notation == BINARY_SI and abs(quantity.nano) >= 1024 * NANO and quantity.nano % NANO == 0:
        return _format_binary(quantity.nano // NANO)
    return _format_decimal(quantity)


def _format_binary(value: int) -> str:
    names = ["", *_BINARY_SUFFIXES]
    power = 0
    while power < len(names) - 1 and value % 1024 == 0:
        value //= 1024
        power += 1
    return f"{value}{names[power]}"


def _format_decimal(quantity: Quantity) -> str:
    """Thousands are taken off while none is lost; the rest names the suffix."""
    value, exponent = quantity.nano, -9
    while value % 1000 == 0 and exponent < 18:  # noqa: PLR2004  # E is the largest suffix
        value //= 1000
        exponent += 3
    if quantity.notation == DECIMAL_EXPONENT:
        return f"{value}e{exponent}" if exponent else str(value)
    names = {number: name for name, number in _DECIMAL_SUFFIXES.items()}
    return f"{value}{names[exponent]}"

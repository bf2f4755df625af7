"""A float as a map's key: sigs.k8s.io/yaml writes it with the precision of 32 bits.

Follows Go's strconv.FormatFloat(value, 'g', -1, 32): the fewest digits that give the same 32-bit
float, with an exponent below 1e-4 and from 1e6 on.
"""

import struct

_MOST_DIGITS = 9
_EXPONENT_FROM = 6
_EXPONENT_BELOW = -4


def float_key(value: float) -> str:
    """The text of a finite float as a key."""
    try:
        single = _to_single(value)
    except OverflowError:
        return ".inf" if value > 0 else "-.inf"
    sign = "-" if str(single).startswith("-") else ""
    digits, exponent = _shortest(abs(single))
    return sign + _written(digits, exponent)


def _to_single(value: float) -> float:
    found: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return found


def _shortest(single: float) -> tuple[str, int]:
    """The digits without the point, and the exponent of the first one."""
    for precision in range(_MOST_DIGITS):
        text = f"{single:.{precision}e}"
        if _to_single(float(text)) == single:
            break
    mantissa, _, exponent = text.partition("e")
    return mantissa.replace(".", "").rstrip("0") or "0", int(exponent)


def _written(digits: str, exponent: int) -> str:
    if exponent < _EXPONENT_BELOW or exponent >= _EXPONENT_FROM:
        point = "." if len(digits) > 1 else ""
        return f"{digits[0]}{point}{digits[1:]}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    rest = digits[exponent + 1 :]
    return f"{whole}.{rest}" if rest else whole

"""Texts of addresses and prefixes, read as strictly as Go's net/netip, with its messages.

Follows Go net/netip ParseAddr and ParsePrefix (1.26): no leading zeros, no short forms, an embedded IPv4
address at the end only.
"""

import re

from propolis.lang.go_quote import quote

V4_BITS, V6_BITS = 32, 128
_GROUPS = 8
_HEX = re.compile(r"[0-9a-fA-F]*", re.ASCII)
_LONGEST_GROUP = 4
_LARGEST_OCTET = 255
_OCTETS = 4
_LONGEST_TEXT = 4096


class AddressError(ValueError):
    """The text is none; the message is the one of Go."""


def parse_address(text: str) -> tuple[int, int, str]:
    """The number, its bits (32 or 128) and its zone, empty when it has none.

    Raises:
        AddressError: It is no address.
    """
    if len(text) > _LONGEST_TEXT:
        raise AddressError("unable to parse IP")
    found = re.search("[.:%]", text)
    if found is None:
        raise _wrong(text, "unable to parse IP")
    if found[0] == "%":
        raise _wrong(text, "missing IPv6 address")
    if found[0] == ".":
        return _octets(text, text), V4_BITS, ""
    return _parse_v6(text)


def parse_prefix(text: str) -> tuple[int, int, int]:
    """The number, its bits (32 or 128), and the length of the prefix.

    Raises:
        AddressError: It is no prefix, or its address has a zone.
    """
    address, slash, length = text.rpartition("/")
    if not slash:
        raise _wrong_prefix(text, "no '/'")
    try:
        number, bits, zone = parse_address(address)
    except AddressError as problem:
        raise _wrong_prefix(text, str(problem)) from problem
    if zone:
        raise _wrong_prefix(text, "IPv6 zones cannot be present in a prefix")
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", length, re.ASCII):
        raise _wrong_prefix(text, f"bad bits after slash: {quote(length)}")
    if int(length) > bits:
        raise _wrong_prefix(text, "prefix length out of range")
    return number, bits, int(length)


def _wrong(text: str, problem: str, rest: str = "") -> AddressError:
    at = f" (at {quote(rest)})" if rest else ""
    return AddressError(f"ParseAddr({quote(text)}): {problem}{at}")


def _wrong_prefix(text: str, problem: str) -> AddressError:
    return AddressError(f"netip.ParsePrefix({quote(text)}): {problem}")


def _octets(whole: str, text: str) -> int:
    """Four decimal numbers; ``whole`` is what messages show."""
    number = digits = value = done = 0
    for index, character in enumerate(text):
        if "0" <= character <= "9":
            if digits == 1 and value == 0:
                raise _wrong(whole, "IPv4 field has octet with leading zero")
            value = value * 10 + int(character)
            digits += 1
            if value > _LARGEST_OCTET:
                raise _wrong(whole, "IPv4 field has value >255")
        elif character == ".":
            if index in (0, len(text) - 1) or text[index - 1] == ".":
                raise _wrong(whole, "IPv4 field must have at least one digit", text[index:])
            if done == _OCTETS - 1:
                raise _wrong(whole, "IPv4 address too long")
            number = number << 8 | value
            done += 1
            digits = value = 0
        else:
            raise _wrong(whole, "unexpected character", text[index:])
    if done < _OCTETS - 1:
        raise _wrong(whole, "IPv4 address too short")
    return number << 8 | value


def _parse_v6(text: str) -> tuple[int, int, str]:
    body, percent, zone = text.partition("%")
    if percent and not zone:
        raise _wrong(text, "zone must be a non-empty string")
    if body == "::":
        return 0, V6_BITS, zone
    groups, gap = _groups(text, body)
    missing = _GROUPS - len(groups)
    if gap is None and missing:
        raise _wrong(text, "address string too short")
    if gap is not None:
        if not missing:
            raise _wrong(text, "the :: must expand to at least one field of zeros")
        groups[gap:gap] = [0] * missing
    number = 0
    for group in groups:
        number = number << 16 | group
    return number, V6_BITS, zone


def _groups(text: str, body: str) -> tuple[list[int], int | None]:
    """The groups that are written, and before which of them ``::`` stands."""
    gap: int | None = 0 if body.startswith("::") else None
    rest = body[2:] if gap == 0 else body
    groups: list[int] = []
    while len(groups) < _GROUPS:
        digits = _HEX.match(rest)[0]  # type: ignore[index]  # the pattern matches the empty text
        _check_group(text, digits, rest)
        if rest[len(digits) : len(digits) + 1] == ".":
            _check_embedded(text, rest, len(groups), gap)
            number = _octets(text, rest)
            groups += [number >> 16, number & 0xFFFF]
            rest = ""
            break
        groups.append(int(digits, 16))
        rest = rest[len(digits) :]
        if not rest:
            break
        if rest[0] != ":":
            raise _wrong(text, "unexpected character, want colon", rest)
        if len(rest) == 1:
            raise _wrong(text, "colon must be followed by more characters", rest)
        rest = rest[1:]
        if rest[0] == ":":
            if gap is not None:
                raise _wrong(text, "multiple :: in address", rest)
            gap, rest = len(groups), rest[1:]
            if not rest:
                break
    if rest:
        raise _wrong(text, "trailing garbage after address", rest)
    return groups, gap


def _check_group(text: str, digits: str, rest: str) -> None:
    if len(digits) > _LONGEST_GROUP:
        raise _wrong(text, "each group must have 4 or less digits", rest)
    if not digits:
        raise _wrong(text, "each colon-separated field must have at least one digit", rest)


def _check_embedded(text: str, rest: str, written: int, gap: int | None) -> None:
    if gap is None and written != _GROUPS - 2:
        raise _wrong(text, "embedded IPv4 address must replace the final 2 fields of the address", rest)
    if written > _GROUPS - 2:
        raise _wrong(text, "too many hex fields to fit an embedded IPv4 at the end of the address", rest)

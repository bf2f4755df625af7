"""Debian versions, `[epoch:]upstream[-revision]`. Follows deb-version(7) and dpkg's comparison.

A part is read as text, number, text, number and so on. In texts a tilde sorts before the end, the end
before letters, letters before all else; so every text becomes bytes that already sort that way.
"""

import re

from propolis.lang.versions.order import Key, VersionOrder

_TILDE, _END = 1, 2


def _weights() -> bytes:
    """For each byte its place among tilde (1), end (2), letters and the rest."""
    letters = [byte for byte in range(256) if chr(byte).isalpha() and byte < 128]  # noqa: PLR2004  # ASCII
    digits = b"0123456789"
    rest = [byte for byte in range(256) if byte not in letters and byte not in digits and byte != ord("~")]
    table = bytearray(256)
    table[ord("~")] = _TILDE
    for place, byte in enumerate(letters + rest, start=_END + 1):
        table[byte] = place
    return bytes(table)


_WEIGHTS = _weights()
_TERMINATOR = bytes([_END])
_PARTS = re.compile(rb"([0-9]+)")
_VALID = re.compile(r"(?:[0-9]+:)?[0-9][A-Za-z0-9.+~:-]*")
_EMPTY: Key = (_TERMINATOR, 0, _TERMINATOR)


def make_key(version: str) -> Key:
    """Epoch, upstream part, revision; an absent revision equals ``0``."""
    epoch, rest = _split_epoch(version.strip())
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return epoch, _part_key(upstream), _part_key(revision) if revision else _EMPTY


def _split_epoch(version: str) -> tuple[int, str]:
    """The epoch and what follows; text before a colon that is no number belongs to the version."""
    epoch, colon, rest = version.partition(":")
    if colon and epoch.isascii() and epoch.isdigit():
        return int(epoch), rest
    return 0, version


def _part_key(part: str) -> Key:
    """Text and number by turns, closed by the end mark; absent numbers are 0."""
    pieces: list[bytes | int] = []
    split = _PARTS.split(part.encode("utf-8", "surrogatepass"))
    for index in range(0, len(split) - 1, 2):
        pieces += (split[index].translate(_WEIGHTS) + _TERMINATOR, int(split[index + 1]))
    if split[-1] or not pieces:
        pieces += (split[-1].translate(_WEIGHTS) + _TERMINATOR, 0)
    pieces.append(_TERMINATOR)
    return tuple(pieces)


def is_valid(version: str) -> bool:
    """Whether dpkg takes it: an upstream part that begins with a digit, no foreign characters."""
    return _VALID.fullmatch(version.strip()) is not None


ORDER = VersionOrder("debian", make_key, is_valid)

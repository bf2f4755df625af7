"""Versions of Ruby gems. Follows Gem::Version.

Segments are numbers or words; a word is below any number, and a version that ends counts as zeros from
there on. So a word makes it a pre-release (``1.0.a`` < ``1.0``).
"""

import re

from propolis.lang.versions.order import Key, VersionOrder

_WORD, _ZEROS_BELOW, _END, _ZEROS_ABOVE, _NUMBER = range(5)
_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+")
_VALID = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")


def make_key(version: str) -> Key:
    """A rank and a value for each segment.

    A run of zeros equals the end until the next segment decides: zeros before a word are below it,
    zeros before a number above it.
    """
    segments = _SEGMENTS.findall(version.replace("-", ".pre."))
    pieces: list[int | str] = []
    above = False
    for segment in reversed(_canonical(segments)):
        if segment[0] not in "0123456789":
            pieces += (segment, _WORD)
            above = False
        elif number := int(segment):
            pieces += (number, _NUMBER)
            above = True
        else:
            pieces.append(_ZEROS_ABOVE if above else _ZEROS_BELOW)
    pieces.reverse()
    pieces.append(_END)
    return tuple(pieces)


def _canonical(segments: list[str]) -> list[str]:
    """Without the zeros before the first word and at the end."""
    kept: list[str] = []
    words = False
    for segment in segments:
        if segment[0] not in "0123456789" and not words:
            words = True
            _drop_zeros(kept)
        kept.append(segment)
    _drop_zeros(kept)
    return kept


def _drop_zeros(segments: list[str]) -> None:
    while segments and not segments[-1].strip("0"):
        segments.pop()


def is_valid(version: str) -> bool:
    """Whether Gem::Version takes it."""
    return _VALID.fullmatch(version.strip()) is not None


ORDER = VersionOrder("rubygems", make_key, is_valid)

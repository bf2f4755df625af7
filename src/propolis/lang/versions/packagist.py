"""Versions of PHP packages. Follows PHP's version_compare, which Composer's comparisons use.

Parts between dots, hyphens, underscores and changes between digits and letters. At one place:
unknown words < dev < alpha < beta < RC < end < numbers < patch levels; words of one rank are equal.
A leading ``v`` and the word ``stable`` do not count, as in Composer.
"""

import re

from propolis.lang.versions.order import Key, VersionOrder

_UNKNOWN, _DEV, _ALPHA, _BETA, _CANDIDATE, _END, _NUMBER, _PATCH = range(8)
_WORDS = (
    ("dev", _DEV), ("alpha", _ALPHA), ("a", _ALPHA), ("beta", _BETA), ("b", _BETA),
    ("RC", _CANDIDATE), ("rc", _CANDIDATE), ("pl", _PATCH), ("p", _PATCH),
)  # fmt: skip
_PARTS = re.compile(r"[0-9]+|[^0-9.\-_+]+")
_IGNORED = frozenset({"#", "stable"})
_VALID = re.compile(
    r"v?[0-9]+(?:\.[0-9]+){0,3}(?:[._-]?(?:stable|beta|b|rc|alpha|a|patch|pl|p)(?:[.-]?[0-9]+)*)?(?:[.-]?dev)?(?:\+[^\s]+)?"
    r"|dev-.+|.+-dev",
    re.IGNORECASE,
)


def make_key(version: str) -> Key:
    """A rank for each part, followed by its value where it is a number."""
    text = version.strip()
    pieces: list[int] = []
    for part in _PARTS.findall(text[1:] if text[:1] in {"v", "V"} else text):
        if part[0] in "0123456789":
            pieces += (_NUMBER, int(part))
        elif part not in _IGNORED:
            pieces.append(_rank(part))
    pieces.append(_END)
    return tuple(pieces)


def _rank(word: str) -> int:
    """By what the word begins with."""
    for beginning, rank in _WORDS:
        if word.startswith(beginning):
            return rank
    return _UNKNOWN


def is_valid(version: str) -> bool:
    """Whether Composer takes it."""
    return _VALID.fullmatch(version.strip()) is not None


ORDER = VersionOrder("packagist", make_key, is_valid)

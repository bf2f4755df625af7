"""Semantic versions (semver.org 2.0.0), strict: three numbers, no leading zeros.

Follows what github.com/blang/semver accepts. A version is a tuple that sorts in the right order.
"""

import re
from functools import lru_cache
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int, tuple[tuple[int, int, str], ...]]
"""Major, minor, patch, and pre-release parts that sort below the release."""

_NUMBER = r"(0|[1-9][0-9]{0,18})"
_PART = r"(?:0|[1-9][0-9]{0,18}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_PART}(?:\.{_PART})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_RELEASE = ((2, 0, ""),)
_LONGEST_TEXT = 256


@lru_cache(maxsize=8192)
def parse_version(text: str) -> Version | None:
    """A version, or None for other text."""
    found = _VERSION.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        return None
    major, minor, patch, before = found.groups()
    return int(major), int(minor), int(patch), _before(before) if before else _RELEASE


def _before(text: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers below texts, both below the release."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split("."))

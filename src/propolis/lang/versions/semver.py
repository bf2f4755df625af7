"""Semantic versions: npm, crates.io, Hex, Swift and others. Follows semver.org 2.0.0, chapter 11.

Read loosely, as registries have them: a ``v`` in front, one number or five of them (absent ones are 0),
and text after the numbers without a hyphen counts as a pre-release. A text without a number is below all.
"""

import re

from propolis.lang.versions.order import Key, VersionOrder

NUMERIC, TEXT, RELEASE = range(3)
"""Ranks: a numeric identifier, another identifier, no pre-release at all."""

_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_IDENTIFIERS = (
    r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*"
)
_VALID = re.compile(
    rf"v?(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){{2}}(?:-{_IDENTIFIERS})?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_RELEASED: Key = (RELEASE,)


def make_key(version: str) -> Key:
    """The numbers without zeros at the end, then the pre-release; build metadata does not count."""
    found = split(version)
    if found is None:
        return (-1,), (TEXT, version)
    numbers, prerelease, _ = found
    return numbers_key(numbers), prerelease_key(prerelease)


def split(version: str) -> tuple[str, str, str] | None:
    """Numbers, pre-release and build metadata as texts; None where no number leads."""
    text = version.strip().lstrip("=vV ")
    found = _NUMBERS.match(text)
    if found is None:
        return None
    rest, _, build = text[found.end() :].partition("+")
    return found[0], rest[1:] if rest[:1] in {"-", "."} else rest, build


def numbers_key(numbers: str) -> tuple[int, ...]:
    """Numbers between dots, without zeros at the end; the first always stays."""
    values = [int(number) for number in numbers.split(".")]
    while len(values) > 1 and not values[-1]:
        values.pop()
    return tuple(values)


def prerelease_key(prerelease: str) -> Key:
    """A rank and a value for each identifier; numbers before texts, less identifiers before more."""
    if not prerelease:
        return _RELEASED
    pieces: list[int | str] = []
    for identifier in prerelease.split("."):
        if identifier.isascii() and identifier.isdigit():
            pieces += (NUMERIC, int(identifier))
        else:
            pieces += (TEXT, identifier)
    return tuple(pieces)


def is_valid(version: str) -> bool:
    """Whether it follows the grammar of semver.org; a leading ``v`` is let through."""
    return _VALID.fullmatch(version.strip()) is not None


ORDER = VersionOrder("semver", make_key, is_valid)

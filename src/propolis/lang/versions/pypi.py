"""Python versions. Follows PEP 440, appendix B and the chapter on ordering.

A text that PEP 440 does not know is below all versions; among themselves such texts sort as setuptools sorted
them before PEP 440 (its "legacy" versions), so old data keeps its order.
"""

import math
import re

from propolis.lang.versions.order import Key, VersionOrder

_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_PEP440 = re.compile(
    r"""
    v?
    (?:(?P<epoch>[0-9]+)!)?
    (?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_number>[0-9]*))?
    (?P<post>-(?P<implicit>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>[0-9]*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>[0-9]*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?
    """,
    re.VERBOSE | re.ASCII,
)
_PRE_RANKS = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_BARE_DEV, _NO_PRE = (-1, 0), (3, 0)
_NO_POST = -1
_NO_LOCAL: Key = ()

_LEGACY_PART = re.compile(r"[0-9]+|[a-z]+|\.|-")
_LEGACY_NAMES = {"pre": "c", "preview": "c", "rc": "c", "-": "final-", "dev": "@"}
_LEGACY_EPOCH = -1


def make_key(version: str) -> Key:
    """Epoch, release without zeros at the end, pre-, post- and development release, local label."""
    text = version.strip().lower()
    if _PLAIN.fullmatch(text):
        return 0, _release_key(text), _NO_PRE, _NO_POST, math.inf, _NO_LOCAL
    found = _PEP440.fullmatch(text)
    if found is None:
        return _LEGACY_EPOCH, _legacy_key(text)
    return (
        int(found["epoch"] or 0),
        _release_key(found["release"]),
        _pre_key(found),
        int(found["implicit"] or found["post_number"] or 0) if found["post"] else _NO_POST,
        int(found["dev_number"] or 0) if found["dev"] else math.inf,
        _local_key(found["local"]),
    )


def _release_key(release: str) -> tuple[int, ...]:
    numbers = [int(number) for number in release.split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _pre_key(found: re.Match[str]) -> tuple[int, int]:
    """A development release of no pre- or post-release is below all pre-releases."""
    if found["pre"]:
        return _PRE_RANKS[found["pre"]], int(found["pre_number"] or 0)
    return _BARE_DEV if found["dev"] and not found["post"] else _NO_PRE


def _local_key(local: str | None) -> Key:
    """Texts before numbers; no label is below any."""
    if not local:
        return _NO_LOCAL
    parts = re.split(r"[-_.]", local)
    return tuple((1, int(part)) if part.isdigit() else (0, part) for part in parts)


def _legacy_key(text: str) -> Key:
    """Words and numbers; a pre-release word drops the zeros and hyphens before it."""
    parts: list[tuple[int, str | int]] = []
    for found in _LEGACY_PART.findall(text):
        part = _LEGACY_NAMES.get(found, found)
        if part == ".":
            continue
        if part[0] in "0123456789":
            parts.append((1, int(part)))
            continue
        _drop_before_word(parts, part)
        parts.append((0, part))
    _drop_before_word(parts, "final")
    return (*parts, (0, "final"))


def _drop_before_word(parts: list[tuple[int, str | int]], word: str) -> None:
    if word < "final":
        while parts and parts[-1] == (0, "final-"):
            parts.pop()
    while parts and parts[-1] == (1, 0):
        parts.pop()


def is_valid(version: str) -> bool:
    """Whether it follows PEP 440."""
    return _PEP440.fullmatch(version.strip().lower()) is not None


ORDER = VersionOrder("pypi", make_key, is_valid)

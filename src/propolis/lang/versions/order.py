"""VersionOrder: how one ecosystem orders its versions.

A module of an ecosystem gives ``make_key``, a function of the text alone. It never fails: a text that
the ecosystem's own tools would refuse has a place in the order too, as low as the ecosystem allows.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from propolis.core.errors import LimitError

Key: TypeAlias = tuple[Any, ...]
"""What a version sorts by. Hashable; comparable with any other key of the same order."""

MAX_VERSION_CHARACTERS = 1000
"""Longest version that has a key; the longest of any public registry are below 200."""

_CACHED_KEYS = 32_768


class VersionOrder:
    """A total order of version texts.

    Attributes:
        name: The name of the rules: ``debian``, ``semver``.
        key: From a version to its key, cached. Raises `LimitError` for a version longer than
            `MAX_VERSION_CHARACTERS`.
        is_valid: Whether the ecosystem's own tools take the text as a version.
    """

    __slots__ = ("is_valid", "key", "name")

    def __init__(self, name: str, make_key: Callable[[str], Key], is_valid: Callable[[str], bool]) -> None:
        self.name = name
        self.is_valid = _within_limit(is_valid)
        self.key: Callable[[str], Key] = functools.lru_cache(_CACHED_KEYS)(_limited(name, make_key))

    def compare(self, left: str, right: str) -> int:
        """-1, 0 or 1 as ``left`` is below, equal to or above ``right``."""
        left_key, right_key = self.key(left), self.key(right)
        return (left_key > right_key) - (left_key < right_key)

    def __repr__(self) -> str:
        return f"VersionOrder({self.name})"


def _limited(name: str, make_key: Callable[[str], Key]) -> Callable[[str], Key]:
    def key(version: str) -> Key:
        if len(version) > MAX_VERSION_CHARACTERS:
            raise LimitError(
                f"{name} version of {len(version)} characters, {version[:40]!r}...",
                expected=f"at most {MAX_VERSION_CHARACTERS} characters",
            )
        return make_key(version)

    return key


def _within_limit(is_valid: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda version: len(version) <= MAX_VERSION_CHARACTERS and is_valid(version)


def anything(version: str) -> bool:
    """Validity where the ecosystem refuses no text but the empty one."""
    return bool(version)

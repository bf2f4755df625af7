"""Constraint and the tests it is made of."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.lang.versions.order import Key, VersionOrder

MAX_EXPRESSION_CHARACTERS = 10_000
MAX_ALTERNATIVES = 500
"""Longest expression and most parts of it; the longest of public advisories has 60 parts."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version as the tests see it.

    Attributes:
        text: As written.
        key: Of its ecosystem's order.
        numbers: The numbers it begins with.
    """

    text: str
    key: Key
    numbers: tuple[int, ...]


Test = Callable[[Candidate], bool]

_LEADING_NUMBERS = re.compile(r"[vV=\s]*([0-9]+(?:\.[0-9]+)*)")


def leading_numbers(version: str) -> tuple[int, ...]:
    """The numbers between dots that a version begins with; none for a text without."""
    found = _LEADING_NUMBERS.match(version)
    return tuple(map(int, found[1].split("."))) if found else ()


class Constraint:
    """A compiled expression: alternatives, each a list of tests that must all hold.

    Attributes:
        text: The expression in one spelling: parts joined by ", ", alternatives by " || ".
    """

    __slots__ = ("_alternatives", "_is_readable", "_order", "text")

    def __init__(
        self,
        order: VersionOrder,
        is_readable: Callable[[str], bool],
        alternatives: tuple[tuple[Test, ...], ...],
        text: str,
    ) -> None:
        self._order = order
        self._is_readable = is_readable
        self._alternatives = alternatives
        self.text = text

    def matches(self, version: str) -> bool:
        """Whether the version fulfils the expression.

        Raises:
            DocumentError: for a text that is no version of the ecosystem.
        """
        if not self._is_readable(version):
            raise DocumentError(f"{version[:80]!r} is no version", expected=f"a {self._order.name} version")
        candidate = Candidate(version, self._order.key(version), leading_numbers(version))
        return any(all(test(candidate) for test in tests) for tests in self._alternatives)

    def __str__(self) -> str:
        return self.text


def refuse_long(expression: str) -> None:
    """Raises `LimitError` for an expression longer than any honest one."""
    if len(expression) > MAX_EXPRESSION_CHARACTERS:
        raise LimitError(
            f"version constraint of {len(expression)} characters",
            expected=f"at most {MAX_EXPRESSION_CHARACTERS} characters",
        )


def refuse_many(count: int) -> None:
    """Raises `LimitError` for more parts than `MAX_ALTERNATIVES`."""
    if count > MAX_ALTERNATIVES:
        raise LimitError(f"version constraint of {count} parts", expected=f"at most {MAX_ALTERNATIVES} parts")


def wrong(expression: str, column: int, expected: str) -> DocumentError:
    """The error for an expression that cannot be read at a column (from 1)."""
    return DocumentError(
        f"cannot read version constraint {expression[:80]!r}", Place("", 1, column), expected
    )

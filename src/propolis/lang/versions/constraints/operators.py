"""Operators of constraints as tests: comparisons of keys, and of the numbers a version begins with.

``^1.2.3`` is "at least 1.2.3, and the first number stays 1": so caret, tilde and wildcards are a lower bound
together with a prefix of numbers, which leaves pre-releases of the next version out by itself.
"""

import operator
from collections.abc import Callable, Mapping

from propolis.lang.versions.constraints.model import Candidate, Test
from propolis.lang.versions.order import Key

COMPARISONS: Mapping[str, Callable[[Key, Key], bool]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
    ">": operator.gt, ">=": operator.ge, "=>": operator.ge,
    "<": operator.lt, "<=": operator.le, "=<": operator.le,
}  # fmt: skip


def comparison(sign: str, key: Key) -> Test:
    """A comparison with one version."""
    compare = COMPARISONS[sign]
    return lambda candidate: compare(candidate.key, key)


def prefix_comparison(sign: str, prefix: tuple[int, ...]) -> Test:
    """A comparison of leading numbers alone: ``1.2.x``, ``>1.2``. No prefix (``*``) means any version."""
    compare = COMPARISONS[sign]
    length = len(prefix)
    return lambda candidate: compare(padded(candidate.numbers, length), prefix)


def padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    """Exactly ``length`` numbers; absent ones are 0."""
    return numbers[:length] + (0,) * (length - len(numbers))


def at_least_within(key: Key, prefix: tuple[int, ...]) -> Test:
    """At or above a version, while the leading numbers stay."""
    length = len(prefix)

    def test(candidate: Candidate) -> bool:
        return candidate.key >= key and padded(candidate.numbers, length) == prefix

    return test


def caret_prefix(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """What must stay under ``^``: all up to the first number that is not 0."""
    for position, number in enumerate(numbers):
        if number:
            return numbers[: position + 1]
    return numbers


def tilde_prefix(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """What must stay under ``~`` in npm and cargo: major and, where given, minor."""
    return numbers[:2]


def pessimistic_prefix(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """What must stay under ``~>`` (gems, Hex) and Composer's ``~``: all but the last number."""
    return numbers[:-1] if len(numbers) > 1 else numbers

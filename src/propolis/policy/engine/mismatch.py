"""Where and how a resource departs from a pattern."""

from collections.abc import Callable
from typing import Any

FAIL = "fail"
SKIP = "skip"
"""A condition or global anchor did not hold: the rule does not apply."""
NEGATION = "negation"


class Mismatch:
    """One departure. It is made at the leaf; every level on the way up adds its part of the path.

    Attributes:
        kind: `FAIL`, `SKIP` or `NEGATION`.
        describe: The message, given the path.
        parts: Path from the leaf upwards.
        inner: Departures that this one sums up; their paths continue this one's.
    """

    __slots__ = ("describe", "expected", "inner", "kind", "parts", "value")

    def __init__(
        self,
        kind: str,
        describe: Callable[[str], str],
        value: Any = None,
        expected: Any = None,
        inner: "tuple[Mismatch, ...]" = (),
    ) -> None:
        self.kind = kind
        self.describe = describe
        self.value = value
        self.expected = expected
        self.inner = inner
        self.parts: list[str] = []

    def under(self, part: str) -> "Mismatch":
        """The same departure, seen from one level higher."""
        self.parts.append(part)
        return self

    def path(self, prefix: str = "/") -> str:
        """``/spec/containers/0/image/``."""
        return prefix + "".join(f"{part}/" for part in reversed(self.parts))

    def message(self, prefix: str = "/") -> str:
        """What is wrong, in Kyverno's words."""
        path = self.path(prefix)
        if self.inner:
            return ";".join(item.message(path) for item in self.inner)
        return self.describe(path)


def wrapped(mismatch: Mismatch, kind: str, prefix: str) -> Mismatch:
    """The departure as the reason of an anchor's."""
    return Mismatch(
        kind, lambda path: f"{prefix}: {mismatch.message(path)}", mismatch.value, mismatch.expected
    )

"""Where a part of a pattern stands while its source is written, and what to do with a departure there."""

from typing import Any

import msgspec

from propolis.policy.engine.mismatch import Steps
from propolis.policy.engine.pattern_labels import Check

RETURN = "return {}"


class Frame(msgspec.Struct, frozen=True):
    """What to do with a departure.

    Attributes:
        fail: Statements; ``{}`` stands for the departure.
        skip: The same for one that makes the rule, or an element, not apply.
        skips: Whether an anchor around the place turns every departure into such a one.
        reasons: What anchors around the place add before the message.
        is_direct: Whether the outermost of those is a global anchor.
    """

    fail: str = RETURN
    skip: str = RETURN
    skips: bool = False
    reasons: str = ""
    is_direct: bool = False

    def within(self, text: str, *, is_global: bool) -> "Frame":
        """The frame within a condition or global anchor."""
        is_direct = self.is_direct if self.skips else is_global
        reasons = f"{self.reasons}{text}: "
        return Frame(self.skip, self.skip, skips=True, reasons=reasons, is_direct=is_direct)

    def in_loop(self, skipped: str) -> "Frame":
        """The frame within a loop over elements, which collects those that are left out; empty for none."""
        return Frame(self.fail, f"{skipped}.append({{}}); continue") if skipped else self


NEXT = Frame("continue", "continue")
"""Within a loop that looks for one element: any departure goes on with the next."""


class Place(msgspec.Struct, frozen=True):
    """A part of a pattern.

    Attributes:
        var: The variable that holds the value.
        steps: The way from where the function begins.
        indices: Variables that hold the indices on the way.
    """

    var: str
    steps: Steps = ()
    indices: tuple[str, ...] = ()
    frame: Frame = Frame()

    def below(self, key: str, var: str) -> "Place":
        """The place below a key."""
        return Place(var, (*self.steps, key), self.indices, self.frame)

    def element(self, var: str, index: str, frame: Frame) -> "Place":
        """The place of an element."""
        return Place(var, (*self.steps, None), (*self.indices, index), frame)

    def framed(self, frame: Frame) -> "Place":
        """The same place in another frame."""
        return Place(self.var, self.steps, self.indices, frame)


class Opaque:
    """A part of a pattern that is checked by a function made elsewhere."""

    __slots__ = ("check",)

    def __init__(self, check: Check) -> None:
        self.check = check


class Metadata:
    """Metadata in whose labels or annotations wildcards stand.

    Attributes:
        plain: The keys without those.
        wild: Those.
    """

    __slots__ = ("plain", "wild")

    def __init__(self, plain: dict[str, Any], wild: dict[str, Opaque]) -> None:
        self.plain = plain
        self.wild = wild

"""A call as its estimate sees it, and what estimates give."""

from collections.abc import Callable

import msgspec

from propolis.lang.cel.cost import units
from propolis.lang.cel.cost.ranges import ONE, Range
from propolis.lang.cel.cost.sizes import Sizes, Value


class Question(msgspec.Struct, frozen=True):
    """A call.

    Attributes:
        target: The receiver of a member.
        arguments: Without the receiver.
        costs: Of the arguments.
    """

    function: str
    overload_id: str
    target: Value | None
    arguments: tuple[Value, ...]
    costs: tuple[Range, ...] = ()

    def of(self, overload_id: str) -> "Question":
        """The same call of another overload."""
        return Question(self.function, overload_id, self.target, self.arguments, self.costs)


class Estimate(msgspec.Struct, frozen=True):
    """What a call costs, and the size of its result where it is known."""

    cost: Range
    size: Range | None = None


Rule = Callable[[Question, Sizes], Estimate | None]


def pattern_cost(text: Range, pattern: Range) -> Range:
    """A pattern on a text; an empty text counts as one character."""
    return text.plus(ONE).scaled(units.PER_CHARACTER).times(pattern.scaled(units.PER_PATTERN_CHARACTER))

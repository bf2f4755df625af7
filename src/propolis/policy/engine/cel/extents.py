"""How large values are: of a request, and of what calls make of its parts."""

import msgspec

from propolis.lang.cel import operators
from propolis.lang.cel.cost.ranges import ENDLESS
from propolis.lang.cel.libraries.kyverno.or_value import NAME as OR_VALUE


class Extent(msgspec.Struct, frozen=True):
    """The most elements of all lists and maps in a value together, and characters of its longest text."""

    items: int = 0
    text: int = 0

    def joined(self, other: "Extent") -> "Extent":
        """What holds both."""
        return Extent(max(self.items, other.items), max(self.text, other.text))

    def plus(self, other: "Extent") -> "Extent":
        """What holds one behind the other."""
        return Extent(min(ENDLESS, self.items + other.items), min(ENDLESS, self.text + other.text))


NOTHING, BOUNDLESS = Extent(), Extent(ENDLESS, ENDLESS)
_NUMBER = Extent(0, 64)
"""The longest text of a number, a time or a duration."""
SCALARS = frozenset({"bool", "int", "uint", "double", "null_type", "timestamp", "duration", "type"})
_PARTS = frozenset(
    {
        "lowerAscii", "upperAscii", "trim", "substring", "charAt", "reverse", "distinct", "sort", "slice",
        "value", "first", "last", "dyn", "optional.of", "optional.ofNonZeroValue",
    }
)  # fmt: skip
"""Functions that give a part of what they are called on, or all of it."""
EITHER = frozenset({"or", "orValue", OR_VALUE})
"""Functions that give one of what they get."""


def extent_of_call(function: str, kinds: list[str], found: list[Extent]) -> Extent:
    """The extent of what a call gives; without bound where nothing is known of the function.

    Args:
        function: Its name.
        kinds: Of the operands, by their types; the receiver first.
        found: Extents of the operands.
    """
    match function:
        case operators.ADD:
            return found[0].plus(found[1])
        case operators.CONDITIONAL:
            return found[1].joined(found[2])
        case operators.INDEX | operators.OPTIONAL_INDEX | operators.OPTIONAL_SELECT:
            return found[0]
        case "string":
            return _NUMBER if kinds[0] in SCALARS else found[0].joined(_NUMBER)
        case "split":
            return Extent(found[0].text + 1, found[0].text)
    if function in _PARTS and found:
        return found[0]
    return found[0].joined(found[1]) if function in EITHER else BOUNDLESS

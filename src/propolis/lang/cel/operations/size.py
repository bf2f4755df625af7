"""How large values are, so that no evaluation can go through more than it may.

An expression can hold one list many times in another, so that few values make a tree without end: whoever
goes through all of a value has its parts counted first.
"""

from collections.abc import Mapping
from typing import Any

from propolis.lang.cel.errors import CostError
from propolis.lang.cel.values import OptionalValue

MOST_PARTS = 500_000
"""Most elements, entries and values of what is compared, formatted or written as JSON."""
_SMALL = 256
_PER_UNIT = 16
"""Characters or elements that cost as much as one iteration."""


def limited(value: Any) -> int:
    """The number of parts of a value; what is in it twice counts twice.

    Raises:
        CostError: There are more than `MOST_PARTS`.
    """
    count = 0
    stack = [value]
    while stack:
        part = stack.pop()
        count += 1
        if isinstance(part, list):
            stack += part
        elif isinstance(part, Mapping):
            stack += part.values()
        elif type(part) is OptionalValue:
            stack.append(part.value)
        if count + len(stack) > MOST_PARTS:
            raise CostError(f"a value has more than {MOST_PARTS} parts")
    return count


def effort(*values: Any) -> int:
    """What it costs to go through texts and the elements of lists once, in iterations; 0 for small ones."""
    total = 0
    for value in values:
        kind = type(value)
        if kind is str or kind is list or kind is dict or kind is bytes:
            size = len(value)
            if size > _SMALL:
                total += size // _PER_UNIT
    return total

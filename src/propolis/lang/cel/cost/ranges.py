"""Least and most of a size or a cost: whole numbers of 64 bits that do not overflow.

Follows cel-go checker/cost.go SizeEstimate and CostEstimate @ v0.30.0.
"""

import math

import msgspec

ENDLESS = 2**64 - 1
"""What is too large to tell, or unknown."""


class Range(msgspec.Struct, frozen=True):
    """From the least to the most."""

    low: int
    high: int

    def plus(self, other: "Range") -> "Range":
        """The sum."""
        return Range(min(ENDLESS, self.low + other.low), min(ENDLESS, self.high + other.high))

    def times(self, other: "Range") -> "Range":
        """The product."""
        return Range(min(ENDLESS, self.low * other.low), min(ENDLESS, self.high * other.high))

    def scaled(self, factor: float) -> "Range":
        """The product with a factor, rounded up."""
        return Range(scaled(self.low, factor), scaled(self.high, factor))

    def joined(self, other: "Range") -> "Range":
        """What holds both."""
        return Range(min(self.low, other.low), max(self.high, other.high))


def scaled(number: int, factor: float) -> int:
    """A product, rounded up."""
    product = math.ceil(float(number) * factor)
    return min(ENDLESS, product)


def exactly(number: int) -> Range:
    """A range of one number."""
    return Range(number, number)


NOTHING, ONE, UNKNOWN = exactly(0), exactly(1), Range(0, ENDLESS)


def total(parts: "list[Range] | tuple[Range, ...]") -> Range:
    """The sum of ranges."""
    found = NOTHING
    for part in parts:
        found = found.plus(part)
    return found

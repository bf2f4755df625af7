"""Values of CEL that Python has no class for.

Follows cel-spec doc/langdef.md §Values @ 508bd98 and cel-go common/types.
"""

from typing import Any, ClassVar

import msgspec

from propolis.lang.cel.types import DURATION, DYN, TIMESTAMP, Type, optional_of

NANOS = 1_000_000_000


class UInt(int):
    """An unsigned integer of 64 bits. Equal to, and the same key as, the same number of another type."""

    __slots__ = ()


class Timestamp(msgspec.Struct, frozen=True, order=True):
    """A moment, in nanoseconds since 1970 UTC; years 1 to 9999."""

    nanoseconds: int
    cel_type: ClassVar[Type] = TIMESTAMP


class Duration(msgspec.Struct, frozen=True, order=True):
    """A span of time, in nanoseconds; within 10,000 years either way."""

    nanoseconds: int
    cel_type: ClassVar[Type] = DURATION


class OptionalValue(msgspec.Struct, frozen=True):
    """A value that may be absent; ``NONE`` is the absent one."""

    value: Any = None
    has_value: bool = True
    cel_type: ClassVar[Type] = optional_of(DYN)


NONE = OptionalValue(None, has_value=False)

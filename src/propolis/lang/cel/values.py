"""Values of CEL that Python has no class for.

Follows cel-spec doc/langdef.md §Values @ 508bd98 and cel-go common/types.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import msgspec

from propolis.lang.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    Type,
    optional_of,
)

NANOS = 1_000_000_000
MIN_INT, MAX_INT, MAX_UINT = -(2**63), 2**63 - 1, 2**64 - 1
EARLIEST, LATEST = -62_135_596_800 * NANOS, 253_402_300_800 * NANOS - 1
"""The first and last nanosecond of the years 1 to 9999."""


class UInt(int):
    """An unsigned integer of 64 bits. Equal to, and the same key as, the same number of another type."""

    __slots__ = ()


class Timestamp(msgspec.Struct, frozen=True, order=True):
    """A moment, in nanoseconds since 1970 UTC; years 1 to 9999."""

    nanoseconds: int
    cel_type: ClassVar[Type] = TIMESTAMP


class Duration(msgspec.Struct, frozen=True, order=True):
    """A span of time, in nanoseconds of 64 bits: 292 years either way, as cel-go has it."""

    nanoseconds: int
    cel_type: ClassVar[Type] = DURATION


class OptionalValue(msgspec.Struct, frozen=True):
    """A value that may be absent; ``NONE`` is the absent one."""

    value: Any = None
    has_value: bool = True
    cel_type: ClassVar[Type] = optional_of(DYN)


NONE = OptionalValue(None, has_value=False)


class MergingList(list[Any]):
    """A list with a ``+`` and an equality of its own, for its left side; `openapi.lists` has the kinds."""

    __slots__ = ()

    def joined(self, other: list[Any]) -> list[Any]:
        """What ``+`` gives."""
        raise NotImplementedError

    def is_same(self, other: list[Any]) -> bool:
        """What ``==`` gives."""
        raise NotImplementedError


class MixedMap(dict[Any, Any]):
    """A map in which a bool is a key: Python takes ``true`` and 1 for the same key.

    Inside, a bool stands as a `_BoolKey`; every way to read gives the bool.
    """

    __slots__ = ()

    def __init__(self, pairs: Iterable[tuple[Any, Any]] = ()) -> None:
        super().__init__((_boxed(key), value) for key, value in pairs)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_boxed(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_boxed(key), value)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(_boxed(key))

    def __iter__(self) -> Iterator[Any]:
        return (key.value if type(key) is _BoolKey else key for key in super().__iter__())

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key, or a default."""
        return super().get(_boxed(key), default)

    def keys(self) -> Any:
        """All keys."""
        return list(self)

    def items(self) -> Any:
        """All keys with their values."""
        return [(key, super(MixedMap, self).__getitem__(_boxed(key))) for key in self]


class _BoolKey(msgspec.Struct, frozen=True):
    value: bool


_BOOL_KEYS = (_BoolKey(value=False), _BoolKey(value=True))


def _boxed(key: Any) -> Any:
    return _BOOL_KEYS[key] if type(key) is bool else key


_CLASSES: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
    list: Type("list"),
    dict: Type("map"),
    MixedMap: Type("map"),
    Timestamp: TIMESTAMP,
    Duration: DURATION,
    OptionalValue: Type("optional"),
    Type: TYPE,
}


def class_type(of: type) -> Type:
    """The type of all values of a Python class, without parameters; ``dyn`` for no value of CEL."""
    found = _CLASSES.get(of)
    if found is not None:
        return found
    declared = getattr(of, "cel_type", None)
    if isinstance(declared, Type):
        return Type(declared.kind, declared.name)
    for parent, name in ((Mapping, "map"), (list, "list"), (str, "string")):
        if issubclass(of, parent):
            return Type(name)
    return DYN


def type_of(value: Any) -> Type:
    """What ``type(value)`` gives."""
    return class_type(type(value))


def literal_type(value: Any) -> Type:
    """The type of a literal."""
    return _CLASSES[type(value)]

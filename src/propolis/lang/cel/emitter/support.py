"""What generated code calls besides the operations."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from propolis.lang.cel.operations.size import effort
from propolis.lang.cel.values import MixedMap


class Leave(Exception):  # noqa: N818  # no error: a turn to the exact evaluation
    """The generated code cannot decide."""


class Unsupported(Exception):  # noqa: N818  # no error: there is the exact evaluation
    """No code for an expression."""


def leave() -> NoReturn:
    """Turns to the exact evaluation.

    Raises:
        Leave: Always.
    """
    raise Leave


class _Absent:
    """In the place of a value that is not there; nothing can be done with it without an error."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise Leave

    def __bool__(self) -> bool:
        raise Leave


ABSENT: Any = _Absent()


def keys_of(value: Any) -> Any:
    """What a comprehension over a map goes through."""
    return list(value) if isinstance(value, Mapping) else leave()


def pairs_of(value: Any) -> Any:
    """Indices with elements, or keys with values."""
    if isinstance(value, list):
        return list(enumerate(value))
    return list(value.items()) if isinstance(value, Mapping) else leave()


def insert(into: dict[Any, Any], key: Any, value: Any) -> None:
    """Puts an entry into the map of a loop."""
    if key in into or type(key) is bool:
        leave()
    into[key] = value


def insert_all(into: dict[Any, Any], more: Any) -> None:
    """Puts all entries of a map into the map of a loop."""
    if type(more) is MixedMap or not isinstance(more, Mapping):
        leave()
    for key, value in more.items():
        insert(into, key, value)


class Work:
    """What may still be spent in one evaluation."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, units: int) -> None:
        """Takes from what is left; turns to the exact evaluation when that is not enough."""
        self.left -= units
        if self.left < 0:
            leave()


def charged(work: Work, call: Callable[..., Any], *operands: Any) -> Any:
    """A call in a loop: large texts and lists count, as they do in the exact evaluation."""
    made = call(*operands)
    if needed := effort(made, *operands):
        work.spend(needed)
    return made


SUPPORT: dict[str, Any] = {
    "ABSENT": ABSENT,
    "Work": Work,
    "charged": charged,
    "insert": insert,
    "insert_all": insert_all,
    "keys_of": keys_of,
    "leave": leave,
    "pairs_of": pairs_of,
}

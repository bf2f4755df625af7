"""What an expression of JMESPath gives, as CEL: a constant, a value, a truth, the elements of projections."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from propolis.policy.engine.convert.terms import FALSE, TRUE, Call, Term, and_, not_, or_, written

Path = tuple[str, ...]


class Constant(msgspec.Struct, frozen=True):
    """A value that is known before any resource is."""

    value: Any


class Value(msgspec.Struct, frozen=True):
    """One value.

    Attributes:
        text: CEL that gives it, or an error where it is absent.
        there: Whether it is there.
        path: Keys above it, which tell its type.
        kind: ``int``, ``string``, ``list``, ``map`` or empty for what the path has to tell.
        is_plain: Whether it holds no wildcards of strangers, such as the name of an operation.
        default: What stands for it where it is absent; None where that is an error or null.
    """

    text: str
    there: Term = TRUE
    path: Path = ()
    kind: str = ""
    is_plain: bool = False
    default: Constant | None = None


class Truth(msgspec.Struct, frozen=True):
    """A boolean.

    Attributes:
        can_fail: Whether it may be an error.
    """

    term: Term
    can_fail: bool = False


class Source(msgspec.Struct, frozen=True):
    """A list or map that is gone through, and which of its elements count."""

    name: str
    text: str
    holds: Term = TRUE


class Stream(msgspec.Struct, frozen=True):
    """The elements of projections: lists within lists, and what is taken of the innermost.

    Attributes:
        there: Whether the outermost list is there; null where it is not.
        is_list: Whether null stands for a list without elements.
        is_whole: Whether what follows is about the list, not about each of its elements: after a pipe.
    """

    sources: tuple[Source, ...]
    element: Value
    there: Term = TRUE
    is_list: bool = False
    is_whole: bool = False

    def exists(self, test: Callable[[Value], Term]) -> Term:
        """Whether an element is as a test says; a list that is not there has none."""
        inner = and_([self.element.there, test(self.element)])
        for source in reversed(self.sources):
            inner = _some(source, inner)
        return and_([self.there, inner])

    def all(self, test: Callable[[Value], Term]) -> Term:
        """Whether all elements are as a test says."""
        inner = or_([not_(self.element.there), test(self.element)])
        for source in reversed(self.sources):
            found = or_([not_(source.holds), inner])
            inner = TRUE if found == TRUE else Call(f"{source.text}.all({source.name}, {written(found)})")
        return or_([not_(self.there), inner])


Found: TypeAlias = Constant | Value | Truth | Stream


def _some(source: Source, inner: Term) -> Term:
    found = and_([source.holds, inner])
    if found == FALSE:
        return FALSE
    if found == TRUE:
        return Call(f"{source.text}.exists({source.name}, true)")
    return Call(f"{source.text}.exists({source.name}, {written(found)})")

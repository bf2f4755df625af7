"""Choosing an overload by the values of a call.

Follows cel-go common/functions and common/types/signature matching @ v0.30.0: the outermost type decides, an
element type never.
"""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Function, Overload, Runtime
from propolis.lang.cel.operations.faults import no_overload
from propolis.lang.cel.types import Type
from propolis.lang.cel.values import class_type

Dispatch = Callable[..., Any]
"""Takes a `Runtime` and the values of a call, the receiver first."""

_MOST_SIGNATURES = 512
"""Combinations of classes that are kept for one call."""


def dispatcher(function: Function, count: int, *, is_member: bool, checked: tuple[str, ...] = ()) -> Dispatch:
    """What calls the overload of a function that fits the values.

    Args:
        function: With all its overloads.
        count: Number of values, with the receiver.
        is_member: Whether it is called on a receiver.
        checked: Ids of the overloads that the checker found; a single one is the only one that may be called.
    """
    if function.call is not None:
        return _of_any(function.call)
    fitting = [
        one for one in function.overloads if one.is_member == is_member and len(one.arguments) == count
    ]
    if len(checked) == 1:
        fitting = [one for one in fitting if one.id in checked]
    known: dict[tuple[type, ...], Dispatch] = {}

    def dispatch(runtime: Runtime, *values: Any) -> Any:
        classes = tuple(map(type, values))
        call = known.get(classes)
        if call is None:
            call = _chosen(function.name, fitting, classes, values)
            if len(known) < _MOST_SIGNATURES:
                known[classes] = call
        return call(runtime, *values)

    return dispatch


def unbound(name: str) -> Dispatch:
    """What stands for a function that there is not."""

    def dispatch(runtime: Runtime, *values: Any) -> Any:
        del runtime, values
        raise EvaluationError(f"unbound function: {name}")

    return dispatch


def _of_any(call: Callable[..., Any]) -> Dispatch:
    def dispatch(runtime: Runtime, *values: Any) -> Any:
        del runtime
        return call(*values)

    return dispatch


def _chosen(
    name: str, fitting: list[Overload], classes: tuple[type, ...], values: tuple[Any, ...]
) -> Dispatch:
    kinds = list(map(class_type, classes))
    for overload in fitting:
        if all(map(is_of, kinds, overload.arguments)):
            return overload.call if overload.needs_runtime else _of_any(overload.call)
    return no_overload(name, *values)


def is_of(found: Type, wanted: Type) -> bool:
    """Whether a value of a type may be an argument of a declared type."""
    kind = wanted.kind
    if kind in ("dyn", "param", "any"):
        return True
    if kind == "object":
        return found.kind == "map" or (found.kind == "object" and found.name == wanted.name)
    if kind == "wrapper":
        return found.kind in ("null_type", wanted.parameters[0].kind)
    return found.kind == kind and (kind != "opaque" or found.name == wanted.name)

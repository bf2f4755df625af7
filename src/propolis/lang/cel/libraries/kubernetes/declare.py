"""Short ways to declare functions."""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel.library import Function, Overload
from propolis.lang.cel.types import Type


def function(name: str, *overloads: Overload) -> Function:
    """A function of some overloads."""
    return Function(name, overloads)


def call(
    overload_id: str,
    arguments: tuple[Type, ...],
    result: Type,
    run: Callable[..., Any],
    *,
    asks: bool = False,
) -> Overload:
    """``name(arguments)``; with ``asks`` it gets a `Runtime` first."""
    return Overload(overload_id, arguments, result, run, needs_runtime=asks)


def member(
    overload_id: str,
    arguments: tuple[Type, ...],
    result: Type,
    run: Callable[..., Any],
    *,
    asks: bool = False,
) -> Overload:
    """``receiver.name(arguments)``; the receiver is the first argument."""
    return Overload(overload_id, arguments, result, run, is_member=True, needs_runtime=asks)


def getter(name: str, overload_id: str, receiver: Type, result: Type, run: Callable[[Any], Any]) -> Function:
    """A member without arguments."""
    return function(name, member(overload_id, (receiver,), result, run))

"""The closures of single nodes: values, variables, calls, fields, and who watches them."""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel.ast import (
    Expr,
    ListExpr,
    MapExpr,
)
from propolis.lang.cel.dispatch import Dispatch
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.interpreter.frame import Failure, Frame, Run
from propolis.lang.cel.operations.size import effort
from propolis.lang.cel.values import OptionalValue


def grows(start: Expr) -> bool:
    """Whether a loop starts with a list or map of its own."""
    return (isinstance(start, ListExpr) and not start.elements) or (
        isinstance(start, MapExpr) and not start.entries
    )


def constant(value: Any) -> Run:
    """A value that is known."""
    return lambda _: value


def local(slot: int) -> Run:
    """The variable of a loop."""
    return lambda frame: frame.slots[slot]


def accumulator(slot: int) -> Run:
    """The accumulator of a loop; an error in its place is raised."""

    def run(frame: Frame) -> Any:
        value = frame.slots[slot]
        if type(value) is Failure:
            raise value.error
        return value

    return run


def variable(name: str) -> Run:
    """A variable of the environment."""

    def run(frame: Frame) -> Any:
        try:
            return frame.variables[name]
        except KeyError:
            raise EvaluationError(f"no such attribute(s): {name}") from None

    return run


def called(call: Dispatch, runs: list[Run]) -> Run:
    """A call; large operands and results are paid for."""

    def run(frame: Frame) -> Any:
        values = [one(frame) for one in runs]
        made = call(frame.runtime, *values)
        if needed := effort(made, *values):
            frame.spend(needed)
        return made

    return run


def key_of(key: Expr | str, build: Callable[[Expr], Run]) -> Run:
    """A key of a map, which may be the name of a field."""
    return constant(key) if isinstance(key, str) else build(key)


def fields(entries: Any) -> dict[str, Any]:
    """The fields of an object, without the optional ones that are absent."""
    made: dict[str, Any] = {}
    for key, value, is_optional in entries:
        if not is_optional:
            made[key] = value
        elif type(value) is not OptionalValue:
            raise EvaluationError(f"cannot initialize optional entry '{key}' from non-optional value")
        elif value.has_value:
            made[key] = value.value
    return made


def after(first: Run, then: Run) -> Run:
    """Evaluates one for those who watch, then gives the other."""

    def run(frame: Frame) -> Any:
        first(frame)
        return then(frame)

    return run


def observed_run(node: Expr, run: Run) -> Run:
    """A step that is told to who watches."""

    def observed(frame: Frame) -> Any:
        try:
            value = run(frame)
        except EvaluationError as error:
            if frame.observe is not None:
                frame.observe(node, error)
            raise
        if frame.observe is not None:
            frame.observe(node, value)
        return value

    return observed

"""What the closures of one evaluation share."""

from collections.abc import Callable, Mapping
from typing import Any

from propolis.lang.cel.ast import Expr
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.library import Runtime

Observe = Callable[[Expr, Any], None]
"""Gets every node with its value, or the `EvaluationError` in its place, children first."""


class Frame:
    """Variables, the world, places for the variables of macros, and what may still be spent."""

    __slots__ = ("iterations", "observe", "runtime", "slots", "variables")

    def __init__(
        self,
        variables: Mapping[str, Any],
        runtime: Runtime,
        slots: int,
        iterations: int,
        observe: Observe | None = None,
    ) -> None:
        self.variables = variables
        self.runtime = runtime
        self.slots: list[Any] = [None] * slots
        self.iterations = iterations
        self.observe = observe

    def spend(self, iterations: int) -> None:
        """Takes iterations from what is left.

        Raises:
            CostError: There are not so many left.
        """
        self.iterations -= iterations
        if self.iterations < 0:
            raise CostError("the comprehensions go through too many elements")


class Failure:
    """An error in the place of the value of an accumulator, until somebody needs the value."""

    __slots__ = ("error",)

    def __init__(self, error: EvaluationError) -> None:
        self.error = error


Run = Callable[[Frame], Any]

PENDING: Any = object()
"""In the place of a bound value that nobody has asked for yet."""

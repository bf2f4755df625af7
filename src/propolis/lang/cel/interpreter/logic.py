"""``&&``, ``||``, the ternary: what they need of their operands, and which errors they absorb.

Follows cel-spec doc/langdef.md §Logical Operators @ 508bd98.
"""

from typing import Any

from propolis.lang.cel import operators
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.interpreter.frame import Frame, Run
from propolis.lang.cel.operations.faults import no_overload
from propolis.lang.cel.values import OptionalValue


def absorbing(left: Run, right: Run, *, function: str, decisive: bool) -> Run:
    """``&&`` (false is decisive) or ``||`` (true is): an error counts only if no side decides."""

    def run(frame: Frame) -> Any:
        one = _value_or_error(left, frame)
        if one is decisive:
            return decisive
        other = _value_or_error(right, frame)
        if other is decisive:
            return decisive
        for value in (one, other):
            if isinstance(value, EvaluationError):
                raise value
        if type(one) is bool and type(other) is bool:
            return not decisive
        return no_overload(function, one, other)

    return run


def _value_or_error(run: Run, frame: Frame) -> Any:
    try:
        return run(frame)
    except CostError:
        raise
    except EvaluationError as error:
        return error


def conditional(condition: Run, chosen: Run, other: Run) -> Run:
    """The ternary: only the side that is chosen is evaluated."""

    def run(frame: Frame) -> Any:
        found = condition(frame)
        if found is True:
            return chosen(frame)
        return other(frame) if found is False else no_overload(operators.CONDITIONAL, found)

    return run


def optional_or(target: Run, other: Run, *, function: str) -> Run:
    """``optional.or(other)`` and ``optional.orValue(other)``: the other side only if there is no value.

    Follows cel-go interpreter/interpretable.go @ v0.30.0: what is no optional value is given as it is.
    """
    gives_value = function == "orValue"

    def run(frame: Frame) -> Any:
        found = target(frame)
        if type(found) is not OptionalValue:
            return found
        if found.has_value:
            return found.value if gives_value else found
        instead = other(frame)
        return instead if gives_value or type(instead) is OptionalValue else no_overload(function, instead)

    return run


def not_strictly_false(operand: Run) -> Run:
    """Whether a value is anything but false: an error is."""

    def run(frame: Frame) -> bool:
        return _value_or_error(operand, frame) is not False

    return run

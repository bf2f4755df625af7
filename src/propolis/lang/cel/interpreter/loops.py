"""Comprehensions: loops with an accumulator, and bindings, which loop over nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

from propolis.lang.cel.ast import Comprehension, ListExpr, Literal
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.interpreter.frame import PENDING, Failure, Frame, Run
from propolis.lang.cel.operations.access import map_of_pairs
from propolis.lang.cel.operations.faults import no_overload
from propolis.lang.cel.values import MixedMap


class Parts:
    """The closures of a comprehension and the slots of its variables; ``second`` is -1 without one."""

    __slots__ = ("accumulator", "condition", "first", "range", "result", "second", "start", "step")

    range: Run
    start: Run
    condition: Run
    step: Run
    result: Run
    first: int
    second: int
    accumulator: int


def is_binding(node: Comprehension) -> bool:
    """Whether it only gives a name to a value."""
    return (
        isinstance(node.condition, Literal)
        and node.condition.value is False
        and isinstance(node.range, ListExpr)
        and not node.range.elements
    )


def binding(parts: Parts) -> Run:
    """A name for a value that is evaluated when it is first needed."""
    slot, result = parts.accumulator, parts.result

    def run(frame: Frame) -> Any:
        frame.slots[slot] = PENDING
        return result(frame)

    return run


def bound(slot: int, start: Run) -> Run:
    """The value of a name that `binding` gave."""

    def run(frame: Frame) -> Any:
        value = frame.slots[slot]
        if value is PENDING:
            value = frame.slots[slot] = attempted(start, frame)
        if type(value) is Failure:
            raise value.error
        return value

    return run


def attempted(run: Run, frame: Frame) -> Any:
    """A value, or the `Failure` in its place."""
    try:
        return run(frame)
    except CostError:
        raise
    except EvaluationError as error:
        return Failure(error)


def loop(parts: Parts, *, is_endless: bool) -> Run:
    """Goes through the range until the condition fails.

    Args:
        parts: The closures.
        is_endless: Whether the condition is always true: then an error of a step is the error of all.
    """
    range_, start, condition, step, result = (
        parts.range,
        parts.start,
        parts.condition,
        parts.step,
        parts.result,
    )
    first, second, accumulator = parts.first, parts.second, parts.accumulator

    def run(frame: Frame) -> Any:
        slots = frame.slots
        items = _items(range_(frame), frame, with_positions=second >= 0)
        slots[accumulator] = start(frame)
        for item in items:
            if second >= 0:
                slots[first], slots[second] = item
            else:
                slots[first] = item
            if condition(frame) is not True:
                break
            slots[accumulator] = step(frame) if is_endless else attempted(step, frame)
        return result(frame)

    return run


def _items(value: Any, frame: Frame, *, with_positions: bool) -> Iterable[Any]:
    """Elements or keys; with positions pairs of index and element, or key and value."""
    if isinstance(value, list):
        frame.spend(len(value))
        return enumerate(value) if with_positions else value
    if isinstance(value, Mapping):
        frame.spend(len(value))
        return list(value.items()) if with_positions else list(value)
    return no_overload("comprehension", value)


def appended(slot: int, elements: Run) -> Run:
    """``accumulator + [elements]``: the list is the loop's own, so that it may grow in place."""

    def run(frame: Frame) -> Any:
        value = frame.slots[slot]
        value += elements(frame)
        return value

    return run


def inserted(slot: int, parts: list[Run]) -> Run:
    """``cel.@mapInsert(accumulator, ...)``: the map is the loop's own."""

    def run(frame: Frame) -> Any:
        value = frame.slots[slot]
        found = [part(frame) for part in parts]
        more = found[0] if len(found) == 1 else {found[0]: found[1]} if type(found[0]) is not bool else None
        if more is None:
            more = map_of_pairs([(found[0], found[1])])
        if not isinstance(more, Mapping):
            return no_overload("cel.@mapInsert", value, more)
        if type(more) is MixedMap and type(value) is not MixedMap:
            value = MixedMap(value.items())
        for key, its in more.items():
            if key in value:
                raise EvaluationError(f"insert failed: key {key!r:.80} already exists")
            value[key] = its
        return value

    return run

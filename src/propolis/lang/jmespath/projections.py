"""The nodes that walk over lists and objects: ``[*]``, ``*``, ``[?...]``, ``[]``.

The left side of a filter, a flattening or a value projection gives null when it fails in any way;
of a list projection only when a key is missing (kyverno/go-jmespath interpreter.go @ 95e59c1).
"""

from collections.abc import Callable
from typing import Any

from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.runtime import Environment, Missing, Run, check_length
from propolis.lang.jmespath.values import is_false


def compile_projection(node: dict[str, Any], runs: list[Run]) -> Run:
    """The closure of a projection node.

    Raises:
        ExpressionError: The node is of no known kind.
    """
    kind = node["type"]
    if kind not in _PROJECTIONS:
        raise ExpressionError(f"the expression has an unknown part: {kind}")
    return _PROJECTIONS[kind](runs)


def _collect(items: list[Any], right: Run, environment: Environment) -> list[Any]:
    collected = []
    for item in items:
        found = right(item, environment)
        if found is not None and type(found) is not Missing:
            collected.append(found)
    return collected


def _list(runs: list[Run]) -> Run:
    left, right = runs

    def run(value: Any, environment: Environment) -> Any:
        items = left(value, environment)
        return _collect(items, right, environment) if type(items) is list else None

    return run


def _values(runs: list[Run]) -> Run:
    left, right = _forgiving(runs[0]), runs[1]

    def run(value: Any, environment: Environment) -> Any:
        found = left(value, environment)
        return _collect(list(found.values()), right, environment) if type(found) is dict else None

    return run


def _filter(runs: list[Run]) -> Run:
    left, right, condition = _forgiving(runs[0]), runs[1], runs[2]

    def run(value: Any, environment: Environment) -> Any:
        items = left(value, environment)
        if type(items) is not list:
            return None
        kept = []
        for item in items:
            found = condition(item, environment)
            if found is True or _is_true(found):
                kept.append(item)
        return _collect(kept, right, environment) if kept else kept

    return run


def _is_true(value: Any) -> bool:
    return type(value) is not Missing and not is_false(value)


def _flatten(runs: list[Run]) -> Run:
    left = _forgiving(runs[0])

    def run(value: Any, environment: Environment) -> Any:
        items = left(value, environment)
        if type(items) is not list:
            return None
        flat: list[Any] = []
        for item in items:
            if type(item) is list:
                flat.extend(item)
                check_length(flat)
            else:
                flat.append(item)
        return flat

    return run


def _forgiving(left: Run) -> Run:
    def run(value: Any, environment: Environment) -> Any:
        try:
            return left(value, environment)
        except ExpressionError:
            return None

    return run


_PROJECTIONS: dict[str, Callable[[list[Run]], Run]] = {
    "projection": _list,
    "value_projection": _values,
    "filter_projection": _filter,
    "flatten": _flatten,
}

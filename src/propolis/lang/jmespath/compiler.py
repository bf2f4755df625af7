"""Syntax tree to closures.

Follows kyverno/go-jmespath interpreter.go @ 95e59c1: a missing key is an error at the end of an
expression, and null inside of operators, projections, pipes, lists and arguments.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from itertools import groupby
from typing import Any

from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.projections import compile_projection
from propolis.lang.jmespath.runtime import Environment, Missing, Reference, Run
from propolis.lang.jmespath.signature import Function
from propolis.lang.jmespath.values import equal, is_false, is_number

Node = dict[str, Any]
Compile = Callable[[Node], Run]

MOST_LEVELS = 150
"""Deepest nesting of an expression."""


class Compiler:
    """Compiles one tree. Functions are looked up here, so an unknown one is told before any evaluation."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions
        self._level = 0

    def compile(self, node: Node) -> Run:
        """The closure of a node.

        Raises:
            ExpressionError: An unknown function, a wrong number of arguments, or too deep nesting.
        """
        self._level += 1
        if self._level > MOST_LEVELS:
            raise ExpressionError(f"the expression is nested deeper than {MOST_LEVELS} levels")
        try:
            return self._compile(node)
        finally:
            self._level -= 1

    def _compile(self, node: Node) -> Run:
        kind, children = node["type"], node["children"]
        if kind == "function_expression":
            return self._call(node["value"], children)
        if kind == "subexpression":
            return self._subexpression(children)
        if kind in _LEAVES:
            return _LEAVES[kind](node)
        if kind in _INNER:
            return _INNER[kind](node, [self.compile(child) for child in children])
        return compile_projection(node, [self.compile(child) for child in children])

    def _subexpression(self, children: list[Node]) -> Run:
        """Fields that follow each other become one loop; anything else goes step by step."""
        steps: list[Run] = []
        for is_field, group in groupby(children, key=lambda child: child["type"] == "field"):
            nodes = list(group)
            steps += [_fields([node["value"] for node in nodes])] if is_field else map(self.compile, nodes)
        return reduce(_then, steps)

    def _call(self, name: str, children: list[Node]) -> Run:
        function = self._functions.get(name)
        if function is None:
            raise ExpressionError(f"unknown function: {name}")
        function.check_count(len(children))
        runs = [self.compile(child) for child in children]
        call, check = function.call, function.checker(len(children))

        def run(value: Any, environment: Environment) -> Any:
            arguments = [argument(value, environment) for argument in runs]
            for index, found in enumerate(arguments):
                if type(found) is Missing:
                    arguments[index] = None
            check(arguments)
            return call(arguments, environment)

        return run


def _or_null(value: Any) -> Any:
    return None if type(value) is Missing else value


def _field(node: Node) -> Run:
    name: str = node["value"]
    missing = Missing(name)

    def run(value: Any, environment: Environment) -> Any:
        del environment
        return value.get(name, missing) if type(value) is dict else None

    return run


def _fields(names: list[str]) -> Run:
    if len(names) == 1:
        return _field({"value": names[0]})
    steps = [(name, Missing(name)) for name in names]

    def run(value: Any, environment: Environment) -> Any:
        del environment
        for name, missing in steps:
            if type(value) is not dict:
                return None
            value = value.get(name, missing)
            if value is missing:
                return missing
        return value

    return run


def _then(left: Run, right: Run) -> Run:
    def run(value: Any, environment: Environment) -> Any:
        found = left(value, environment)
        return found if type(found) is Missing else right(found, environment)

    return run


def _current(node: Node) -> Run:
    del node
    return lambda value, _: value


def _literal(node: Node) -> Run:
    constant = node["value"]
    return lambda _, __: constant


def _index(node: Node) -> Run:
    index: int = node["value"]

    def run(value: Any, environment: Environment) -> Any:
        del environment
        return value[index] if type(value) is list and -len(value) <= index < len(value) else None

    return run


def _slice(node: Node) -> Run:
    start, stop, step = node["children"]
    if step == 0:
        raise ExpressionError("a slice cannot have the step 0")
    part = slice(start, stop, step)
    return lambda value, _: value[part] if type(value) is list else None


def _index_expression(node: Node, runs: list[Run]) -> Run:
    del node
    return reduce(_then, runs)


def _pipe(node: Node, runs: list[Run]) -> Run:
    del node
    left, right = runs
    return lambda value, environment: right(_or_null(left(value, environment)), environment)


def _or(node: Node, runs: list[Run]) -> Run:
    del node
    left, right = runs

    def run(value: Any, environment: Environment) -> Any:
        found = left(value, environment)
        if type(found) is Missing or is_false(found):
            found = right(value, environment)
        return None if type(found) is Missing else found

    return run


def _and(node: Node, runs: list[Run]) -> Run:
    del node
    left, right = runs

    def run(value: Any, environment: Environment) -> Any:
        found = left(value, environment)
        if type(found) is Missing:
            return None
        return found if is_false(found) else right(value, environment)

    return run


def _not(node: Node, runs: list[Run]) -> Run:
    del node
    inner = runs[0]
    return lambda value, environment: is_false(_or_null(inner(value, environment)))


def _reference(node: Node, runs: list[Run]) -> Run:
    del node
    reference = Reference(runs[0])
    return lambda _, __: reference


def _multi_select_list(node: Node, runs: list[Run]) -> Run:
    del node

    def run(value: Any, environment: Environment) -> Any:
        if value is None:
            return None
        found = [item(value, environment) for item in runs]
        return [None if type(item) is Missing else item for item in found]

    return run


def _multi_select_dict(node: Node, runs: list[Run]) -> Run:
    pairs = list(zip((child["value"] for child in node["children"]), runs, strict=True))

    def run(value: Any, environment: Environment) -> Any:
        return None if value is None else {key: _or_null(item(value, environment)) for key, item in pairs}

    return run


def _key_value(node: Node, runs: list[Run]) -> Run:
    del node
    return runs[0]


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
}


def _comparator(node: Node, runs: list[Run]) -> Run:
    left, right = runs
    operator = node["value"]
    if operator in ("eq", "ne"):
        wanted = operator == "eq"
        return lambda value, environment: (
            equal(_or_null(left(value, environment)), _or_null(right(value, environment))) is wanted
        )
    compare = _ORDER[operator]

    def run(value: Any, environment: Environment) -> Any:
        one, other = left(value, environment), right(value, environment)
        return compare(one, other) if is_number(one) and is_number(other) else None

    return run


_LEAVES: dict[str, Callable[[Node], Run]] = {
    "field": _field,
    "current": _current,
    "identity": _current,
    "literal": _literal,
    "index": _index,
    "slice": _slice,
}
_INNER: dict[str, Callable[[Node, list[Run]], Run]] = {
    "index_expression": _index_expression,
    "pipe": _pipe,
    "or_expression": _or,
    "and_expression": _and,
    "not_expression": _not,
    "expref": _reference,
    "multi_select_list": _multi_select_list,
    "multi_select_dict": _multi_select_dict,
    "key_val_pair": _key_value,
    "comparator": _comparator,
}

"""A checked tree as closures.

Follows cel-go interpreter/planner.go and interpretable.go @ v0.30.0.
"""

from collections.abc import Callable, Mapping
from typing import Any

from propolis.lang.cel import operators
from propolis.lang.cel.ast import (
    Call,
    CheckedTree,
    Comprehension,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Select,
    StructExpr,
)
from propolis.lang.cel.dispatch import Dispatch, dispatcher, unbound
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.interpreter import logic, loops
from propolis.lang.cel.interpreter.frame import Frame, Observe, Run
from propolis.lang.cel.interpreter.steps import (
    accumulator,
    after,
    called,
    constant,
    fields,
    grows,
    key_of,
    local,
    observed_run,
    variable,
)
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.operations import access

Evaluate = Callable[[Mapping[str, Any], Runtime], Any]


class Exact:
    """The exact evaluation of one tree."""

    def __init__(self, tree: CheckedTree, environment: Environment, *, is_observed: bool = False) -> None:
        builder = _Builder(tree, environment, is_observed=is_observed)
        self._run = builder.built(tree.root)
        self._slots = builder.slots
        self._iterations = environment.limits.iterations

    def evaluate(self, variables: Mapping[str, Any], runtime: Runtime, observe: Observe | None = None) -> Any:
        """The value; ``observe`` gets every step where the tree was built for it.

        Raises:
            EvaluationError: There is none.
            MissingLookups: The world has to be asked first.
        """
        try:
            return self._run(Frame(variables, runtime, self._slots, self._iterations, observe))
        except RecursionError as error:
            raise EvaluationError("values are nested too deeply") from error


def exact(tree: CheckedTree, environment: Environment, *, is_observed: bool = False) -> Exact:
    """The exact evaluation of a tree.

    Raises:
        EvaluationError: Python's stack is too small for it.
    """
    try:
        return Exact(tree, environment, is_observed=is_observed)
    except RecursionError as error:
        raise EvaluationError("the expression is nested too deeply") from error


class _Builder:
    def __init__(self, tree: CheckedTree, environment: Environment, *, is_observed: bool) -> None:
        self.slots = 0
        self._tree = tree
        self._environment = environment
        self._is_observed = is_observed
        self._names: dict[str, list[Run]] = {}
        self._accumulators: dict[str, int] = {}
        self._builders: dict[type, Callable[[Any], Run]] = {
            Literal: lambda node: constant(node.value),
            Ident: self._ident,
            Select: self._select,
            Call: self._call,
            ListExpr: self._list,
            MapExpr: self._map,
            StructExpr: self._struct,
            Comprehension: self._comprehension,
        }

    def built(self, node: Expr) -> Run:
        run = self._builders[type(node)](node)
        return observed_run(node, run) if self._is_observed else run

    def _slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def _ident(self, node: Ident) -> Run:
        if node.id in self._tree.constants:
            return constant(self._tree.constants[node.id])
        if node.name in self._names:
            return self._names[node.name][-1]
        return variable(node.name.removeprefix("."))

    def _select(self, node: Select) -> Run:
        operand, field = self.built(node.operand), node.field
        if node.tests_only:
            return lambda frame: access.has(operand(frame), field)
        return lambda frame: access.select(operand(frame), field)

    def _call(self, node: Call) -> Run:
        if node.function in _LOGICAL and node.target is None:
            return _LOGICAL[node.function](*map(self.built, node.arguments))
        if node.target is not None and self._is_optional_or(node):
            target, other = self.built(node.target), self.built(node.arguments[0])
            return logic.optional_or(target, other, function=node.function)
        if (own := self._accumulating(node)) is not None:
            return own
        operands = node.arguments if node.target is None else (node.target, *node.arguments)
        runs = [self.built(operand) for operand in operands]
        return called(self._dispatch(node, len(runs)), runs)

    def _is_optional_or(self, node: Call) -> bool:
        if node.function not in ("or", "orValue") or len(node.arguments) != 1:
            return False
        function = self._environment.functions.get(node.function)
        return function is not None and function.overloads[0].id.startswith("optional_or")

    def _dispatch(self, node: Call, count: int) -> Dispatch:
        function = self._environment.functions.get(node.function)
        if function is None:
            return unbound(node.function)
        checked = self._tree.overloads.get(node.id, ())
        return dispatcher(function, count, is_member=node.target is not None, checked=checked)

    def _accumulating(self, node: Call) -> Run | None:
        """A step that lets the accumulator grow in place; None for any other call."""
        if not node.arguments or not isinstance(node.arguments[0], Ident):
            return None
        slot = self._accumulators.get(node.arguments[0].name)
        if slot is None or node.function not in (operators.ADD, operators.MAP_INSERT):
            return None
        if self._is_observed:
            accumulator = self.built(node.arguments[0])
            rest = [self.built(argument) for argument in node.arguments[1:]]
            rest[0] = after(accumulator, rest[0])
        else:
            rest = [self.built(argument) for argument in node.arguments[1:]]
        return loops.appended(slot, rest[0]) if node.function == operators.ADD else loops.inserted(slot, rest)

    def _list(self, node: ListExpr) -> Run:
        runs, optionals = [self.built(element) for element in node.elements], node.optionals
        if not optionals:
            return lambda frame: [run(frame) for run in runs]
        return lambda frame: access.make_list([run(frame) for run in runs], optionals)

    def _map(self, node: MapExpr) -> Run:
        runs = [
            (key_of(entry.key, self.built), self.built(entry.value), entry.is_optional)
            for entry in node.entries
        ]
        return lambda frame: access.make_map([(key(frame), value(frame), mark) for key, value, mark in runs])

    def _struct(self, node: StructExpr) -> Run:
        provider, name = self._environment.provider, node.name
        runs = [(str(entry.key), self.built(entry.value), entry.is_optional) for entry in node.entries]

        def run(frame: Frame) -> Any:
            if provider is None:
                raise EvaluationError(f"unknown type: {name}")
            return provider.construct(name, fields((key, value(frame), mark) for key, value, mark in runs))

        return run

    def _comprehension(self, node: Comprehension) -> Run:
        parts = loops.Parts()
        parts.range, parts.start = self.built(node.range), self.built(node.start)
        parts.first = parts.second = -1
        parts.accumulator = self._slot()
        if loops.is_binding(node):
            with_name = self._enter(node.accumulator, loops.bound(parts.accumulator, parts.start))
            parts.result = self.built(node.result)
            self._leave(with_name)
            return loops.binding(parts)
        self._enter(node.accumulator, accumulator(parts.accumulator))
        self._build_steps(node, parts)
        parts.result = self.built(node.result)
        self._leave(node.accumulator)
        is_endless = isinstance(node.condition, Literal) and node.condition.value is True
        return loops.loop(parts, is_endless=is_endless)

    def _build_steps(self, node: Comprehension, parts: loops.Parts) -> None:
        """Condition and step, where the variables of the loop are known."""
        parts.first = self._slot()
        self._enter(node.variable, local(parts.first))
        if node.second_variable:
            parts.second = self._slot()
            self._enter(node.second_variable, local(parts.second))
        outer = self._accumulators.pop(node.accumulator, None)
        if grows(node.start):
            self._accumulators[node.accumulator] = parts.accumulator
        parts.condition, parts.step = self.built(node.condition), self.built(node.step)
        self._accumulators.pop(node.accumulator, None)
        if outer is not None:
            self._accumulators[node.accumulator] = outer
        self._leave(node.variable)
        if node.second_variable:
            self._leave(node.second_variable)

    def _enter(self, name: str, run: Run) -> str:
        self._names.setdefault(name, []).append(run)
        return name

    def _leave(self, name: str) -> None:
        self._names[name].pop()
        if not self._names[name]:
            del self._names[name]


_LOGICAL: dict[str, Callable[..., Run]] = {
    operators.AND: lambda one, other: logic.absorbing(one, other, function=operators.AND, decisive=False),
    operators.OR: lambda one, other: logic.absorbing(one, other, function=operators.OR, decisive=True),
    operators.CONDITIONAL: logic.conditional,
    operators.NOT_STRICTLY_FALSE: logic.not_strictly_false,
}

"""The door: an expression as a program that evaluates.

environment = Environment((STANDARD,), {"object": DYN})
program = compile_expression("object.spec.replicas > 1", environment)
program.evaluate({"object": deployment}, runtime)
"""

from collections.abc import Mapping
from typing import Any

from propolis.lang.cel.ast import CheckedTree
from propolis.lang.cel.checker import check
from propolis.lang.cel.emitter.function import Evaluate, Generated, generate
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.interpreter.builder import Exact, exact
from propolis.lang.cel.interpreter.frame import Observe
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.parser import parse, too_deep
from propolis.lang.cel.tracing import Recorder, Trace
from propolis.lang.cel.types import Type

FIRST_EVALUATIONS = 4
"""Evaluations before code is generated."""
MOST_KEPT = 4096
"""Programs that an environment keeps."""


class Program:
    """A compiled expression. It holds no state of an evaluation and may be shared.

    Attributes:
        tree: The checked tree.
        environment: What it may use.
        evaluate: Gives the value for variables and a `Runtime`, or raises as `evaluate_exactly` does.
    """

    def __init__(self, tree: CheckedTree, environment: Environment) -> None:
        self.tree = tree
        self.environment = environment
        self.evaluate: Evaluate = self._evaluate_first
        self._generated: Generated | None = None
        self._evaluations = 0
        self._exact: Exact | None = None
        self._observed: Exact | None = None

    @property
    def type(self) -> Type:
        """The type of what it gives; ``dyn`` where that depends on values."""
        return self.tree.types[self.tree.root.id]

    def _evaluate_first(self, variables: Mapping[str, Any], runtime: Runtime) -> Any:
        """The first evaluations; generating code pays only for those that are used more often."""
        self._evaluations += 1
        if self._evaluations > FIRST_EVALUATIONS:
            self.generate()
            return self.evaluate(variables, runtime)
        return self.evaluate_exactly(variables, runtime)

    def generate(self) -> Generated | None:
        """The generated function, which `evaluate` is from now on; None where there is none."""
        if self._generated is None:
            self._generated = generate(self.tree, self.environment, self.evaluate_exactly)
            self.evaluate = self.evaluate_exactly if self._generated is None else self._generated.evaluate
        return self._generated

    def dump_code(self) -> str:
        """The generated source and the table of its values, for people who want to know."""
        generated = self.generate()
        if generated is None:
            return "# evaluated by closures\n"
        table = "".join(f"# {name} = {value!r:.100}\n" for name, value in generated.table.items())
        return generated.source + table

    def evaluate_exactly(self, variables: Mapping[str, Any], runtime: Runtime) -> Any:
        """The same without generated code.

        Raises:
            EvaluationError: There is no value.
            CostError: It would cost more than it may.
            MissingLookups: The world has to be asked first.
        """
        if self._exact is None:
            self._exact = exact(self.tree, self.environment)
        return self._exact.evaluate(variables, runtime)

    def evaluate_observed(self, variables: Mapping[str, Any], runtime: Runtime, observe: Observe) -> Any:
        """The same, telling every node and its value or error, children first.

        What ``observe`` raises ends the evaluation; a `CostError` is absorbed by nothing.
        """
        if self._observed is None:
            self._observed = exact(self.tree, self.environment, is_observed=True)
        return self._observed.evaluate(variables, runtime, observe)

    def trace(self, variables: Mapping[str, Any], runtime: Runtime) -> Trace:
        """What every part gave; an error is told, not raised.

        Raises:
            MissingLookups: The world has to be asked first.
        """
        recorder = Recorder(self.tree)
        value, error = None, ""
        try:
            value = self.evaluate_observed(variables, runtime, recorder.observe)
        except EvaluationError as failure:
            error = failure.message
        return Trace(value, error, tuple(recorder.steps), recorder.is_cut)


def compile_expression(text: str, environment: Environment, *, is_checked: bool = True) -> Program:
    """A program; the same one for the same text and environment.

    Args:
        text: The expression.
        environment: What it may use.
        is_checked: Whether types must agree; otherwise what does not fit fails when it is evaluated.

    Raises:
        CelSyntaxError: It cannot be parsed.
        CelTypeError: It uses what there is not, or calls what does not fit.
    """
    kept: Program | None = environment.programs.get((text, is_checked))
    if kept is not None:
        return kept
    made = _compiled(text, environment, is_checked=is_checked)
    if len(environment.programs) < MOST_KEPT:
        environment.programs[text, is_checked] = made
    return made


def _compiled(text: str, environment: Environment, *, is_checked: bool) -> Program:
    tree = parse(text, environment.macros)
    try:
        return Program(check(tree, environment, is_lenient=not is_checked), environment)
    except RecursionError as error:
        raise too_deep(text) from error
